"""A loop over time that is fast and differentiable on every backend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops


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
    every state of every step there, and allows only outputs shaped like the states. On PyTorch, whose compiler cannot
    make that layer within a call, it is one of Python, as Keras's is there.

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
    if keras.backend.backend() == "torch":
        return _in_python(step, inputs, states)

    def flat_step(one: Any, flat: Any) -> tuple[Any, Any]:
        outputs, after = step(one, keras.tree.pack_sequence_as(states, list(flat)))
        return tuple(outputs), keras.tree.flatten(after)

    rnn = keras.layers.RNN(_Cell(flat_step), return_sequences=True)
    _, outputs, last = rnn.inner_loop(inputs, keras.tree.flatten(states), None)
    return outputs, keras.tree.pack_sequence_as(states, list(last))


def _in_python(step: Callable[[Any, Any], tuple[tuple[Any, ...], Any]], inputs: Any, states: Any) -> tuple[Any, Any]:
    found = []
    for one in ops.unstack(inputs, axis=1):
        outputs, states = step(one, states)
        found.append(outputs)
    return [ops.stack(steps, axis=1) for steps in zip(*found, strict=True)], states


def where_real(real: Any, after: Any, before: Any) -> Any:
    """The states after a real step, and those before at a masked one, for a mask `[batch]`."""

    def kept(new: Any, old: Any) -> Any:
        shape = (-1, *[1] * (len(new.shape) - 1))
        return ops.where(ops.reshape(real, shape), new, old)

    return keras.tree.map_structure(kept, after, before)


def only_real(real: Any, output: Any) -> Any:
    """An output, and 0 at masked steps, for a mask of its first axes."""
    for _ in output.shape[len(real.shape) :]:
        real = ops.expand_dims(real, -1)
    return ops.where(real, output, ops.zeros_like(output))


def packed(inputs: Any, mask: Any, noise: Any, dtype: str) -> Any:
    """Inputs, mask and noise side by side, `[batch, time, any]`: the loop takes one tensor."""
    parts = [inputs, ops.expand_dims(mask, -1), *([] if noise is None else [noise])]
    return ops.concatenate([ops.cast(part, dtype) for part in parts], axis=-1)


def unpacked(step: Any, size: int) -> tuple[Any, Any, Any]:
    """One step of inputs `[batch, size]`, mask `[batch]` and noise `[batch, any]`."""
    return step[:, :size], step[:, size] > 0.5, step[:, size + 1 :]
