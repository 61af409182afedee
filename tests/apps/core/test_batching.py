"""Batches hold every example once, and little padding."""

import math

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.batching import CHUNK, bucket, to_dataset

LENGTHS = st.lists(st.integers(0, 1000), max_size=300)
SEEDS = st.none() | st.integers(0, 2**64)


@settings(deadline=None)
@given(LENGTHS, st.integers(1, 40), SEEDS)
def test_every_index(lengths, batch_size, seed):
    batches = bucket(lengths, batch_size, seed)
    met = [int(index) for batch in batches for index in batch]
    assert len(batches) == math.ceil(len(lengths) / batch_size)
    if seed is None:
        assert sorted(met) == list(range(len(lengths)))
        assert all(1 <= len(batch) <= batch_size for batch in batches)
    else:
        assert set(met) == set(range(len(lengths)))
        assert {len(batch) for batch in batches} <= {min(batch_size, len(lengths))}
        assert len(met) - len(lengths) < batch_size


@settings(deadline=None)
@given(LENGTHS, st.integers(1, 40), SEEDS)
def test_the_same_seed_gives_the_same_order(lengths, batch_size, seed):
    first, second = bucket(lengths, batch_size, seed), bucket(lengths, batch_size, seed)
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


def test_every_seed_gives_another_order():
    orders = {tuple(np.concatenate(bucket(range(100), 4, seed)).tolist()) for seed in range(10)}
    assert len(orders) == 10


def test_seeds_change_which_examples_meet():
    lengths = np.random.default_rng(0).integers(1, 50, 2000)
    meetings = [{frozenset(batch.tolist()) for batch in bucket(lengths, 4, seed)} for seed in (1, 2)]
    assert len(meetings[0] & meetings[1]) < 50


def test_without_a_seed_all_are_sorted_by_length():
    lengths = [3, 1, 2, 1, 3, 2, 1]
    assert [batch.tolist() for batch in bucket(lengths, 3, None)] == [[1, 3, 6], [2, 5, 0], [4]]


def padding(lengths, batches):
    """The share of the batches' positions that are padding."""
    padded = sum(lengths[batch].max() * len(batch) for batch in batches)
    return 1 - lengths.sum() / padded


@pytest.mark.parametrize(("seed", "most"), [(None, 0.01), (1, 0.04), (2, 0.04)])
def test_little_is_padding(seed, most):
    lengths = np.random.default_rng(0).integers(1, 200, 5000)
    unsorted = np.split(np.random.default_rng(1).permutation(5000), 5000 // 20)
    assert padding(lengths, unsorted) > 0.4
    assert padding(lengths, bucket(lengths, 20, seed)) < most


def test_lengths_come_in_no_order():
    lengths = np.arange(CHUNK * 8)
    first = [int(lengths[batch].max()) for batch in bucket(lengths, 8, seed=3)]
    assert first != sorted(first)
    assert abs(np.corrcoef(first, range(len(first)))[0, 1]) < 0.5


def test_a_dataset_of_known_number():
    made = []

    def make(batch):
        made.append(batch)
        return np.full((batch, batch + 1), batch, np.int32), np.zeros(batch, np.float32)

    signature = (tf.TensorSpec([None, None], tf.int32), tf.TensorSpec([None], tf.float32))
    dataset = to_dataset([2, 5, 1], make, signature)
    assert made == []
    assert dataset.element_spec == signature
    assert int(dataset.cardinality()) == 3
    for _ in range(2):
        shapes = [(ids.shape, targets.shape) for ids, targets in dataset.as_numpy_iterator()]
        assert shapes == [((2, 3), (2,)), ((5, 6), (5,)), ((1, 2), (1,))]
    assert made == [2, 5, 1] * 2
