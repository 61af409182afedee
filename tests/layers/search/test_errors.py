"""Given sequences are scored as the search scores them, and each error is laid where it belongs."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.search import beam_errors, beam_search, greedy_search, score_sequences
from tests.layers.harness import to_numpy
from tests.layers.search import reference
from tests.layers.search.reference import Model, Options
from tests.layers.search.test_beam import search, table_step


def scoring(options: Options) -> dict[str, Any]:
    names = ("length_penalty", "coverage_penalty", "attention")
    return {name: value for name, value in options.keywords().items() if name in names}


@reference.few
@given(reference.models(), reference.options(1), st.integers(0, 2**32 - 1))
def test_a_sequence_is_scored_up_to_its_end(model: Model, options: Options, seed: int) -> None:
    options = dataclasses.replace(options, min_length=0, no_repeat_ngram=0)
    rng = np.random.default_rng(seed)
    sequences = rng.integers(0, model.vocabulary, size=(model.batch, options.max_length))
    scored = score_sequences(model.step, model.state(), 0, options.end, sequences, **scoring(options))
    for example, row in enumerate(sequences.tolist()):
        tokens = tuple(row[: row.index(options.end) + 1]) if options.end in row else tuple(row)
        expected = reference.described(model, example, tokens, options)
        assert to_numpy(scored.log_probs)[example] == pytest.approx(expected.log_prob, rel=1e-4, abs=1e-5)
        if expected.log_prob > -np.inf:
            assert to_numpy(scored.lengths)[example] == len(tokens)
            assert to_numpy(scored.scores)[example] == pytest.approx(expected.score, rel=1e-4, abs=1e-5)


def test_what_a_search_found_is_scored_the_same() -> None:
    model, options = Model(4, 5, 4), Options(0, 5, 4, length_penalty=0.8, coverage_penalty=0.3)
    found = search(model, options)
    for beam in range(4):
        scored = score_sequences(model.step, model.state(), 0, 0, found.sequences[:, beam], **scoring(options))
        np.testing.assert_allclose(to_numpy(scored.scores), to_numpy(found.scores)[:, beam], rtol=1e-5)
        np.testing.assert_array_equal(to_numpy(scored.lengths), to_numpy(found.lengths)[:, beam])


TABLE = [[0.1, 0.5, 0.4], [0.3, 0.4, 0.3], [0.9, 0.05, 0.05]]
REFERENCES = np.array([[2, 0, 1, 1, 1], [2, 1, 0, 0, 0], [1, 1, 1, 1, 2]])


def test_the_error_is_the_searchs_if_the_reference_is_more_probable() -> None:
    """Greedy search finds 1 1 1 1 (0.032); the references have 0.36, 0.006 and, longer by one token, 0.0096."""
    start = [0, 0, 0]
    errors = beam_errors(table_step(TABLE), (), start, 0, REFERENCES, greedy_search(table_step(TABLE), (), start, 0, 4))
    assert errors.counts == {"search": 1, "model": 2, "none": 0}
    np.testing.assert_array_equal(to_numpy(errors.search), [True, False, False])
    np.testing.assert_array_equal(to_numpy(errors.model), [False, True, True])
    np.testing.assert_allclose(np.exp(to_numpy(errors.found_scores)), [0.032] * 3, rtol=1e-5)
    np.testing.assert_allclose(np.exp(to_numpy(errors.reference_scores)), [0.36, 0.006, 0.0096], rtol=1e-5)


def test_a_wider_beam_finds_the_reference() -> None:
    start = [0, 0, 0]
    found = beam_search(table_step(TABLE), (), start, 0, 4, beams=2)
    errors = beam_errors(table_step(TABLE), (), start, 0, REFERENCES, found)
    assert errors.counts == {"search": 0, "model": 2, "none": 1}
    np.testing.assert_array_equal(to_numpy(errors.model), [False, True, True])


def test_the_score_that_was_searched_decides() -> None:
    """By probability the short one is better, by the mean the long one."""
    rows = [[0.0, 0.5, 0.5, 0.0], [0.5, 0.0, 0.0, 0.5], [0.0, 0.0, 0.0, 1.0], [0.5, 0.0, 0.5, 0.0]]
    short, long = np.array([[1, 0, 0, 0, 0, 0]]), np.array([[2, 3, 2, 3, 0, 0]])
    plain = beam_errors(table_step(rows), (), [0], 0, long, short)
    assert plain.counts == {"search": 0, "model": 1, "none": 0}
    mean = beam_errors(table_step(rows), (), [0], 0, long, short, length_penalty="mean")
    assert mean.counts == {"search": 1, "model": 0, "none": 0}


def test_an_impossible_reference_is_the_models_error() -> None:
    errors = beam_errors(table_step([[0.5, 0.5, 0.0]] * 3), (), [0], 0, np.array([[2, 0]]), np.array([[1, 0]]))
    assert errors.counts == {"search": 0, "model": 1, "none": 0}
    assert np.isneginf(to_numpy(errors.reference_scores)).all()


def test_what_follows_the_end_may_be_anything() -> None:
    sequences = np.array([[1, 0, 99, -1, 7], [1, 1, 1, 1, 0]])
    cut = np.array([[1, 0, 0, 0, 0], [1, 1, 1, 1, 0]])
    one, other = (score_sequences(table_step(TABLE), (), [0, 0], 0, some) for some in (sequences, cut))
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(to_numpy(a), to_numpy(b))


@pytest.mark.parametrize("token", [-1, 3])
def test_tokens_that_are_not_of_the_vocabulary_are_refused(token: int) -> None:
    with pytest.raises(ValueError, match="must be of tokens of the vocabulary up to their end, unlike example 1"):
        score_sequences(table_step(TABLE), (), [0, 0], 0, np.array([[1, 0], [token, 0]]))


def test_as_many_sequences_as_starts_are_wanted() -> None:
    with pytest.raises(ValueError, match="sequences must be 3, one for each start, not 1"):
        beam_errors(table_step(TABLE), (), [0, 0, 0], 0, np.array([[1, 0]]), REFERENCES)


def test_a_source_mask_that_is_not_boolean_is_refused() -> None:
    how = {"coverage_penalty": 0.1, "attention": lambda state: state, "source_mask": np.ones((1, 3), int)}
    with pytest.raises(ValueError, match=r"source_mask must be boolean \[batch, positions\]"):
        score_sequences(table_step(TABLE), np.ones((1, 3), "float32"), [0], 0, np.array([[1, 0]]), **how)


@pytest.mark.parametrize("sequences", [np.zeros((2, 3)), np.zeros(3, int), np.zeros((2, 0), int)])
def test_sequences_of_another_kind_are_refused(sequences: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"sequences must be whole numbers \[batch, time\]"):
        score_sequences(table_step(TABLE), (), [0, 0], 0, sequences)
    with pytest.raises(ValueError, match="reference must be whole numbers"):
        beam_errors(table_step(TABLE), (), [0, 0], 0, sequences, np.zeros((2, 1), int))
    with pytest.raises(ValueError, match="found must be whole numbers"):
        beam_errors(table_step(TABLE), (), [0, 0], 0, np.zeros((2, 1), int), sequences)
