"""LSTM and GRU are Keras's without noise, and their noise is what it is called."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from layers.recurrent.gru import GRU
from layers.recurrent.lstm import LSTM
from tests.layers import harness
from tests.layers.harness import Case

Array = np.ndarray
PEERS = {LSTM: keras.layers.LSTM, GRU: keras.layers.GRU}
BOTH = pytest.mark.parametrize("kind", PEERS)
# Compiled, training draws other masks.
DRAWN = frozenset({"a_compiled_step_of_training_equals_an_eager_one"})


def everything(kind: type, **options: Any) -> Any:
    """Every rate, each another."""
    rates = {name: 0.2 + 0.1 * index for index, name in enumerate(kind.rates)}
    return kind(4, **rates, weight_drop_rows=True, seed=3, bias_initializer="normal", **options)


@harness.properties(
    Case("lstm", lambda: LSTM(4, seed=1, bias_initializer="normal"), harness.vectors),
    Case(
        "lstm-everything",
        lambda: everything(LSTM, return_sequences=True, return_state=True),
        harness.vectors,
        keeps_time=(True, False, False),
        causal=True,
        steps=True,
        rates=LSTM.rates,
        without=DRAWN,
    ),
    Case(
        "gru-everything",
        lambda: everything(GRU, return_sequences=True, return_state=True),
        harness.vectors,
        keeps_time=(True, False),
        causal=True,
        steps=True,
        rates=GRU.rates,
        without=DRAWN,
    ),
    Case(
        "gru-both-directions",
        lambda: keras.layers.Bidirectional(GRU(4, bias_initializer="normal", return_sequences=True)),
        harness.vectors,
        keeps_time=(True,),
        without=frozenset({"its_config_has_every_argument"}),
    ),
)
def test_properties(holds: harness.Check) -> None:
    holds()


@st.composite
def inputs_and_mask(draw: st.DrawFn) -> tuple[Array, Array]:
    batch, time = draw(st.integers(1, 3)), draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return rng.normal(size=(batch, time, 3)).astype("float32"), draw(hnp.arrays(bool, (batch, time)))


def outputs(layer: Any, inputs: Array, **options: Any) -> list[Array]:
    return [harness.to_numpy(output) for output in keras.tree.flatten(layer(inputs, **options))]


@BOTH
@harness.tried
@given(
    options=st.sampled_from(
        [
            {},
            {"go_backwards": True, "use_bias": False, "zero_output_for_mask": True},
            {"activation": "relu", "recurrent_activation": "hard_sigmoid"},
        ]
    ),
    drawn=inputs_and_mask(),
)
def test_without_noise_it_is_keras(kind: type, options: dict[str, Any], drawn: tuple[Array, Array]) -> None:
    inputs, mask = drawn
    options = {"bias_initializer": "normal", "return_sequences": True, "return_state": True, **options}
    theirs, ours = PEERS[kind](5, **options), kind(5, **options)
    expected = outputs(theirs, inputs, mask=mask)
    ours.build(inputs.shape)
    ours.set_weights(theirs.get_weights())
    real = mask[:, ::-1] if "go_backwards" in options else mask
    if "zero_output_for_mask" in options:
        real = np.ones_like(mask)
    for training in (False, True):
        for one, other in zip(outputs(ours, inputs, mask=mask, training=training), expected, strict=True):
            np.testing.assert_allclose(*(x[real] if x.ndim == 3 else x for x in (one, other)), rtol=1e-6, atol=1e-6)


@BOTH
def test_it_starts_from_the_state_it_is_given(kind: type) -> None:
    rng = np.random.default_rng(0)
    inputs, state = rng.normal(size=(2, 4, 3)).astype("float32"), rng.normal(size=(2, 5)).astype("float32")
    states = [state, -state][: 2 if kind is LSTM else 1]
    theirs, ours = PEERS[kind](5), kind(5)
    expected = outputs(theirs, inputs, initial_state=states)
    ours.build(inputs.shape)
    ours.set_weights(theirs.get_weights())
    np.testing.assert_allclose(outputs(ours, inputs, initial_state=states), expected, rtol=1e-6, atol=1e-6)
    mask = np.zeros((2, 4), bool)
    np.testing.assert_array_equal(outputs(ours, inputs, initial_state=states, mask=mask)[0], state)


INPUTS = np.random.default_rng(0).normal(size=(50, 40, 3)).astype("float32")


def trained(layer: Any) -> list[Array]:
    """Outputs `[time, batch, units]` and states of a call in training."""
    first, *states = outputs(layer, INPUTS, training=True)
    return [first.swapaxes(0, 1), *states]


@BOTH
@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 1.0])
def test_zoneout_keeps_the_share_of_outputs_that_its_rate_says(kind: type, rate: float) -> None:
    layer = kind(5, zoneout_h=rate, return_sequences=True, seed=1)
    output = trained(layer)[0]
    kept = output[1:] == output[:-1]  # [time - 1, batch, units]
    assert abs(kept.mean() - rate) < 0.02
    if rate == 0.5:
        for axis in range(3):  # steps, examples and units alike, each drawn for itself
            others = tuple(other for other in range(3) if other != axis)
            assert np.abs(kept.mean(axis=others) - rate).max() < 0.15
            assert kept.std(axis=axis).mean() > 0.4
        assert abs(np.mean(kept == (trained(layer)[0][1:] == trained(layer)[0][:-1])) - 0.5) < 0.05


def test_zoneout_of_the_cell_state_is_another() -> None:
    """With the output kept at 0 throughout, the cell state goes on, and the other way round."""
    states = {"return_state": True, "return_sequences": True}
    output, h, c = trained(LSTM(5, zoneout_h=1, **states))
    assert (output == 0).all()
    assert (h == 0).all()
    assert (c != 0).all()
    output, h, c = trained(LSTM(5, zoneout_c=1, **states))
    assert (output != 0).all()
    assert (c == 0).all()


@BOTH
def test_without_training_zoneout_is_its_expectation(kind: type) -> None:
    """The mean of a first step over many draws."""
    layer = kind(5, zoneout_h=0.3)
    once = np.repeat(INPUTS[:1, :1], 4000, axis=0)
    mean = outputs(layer, once, training=True)[0].mean(0)
    plain = kind(5)
    plain.build(once.shape)
    plain.set_weights(layer.get_weights())
    np.testing.assert_allclose(outputs(layer, once[:1])[0][0], 0.7 * outputs(plain, once[:1])[0][0], rtol=1e-5)
    np.testing.assert_allclose(mean, outputs(layer, once[:1])[0][0], rtol=0.1, atol=1e-3)


def dropped_outputs(layer: Any) -> Array:
    """Which outputs are 0, `[time, batch, units]`."""
    return trained(layer)[0] == 0


@BOTH
def test_output_dropout_has_one_mask_over_time(kind: type) -> None:
    layer = kind(5, output_dropout=0.4, return_sequences=True, return_state=True, seed=1)
    dropped = dropped_outputs(layer)
    assert (dropped == dropped[:1]).all()
    assert abs(dropped[0].mean() - 0.4) < 0.1
    assert (dropped_outputs(layer) != dropped).any()
    output, *states = trained(layer)
    plain = outputs(layer, INPUTS)
    np.testing.assert_allclose(states, plain[1:], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(output, np.where(output == 0, 0, plain[0].swapaxes(0, 1) / 0.6), rtol=1e-5, atol=1e-6)


@BOTH
def test_the_last_output_is_dropped_like_all(kind: type) -> None:
    dropped = outputs(kind(5, output_dropout=0.4, seed=1), INPUTS, training=True)[0] == 0
    assert abs(dropped.mean() - 0.4) < 0.1


@BOTH
def test_input_dropout_has_one_mask_over_time_and_keeps_the_mean(kind: type) -> None:
    """Seen through a layer that sums up its inputs: the state after each step tells what came in."""
    layer = kind(1, input_dropout=0.5, return_sequences=True, seed=1)
    plain = kind(1, return_sequences=True)
    layer.build((None, None, 1))
    plain.build((None, None, 1))
    plain.set_weights(layer.get_weights())
    inputs = np.random.default_rng(0).normal(size=(40, 6, 1)).astype("float32")
    actual = outputs(layer, inputs, training=True)[0]
    doubled, nothing = outputs(plain, 2 * inputs)[0], outputs(plain, 0 * inputs)[0]
    is_doubled = np.isclose(actual, doubled, atol=1e-6).all(axis=(1, 2))
    is_nothing = np.isclose(actual, nothing, atol=1e-6).all(axis=(1, 2))
    assert (is_doubled ^ is_nothing).all()
    assert 5 < is_nothing.sum() < 35


@BOTH
@pytest.mark.parametrize("rows", [False, True])
def test_weight_drop_is_one_mask_of_the_recurrent_matrix(kind: type, rows: bool) -> None:
    layer = kind(20, weight_drop=0.3, weight_drop_rows=rows, seed=1)
    layer.build((None, None, 3))
    matrix = harness.to_numpy(layer.recurrent_matrix(training=True))
    whole = harness.to_numpy(layer.cell.recurrent_kernel)
    np.testing.assert_allclose(matrix, np.where(matrix == 0, 0, whole / 0.7), rtol=1e-6)
    zero = matrix == 0
    assert 0.05 < zero.mean() < 0.6  # of 20 rows, so few draws
    assert (zero.all(axis=1) | ~zero.any(axis=1)).all() == rows
    assert (harness.to_numpy(layer.recurrent_matrix(training=True)) != matrix).any()
    np.testing.assert_array_equal(harness.to_numpy(layer.recurrent_matrix(training=False)), whole)


@BOTH
def test_weight_drop_is_the_same_at_every_step_and_for_every_example(kind: type) -> None:
    inputs = np.repeat(INPUTS[:1, :6], 3, axis=0)
    layer = kind(5, weight_drop=0.5, seed=1)
    matrices = []
    original = layer.recurrent_matrix
    layer.recurrent_matrix = lambda training: matrices.append(original(training)) or matrices[-1]
    noisy = outputs(layer, inputs, training=True)[0]
    np.testing.assert_allclose(noisy, np.broadcast_to(noisy[:1], noisy.shape), rtol=1e-5)
    plain = kind(5)
    plain.build(inputs.shape)
    plain.set_weights(layer.get_weights())
    plain.cell.recurrent_kernel.assign(harness.to_numpy(matrices[0]))
    np.testing.assert_allclose(noisy, outputs(plain, inputs)[0], rtol=1e-5, atol=1e-6)


@BOTH
def test_update_dropout_loses_nothing_remembered(kind: type) -> None:
    """All updates dropped, an LSTM's cell state only fades by its forget gate, and a GRU's state stays."""
    layer = kind(5, update_dropout=1.0, return_state=True)
    states = [np.full((50, 5), 0.5, "float32")] * (2 if kind is LSTM else 1)
    *_, last = outputs(layer, INPUTS, initial_state=states, training=True)
    if kind is GRU:
        np.testing.assert_allclose(last, 0.5, rtol=1e-6)
    else:
        assert ((last > 0) & (last < 0.5)).all()


@BOTH
def test_it_trains_compiled_by_xla(kind: type) -> None:
    """Whatever `compile(jit_compile=True)` makes of it."""
    tf = pytest.importorskip("tensorflow")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("about TensorFlow")
    layer, inputs = kind(5, return_sequences=True), tf.constant(INPUTS[:2, :4])
    mask = tf.constant([[True, False, True, True], [False, True, True, False]])
    layer.build(inputs.shape)

    def gradient(inputs: Any) -> list[Any]:
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(layer(inputs, mask=mask, training=True) ** 2)
        return tape.gradient(loss, [variable.value for variable in layer.trainable_variables])

    for one, other in zip(tf.function(gradient, jit_compile=True)(inputs), gradient(inputs), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


@BOTH
def test_the_same_seed_gives_the_same_masks(kind: type) -> None:
    one, other = everything(kind, return_sequences=True), everything(kind, return_sequences=True)
    one.build(INPUTS.shape)
    other.build(INPUTS.shape)
    other.set_weights(one.get_weights())
    np.testing.assert_array_equal(trained(one)[0], trained(other)[0])


@BOTH
def test_it_learns(kind: type) -> None:
    """Which of two marks came first, twenty steps ago, with every noise on."""
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(256, 12, 2)).astype("float32") * 0.1
    targets = rng.integers(0, 2, 256)
    inputs[np.arange(256), 0, targets] = 2
    rates = dict.fromkeys(kind.rates, 0.05)
    model = keras.Sequential([kind(16, **rates), keras.layers.Dense(1, activation="sigmoid")])
    model.compile(keras.optimizers.Adam(0.02), "binary_crossentropy", metrics=["accuracy"])
    model.fit(inputs, targets, epochs=8, verbose=0)
    assert model.evaluate(inputs, targets, verbose=0)[1] > 0.95


@BOTH
def test_stateful_goes_on_where_it_ended(kind: type) -> None:
    layer, plain = kind(5, stateful=True, return_sequences=True), kind(5, return_sequences=True)
    halves = np.concatenate([outputs(layer, part)[0] for part in (INPUTS[:, :15], INPUTS[:, 15:])], axis=1)
    plain.build(INPUTS.shape)
    plain.set_weights(layer.get_weights()[: len(plain.get_weights())])
    np.testing.assert_allclose(halves, outputs(plain, INPUTS)[0], rtol=1e-5, atol=1e-6)


@BOTH
@pytest.mark.parametrize("rate", [-0.1, 1.1, "0.1", True, None, float("nan")])
def test_a_rate_that_is_none_is_refused(kind: type, rate: Any) -> None:
    for name in kind.rates:
        with pytest.raises(ValueError, match=f"{name} must be a rate between 0 and 1, not {rate!r}"):
            kind(5, **{name: rate})


@BOTH
@pytest.mark.parametrize("name", ["dropout", "recurrent_dropout", "unroll"])
def test_what_has_another_name_here_is_refused(kind: type, name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} is not an argument of {kind.__name__}; use "):
        kind(5, **{name: 0.5})


def test_a_gru_that_resets_before_is_refused() -> None:
    with pytest.raises(ValueError, match="reset_after=False is not an option of this GRU"):
        GRU(5, reset_after=False)


@BOTH
def test_a_mask_that_does_not_fit_is_refused(kind: type) -> None:
    with pytest.raises(ValueError, match="mask must have the shape of the inputs without features"):
        kind(5)(INPUTS, mask=np.ones((50, 7), bool))
    with pytest.raises(ValueError, match="mask must be boolean, not float32"):
        kind(5)(INPUTS, mask=np.ones((50, 40), "float32"))


@BOTH
def test_backwards_there_is_no_step(kind: type) -> None:
    layer = kind(5, go_backwards=True)
    layer.build(INPUTS.shape)
    with pytest.raises(ValueError, match="a layer that goes backwards has no step"):
        layer.step(INPUTS[:, 0], layer.get_initial_state(50))
