"""Batches of like length, answers in the order of the questions."""

import keras
import numpy as np
import pytest
from keras import ops

from apps.core.inference import BATCH, compiled, run_in_batches


@pytest.fixture(scope="module")
def model():
    ids = keras.Input([None], dtype="int32")
    return keras.Model(ids, {"sum": ops.sum(ids, axis=-1), "both": ops.stack([ids[:, 0], ids[:, 0] * 2], axis=-1)})


def test_the_order_is_kept(model):
    random = np.random.default_rng(0)
    arrays = [random.integers(1, 100, random.integers(1, 40)).astype(np.int32) for _ in range(3 * BATCH + 7)]
    outputs = run_in_batches(model, arrays)
    assert len(outputs) == len(arrays)
    for array, output in zip(arrays, outputs, strict=True):
        assert output["sum"] == array.sum()
        assert output["both"].tolist() == [array[0], 2 * array[0]]


def test_a_single_output_and_nested_inputs():
    ids = keras.Input([None, None], dtype="int32")
    model = keras.Model(ids, ops.max(ids, axis=(1, 2)))
    arrays = [np.full(shape, index, np.int32) for index, shape in enumerate([(3, 1), (1, 4), (2, 2), (1, 1)])]
    assert [int(output) for output in run_in_batches(model, arrays)] == [0, 1, 2, 3]


def test_nothing_to_do(model):
    assert run_in_batches(model, []) == []


def test_one_graph_for_all_lengths(model):
    run_in_batches(model, [np.ones(length, np.int32) for length in (1, 5, 900)] * 30)
    assert compiled(model) is compiled(model)
    assert compiled(model).experimental_get_tracing_count() == 1
