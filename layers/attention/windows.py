"""Where attention may look: positions that masks do not move, and windows around a place."""

from __future__ import annotations

from typing import Any

from keras import ops


def positions(mask: Any) -> Any:
    """The number of unmasked places before each one, `[batch, time]`, whole, for a mask `[batch, time]`."""
    return ops.cumsum(ops.cast(mask, "int32"), axis=1) - ops.cast(mask, "int32")


def length(mask: Any) -> Any:
    """The number of unmasked places, `[batch]`, whole."""
    return ops.sum(ops.cast(mask, "int32"), axis=1)


def first_place(mask: Any) -> Any:
    """True at the first unmasked place, `[batch, time]`."""
    return ops.logical_and(mask, ops.equal(positions(mask), 0))


def window(centre: Any, mask: Any, width: int) -> Any:
    """The unmasked places at most `width` from the centre `[batch, query_time]`: `[batch, query_time, time]`."""
    return ops.logical_and(ops.expand_dims(mask, 1), ops.abs(distance(centre, mask)) <= width)


def distance(centre: Any, mask: Any) -> Any:
    """How far each place lies behind the centre, `[batch, query_time, time]`."""
    return ops.cast(ops.expand_dims(positions(mask), 1), centre.dtype) - ops.expand_dims(centre, 2)


def own_step(step: Any, mask: Any, dtype: str) -> Any:
    """The centre of local-m: the query's own step, at most the last place; `[batch, query_time]`."""
    return ops.cast(ops.minimum(step, ops.expand_dims(ops.maximum(length(mask) - 1, 0), 1)), dtype)


def predicted(logits: Any, mask: Any) -> Any:
    """The centre of local-p, `S sigmoid(logits)`, `[batch, query_time]`."""
    return ops.expand_dims(ops.cast(length(mask), logits.dtype), 1) * ops.sigmoid(logits)


def gaussian(centre: Any, mask: Any, width: int) -> Any:
    """A bell of height 1 around the centre, of standard deviation `width / 2`, `[batch, query_time, time]`."""
    return ops.exp(-ops.square(distance(centre, mask)) / (2 * (width / 2) ** 2))
