"""Masks: checked, and applied to scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from .checks import fits


def check_mask(mask: Any, shape: Sequence[int | None], name: str = "mask", of: str = "the inputs") -> None:
    """Raises a `ValueError` unless a mask is None, or boolean and of a shape (None: any size); it names both."""
    if mask is None:
        return
    if not hasattr(mask, "dtype"):
        raise ValueError(f"{name} must be an array or a tensor, not {type(mask).__name__}")
    if keras.backend.standardize_dtype(mask.dtype) != "bool":
        raise ValueError(f"{name} must be boolean, not {keras.backend.standardize_dtype(mask.dtype)}")
    wanted, given = tuple(shape), tuple(mask.shape)
    if not fits(given, wanted):
        raise ValueError(f"{name} must have the shape of {of} without features, {wanted}, not {given}")


def real_first(mask: Any) -> Any:
    """The order that puts each example's real steps first, `[batch, time]`, int32: real ones, then the masked."""
    time = ops.shape(mask)[1]
    steps = ops.arange(time, dtype="int32")
    return ops.cast(ops.argsort(ops.where(mask, steps, steps + time), axis=1), "int32")


def reordered(values: Any, order: Any) -> Any:
    """Of `[batch, time, ...]` those at places `[batch, time]`; unlike `ops.take_along_axis`, for XLA in a loop too."""
    batch, time = ops.shape(order)[0], ops.shape(order)[1]
    flat = ops.reshape(values, (-1, *values.shape[2:]))
    return ops.take(flat, order + ops.expand_dims(ops.arange(batch, dtype="int32") * time, 1), axis=0)


def masked_softmax(scores: Any, mask: Any) -> Any:
    """Softmax over the last axis in which masked places have weight exactly 0.

    Args:
        scores: `[..., time]`.
        mask: `[..., time]`, True for the places that count, or None.

    Returns:
        `[..., time]`, at least float32; a row that is masked throughout is 0 everywhere.
    """
    scores = ops.cast(scores, at_least_float32(keras.backend.standardize_dtype(scores.dtype)))
    if mask is None:
        return ops.softmax(scores, axis=-1)
    # The lowest finite number of every float type is below -1e38; of a fully masked row it leaves scores all equal.
    scores = ops.where(mask, scores, ops.full_like(scores, -1e38))
    return ops.where(mask, ops.softmax(scores, axis=-1), ops.zeros_like(scores))


def at_least_float32(dtype: str) -> str:
    """The type in which weights and scores are computed for inputs of a type: float32 or wider."""
    return "float32" if dtype in ("float16", "bfloat16") else keras.backend.standardize_dtype(dtype)
