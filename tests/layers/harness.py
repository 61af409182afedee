"""The properties that every layer has (DESIGN.md, layer contract 3), each written once and run over every layer.

A layer joins with one `Case`; the decorator runs each property over each case as a test of its own:

    @harness.properties(Case("mean", MeanPooling, harness.vectors))
    def test_properties(holds):
        holds()

A property is a function of a case, decorated with `prop`, or with `prop_of_batches` to be tried on batches that
hypothesis draws. Some are only of layers whose case says so: that are causal, have `step`, or rates of dropout.
"""

from __future__ import annotations

import contextlib
import inspect
import itertools
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial, wraps
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

Array = np.ndarray
Check = Callable[[], None]
PROPERTIES: dict[str, Callable[[Case], None]] = {}
ABOUT_MASKS = {
    "content_of_masked_steps_changes_nothing",
    "no_mask_is_a_mask_of_all_steps",
    "a_fully_masked_row_gives_finite_numbers",
}
ASKED_FOR = {  # by a field of the case
    "a_causal_layer_never_sees_the_future": "causal",
    "step_by_step_it_is_the_whole_sequence": "steps",
    "rates_of_dropout_mean_what_they_say": "rates",
}
# JAX compiles every loop anew, and PyTorch runs it step by step.
ON_TENSORFLOW = keras.backend.backend() == "tensorflow"
tried = settings(deadline=None, max_examples=50 if ON_TENSORFLOW else 3)  # a test of its own over shapes and masks
COARSE = ("float32", 3e-3, 1e-2)  # policy, step and tolerance of finite differences
TOLERANCE = {"float32": 1e-5, "mixed_float16": 1e-2, "mixed_bfloat16": 6e-2}


def vectors(rng: np.random.Generator, batch: int, time: int) -> Array:
    """Sequences of vectors, `[batch, time, 3]`."""
    return rng.normal(size=(batch, time, 3)).astype("float32")


def documents(rng: np.random.Generator, batch: int, time: int) -> Array:
    """Sequences of sequences of vectors, `[batch, 2, time, 3]`."""
    return rng.normal(size=(batch, 2, time, 3)).astype("float32")


def words(rng: np.random.Generator, batch: int, time: int) -> Array:
    """Ids other than padding (0) and unknown (1), `[batch, time]`."""
    return rng.integers(2, 9, size=(batch, time), dtype="int32")


@dataclass(frozen=True)
class Case:
    """One layer, and what the harness must know to try it.

    Args:
        name: Of the test.
        make: Makes the layer, anew at each call; best with arguments other than the defaults.
        inputs: Draws inputs for a generator, a number of examples and of steps.
        time_axis: Of the inputs; the mask has the axes up to this one.
        keeps_time: For each output, whether it has the inputs' axes up to time.
        masked: Whether the layer takes a mask; if not, id 0 is padding.
        options: Other arguments of the call.
        causal: Whether outputs that keep time depend on no later step.
        steps: Whether it has `step(inputs, states)` and `get_initial_state(batch_size)`, for `[batch, time, ...]`.
        rates: Names of the rates of dropout among its arguments and those of what it wraps, all between 0 and 1.
        without: Names of the properties that do not apply.
    """

    name: str
    make: Callable[[], keras.layers.Layer]
    inputs: Callable[[np.random.Generator, int, int], Array]
    time_axis: int = 1
    keeps_time: tuple[bool, ...] = (False,)
    masked: bool = True
    options: Mapping[str, Any] = field(default_factory=dict)
    causal: bool = False
    steps: bool = False
    rates: tuple[str, ...] = ()
    without: frozenset[str] = frozenset()

    def applies(self, name: str) -> bool:
        """Whether a property is one of this layer's."""
        asked_for = name not in ASKED_FOR or getattr(self, ASKED_FOR[name])
        return bool(asked_for) and name not in self.without and (self.masked or name not in ABOUT_MASKS)


@dataclass(frozen=True)
class Batch:
    """Inputs, and a mask of their axes up to time (None for a layer that takes none)."""

    inputs: Array
    mask: Array | None

    def map(self, change: Callable[[Array], Array]) -> Batch:
        """The same change to inputs and mask."""
        return Batch(change(self.inputs), None if self.mask is None else change(self.mask))


def properties(*cases: Case) -> Any:
    """Parametrises a test, which takes `holds` and calls it, with every property of every case."""
    for case in cases:
        assert case.without <= PROPERTIES.keys(), f"{case.name}: no such property: {case.without - PROPERTIES.keys()}"
    return pytest.mark.parametrize(
        "holds",
        [
            pytest.param(partial(check, case), id=f"{case.name}-{name}")
            for case, (name, check) in itertools.product(cases, PROPERTIES.items())
            if case.applies(name)
        ],
    )


def prop(check: Callable[[Case], None]) -> Callable[[Case], None]:
    """Makes a function a property of every layer."""
    PROPERTIES[check.__name__] = check
    return check


def prop_of_batches(check: Callable[[Case, keras.layers.Layer, Batch, np.random.Generator], None]) -> None:
    """Makes a function a property that holds for any batch; the layer is one and the same for all."""

    @wraps(check)
    def for_all(case: Case) -> None:
        layer = built(case)  # once: what one batch leaves behind in it would show in the next

        @settings(deadline=None, max_examples=10 if ON_TENSORFLOW else 2)
        @given(batches(case), st.integers(0, 2**32 - 1))
        def holds(batch: Batch, seed: int) -> None:
            check(case, layer, batch, np.random.default_rng(seed))

        holds()

    prop(for_all)


# Layers, batches and outputs


@st.composite
def batches(draw: st.DrawFn, case: Case) -> Batch:
    """Up to 3 examples of up to 5 steps with any mask."""
    size, time, seed = draw(st.integers(1, 3)), draw(st.integers(1, 5)), draw(st.integers(0, 2**32 - 1))
    inputs = case.inputs(np.random.default_rng(seed), size, time)
    shape = inputs.shape[: case.time_axis + 1]
    return Batch(inputs, draw(hnp.arrays(bool, shape)) if case.masked else None)


def batch_of(case: Case, size: int, time: int, seed: int = 0) -> Batch:
    """A batch of a given size in which the first example is masked throughout, if the layer takes a mask."""
    rng = np.random.default_rng(seed)
    inputs = case.inputs(rng, size, time)
    mask = rng.random(inputs.shape[: case.time_axis + 1]) < 0.7
    mask[0] = False
    return Batch(inputs, mask if case.masked else None)


def built(case: Case) -> keras.layers.Layer:
    """The layer with weights that are all away from zero (a bias would otherwise go untested), always the same."""
    layer = case.make()
    run(case, layer, batch_of(case, 2, 3))
    rng = np.random.default_rng(1)
    weights = [rng.normal(scale=0.7, size=v.shape) if v.trainable else v for v in layer.weights]
    layer.set_weights(weights)
    return layer


def call(case: Case, layer: Callable[..., Any], inputs: Any, mask: Any, **options: Any) -> list[Any]:
    """All outputs of the layer, in a list."""
    given_mask = {"mask": mask} if case.masked else {}
    return keras.tree.flatten(layer(inputs, **given_mask, **case.options, **options))


def run(case: Case, layer: keras.layers.Layer, batch: Batch, **options: Any) -> list[Array]:
    """All outputs of the layer in numpy."""
    outputs = call(case, layer, *map(to_tensor, (batch.inputs, batch.mask)), **options)
    return [to_numpy(output) for output in outputs]


def functional(case: Case, layer: keras.layers.Layer, batch: Batch) -> keras.Model:
    """A model of the layer alone that takes inputs, and a mask if the batch has one, of any batch size and length."""
    inputs = keras.Input(dynamic(case, batch.inputs), dtype=str(batch.inputs.dtype))
    if batch.mask is None:
        return keras.Model([inputs], call(case, layer, inputs, None))
    mask = keras.Input(dynamic(case, batch.mask), dtype="bool")
    return keras.Model([inputs, mask], call(case, layer, inputs, mask))


def dynamic(case: Case, array: Array) -> tuple[int | None, ...]:
    """An array's shape without its batch, with lengths left open."""
    return tuple(None if axis <= case.time_axis else size for axis, size in enumerate(array.shape))[1:]


def fed(batch: Batch) -> list[Array]:
    """A batch as the functional model takes it."""
    return [array for array in (batch.inputs, batch.mask) if array is not None]


def predicted(model: keras.Model, batch: Batch) -> list[Array]:
    """All outputs of the model in numpy."""
    return [to_numpy(output) for output in keras.tree.flatten(model.predict_on_batch(fed(batch)))]


def to_tensor(array: Array | None) -> Any:
    """Of the same type, also where Keras would make float64 float32."""
    return None if array is None else keras.ops.convert_to_tensor(array, dtype=array.dtype.name)


def to_numpy(tensor: Any) -> Array:
    """In numpy, bfloat16 as float32."""
    array = keras.ops.convert_to_numpy(tensor)
    return array.astype("float32") if array.dtype.name == "bfloat16" else array


def at_real_steps(case: Case, outputs: list[Array], mask: Array | None) -> list[Array]:
    """Outputs that keep time only where steps are real: what a layer says of a masked step is its own affair."""
    return [
        output[mask] if keeps and mask is not None else output
        for output, keeps in zip(outputs, case.keeps_time, strict=True)
    ]


def assert_same(actual: list[Array], expected: list[Array], tolerance: float = TOLERANCE["float32"]) -> None:
    assert len(actual) == len(expected)
    for one, other in zip(actual, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


@contextlib.contextmanager
def dtype_policy(name: str) -> Iterator[None]:
    """Layers made inside have this policy, those they wrap too."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


# Padding and masks


def with_padding(case: Case, batch: Batch, places: Array, rng: np.random.Generator) -> Batch:
    """The batch with its steps where `places` is True, and masked noise (or padding ids) in the other steps."""
    axis = case.time_axis
    shape = (*batch.inputs.shape[:axis], len(places), *batch.inputs.shape[axis + 1 :])
    inputs = (9 * rng.normal(size=shape) if case.masked else np.zeros(shape)).astype(batch.inputs.dtype)
    inputs.swapaxes(0, axis)[places] = batch.inputs.swapaxes(0, axis)
    if batch.mask is None:
        return Batch(inputs, None)
    mask = np.zeros(shape[: axis + 1], bool)
    mask[..., places] = batch.mask
    return Batch(inputs, mask)


def assert_padding_changes_nothing(
    case: Case, layer: keras.layers.Layer, batch: Batch, places: Array, rng: np.random.Generator
) -> None:
    padded = run(case, layer, with_padding(case, batch, places, rng))
    cut = [np.compress(places, o, case.time_axis) if k else o for o, k in zip(padded, case.keeps_time, strict=True)]
    expected = run(case, layer, batch)
    assert_same(at_real_steps(case, cut, batch.mask), at_real_steps(case, expected, batch.mask))


@prop_of_batches
def more_padding_changes_nothing(case: Case, layer: keras.layers.Layer, batch: Batch, rng: np.random.Generator) -> None:
    time = batch.inputs.shape[case.time_axis]
    assert_padding_changes_nothing(case, layer, batch, np.arange(time + rng.integers(1, 4)) < time, rng)


@prop_of_batches
def padding_anywhere_changes_nothing(
    case: Case, layer: keras.layers.Layer, batch: Batch, rng: np.random.Generator
) -> None:
    time = batch.inputs.shape[case.time_axis]
    places = rng.permutation(np.arange(time + rng.integers(1, 4)) < time)
    assert_padding_changes_nothing(case, layer, batch, places, rng)


@prop_of_batches
def content_of_masked_steps_changes_nothing(
    case: Case, layer: keras.layers.Layer, batch: Batch, rng: np.random.Generator
) -> None:
    noise = 9 * rng.normal(size=batch.inputs.shape)
    mask = batch.mask.reshape(*batch.mask.shape, *[1] * (batch.inputs.ndim - batch.mask.ndim))
    other = Batch(np.where(mask, batch.inputs, noise).astype(batch.inputs.dtype), batch.mask)
    actual, expected = run(case, layer, other), run(case, layer, batch)
    assert_same(at_real_steps(case, actual, batch.mask), at_real_steps(case, expected, batch.mask))


@prop_of_batches
def no_mask_is_a_mask_of_all_steps(
    case: Case, layer: keras.layers.Layer, batch: Batch, rng: np.random.Generator
) -> None:
    everything = Batch(batch.inputs, np.ones_like(batch.mask))
    assert_same(run(case, layer, Batch(batch.inputs, None)), run(case, layer, everything))


@prop
def a_fully_masked_row_gives_finite_numbers(case: Case) -> None:
    batch = batch_of(case, 2, 4)
    outputs = run(case, built(case), batch)
    assert all(np.isfinite(output).all() for output in outputs)


# Batches


@prop_of_batches
def order_in_the_batch_changes_nothing(
    case: Case, layer: keras.layers.Layer, batch: Batch, rng: np.random.Generator
) -> None:
    order = rng.permutation(len(batch.inputs))
    expected = [output[order] for output in run(case, layer, batch)]
    assert_same(run(case, layer, batch.map(lambda array: array[order])), expected)


@prop_of_batches
def size_of_the_batch_changes_nothing(
    case: Case, layer: keras.layers.Layer, batch: Batch, rng: np.random.Generator
) -> None:
    one = int(rng.integers(len(batch.inputs)))
    expected = [output[one : one + 1] for output in run(case, layer, batch)]
    assert_same(run(case, layer, batch.map(lambda array: array[one : one + 1])), expected)


@prop
def a_second_batch_may_have_another_size_and_length(case: Case) -> None:
    """In a graph, which has to be traced again or to be open in these sizes."""
    model = functional(case, built(case), batch_of(case, 2, 3))
    for size, time in ((2, 3), (3, 5), (1, 1)):
        batch = batch_of(case, size, time)
        assert_same(predicted(model, batch), run(case, built(case), batch))


@prop
def without_training_it_is_deterministic(case: Case) -> None:
    layer, batch = built(case), batch_of(case, 3, 20)
    first, second, default = (run(case, layer, batch, **how) for how in ({"training": False}, {"training": False}, {}))
    for one, other, third in zip(first, second, default, strict=True):
        np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(one, third)


# Time


@prop_of_batches
def a_causal_layer_never_sees_the_future(
    case: Case, layer: keras.layers.Layer, batch: Batch, rng: np.random.Generator
) -> None:
    axis = case.time_axis
    future = np.arange(batch.inputs.shape[axis]) > rng.integers(batch.inputs.shape[axis])
    other = case.inputs(rng, len(batch.inputs), len(future))
    inputs, mask = batch.inputs.copy(), None if batch.mask is None else batch.mask.copy()
    inputs.swapaxes(0, axis)[future] = other.swapaxes(0, axis)[future]
    if mask is not None:
        mask[..., future] ^= True
    actual, expected = (
        [
            np.compress(~future, o, axis)
            for o, keeps in zip(run(case, layer, one), case.keeps_time, strict=True)
            if keeps
        ]
        for one in (Batch(inputs, mask), batch)
    )
    assert expected, f"{case.name}: no output keeps time"
    assert_same(actual, expected)


@prop_of_batches
def step_by_step_it_is_the_whole_sequence(
    case: Case, layer: keras.layers.Layer, batch: Batch, rng: np.random.Generator
) -> None:
    states, outputs = layer.get_initial_state(len(batch.inputs)), []
    for inputs in batch.inputs.swapaxes(0, 1):
        output, states = layer.step(to_tensor(inputs), states)
        outputs.append(to_numpy(output))
    expected = run(case, layer, Batch(batch.inputs, None))[0]
    assert_same([np.stack(outputs, axis=1) if case.keeps_time[0] else outputs[-1]], [expected])


# Dropout


@prop
def rates_of_dropout_mean_what_they_say(case: Case) -> None:
    """Rate 0 is inference, rate 1 leaves nothing to chance, and between them each call draws anew."""

    def trained(rate: float | None) -> tuple[list[Array], ...]:
        layer = built(case if rate is None else replace(case, make=lambda: with_rates(case, rate)))
        return run(case, layer, batch), *(run(case, layer, batch, training=True) for _ in range(4))

    batch = batch_of(case, 3, 20)
    assert_same(*trained(0.0)[:2])
    _, first, *others = trained(1.0)
    assert all(np.isfinite(output).all() for output in first)
    for other in others:
        assert_same(first, other)
    _, first, *others = trained(None)  # of which some may be equal by chance
    assert any((one != same).any() for other in others for one, same in zip(first, other, strict=True))


def with_rates(case: Case, rate: float) -> keras.layers.Layer:
    """The layer with every rate the same, in what it wraps too."""

    def changed(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: rate if key in case.rates else changed(item) for key, item in value.items()}
        return [changed(item) for item in value] if isinstance(value, list) else value

    layer = case.make()
    return type(layer).from_config(changed(layer.get_config()))


# Saving, types, compilation


@prop
def saved_and_loaded_it_is_the_same(case: Case) -> None:
    """In a functional model that passes the mask explicitly, and without `custom_objects`."""
    layer, batch = built(case), batch_of(case, 3, 5)
    model = functional(case, layer, batch)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.keras")
        model.save(path)
        loaded = keras.models.load_model(path)
    twin = loaded.get_layer(layer.name)
    assert type(twin) is type(layer)
    assert config_of(twin) == config_of(layer)
    assert_same(predicted(loaded, batch), run(case, layer, batch))


@prop
def its_config_has_every_argument(case: Case) -> None:
    layer = case.make()
    arguments = inspect.signature(type(layer).__init__).parameters.values()
    named = {argument.name for argument in arguments if argument.kind is not argument.VAR_KEYWORD} - {"self"}
    config = layer.get_config()
    assert named <= config.keys(), f"not in get_config: {named - config.keys()}"
    assert config_of(type(layer).from_config(config)) == config_of(layer)


def config_of(layer: keras.layers.Layer) -> Any:
    """The configuration without the shapes that layers inside were built for."""

    def without_build(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: without_build(item) for key, item in value.items() if key != "build_config"}
        return [without_build(item) for item in value] if isinstance(value, list) else value

    return without_build(layer.get_config())


def in_a_mixed_policy_it_is_close_to_float32(case: Case, policy: str) -> None:
    layer, batch = built(case), batch_of(case, 3, 5)
    with dtype_policy(policy):
        mixed = built(case)
        mixed.set_weights(layer.get_weights())
        outputs = run(case, mixed, batch)
    assert all(np.isfinite(output).all() for output in outputs)
    assert_same(outputs, run(case, layer, batch), TOLERANCE[policy])


@prop
def in_mixed_float16_it_is_close_to_float32(case: Case) -> None:
    in_a_mixed_policy_it_is_close_to_float32(case, "mixed_float16")


@prop
def in_mixed_bfloat16_it_is_close_to_float32(case: Case) -> None:
    in_a_mixed_policy_it_is_close_to_float32(case, "mixed_bfloat16")


@prop
def symbolic_shapes_and_types_are_the_eager_ones(case: Case) -> None:
    batch = batch_of(case, 4, 5)  # sizes that no other axis has
    for policy in TOLERANCE:
        with dtype_policy(policy):
            layer = case.make()
            promised = functional(case, layer, batch).outputs
            outputs = call(case, layer, *map(to_tensor, (batch.inputs, batch.mask)))
        for one, other in zip(promised, outputs, strict=True):
            assert keras.backend.standardize_dtype(one.dtype) == keras.backend.standardize_dtype(other.dtype)
            assert one.ndim == len(other.shape)
            assert all(a in (None, b) for a, b in zip(one.shape, other.shape, strict=True)), (one.shape, other.shape)


@prop
def static_shapes_are_the_eager_ones(case: Case) -> None:
    batch = batch_of(case, 4, 5)  # sizes that no other axis has
    symbols = [None if a is None else keras.KerasTensor(a.shape, str(a.dtype)) for a in (batch.inputs, batch.mask)]
    promised = call(case, case.make(), *symbols)
    assert [tuple(one.shape) for one in promised] == [output.shape for output in run(case, case.make(), batch)]


@prop
def compiled_it_equals_eager(case: Case) -> None:
    layer, batch = built(case), batch_of(case, 2, 4)
    for one in (batch, Batch(batch.inputs, None)) if case.masked else (batch,):
        model = functional(case, layer, one)
        model.compile(jit_compile=True)
        assert_same(predicted(model, one), run(case, layer, one))


@prop
def a_compiled_step_of_training_equals_an_eager_one(case: Case) -> None:
    """For layers with weights, and only if training draws no random numbers: compiled ones are others."""
    layer, batch = built(case), batch_of(case, 2, 4)
    if not layer.trainable_weights:
        return
    weights = []
    targets = [np.ones_like(output) for output in run(case, layer, batch)]
    for how in ({"run_eagerly": True, "jit_compile": False}, {"jit_compile": True}):
        model = functional(case, built(case), batch)
        model.compile("sgd", "mse", **how)
        model.train_on_batch(fed(batch), targets)
        weights.append(model.get_weights())
    assert_same(*weights)
    assert any((one != other).any() for one, other in zip(weights[0], layer.get_weights(), strict=True))


# Gradients


@prop
def gradients_are_the_finite_differences(case: Case) -> None:
    """Along random directions through all weights and the inputs, and finite though a row is masked throughout.

    In float64, but for JAX and PyTorch, on which Keras turns float64 into float32 in many operations.
    """
    policy, step, tolerance = ("float64", 1e-5, 1e-6) if keras.backend.backend() == "tensorflow" else COARSE
    with dtype_policy(policy):
        layer, batch, rng = built(case), batch_of(case, 3, 4), np.random.default_rng(2)
        factors = [to_tensor(rng.normal(size=output.shape).astype(policy)) for output in run(case, layer, batch)]
        place = [*(to_numpy(v) for v in layer.trainable_variables), batch.inputs.astype(policy)]

        def loss(values: list[Any]) -> Any:
            outputs = outputs_at(case, layer, values, to_tensor(batch.mask))
            return sum(keras.ops.sum(output * factor) for output, factor in zip(outputs, factors, strict=True))

        def loss_at(direction: list[Array], distance: float) -> float:
            moved = [(v + distance * d).astype(policy) for v, d in zip(place, direction, strict=True)]
            return float(to_numpy(loss([to_tensor(value) for value in moved])))

        slopes = gradients(loss, place)
        assert all(np.isfinite(slope).all() for slope in slopes)
        for _ in range(3):
            direction = [rng.normal(size=value.shape) for value in place]
            difference = (loss_at(direction, step) - loss_at(direction, -step)) / (2 * step)
            slope = sum(np.sum(s * d) for s, d in zip(slopes, direction, strict=True))
            np.testing.assert_allclose(difference, slope, rtol=tolerance, atol=tolerance)


def outputs_at(case: Case, layer: keras.layers.Layer, values: list[Any], mask: Any) -> list[Any]:
    """The outputs for these trainable weights and, last, inputs."""
    *weights, inputs = values
    state = [variable.value for variable in layer.non_trainable_variables]
    given_mask = {"mask": mask} if case.masked else {}
    outputs, _ = layer.stateless_call(weights, state, inputs, **given_mask, **case.options)
    return keras.tree.flatten(outputs)


def gradients(loss: Callable[[list[Any]], Any], place: list[Array]) -> list[Array]:
    """The derivative of a loss with respect to each value, by the backend's own differentiation."""
    values = [to_tensor(value) for value in place]
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(values)
            total = loss(values)
        found = tape.gradient(total, values)
    elif keras.backend.backend() == "jax":
        import jax

        found = jax.grad(loss)(values)
    else:
        import torch

        for value in values:
            value.requires_grad_()
        found = torch.autograd.grad(loss(values), values)
    return [to_numpy(value) for value in found]
