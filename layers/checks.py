"""Arguments checked by name."""

from __future__ import annotations

from typing import Any

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


def fits(given: Any, wanted: Any) -> bool:
    """Whether two static shapes may be one (None: any size)."""
    return len(given) == len(wanted) and all(a == b or None in (a, b) for a, b in zip(given, wanted, strict=True))


def numbers_of(tensor: Any) -> np.ndarray | None:
    """The numbers of a tensor; None in a graph, which has none yet."""
    try:
        return np.asarray(ops.convert_to_numpy(tensor))
    except (TypeError, NotImplementedError, AttributeError):  # each backend's answer to a symbol
        return None
