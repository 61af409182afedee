"""Masks are checked, and a softmax gives masked places exactly nothing."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from layers.masking import at_least_float32, check_mask, masked_softmax, real_first, reordered
from tests.layers import harness

pytestmark = pytest.mark.filterwarnings("ignore:You are using a softmax over axis:UserWarning")

SHAPES = hnp.array_shapes(min_dims=1, max_dims=3, max_side=5)


@st.composite
def scores_and_mask(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    shape = draw(SHAPES)
    scores = draw(hnp.arrays("float32", shape, elements=st.floats(-1e4, 1e4, width=32)))
    return scores, draw(hnp.arrays(bool, shape))


def test_real_steps_come_first_and_keep_their_order() -> None:
    mask = harness.to_tensor(np.array([[False, True, False, True, True], [True] * 5, [False] * 5]))
    order = real_first(mask)
    assert harness.to_numpy(order).tolist() == [[1, 3, 4, 0, 2], list(range(5)), list(range(5))]
    assert harness.to_numpy(reordered(mask, order)).tolist() == [[True] * 3 + [False] * 2, [True] * 5, [False] * 5]
    values = np.arange(30.0).reshape(3, 5, 2)
    np.testing.assert_array_equal(
        harness.to_numpy(reordered(harness.to_tensor(values), order))[0], values[0][[1, 3, 4, 0, 2]]
    )


def softmax_of_unmasked(scores: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Row by row, over nothing but the unmasked places."""
    weights = np.zeros(scores.shape)
    for row in np.ndindex(scores.shape[:-1]):
        real = scores[row][mask[row]].astype("float64")
        if len(real):
            weights[row][mask[row]] = np.exp(real - real.max()) / np.exp(real - real.max()).sum()
    return weights


def softmax(scores: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
    return harness.to_numpy(masked_softmax(harness.to_tensor(scores), harness.to_tensor(mask)))


@harness.tried
@given(scores_and_mask())
def test_softmax_is_over_the_unmasked_places(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    scores, mask = drawn
    np.testing.assert_allclose(softmax(scores, mask), softmax_of_unmasked(scores, mask), atol=1e-6)


@harness.tried
@given(scores_and_mask())
def test_weights_sum_to_one_over_the_unmasked_places_and_are_zero_elsewhere(
    drawn: tuple[np.ndarray, np.ndarray],
) -> None:
    scores, mask = drawn
    weights = softmax(scores, mask)
    assert (weights[~mask] == 0).all()
    np.testing.assert_allclose(weights.sum(-1), mask.any(-1), atol=1e-6)


def test_without_a_mask_every_place_counts() -> None:
    scores = np.array([[0.0, np.log(3.0)]], "float32")
    np.testing.assert_allclose(softmax(scores, None), [[0.25, 0.75]], rtol=1e-6)


def test_a_huge_score_does_not_reach_through_the_mask() -> None:
    weights = softmax(np.array([[3e38, -3e38, 0.0]], "float32"), np.array([[False, False, True]]))
    np.testing.assert_array_equal(weights, [[0, 0, 1]])


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_weights_are_at_least_float32(dtype: str) -> None:
    scores = keras.ops.cast(np.array([[1.0, 2.0]]), dtype)
    assert keras.backend.standardize_dtype(masked_softmax(scores, None).dtype) == at_least_float32(dtype) == "float32"


def test_float64_stays() -> None:
    assert at_least_float32("float64") == "float64"


@pytest.mark.parametrize("shape", [(2, 3), (None, 3), (2, None), (None, None)])
def test_a_mask_that_fits_is_accepted(shape: tuple[int | None, ...]) -> None:
    check_mask(np.ones((2, 3), bool), shape)
    check_mask(keras.KerasTensor((None, 3), "bool"), shape)
    check_mask(None, shape)


@pytest.mark.parametrize("shape", [(2,), (2, 4), (3, 3), (2, 3, 1), (None, 4)])
def test_a_mask_of_another_shape_is_refused(shape: tuple[int | None, ...]) -> None:
    with pytest.raises(ValueError, match=r"mask must have the shape of the inputs without features, .*not \(2, 3\)"):
        check_mask(np.ones((2, 3), bool), shape)


def test_the_mask_is_refused_by_the_name_of_the_argument() -> None:
    wanted = r"^memory_mask must have the shape of the memory without features, \(2, 4\), not \(2, 3\)"
    with pytest.raises(ValueError, match=wanted):
        check_mask(np.ones((2, 3), bool), (2, 4), "memory_mask", "the memory")


def test_a_list_is_refused() -> None:
    with pytest.raises(ValueError, match="mask must be an array or a tensor, not list"):
        check_mask([[True, False]], (1, 2))


@pytest.mark.parametrize("dtype", ["float32", "int32"])
def test_a_mask_that_is_not_boolean_is_refused(dtype: str) -> None:
    with pytest.raises(ValueError, match=f"mask must be boolean, not {dtype}"):
        check_mask(np.ones((2, 3), dtype), (2, 3))
