"""Random numbers: the generator against its definition, and what is drawn against its distribution."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit

from embeddings.kernels.random import advance, alias_table, below, draw, first_state

BITS = 2**64 - 1


@njit
def states(state, n):
    made = np.empty(n, np.uint64)
    for i in range(n):
        state = advance(state)
        made[i] = state
    return made


@njit
def many_below(drawn, n):
    return np.array([below(state, n) for state in drawn])


@njit
def draws(table, drawn):
    return np.array([draw(table, state) for state in drawn])


DRAWN = states(first_state(1, 2, 3), 200_000)


def xorshift(state):
    """With shifts 13, 7 and 17, one of Marsaglia's (2003) for 64 bits."""
    state ^= (state << 13) & BITS
    state ^= state >> 7
    return state ^ ((state << 17) & BITS)


@pytest.mark.parametrize("state", [1, 2**63, BITS, 123456789])
def test_advance(state):
    wanted, found = state, []
    for _ in range(20):
        wanted = xorshift(wanted)
        found.append(wanted)
    assert states(np.uint64(state), 20).tolist() == found


def test_first_state():
    found = {int(first_state(*numbers)) for numbers in [(1, 0, 0), (2, 0, 0), (1, 1, 0), (1, 0, 1), (0, 1, 0), (0,)]}
    assert len(found) == 6
    assert 0 not in found
    assert first_state(1, 2, 3) == first_state(1, 2, 3)
    assert first_state(0, 0, 0).dtype == np.uint64


@pytest.mark.parametrize("n", [1, 2, 5, 1000])
def test_below(n):
    found = many_below(DRAWN, np.uint64(n))
    assert found.max() < n
    counts, expected = np.bincount(found.astype(int), minlength=n), len(DRAWN) / n
    assert chi_square(counts, np.full(n, expected)) < bound(n)


def chi_square(counts, expected):
    return ((counts - expected) ** 2 / expected).sum()


def bound(n):
    """Over which chi-square of n numbers is less than once in 10^5 (five standard deviations, and some)."""
    return n + 5 * np.sqrt(2 * n) + 10


def distribution(table):
    """What an alias table says of each number: its share of its own column, and of those that it fills up."""
    own, alias = (table >> np.uint64(32)) / (2.0**32 - 1), (table & np.uint64(0xFFFFFFFF)).astype(int)
    found = own / len(table)
    np.add.at(found, alias, (1 - own) / len(table))
    return found


@given(st.lists(st.floats(0, 1e6) | st.integers(0, 3), min_size=1, max_size=40).filter(lambda some: sum(some) > 1e-3))
def test_an_alias_table_stands_for_the_weights(weights):
    weights = np.array(weights)
    np.testing.assert_allclose(distribution(alias_table(weights)), weights / weights.sum(), atol=1e-7)


@pytest.mark.parametrize("weights", [[1], [1, 1], [5, 1, 0, 2], np.arange(1, 300) ** 0.75])
def test_draws_have_the_weights(weights):
    weights = np.array(weights, float)
    counts = np.bincount(draws(alias_table(weights), DRAWN), minlength=len(weights))
    assert len(counts) == len(weights)
    assert not counts[weights == 0].any()
    expected = weights[weights > 0] / weights.sum() * len(DRAWN)
    assert chi_square(counts[weights > 0], expected) < bound(len(expected))
