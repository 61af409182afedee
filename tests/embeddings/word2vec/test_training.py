"""Epochs: pieces, the learning rate, repeatability, and that something is learned."""

import itertools
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.word2vec import training
from embeddings.word2vec.training import Word2Vec, cut, shares_to_keep

GROUPS, SIZE = 3, 4
WORDS = GROUPS * SIZE


def grouped_ids(lines=1500):
    """Lines of words of one of three groups: what is beside a word tells its group."""
    draw = np.random.default_rng(0)
    rows = np.full((lines, 9), -1, np.int32)
    rows[:, :8] = draw.integers(0, SIZE, (lines, 8)) * GROUPS + draw.integers(0, GROUPS, (lines, 1))
    return rows.reshape(-1)


IDS = grouped_ids()
COUNTS = np.bincount(IDS[IDS >= 0], minlength=WORDS)


def model(architecture="skipgram", loss="negative", seed=1, sample=0.0, rate=0.05, epochs=4):
    return Word2Vec(IDS, COUNTS, architecture, loss, 8, 3, 3, sample, rate, epochs, seed)


def trained(threads=1, epochs=4, **knobs):
    made, losses = model(epochs=epochs, **knobs), []
    with ThreadPoolExecutor(threads) as pool:
        for epoch in range(epochs):
            told = []
            made.train(epoch, pool, lambda *found, told=told: told.append(found))
            assert sum(tokens for tokens, _, _ in told) == len(IDS)
            losses.append(sum(loss for _, loss, _ in told) / sum(judged for *_, judged in told))
    return made.vectors(), losses


def is_grouped(vectors):
    """Whether each word is nearest to words of its group."""
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    near = units @ units.T - 9 * np.eye(len(units))
    return (near.argsort(1)[:, -SIZE + 1 :] % GROUPS == np.arange(WORDS)[:, None] % GROUPS).all()


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    monkeypatch.setattr(training, "PIECE", 1000)


@pytest.mark.parametrize("loss", ["negative", "hierarchical", "softmax"])
@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
def test_groups_are_learned_and_the_loss_falls(architecture, loss):
    vectors, losses = trained(architecture=architecture, loss=loss)
    assert vectors.shape == (WORDS, 8)
    assert vectors.dtype == np.float32
    assert is_grouped(vectors)
    assert losses[-1] < losses[0] - 0.05


def test_two_threads_learn_as_well():
    vectors, losses = trained(threads=2)
    assert is_grouped(vectors)
    assert losses[-1] == pytest.approx(trained()[1][-1], rel=0.1)


@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
def test_the_same_seed_gives_the_same_vectors(architecture):
    vectors, losses = trained(architecture=architecture, sample=0.05)
    again, losses_again = trained(architecture=architecture, sample=0.05)
    np.testing.assert_array_equal(vectors, again)
    assert losses == losses_again
    assert not np.array_equal(vectors, trained(architecture=architecture, sample=0.05, seed=2)[0])


def test_epochs_and_pieces_draw_anew(monkeypatch):
    seen = []
    monkeypatch.setattr(training, "skip_gram", lambda *args: seen.append(args) or (1.0, 1))
    trained(epochs=2)
    states, rates = [int(args[-1]) for args in seen], [float(args[-2]) for args in seen]
    assert len(set(states)) == len(states) == 2 * (len(model().borders) - 1)
    wanted = 0.05 * (1 - np.arange(len(rates)) / len(rates))
    np.testing.assert_allclose(rates, wanted, rtol=1e-5)  # Mikolov's: falls evenly over all epochs
    np.testing.assert_array_equal(np.concatenate([args[3] for args in seen]), np.tile(IDS, 2))


def test_first_values():
    made = model()
    words = made.arrays["words"]
    assert not made.arrays["outputs"].any()
    assert abs(words).max() <= 0.5 / 8
    assert len(np.unique(words[:, :8])) == WORDS * 8
    assert not words[:, 8:].any()


# Words that are passed over


@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=20), st.sampled_from([1e-5, 1e-3, 0.1]))
def test_shares_to_keep(counts, sample):
    counts = np.array(counts)
    share = counts / counts.sum()
    wanted = (np.sqrt(share / sample) + 1) * sample / share  # as word2vec.c has it
    np.testing.assert_allclose(shares_to_keep(counts, sample) / 2**32, np.minimum(wanted, 1), rtol=1e-6)


def test_none_is_passed_over_without_a_threshold():
    assert (shares_to_keep(np.array([5, 1]), 0) == 2**32).all()


# Pieces


@given(st.lists(st.integers(-1, 1), max_size=60), st.integers(1, 20))
def test_pieces_end_with_documents(ids, size):
    ids = np.array(ids, np.int32)
    borders = cut(ids, size)
    assert borders[0] == 0
    assert borders[-1] == len(ids)
    for begin, end in itertools.pairwise(borders):
        assert 0 < end - begin <= size
        if end < len(ids) and ids[end - 1] >= 0:
            assert end - begin == size
            assert (ids[begin:end] >= 0).all()  # one document is longer than a piece
        if end < len(ids) and ids[end - 1] < 0:
            assert (ids[end : begin + size] >= 0).all()  # no more would have gone in
