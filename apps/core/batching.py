"""Batches of examples of like length, so that little of a batch is padding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf

CHUNK = 50
"""Batches that are sorted by length together: many give little padding, few give more randomness."""


def bucket(lengths: Sequence[int], batch_size: int, seed: int | None) -> list[np.ndarray]:
    """Groups examples of like length into batches.

    Args:
        lengths: Of each example.
        batch_size: Examples to a batch.
        seed: Draws which examples meet and the order of the batches; None sorts all by length, and the last batch may
            then have fewer. With a seed all batches are of one size, as a training step of known batch size takes a
            quarter less time: what the last one lacks is filled up with examples that are met twice.

    Returns:
        The indices of each batch's examples.

    Example:
        >>> bucket([5, 1, 4, 2], 2, seed=None)
        [array([1, 3]), array([2, 0])]
    """
    size = np.asarray(lengths)
    if seed is None:
        order = np.argsort(size, kind="stable")
        return [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
    random = np.random.default_rng(seed)
    batch_size = min(batch_size, max(len(size), 1))
    order = np.resize(random.permutation(len(size)), -(-len(size) // batch_size) * batch_size)
    chunks = [order[start : start + CHUNK * batch_size] for start in range(0, len(order), CHUNK * batch_size)]
    batches = [
        by_length[start : start + batch_size]
        for chunk in chunks
        for by_length in [chunk[np.argsort(size[chunk], kind="stable")]]
        for start in range(0, len(by_length), batch_size)
    ]
    return [batches[index] for index in random.permutation(len(batches))]


def to_dataset(
    batches: Sequence[Any], make: Callable[[Any], tuple[Any, ...]], signature: tuple[tf.TensorSpec, ...]
) -> tf.data.Dataset:
    """A dataset that makes its batches as they are needed, of known number.

    Args:
        batches: What each batch is made from, such as indices.
        make: Returns a batch's arrays.
        signature: Their specs; lengths that vary are None, or every new one would retrace the training step.
    """
    import tensorflow as tf

    def generate() -> Any:
        for batch in batches:
            yield make(batch)

    dataset = tf.data.Dataset.from_generator(generate, output_signature=signature)
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(len(batches))).prefetch(4)
    return dataset.with_options(no_autotune())


def no_autotune() -> tf.data.Options:
    """Options that spare each epoch up to 5 seconds: with autotuning, TensorFlow 2.21 waits at an iterator's end."""
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    return options
