"""The mean over time: attention that looks everywhere alike."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from ..masking import at_least_float32, check_mask


@keras.saving.register_keras_serializable("seqsuite")
class MeanPooling(keras.layers.Layer):
    r"""The mean of the steps that are not masked.

    .. math:: c = \frac{\sum_t m_t h_t}{\max(1, \sum_t m_t)}

    Of a sequence that is masked throughout the mean is 0, where `keras.layers.GlobalAveragePooling1D` gives NaN.

    Call arguments:
        inputs: `[..., time, features]`.
        mask: `[..., time]`, boolean, True for the steps that count; None if all do.

    Returns:
        `[..., features]`.

    Raises:
        ValueError: For a mask of another shape or that is not boolean.

    Example:
        >>> import numpy as np
        >>> steps = np.array([[[1.0], [3.0], [50.0]]])
        >>> MeanPooling()(steps, mask=np.array([[True, True, False]])).numpy()
        array([[2.]], dtype=float32)
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """The mean over time."""
        check_mask(mask, inputs.shape[:-1])
        if mask is None:
            return ops.mean(inputs, axis=-2)
        # In float32 or wider: float16 overflows in a long sum and, like bfloat16, loses count.
        wide = at_least_float32(self.compute_dtype)
        counted = ops.expand_dims(ops.cast(mask, wide), -1)  # [..., time, 1]
        mean = ops.sum(ops.cast(inputs, wide) * counted, axis=-2) / ops.maximum(ops.sum(counted, axis=-2), 1)
        return ops.cast(mean, self.compute_dtype)

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        """There is no time left to mask."""

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """`[..., features]`."""
        return (*input_shape[:-2], input_shape[-1])
