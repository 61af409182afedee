"""Keras 3 layers for sequences, on every backend."""

from .attention import AttentionPooling, MeanPooling
from .nested import Nested
from .word_dropout import WordDropout

__all__ = ["AttentionPooling", "MeanPooling", "Nested", "WordDropout"]
