"""Attention: what is looked at, and how much."""

from .additive import AdditiveScore, ConcatScore
from .attention import Attention
from .coverage import coverage_loss
from .decoder import AttentionCell
from .location import LocationScore
from .mean import MeanPooling
from .multiplicative import DotScore, GeneralScore, ScaledDotScore
from .pooling import AttentionPooling
from .reinforce import ReinforceLoss
from .score import Score
from .scores import get_score
from .self_pooling import SelfAttentionPooling

__all__ = [
    "AdditiveScore",
    "Attention",
    "AttentionCell",
    "AttentionPooling",
    "ConcatScore",
    "DotScore",
    "GeneralScore",
    "LocationScore",
    "MeanPooling",
    "ReinforceLoss",
    "ScaledDotScore",
    "Score",
    "SelfAttentionPooling",
    "coverage_loss",
    "get_score",
]
