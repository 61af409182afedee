"""Beam search finds what its definition says: all sequences by brute force, beams by a search in plain Python."""

from __future__ import annotations

import dataclasses
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from layers.search import beam_search, greedy_search, per_beam
from layers.search.hypotheses import best_of_many
from tests.layers.harness import to_numpy
from tests.layers.search import reference
from tests.layers.search.reference import Model, Options


def search(model: Model, options: Options, **more: Any) -> Any:
    how = options.keywords() | {"record": reference.weights_of} | more
    return beam_search(model.step, model.state(), 0, options.end, options.max_length, **how)


def table_step(rows: Any) -> Any:
    """A step by a table of probabilities after each token, without a state."""
    with np.errstate(divide="ignore"):
        table = np.log(np.array(rows, "float32"))
    return lambda tokens, state: (ops.take(ops.convert_to_tensor(table), tokens, axis=0), state)


@settings(reference.few, max_examples=2 * reference.few.max_examples)
@given(reference.models(), reference.options())
def test_it_is_the_definition(model: Model, options: Options) -> None:
    found = search(model, options)
    for example in range(model.batch):
        reference.assert_found(found, example, reference.beams_by_definition(model, example, options), options)


@reference.few
@given(reference.models(2), reference.options(1))
def test_with_room_for_all_it_is_brute_force(model: Model, options: Options) -> None:
    words = model.vocabulary - 1
    beams = sum(words**n for n in range(options.max_length)) + words**options.max_length
    options = dataclasses.replace(options, beams=beams)
    found = search(model, options)
    for example in range(model.batch):
        reference.assert_found(found, example, reference.every_sequence(model, example, options), options)


@reference.few
@given(reference.models(), reference.options(1))
def test_one_beam_is_greedy(model: Model, options: Options) -> None:
    options = dataclasses.replace(options, coverage_penalty=0.0)
    how = {name: getattr(options, name) for name in ("length_penalty", "min_length", "no_repeat_ngram")}
    greedy = greedy_search(
        model.step, model.state(), 0, options.end, options.max_length, record=reference.weights_of, **how
    )
    for one, other in zip(search(model, options), greedy, strict=True):
        np.testing.assert_allclose(to_numpy(one), to_numpy(other), rtol=1e-5)


def test_a_finished_beam_is_frozen() -> None:
    """KerasHub's sampler goes on extending a finished beam, and returned the worse of these two."""
    step = table_step([[0.0, 0.6, 0.4], [0.55, 0.45, 0.0], [0.1, 0.45, 0.45]])
    found = beam_search(step, (), [0], 0, 6, beams=2)
    np.testing.assert_array_equal(to_numpy(found.sequences)[0, 0], [1, 0, 0, 0, 0, 0])
    np.testing.assert_allclose(np.exp(to_numpy(found.log_probs)), [[0.6 * 0.55, 0.6 * 0.45 * 0.55]], rtol=1e-5)
    np.testing.assert_array_equal(to_numpy(found.lengths), [[2, 3]])


def test_nothing_after_the_end_token_counts() -> None:
    """After the end token everything is certain, or impossible: the scores are the same."""
    rows = [[0.0, 0.6, 0.4], [0.55, 0.35, 0.1], [0.5, 0.3, 0.2]]
    start, results = 3, []
    for after_end in ([1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]):
        step = table_step([after_end, *([*row, 0.0] for row in rows[1:]), [*rows[0], 0.0]])
        results.append(beam_search(step, (), [start], 0, 5, beams=3))
    for other in results[1:]:
        np.testing.assert_array_equal(to_numpy(results[0].sequences), to_numpy(other.sequences))
        np.testing.assert_array_equal(to_numpy(results[0].log_probs), to_numpy(other.log_probs))


def test_when_none_ends_the_best_beginnings_are_returned() -> None:
    """sgrvinod's captioner crashes here."""
    found = beam_search(table_step([[0, 0.7, 0.3], [0, 0.6, 0.4], [0, 0.5, 0.5]]), (), [0], 0, 2, beams=2)
    np.testing.assert_array_equal(to_numpy(found.sequences), [[[1, 1], [1, 2]]])
    assert not to_numpy(found.finished).any()
    np.testing.assert_allclose(np.exp(to_numpy(found.log_probs)), [[0.42, 0.28]], rtol=1e-5)


def test_what_ended_comes_before_what_was_cut_off() -> None:
    found = beam_search(table_step([[0.1, 0.9], [0.2, 0.8]]), (), [0], 0, 2, beams=3)
    np.testing.assert_array_equal(to_numpy(found.finished), [[True, True, False]])
    np.testing.assert_array_equal(to_numpy(found.sequences), [[[1, 0], [0, 0], [1, 1]]])


def test_a_dead_end_leaves_beams_that_do_not_exist() -> None:
    found = beam_search(table_step(np.zeros((3, 3))), (), [1, 2], 0, 3, beams=2)
    assert np.isneginf(to_numpy(found.scores)).all()
    np.testing.assert_array_equal(to_numpy(found.lengths), np.zeros((2, 2)))


def test_not_a_number_is_forbidden() -> None:
    table = [[np.nan, 0.6, 0.4], [0.3, np.nan, 0.7], [0.6, 0.4, np.nan]]
    found = beam_search(table_step(table), (), [0], 0, 3, beams=2)
    assert np.isfinite(to_numpy(found.scores)).all()
    np.testing.assert_array_equal(to_numpy(found.sequences), [[[1, 2, 0], [2, 0, 0]]])


@reference.few
@given(reference.models(), reference.options())
def test_an_example_alone_is_the_same_as_in_a_batch(model: Model, options: Options) -> None:
    together = search(model, options)
    alone = Model(model.vocabulary, 0)
    alone.__dict__.update(model.__dict__, batch=1, first=model.first[-1:])
    for one, other in zip(search(alone, options), together, strict=True):
        np.testing.assert_allclose(to_numpy(one)[0], to_numpy(other)[-1], rtol=1e-4, atol=1e-5)


def test_it_stops_when_nothing_can_change() -> None:
    """Step by step in Python, on the backends that run so."""
    if keras.backend.backend() == "jax":
        pytest.skip("JAX traces the step once")
    steps = []

    def step(tokens: Any, state: Any) -> tuple[Any, Any]:
        steps.append(1)
        return table_step([[0, 0.6, 0.4], [0.9, 0.1, 0], [0.8, 0.1, 0.1]])(tokens, state)

    found = beam_search(step, (), [0], 0, 50, beams=2, length_penalty=0.6)
    assert len(steps) == 2
    np.testing.assert_array_equal(to_numpy(found.lengths), [[2, 2]])


def test_it_goes_on_while_length_may_make_up_for_probability() -> None:
    """At length 2, two have ended and the third looks worse than both; at its end, at length 6, it is the best."""
    chain = np.eye(7)[[3, 4, 5, 0]]  # after 2, 3, 4, 5
    table = [np.eye(7)[0], [0.5, 0, 0.45, 0.05, 0, 0, 0], *chain, [0.4, 0.5, 0.1, 0, 0, 0, 0]]
    found = beam_search(table_step(table), (), [6], 0, 8, beams=2, length_penalty=3.0)
    np.testing.assert_array_equal(to_numpy(found.sequences)[0, 0], [1, 2, 3, 4, 5, 0, 0, 0])


def test_masked_source_positions_need_no_cover() -> None:
    weights = np.array([[0.5, 0.5, 0.0]], "float32")

    def step(tokens: Any, state: Any) -> tuple[Any, Any]:
        return table_step([[0.5, 0.5], [0.6, 0.4]])(tokens, state)

    how: dict[str, Any] = {"beams": 1, "coverage_penalty": 2.0, "attention": lambda state: state}
    found = beam_search(step, weights, 0, 1, 1, **how, source_mask=np.array([[True, True, False]]))
    np.testing.assert_allclose(to_numpy(found.scores), [[np.log(0.5) + 2 * 2 * np.log(0.5)]], rtol=1e-5)
    bare = beam_search(step, weights, 0, 1, 1, **how)
    assert np.isfinite(to_numpy(bare.scores)).all()
    assert to_numpy(bare.scores) < to_numpy(found.scores) - 20


def test_rows_of_one_example_lie_side_by_side() -> None:
    """A memory that is closed over meets its own example's beams."""
    memory = np.log(np.array([[0.1, 0.6, 0.3], [0.2, 0.1, 0.7]], "float32"))

    def step(tokens: Any, state: Any) -> tuple[Any, Any]:
        return per_beam(memory, 2), state

    found = beam_search(step, (), [0, 0], 0, 1, beams=2)
    np.testing.assert_array_equal(to_numpy(found.sequences)[..., 0], [[1, 2], [0, 2]])


@reference.few
@given(st.integers(0, 2**32 - 1), st.integers(1, 3), st.integers(5, 700), st.integers(1, 5), st.booleans())
def test_the_best_of_many_are_the_highest(seed: int, rows: int, n: int, k: int, forbidden: bool) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(rows, n)).astype("float32")
    values[rng.random((rows, n)) < (0.99 if forbidden else 0)] = -np.inf
    best, places = (to_numpy(one) for one in best_of_many(ops.convert_to_tensor(values), k))
    np.testing.assert_array_equal(best, np.sort(values, axis=1)[:, ::-1][:, :k])
    np.testing.assert_array_equal(best, np.take_along_axis(values, places, axis=1))
    assert all(len(set(row)) == k for row in places)


def test_a_long_vocabulary_is_searched_like_a_short_one() -> None:
    """Of 400 tokens all but 4 are impossible."""
    model, options = Model(4, 1, 2), Options(2, 4, 4, 2, 1.0, 0.6)

    def step(tokens: Any, state: Any) -> tuple[Any, Any]:
        log_probs, state = model.step(tokens // 100, state)
        impossible = ops.zeros_like(log_probs) - float("inf")
        apart = ops.stack([log_probs, *[impossible] * 99], axis=2)  # [rows, 4, 100]
        return ops.reshape(apart, (-1, 400)), state

    how = options.keywords() | {"record": reference.weights_of}
    found = beam_search(step, model.state(), 0, 200, 4, **how)
    found = found._replace(sequences=found.sequences // 100)
    for example in range(2):
        reference.assert_found(found, example, reference.beams_by_definition(model, example, options), options)


# Compilation


OPTIONS = Options(0, 5, 4, 2, 0.5, 0.6, 0.2, 2, 2)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="SavedModels and tf.function are TensorFlow's")
def test_it_is_the_same_in_a_saved_model_for_any_batch(tmp_path: Any) -> None:
    tf = pytest.importorskip("tensorflow")
    model = Model(4, 0, 3)

    class Served(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, 4], "float32")])
        def __call__(self, first: Any) -> dict[str, Any]:
            size = tf.shape(first)[0]
            state = {"hidden": (first, tf.zeros([size, 1], "int32")), "weights": tf.zeros([size, 3])}
            how = OPTIONS.keywords() | {"record": reference.weights_of}
            return beam_search(model.step, state, 0, 0, 5, **how)._asdict()

    tf.saved_model.save(Served(), str(tmp_path))
    served = tf.saved_model.load(str(tmp_path))
    for batch in (3, 1):
        first = model.first[:batch].astype("float32")
        found = served(first)
        for name, expected in search(model, OPTIONS)._asdict().items():
            np.testing.assert_allclose(found[name].numpy(), to_numpy(expected)[:batch], rtol=1e-4, atol=1e-5)


def test_compiled_it_is_the_same() -> None:
    model = Model(4, 0, 3)

    def run(first: Any) -> Any:
        return search(Fixed(model, first), OPTIONS)

    for one, other in zip(compiled(run)(model.first.astype("float32")), search(model, OPTIONS), strict=True):
        np.testing.assert_allclose(to_numpy(one), to_numpy(other), rtol=1e-4, atol=1e-5)


class Fixed:
    """A model from given first vectors."""

    def __init__(self, model: Model, first: Any) -> None:
        self.step, self.begin = model.step, model.state()
        self.begin["hidden"] = (first, self.begin["hidden"][1])

    def state(self) -> Any:
        return self.begin


def compiled(function: Any) -> Any:
    """By XLA where the backend has it."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return tf.function(function, jit_compile=True)
    if keras.backend.backend() == "jax":
        import jax

        return jax.jit(function)
    return lambda value: function(ops.convert_to_tensor(value))


# Bad use


GOOD: dict[str, Any] = {"beams": 2}


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"beams": 0}, "beams must be a whole number of at least 1, not 0"),
        ({"beams": 2.0}, "beams must be a whole number"),
        ({"beams": True}, "beams must be a whole number"),
        ({"groups": 0}, "groups must be a whole number of at least 1"),
        ({"groups": 3, "diversity": 1.0}, "groups must divide beams, 2"),
        ({"groups": 2}, "groups need a diversity above 0"),
        ({"diversity": 1.0}, "diversity needs groups"),
        ({"diversity": -1.0}, "diversity must be a number of at least 0"),
        ({"length_penalty": -0.1}, 'length_penalty must be a number of at least 0, or "mean", not -0.1'),
        ({"length_penalty": "sum"}, "length_penalty must be"),
        ({"length_penalty": float("nan")}, "length_penalty must be"),
        ({"coverage_penalty": -1.0}, "coverage_penalty must be a number of at least 0"),
        ({"coverage_penalty": 1.0}, "coverage_penalty needs attention"),
        ({"attention": reference.weights_of}, "attention and source_mask need a coverage_penalty above 0"),
        ({"min_length": 4}, "min_length must not exceed max_length, 3, but is 4"),
        ({"min_length": -1}, "min_length must be a whole number of at least 0"),
        ({"no_repeat_ngram": -1}, "no_repeat_ngram must be a whole number of at least 0"),
        ({"beams": 16}, "beams must not exceed .* the 15 sequences of 3 tokens up to max_length=3"),
    ],
)
def test_options_out_of_range_are_refused(how: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        beam_search(table_step(np.full((3, 3), 1 / 3)), (), [0], 0, 3, **(GOOD | how))


def test_as_many_beams_as_sequences_are_allowed() -> None:
    found = beam_search(table_step(np.full((3, 3), 1 / 3)), (), [0], 0, 3, beams=15)
    assert len(np.unique(to_numpy(found.sequences)[0], axis=0)) == 15


@pytest.mark.parametrize(
    ("end", "max_length", "message"),
    [
        (0, 0, "max_length must be a whole number of at least 1"),
        (-1, 3, "end must be a whole number of at least 0"),
        (3, 3, "end must be a token of the vocabulary of 3, not 3"),
    ],
)
def test_ends_and_lengths_that_cannot_be_are_refused(end: int, max_length: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        beam_search(table_step(np.full((3, 3), 1 / 3)), (), [0], end, max_length, beams=2)


def good(tokens: Any) -> Any:
    return ops.zeros((ops.shape(tokens)[0], 3))


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (lambda tokens, state: good(tokens), r"step must return \(log_probs, state\)"),
        (lambda tokens, state: (good(tokens)[0], state), r"step must return log_probs of shape"),
        (lambda tokens, state: (good(tokens)[:1], state), r"step must return log_probs of shape .* not \(1, 3\)"),
        (lambda tokens, state: (good(tokens), [state]), "step must return a state of the structure"),
        (lambda tokens, state: (good(tokens), state[:, :1]), "step must keep the shape and type of every tensor"),
        (lambda tokens, state: (good(tokens), ops.cast(state, "int32")), "step must keep the shape and type"),
    ],
)
def test_a_step_that_returns_something_else_is_refused(step: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        beam_search(step, np.zeros((2, 5), "float32"), 0, 0, 3, beams=2)


@pytest.mark.parametrize(
    ("state", "start", "message"),
    [
        ((), 0, r"start must be \[batch\] where the state is empty"),
        (np.zeros((2, 3)), [0, 0, 0], "start, .3,., and the state must have one batch size; the state's are .2"),
        ({"steps": 0, "h": np.zeros((2, 3))}, 0, "state must hold nothing but tensors .batch, ...., not 0"),
        ([None], [0], "state must hold nothing but tensors"),
    ],
)
def test_a_state_without_a_batch_is_refused(state: Any, start: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        beam_search(lambda tokens, state: (good(tokens), state), state, start, 0, 3, beams=2)


@pytest.mark.parametrize("mask", [np.ones((2, 3), "float32"), np.ones(3, bool)])
def test_a_source_mask_of_another_kind_is_refused(mask: np.ndarray) -> None:
    how = {"coverage_penalty": 1.0, "attention": lambda state: state, "source_mask": mask}
    with pytest.raises(ValueError, match="source_mask must be boolean"):
        beam_search(lambda tokens, state: (good(tokens), state), np.zeros((2, 3), "float32"), 0, 0, 3, beams=2, **how)


@pytest.mark.parametrize("shape", [(2, 4), (1, 3)])
def test_a_source_mask_of_another_size_is_refused(shape: tuple[int, int]) -> None:
    how = {"coverage_penalty": 1.0, "attention": lambda state: state, "source_mask": np.ones(shape, bool)}
    with pytest.raises(ValueError, match=rf"source_mask must .* \(4, 3\), not \({2 * shape[0]}, {shape[1]}\)"):
        beam_search(lambda tokens, state: (good(tokens), state), np.zeros((2, 3), "float32"), 0, 0, 3, beams=2, **how)


@given(st.integers(1, 4), st.integers(1, 4))
def test_per_beam_repeats_every_row(batch: int, beams: int) -> None:
    rows = to_numpy(per_beam({"a": (np.arange(batch),)}, beams)["a"][0])
    np.testing.assert_array_equal(rows, [i for i in range(batch) for _ in range(beams)])
