"""A sequence layer for sequences of sequences."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("seqsuite")
class Nested(keras.layers.Wrapper):
    """Applies a layer for sequences to every sequence of a sequence, such as each sentence of a document.

    For inputs `x[b, s]`, the s-th sequence of example b, the output is `layer(x[b, s])`, all computed in one call.
    Unlike `keras.layers.TimeDistributed` it passes masks on and takes lengths unknown until run time.

    Args:
        layer: Takes `[batch, time, features]` and a mask `[batch, time]`, such as a recurrent layer.
        **kwargs: As for every Keras layer.

    Call arguments:
        inputs: `[batch, sequences, time, features]`.
        mask: `[batch, sequences, time]`, boolean, or None.

    Returns:
        `[batch, sequences, ...]`, the layer's output for each sequence.

    Raises:
        ValueError: When the inputs have not four axes.

    Example:
        >>> import numpy as np
        >>> Nested(keras.layers.LSTM(7, return_sequences=True))(np.zeros((2, 3, 5, 4))).shape
        TensorShape([2, 3, 5, 7])
    """

    def __init__(self, layer: keras.layers.Layer, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        self.supports_masking = True

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Builds the layer for one sequence."""
        if len(input_shape) != 4:
            raise ValueError(f"inputs must be [batch, sequences, time, features], not {input_shape}")
        if not self.layer.built:  # a second time some layers make their weights anew
            self.layer.build((None, *input_shape[2:]))
        self.built = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """The layer's output for every sequence."""
        shape = ops.shape(inputs)
        folded = ops.reshape(inputs, (-1, shape[2], inputs.shape[3]))  # [batch * sequences, time, features]
        options = {} if mask is None else {"mask": ops.reshape(mask, (-1, shape[2]))}
        outputs = self.layer(folded, **options)
        return ops.reshape(outputs, (-1, shape[1], *ops.shape(outputs)[1:]))

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        """Masks are given explicitly."""

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """`[batch, sequences, ...]`."""
        return (*input_shape[:2], *self.layer.compute_output_shape((None, *input_shape[2:]))[1:])
