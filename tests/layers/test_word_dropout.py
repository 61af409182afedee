"""WordDropout makes words unknown at its rate, in training only, and never padding."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from layers import WordDropout
from tests.layers import harness
from tests.layers.harness import Case

MANY = np.full((100, 200), 7, "int32")
IDS = hnp.arrays("int32", hnp.array_shapes(min_dims=1, max_dims=3, max_side=6), elements=st.integers(0, 5))


@harness.properties(
    Case(
        "word-dropout",
        lambda: WordDropout(0.5, padding=3, unknown=4, seed=5),
        harness.words,
        keeps_time=(True,),
        masked=False,
        without=frozenset({"gradients_are_the_finite_differences"}),
    ),
)
def test_properties(holds: harness.Check) -> None:
    holds()


def dropped(layer: WordDropout, ids: np.ndarray, training: bool = True) -> np.ndarray:
    return harness.to_numpy(layer(ids, training=training))


@harness.tried
@given(IDS, st.floats(0, 1))
def test_nothing_happens_outside_training(ids: np.ndarray, rate: float) -> None:
    np.testing.assert_array_equal(dropped(WordDropout(rate), ids, training=False), ids)
    np.testing.assert_array_equal(harness.to_numpy(WordDropout(rate)(ids)), ids)


@harness.tried
@given(IDS)
def test_rate_0_drops_nothing(ids: np.ndarray) -> None:
    np.testing.assert_array_equal(dropped(WordDropout(0.0), ids), ids)


@harness.tried
@given(IDS, st.integers(0, 5), st.integers(6, 9))
def test_rate_1_drops_all_but_padding(ids: np.ndarray, padding: int, unknown: int) -> None:
    actual = dropped(WordDropout(1.0, padding, unknown), ids)
    np.testing.assert_array_equal(actual, np.where(ids == padding, padding, unknown))


@harness.tried
@given(IDS, st.floats(0, 1), st.integers(0, 2**31 - 1))
def test_each_id_stays_or_becomes_unknown_and_padding_stays(ids: np.ndarray, rate: float, seed: int) -> None:
    actual = dropped(WordDropout(rate, seed=seed), ids)
    assert actual.dtype == ids.dtype
    assert ((actual == ids) | (actual == 1)).all()
    assert (actual[ids == 0] == 0).all()


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_the_share_dropped_is_close_to_the_rate(rate: float) -> None:
    share = (dropped(WordDropout(rate, seed=1), MANY) == 1).mean()
    assert abs(share - rate) < 5 * np.sqrt(rate * (1 - rate) / MANY.size)  # 5 standard deviations


def test_words_are_dropped_independently_along_both_axes() -> None:
    """The share dropped of each row and of each column is close to the rate as well."""
    lost = dropped(WordDropout(0.5, seed=1), MANY) == 1
    for axis in (0, 1):
        assert abs(lost.mean(axis) - 0.5).max() < 5 * np.sqrt(0.25 / MANY.shape[axis])


def test_every_call_drops_other_words() -> None:
    layer = WordDropout(0.5, seed=1)
    assert (dropped(layer, MANY) != dropped(layer, MANY)).any()


class Dropping(keras.Model):
    """Drops words even as it predicts."""

    def __init__(self) -> None:
        super().__init__()
        self.dropout = WordDropout(0.5, seed=1)

    def call(self, inputs: Any) -> Any:
        return self.dropout(inputs, training=True)


def test_every_batch_of_a_compiled_model_drops_other_words() -> None:
    """In a graph: numbers drawn while tracing would be the same for ever."""
    model = Dropping()
    assert (model.predict_on_batch(MANY) != model.predict_on_batch(MANY)).any()


def test_the_same_seed_drops_the_same_words() -> None:
    one, other = WordDropout(0.5, seed=1), WordDropout(0.5, seed=1)
    for _ in range(2):
        np.testing.assert_array_equal(dropped(one, MANY), dropped(other, MANY))
    assert (dropped(WordDropout(0.5, seed=2), MANY) != dropped(WordDropout(0.5, seed=1), MANY)).any()


@pytest.mark.parametrize("rate", [-0.1, 1.1, float("nan")])
def test_a_rate_outside_0_and_1_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match=f"rate must lie between 0 and 1, not {rate!r}"):
        WordDropout(rate)
