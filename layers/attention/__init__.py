"""Attention: what is looked at, and how much."""

from .mean import MeanPooling
from .pooling import AttentionPooling

__all__ = ["AttentionPooling", "MeanPooling"]
