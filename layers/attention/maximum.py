"""The maximum over time: each feature where it is strongest."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from .masking import check_mask


@keras.saving.register_keras_serializable("seqsuite")
class MaxPooling(keras.layers.Layer):
    r"""The largest value of each feature among the steps that are not masked.

    .. math:: c_j = \max_{t : m_t} h_{tj}

    Of a sequence that is masked throughout the result is 0. `keras.layers.GlobalMaxPooling1D` ignores masks.

    Call arguments:
        inputs: `[..., time, features]`.
        mask: `[..., time]`, boolean, True for the steps that count; None if all do.

    Returns:
        `[..., features]`.

    Raises:
        ValueError: For a mask of another shape or that is not boolean.

    Example:
        >>> import numpy as np
        >>> steps = np.array([[[-1.0], [-3.0], [50.0]]])
        >>> MaxPooling()(steps, mask=np.array([[True, True, False]])).numpy()
        array([[-1.]], dtype=float32)
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """The maximum over time."""
        check_mask(mask, inputs.shape[:-1])
        if mask is None:
            return ops.max(inputs, axis=-2)
        real = ops.expand_dims(mask, -1)  # [..., time, 1]
        # Below what any real step holds: the smallest value of each sequence, masked steps included.
        lowest = ops.min(inputs, axis=-2, keepdims=True)  # [..., 1, features]
        largest = ops.max(ops.where(real, inputs, lowest), axis=-2)  # [..., features]
        return ops.where(ops.any(real, axis=-2), largest, ops.zeros_like(largest))

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        """There is no time left to mask."""

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """`[..., features]`."""
        return (*input_shape[:-2], input_shape[-1])
