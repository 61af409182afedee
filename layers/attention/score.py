"""What every attention score is: a layer that compares queries with keys."""

from __future__ import annotations

import abc
from typing import Any, ClassVar

import keras
from keras import ops


class Score(keras.layers.Layer, abc.ABC):
    """Compares every query with every key.

    A score is computed in two parts, so that a decoder pays for its memory once: `prepare` takes the keys as far as
    they go without a query, `compare` does the rest. Called as a layer it does both.

    Args:
        **kwargs: As for every Keras layer.

    Call arguments:
        query: `[batch, query_time, query_dim]`.
        key: `[batch, time, key_dim]`.

    Returns:
        `[batch, query_time, time]`.
    """

    has_hidden_layer: ClassVar[bool] = False  # whether `compare` takes features

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.autocast = False  # `prepare` and `compare` cast by themselves: they are called from outside of the layer

    @property
    def past(self) -> str | None:
        """What it needs of the steps before: "alignments" (of the last one), "coverage" (their sum), or None."""
        return None

    def prepare(self, key: Any) -> Any:
        """The part without a query, `[batch, time, any]`."""
        return key

    @abc.abstractmethod
    def compare(self, query: Any, keys: Any, features: Any = None) -> Any:
        """The scores `[batch, query_time, time]` of prepared keys, with features `[batch, 1, time, units]` added."""

    def call(self, query: Any, key: Any) -> Any:
        """The scores."""
        if self.past:
            raise ValueError(
                f"{type(self).__name__} needs the {self.past} of the steps before, which a score alone has not: "
                "use it in Attention or AttentionCell"
            )
        return self.compare(ops.cast(query, self.compute_dtype), self.prepare(ops.cast(key, self.compute_dtype)))

    def compute_output_shape(
        self, query_shape: tuple[int | None, ...], key_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        """`[batch, query_time, time]`."""
        return (*query_shape[:-1], key_shape[-2])

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        # Without a method of its own, Keras refuses the configuration of a layer that was given a policy object.
        return {**super().get_config()}


def projected(inputs: Any, kernel: Any) -> Any:
    """Inputs `[batch, time, size]` times a matrix `[size, units]`, in their type.

    The gradient of `ops.matmul` has, in a loop on TensorFlow, shapes that XLA cannot know; that of this has not.
    """
    return ops.einsum("btd,du->btu", inputs, ops.cast(kernel, inputs.dtype))


def check_sizes(name: str, query_shape: Any, key_shape: Any) -> tuple[int, int]:
    """The sizes of query and key, or a `ValueError` where one is unknown or an axis is missing."""
    for argument, shape in (("query", query_shape), ("key", key_shape)):
        if len(shape) != 3 or shape[-1] is None:
            raise ValueError(f"{name}: {argument} must be [batch, time, features] with known features, not {shape}")
    return query_shape[-1], key_shape[-1]
