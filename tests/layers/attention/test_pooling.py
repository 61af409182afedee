"""AttentionPooling is equations 5 to 7 of Yang et al. (2016), over the unmasked steps."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from layers import AttentionPooling
from tests.layers import harness
from tests.layers.harness import Case

pytestmark = pytest.mark.filterwarnings("ignore:You are using a softmax over axis:UserWarning")


def pooling() -> AttentionPooling:
    return AttentionPooling(4, "he_normal", "ones", "he_uniform", keras.regularizers.L2(0.1))


WITH_SCORES = {"return_attention_scores": True}


@harness.properties(
    Case("pooling", AttentionPooling, harness.vectors),
    Case("pooling-with-scores", pooling, harness.vectors, keeps_time=(False, True), options=WITH_SCORES),
    Case("pooling-of-documents", pooling, harness.documents, time_axis=2),
)
def test_properties(holds: harness.Check) -> None:
    holds()


def attend(layer: AttentionPooling, inputs: np.ndarray, mask: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    context, weights = layer(inputs, mask=mask, return_attention_scores=True)
    return harness.to_numpy(context), harness.to_numpy(weights)


def attend_by_the_equations(
    layer: AttentionPooling, inputs: np.ndarray, mask: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Sequence by sequence, over nothing but its unmasked steps."""
    kernel, bias, v = (weight.astype("float64") for weight in layer.get_weights())
    contexts, weights = np.zeros((*inputs.shape[:-2], inputs.shape[-1])), np.zeros(inputs.shape[:-1])
    for row in np.ndindex(inputs.shape[:-2]):
        h = inputs[row][mask[row]].astype("float64")  # [unmasked, features]
        u = np.tanh(h @ kernel + bias)  # [unmasked, units]
        alpha = np.exp(u @ v[:, 0]) / np.exp(u @ v[:, 0]).sum()  # [unmasked]
        contexts[row] = alpha @ h
        weights[row][mask[row]] = alpha
    return contexts, weights


@st.composite
def inputs_and_mask(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    shape = draw(hnp.array_shapes(min_dims=3, max_dims=4, max_side=4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return rng.normal(size=shape).astype("float32"), draw(hnp.arrays(bool, shape[:-1]))


def random_pooling(units: int | None, features: int) -> AttentionPooling:
    """With weights away from zero."""
    layer, rng = AttentionPooling(units), np.random.default_rng(1)
    layer.build((None, None, features))
    layer.set_weights([rng.normal(size=weight.shape) for weight in layer.weights])
    return layer


UNITS = st.none() | st.integers(1, 5)


@harness.tried
@given(inputs_and_mask(), UNITS)
def test_it_is_the_equations(drawn: tuple[np.ndarray, np.ndarray], units: int | None) -> None:
    layer = random_pooling(units, drawn[0].shape[-1])
    for actual, expected in zip(attend(layer, *drawn), attend_by_the_equations(layer, *drawn), strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-5)


@harness.tried
@given(inputs_and_mask(), UNITS)
def test_weights_sum_to_one_and_are_exactly_zero_where_masked(
    drawn: tuple[np.ndarray, np.ndarray], units: int | None
) -> None:
    inputs, mask = drawn
    _, weights = attend(random_pooling(units, inputs.shape[-1]), inputs, mask)
    assert (weights >= 0).all()
    assert (weights[~mask] == 0).all()
    np.testing.assert_allclose(weights.sum(-1), mask.any(-1), atol=1e-6)


def test_without_a_mask_every_step_counts() -> None:
    layer, inputs = pooling(), np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")
    actual = attend(layer, inputs, None)
    for one, expected in zip(actual, attend_by_the_equations(layer, inputs, np.ones((2, 5), bool)), strict=True):
        np.testing.assert_allclose(one, expected, rtol=1e-4, atol=1e-5)


def test_fully_masked_weights_and_result_are_zero() -> None:
    context, weights = attend(pooling(), np.full((1, 3, 2), 7.0, "float32"), np.zeros((1, 3), bool))
    np.testing.assert_array_equal(context, [[0, 0]])
    np.testing.assert_array_equal(weights, [[0, 0, 0]])


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_weights_are_float32_under_a_mixed_policy(policy: str) -> None:
    _, weights = AttentionPooling(dtype=policy)(np.ones((1, 3, 2), "float32"), return_attention_scores=True)
    assert keras.backend.standardize_dtype(weights.dtype) == "float32"


def test_units_default_to_the_features() -> None:
    layer = AttentionPooling()
    layer.build((None, None, 3))
    assert [tuple(weight.shape) for weight in layer.weights] == [(3, 3), (3,), (3, 1)]


def test_initializers_and_regularizer_are_used() -> None:
    layer = AttentionPooling(2, "ones", keras.initializers.Constant(2), keras.initializers.Constant(3), "l2")
    layer.build((None, None, 4))
    for weight, value in zip(layer.get_weights(), (1, 2, 3), strict=True):
        np.testing.assert_array_equal(weight, np.full_like(weight, value))
    np.testing.assert_allclose([harness.to_numpy(loss) for loss in layer.losses], [0.01 * 8], rtol=1e-6)


@pytest.mark.parametrize("units", [0, -3, 2.0, "4"])
def test_units_that_are_no_size_are_refused(units: Any) -> None:
    with pytest.raises(ValueError, match=f"units must be a whole number of at least 1, not {units!r}"):
        AttentionPooling(units)


@pytest.mark.parametrize("shape", [(2, 3), (2,), (2, 3, None)])
def test_inputs_without_time_or_known_features_are_refused(shape: tuple[int | None, ...]) -> None:
    with pytest.raises(ValueError, match=r"inputs must be \[\.\.\., time, features\] with a known number of features"):
        AttentionPooling().build(shape)


def test_inputs_without_time_are_refused_in_a_call() -> None:
    with pytest.raises(ValueError, match=r"inputs must be \[\.\.\., time, features\]"):
        AttentionPooling()(np.zeros((2, 3), "float32"))


@pytest.mark.parametrize("shape", [(2,), (2, 4), (3, 3), (2, 3, 4)])
def test_a_mask_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="mask must have the shape of the inputs without features"):
        AttentionPooling()(np.zeros((2, 3, 4), "float32"), mask=np.ones(shape, bool))


def test_a_mask_of_another_shape_is_refused_in_a_functional_model() -> None:
    inputs, mask = keras.Input((3, 4)), keras.Input((5,), dtype="bool")
    with pytest.raises(ValueError, match="mask must have the shape of the inputs without features"):
        AttentionPooling()(inputs, mask=mask)


def test_a_mask_that_is_not_boolean_is_refused() -> None:
    with pytest.raises(ValueError, match="mask must be boolean, not float32"):
        AttentionPooling()(np.zeros((2, 3, 4), "float32"), mask=np.ones((2, 3), "float32"))


def test_it_ends_the_mask() -> None:
    masked = keras.layers.Masking()(np.ones((2, 3, 4), "float32"))
    assert getattr(AttentionPooling()(masked), "_keras_mask", None) is None
