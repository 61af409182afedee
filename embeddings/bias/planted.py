"""Vectors with a bias of known size, to hold measures and debiasing to."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..vectors import Vectors
from .groups import Pair, WeatTest, WordSets

DEFINITE = 0.7
"""The cosine of a word that is about a group by definition with the direction."""
LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, eq=False)
class Planted:
    """Generated vectors, and what is known of them.

    Args:
        vectors: Of length one, with word sets' words first.
        sets: Word sets of these words: pairs, professions, and WEAT tests.
        direction: g, `[dimensions]`, of length one.
        first: Words that are biased to the first group.
        second: To the second.
        strength: The cosine of biased words with g or -g.
        residual: Their cosine with h or -h, a direction at right angles to g.
    """

    vectors: Vectors
    sets: WordSets
    direction: np.ndarray
    first: tuple[str, ...]
    second: tuple[str, ...]
    strength: float
    residual: float


def planted(
    strength: float,
    residual: float = 0.0,
    words: int = 600,
    pairs: int = 10,
    dimensions: int = 50,
    seed: int = 0,
) -> Planted:
    """Makes vectors of which a third of the words is biased to either group, and a third to none.

        `w = +-s g +-t h + sqrt(1 - s^2 - t^2) r`

    with `r` random, of length one, and at right angles to `g` and `h`. Pairs that differ by definition are
    `+-0.7 g + sqrt(1 - 0.7^2) r`, both with the same r. What debiasing along g cannot see is t: a topic that goes with
    the bias.

    Args:
        strength: s, from 0 to 1; 0 makes a control without bias.
        residual: t, from 0 to 1.
        words: How many besides those of the pairs; professions are the first 60 of them, at most.
        pairs: How many pairs.
        dimensions: At least 3.
        seed: Of the drawing.

    Raises:
        InputError: When a number is out of range.

    Example:
        >>> made = planted(strength=0.3)
        >>> round(float(made.vectors[made.first[0]] @ made.direction), 4), len(made.vectors)
        (0.3, 620)
    """
    _check(strength, residual, words, pairs, dimensions)
    random = np.random.default_rng(seed)
    g, h = np.linalg.qr(random.normal(size=(dimensions, 2)))[0].T
    base = _orthogonal_rows(random, pairs + words, dimensions, np.stack([g, h]))
    sides = np.arange(words) % 3 - 1  # -1, 0, 1: each word's side
    rest = np.sqrt(1 - np.where(sides, strength**2 + residual**2, 0))
    biased = sides[:, None] * (strength * g + residual * h) + rest[:, None] * base[pairs:]  # [words, dimensions]
    common = np.sqrt(1 - DEFINITE**2) * base[:pairs]
    rows = np.stack([common + DEFINITE * g, common - DEFINITE * g], 1).reshape(2 * pairs, dimensions)
    names = list(itertools.islice(_names(), 2 * pairs + words))
    others = names[2 * pairs :]
    first, second = (tuple(word for word, one in zip(others, sides, strict=True) if one == side) for side in (1, -1))
    definitional = tuple((names[i], names[i + 1]) for i in range(0, 2 * pairs, 2))
    sets = _sets(definitional, others, first, second)
    vectors = Vectors(names, np.concatenate([rows, biased]), settings={"planted": {"strength": strength, "seed": seed}})
    return Planted(vectors, sets, g, first, second, strength, residual)


def _check(strength: float, residual: float, words: int, pairs: int, dimensions: int) -> None:
    if not (0 <= strength <= 1 and 0 <= residual <= 1 and strength**2 + residual**2 <= 1):
        raise InputError(
            f"strength {strength} and residual {residual}: squares of both, from 0 to 1, add up to 1 at most"
        )
    for name, value, least in (("words", words, 24), ("pairs", pairs, 1), ("dimensions", dimensions, 3)):
        if value < least:
            raise InputError(f"must be {least} or more, not {value}", name)


def _orthogonal_rows(random: np.random.Generator, count: int, dimensions: int, basis: np.ndarray) -> np.ndarray:
    """Random rows of length one at right angles to an orthonormal basis, `[count, dimensions]`."""
    rows = random.normal(size=(count, dimensions))
    rows -= (rows @ basis.T) @ basis
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _names() -> Iterator[str]:
    """Words of letters alone: `wa`, `wb`, ..., `waa`, ..."""
    for length in itertools.count(1):
        yield from ("w" + "".join(letters) for letters in itertools.product(LETTERS, repeat=length))


def _sets(pairs: tuple[Pair, ...], words: list[str], first: tuple[str, ...], second: tuple[str, ...]) -> WordSets:
    sides = (tuple(dict.fromkeys(side)) for side in zip(*pairs, strict=True))
    groups = dict(zip(("first", "second"), sides, strict=True))
    test = WeatTest("planted", {"biased to first": first[:8], "biased to second": second[:8]}, groups)
    specific = tuple(word for pair in pairs for word in pair)
    return WordSets(
        "planted",
        groups=groups,
        definitional_pairs=pairs,
        equalize_pairs=pairs,
        specific=specific,
        professions=tuple(words[:60]),
        weat=(test,),
    )
