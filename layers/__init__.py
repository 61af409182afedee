"""Keras 3 layers for sequences, on every backend."""

from .attention import AttentionPooling, MaxPooling, MeanPooling
from .nested import Nested
from .word_dropout import WordDropout

__all__ = ["AttentionPooling", "MaxPooling", "MeanPooling", "Nested", "WordDropout"]
