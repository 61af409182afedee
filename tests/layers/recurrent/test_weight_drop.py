"""WeightDrop is DropConnect (Wan et al. 2013) on named weights of any layer, with one mask a call."""

from __future__ import annotations

import re
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from layers.recurrent.weight_drop import WeightDrop
from tests.layers import harness
from tests.layers.harness import Case

LSTM, GRU, Bidirectional = keras.layers.LSTM, keras.layers.GRU, keras.layers.Bidirectional
RECURRENT = ["recurrent_kernel"]


WITHOUT = {"a_compiled_step_of_training_equals_an_eager_one"}  # random
if keras.backend.backend() == "torch":
    WITHOUT |= {"compiled_it_equals_eager"}  # minutes, for any loop over time


@harness.properties(
    Case(
        "weight-drop-lstm",
        lambda: WeightDrop(LSTM(3, return_sequences=True), RECURRENT, 0.5, rows=True, seed=3),
        harness.vectors,
        keeps_time=(True,),
        causal=True,
        rates=("rate",),
        without=frozenset(WITHOUT),
    ),
)
def test_properties(holds: harness.Check) -> None:
    holds()


def identity(rate: float, units: int = 40, **options: Any) -> WeightDrop:
    """A layer whose output for the identity matrix is the matrix that it used."""
    dense = keras.layers.Dense(units, kernel_initializer="ones", use_bias=False)
    return WeightDrop(dense, ["kernel"], rate, **options)


def used(layer: WeightDrop, size: int = 50) -> np.ndarray:
    return harness.to_numpy(layer(np.eye(size, dtype="float32"), training=True))


@pytest.mark.parametrize("rate", [0.25, 0.5])
def test_entries_are_dropped_at_the_rate_and_the_others_scaled(rate: float) -> None:
    layer = identity(rate, seed=1)
    first, second = used(layer), used(layer)
    np.testing.assert_allclose(np.unique(first), [0, 1 / (1 - rate)], rtol=1e-6)
    assert abs((first == 0).mean() - rate) < 4 * (rate * (1 - rate) / first.size) ** 0.5
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.1
    np.testing.assert_array_equal(layer.get_weights()[0], np.ones((50, 40)))


def test_rows_are_dropped_whole() -> None:
    matrix = used(identity(0.5, rows=True, seed=1))
    assert (matrix == matrix[:, :1]).all()
    assert 10 < (matrix[:, 0] == 0).sum() < 40


def test_without_training_it_is_the_bare_layer() -> None:
    inputs, bare = np.random.default_rng(0).normal(size=(3, 6, 4)).astype("float32"), LSTM(5)
    layer = WeightDrop(LSTM(5), RECURRENT, 0.7)
    expected = harness.to_numpy(bare(inputs))
    layer.build(inputs.shape)
    layer.set_weights(bare.get_weights())
    np.testing.assert_array_equal(harness.to_numpy(layer(inputs)), expected)
    assert (harness.to_numpy(layer(inputs, training=True)) != expected).any()


def test_the_mask_is_the_same_at_every_step() -> None:
    """The recurrent matrix counts up what it lets through: with one mask, every step adds the same."""
    simple = keras.layers.SimpleRNN(
        8, activation="linear", use_bias=False, recurrent_initializer="identity", return_sequences=True
    )
    layer = WeightDrop(simple, RECURRENT, 0.5, seed=2)
    layer.build((None, None, 8))
    layer.set_weights([np.eye(8), np.eye(8)])
    inputs = np.zeros((3, 6, 8), "float32")
    inputs[:, 0] = 1
    outputs = harness.to_numpy(layer(inputs, training=True))  # powers of the kept diagonal: 1, 2, 4, ... or 1, 0, 0
    kept = outputs[0, 1] > 0
    assert 0 < kept.sum() < 8
    np.testing.assert_array_equal(
        outputs, np.broadcast_to(2.0 ** np.arange(6)[:, None] * kept, (3, 6, 8)) + inputs * ~kept
    )


def test_gradients_of_dropped_entries_are_zero_and_of_others_scaled() -> None:
    layer = identity(0.5, seed=1)
    used(layer)
    inputs = np.random.default_rng(0).normal(size=(4, 50)).astype("float32")
    state = [ops.convert_to_numpy(v) for v in layer.non_trainable_variables]

    def loss(values: list[Any]) -> Any:
        outputs, _ = layer.stateless_call(values, [ops.convert_to_tensor(s) for s in state], inputs, training=True)
        return ops.sum(outputs)

    (slope,) = harness.gradients(loss, layer.get_weights())
    matrix = used(layer)  # of the same state of the generator, which the stateless calls left
    assert 0.4 < (slope == 0).mean() < 0.6
    np.testing.assert_allclose(slope, matrix * inputs.sum(0)[:, None], rtol=1e-4, atol=1e-5)


BOTH_WAYS = {
    "drop-in-bidirectional": lambda: Bidirectional(WeightDrop(LSTM(4, return_sequences=True), RECURRENT, 0.5)),
    "bidirectional-in-drop": lambda: WeightDrop(Bidirectional(GRU(4, return_sequences=True)), RECURRENT, 0.5),
    "cell": lambda: WeightDrop(
        keras.layers.RNN(keras.layers.LSTMCell(8), return_sequences=True), ["kernel", "recurrent_kernel"], 0.5
    ),
}


@pytest.mark.parametrize("make", BOTH_WAYS.values(), ids=BOTH_WAYS)
def test_it_trains_saves_and_nests(make: Any, tmp_path: Any) -> None:
    inputs, mask = keras.Input((None, 3)), keras.Input((None,), dtype="bool")
    layer = make()
    model = keras.Model([inputs, mask], layer(inputs, mask=mask))
    model.compile("sgd", "mse")
    before, rng = layer.get_weights(), np.random.default_rng(0)
    data = [rng.normal(size=(4, 6, 3)).astype("float32"), rng.random((4, 6)) < 0.7]
    model.train_on_batch(data, np.ones((4, 6, 8), "float32"))
    assert all((one != other).any() for one, other in zip(before, layer.get_weights(), strict=True))
    expected = model.predict_on_batch(data)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    harness.assert_same([harness.to_numpy(loaded.predict_on_batch(data))], [harness.to_numpy(expected)])
    assert (harness.to_numpy(loaded(data, training=True)) != harness.to_numpy(expected)).any()


def test_bidirectional_reads_backwards_too() -> None:
    layer = Bidirectional(WeightDrop(LSTM(4, return_sequences=True), RECURRENT, 0.5))
    assert (layer.forward_layer.layer.go_backwards, layer.backward_layer.layer.go_backwards) == (False, True)
    assert layer.forward_layer.layer.zero_output_for_mask


@keras.saving.register_keras_serializable("seqsuite-tests")
class Counted(keras.layers.Layer):
    """Counts calls, and adds a loss of 3."""

    def build(self, input_shape: Any) -> None:
        self.kernel = self.add_weight(name="kernel", shape=(1, 1))
        self.calls = self.add_weight(name="calls", shape=(), initializer="zeros", trainable=False)

    def call(self, inputs: Any) -> Any:
        self.calls.assign(self.calls + 1)
        self.add_loss(ops.convert_to_tensor(3.0))
        return inputs @ self.kernel


def test_losses_and_updates_of_the_layer_are_kept() -> None:
    layer, regularized = Counted(), keras.layers.Dense(1, activity_regularizer="l1", kernel_regularizer="l2")
    wrapped = WeightDrop(keras.Sequential([layer, regularized]), ["kernel"], 1.0)
    inputs = keras.Input((1,))
    model = keras.Model(inputs, wrapped(inputs))
    model.compile("sgd", "mse")
    squares = 0.01 * (regularized.get_weights()[0] ** 2).sum()
    before = float(harness.to_numpy(layer.calls.value))
    loss = model.train_on_batch(np.ones((2, 1)), np.zeros((2, 1)))
    np.testing.assert_allclose(float(loss), 3 + squares, rtol=1e-5)  # outputs are 0 at rate 1
    assert float(harness.to_numpy(layer.calls.value)) == before + 1


def test_variables_keep_their_precision_in_a_mixed_policy() -> None:
    """What is float32 in the layer is not rounded on the way through."""
    with harness.dtype_policy("mixed_bfloat16"):
        dense = keras.layers.Dense(1, dtype="float32", use_bias=False)
        layer = WeightDrop(dense, ["kernel"], 1e-9)
        inputs = keras.Input((1,), dtype="float32")
        model = keras.Model(inputs, layer(inputs))
        layer.set_weights([np.array([[1 + 2**-15]])])
        assert float(harness.to_numpy(model(np.ones((1, 1), "float32"), training=True))[0, 0]) == 1 + 2**-15


def test_states_are_passed_in_and_out() -> None:
    layer = WeightDrop(LSTM(4, return_state=True), RECURRENT, 0.5)
    inputs, h, c = keras.Input((5, 3)), keras.Input((4,)), keras.Input((4,))
    model = keras.Model([inputs, h, c], layer(inputs, initial_state=[h, c]))
    data = [np.ones((2, 5, 3)), np.ones((2, 4)), np.ones((2, 4))]
    assert [tuple(output.shape) for output in model(data, training=True)] == [(2, 4)] * 3


def test_a_longer_path_names_one_variable_of_two() -> None:
    both = Bidirectional(LSTM(4, name="one"))
    both.build((None, None, 3))
    assert len(WeightDrop(both, RECURRENT)._dropped()) == 2
    (only,) = WeightDrop(both, ["backward_one/lstm_cell/recurrent_kernel"])._dropped()
    assert only is both.backward_layer.cell.recurrent_kernel


def test_a_mask_is_not_passed_to_a_layer_that_takes_none() -> None:
    assert identity(0.5)(np.ones((2, 3, 4)), mask=np.ones((2, 3), bool)).shape == (2, 3, 40)


@pytest.mark.parametrize("rate", [-0.1, 1.1, float("nan")])
def test_a_rate_outside_0_to_1_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match=re.escape(f"rate must lie between 0 and 1, not {rate!r}")):
        WeightDrop(LSTM(3), RECURRENT, rate)


@pytest.mark.parametrize("weights", [[], "kernel", ()])
def test_weights_that_are_no_list_of_names_are_refused(weights: Any) -> None:
    with pytest.raises(ValueError, match="weights must be a list of names"):
        WeightDrop(LSTM(3), weights, 0.5)


@pytest.mark.parametrize("name", ["recurent_kernel", "current_kernel"])
def test_a_name_that_no_variable_has_is_refused_with_those_there_are(name: str) -> None:
    layer = WeightDrop(LSTM(3), [name], 0.5)
    with pytest.raises(ValueError, match=rf"weights names '{name}', .*lstm_cell/recurrent_kernel, "):
        layer(np.ones((2, 3, 4), "float32"))
