"""MeanPooling is the mean of the unmasked steps."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from layers import MeanPooling
from tests.layers import harness
from tests.layers.harness import Case


@harness.properties(
    Case("mean", MeanPooling, harness.vectors),
    Case("mean-of-documents", MeanPooling, harness.documents, time_axis=2),
)
def test_properties(holds: harness.Check) -> None:
    holds()


def mean(inputs: np.ndarray, mask: np.ndarray | None, **options: str) -> np.ndarray:
    return harness.to_numpy(MeanPooling(**options)(inputs, mask=mask))


@st.composite
def inputs_and_mask(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    shape = draw(hnp.array_shapes(min_dims=3, max_dims=4, max_side=5))
    inputs = draw(hnp.arrays("float32", shape, elements=st.floats(-100, 100, width=32)))
    return inputs, draw(hnp.arrays(bool, shape[:-1]))


@harness.tried
@given(inputs_and_mask())
def test_it_is_the_mean_of_the_docstring(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    h, m = drawn
    expected = (m[..., None] * h.astype("float64")).sum(-2) / np.maximum(1, m.sum(-1))[..., None]
    np.testing.assert_allclose(mean(h, m), expected, rtol=1e-5, atol=1e-5)


def test_without_a_mask_every_step_counts() -> None:
    np.testing.assert_array_equal(mean(np.array([[[1.0], [3.0], [50.0]]], "float32"), None), [[18]])


def test_fully_masked_it_is_zero() -> None:
    np.testing.assert_array_equal(mean(np.full((1, 3, 2), 7.0, "float32"), np.zeros((1, 3), bool)), [[0, 0]])


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_long_sequences_do_not_overflow_half_precision(policy: str) -> None:
    """The sum, 90000, is more than float16 holds, and 3000 steps are more than it counts."""
    inputs, mask = np.full((1, 4000, 1), 30, "float32"), np.arange(4000)[None] < 3000
    np.testing.assert_array_equal(mean(inputs, mask, dtype=policy), [[30]])


@pytest.mark.parametrize("mask", [None, np.ones((1, 2), bool)])
def test_the_mean_of_whole_numbers_is_not_rounded(mask: np.ndarray | None) -> None:
    np.testing.assert_array_equal(mean(np.array([[[1], [2]]], "int32"), mask), [[1.5]])


@pytest.mark.parametrize("shape", [(2,), (2, 4), (3, 3), (2, 3, 4)])
def test_a_mask_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="mask must have the shape of the inputs without features"):
        MeanPooling()(np.zeros((2, 3, 4), "float32"), mask=np.ones(shape, bool))


def test_a_mask_that_is_not_boolean_is_refused() -> None:
    with pytest.raises(ValueError, match="mask must be boolean, not int32"):
        MeanPooling()(np.zeros((2, 3, 4), "float32"), mask=np.ones((2, 3), "int32"))


def test_it_ends_the_mask() -> None:
    masked = keras.layers.Masking()(np.ones((2, 3, 4), "float32"))
    assert getattr(MeanPooling()(masked), "_keras_mask", None) is None
