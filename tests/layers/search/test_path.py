"""Greedy search takes the most probable token; samples come as often as their probabilities say."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops

from layers.search import greedy_search, sample, score_sequences
from layers.search.path import drawn
from tests.layers import harness
from tests.layers.harness import to_numpy
from tests.layers.search import reference
from tests.layers.search.reference import Model, Options
from tests.layers.search.test_beam import Fixed, compiled, table_step


@reference.few
@given(reference.models(), reference.options(1))
def test_greedy_search_is_its_definition(model: Model, options: Options) -> None:
    options = dataclasses.replace(options, coverage_penalty=0.0)
    how = {name: getattr(options, name) for name in ("length_penalty", "min_length", "no_repeat_ngram")}
    found = greedy_search(
        model.step, model.state(), 0, options.end, options.max_length, record=reference.weights_of, **how
    )
    for example in range(model.batch):
        tokens: tuple[int, ...] = ()
        while len(tokens) < options.max_length and options.end not in tokens:
            log_probs, _ = model.after(example, tokens)
            allowed = [reference.may_follow(tokens, token, options) for token in range(model.vocabulary)]
            tokens = (*tokens, int(np.argmax(np.where(allowed, log_probs, -np.inf))))
        expected = [reference.described(model, example, tokens, options)]
        reference.assert_found(found, example, reference.ranked(expected, 1), options)


def test_greedy_search_stops_when_all_have_ended() -> None:
    if keras.backend.backend() == "jax":
        pytest.skip("JAX traces the step once")
    steps = []

    def step(tokens: Any, state: Any) -> tuple[Any, Any]:
        steps.append(1)
        return table_step([[0.1, 0.6, 0.3], [0.2, 0.1, 0.7], [0.8, 0.1, 0.1]])(tokens, state)

    greedy_search(step, (), [0, 1], 0, 50)
    assert len(steps) == 3


# Samples


SAMPLES = 4000
TABLE = np.array([[0.1, 0.5, 0.4], [0.35, 0.25, 0.4], [0.3, 0.7, 0.0]])  # after each token; 0 ends


def log(values: Any) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.log(np.asarray(values, "float64"))


def chances_of(row: np.ndarray, temperature: float, top_k: int | None, top_p: float | None) -> np.ndarray:
    """By the definitions: cut to k, then to the nucleus, of what the temperature made of the probabilities."""
    chances = row ** (1 / temperature)
    order = np.argsort(-chances)[: top_k or len(row)]
    chances = chances / chances[order].sum()
    if top_p is not None:
        order = order[: 1 + int(np.searchsorted(np.cumsum(chances[order]), top_p))]
    kept = np.isin(np.arange(len(row)), order)
    return np.where(kept, chances, 0) / chances[kept].sum()


def chance_of(tokens: tuple[int, ...], **how: Any) -> float:
    rows = [chances_of(TABLE[last], **how) for last in (0, *tokens[:-1])]
    return float(np.prod([row[token] for row, token in zip(rows, tokens, strict=True)]))


@pytest.mark.parametrize(
    ("temperature", "top_k", "top_p"),
    [(1.0, None, None), (0.5, None, 1.0), (2.0, 2, None), (1.0, None, 0.65), (1.5, 2, 0.55)],
)
def test_sequences_come_as_often_as_they_should(temperature: float, top_k: int | None, top_p: float | None) -> None:
    how: dict[str, Any] = {"temperature": temperature, "top_k": top_k, "top_p": top_p}
    found = sample(table_step(TABLE), (), [0], 0, 3, seed=7, samples=SAMPLES, **how)
    drawn_ = [tuple(row[:n]) for row, n in zip(to_numpy(found.sequences)[0], to_numpy(found.lengths)[0], strict=True)]
    words = [(*some, 0) for n in range(3) for some in itertools.product((1, 2), repeat=n)]
    words += list(itertools.product((1, 2), repeat=3))
    chances = {tokens: chance_of(tokens, **how) for tokens in words}
    np.testing.assert_allclose(sum(chances.values()), 1)
    for tokens, chance in chances.items():
        spread = np.sqrt(chance * (1 - chance) / SAMPLES)
        assert abs(drawn_.count(tokens) / SAMPLES - chance) <= 4.5 * spread, (tokens, chance)
    expected = [sum(log(TABLE)[a, b] for a, b in itertools.pairwise((0, *tokens))) for tokens in drawn_]
    np.testing.assert_allclose(to_numpy(found.log_probs)[0], expected, rtol=1e-5)  # the model's own, uncut


@harness.tried
@given(st.integers(0, 2**32 - 1), st.integers(1, 7), st.none() | st.integers(1, 8), st.none() | st.floats(0.01, 1))
def test_a_token_is_drawn_from_its_share_of_the_line(
    seed: int, vocabulary: int, top_k: int | None, top_p: float | None
) -> None:
    """The tokens for evenly spread chances are those of the exact set, each as often as it is probable."""
    rng = np.random.default_rng(seed)
    row = rng.dirichlet(np.ones(vocabulary))
    row[rng.random(vocabulary) < 0.2] = 0
    row = np.ones(vocabulary) if not row.any() else row
    row = row / row.sum()
    n = 2000
    rows = ops.convert_to_tensor(np.tile(log(row), (n, 1)).astype("float32"))
    chances = ops.convert_to_tensor(((np.arange(n) + 0.5) / n).astype("float32"))
    counts = np.bincount(to_numpy(drawn(rows, chances, 0.8, top_k, top_p)), minlength=vocabulary)
    exact = chances_of(row, 0.8, top_k, top_p)
    # The very border of a nucleus may round either way.
    sums = np.cumsum(np.sort(chances_of(row, 0.8, top_k, None))[::-1])
    if top_p is None or np.abs(sums - top_p).min() > 1e-5:
        np.testing.assert_allclose(counts / n, exact, atol=2 / n)
        assert (counts[exact == 0] == 0).all()


@pytest.mark.parametrize("chance", [0.0, 1 - 2**-24])
def test_the_impossible_is_never_drawn(chance: float) -> None:
    row = ops.convert_to_tensor(log([[0.0, 0.3, 0.0, 0.7, 0.0]]).astype("float32"))
    for how in ({}, {"top_k": 5}, {"top_p": 0.99}):
        options: dict[str, Any] = {"temperature": 1.0, "top_k": None, "top_p": None} | how
        token = to_numpy(drawn(row, ops.convert_to_tensor(np.array([chance], "float32")), **options))
        assert token[0] in (1, 3), how


def test_samples_obey_the_rules_and_record() -> None:
    model, options = Model(4, 3, 2), Options(0, 4, min_length=3, no_repeat_ngram=2)
    how = {"min_length": 3, "no_repeat_ngram": 2, "record": reference.weights_of}
    found = sample(model.step, model.state(), 0, 0, 4, seed=1, samples=20, **how)
    assert len(np.unique(to_numpy(found.sequences)[0], axis=0)) > 3
    for example, i in itertools.product(range(2), range(20)):
        n = to_numpy(found.lengths)[example, i]
        tokens = tuple(int(token) for token in to_numpy(found.sequences)[example, i, : n or 1])
        expected = reference.ranked([reference.described(model, example, tokens, options)], 1) if n else []
        one = type(found)(*(ops.convert_to_numpy(value)[:, i : i + 1] for value in found))
        reference.assert_found(one, example, expected, options)


def test_a_dead_end_has_no_length() -> None:
    found = sample(table_step([[0.0, 0.0], [0.5, 0.5]]), (), [0, 1], 1, 3, seed=0)
    assert to_numpy(found.lengths)[0, 0] == 0
    assert np.isneginf(to_numpy(found.scores)[0, 0])
    assert np.isfinite(to_numpy(found.scores)[1, 0])


def test_a_whole_number_repeats_and_a_generator_does_not() -> None:
    def run(seed: Any) -> np.ndarray:
        return to_numpy(sample(table_step(TABLE), (), [0], 0, 5, seed=seed, samples=50).sequences)

    np.testing.assert_array_equal(run(3), run(3))
    assert (run(3) != run(4)).any()
    generator = keras.random.SeedGenerator(3)
    assert (run(generator) != run(generator)).any()
    np.testing.assert_array_equal(run(keras.random.SeedGenerator(5)), run(keras.random.SeedGenerator(5)))


def test_compiled_samples_are_the_models() -> None:
    """TensorFlow's XLA draws other numbers than TensorFlow, so the sequences may differ."""
    model = Model(4, 0, 3)
    how: dict[str, Any] = {"seed": 2, "samples": 3, "top_k": 3, "top_p": 0.9}

    def run(first: Any) -> Any:
        return sample(model.step, Fixed(model, first).state(), 0, 0, 5, **how)[:5]

    sequences, scores, *_ = compiled(run)(model.first.astype("float32"))
    for i in range(3):
        scored = score_sequences(model.step, model.state(), 0, 0, sequences[:, i])
        np.testing.assert_allclose(to_numpy(scored.scores), to_numpy(scores)[:, i], rtol=1e-4)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="SavedModels and tf.function are TensorFlow's")
def test_in_a_saved_model_the_generator_goes_on(tmp_path: Any) -> None:
    tf = pytest.importorskip("tensorflow")

    class Sampler(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.seed = keras.random.SeedGenerator(1)
            self.built = True

        def call(self, start: Any) -> Any:
            found = sample(table_step(TABLE), (), start, 0, 6, seed=self.seed, samples=30)
            return {"sequences": found.sequences, "scores": found.scores}

    model = Sampler()
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("serve", model.call, input_signature=[tf.TensorSpec([None], "int32")])
    archive.write_out(str(tmp_path), verbose=False)
    served = tf.saved_model.load(str(tmp_path))
    one, other = (served.serve(np.zeros(2, "int32"))["sequences"].numpy() for _ in range(2))
    assert one.shape == (2, 30, 6)
    assert (one != other).any()


# Bad use


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"temperature": 0.0}, "temperature must be above 0 and finite, not 0.0; for none use greedy_search"),
        ({"temperature": float("nan")}, "temperature must be above 0"),
        ({"top_k": 0}, "top_k must be a whole number of at least 1"),
        ({"top_p": 0.0}, r"top_p must be in \(0, 1\], not 0.0"),
        ({"top_p": 1.1}, r"top_p must be in \(0, 1\]"),
        ({"samples": 0}, "samples must be a whole number of at least 1"),
        ({"seed": None}, "seed must be a whole number or a keras.random.SeedGenerator, not None"),
        ({"seed": 1.5}, "seed must be a whole number"),
        ({"min_length": 9}, "min_length must not exceed max_length"),
        ({"length_penalty": -1.0}, "length_penalty must be a number of at least 0"),
    ],
)
def test_options_out_of_range_are_refused(how: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sample(table_step(TABLE), (), [0], 0, 3, **({"seed": 0} | how))
