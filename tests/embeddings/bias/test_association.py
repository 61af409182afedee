"""WEAT, RND and RIPA against the papers' formulas, brute force, and examples by hand."""

import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.bias import association
from embeddings.bias.association import permutation_p, relative_norm_distance, ripa, weat
from embeddings.bias.direction import group_direction
from embeddings.bias.groups import WeatTest
from embeddings.bias.planted import planted
from embeddings.bias.projection import direct_bias
from embeddings.errors import InputError
from embeddings.vectors import Vectors

from .samples import cosine, random_vectors, unit

X, Y, A, B = "abc", "def", "ghi", "jk"
TEST = WeatTest("t", {"X": tuple(X), "Y": tuple(Y)}, {"A": tuple(A), "B": tuple(B)})


def s(vectors, w):
    near = [np.mean([cosine(vectors[w].astype(float), vectors[a].astype(float)) for a in side]) for side in (A, B)]
    return near[0] - near[1]


def statistic(vectors, x, y):
    return sum(s(vectors, w) for w in x) - sum(s(vectors, w) for w in y)


@given(st.integers(0, 10**6), st.integers(1, 3))
@settings(max_examples=25, deadline=None)
def test_weat_is_the_papers_formula_and_its_p_value_brute_force(seed, of_y):
    vectors, y = random_vectors("abcdefghijk", seed=seed), Y[:of_y]
    test = WeatTest("t", {"X": tuple(X), "Y": tuple(y)}, TEST.attributes)
    report = weat(vectors, test, needed=1)
    all_s = np.array([s(vectors, w) for w in X + y])
    difference = all_s[:3].mean() - all_s[3:].mean()
    assert report.statistic == pytest.approx(statistic(vectors, X, y), abs=1e-6)
    assert report.effect_size == pytest.approx(difference / np.sqrt(((all_s - all_s.mean()) ** 2).mean()), abs=1e-5)
    splits = [(x, [w for w in X + y if w not in x]) for x in itertools.combinations(X + y, 3)]
    above = [statistic(vectors, *split) >= statistic(vectors, X, y) - 1e-9 for split in splits]
    assert (report.p_value, report.p_error, report.splits) == (pytest.approx(np.mean(above)), 0, len(splits))
    assert report.is_exact
    assert report.n == {"X": 3, "Y": of_y, "A": 3, "B": 2}


def test_weat_by_hand():
    vectors = Vectors(["a", "b", "w", "x", "y", "z"], [[2, 0], [0, 1], [0.8, 0.6], [1, 0], [0.6, 0.8], [0, 3]])
    test = WeatTest("t", {"X": ("w", "x"), "Y": ("y", "z")}, {"A": ("a",), "B": ("b",)})
    report = weat(vectors, test, needed=1)  # s = .2, 1, -.2, -1
    assert report.statistic == pytest.approx(2.4)
    assert report.effect_size == pytest.approx(1.2 / np.sqrt(0.52))
    assert report.p_value == pytest.approx(1 / 6)
    turned = WeatTest("t", {"X": ("y", "z"), "Y": ("w", "x")}, test.attributes)
    assert weat(vectors, turned, needed=1).effect_size == pytest.approx(-report.effect_size)
    assert weat(vectors, turned, needed=1).p_value == 1


def test_a_sampled_p_value_is_near_the_exact_one(monkeypatch):
    s = np.random.default_rng(3).normal(size=10) + np.repeat([0.4, 0], 5)
    exact = permutation_p(s, 5, 0, 0)
    assert exact[1:] == (0.0, 252, True)
    monkeypatch.setattr(association, "EXACT", 251)
    p, error, splits, is_exact = permutation_p(s, 5, seed=1, samples=20_500)
    assert (splits, is_exact) == (20_500, False)
    assert error == pytest.approx(np.sqrt(p * (1 - p) / 20_500))
    assert 0 < abs(p - exact[0]) < 4 * error
    assert permutation_p(s, 5, 1, 20_500)[0] == p
    assert permutation_p(s, 5, 2, 20_500)[0] != p


def test_a_sampled_p_value_is_never_zero():
    s = np.repeat([1.0, -1.0], 12) + np.arange(24) / 1000
    p, error, _, is_exact = permutation_p(np.sort(s)[::-1], 12, 0, 999)
    assert not is_exact
    assert p == 1 / 1000
    assert error > 0


def test_targets_that_are_all_alike():
    vectors = Vectors(list("abcdefghijk"), np.ones((11, 4)))
    report = weat(vectors, TEST)
    assert (report.effect_size, report.p_value) == (None, 1)


def test_weat_finds_planted_bias_and_none_in_the_control():
    found = weat(planted(0.4).vectors, planted(0.4).sets.weat[0])
    assert found.effect_size > 1.5
    assert found.p_value < 0.01
    control = [weat(made.vectors, made.sets.weat[0]) for made in (planted(0, seed=seed) for seed in range(20))]
    assert abs(np.mean([report.effect_size for report in control])) < 0.3
    assert 0.3 < np.mean([report.p_value for report in control]) < 0.7


def test_weat_reports_what_is_missing():
    vectors = random_vectors("abdefghijk")
    report = weat(vectors, TEST)
    assert report.missing == {"X": ("c",), "Y": (), "A": (), "B": ()}
    assert json.loads(json.dumps(report.summary()))["missing"]["X"] == ["c"]
    with pytest.raises(InputError, match=r"^WEAT t: 'X': 2 of 3 have a vector and 3 are needed; missing: c$"):
        weat(vectors, TEST, needed=3)
    with pytest.raises(InputError, match=r"have the same name"):
        weat(vectors, WeatTest("t", {"X": ("a",), "A": ("b",)}, TEST.attributes))
    with pytest.raises(InputError, match=r"samples: must be 1 or more"):
        weat(vectors, TEST, samples=0)


# Relative norm distance


@given(st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_relative_norm_distance_is_the_papers_formula(seed):
    vectors = random_vectors("abcdefgh", seed=seed)
    g = [np.mean([unit(vectors, word) for word in side], 0) for side in ("abc", "de")]
    values = {
        w: np.sqrt(((unit(vectors, w) - g[0]) ** 2).sum()) - np.sqrt(((unit(vectors, w) - g[1]) ** 2).sum())
        for w in "fgh"
    }
    report = relative_norm_distance(vectors, "abc", "de", "fghx")
    assert report.mean == pytest.approx(sum(values.values()) / 3, abs=1e-6)
    assert dict(report.words) == pytest.approx(values, abs=1e-6)
    assert report.n == {"first group": 3, "second group": 2, "words": 3}
    assert report.missing["words"] == ("x",)
    assert relative_norm_distance(vectors, "de", "abc", "fgh").mean == pytest.approx(-report.mean)


def test_relative_norm_distance_finds_planted_bias():
    made = planted(0.4)
    sides = made.sets.groups.values()
    assert relative_norm_distance(made.vectors, *sides, made.first).mean < -0.2
    assert relative_norm_distance(made.vectors, *sides, made.second).mean > 0.2
    control = planted(0)
    assert abs(relative_norm_distance(control.vectors, *control.sets.groups.values(), control.first).mean) < 0.02


# Relational inner product association


def test_ripa_of_one_pair_by_hand():
    vectors = Vectors(["she", "he", "nurse", "baker"], [[3, 1], [0, 5], [1, 1], [-2, 4]])
    b = np.array([3, -4]) / 5
    report = ripa(vectors, [("she", "he")], ["nurse", "baker", "x"])
    assert dict(report.words) == pytest.approx({"nurse": np.dot([1, 1], b), "baker": np.dot([-2, 4], b)})
    assert report.mean == pytest.approx((-0.2 - 4.4) / 2)
    assert report.n == {"definitional pairs": 1, "words": 2}
    assert report.missing == {"definitional pairs": (), "words": ("x",)}
    assert json.loads(json.dumps(report.summary()))["words"][0] == {"word": "nurse", "value": pytest.approx(-0.2)}


@given(st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_ripa_takes_the_first_component_of_raw_differences(seed):
    vectors = random_vectors("abcdefgh", seed=seed)
    pairs = [("a", "b"), ("c", "d"), ("e", "f")]
    differences = np.array([vectors[x].astype(float) - vectors[y] for x, y in pairs])
    b = np.linalg.eigh(differences.T @ differences)[1][:, -1]
    b *= np.sign(differences.sum(0) @ b)
    report = ripa(vectors, pairs, "gh")
    assert dict(report.words) == pytest.approx({w: vectors[w].astype(float) @ b for w in "gh"}, abs=1e-5)


def test_ripa_of_unit_vectors_is_the_projection():
    vectors = random_vectors("abcdefgh")
    pairs = [("a", "b"), ("c", "d")]
    projections = direct_bias(vectors, "efgh", group_direction(vectors, pairs)).projections
    assert ripa(vectors, pairs, "efgh", unit=True).words == projections


def test_ripa_refusals():
    vectors = Vectors(["she", "he", "nurse"], [[1, 0], [1, 0], [0, 1]])
    with pytest.raises(InputError, match=r"^definitional pairs: both words of each pair have the same vector"):
        ripa(vectors, [("she", "he")], ["nurse"])
    with pytest.raises(InputError, match=r"^words: none of 1 have a vector"):
        ripa(vectors, [("she", "nurse")], ["x"])
