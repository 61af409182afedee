"""What debiasing costs: how many of its nearest neighbours a word keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InputError
from ..vectors import Vectors
from .direction import rows_of

BLOCK = 1024
"""Words whose cosines with all others are worked out at once."""


@dataclass(frozen=True)
class NeighboursKept:
    """How alike the neighbourhoods of words are before and after.

    Args:
        share: The mean share of a word's nearest neighbours that it keeps, from 0 to 1.
        neighbours: How many are looked at.
        n: Words found in both.
        missing: Words of the original that are not in the other vectors.
    """

    share: float
    neighbours: int
    n: int
    missing: tuple[str, ...]

    def summary(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {**self.__dict__, "missing": list(self.missing)}


def neighbours_kept(
    original: Vectors, judged: Vectors, neighbours: int = 10, most_frequent: int = 10_000
) -> NeighboursKept:
    """Compares the nearest neighbours of frequent words, by cosine, in two sets of vectors.

        `1/|W| sum_(w in W) |N(w) and N'(w)| / k`,   N(w): the k nearest neighbours of w within W

    Args:
        original: The most frequent word first.
        judged: Those to compare; of any dimension.
        neighbours: k.
        most_frequent: W: so many of the first words, as far as both have a vector for them.

    Raises:
        InputError: When there are not more than k words, or a vector is not finite.

    Example:
        >>> before = Vectors(["a", "b", "c", "d"], [[1, 0], [0.9, 0.1], [0, 1], [0.1, 0.9]])
        >>> after = Vectors(["a", "b", "c", "d"], [[1, 0], [0, 1], [0.9, 0.1], [1, 0.9]])
        >>> neighbours_kept(before, after, neighbours=1).share
        0.25
    """
    asked = [word for word, row in zip(original.words, original.vectors[:most_frequent], strict=False) if row.any()]
    shared = [word for word in asked if word in judged and judged[word].any()]
    if not 1 <= neighbours < len(shared):
        raise InputError(
            f"{neighbours} neighbours are asked for among {len(shared)} words; more words in both files are needed",
            "neighbours kept",
        )
    before, after = (rows_of(one, shared).astype(np.float32) for one in (original, judged))
    same = 0
    for start in range(0, len(shared), BLOCK):
        same += int(np.count_nonzero(_nearest(before, start, neighbours) & _nearest(after, start, neighbours)))
    share = same / (neighbours * len(shared))
    return NeighboursKept(share, neighbours, len(shared), tuple(word for word in asked if word not in judged))


def _nearest(rows: np.ndarray, start: int, neighbours: int) -> np.ndarray:
    """For a block of words, which words are their nearest neighbours; `[block, words]`."""
    cosines = rows[start : start + BLOCK] @ rows.T  # [block, words]
    own = np.arange(len(cosines))
    cosines[own, start + own] = -np.inf  # nobody is their own neighbour
    nearest = np.argpartition(-cosines, neighbours - 1, axis=1)[:, :neighbours]
    found = np.zeros(cosines.shape, bool)
    np.put_along_axis(found, nearest, True, axis=1)
    return found
