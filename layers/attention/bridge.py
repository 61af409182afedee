"""The first state of a decoder, from its encoder or from what it looks at."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from ..checks import fits
from ..masking import at_least_float32
from ..recurrent.zoneout import Zoneout


def flat_sizes(cell: Any) -> list[int]:
    """The sizes of a cell's states, in order."""
    return [int(size) for size in keras.tree.flatten(cell.state_size)]


def is_stack(cell: Any) -> bool:
    """Whether a cell, or the one that it wraps, is several cells, each with states of its own."""
    return hasattr(cell, "cells") or (hasattr(cell, "cell") and is_stack(cell.cell))


def is_drawn(cell: Any) -> list[bool]:
    """Which of a cell's states, in order, are keys to draw masks from; `Zoneout` alone has these."""
    if isinstance(cell, Zoneout):
        return [False] * len(cell.sizes) + [True]
    if hasattr(cell, "cells"):
        return [drawn for one in cell.cells for drawn in is_drawn(one)]
    return [False] * len(flat_sizes(cell))


def repacked(cell: Any, flat: list[Any]) -> list[Any]:
    """States in the nesting that the cell takes."""
    sizes = cell.state_size
    return keras.tree.pack_sequence_as(list(sizes) if isinstance(sizes, list | tuple) else [sizes], flat)


def masked_mean(memory: Any, mask: Any, dtype: str) -> Any:
    """The mean of the unmasked places of `[batch, time, dim]`, `[batch, dim]`; 0 where all are masked."""
    if mask is None:
        return ops.mean(ops.cast(memory, dtype), axis=1)
    counted = ops.expand_dims(ops.cast(mask, dtype), -1)
    return ops.sum(ops.cast(memory, dtype) * counted, axis=1) / ops.maximum(ops.sum(counted, axis=1), 1)


def check_batch(states: list[Any], memory: Any) -> None:
    """Raises a `ValueError` unless states `[batch, size]` have the memory's batch."""
    for state in states:
        if len(state.shape) != 2 or not fits(state.shape[:1], memory.shape[:1]):
            wanted = f"[batch, size] with the batch size of the memory, {memory.shape[0]}"
            raise ValueError(f"initial_state must be {wanted}, not {tuple(state.shape)}")


class Bridge:
    """Makes a cell's first state; a part of `AttentionCell`, which tracks its dense layers.

    Args:
        cell: The recurrent cell.
        kind: None, True, False or "mean", as `AttentionCell` takes it.
        policy: The dtype policy.
    """

    def __init__(self, cell: Any, kind: Any, policy: Any) -> None:
        if kind not in (None, True, False, "mean"):
            raise ValueError(f"bridge must be None, True, False or 'mean', not {kind!r}")
        self.cell, self.kind, self.policy = cell, kind, policy
        self.all_sizes, self.drawn = flat_sizes(cell), is_drawn(cell)
        self.sizes = [size for size, drawn in zip(self.all_sizes, self.drawn, strict=True) if not drawn]
        self.given: list[int] | None = None  # sizes of the encoder's states

    def layers(self, given_shapes: Any, memory_size: int) -> list[keras.layers.Layer]:
        """The dense layers, built, one for each state of the cell; none if the states are taken as they are."""
        self.given = None if given_shapes is None else [int(shape[-1] or 0) for shape in shapes_in(given_shapes)]
        if self.kind == "mean":
            size = memory_size
        elif self.given and (self.kind or (self.kind is None and not self.is_own(self.given))):
            size = sum(self.given)
        else:
            return []
        dense = [
            keras.layers.Dense(units, activation="tanh", dtype=self.policy, name=f"bridge_{place}")
            for place, units in enumerate(self.sizes)
        ]
        for layer in dense:
            layer.build((None, size))
        return dense

    def state(self, dense: list[Any], given: Any, memory: Any, mask: Any, dtype: str) -> list[Any]:
        """The cell's first state, from the encoder's states (nested), from the memory, or of zeros."""
        flat = [] if given is None else keras.tree.flatten(given)
        check_batch(flat, memory)
        if self.kind == "mean":
            if flat:
                raise ValueError("initial_state cannot be combined with bridge='mean', which makes it from the memory")
            mean = ops.cast(masked_mean(memory, mask, at_least_float32(dtype)), dtype)
            flat = [layer(mean) for layer in dense]
        elif not flat:
            batch = ops.shape(memory)[0]
            flat = [ops.zeros((batch, size), dtype=dtype) for size in self.sizes]
        elif dense:
            self.check_given(flat)
            joined = ops.concatenate([ops.cast(one, dtype) for one in flat], axis=-1)
            flat = [layer(joined) for layer in dense]
        else:
            self.check_same(flat)
        if len(flat) < len(self.drawn):
            flat = self.with_new_keys(flat, ops.shape(memory)[0])
        return repacked(self.cell, [ops.cast(one, dtype) for one in flat])

    def with_new_keys(self, flat: list[Any], batch: Any) -> list[Any]:
        """The states with those that the cell draws masks from, without which all calls had the same masks."""
        own, new = iter(flat), keras.tree.flatten(self.cell.get_initial_state(batch_size=batch))
        return [one if drawn else next(own) for one, drawn in zip(new, self.drawn, strict=True)]

    def is_own(self, sizes: list[int]) -> bool:
        """Whether sizes are those of the cell's states, with those that it draws from or without."""
        return sizes in (self.sizes, self.all_sizes)

    def check_given(self, flat: list[Any]) -> None:
        """Raises a `ValueError` unless states are of the sizes for which the bridge was made."""
        sizes = [state.shape[-1] for state in flat]
        if sizes != self.given:
            raise ValueError(f"initial_state must have the sizes {self.given} the bridge was made for, not {sizes}")

    def check_same(self, flat: list[Any]) -> None:
        """Raises a `ValueError` unless states are of the cell's sizes."""
        sizes = [state.shape[-1] for state in flat]
        if not self.is_own(sizes):
            raise ValueError(
                f"initial_state must have the cell's sizes {self.sizes}, not {sizes}; for a learned projection use "
                "bridge=True, and give the states when the layer is built"
            )


def shapes_in(nested: Any) -> list[tuple[int | None, ...]]:
    """All shapes in nested lists of them."""
    if all(size is None or isinstance(size, int) for size in nested):
        return [tuple(nested)]
    values = nested.values() if isinstance(nested, dict) else nested
    return [shape for one in values for shape in shapes_in(one)]
