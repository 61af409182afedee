"""Keras 3 layers for sequences, on every backend."""

from .attention import (
    AdditiveScore,
    Attention,
    AttentionCell,
    AttentionPooling,
    ConcatScore,
    DotScore,
    GeneralScore,
    LocationScore,
    MeanPooling,
    ReinforceLoss,
    ScaledDotScore,
    SelfAttentionPooling,
)
from .crf import CRF, CRFLoss, ViterbiDecoder
from .embedding_dropout import EmbeddingDropout
from .nested import Nested
from .recurrent import GRU, LSTM, ActivationRegularization, WeightDrop, Zoneout
from .search import beam_errors, beam_search, greedy_search
from .word_dropout import WordDropout

__all__ = [
    "CRF",
    "GRU",
    "LSTM",
    "ActivationRegularization",
    "AdditiveScore",
    "Attention",
    "AttentionCell",
    "AttentionPooling",
    "CRFLoss",
    "ConcatScore",
    "DotScore",
    "EmbeddingDropout",
    "GeneralScore",
    "LocationScore",
    "MeanPooling",
    "Nested",
    "ReinforceLoss",
    "ScaledDotScore",
    "SelfAttentionPooling",
    "ViterbiDecoder",
    "WeightDrop",
    "WordDropout",
    "Zoneout",
    "beam_errors",
    "beam_search",
    "greedy_search",
]
