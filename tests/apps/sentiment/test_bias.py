"""The numbers of an audit, held to sums written out, and to answers whose bias is known."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.sentiment.bias import Answers, compare, estimate, widest
from apps.sentiment.templates import Pair, Template, Templates


def templates(count: int, kinds: dict[str, int]) -> Templates:
    """Templates of two tones in turn, and pairs of each kind."""
    pairs = [Pair(kind, {"x": (f"a{kind}{i}", f"b{kind}{i}")}) for kind, size in kinds.items() for i in range(size)]
    sentences = [Template(("even", "odd")[index % 2], f"{{x}} does {index}.") for index in range(count)]
    return Templates("made", ("a", "b"), tuple(pairs), tuple(sentences))


def answers(scores: np.ndarray, kinds: dict[str, int]) -> Answers:
    """Answers of a classifier with two classes."""
    return Answers(templates(scores.shape[1], kinds), scores, (scores > 0.5).astype(int))


def random_scores(seeds: int, sentences: int, pairs: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((seeds, sentences, pairs, 2))


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 3), st.integers(1, 4), st.integers(1, 3), st.integers(1, 3), st.integers(0, 99))
def test_the_effect_is_what_sums_written_out_give(seeds, sentences, one, two, seed):
    scores = random_scores(seeds, sentences, one + two, seed)
    effect = answers(scores, {"p": one, "q": two}).effect()
    places = list(product(range(seeds), range(sentences), range(one + two)))
    differences = [scores[place][0] - scores[place][1] for place in places]
    assert effect.signed.mean == pytest.approx(sum(differences) / len(places))
    assert effect.absolute.mean == pytest.approx(sum(map(abs, differences)) / len(places))
    flipped = [(scores[place][0] > 0.5) != (scores[place][1] > 0.5) for place in places]
    assert effect.flips.mean == pytest.approx(sum(flipped) / len(places))
    assert effect.sentence_pairs == sentences * (one + two)
    by_seed = [
        np.mean([d for d, place in zip(differences, places, strict=True) if place[0] == s]) for s in range(seeds)
    ]
    assert effect.signed.std == (None if seeds == 1 else pytest.approx(np.std(by_seed, ddof=1)))
    assert effect.signed.low <= effect.signed.mean + 1e-9
    assert effect.signed.high >= effect.signed.mean - 1e-9


def test_within_a_group_compares_words_of_one_side_and_kind():
    scores = np.array([[[[0.1, 0.5], [0.3, 0.6], [0.9, 0.0]]]])  # one seed, one template, three pairs
    assert answers(scores, {"p": 3}).within() == pytest.approx(
        np.mean([0.2, 0.8, 0.6, 0.1, 0.5, 0.6]),
    )
    assert answers(scores, {"p": 2, "q": 1}).within() == pytest.approx(np.mean([0.2, 0.1]))
    assert answers(scores, {"p": 1, "q": 1, "r": 1}).within() is None
    both = np.concatenate([scores, scores[:, :, :2] * 0.0], axis=2)
    weighted = answers(both, {"p": 3, "q": 2}).within()
    assert weighted == pytest.approx((3 * np.mean([0.2, 0.8, 0.6, 0.1, 0.5, 0.6]) + 2 * 0.0) / 5)


def test_a_planted_difference_is_found_and_a_fair_classifier_has_none():
    random = np.random.default_rng(0)
    base = random.random((3, 20, 12, 1)) * 0.5 + 0.2
    noise = random.normal(0, 0.02, (3, 20, 12, 2))
    fair = answers(base + noise, {"p": 12})
    biased = answers(base + noise + np.array([0.1, 0.0]), {"p": 12})
    assert biased.effect().signed.mean == pytest.approx(0.1, abs=0.01)
    assert biased.effect().signed.low > 0.08
    assert fair.effect().signed.low < 0 < fair.effect().signed.high
    change = compare(fair, biased)
    assert change["signed"].mean == pytest.approx(-0.1)
    assert change["signed"].high < -0.09
    assert change["absolute"].high < 0
    assert compare(fair, fair)["absolute"] == estimate(np.zeros((3, 20, 12)))


@pytest.mark.parametrize("noisy", [(12, 1), (1, 12)])
def test_the_interval_covers_the_truth_about_as_often_as_it_says(noisy):
    """Whether templates or pairs bring the noise; the pigeonhole bootstrap errs to the wide side."""
    random = np.random.default_rng(1)
    covered = 0
    for _ in range(100):
        values = random.normal(0, 1, (1, *noisy)) + random.normal(0, 0.5, (1, 12, 12))
        found = estimate(values, resamples=300)
        covered += found.low <= 0 <= found.high
    assert 85 <= covered <= 99


def test_seeds_are_drawn_too():
    found = estimate(np.array([0.0, 0.0, 1.0, 1.0])[:, None, None] * np.ones((4, 3, 3)))
    assert found.low < 0.2
    assert found.high > 0.8


def test_one_pair_alone_is_drawn_over_templates_only():
    values = np.array([[[0.0], [1.0]]])
    found = estimate(values)
    assert (found.low, found.mean, found.high) == (0.0, 0.5, 1.0)
    assert estimate(values[:, :1]).high == 0.0


def test_tones_and_kinds_are_taken_apart():
    scores = random_scores(2, 4, 5, 3)
    whole = answers(scores, {"p": 2, "q": 3})
    tones, kinds = whole.by_tone(), whole.by_kind()
    assert list(tones) == ["even", "odd"]
    np.testing.assert_array_equal(tones["odd"].scores, scores[:, 1::2])
    np.testing.assert_array_equal(kinds["q"].scores, scores[:, :, 2:])
    np.testing.assert_array_equal(kinds["q"].classes, whole.classes[:, :, 2:])
    assert [str(pair) for pair in kinds["p"].templates.pairs] == ["ap0/bp0", "ap1/bp1"]
    np.testing.assert_allclose(whole.by_pair(), (scores[..., 0] - scores[..., 1]).mean((0, 1)))


def test_the_widest_are_the_largest_in_any_of_the_files():
    calm, wild = np.full((1, 2, 2, 2), 0.5), np.full((1, 2, 2, 2), 0.5)
    wild[0, 1, 0] = 0.1, 0.9
    calm[0, 0, 1] = 0.6, 0.4
    found = widest({"calm": answers(calm, {"p": 2}), "wild": answers(wild, {"p": 2})}, 2)
    assert [each["sentences"] for each in found] == [["Ap0 does 1.", "Bp0 does 1."], ["Ap1 does 0.", "Bp1 does 0."]]
    assert found[0]["scores"] == {"calm": [0.5, 0.5], "wild": [0.1, 0.9]}
