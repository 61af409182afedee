"""A loop over time that is fast and differentiable on every backend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras


class _Cell:
    """A step as `keras.layers.RNN` takes it."""

    state_size = 1

    def __init__(self, call: Callable[[Any, Any], tuple[Any, Any]]) -> None:
        self.call = call

    def __call__(self, inputs: Any, states: Any) -> tuple[Any, Any]:
        return self.call(inputs, states)


def over_time(step: Callable[[Any, Any], tuple[tuple[Any, ...], Any]], inputs: Any, states: Any) -> tuple[Any, Any]:
    """Steps through a sequence.

    The loop is that of `keras.layers.RNN`: `keras.ops.scan` cannot be differentiated under XLA on TensorFlow, stores
    every state of every step there, and allows only outputs shaped like the states.

    Args:
        step: Takes `[batch, features]` and states; returns a tuple of outputs, `[batch, ...]`, and states.
        inputs: `[batch, time, features]`.
        states: Nested tensors, each of which keeps its shape and type.

    Returns:
        The outputs, each `[batch, time, ...]`, and the last states.

    Raises:
        ValueError: For no steps.
    """
    if inputs.shape[1] == 0:
        raise ValueError("a loop over time needs at least 1 step, but there are none")

    def flat_step(one: Any, flat: Any) -> tuple[Any, Any]:
        outputs, after = step(one, keras.tree.pack_sequence_as(states, list(flat)))
        return tuple(outputs), keras.tree.flatten(after)

    rnn = keras.layers.RNN(_Cell(flat_step), return_sequences=True)
    _, outputs, last = rnn.inner_loop(inputs, keras.tree.flatten(states), None)
    return outputs, keras.tree.pack_sequence_as(states, list(last))


def where_real(real: Any, after: Any, before: Any) -> Any:
    """The states after a real step, and those before at a masked one, for a mask `[batch]`."""

    def kept(new: Any, old: Any) -> Any:
        shape = (-1, *[1] * (len(new.shape) - 1))
        return keras.ops.where(keras.ops.reshape(real, shape), new, old)

    return keras.tree.map_structure(kept, after, before)
