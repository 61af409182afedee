"""Zoneout is equations 2 to 6 of Krueger et al. (2017), around any cell."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from layers.recurrent.zoneout import Zoneout
from tests.layers import harness
from tests.layers.harness import Case

LSTM, GRU, RNN = keras.layers.LSTMCell, keras.layers.GRUCell, keras.layers.RNN


@keras.saving.register_keras_serializable("seqsuite-tests")
class Counting(keras.layers.Layer):
    """Its state is how many steps it has seen, in each unit; its output is none of its states."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = self.state_size = units

    def call(self, inputs: Any, states: Any) -> tuple[Any, list[Any]]:
        return states[0] * 2, [states[0] + 1]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}


def stack() -> keras.layers.Layer:
    return keras.layers.StackedRNNCells([LSTM(3), LSTM(2)])


WITHOUT = {"a_compiled_step_of_training_equals_an_eager_one"}  # random
if keras.backend.backend() == "torch":
    WITHOUT |= {"compiled_it_equals_eager"}  # minutes, for any loop over time


@harness.properties(
    Case(
        "zoneout",
        lambda: RNN(Zoneout(stack(), (0.3, 0.2, 0.6, 0.1)), return_sequences=True),
        harness.vectors,
        keeps_time=(True,),
        causal=True,
        rates=("rates",),
        without=frozenset(WITHOUT),
    )
)
def test_properties(holds: harness.Check) -> None:
    holds()


CELLS = [lambda: LSTM(3), lambda: GRU(3), lambda: keras.layers.SimpleRNNCell(3), stack, lambda: Counting(3)]
NAMES = ["lstm", "gru", "simple", "stack", "counting"]


def flat(states: Any) -> list[np.ndarray]:
    return [harness.to_numpy(state) for state in keras.tree.flatten(states)]


def one_step(
    cell: keras.layers.Layer, rates: Any, training: bool
) -> tuple[np.ndarray, list[np.ndarray], list[np.ndarray], list[np.ndarray], int]:
    """A zoned step's output and states, the states before, the bare cell's after, and which of them was its output."""
    rng, zoneout = np.random.default_rng(0), Zoneout(cell, rates, seed=1)
    inputs = ops.cast(rng.normal(size=(40, 4)), zoneout.compute_dtype)
    zoneout.build((None, 4))
    initial = zoneout.get_initial_state(len(inputs))
    *sizes, _ = keras.tree.flatten(zoneout.state_size)
    before = [ops.cast(rng.normal(size=(len(inputs), size)), zoneout.compute_dtype) for size in sizes]
    states = keras.tree.pack_sequence_as(initial, [*before, keras.tree.flatten(initial)[-1]])
    output, zoned = zoneout(inputs, states, training=training)
    bare = keras.tree.pack_sequence_as(cell.state_size, before) if keras.tree.is_nested(cell.state_size) else before
    out, after = cell(inputs, bare)
    which = next((i for i, state in enumerate(keras.tree.flatten(after)) if state is out), -1)
    return harness.to_numpy(output), flat(zoned)[:-1], flat(before), flat(after), which


@pytest.mark.parametrize("policy", ["float32", "mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("cell", CELLS, ids=NAMES)
def test_without_training_states_and_output_are_the_expectation(cell: Callable[[], Any], policy: str) -> None:
    with harness.dtype_policy(policy):
        made = cell()
        rates = np.linspace(0.2, 0.9, len(keras.tree.flatten(made.state_size))).tolist()
        output, zoned, before, after, which = one_step(made, rates, training=False)
    expected = [z * old + (1 - z) * new for z, old, new in zip(rates, before, after, strict=True)]
    harness.assert_same(zoned, expected, harness.TOLERANCE[policy])
    if isinstance(made, Counting):
        np.testing.assert_array_equal(output, 2 * before[0])
    else:
        assert which == (2 if len(before) == 4 else 0)
        np.testing.assert_array_equal(output, zoned[which])


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("cell", CELLS, ids=NAMES)
def test_in_training_every_unit_is_the_old_or_the_new_one(cell: Callable[[], Any], policy: str) -> None:
    with harness.dtype_policy(policy):
        made = cell()
        rates = np.linspace(0.3, 0.7, len(keras.tree.flatten(made.state_size))).tolist()
        output, zoned, before, after, which = one_step(made, rates, training=True)
    for rate, now, old, new in zip(rates, zoned, before, after, strict=True):
        assert ((now == old) | (now == new)).all()
        assert abs((now == old).mean() - rate) < 4 * (rate * (1 - rate) / now.size) ** 0.5
    if which >= 0:
        np.testing.assert_array_equal(output, zoned[which])


def lstm_by_the_equations(layer: RNN, inputs: np.ndarray, z_h: float, z_c: float) -> np.ndarray:
    """Equations 4 to 6 with the masks' expectations."""
    kernel, recurrent, bias = (weight.astype("float64") for weight in layer.get_weights())
    h = c = np.zeros((len(inputs), len(recurrent)))
    outputs = []
    for x in inputs.swapaxes(0, 1):
        i, f, g, o = np.split(x @ kernel + h @ recurrent + bias, 4, axis=-1)
        i, f, o = (1 / (1 + np.exp(-gate)) for gate in (i, f, o))
        candidate = f * c + i * np.tanh(g)
        c, h = z_c * c + (1 - z_c) * candidate, z_h * h + (1 - z_h) * o * np.tanh(candidate)
        outputs.append(h)
    return np.stack(outputs, axis=1)


def test_an_lstm_is_the_equations() -> None:
    inputs = np.random.default_rng(0).normal(size=(3, 6, 4)).astype("float32")
    layer = RNN(Zoneout(LSTM(5), (0.4, 0.1)), return_sequences=True)
    np.testing.assert_allclose(
        harness.to_numpy(layer(inputs)), lstm_by_the_equations(layer, inputs, 0.4, 0.1), rtol=1e-4, atol=1e-5
    )


STEPS, EXAMPLES, UNITS = 100, 20, 30


def counts(layer: RNN, mask: np.ndarray | None = None) -> np.ndarray:
    """How many steps of training moved each unit, `[batch, units]`."""
    inputs = np.zeros((EXAMPLES, STEPS, 1), "float32")
    return harness.to_numpy(layer(inputs, mask=None if mask is None else ops.convert_to_tensor(mask), training=True)[1])


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_each_step_unit_example_and_call_has_a_mask_of_its_own(rate: float) -> None:
    layer = RNN(Zoneout(Counting(UNITS), rate, seed=5), return_state=True)
    first, second = counts(layer), counts(layer)
    variance = STEPS * rate * (1 - rate)  # of a binomial: a mask used at two steps would double it
    assert abs(first.mean() - STEPS * (1 - rate)) < 4 * (variance / first.size) ** 0.5
    assert 0.8 * variance < first.var() < 1.25 * variance
    for one, other in ((first, second), (first[:, :-1], first[:, 1:]), (first[:-1], first[1:])):
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.2


def test_a_seed_gives_the_same_masks() -> None:
    first, second = (counts(RNN(Zoneout(Counting(UNITS), 0.5, seed=5), return_state=True)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_masks_are_fresh_where_examples_take_turns() -> None:
    mask = np.zeros((EXAMPLES, STEPS), bool)
    mask[::2, : STEPS // 2], mask[1::2, STEPS // 2 :] = True, True
    counted = counts(RNN(Zoneout(Counting(UNITS), 0.5, seed=5), return_state=True), mask)
    for some in (counted[::2], counted[1::2]):
        assert abs(some.mean() - STEPS / 4) < 1
        assert 0.75 * STEPS / 8 < some.var() < 1.35 * STEPS / 8


def test_the_count_of_steps_survives_the_narrowest_type() -> None:
    """bfloat16 has 8 bits: a plain count would stand still at 256, and with it the masks."""
    with harness.dtype_policy("mixed_bfloat16"):
        zoneout = Zoneout(Counting(1), 0.5)
        state, seen = zoneout.get_initial_state(2), []
        state[1] = ops.concatenate([state[1][:, :3], ops.cast([[0.0, 255, 254]] * 2, "bfloat16")], axis=1)
        for _ in range(3):
            _, state = zoneout(np.zeros((2, 1)), state, training=True)
            seen.append(harness.to_numpy(state[1])[0, 3:].tolist())
    assert seen == [[0, 255, 255], [1, 0, 0], [1, 0, 1]]


def test_rate_0_is_the_bare_cell_and_rate_1_never_moves() -> None:
    inputs = np.random.default_rng(0).normal(size=(3, 6, 4)).astype("float32")
    bare, zoned, stuck = RNN(LSTM(5)), RNN(Zoneout(LSTM(5), 0)), RNN(Zoneout(LSTM(5), 1.0))
    expected = harness.to_numpy(bare(inputs))
    zoned.build(inputs.shape)
    zoned.set_weights(bare.get_weights())
    initial = [np.full((3, 5), 2.0, "float32"), np.full((3, 5), 3.0, "float32")]
    for training in (False, True):
        actual = harness.to_numpy(zoned(inputs, training=training))
        np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-6)  # XLA rounds another graph otherwise
        states = [*initial, *stuck.cell.get_initial_state(3)[-1:]]
        actual = harness.to_numpy(stuck(inputs, initial_state=states, training=training))
        np.testing.assert_array_equal(actual, initial[0])


def test_gradients_go_to_the_old_state_where_it_is_kept() -> None:
    cell = keras.layers.SimpleRNNCell(3, activation="linear", use_bias=False)
    zoneout = Zoneout(cell, 0.5, seed=0)
    zoneout.build((None, 3))
    zoneout.set_weights([np.eye(3), np.zeros((3, 3))])
    last = zoneout.get_initial_state(8)[-1]
    place = [np.ones((8, 3), "float32"), np.zeros((8, 3), "float32")]

    def loss(values: list[Any]) -> Any:
        return ops.sum(zoneout(values[0], [values[1], last], training=True)[0])

    to_inputs, to_state = harness.gradients(loss, place)
    new = harness.to_numpy(zoneout(place[0], [place[1], last], training=True)[0])
    assert 0 < new.mean() < 1
    np.testing.assert_array_equal(to_inputs, new)
    np.testing.assert_array_equal(to_state, 1 - new)


def test_it_trains_in_both_directions() -> None:
    layer = keras.layers.Bidirectional(RNN(Zoneout(GRU(4), 0.5), return_sequences=True))
    inputs, mask = keras.Input((None, 3)), keras.Input((None,), dtype="bool")
    model = keras.Model([inputs, mask], layer(inputs, mask=mask))
    model.compile("sgd", "mse")
    before, rng = layer.get_weights(), np.random.default_rng(0)
    data = [rng.normal(size=(4, 6, 3)).astype("float32"), rng.random((4, 6)) < 0.7]
    losses = [float(model.train_on_batch(data, np.ones((4, 6, 8), "float32"))) for _ in range(2)]
    assert np.isfinite(losses).all()
    assert len(layer.get_weights()) == 6
    assert all((one != other).any() for one, other in zip(before, layer.get_weights(), strict=True))


def test_an_initial_state_needs_the_last_one_in_training_alone() -> None:
    inputs, layer = np.ones((2, 3, 4), "float32"), RNN(Zoneout(LSTM(5), 0.5))
    states = [np.ones((2, 5), "float32")] * 2
    whole = layer(inputs, initial_state=[*states, *layer.cell.get_initial_state(2)[-1:]])
    np.testing.assert_array_equal(harness.to_numpy(layer(inputs, initial_state=states)), harness.to_numpy(whole))
    with pytest.raises(ValueError, match="states must end with the one that masks are drawn from while training"):
        layer(inputs, initial_state=states, training=True)
    with pytest.raises(ValueError, match="states must be 2 and one to draw masks from, not 1"):
        layer.cell(inputs[:, 0], states[:1])


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (lambda: LSTM(3, dropout=0.1), "cell must have no dropout of its own"),
        (lambda: GRU(3, recurrent_dropout=0.1), "cell must have no recurrent_dropout of its own"),
        (lambda: keras.layers.StackedRNNCells([GRU(3), GRU(3, dropout=0.1)]), "cell must have no dropout of its own"),
        (lambda: Zoneout(GRU(3), 0.1), "cell has zoneout already"),
        (lambda: keras.layers.StackedRNNCells([Zoneout(GRU(3), 0.1)]), "cell has zoneout already"),
        (lambda: keras.layers.Dense(3), "cell must be a Keras layer with state_size"),
    ],
)
def test_a_cell_that_cannot_be_wrapped_is_refused(cell: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Zoneout(cell(), 0.1)


@pytest.mark.parametrize("rates", [-0.1, 1.5, float("nan"), "half", (0.1, 2.0)])
def test_rates_outside_0_to_1_are_refused(rates: Any) -> None:
    wrong = rates[-1] if isinstance(rates, tuple) else rates
    with pytest.raises(ValueError, match=re.escape(f"rates must lie between 0 and 1, not {wrong!r}")):
        Zoneout(LSTM(3), rates)


@pytest.mark.parametrize("rates", [(0.1,), (0.1, 0.2, 0.3), ()])
def test_another_number_of_rates_is_refused(rates: Any) -> None:
    with pytest.raises(ValueError, match="rates must be one number, or one for each of 2 states"):
        Zoneout(LSTM(3), rates)
