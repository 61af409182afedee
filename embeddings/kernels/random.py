"""Random numbers in compiled code, and drawing from any distribution in constant time."""

from __future__ import annotations

import numpy as np
from numba import njit

U = np.uint64


@njit(inline="always")
def advance(state: np.uint64) -> np.uint64:
    """The next state of a xorshift generator: 64 random bits. Never 0, as long as it does not begin with 0.

    Reference:
        Marsaglia (2003), "Xorshift RNGs".
    """
    state ^= state << U(13)
    state ^= state >> U(7)
    return state ^ (state << U(17))


def first_state(*numbers: int) -> np.uint64:
    """A state to begin with, from numbers such as a seed and the place in a corpus: well mixed, and never 0."""
    return np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] | U(1)


@njit(inline="always")
def below(state: np.uint64, n: np.uint64) -> np.uint64:
    """A number in 0..n-1 from the lower 32 bits of a state."""
    return ((state & U(0xFFFFFFFF)) * n) >> U(32)


@njit(inline="always")
def draw(table: np.ndarray, state: np.uint64) -> np.int64:
    """A number from the distribution that an `alias_table` stands for, without a branch that is hard to foresee."""
    column = below(state, U(table.shape[0]))
    entry = table[column]
    kept = U((state >> U(32)) < (entry >> U(32)))
    return np.int64(column * kept + (entry & U(0xFFFFFFFF)) * (U(1) - kept))


def alias_table(weights: np.ndarray) -> np.ndarray:
    """What `draw` draws from: each number in proportion to its weight.

    Every column of the table holds a number of its own and another that fills it up (its alias): the upper 32 bits of
    an entry are the share of its own, the lower 32 the alias.

    Args:
        weights: Not negative, not all 0: `[numbers]`.

    Returns:
        uint64 `[numbers]`.

    Reference:
        Walker (1977); Vose (1991), "A linear algorithm for generating random numbers with a given distribution".
    """
    share = weights / weights.sum() * len(weights)
    share, alias = _fill(share.astype(np.float64))
    return ((share * (2**32 - 1)).astype(np.uint64) << U(32)) | alias.astype(np.uint64)


@njit(cache=True)
def _fill(share: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    n = len(share)
    alias = np.arange(n)
    small, large = np.empty(n, np.int64), np.empty(n, np.int64)
    smalls = larges = 0
    for i in range(n):
        if share[i] < 1:
            small[smalls] = i
            smalls += 1
        else:
            large[larges] = i
            larges += 1
    while smalls and larges:
        smalls -= 1
        poor, rich = small[smalls], large[larges - 1]
        alias[poor] = rich
        share[rich] -= 1 - share[poor]
        if share[rich] < 1:
            larges -= 1
            small[smalls] = rich
            smalls += 1
    for i in range(larges):
        share[large[i]] = 1
    for i in range(smalls):  # full but for rounding
        share[small[i]] = 1
    return share, alias
