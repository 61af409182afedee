"""Layers of several inputs as layers of one, so that the harness can hold them to its properties."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np


@keras.saving.register_keras_serializable("seqsuite-tests")
class OverItself(keras.layers.Wrapper):
    """Attention of a sequence over itself, with one mask for queries and memory."""

    supports_masking = True

    def build(self, input_shape: Any) -> None:
        if not self.layer.built:
            self.layer.build(input_shape, input_shape)
        self.built = True

    def call(self, inputs: Any, mask: Any = None, training: bool = False) -> Any:
        return self.layer(inputs, inputs, mask=mask, query_mask=mask, training=training)[0]

    def compute_output_spec(self, inputs: Any, mask: Any = None, training: bool = False) -> Any:
        return self.layer(inputs, inputs, mask=mask, query_mask=mask)[0]


@keras.saving.register_keras_serializable("seqsuite-tests")
class DecodeItself(keras.layers.Wrapper):
    """A decoder that is fed a sequence and attends to it, with one mask for both."""

    supports_masking = True

    def build(self, input_shape: Any) -> None:
        if not self.layer.built:
            self.layer.build(input_shape, input_shape)
        self.built = True

    def call(self, inputs: Any, mask: Any = None, training: bool = False) -> Any:
        return self.layer(inputs, memory=inputs, memory_mask=mask, mask=mask, training=training)[0]

    def compute_output_spec(self, inputs: Any, mask: Any = None, training: bool = False) -> Any:
        return self.layer(inputs, memory=inputs, memory_mask=mask, mask=mask)[0]


def randomized(layer: keras.layers.Layer, scale: float = 0.7) -> keras.layers.Layer:
    """The same layer with weights away from zero, always the same."""
    rng = np.random.default_rng(1)
    for variable in layer.trainable_variables:
        variable.assign(rng.normal(scale=scale, size=variable.shape))
    return layer
