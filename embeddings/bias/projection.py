"""Bias along the direction: direct bias, and where each word lies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InputError
from ..vectors import Vectors
from .direction import SMALLEST, Direction, check_dimensions, found_rows


@dataclass(frozen=True)
class DirectBias:
    """How far words that should be about neither group lie along the direction.

    Args:
        value: The direct bias, from 0 to 1.
        strictness: The exponent c.
        projections: Each word with its cosine with the direction, the highest first; the first group is positive.
        missing: The words that are not found.
    """

    value: float
    strictness: float
    projections: tuple[tuple[str, float], ...]
    missing: tuple[str, ...]

    @property
    def n(self) -> int:
        """How many words were found."""
        return len(self.projections)

    def summary(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {
            "value": self.value,
            "strictness": self.strictness,
            "n": self.n,
            "projections": [{"word": word, "projection": projection} for word, projection in self.projections],
            "missing": list(self.missing),
        }


def direct_bias(
    vectors: Vectors,
    words: Iterable[str],
    direction: Direction,
    strictness: float = 1.0,
    needed: int = 1,
    what: object = "professions",
) -> DirectBias:
    """The direct bias of words, and where each of them lies along the direction.

        `DirectBias_c = 1/|N| sum_(w in N) |cos(w, g)|^c`

    Cosines take care of lengths. With c = 0 any bias counts as one, however small.

    Args:
        vectors: The vectors to be judged.
        words: N: words that should be about neither group, such as professions.
        direction: g.
        strictness: c, not negative.
        needed: How many words must be found.
        what: The set's name, for errors.

    Raises:
        InputError: When too few words are found, or a vector has length zero or is not finite.

    Example:
        >>> vectors = Vectors(["she", "he", "nurse", "baker"], [[1, 1], [-1, 1], [0.6, 0.8], [0, 1]])
        >>> from .direction import group_direction
        >>> bias = direct_bias(vectors, ["nurse", "baker"], group_direction(vectors, [("she", "he")]))
        >>> round(bias.value, 6), [word for word, _ in bias.projections]
        (0.3, ['nurse', 'baker'])

    Reference:
        Bolukbasi et al. 2016, Man is to Computer Programmer as Woman is to Homemaker?, section 5.2.
    """
    if not (np.isfinite(strictness) and strictness >= 0):
        raise InputError(f"must be 0 or more, not {strictness}", "strictness")
    check_dimensions(vectors, direction)
    found, rows, missing = found_rows(vectors, words, needed, what)
    cosines = rows @ direction.vector  # [words]
    sizes = np.abs(cosines)
    value = np.mean(sizes**strictness if strictness else sizes > SMALLEST)
    order = np.argsort(-cosines, kind="stable")
    return DirectBias(float(value), strictness, tuple((found[i], float(cosines[i])) for i in order), missing)
