"""Self-attention pooling: many vectors to a few, each by a head of its own."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from ..checks import check_not_negative, check_whole
from ..masking import at_least_float32, check_mask, masked_softmax


@keras.saving.register_keras_serializable("seqsuite")
class SelfAttentionPooling(keras.layers.Layer):
    r"""Sums a sequence of vectors once for each head, each head with weights of its own.

    .. math::
        A = \mathrm{softmax}(W_2 \tanh(W_1 H^\top)) \qquad
        M = A H \qquad
        P = \lVert A A^\top - I \rVert_F^2

    The penalty drives the heads to different places. `penalty` times its mean over the examples that are not masked
    throughout is added to the model's loss.

    Args:
        heads: Number of rows in :math:`A`.
        units: Size of the hidden layer.
        penalty: Factor of :math:`P`.
        kernel_initializer: Of :math:`W_1` and :math:`W_2`.
        kernel_regularizer: Of both.
        **kwargs: As for every Keras layer.

    Call arguments:
        inputs: `[batch, time, features]`.
        mask: `[batch, time]`, boolean, True for the steps that count; None if all do.
        return_attention_scores: Whether to return the weights as well.

    Returns:
        `[batch, heads, features]`, and with `return_attention_scores` also the weights, `[batch, heads, time]`.

    Raises:
        ValueError: For sizes below 1, a negative penalty, inputs without a time axis, or a mask of another shape or
            that is not boolean.

    Example:
        >>> SelfAttentionPooling(heads=3, units=8, penalty=1.0)(ops.ones((2, 5, 4))).shape
        TensorShape([2, 3, 4])

    Reference:
        Lin et al. (2017), A Structured Self-attentive Sentence Embedding, equations 6 to 8.
    """

    def __init__(
        self,
        heads: int,
        units: int,
        penalty: float = 0.0,
        kernel_initializer: Any = "glorot_uniform",
        kernel_regularizer: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_whole("heads", heads)
        check_whole("units", units)
        check_not_negative("penalty", penalty)
        self.heads, self.units, self.penalty = heads, units, penalty
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.supports_masking = True

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the matrices, transposed: `W_1` is `[features, units]`, `W_2` is `[units, heads]`."""
        if len(input_shape) != 3 or input_shape[-1] is None:
            raise ValueError(f"inputs must be [batch, time, features] with a known number of features: {input_shape}")
        self.first = self.add_kernel("first", input_shape[-1], self.units)
        self.second = self.add_kernel("second", self.units, self.heads)

    def add_kernel(self, name: str, size: int, units: int) -> Any:
        """A matrix of weights."""
        start = self.kernel_initializer.clone()
        return self.add_weight(name=name, shape=(size, units), initializer=start, regularizer=self.kernel_regularizer)

    def call(self, inputs: Any, mask: Any = None, return_attention_scores: bool = False) -> Any:
        """The weighted sums over time."""
        check_mask(mask, inputs.shape[:-1])
        hidden = ops.tanh(ops.matmul(inputs, self.first))  # [batch, time, units]
        scores = ops.transpose(ops.matmul(hidden, self.second), (0, 2, 1))  # [batch, heads, time]
        weights = masked_softmax(scores, None if mask is None else ops.expand_dims(mask, 1))
        if self.penalty:
            self.add_loss(self.penalty * self.redundancy(weights))
        pooled = ops.matmul(ops.cast(weights, inputs.dtype), inputs)  # [batch, heads, features]
        return (pooled, weights) if return_attention_scores else pooled

    def redundancy(self, weights: Any) -> Any:
        """The mean of the penalty over the examples that have any weight."""
        overlap = ops.matmul(weights, ops.transpose(weights, (0, 2, 1))) - ops.eye(self.heads, dtype=weights.dtype)
        some = ops.cast(ops.any(weights > 0, axis=(1, 2)), weights.dtype)  # [batch]
        return ops.sum(ops.sum(ops.square(overlap), axis=(1, 2)) * some) / ops.maximum(ops.sum(some), 1)

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        """There is no time left to mask."""

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """`[batch, heads, features]`."""
        return (input_shape[0], self.heads, input_shape[2])

    def compute_output_spec(self, inputs: Any, mask: Any = None, return_attention_scores: bool = False) -> Any:
        """Shapes and types of what `call` returns."""
        check_mask(mask, inputs.shape[:-1])
        batch, time, _ = inputs.shape
        pooled = keras.KerasTensor(self.compute_output_shape(inputs.shape), dtype=self.compute_dtype)
        weights = keras.KerasTensor((batch, self.heads, time), dtype=at_least_float32(self.compute_dtype))
        return (pooled, weights) if return_attention_scores else pooled

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {
            **super().get_config(),
            "heads": self.heads,
            "units": self.units,
            "penalty": self.penalty,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
        }
