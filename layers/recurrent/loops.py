"""What the loops of LSTM and GRU share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import accumulate
from typing import Any

import keras
from keras import ops

from ..scan import scan

Activation = Callable[[Any], Any]


def renewed(renew: Any, new: Any, old: Any) -> Any:
    """The new state where `renew` says so (boolean), or by the share that it says (float); None for everywhere."""
    if renew is None:
        return new
    if keras.backend.standardize_dtype(getattr(renew, "dtype", float)) == "bool":
        return ops.where(renew, new, old)
    return old + renew * (new - old)


def scan_by_index(step: Callable[..., Any], states: Any, inputs: Mapping[str, Any], reverse: bool = False) -> Any:
    """`ops.scan` over several tensors, `[time, ...]`: Keras's own takes but one of unknown length on TensorFlow.

    It copies nothing, but TensorFlow's automatic gradient would be quadratic in time.
    """

    def step_at(states: Any, t: Any) -> Any:
        return step(states, {name: part[t] for name, part in inputs.items()})

    time = ops.shape(next(iter(inputs.values())))[0]
    return scan(step_at, states, ops.arange(time), reverse=reverse)


def scan_packed(step: Callable[..., Any], states: Any, inputs: Mapping[str, Any]) -> Any:
    """`ops.scan` over several tensors, `[time, batch, ...]`, side by side in one; for automatic gradients.

    Numbers, which have no time axis, are given to each step as they are.
    """
    fixed = {name: part for name, part in inputs.items() if len(part.shape) == 0}
    parts = {name: part for name, part in inputs.items() if name not in fixed}
    if len(parts) == 1:
        ((name, only),) = parts.items()
        return scan(lambda states, part: step(states, {**fixed, name: part}), states, only)
    dtype = keras.backend.standardize_dtype(next(iter(parts.values())).dtype)
    packed = ops.concatenate([ops.cast(part, dtype) for part in parts.values()], axis=-1)
    borders = list(accumulate(part.shape[-1] for part in parts.values()))[:-1]

    def step_of(states: Any, packed: Any) -> Any:
        return step(states, {**fixed, **dict(zip(parts, ops.split(packed, borders, axis=-1), strict=True))})

    return scan(step_of, states, packed)


def before(first: Any, states: Any) -> Any:
    """The state that each step began with, `[time, batch, units]`."""
    return ops.concatenate([ops.expand_dims(first, 0), states[:-1]], axis=0)


def product_over_time(left: Any, right: Any) -> Any:
    """The sum over time and batch of the outer products, `[left units, right units]`."""
    flat = [ops.reshape(part, (-1, part.shape[-1])) for part in (left, right)]
    return ops.matmul(ops.transpose(flat[0]), flat[1])
