"""Entities as spans of tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Span:
    """An entity: the tokens from `start` until before `end`, and its type.

    Example:
        >>> Span(0, 2, "PER").surface(["Teddy", "Roosevelt", "slept"])
        'Teddy Roosevelt'
    """

    start: int
    end: int
    type: str

    def overlaps(self, other: Span) -> bool:
        """Whether the two have a token in common."""
        return self.start < other.end and other.start < self.end

    def surface(self, tokens: Sequence[str]) -> str:
        """The entity's words as they stand in the sentence."""
        return " ".join(tokens[self.start : self.end])
