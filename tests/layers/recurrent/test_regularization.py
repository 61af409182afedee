"""AR and TAR are those of Merity et al. (2017), over real steps."""

from __future__ import annotations

import re
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from layers.recurrent.regularization import ActivationRegularization
from tests.layers import harness
from tests.layers.harness import Case


@harness.properties(
    Case("regularization", lambda: ActivationRegularization(2.0, 1.0), harness.vectors, keeps_time=(True,), causal=True)
)
def test_properties(holds: harness.Check) -> None:
    holds()


def by_the_equations(h: np.ndarray, mask: np.ndarray, ar: float, tar: float) -> float:
    """Example by example, over nothing but its real steps."""
    real = [example[steps].astype("float64") for example, steps in zip(h, mask, strict=True)]
    squares = np.concatenate([steps.ravel() ** 2 for steps in real])
    changes = np.concatenate([np.diff(steps, axis=0).ravel() ** 2 for steps in real])
    return ar * (squares.mean() if squares.size else 0) + tar * (changes.mean() if changes.size else 0)


def added(layer: keras.layers.Layer, h: np.ndarray, mask: np.ndarray | None) -> list[float]:
    layer._clear_losses()
    layer(h, mask=None if mask is None else keras.ops.convert_to_tensor(mask), training=True)
    return [float(harness.to_numpy(loss)) for loss in layer.losses]


@st.composite
def inputs_and_mask(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    shape = draw(hnp.array_shapes(min_dims=3, max_dims=3, max_side=5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return rng.normal(size=shape).astype("float32"), draw(hnp.arrays(bool, shape[:-1]))


@harness.tried
@given(inputs_and_mask(), st.sampled_from([(2.0, 1.0), (0.0, 3.0), (0.5, 0.0)]))
def test_it_is_the_equations(drawn: tuple[np.ndarray, np.ndarray], weights: tuple[float, float]) -> None:
    (loss,) = added(ActivationRegularization(*weights), *drawn)
    np.testing.assert_allclose(loss, by_the_equations(*drawn, *weights), rtol=1e-4, atol=1e-6)


def test_without_a_mask_every_step_counts() -> None:
    h = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")
    (loss,) = added(ActivationRegularization(2.0, 1.0), h, None)
    np.testing.assert_allclose(loss, by_the_equations(h, np.ones((2, 5), bool), 2.0, 1.0), rtol=1e-5)


def test_content_of_masked_steps_changes_nothing_though_it_is_not_finite() -> None:
    h, mask = np.array([[[1.0], [np.inf], [4.0]]], "float32"), np.array([[True, False, True]])
    assert added(ActivationRegularization(2.0, 1.0), h, mask) == [2 * (1 + 16) / 2 + 9]


def test_in_half_precision_squares_do_not_overflow() -> None:
    with harness.dtype_policy("mixed_float16"):
        assert added(ActivationRegularization(1.0), np.full((1, 2, 1), 300.0, "float32"), None) == [90000.0]


def test_outside_training_and_at_weights_0_nothing_is_added() -> None:
    layer = ActivationRegularization(2.0, 1.0)
    layer(np.ones((2, 3, 4), "float32"))
    assert not layer.losses
    assert not added(ActivationRegularization(), np.ones((2, 3, 4), "float32"), None)


def test_it_joins_the_loss_of_a_model_of_any_length() -> None:
    inputs, mask = keras.Input((None, 3)), keras.Input((None,), dtype="bool")
    model = keras.Model([inputs, mask], ActivationRegularization(2.0, 1.0)(keras.layers.Dense(2)(inputs), mask=mask))
    model.compile("sgd", "mse")
    rng = np.random.default_rng(0)
    for size, time in ((3, 5), (2, 4), (2, 1)):
        data = [rng.normal(size=(size, time, 3)).astype("float32"), rng.random((size, time)) < 0.6]
        data[1][0] = False
        outputs = harness.to_numpy(model(data))
        real = data[1].any()  # the layer passes the mask on, so that Keras's mean is over real steps
        expected = ((outputs[data[1]] ** 2).mean() if real else 0) + by_the_equations(outputs, data[1], 2.0, 1.0)
        model.reset_metrics()  # else the mean over both batches
        loss = model.train_on_batch(data, np.zeros_like(outputs))
        np.testing.assert_allclose(float(loss), expected, rtol=1e-4)
        assert all(np.isfinite(weight).all() for weight in model.get_weights())


def test_gradients_are_finite_though_rows_are_masked() -> None:
    layer, mask = ActivationRegularization(2.0, 1.0), np.array([[False] * 3, [True, False, True]])

    def loss(values: list[Any]) -> Any:
        return layer._penalty(values[0], keras.ops.convert_to_tensor(mask))

    h = np.random.default_rng(0).normal(size=(2, 3, 2)).astype("float32")
    (slope,) = harness.gradients(loss, [h])
    np.testing.assert_array_equal(slope[~mask], 0)
    # 2 a h / 4 for AR over 2 steps of 2 features, 2 b (difference) / 2 for TAR over one pair
    np.testing.assert_allclose(slope[1, 0], h[1, 0] + (h[1, 0] - h[1, 2]), rtol=1e-4)


@pytest.mark.parametrize("name", ["ar", "tar"])
@pytest.mark.parametrize("weight", [-0.5, float("nan")])
def test_a_negative_weight_is_refused(name: str, weight: float) -> None:
    with pytest.raises(ValueError, match=re.escape(f"{name} must be 0 or more, not {weight!r}")):
        ActivationRegularization(**{name: weight})


def test_inputs_without_time_and_masks_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"inputs must be \[batch, time, features\], not \(2, 3\)"):
        ActivationRegularization(1.0)(np.ones((2, 3), "float32"))
    with pytest.raises(ValueError, match="mask must have the shape of the inputs without features"):
        ActivationRegularization(1.0)(np.ones((2, 3, 4), "float32"), mask=np.ones((2, 4), bool))
