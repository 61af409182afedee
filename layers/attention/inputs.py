"""What goes into attention and its decoder: checked, where static shapes show it."""

from __future__ import annotations

from typing import Any

from ..checks import fits
from ..masking import check_mask


def check_attended(query: Any, value: Any, key: Any, mask: Any, query_mask: Any) -> None:
    """Raises a `ValueError` for inputs and masks of `Attention` that do not fit."""
    if len(query.shape) not in (2, 3) or len(value.shape) != 3:
        raise ValueError(
            "query must be [batch, query_time, query_dim] or [batch, query_dim], and value [batch, time, dim], "
            f"not {tuple(query.shape)} and {tuple(value.shape)}"
        )
    check_places("value", value.shape)
    if not fits(query.shape[:1], value.shape[:1]):
        raise ValueError(f"query and value must have one batch size, not {query.shape[0]} and {value.shape[0]}")
    if key is not None and not fits(key.shape[:2], value.shape[:2]):
        wanted, given = tuple(value.shape[:2]), tuple(key.shape[:2])
        raise ValueError(f"key must have the batch and time of the value, {wanted}, not {given}")
    check_mask(mask, value.shape[:2], of="the value")
    if query_mask is not None and len(query.shape) == 2:
        raise ValueError("query_mask is for queries [batch, query_time, query_dim]; one step has none")
    check_mask(query_mask, query.shape[:2], "query_mask", "the query")


def check_decoded(inputs: Any, memory: Any, memory_mask: Any, mask: Any) -> None:
    """Raises a `ValueError` unless inputs, memory and masks of an `AttentionCell` fit together."""
    check_memory(memory, memory_mask)
    if len(inputs.shape) != 3:
        raise ValueError(f"inputs must be [batch, time, features], not {tuple(inputs.shape)}; for one step use step()")
    if not fits(inputs.shape[:1], memory.shape[:1]):
        raise ValueError(f"inputs and memory must have one batch size, not {inputs.shape[0]} and {memory.shape[0]}")
    check_mask(mask, inputs.shape[:2])


def check_memory(memory: Any, mask: Any = None) -> None:
    """Raises a `ValueError` unless there is a memory that can be attended to, and its mask is None or fits."""
    check_memory_shape(None if memory is None else memory.shape)
    check_mask(mask, memory.shape[:2], "memory_mask", "the memory")


def check_memory_shape(shape: Any) -> None:
    """Raises a `ValueError` unless there is a memory, with a known size and at least one place."""
    if shape is None:
        raise ValueError("memory must be given: what the decoder attends to, [batch, memory_time, dim]")
    if len(shape) != 3 or shape[-1] is None:
        raise ValueError(f"memory must be [batch, memory_time, dim] with a known dim, not {tuple(shape)}")
    check_places("memory", shape)


def check_places(name: str, shape: Any) -> None:
    """Raises a `ValueError` for a memory `[batch, time, dim]` of no places."""
    if shape[1] == 0:
        raise ValueError(f"{name} must have at least 1 place to attend to, but has 0: it is {tuple(shape)}")
