"""Iterated null-space projection: its projection, and that no linear classifier tells the sides afterwards."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings import InputError
from embeddings.bias.inlp import inlp, intersection_of_null_spaces, null_space, row_space, training_words
from embeddings.bias.space import unit_rows

from .words import SETS, neutral, planted

SIDES = np.arange(400) % 2


def probe(rows, classes):
    """The accuracy of a linear classifier on words held out."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_score

    return cross_val_score(LogisticRegression(), rows, classes, cv=4).mean()


def leaning(words=600, dimensions=12):
    """Two classes that differ in three directions, the classes."""
    random = np.random.default_rng(0)
    rows = random.normal(size=(words, dimensions))
    rows[:, :3] += np.where(np.arange(words) % 2, 1, -1)[:, None] * [2.0, 1.0, 0.7]
    return rows, np.arange(words) % 2


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_the_intersection_of_null_spaces(seed, number):
    """Held to scipy's null space of all directions at once; directions need not be orthogonal."""
    from scipy.linalg import null_space as null

    directions = np.random.default_rng(seed).normal(size=(number, 7))
    expected = null(directions)
    got = intersection_of_null_spaces([row_space(one) for one in directions])
    np.testing.assert_allclose(got, expected @ expected.T, atol=1e-4)


@pytest.mark.parametrize("classifiers", [1, 4, 8])
def test_an_orthogonal_projection(classifiers):
    left = null_space(*leaning(), classifiers)
    p = left.projection
    np.testing.assert_allclose(p, p.T, atol=1e-9)
    np.testing.assert_allclose(p @ p, p, atol=1e-9)
    assert np.linalg.matrix_rank(p, tol=1e-6) == left.rank == 12 - classifiers
    assert len(left.accuracies) == classifiers


def test_a_linear_classifier_is_left_with_chance():
    rows, classes = leaning()
    assert probe(rows, classes) > 0.95
    left = null_space(rows, classes, 5)
    assert left.chance == 0.5
    assert left.accuracies[0] > 0.95
    assert left.accuracies == sorted(left.accuracies, reverse=True) or left.accuracies[-1] < 0.6
    assert probe(rows @ left.projection, classes) < 0.56


def test_each_classifier_learns_from_what_those_before_left():
    """The equation, step by step: a product of projections, as the directions are orthogonal."""
    from sklearn.model_selection import train_test_split
    from sklearn.svm import LinearSVC

    rows, classes = leaning()
    train, _ = train_test_split(np.arange(600), test_size=0.3, stratify=classes, random_state=3)
    p = np.eye(12)
    for _ in range(4):
        w = LinearSVC(dual=False).fit((rows @ p)[train], classes[train]).coef_ @ p
        w /= np.linalg.norm(w)
        p = p @ (np.eye(12) - w.T @ w)
    np.testing.assert_allclose(null_space(rows, classes, 4, seed=3).projection, p, atol=1e-3)


def test_it_ends_when_nothing_is_left():
    rows, classes = leaning()
    left = null_space(rows[:, :3] @ np.random.default_rng(0).normal(size=(3, 12)), classes, 11)
    assert len(left.accuracies) == 12 - left.rank <= 3
    assert np.abs(rows[:, :3]).max() > 1


def test_it_ends_at_chance():
    rows, classes = leaning()
    left = null_space(rows, classes, 11, stop_at_chance=True)
    assert 1 <= len(left.accuracies) < 8
    assert left.rank == 12 - len(left.accuracies)
    assert min(left.accuracies) > 0.5
    none = null_space(np.random.default_rng(0).normal(size=(600, 12)), classes, 11, stop_at_chance=True)
    assert none.accuracies == []
    np.testing.assert_array_equal(none.projection, np.eye(12))


def test_planted_bias_is_not_read_linearly():
    vectors = planted()
    assert probe(neutral(vectors), SIDES) > 0.98
    after = inlp(vectors, SETS, classifiers=6, per_side=150)
    assert probe(neutral(after), SIDES) < 0.6
    record = after.settings["debias"]
    assert record["dimensions_left"] == 14
    assert record["words_per_class"] == 150
    assert np.linalg.matrix_rank(after.vectors, tol=1e-3) == 14


def test_a_control_without_bias_keeps_what_is_near():
    """Cosines between words stay much as they were, where planted vectors lose what they shared."""
    vectors = planted(strength=0)
    before, after = neutral(vectors), neutral(inlp(vectors, SETS, classifiers=1))
    assert np.sum(before * after, 1).mean() > 0.95


def test_which_words_are_learned_from():
    vectors = planted()
    rows = unit_rows(vectors)
    direction = np.eye(20)[-1]
    chosen, classes = training_words(rows, direction, 30, False, 300, seed=0)
    bias = rows @ direction
    assert len(set(chosen.tolist())) == len(chosen)
    assert chosen.max() < 300
    assert np.bincount(classes).tolist() == [30, 30]
    assert bias[chosen[classes == 0]].min() >= np.sort(bias[:300])[-30]
    assert bias[chosen[classes == 1]].max() <= np.sort(bias[:300])[29]


def test_neutral_words_are_a_third_class():
    vectors = planted(words=1500, strength=0.1)
    rows = unit_rows(vectors)
    chosen, classes = training_words(rows, np.eye(20)[-1], None, True, 10_000, seed=1)
    assert np.abs(rows[chosen[classes == 2], -1]).max() < 0.03
    assert (classes == 0).sum() == 152
    after = inlp(vectors, SETS, classifiers=3, neutral=True)
    assert after.settings["debias"]["dimensions_left"] in range(11, 15)
    assert after.settings["debias"]["chance"] < 0.5


def test_the_seed_chooses_what_is_held_out():
    assert np.abs(inlp(planted(), SETS, 3, seed=1).vectors - inlp(planted(), SETS, 3, seed=2).vectors).max() > 1e-3


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"classifiers": 20}, "--classifiers: must be from 1 to 19 for vectors of 20 numbers, not 20"),
        ({"classifiers": 0}, "--classifiers: must be from 1 to 19"),
        ({"classifiers": 7, "neutral": True}, "must be from 1 to 6 .* not 7: each takes 3"),
        ({"classifiers": 3, "per_side": 5}, "20 words of each side are needed at least, not 5"),
        ({"classifiers": 3, "most_frequent": 60}, "only 6 words to a class of 60, 20 needed"),
    ],
)
def test_what_cannot_be_done(options, what):
    with pytest.raises(InputError, match=what):
        inlp(planted(), SETS, **options)
