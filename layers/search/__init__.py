"""Search for the most probable sequences, or samples of them, from any model that predicts one token at a time."""

from .beam import beam_search
from .errors import SearchErrors, beam_errors, score_sequences
from .path import greedy_search, sample
from .step import SearchResult, per_beam

__all__ = [
    "SearchErrors",
    "SearchResult",
    "beam_errors",
    "beam_search",
    "greedy_search",
    "per_beam",
    "sample",
    "score_sequences",
]
