"""What LSTM and GRU share: the rates of their noise, the masks drawn from them, and the way through a sequence."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from ..masking import check_mask

NOT_HERE = {
    "dropout": "input_dropout (one mask over time)",
    "recurrent_dropout": "weight_drop, zoneout_h or update_dropout",
    "unroll": "step() for a model of one step",
}
"""Arguments of Keras's layers that these refuse, and what to use in their place."""


class Noisy(keras.layers.RNN, abc.ABC):
    """Mixed into `keras.layers.LSTM` and `GRU`: noise by name, drawn once a call, and a loop of our own.

    A subclass names its rates in `rates`, and has `run`.
    """

    rates: tuple[str, ...]

    def __init__(self, units: int, seed: int | None, weight_drop_rows: bool, noise: dict[str, float], **kwargs: Any):
        for name, instead in NOT_HERE.items():
            if kwargs.pop(name, False):
                raise ValueError(f"{name} is not an argument of {type(self).__name__}; use {instead}")
        for name, rate in noise.items():
            if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate <= 1:
                raise ValueError(f"{name} must be a rate between 0 and 1, not {rate!r}")
        super().__init__(units, seed=seed, **kwargs)
        for name, rate in noise.items():
            setattr(self, name, float(rate))
        self.weight_drop_rows = bool(weight_drop_rows)
        self.noise_seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def inner_loop(self, sequences: Any, initial_state: Any, mask: Any, training: bool = False) -> Any:
        """What `keras.layers.RNN` calls: the last output, all outputs `[batch, time, units]`, and the last states."""
        mask = mask[0] if isinstance(mask, list | tuple) else mask
        check_mask(mask, sequences.shape[:2])
        inputs = ops.transpose(self.locked_dropout(sequences, "input_dropout", training), (1, 0, 2))
        real = None if mask is None else ops.expand_dims(ops.transpose(mask), -1)  # [time, batch, 1]
        if self.go_backwards:
            inputs, real = ops.flip(inputs, 0), None if real is None else ops.flip(real, 0)
        outputs, states = self.run(inputs, initial_state, real, bool(training))
        if self.zero_output_for_mask and real is not None:
            outputs = ops.where(real, outputs, ops.zeros_like(outputs))
        outputs = self.locked_dropout(ops.transpose(outputs, (1, 0, 2)), "output_dropout", training)
        return outputs[:, -1], outputs, states

    @abc.abstractmethod
    def run(self, inputs: Any, states: Sequence[Any], real: Any, training: bool) -> tuple[Any, list[Any]]:
        """Outputs `[time, batch, units]` and last states, for inputs `[time, batch, features]`."""

    def step(self, inputs: Any, states: Sequence[Any]) -> tuple[Any, list[Any]]:
        """One step of inference, for streams.

        Args:
            inputs: `[batch, features]`.
            states: As `get_initial_state(batch_size)` or the last step gave them.

        Returns:
            The output, `[batch, units]`, and the new states.

        Raises:
            ValueError: For a layer that goes backwards: it needs the end of a stream first.
        """
        if self.go_backwards:
            raise ValueError("go_backwards: a layer that goes backwards has no step")
        inputs = ops.expand_dims(ops.convert_to_tensor(inputs, dtype=self.compute_dtype), 0)
        outputs, states = self.run(inputs, states, None, False)
        return outputs[0], states

    def projected(self, inputs: Any, kernel: Any, bias: Any) -> Any:
        """The inputs' part of all gates, `[time, batch, gates]`, in one product for all steps."""
        kernel = ops.cast(kernel, self.compute_dtype)
        if bias is None:
            return ops.matmul(inputs, kernel)
        # As a row of the matrix, the bias and its gradient cost no passes of their own over all steps.
        ones = ops.ones_like(inputs[..., :1])
        rows = ops.concatenate([kernel, ops.expand_dims(ops.cast(bias, self.compute_dtype), 0)], axis=0)
        return ops.matmul(ops.concatenate([inputs, ones], axis=-1), rows)

    def recurrent_matrix(self, training: bool) -> Any:
        """The recurrent matrix, with weight-drop in training."""
        matrix = ops.cast(self.cell.recurrent_kernel, self.compute_dtype)
        if not (training and self.weight_drop):
            return matrix
        shape = (matrix.shape[0], 1) if self.weight_drop_rows else matrix.shape
        return matrix * self.factors(shape, self.weight_drop)

    def locked_dropout(self, sequences: Any, name: str, training: bool) -> Any:
        """Dropout of `[batch, time, features]` with one mask over time."""
        rate = getattr(self, name)
        if not (training and rate):
            return sequences
        return sequences * self.factors((ops.shape(sequences)[0], 1, sequences.shape[-1]), rate)

    def renewals(self, rates: Sequence[float], shape: Any, real: Any, training: bool) -> list[Any]:
        """For each rate of zoneout where its state is renewed, boolean; None for everywhere.

        Without training it is the share by which the state is renewed, as zoneout expects it.
        """
        if not training:
            return [real if not rate else share_of(1 - rate, real, self.compute_dtype) for rate in rates]
        if not any(rates):
            return [real] * len(rates)
        # One number, for half the cost, decides on two states: it is below the first rate where the first is kept, and
        # in an interval as long as the second rate, of which the first rate's share lies there, where the second is.
        drawn = keras.random.uniform(shape, dtype="float32", seed=self.seed_generator)
        first, *second = rates
        renew = [drawn >= first]
        for rate in second:
            start = first * (1 - rate)
            renew.append(ops.logical_or(drawn < start, drawn >= start + rate))
        return [
            real if not rate else each if real is None else ops.logical_and(each, real)
            for rate, each in zip(rates, renew, strict=True)
        ]

    def factors(self, shape: Any, rate: float) -> Any:
        """Factors of dropout: 0 with probability `rate`, otherwise what keeps the mean."""
        kept = keras.random.uniform(shape, dtype="float32", seed=self.seed_generator) >= rate
        return ops.cast(kept, self.compute_dtype) * (1 / (1 - rate) if rate < 1 else 0.0)

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        config = {**super().get_config(), "seed": self.noise_seed, "weight_drop_rows": self.weight_drop_rows}
        for name in NOT_HERE:
            config.pop(name)
        return config | {name: getattr(self, name) for name in self.rates}


def share_of(share: float, real: Any, dtype: str) -> Any:
    """A share at every real step, 0 elsewhere."""
    return ops.cast(share, dtype) if real is None else share * ops.cast(real, dtype)
