"""How captions are searched for; `decoding.py` does it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Search:
    """How to search.

    Args:
        beams: Captions kept, 1 for greedy search.
        max_length: Most words.
        length_penalty: Exponent α of the length that log probabilities are divided by, as in `beam_search`.
        temperature: T, for which a word's probability is proportional to its power of 1/T. A model that was trained on
            smoothed labels spreads too much over words that it does not mean: below 1 they count for less.
    """

    beams: int
    max_length: int
    length_penalty: float = 0.0
    temperature: float = 1.0
