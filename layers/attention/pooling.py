"""Additive attention pooling: many vectors to one."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from ..checks import check_whole
from ..masking import at_least_float32, check_mask, masked_softmax


@keras.saving.register_keras_serializable("seqsuite")
class AttentionPooling(keras.layers.Layer):
    r"""Sums a sequence of vectors, each weighted by how much it matters.

    With inputs :math:`h_t`, a learned projection :math:`W, b` and a learned context vector :math:`v`:

    .. math::
        u_t = \tanh(W h_t + b) \qquad
        \alpha_t = \frac{\exp(u_t^\top v)}{\sum_{s} \exp(u_s^\top v)} \qquad
        c = \sum_t \alpha_t h_t

    Masked steps have weight exactly 0, wherever they lie; of a sequence that is masked throughout, all weights and the
    result are 0. The weights are computed in float32 (or wider) under every dtype policy.

    Args:
        units: Size of the projection; None for that of the inputs.
        kernel_initializer: Of `W`.
        bias_initializer: Of `b`.
        context_initializer: Of `v`.
        kernel_regularizer: Of `W`.
        **kwargs: As for every Keras layer.

    Call arguments:
        inputs: `[..., time, features]`, for example `[batch, time, features]`.
        mask: `[..., time]`, boolean, True for the steps that count; None if all do.
        return_attention_scores: Whether to return the weights as well.

    Returns:
        `[..., features]`, and with `return_attention_scores` also the weights, `[..., time]`.

    Raises:
        ValueError: For units below 1, inputs without a time axis, or a mask of another shape or that is not boolean.

    Example:
        >>> import numpy as np
        >>> hidden = np.random.default_rng(0).normal(size=(2, 5, 4)).astype("float32")
        >>> mask = np.array([[True, True, False, False, True], [True] * 5])
        >>> context, weights = AttentionPooling(8)(hidden, mask=mask, return_attention_scores=True)
        >>> context.shape, weights.shape
        (TensorShape([2, 4]), TensorShape([2, 5]))

    Reference:
        Yang et al. (2016), Hierarchical Attention Networks for Document Classification, equations 5 to 7.
    """

    def __init__(
        self,
        units: int | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        context_initializer: Any = "glorot_uniform",
        kernel_regularizer: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if units is not None:
            check_whole("units", units)
        self.units = units
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.context_initializer = keras.initializers.get(context_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.supports_masking = True

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes `W`, `b` and `v` for inputs `[..., time, features]`."""
        if len(input_shape) < 3 or input_shape[-1] is None:
            raise ValueError(f"inputs must be [..., time, features] with a known number of features, not {input_shape}")
        features = input_shape[-1]
        units = self.units or features
        self.kernel = self.add_weight(
            name="kernel",
            shape=(features, units),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
        )
        self.bias = self.add_weight(name="bias", shape=(units,), initializer=self.bias_initializer)
        self.context = self.add_weight(name="context", shape=(units, 1), initializer=self.context_initializer)

    def call(self, inputs: Any, mask: Any = None, return_attention_scores: bool = False) -> Any:
        """The weighted sum over time."""
        check_mask(mask, inputs.shape[:-1])
        u = ops.tanh(ops.matmul(inputs, self.kernel) + self.bias)  # [..., time, units]
        scores = ops.squeeze(ops.matmul(u, self.context), -1)  # [..., time]
        weights = masked_softmax(scores, mask)  # [..., time]
        # The sum is a matrix product of one row: [..., 1, time] x [..., time, features].
        context = ops.squeeze(ops.matmul(ops.expand_dims(ops.cast(weights, inputs.dtype), -2), inputs), -2)
        return (context, weights) if return_attention_scores else context

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        """There is no time left to mask."""

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """`[..., features]`."""
        return (*input_shape[:-2], input_shape[-1])

    def compute_output_spec(self, inputs: Any, mask: Any = None, return_attention_scores: bool = False) -> Any:
        """Shapes and types of what `call` returns."""
        check_mask(mask, inputs.shape[:-1])
        context = keras.KerasTensor(self.compute_output_shape(inputs.shape), dtype=self.compute_dtype)
        weights = keras.KerasTensor(inputs.shape[:-1], dtype=at_least_float32(self.compute_dtype))
        return (context, weights) if return_attention_scores else context

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {
            **super().get_config(),
            "units": self.units,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
            "context_initializer": keras.initializers.serialize(self.context_initializer),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
        }
