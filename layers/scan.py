"""The loop over time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops


def scan(step: Callable[..., Any], states: Any, inputs: Any, reverse: bool = False) -> Any:
    """`keras.ops.scan`; on TensorFlow steps may overlap, which is a tenth faster than one after the other.

    (Keras's argument for it, `unroll`, means copies of the step on JAX: slower to compile, and to run.)
    """
    overlapping = 4 if keras.backend.backend() == "tensorflow" else 1
    return ops.scan(step, states, inputs, reverse=reverse, unroll=overlapping)
