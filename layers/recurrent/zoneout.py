"""Zoneout around any cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from ..checks import cells_in, check_cell, check_rate

DIGITS = 3  # of base 256: whole numbers that bfloat16, the narrowest type of a state, holds exactly


@keras.saving.register_keras_serializable("seqsuite")
class Zoneout(keras.layers.Layer):
    r"""A cell some of whose units keep their previous value, each unit of each step at random.

    Where the cell makes of the state :math:`s_{t-1}` the state :math:`\tilde s_t`, the new state is, with rate `z`,

    .. math::
        s_t = d_t \odot s_{t-1} + (1 - d_t) \odot \tilde s_t \qquad d_t \sim \mathrm{Bernoulli}(z)

    in training, and otherwise its expectation, :math:`z s_{t-1} + (1 - z) \tilde s_t`. An output that is one of the
    cell's states, as in all of Keras's cells, is the zoned one; another output stays what the cell says.

    It is a cell itself, for `keras.layers.RNN`, `keras.layers.StackedRNNCells` and through these
    `keras.layers.Bidirectional`. Its masks are drawn from one more state, `[batch, 6]`, which holds a key and a count
    of steps and comes last: `get_initial_state` draws a new key. Who supplies an initial state himself takes that last
    one from there, or leaves it out where there is no training.

    `layers.LSTM` and `layers.GRU` have zoneout inside and are faster; this is for every other cell.

    Args:
        cell: Any cell without dropout of its own.
        rates: Between 0 and 1: one for all states, or one for each in the cell's order; for an LSTM,
            `(zoneout_h, zoneout_c)`.
        seed: Of the layer's own generator.
        **kwargs: As for every Keras layer.

    Call arguments:
        inputs: `[batch, features]`.
        states: As `get_initial_state` makes them.
        training: Whether to draw masks.

    Returns:
        The cell's output, and the states.

    Raises:
        ValueError: For something that is no cell, a cell with `dropout` or `recurrent_dropout`, with zoneout already,
            a rate outside [0, 1], another number of rates or states than the cell has states, and in training for
            states without the last one.

    Example:
        >>> import numpy as np
        >>> rnn = keras.layers.RNN(Zoneout(keras.layers.LSTMCell(8), rates=(0.5, 0.05)), return_sequences=True)
        >>> rnn(np.zeros((2, 5, 4)), training=True).shape
        TensorShape([2, 5, 8])

    Reference:
        Krueger et al. (2017), Zoneout: Regularizing RNNs by Randomly Preserving Hidden Activations, equations 2 to 6.
    """

    def __init__(
        self, cell: keras.layers.Layer, rates: float | Sequence[float], seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        check_cell(cell)
        if any(isinstance(one, Zoneout) for one in cells_in(cell)):
            raise ValueError("cell has zoneout already: give its rates there")
        self.cell, self.seed = cell, seed
        self.sizes = keras.tree.flatten(cell.state_size)
        self.rates = (
            tuple(rates) if isinstance(rates, Sequence) and not isinstance(rates, str) else (rates,) * len(self.sizes)
        )
        if len(self.rates) != len(self.sizes):
            raise ValueError(f"rates must be one number, or one for each of {len(self.sizes)} states, not {rates!r}")
        for rate in self.rates:
            check_rate("rates", rate)
        self.seed_generator = keras.random.SeedGenerator(seed)

    @property
    def state_size(self) -> list[Any]:
        """Sizes of the cell's states and, last, of the one that masks are drawn from."""
        return _with_last(self.cell.state_size, 2 * DIGITS)

    @property
    def output_size(self) -> int:
        """The cell's own, by default the size of its first state."""
        return getattr(self.cell, "output_size", None) or self.sizes[0]

    def get_initial_state(self, batch_size: Any = None) -> list[Any]:
        """The cell's initial states and, last, a new key with a count of 0: `[batch, 6]`."""
        own = getattr(self.cell, "get_initial_state", None)
        states = own(batch_size=batch_size) if own else self._zeros(batch_size)
        key = keras.random.randint((1, DIGITS), 0, 256, seed=self.seed_generator)
        last = ops.cast(ops.pad(key, [[0, 0], [0, DIGITS]]), self.compute_dtype)  # [1, 6]
        return _with_last(states, last + ops.zeros((batch_size, 1), self.compute_dtype))

    def _zeros(self, batch_size: Any) -> Any:
        """What Keras takes for the initial states of a cell that does not say."""
        return keras.tree.map_structure(
            lambda size: ops.zeros((batch_size, size), self.compute_dtype), self.cell.state_size
        )

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Builds the cell for inputs `[batch, features]`."""
        if not self.cell.built:
            self.cell.build(input_shape)

    def call(self, inputs: Any, states: Any, training: bool = False) -> tuple[Any, Any]:
        """One step."""
        given = keras.tree.flatten(states)
        before, last = given[: len(self.sizes)], given[len(self.sizes) :]
        self._check_states(given, training)
        output, after = self.cell(inputs, self._as_the_cell_has_them(before))
        after = keras.tree.flatten(after)
        if training:
            zoned, last = self._sampled(before, after, last[0])
        else:
            zoned = [_mixed(rate, *pair) for rate, *pair in zip(self.rates, before, after, strict=True)]
        # Known by identity: a cell whose output is a state returns one tensor twice.
        output = next((new for old, new in zip(after, zoned, strict=True) if old is output), output)
        return output, keras.tree.pack_sequence_as(states, [*zoned, *last])

    def _check_states(self, given: list[Any], training: bool) -> None:
        if len(given) == len(self.sizes) and training:
            raise ValueError(
                "states must end with the one that masks are drawn from while training: add the last of "
                "get_initial_state(batch_size) of this cell to yours"
            )
        if len(given) not in (len(self.sizes), len(self.sizes) + 1):
            raise ValueError(f"states must be {len(self.sizes)} and one to draw masks from, not {len(given)}")

    def _as_the_cell_has_them(self, states: list[Any]) -> Any:
        sizes = self.cell.state_size
        return keras.tree.pack_sequence_as(sizes, states) if keras.tree.is_nested(sizes) else states

    def _sampled(self, before: list[Any], after: list[Any], last: Any) -> tuple[list[Any], list[Any]]:
        """States of which a share is kept, and the state to draw the next masks from."""
        key, count = (ops.max(_number(digits)) for digits in ops.split(ops.cast(last, "int32"), 2, axis=-1))
        # The greatest count of the batch: that of an example stands still while it is masked.
        seed = _Seed(ops.cast(ops.stack([key, count]), self.seed_generator.state.dtype))
        drawn = keras.random.uniform((ops.shape(before[0])[0], sum(self.sizes)), dtype="float32", seed=seed)
        parts = _parts(drawn, self.sizes)
        zoned = [
            ops.where(part < rate, old, new)
            for part, rate, old, new in zip(parts, self.rates, before, after, strict=True)
        ]
        counted = ops.cast(_digits(count + 1), last.dtype)  # [3]
        return zoned, [ops.concatenate([last[:, :DIGITS], ops.zeros_like(last[:, DIGITS:]) + counted], axis=-1)]

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        cell = keras.saving.serialize_keras_object(self.cell)
        return {**super().get_config(), "cell": cell, "rates": list(self.rates), "seed": self.seed}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Zoneout:
        """The layer of a configuration."""
        cell = keras.saving.deserialize_keras_object(config["cell"], custom_objects=custom_objects)
        return cls(**{**config, "cell": cell})


class _Seed(keras.random.SeedGenerator):
    """One seed, computed; no variable is changed, which JAX forbids within a loop."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def next(self, ordered: bool = True) -> Any:
        """The seed."""
        return self.value


def _with_last(states: Any, last: Any) -> list[Any]:
    """One more in the end; in the last group where there are groups, for Keras looks for the output in its first."""
    if not keras.tree.is_nested(states):
        return [states, last]
    *others, final = states
    return [*others, [*final, last]] if keras.tree.is_nested(final) else [*others, final, last]


def _mixed(rate: float, before: Any, after: Any) -> Any:
    """The expectation."""
    return after if rate == 0 else before if rate == 1 else rate * before + (1 - rate) * after


def _parts(joined: Any, sizes: Sequence[int]) -> list[Any]:
    ends = [sum(sizes[: i + 1]) for i in range(len(sizes))]
    return [joined[:, end - size : end] for end, size in zip(ends, sizes, strict=True)]


def _number(digits: Any) -> Any:
    """`[..., 3]` to `[...]`."""
    return digits[..., 0] * 65536 + digits[..., 1] * 256 + digits[..., 2]


def _digits(number: Any) -> Any:
    """`[...]` to `[..., 3]`."""
    return ops.stack([number // 65536 % 256, number // 256 % 256, number % 256], axis=-1)
