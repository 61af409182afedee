"""The loops of LSTM and GRU are the papers' equations, and their hand-written gradients the automatic ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops

from layers.recurrent.gru_loop import gru_loop
from layers.recurrent.lstm_loop import lstm_loop
from tests.layers import harness

Array = np.ndarray


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def lstm_by_the_equations(
    z: Array, recurrent: Array, h: Array, c: Array, renew_h: Array, renew_c: Array, update_mask: Array
) -> tuple[Array, Array]:
    outputs = []
    for t in range(len(z)):
        i, f, g, o = np.split(z[t] + h @ recurrent, 4, axis=-1)
        c_new = sigmoid(f) * c + sigmoid(i) * np.tanh(g) * update_mask[t]
        h_new = sigmoid(o) * np.tanh(c_new)  # of the cell state before zoneout
        h = renew_h[t] * h_new + (1 - renew_h[t]) * h
        c = renew_c[t] * c_new + (1 - renew_c[t]) * c
        outputs.append(h)
    return np.stack(outputs), c


def gru_by_the_equations(
    x: Array, recurrent: Array, bias: Array, h: Array, renew_h: Array, update_mask: Array
) -> tuple[Array]:
    outputs = []
    for t in range(len(x)):
        x_z, x_r, x_n = np.split(x[t], 3, axis=-1)
        u_z, u_r, u_n = np.split(recurrent, 3, axis=-1)
        z, r = sigmoid(x_z + h @ u_z), sigmoid(x_r + h @ u_r)
        n = np.tanh(x_n + r * (h @ u_n + bias))
        h_new = h + update_mask[t] * (z * h + (1 - z) * n - h)
        h = renew_h[t] * h_new + (1 - renew_h[t]) * h
        outputs.append(h)
    return (np.stack(outputs),)


Drawn = tuple[list[Array], dict[str, Array]]


@st.composite
def drawn(draw: st.DrawFn, gates: int, states: int, masks: tuple[str, ...]) -> Drawn:
    """What a loop takes: tensors that have gradients, and masks, some of them missing."""
    time, batch, units = draw(st.integers(1, 4)), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shapes = [(time, batch, gates * units), (units, gates * units)] + [(units,)] * (gates == 3)
    shapes += [(batch, units)] * states
    chosen = {}
    for name in masks:
        width = draw(st.sampled_from([0, 1, units]))  # 0: no mask
        if width:
            mask = rng.random((time, batch, width)) < 0.6
            chosen[name] = mask if name.startswith("renew") else 2.0 * np.broadcast_to(mask, (time, batch, units))
    return [rng.normal(size=shape) for shape in shapes], chosen


LSTM = ("renew_h", "renew_c", "update_mask")
GRU = ("renew_h", "update_mask")


def compute(loop: Callable[..., Any], values: list[Any], masks: dict[str, Array]) -> tuple[Any, ...]:
    given_masks = {name: to_tensor(mask, values[0].dtype) for name, mask in masks.items()}
    result = loop(*values, **given_masks)
    return result if isinstance(result, tuple) else (result,)


def to_tensor(array: Array, dtype: Any) -> Any:
    return ops.convert_to_tensor(array, dtype="bool" if array.dtype == bool else dtype)


def assert_is(loop: Callable[..., Any], reference: Callable[..., Any], names: tuple[str, ...], example: Drawn) -> None:
    values, masks = example
    actual = compute(loop, [ops.convert_to_tensor(value, dtype="float32") for value in values], masks)
    expected = reference(*values, *(masks.get(name, np.ones((len(values[0]), 1, 1))) for name in names))
    for one, other in zip(actual, expected, strict=True):
        np.testing.assert_allclose(harness.to_numpy(one), other, rtol=1e-5, atol=1e-5)


def gradients(loop: Callable[..., Any], example: Drawn, dtype: str) -> list[Array]:
    values, masks = example

    def loss(tensors: list[Any]) -> Any:
        # Unlike weights for every number, and not a linear function.
        return sum(ops.sum(ops.sin(3.0 * output)) for output in compute(loop, tensors, masks))

    return harness.gradients(loss, [value.astype(dtype) for value in values])


def assert_gradient_is_automatic(loop: Callable[..., Any], example: Drawn) -> None:
    dtype, tolerance = PRECISION
    by_hand = gradients(loop, example, dtype)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ops, "custom_gradient", lambda forward: lambda *values: forward(*values)[0])
        automatic = gradients(loop, example, dtype)
    for one, other in zip(by_hand, automatic, strict=True):
        assert np.isfinite(one).all()
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


# Keras makes float64 float32 in many operations of JAX and PyTorch.
PRECISION = ("float64", 1e-10) if keras.backend.backend() == "tensorflow" else ("float32", 1e-4)


@harness.tried
@given(drawn(4, 2, LSTM))
def test_lstm_is_the_equations(example: Drawn) -> None:
    assert_is(lstm_loop, lstm_by_the_equations, LSTM, example)


@harness.tried
@given(drawn(3, 1, GRU))
def test_gru_is_the_equations(example: Drawn) -> None:
    assert_is(gru_loop, gru_by_the_equations, GRU, example)


@harness.tried
@given(drawn(4, 2, LSTM))
def test_the_gradient_of_lstm_is_the_automatic_one(example: Drawn) -> None:
    assert_gradient_is_automatic(lstm_loop, example)


@harness.tried
@given(drawn(3, 1, GRU))
def test_the_gradient_of_gru_is_the_automatic_one(example: Drawn) -> None:
    assert_gradient_is_automatic(gru_loop, example)


def test_a_gradient_may_be_differentiated_again() -> None:
    """As penalties on gradients want it."""
    tf = pytest.importorskip("tensorflow", reason="the nested tapes are TensorFlow's")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("the nested tapes are TensorFlow's")
    rng = np.random.default_rng(0)
    z, recurrent, state = (tf.constant(rng.normal(size=shape)) for shape in ((3, 2, 8), (2, 8), (2, 2)))

    def slope(z: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(z)
            total = tf.reduce_sum(lstm_loop(z, recurrent, state, state)[0] ** 2)
        return tape.gradient(total, z)

    with tf.GradientTape() as tape:
        tape.watch(z)
        size = tf.reduce_sum(slope(z) ** 2)
    direction, step = tf.constant(rng.normal(size=(3, 2, 8))), 1e-5
    ahead, behind = (tf.reduce_sum(slope(z + way * step * direction) ** 2) for way in (1, -1))
    expected = float((ahead - behind) / (2 * step))
    np.testing.assert_allclose(float(tf.reduce_sum(tape.gradient(size, z) * direction)), expected, rtol=1e-6)
