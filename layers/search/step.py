"""What every search shares: the model's step, checked; what its state records; what a search returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import keras
from keras import ops

from ..checks import check_whole, fits

Step = Callable[[Any, Any], tuple[Any, Any]]
Record = Callable[[Any], Any]


class SearchResult(NamedTuple):
    """What a search found for each example, best first (samples: in the order drawn).

    Attributes:
        sequences: `[batch, beams, time]`, int32, without the start token; from the end token on all are end tokens.
        scores: `[batch, beams]`, what the beams are ranked by: the log probabilities with all penalties.
        log_probs: `[batch, beams]`, the model's own log probability of each sequence, its end token included.
        lengths: `[batch, beams]`, int32, tokens of each sequence, its end token included.
        finished: `[batch, beams]`, boolean, False for one cut off at the maximum length.
        recorded: For each tensor of what `record` returned, `[batch, beams, time, ...]`, by the history of each beam
            and 0 after its end; None without `record`.

    Where fewer sequences are possible than asked for, the beams left over are of length 0 and score -inf.
    """

    sequences: Any
    scores: Any
    log_probs: Any
    lengths: Any
    finished: Any
    recorded: Any


def per_beam(tree: Any, beams: int) -> Any:
    """Repeats each example's row once a beam: `[batch, ...]` to `[batch * beams, ...]`.

    A step sees the rows of all beams. What it reads and never changes, such as an encoder's outputs, is best left out
    of the state and closed over in this form: the search then need not reorder it at every step.

    Args:
        tree: Any nested structure of tensors `[batch, ...]`.
        beams: Rows for each example.

    Returns:
        The same structure, the rows of one example side by side.

    Raises:
        ValueError: For fewer than 1 beam.

    Example:
        >>> import numpy as np
        >>> print(ops.convert_to_numpy(per_beam(np.array([3, 5]), 2)))
        [3 3 5 5]
    """
    check_whole("beams", beams, 1)
    return keras.tree.map_structure(lambda value: ops.repeat(ops.convert_to_tensor(value), beams, axis=0), tree)


def float_type() -> str:
    """The type in which log probabilities are summed: float32 or wider."""
    return str(keras.backend.result_type("float32", keras.backend.floatx()))


@dataclass(frozen=True)
class Stepper:
    """The model's step over the state as a flat list of tensors, with all that it returns checked.

    Args:
        step: `tokens [rows], state -> log_probs [rows, vocabulary], state`.
        structure: A state, for its structure.
        end: The end token.
    """

    step: Step
    structure: Any
    end: int

    def __call__(self, tokens: Any, leaves: list[Any]) -> tuple[Any, list[Any]]:
        """Log probabilities (-inf for NaN) and the next state."""
        returned = self.step(tokens, self.state(leaves))
        if not isinstance(returned, tuple | list) or len(returned) != 2:
            raise ValueError(f"step must return (log_probs, state), not {type(returned).__name__}")
        log_probs, state = returned
        self.check_log_probs(log_probs, tokens)
        log_probs = ops.stop_gradient(ops.cast(log_probs, float_type()))
        forbidden = ops.full_like(log_probs, -float("inf"))
        return ops.where(ops.isnan(log_probs), forbidden, log_probs), self.checked_leaves(state, leaves)

    def state(self, leaves: list[Any]) -> Any:
        """The state of these tensors."""
        return keras.tree.pack_sequence_as(self.structure, leaves)

    def check_log_probs(self, log_probs: Any, tokens: Any) -> None:
        """Raises a `ValueError` unless log probabilities are `[rows, vocabulary]` with a place for the end token."""
        shape = tuple(log_probs.shape)
        if len(shape) != 2 or shape[1] is None or not fits(shape[:1], tokens.shape):
            wanted = f"({tokens.shape[0]}, vocabulary)"
            raise ValueError(f"step must return log_probs of shape [batch * beams, vocabulary], {wanted}, not {shape}")
        if self.end >= shape[1]:
            raise ValueError(f"end must be a token of the vocabulary of {shape[1]}, not {self.end}")

    def checked_leaves(self, state: Any, before: list[Any]) -> list[Any]:
        """The tensors of a new state, which must be like those before."""
        try:
            keras.tree.assert_same_structure(self.structure, state)
        except (ValueError, TypeError) as error:
            raise ValueError(f"step must return a state of the structure that it is given: {error}") from error
        after = [ops.convert_to_tensor(leaf) for leaf in keras.tree.flatten(state)]
        for old, new in zip(before, after, strict=True):
            if described(old)[1] != described(new)[1] or not fits(tuple(new.shape), tuple(old.shape)):
                kinds = "of {}, {}, became {}, {}".format(*described(old), *described(new))
                raise ValueError(f"step must keep the shape and type of every tensor of the state: one {kinds}")
        # A step may lose static sizes, which the loop of TensorFlow does not take.
        return [
            ops.stop_gradient(new if tuple(new.shape) == tuple(old.shape) else ops.reshape(new, ops.shape(old)))
            for old, new in zip(before, after, strict=True)
        ]


def described(tensor: Any) -> tuple[tuple[int | None, ...], str]:
    """Shape and type."""
    return tuple(tensor.shape), keras.backend.standardize_dtype(tensor.dtype)


def initial(state: Any, start: Any, rows_each: int) -> tuple[Any, list[Any]]:
    """The first tokens and the tensors of the state, repeated for the rows of each example.

    Args:
        state: Any nested structure of tensors `[batch, ...]`.
        start: A token, or one for each example, `[batch]`.
        rows_each: Rows for each example.

    Returns:
        Tokens `[rows]` and a list of tensors `[rows, ...]`.
    """
    leaves = [as_rows(leaf) for leaf in keras.tree.flatten(state)]
    tokens = ops.cast(ops.convert_to_tensor(start), "int32")
    if len(tokens.shape) == 0:
        if not leaves:
            raise ValueError("start must be [batch] where the state is empty: nothing else tells the batch size")
        tokens = ops.broadcast_to(tokens, (ops.shape(leaves[0])[0],))
    if len(tokens.shape) != 1 or not all(fits(tuple(leaf.shape[:1]), tuple(tokens.shape)) for leaf in leaves):
        sizes = [leaf.shape[0] for leaf in leaves]
        raise ValueError(
            f"start, {tuple(tokens.shape)}, and the state must have one batch size; the state's are {sizes}"
        )
    return per_beam(tokens, rows_each), per_beam(leaves, rows_each)


def as_rows(leaf: Any) -> Any:
    """A tensor of the state, which must have a batch axis."""
    tensor = None if leaf is None else ops.convert_to_tensor(leaf)
    if tensor is None or len(tensor.shape) == 0:
        raise ValueError(f"state must hold nothing but tensors [batch, ...], not {leaf!r}: repeat what is one for all")
    return tensor


class Records:
    """What the state recorded at each step, kept unordered until the search is over.

    Args:
        record: Takes a state, returns any nested structure of tensors `[rows, ...]`; None to keep nothing.
        state: A state, for what is recorded of it to be measured.
        time: Steps to make room for.
    """

    def __init__(self, record: Record | None, state: Any, time: int) -> None:
        self.record, self.time = record, time
        self.structure = None if record is None else record(state)

    def empty(self) -> list[Any]:
        """Room for all steps, `[time, rows, ...]` each."""
        if self.record is None:
            return []
        leaves = [ops.convert_to_tensor(leaf) for leaf in keras.tree.flatten(self.structure)]
        return [ops.zeros((self.time, *ops.shape(leaf)), dtype=described(leaf)[1]) for leaf in leaves]

    def add(self, kept: list[Any], t: Any, state: Any) -> list[Any]:
        """With what the state records at step t."""
        if self.record is None:
            return kept
        now = keras.tree.flatten(self.record(state))
        place = ops.reshape(t, (1, 1))
        return [ops.scatter_update(all_, place, ops.expand_dims(one, 0)) for all_, one in zip(kept, now, strict=True)]

    def of(self, kept: list[Any], rows: Any, lengths: Any) -> Any:
        """What each beam recorded.

        Args:
            kept: Tensors `[time, rows, ...]`.
            rows: `[batch, beams, time]`, the row in which each beam was at each step.
            lengths: `[batch, beams]`.

        Returns:
            The structure that `record` returns, of tensors `[batch, beams, time, ...]`, 0 after each beam's end.
        """
        if self.record is None:
            return None
        steps = ops.arange(self.time, dtype="int32")
        real = steps < ops.expand_dims(lengths, -1)  # [batch, beams, time]
        return keras.tree.pack_sequence_as(self.structure, [self.gathered(one, rows, real, steps) for one in kept])

    def gathered(self, kept: Any, rows: Any, real: Any, steps: Any) -> Any:
        """Of one tensor `[time, rows, ...]`, the rows of each beam, `[batch, beams, time, ...]`."""
        size = ops.shape(kept)[1]
        values = ops.take(ops.reshape(kept, (-1, *ops.shape(kept)[2:])), steps * size + rows, axis=0)
        real = ops.reshape(real, (*ops.shape(real), *(1 for _ in kept.shape[2:])))
        return ops.where(real, values, ops.zeros_like(values))
