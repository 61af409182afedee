"""The bias space, the most biased words, and what is refused."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings import InputError, Vectors
from embeddings.bias.double_hard import double_hard
from embeddings.bias.groups import WordSets
from embeddings.bias.hard import hard
from embeddings.bias.inlp import inlp
from embeddings.bias.soft import soft
from embeddings.bias.space import bias_space, most_biased, second_moments, unit_rows, without

from .words import PAIRS, SETS, planted


def double_hard_of_one(vectors, sets, **options):
    return double_hard(vectors, sets, candidates=1, **options)


METHODS = [hard, soft, double_hard_of_one, lambda vectors, sets: inlp(vectors, sets, classifiers=3)]
NAMES = ["hard", "soft", "double_hard", "inlp"]
METHOD = pytest.mark.parametrize("method", METHODS, ids=NAMES)


def changed(vectors, word, value):
    rows = vectors.vectors.copy()
    rows[vectors.index[word]] = value
    return dataclasses.replace(vectors, vectors=rows)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 3))
def test_the_space_is_that_of_a_principal_component_analysis(seed, components):
    from sklearn.decomposition import PCA

    vectors = planted(seed=seed)
    rows = unit_rows(vectors)
    space = bias_space(vectors, rows, SETS, components)
    pairs = [rows[[vectors.index[a], vectors.index[b]]] for a, b in PAIRS]
    centred = np.concatenate([pair - pair.mean(0) for pair in pairs])
    expected = PCA(components).fit(centred.astype(np.float64))
    np.testing.assert_allclose(space.basis @ space.basis.T, np.eye(components), atol=1e-6)
    np.testing.assert_allclose(space.explained[:components], expected.explained_variance_ratio_, atol=1e-5)
    np.testing.assert_allclose(np.abs(space.basis[0] @ expected.components_[0]), 1, atol=1e-5)
    assert sum((rows[vectors.index[a]] - rows[vectors.index[b]]) @ space.basis[0] for a, b in PAIRS) > 0


def test_without_takes_out_the_part_in_the_space():
    basis = np.array([[0.6, 0.8, 0], [0, 0, 1]])
    np.testing.assert_allclose(without(np.array([[1.0, 2, 3]]), basis), [[1 - 2.2 * 0.6, 2 - 2.2 * 0.8, 0]])


def test_most_biased():
    rows = np.array([[0.1], [0.9], [-0.2], [-0.8], [0.5], [0.0]], np.float32)
    assert most_biased(rows, np.array([1.0]), np.arange(6), 2).tolist() == [[1, 4], [3, 2]]
    assert most_biased(rows, np.array([1.0]), np.array([0, 1, 2]), 2).tolist() == [[1], [2]]


def test_second_moments(monkeypatch):
    monkeypatch.setattr("embeddings.bias.space.BLOCK", 3)
    rows = np.random.default_rng(0).normal(size=(8, 4))
    np.testing.assert_allclose(second_moments(rows), rows.T @ rows)
    np.testing.assert_allclose(second_moments(rows, rows.mean(0)), np.cov(rows.T, bias=True) * 8)


@METHOD
def test_what_goes_in_stays_and_what_comes_out_tells_what_was_done(method):
    vectors = planted()
    before = vectors.vectors.copy()
    after = method(vectors, SETS)
    np.testing.assert_array_equal(vectors.vectors, before)
    assert vectors.settings == {"window": 5}
    assert after.words == vectors.words
    assert after.vectors.dtype == np.float32
    np.testing.assert_array_equal(after.counts, vectors.counts)
    record = after.settings["debias"]
    assert after.settings["window"] == 5
    assert record["version"] == 1
    assert record["groups"] == "planted"
    assert record["definitional_pairs"] == {"used": 8, "missing": []}
    again = method(after, SETS).settings["debias"]
    assert again["earlier"] == record


@METHOD
def test_the_same_each_time(method):
    np.testing.assert_array_equal(method(planted(), SETS).vectors, method(planted(), SETS).vectors)


@pytest.mark.parametrize("method", [hard, soft, double_hard_of_one, inlp])
def test_lengths(method):
    vectors = planted(dimensions=50)
    kept, one = method(vectors, SETS), method(vectors, SETS, lengths="unit")
    rows = [row for row, word in enumerate(vectors.words) if word[0] == "w"]
    np.testing.assert_allclose(kept.norms()[rows], vectors.norms()[rows], rtol=1e-5)
    np.testing.assert_allclose(one.norms(), 1, rtol=1e-5)
    np.testing.assert_allclose(kept.normalised().vectors, one.vectors, atol=1e-6)


@METHOD
@pytest.mark.parametrize(
    ("sets", "what"),
    [
        (
            WordSets("x", definitional_pairs=(("she", "he"), ("f0", "him"))),
            "none of 2 have vectors .* missing: she, he, him",
        ),
        (WordSets("x", groups={"a": ("f0",), "b": ("m0",)}), "definitional pairs of 'x': none of 0"),
    ],
)
def test_too_few_pairs(method, sets, what):
    with pytest.raises(InputError, match=what):
        method(planted(), sets)


@METHOD
def test_bad_vectors(method):
    with pytest.raises(InputError, match="the vector of 'm3' has length zero"):
        method(changed(planted(), "m3", 0), SETS)
    with pytest.raises(InputError, match="the vector of 'w7' holds NaN"):
        method(changed(planted(), "w7", np.nan), SETS)
    after = method(changed(planted(), "w7", 0), SETS)
    assert not after["w7"].any()
    assert after.settings["debias"]["zero_vectors"] == 1
    assert np.isfinite(after.vectors).all()


def test_pairs_with_a_missing_word_are_left_out():
    sets = WordSets("x", definitional_pairs=(*PAIRS, ("f0", "absent")))
    space = bias_space(planted(), unit_rows(planted()), sets)
    assert space.used == 8
    assert space.missing == ["absent"]


@pytest.mark.parametrize("components", [0, -1, 20])
def test_components(components):
    with pytest.raises(InputError, match="--components: must be from 1 to 19"):
        bias_space(planted(), unit_rows(planted()), SETS, components)


def test_more_components_than_differences():
    with pytest.raises(InputError, match="8 of 8 have vectors for both words and 9 are needed"):
        bias_space(planted(), unit_rows(planted()), SETS, 9)
    same = Vectors(["a", "b"], [[1, 2], [1, 2]])
    with pytest.raises(InputError, match="differ in fewer than 1 directions"):
        bias_space(same, unit_rows(same), WordSets("x", definitional_pairs=(("a", "b"),)))


def test_a_word_of_which_nothing_is_left():
    vectors = planted()
    direction = bias_space(vectors, unit_rows(vectors), SETS).basis[0]
    with pytest.raises(InputError, match="nothing would be left of the vector of 'w3'"):
        hard(changed(vectors, "w3", direction), SETS)
