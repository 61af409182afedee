"""Runs a model on any number of inputs of unequal length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from .batching import bucket
from .text import pad

BATCH = 64
MOST_NUMBERS = 1_000_000
"""In a batch, unless one input alone has more."""


@lru_cache(maxsize=8)
def compiled(model: Any) -> Any:
    """The model as one graph for all lengths; eagerly, its loops over time would run step by step in Python."""
    import tensorflow as tf

    signature = tf.TensorSpec(model.inputs[0].shape, model.inputs[0].dtype)
    return tf.function(lambda batch: model(batch, training=False), input_signature=[signature])


def run_in_batches(model: Any, arrays: Sequence[np.ndarray]) -> list[Any]:
    """The model's output for each input array, computed in batches of like length.

    Args:
        model: Of one input; its output is a tensor or a dictionary of tensors, batch first.
        arrays: One an example, without the batch axis, zero-padded as needed.

    Returns:
        For each example its output (or dictionary of outputs), in the order of the inputs.
    """
    import tensorflow as tf

    run = compiled(model)
    outputs: list[Any] = [None] * len(arrays)
    for group in groups_of([array.size for array in arrays]):
        batch = tf.nest.map_structure(np.asarray, run(pad([arrays[index] for index in group])))
        for row, index in enumerate(group):
            outputs[index] = tf.nest.map_structure(lambda values, row=row: values[row], batch)
    return outputs


def groups_of(sizes: Sequence[int]) -> Iterator[np.ndarray]:
    """The indices of inputs that are run together: of like size, and so few that they take little memory."""
    for group in bucket(sizes, BATCH, seed=None):
        fitting = max(1, MOST_NUMBERS // max(sizes[group[-1]], 1))  # the last is the longest
        yield from (group[start : start + fitting] for start in range(0, len(group), fitting))
