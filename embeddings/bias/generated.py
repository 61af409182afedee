"""Analogies that the vectors make up: `she is to x as he is to y`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InputError
from ..vectors import Vectors
from .direction import Direction, check_dimensions

BLOCK = 1024
"""Words whose cosines with all others are worked out at once."""
KEPT = 200_000
"""Pairs kept to choose from; the best ones."""
NEAREST = 1e-3
"""Vectors of length one nearer to each other than this differ by rounding alone."""


@dataclass(frozen=True)
class Analogy:
    """The first group's word is to `first` as the second group's is to `second`.

    Args:
        first: The word on the positive side.
        second: The other.
        score: `cos(g, first - second)`.
    """

    first: str
    second: str
    score: float

    def summary(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {"first": self.first, "second": self.second, "score": self.score}


def generate_analogies(
    vectors: Vectors, direction: Direction, number: int = 100, most_frequent: int = 10_000, furthest: float = 1.0
) -> tuple[Analogy, ...]:
    """The pairs of near words that differ most as the two groups do.

        `S(x, y) = cos(g, x - y)  if |x - y| <= delta, else 0`

    on vectors of length one. No word is used twice on the same side.

    Args:
        vectors: The vectors to be judged, the most frequent word first.
        direction: g; that of one pair, such as `("she", "he")`, gives the paper's `she - he`.
        number: How many analogies at most.
        most_frequent: How many words to pair; time grows with its square: 10,000 take a second or two.
        furthest: delta; at 1 the words of a pair are no further apart than 60 degrees.

    Returns:
        The highest score first; fewer than `number` where there are no more with a positive score.

    Raises:
        InputError: When a number is out of range, or fewer than two words have vectors.

    Reference:
        Bolukbasi et al. 2016, Man is to Computer Programmer as Woman is to Homemaker?, section 4.
    """
    check_dimensions(vectors, direction)
    for name, value in (("number", number), ("most_frequent", most_frequent), ("furthest", furthest)):
        if not value > 0:
            raise InputError(f"must be more than 0, not {value}", name)
    words, rows = frequent_rows(vectors, most_frequent)
    if len(words) < 2:
        raise InputError("fewer than two words have a vector; give vectors of more", "analogies")
    first, second, scores = _best_pairs(rows, direction.vector.astype(np.float32), furthest)
    return tuple(_distinct(words, first, second, scores, number))


def frequent_rows(vectors: Vectors, most_frequent: int) -> tuple[list[str], np.ndarray]:
    """The most frequent words with vectors that are finite and not zero; `[words, dimensions]`, of length one."""
    top = vectors.vectors[:most_frequent]
    norms = np.sqrt(np.einsum("wd,wd->w", top, top, dtype=np.float64))
    usable = np.flatnonzero(np.isfinite(norms) & (norms > 0))
    return [vectors.words[row] for row in usable], (top[usable] / norms[usable, None]).astype(np.float32)


def _best_pairs(rows: np.ndarray, g: np.ndarray, furthest: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Indices of the pairs with the highest scores, and the scores, highest first."""
    along = rows @ g  # [words]
    least = 1 - furthest**2 / 2  # |x - y|^2 = 2 - 2 cos(x, y)
    pairs, best = np.empty((2, 0), np.int64), np.empty(0, np.float32)
    for start in range(0, len(rows), BLOCK):
        cosines = rows[start : start + BLOCK] @ rows.T  # [block, words]
        x, y = np.nonzero((cosines >= least) & (along[start : start + BLOCK, None] > along))
        apart = np.sqrt(np.maximum(2 - 2 * cosines[x, y], 0))
        x, y, apart = (part[apart > NEAREST] for part in (x, y, apart))
        pairs = np.concatenate([pairs, np.stack([x + start, y])], 1)  # [2, pairs]
        best = np.concatenate([best, (along[x + start] - along[y]) / apart])
        if len(best) > KEPT:
            highest = np.argpartition(-best, KEPT)[:KEPT]
            pairs, best = pairs[:, highest], best[highest]
    order = np.lexsort((pairs[1], pairs[0], -best))
    return pairs[0, order], pairs[1, order], best[order]


def _distinct(
    words: list[str], first: np.ndarray, second: np.ndarray, scores: np.ndarray, number: int
) -> list[Analogy]:
    """The first pairs of which no word has been used on its side."""
    found: list[Analogy] = []
    used: tuple[set[int], set[int]] = (set(), set())
    for x, y, score in zip(first.tolist(), second.tolist(), scores.tolist(), strict=True):
        if x in used[0] or y in used[1]:
            continue
        used[0].add(x)
        used[1].add(y)
        found.append(Analogy(words[x], words[y], score))
        if len(found) == number:
            break
    return found
