"""Arguments checked by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from keras import ops


def check_whole(name: str, value: Any, least: int = 1) -> None:
    """Raises a `ValueError` unless a value is a whole number of at least `least`."""
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, not {value!r}")


def check_rate(name: str, value: Any) -> None:
    """Raises a `ValueError` unless a value is a number from 0 to 1."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1:
        raise ValueError(f"{name} must lie between 0 and 1, not {value!r}")


def check_not_negative(name: str, value: Any) -> None:
    """Raises a `ValueError` unless a value is a number of at least 0."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < float("inf"):
        raise ValueError(f"{name} must be 0 or more, not {value!r}")


def check_cell(cell: Any) -> None:
    """Raises a `ValueError` unless this is a cell without dropout, in the cells that it is made of too."""
    if not isinstance(cell, keras.layers.Layer) or not hasattr(cell, "state_size"):
        raise ValueError(f"cell must be a Keras layer with state_size, such as keras.layers.LSTMCell, not {cell!r}")
    for one in cells_in(cell):
        for name in ("dropout", "recurrent_dropout"):
            if getattr(one, name, 0):
                raise ValueError(
                    f"cell must have no {name} of its own, not {getattr(one, name)}: Keras freezes the mask of a cell "
                    "inside another layer. Drop inputs and outputs outside of the cell "
                    "(keras.layers.SpatialDropout1D), states by Zoneout, weights by WeightDrop"
                )


def cells_in(cell: Any) -> Iterator[Any]:
    """A cell, and those that it stacks or wraps, and so on."""
    yield cell
    for inner in (*getattr(cell, "cells", ()), *([cell.cell] if hasattr(cell, "cell") else [])):
        yield from cells_in(inner)


def fits(given: Any, wanted: Any) -> bool:
    """Whether two static shapes may be one (None: any size)."""
    return len(given) == len(wanted) and all(a == b or None in (a, b) for a, b in zip(given, wanted, strict=True))


def numbers_of(tensor: Any) -> np.ndarray | None:
    """The numbers of a tensor; None in a graph, which has none yet."""
    try:
        return np.asarray(ops.convert_to_numpy(tensor))
    except (TypeError, NotImplementedError, AttributeError):  # each backend's answer to a symbol
        return None
