"""Hard debiasing against the equations of the paper, one word at a time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings import Vectors
from embeddings.bias.groups import WordSets
from embeddings.bias.hard import hard, pairs_to_equalise
from embeddings.bias.space import bias_space, unit_rows

from .words import PAIRS, SETS, neutral, planted, unit

SPECIFIC = {"mother", "beard"}
EQUAL = {word for pair in SETS.equalize_pairs for word in pair}


def by_the_paper(vectors, sets, components):
    """Bolukbasi 2016, step 2a; also their identification of the subspace as the eigenvectors of C."""
    w = {word: unit(vectors[word].astype(np.float64)) for word in vectors.words}
    c = 0
    for pair in sets.definitional_pairs:
        mean = sum(w[word] for word in pair) / 2
        c = c + sum(np.outer(w[word] - mean, w[word] - mean) for word in pair) / 2
    b = np.linalg.eigh(c)[1][:, ::-1][:, :components].T

    def part(v):
        return sum((v @ one) * one for one in b)

    new = {word: unit(v - part(v)) for word, v in w.items() if word not in SPECIFIC | EQUAL}
    new |= {word: w[word] for word in SPECIFIC}
    for pair in sets.equalize_pairs:
        mu = (w[pair[0]] + w[pair[1]]) / 2
        nu = mu - part(mu)
        for word in pair:
            away = part(w[word]) - part(mu)
            new[word] = nu + np.sqrt(1 - nu @ nu) * away / np.sqrt(away @ away)
    return np.array([new[word] for word in vectors.words])


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 3))
def test_the_equations(seed, components):
    vectors = planted(words=60, seed=seed)
    after = hard(vectors, SETS, components=components, lengths="unit")
    np.testing.assert_allclose(after.vectors, by_the_paper(vectors, SETS, components), atol=2e-5)


@pytest.mark.parametrize("components", [1, 3])
def test_neutral_words_have_no_part_in_the_space(components):
    vectors = planted()
    basis = bias_space(vectors, unit_rows(vectors), SETS, components).basis
    assert np.abs(neutral(vectors) @ basis.T).max() > 0.3
    np.testing.assert_allclose(neutral(hard(vectors, SETS, components=components)) @ basis.T, 0, atol=1e-6)


@pytest.mark.parametrize("lengths", ["keep", "unit"])
def test_pairs_are_opposite_in_the_space_and_equal_outside(lengths):
    vectors = planted()
    basis = bias_space(vectors, unit_rows(vectors), SETS).basis
    after = hard(vectors, SETS, lengths=lengths)
    for a, b in SETS.equalize_pairs:
        inside = (after[a] @ basis.T) @ basis, (after[b] @ basis.T) @ basis
        np.testing.assert_allclose(inside[0], -inside[1], atol=2e-6)
        np.testing.assert_allclose(after[a] - inside[0], after[b] - inside[1], atol=2e-6)
        # What equalising is for: every neutral word is as near to one as to the other.
        np.testing.assert_allclose(neutral(after) @ after[a], neutral(after) @ after[b], atol=5e-6)
        # And each stays on its own side.
        assert (after[a] @ basis[0]) * (unit(vectors[a]) - unit(vectors[b])) @ basis[0] > 0


def test_specific_words_stay():
    vectors = planted()
    after = hard(vectors, SETS)
    for word in SPECIFIC:
        np.testing.assert_allclose(after[word], vectors[word], rtol=1e-6)
    assert after.settings["debias"]["specific"] == {"source": "listed", "listed": 3, "words": 2, "missing": ["absent"]}
    other = hard(vectors, SETS, specific=["w5"])
    np.testing.assert_allclose(other["w5"], vectors["w5"], rtol=1e-6)
    assert np.abs(other["mother"] - vectors["mother"]).max() > 0.01


def test_words_of_groups_and_definitional_pairs_stay():
    sets = WordSets("x", groups={"a": ("w1",), "b": ("w2",)}, definitional_pairs=PAIRS)
    vectors = planted()
    after = hard(vectors, sets)
    for word in ("w1", "w2", "f0", "m7"):
        np.testing.assert_allclose(after[word], vectors[word], rtol=1e-6)
    assert after.settings["debias"]["neutralised"] == len(vectors) - 18


def test_twice_is_as_once():
    once = hard(planted(), SETS)
    np.testing.assert_allclose(hard(once, SETS).vectors, once.vectors, atol=1e-5)


def test_a_control_without_bias_changes_little():
    assert np.sum(neutral(planted()) * neutral(hard(planted(), SETS)), 1).mean() < 0.95
    vectors = planted(strength=0)
    assert np.sum(neutral(vectors) * neutral(hard(vectors, SETS)), 1).min() > 0.95


def test_which_pairs_are_equalised():
    words = ["he", "she", "He", "She", "man", "woman", "guy", "same", "double", "king", "queen"]
    rows = np.random.default_rng(0).normal(size=(11, 4)).astype(np.float32)
    rows[8] = rows[7]
    vectors = Vectors(words, rows)
    given = [("she", "he"), ("he", "she"), ("woman", "man"), ("gal", "guy"), ("guy", "man")]
    given += [("same", "double"), ("Queen", "King")]
    pairs, missing, skipped = pairs_to_equalise(vectors, unit_rows(vectors), given, np.eye(4)[:1])
    expected = [("she", "he"), ("She", "He"), ("woman", "man"), ("queen", "king")]
    assert [(words[a], words[b]) for a, b in pairs] == expected
    assert missing == ["gal"]
    assert skipped == [["guy", "man"], ["same", "double"]]
