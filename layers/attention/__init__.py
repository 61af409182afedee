"""Attention: what is looked at, and how much."""

from .maximum import MaxPooling
from .mean import MeanPooling
from .pooling import AttentionPooling

__all__ = ["AttentionPooling", "MaxPooling", "MeanPooling"]
