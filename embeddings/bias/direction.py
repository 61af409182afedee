"""The direction in which two groups of words differ, and vectors of length one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InputError
from ..vectors import Vectors
from .groups import Pair, find, listed

SMALLEST = 1e-6
"""Half the difference of two vectors of length one, when nothing but rounding is in it."""


@dataclass(frozen=True, eq=False)
class Direction:
    """A bias direction.

    Args:
        vector: `[dimensions]`, float64, of length one; the first words of the pairs lie on its positive side.
        explained: The share of the pairs' variance that each principal component explains, this one's first.
        pairs_used: The pairs of which both words are found.
        missing: The words that are not found.
    """

    vector: np.ndarray
    explained: tuple[float, ...]
    pairs_used: tuple[Pair, ...]
    missing: tuple[str, ...]

    def summary(self) -> dict[str, Any]:
        """As JSON takes it, without the vector."""
        return {
            "n": len(self.pairs_used),
            "pairs": [list(pair) for pair in self.pairs_used],
            "explained": list(self.explained),
            "missing": list(self.missing),
        }


def group_direction(
    vectors: Vectors, pairs: Iterable[Pair], needed: int = 1, what: object = "definitional pairs"
) -> Direction:
    """The first principal component of pairs of words that differ in the group alone.

    On vectors of length one, each word is taken from its pair's mean `mu_i = (a_i + b_i) / 2`:

        `C = sum_i (a_i - mu_i)(a_i - mu_i)^T + (b_i - mu_i)(b_i - mu_i)^T`

    The direction is the eigenvector of C with the largest eigenvalue, turned so that the first words of the pairs are,
    on the whole, on its positive side. With one pair it is `(a - b) / |a - b|`.

    Args:
        vectors: Where to find the words.
        pairs: Two words each.
        needed: How many pairs must be found.
        what: The set's name, for errors.

    Raises:
        InputError: When too few pairs are found, a vector has length zero or is not finite, or the pairs do not differ.

    Example:
        >>> vectors = Vectors(["she", "he", "nurse"], [[0.6, 0.8], [-0.6, 0.8], [1.0, 0.0]])
        >>> direction = group_direction(vectors, [("she", "he"), ("her", "him")])
        >>> direction.vector.round(6).tolist(), direction.pairs_used, direction.missing
        ([1.0, 0.0], (('she', 'he'),), ('her', 'him'))

    Reference:
        Bolukbasi et al. 2016, Man is to Computer Programmer as Woman is to Homemaker?, section 5.1.
    """
    halves, used, missing = pair_halves(vectors, pairs, needed, what)
    return Direction(*principal(halves, what), used, missing)


def principal(halves: np.ndarray, what: object) -> tuple[np.ndarray, tuple[float, ...]]:
    """The first principal component of differences, `[dimensions]`, and the share that each component explains.

    Args:
        halves: `[pairs, dimensions]`, not centred: each stands for itself and its opposite.
        what: The set's name, for errors.

    Raises:
        InputError: When there is no difference.
    """
    _, sizes, components = np.linalg.svd(halves, full_matrices=False)
    if sizes[0] < SMALLEST:
        raise InputError("both words of each pair have the same vector, so there is no direction; give others", what)
    sign = -1.0 if (halves @ components[0]).sum() < 0 else 1.0
    shares = sizes**2 / (sizes**2).sum()
    return sign * components[0], tuple(shares.tolist())


def pair_halves(
    vectors: Vectors, pairs: Iterable[Pair], needed: int = 1, what: object = "definitional pairs", unit: bool = True
) -> tuple[np.ndarray, tuple[Pair, ...], tuple[str, ...]]:
    """Half the difference of each pair that is found: the first word taken from the pair's mean.

    Returns:
        `[pairs, dimensions]`, the pairs used, and the words missing.

    Raises:
        InputError: When too few pairs are found, or a vector has length zero or is not finite.
    """
    pairs = [(a, b) for a, b in pairs]
    missing = tuple(dict.fromkeys(word for pair in pairs for word in pair if word not in vectors))
    used = tuple((a, b) for a, b in pairs if a in vectors and b in vectors)
    if len(used) < needed:
        raise InputError(
            f"{len(used) or 'none'} of {len(pairs)} pairs have a vector for both words and {needed} "
            f"{'is' if needed == 1 else 'are'} needed; {listed('missing', missing)}",
            what,
        )
    first, second = (rows_of(vectors, [pair[side] for pair in used], what, unit) for side in (0, 1))
    return (first - second) / 2, used, missing


def rows_of(vectors: Vectors, words: Sequence[str], what: object = "the words", unit: bool = True) -> np.ndarray:
    """The vectors of words that are known to be there, `[words, dimensions]`, float64, of length one.

    Args:
        vectors: Where to find them.
        words: All with a vector.
        what: The set's name, for errors.
        unit: False leaves the lengths as they are.

    Raises:
        InputError: When a vector has length zero or is not finite.
    """
    rows = vectors.vectors[[vectors.index[word] for word in words]].astype(np.float64)
    norms = np.linalg.norm(rows, axis=1)
    if len(unfit := np.flatnonzero(~np.isfinite(norms))):
        raise InputError(f"the vector of {words[unfit[0]]!r} holds NaN or infinity; leave it out, or train anew", what)
    if len(empty := np.flatnonzero(norms == 0)):
        raise InputError(f"the vector of {words[empty[0]]!r} has length zero; leave the word out", what)
    return rows / norms[:, None] if unit else rows


def found_rows(
    vectors: Vectors, words: Iterable[str], needed: int = 1, what: object = "the words"
) -> tuple[list[str], np.ndarray, tuple[str, ...]]:
    """The words that are found, their vectors of length one, and the words that are missing.

    Raises:
        InputError: When too few are found, or a vector has length zero or is not finite.
    """
    found, missing = find(vectors, words, needed, what)
    return found, rows_of(vectors, found, what), tuple(missing)


def check_dimensions(vectors: Vectors, direction: Direction) -> None:
    """Refuses a direction that comes from vectors of another size."""
    if len(direction.vector) != vectors.dimensions:
        raise InputError(
            f"the direction has {len(direction.vector)} dimensions and the vectors {vectors.dimensions}; "
            "take it from vectors of the same size"
        )
