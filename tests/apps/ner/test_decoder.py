"""Decoding is held against every tag sequence there is."""

from __future__ import annotations

from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.ner.decoder import best_tags, chain, decode
from apps.ner.loader import viterbi
from apps.ner.schemes import broken
from apps.ner.spans import Span
from layers.crf import allowed_transitions

TAGS = ["O", *(f"{prefix}-{kind}" for kind in ("LOC", "PER") for prefix in "BIES")]


def random_scores(seed: int, tags: int, forbid: bool = False) -> np.ndarray:
    scores = np.random.default_rng(seed).normal(size=(tags + 2, tags)).astype(np.float32)
    return (
        np.where(np.vstack(allowed_transitions(TAGS, "BIOES")), scores, -1e9).astype(np.float32) if forbid else scores
    )


def total(emissions: np.ndarray, scores: np.ndarray, tags: Any) -> float:
    """The score of a tag sequence, from the definition."""
    steps = sum(emissions[step, tag] for step, tag in enumerate(tags))
    return float(scores[-2, tags[0]] + steps + sum(scores[a, b] for a, b in pairwise(tags)) + scores[-1, tags[-1]])


def enumerate_all(emissions: np.ndarray, scores: np.ndarray) -> tuple[list[tuple[int, ...]], np.ndarray]:
    """Every tag sequence, and its probability."""
    every = list(product(range(emissions.shape[1]), repeat=len(emissions)))
    weights = np.exp([total(emissions.astype(float), scores.astype(float), tags) for tags in every])
    return every, weights / weights.sum()


@pytest.mark.parametrize("seed", range(4))
def test_the_best_sequence_and_its_probabilities_are_those_of_all_sequences(seed: int) -> None:
    random = np.random.default_rng(seed)
    scores = random_scores(seed, 3)
    emissions = [random.normal(size=(length, 3)).astype(np.float32) * 2 for length in (4, 1, 5, 3)]
    for each, decoded in zip(emissions, decode(emissions, scores), strict=True):
        every, probabilities = enumerate_all(each, scores)
        assert tuple(decoded.tags) == every[int(probabilities.argmax())]
        for step, tag in enumerate(decoded.tags):
            expected = sum(p for tags, p in zip(every, probabilities, strict=True) if tags[step] == tag)
            assert decoded.probabilities()[step] == pytest.approx(expected, abs=1e-9)
        for start in range(len(each)):
            for end in range(start + 1, len(each) + 1):
                same = tuple(decoded.tags[start:end])
                expected = sum(p for tags, p in zip(every, probabilities, strict=True) if tags[start:end] == same)
                assert decoded.confidence(Span(start, end, "")) == pytest.approx(expected, abs=1e-9)


def test_marginals_sum_to_one_and_agree_with_the_layer() -> None:
    from layers.crf import marginals

    random = np.random.default_rng(1)
    scores = random_scores(1, 4)
    emissions = random.normal(size=(1, 6, 4)).astype(np.float32)
    ours = chain(emissions, scores, np.array([6])).marginals()
    np.testing.assert_allclose(ours.sum(-1), 1, atol=1e-12)
    potentials = emissions[:, :, None, :] + scores[:-2]  # [batch, time, tags, tags]
    potentials[:, 0] = emissions[:, 0, None, :] + scores[-2]
    potentials[:, -1] += scores[-1]
    np.testing.assert_allclose(ours, np.asarray(marginals(potentials)), atol=1e-5)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.lists(st.integers(1, 12), min_size=1, max_size=5))
def test_predicted_tags_never_break_the_scheme(seed: int, lengths: list[int]) -> None:
    random = np.random.default_rng(seed)
    scores = random_scores(seed, len(TAGS), forbid=True)
    emissions = [random.normal(size=(length, len(TAGS))).astype(np.float32) * 30 for length in lengths]
    for decoded, tags in zip(decode(emissions, scores), best_tags(emissions, scores), strict=True):
        np.testing.assert_array_equal(decoded.tags, tags)
        assert broken([TAGS[tag] for tag in tags], "BIOES") == []
        assert np.isfinite(decoded.probabilities()).all()


def test_company_in_a_batch_changes_nothing() -> None:
    random = np.random.default_rng(5)
    scores = random_scores(5, 4)
    emissions = [random.normal(size=(length, 4)).astype(np.float32) for length in (7, 1, 3)]
    together = decode(emissions, scores)
    for each, decoded in zip(emissions, together, strict=True):
        alone = decode([each], scores)[0]
        np.testing.assert_array_equal(decoded.tags, alone.tags)
        np.testing.assert_allclose(decoded.probabilities(), alone.probabilities(), atol=1e-12)


def test_ten_thousand_tokens_are_decoded_in_finite_numbers() -> None:
    emissions = np.random.default_rng(0).normal(size=(10_000, len(TAGS))).astype(np.float32) * 50
    decoded = decode([emissions], random_scores(0, len(TAGS), forbid=True))[0]
    assert len(decoded.tags) == 10_000
    likely = decoded.probabilities()
    assert np.isfinite(likely).all()
    assert (likely > 0).all()
    assert (likely <= 1 + 1e-9).all()


def test_viterbi_gives_no_more_than_the_length() -> None:
    emissions = np.zeros((2, 4, 2), np.float32)
    assert [len(tags) for tags in viterbi(emissions, np.zeros((4, 2), np.float32), np.array([4, 2]))] == [4, 2]
