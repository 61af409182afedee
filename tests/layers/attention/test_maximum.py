"""MaxPooling is the maximum of the unmasked steps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from layers import MaxPooling
from tests.layers import harness
from tests.layers.harness import Case


@harness.properties(
    Case("maximum", MaxPooling, harness.vectors),
    Case("maximum-of-documents", MaxPooling, harness.documents, time_axis=2),
)
def test_properties(holds: harness.Check) -> None:
    holds()


def maximum(inputs: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
    return harness.to_numpy(MaxPooling()(inputs, mask=mask))


@st.composite
def inputs_and_mask(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    shape = draw(hnp.array_shapes(min_dims=3, max_dims=4, max_side=5))
    inputs = draw(hnp.arrays("float32", shape, elements=st.floats(-100, 100, width=32)))
    return inputs, draw(hnp.arrays(bool, shape[:-1]))


@harness.tried
@given(inputs_and_mask())
def test_it_is_the_maximum_of_the_docstring(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    h, m = drawn
    counted = np.where(m[..., None], h, -np.inf).max(-2)
    np.testing.assert_array_equal(maximum(h, m), np.where(m.any(-1)[..., None], counted, 0))


def test_without_a_mask_every_step_counts() -> None:
    np.testing.assert_array_equal(maximum(np.array([[[1.0], [50.0], [3.0]]], "float32"), None), [[50]])


@pytest.mark.parametrize("shape", [(2,), (2, 4), (3, 3), (2, 3, 4)])
def test_a_mask_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="mask must have the shape of the inputs without features"):
        MaxPooling()(np.zeros((2, 3, 4), "float32"), mask=np.ones(shape, bool))
