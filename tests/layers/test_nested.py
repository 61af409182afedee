"""Nested is its layer applied to each sequence of a document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from layers import AttentionPooling, Nested
from tests.layers import harness
from tests.layers.harness import Case

pytestmark = pytest.mark.filterwarnings("ignore:You are using a softmax over axis:UserWarning")


def last_state() -> Nested:
    return Nested(keras.layers.LSTM(4))


def every_state() -> Nested:
    return Nested(keras.layers.LSTM(4, return_sequences=True, dropout=0.5))


def both_ways() -> Nested:
    return Nested(keras.layers.Bidirectional(keras.layers.GRU(2, return_sequences=True)))


def pooled() -> Nested:
    return Nested(AttentionPooling(2))


@harness.properties(
    Case("nested-last-state", last_state, harness.documents, time_axis=2),
    Case(
        "nested-every-state",
        every_state,
        harness.documents,
        time_axis=2,
        keeps_time=(True,),
        without=frozenset({"a_compiled_step_of_training_equals_an_eager_one"}),  # it drops at random
    ),
    Case("nested-bidirectional", both_ways, harness.documents, time_axis=2, keeps_time=(True,)),
)
def test_properties(holds: harness.Check) -> None:
    holds()


@st.composite
def documents_and_masks(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    shape = draw(st.tuples(*[st.integers(1, 3)] * 3, st.just(3)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return rng.normal(size=shape).astype("float32"), draw(hnp.arrays(bool, shape[:-1]))


@pytest.mark.parametrize("make", [last_state, every_state, both_ways, pooled])
@pytest.mark.parametrize("with_mask", [True, False])
def test_it_is_the_layer_applied_to_each_sequence(make: Callable[[], Nested], with_mask: bool) -> None:
    nested = make()

    @settings(deadline=None, max_examples=5 if harness.ON_TENSORFLOW else 2)
    @given(documents_and_masks())
    def holds(drawn: tuple[np.ndarray, np.ndarray]) -> None:
        inputs, mask = drawn
        outputs = harness.to_numpy(nested(inputs, mask=mask if with_mask else None))
        for example, sequence in np.ndindex(inputs.shape[:2]):
            own_mask = mask[example, sequence][None] if with_mask else None
            expected = harness.to_numpy(nested.layer(inputs[example, sequence][None], mask=own_mask))
            np.testing.assert_allclose(outputs[example, sequence], expected[0], rtol=1e-4, atol=1e-5)

    holds()


class Echo(keras.layers.Layer):
    """Gives the mask back, and keeps `training` to be looked at."""

    supports_masking = True

    def call(self, inputs: Any, mask: Any = None, training: bool | None = None) -> Any:
        self.training_was = training
        return inputs if mask is None else keras.ops.cast(mask, "float32")


def test_it_passes_the_mask_on() -> None:
    mask = np.arange(24).reshape(2, 3, 4) % 5 < 3
    outputs = Nested(Echo())(np.zeros((2, 3, 4, 5), "float32"), mask=mask)
    np.testing.assert_array_equal(harness.to_numpy(outputs), mask)


def test_without_a_mask_it_passes_none_on() -> None:
    inputs = np.random.default_rng(0).normal(size=(2, 3, 4, 5)).astype("float32")
    np.testing.assert_array_equal(harness.to_numpy(Nested(Echo())(inputs)), inputs)


@pytest.mark.parametrize("training", [True, False])
def test_it_passes_training_on(training: bool) -> None:
    nested = Nested(Echo())
    nested(np.zeros((1, 1, 2, 3), "float32"), training=training)
    assert nested.layer.training_was is training


def test_its_weights_are_the_layers() -> None:
    nested = last_state()
    nested.build((None, None, None, 3))
    assert nested.trainable_weights == nested.layer.trainable_weights
    assert len(nested.trainable_weights) == 3


@pytest.mark.parametrize("shape", [(2, 3, 4), (2, 3), (2, 3, 4, 5, 6)])
def test_inputs_that_have_not_four_axes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"inputs must be \[batch, sequences, time, features\], not \(2, 3"):
        last_state()(np.zeros(shape, "float32"))
