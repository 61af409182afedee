"""Words left out at random."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("seqsuite")
class WordDropout(keras.layers.Layer):
    """Makes words unknown at random while training, so that a model does not rely on single words.

    Each id that is not padding becomes the unknown id with probability `rate`; nothing happens outside training.

    Args:
        rate: Between 0 and 1.
        padding: The id that stays as it is.
        unknown: The id that takes a dropped word's place.
        seed: Of the layer's own generator.
        **kwargs: As for every Keras layer.

    Call arguments:
        inputs: Ids of any shape, integers.
        training: Whether to drop words.

    Returns:
        Ids of the same shape and type.

    Raises:
        ValueError: For a rate outside [0, 1].

    Example:
        >>> import numpy as np
        >>> WordDropout(1.0)(np.array([[7, 8, 0]]), training=True).numpy()
        array([[1, 1, 0]])

    Reference:
        Iyyer et al. (2015), Deep Unordered Composition Rivals Syntactic Methods for Text Classification, section 3;
        there dropped words leave the average, here they stay as unknown words.
    """

    def __init__(self, rate: float, padding: int = 0, unknown: int = 1, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not 0 <= rate <= 1:
            raise ValueError(f"rate must lie between 0 and 1, not {rate!r}")
        self.rate, self.padding, self.unknown, self.seed = rate, padding, unknown, seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Ids, in training with some made unknown."""
        if not training or self.rate == 0:
            return inputs
        drawn = keras.random.uniform(ops.shape(inputs), dtype="float32", seed=self.seed_generator) < self.rate
        dropped = ops.logical_and(drawn, ops.not_equal(inputs, self.padding))
        return ops.where(dropped, ops.full_like(inputs, self.unknown), inputs)

    def compute_output_spec(self, inputs: Any, training: bool = False) -> Any:
        """As the inputs; Keras would otherwise expect floating-point numbers."""
        return keras.KerasTensor(inputs.shape, dtype=inputs.dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {
            **super().get_config(),
            "rate": self.rate,
            "padding": self.padding,
            "unknown": self.unknown,
            "seed": self.seed,
        }
