"""Neighbours kept, held to one word at a time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings import InputError, Vectors
from embeddings.bias import lost
from embeddings.bias.lost import neighbours_kept

from .samples import cosine, random_vectors, unit


def nearest(vectors, word, among, k):
    others = [other for other in among if other != word]
    return set(sorted(others, key=lambda other: -cosine(unit(vectors, word), unit(vectors, other)))[:k])


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 5), st.integers(6, 20))
def test_it_is_the_mean_overlap(seed, k, count):
    words = [f"w{i}" for i in range(count)]
    before, after = random_vectors(words, 4, seed), random_vectors(words[::-1], 6, seed + 1)
    expected = [len(nearest(before, word, words, k) & nearest(after, word, words, k)) / k for word in words]
    assert neighbours_kept(before, after, k).share == pytest.approx(np.mean(expected))


def test_blocks_make_no_difference(monkeypatch):
    words = [f"w{i}" for i in range(30)]
    before, after = random_vectors(words, 4), random_vectors(words, 4, 1)
    whole = neighbours_kept(before, after, 3).share
    monkeypatch.setattr(lost, "BLOCK", 7)
    assert neighbours_kept(before, after, 3).share == whole


def test_lengths_and_turns_change_nothing():
    before = random_vectors([f"w{i}" for i in range(30)], 4)
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(4, 4)))[0]
    after = Vectors(before.words, before.vectors @ turn * np.linspace(1, 5, 30)[:, None])
    assert neighbours_kept(before, after, 5).share == 1


def test_words_missing_in_one_or_without_a_vector():
    before = random_vectors(["a", "b", "c", "d", "e"])
    after = random_vectors(["a", "b", "c", "x"])
    found = neighbours_kept(before, after, 1)
    assert (found.n, found.missing) == (3, ("d", "e"))
    before.vectors[1] = 0
    assert neighbours_kept(before, after, 1).n == 2
    after.vectors[2] = 0
    with pytest.raises(InputError, match="1 neighbours are asked for among 1 words"):
        neighbours_kept(before, after, 1)
    with pytest.raises(InputError, match="2 neighbours are asked for among 1 words"):
        neighbours_kept(before, after, 2)
    assert neighbours_kept(random_vectors("abcdef"), random_vectors("abcdef", seed=2), 1, most_frequent=4).n == 4
