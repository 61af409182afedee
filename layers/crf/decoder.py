"""Viterbi decoding as a layer, for models that return tags."""

from __future__ import annotations

from typing import Any

import keras

from .decoding import viterbi
from .recursion import check_potentials


@keras.saving.register_keras_serializable("seqsuite")
class ViterbiDecoder(keras.layers.Layer):
    r"""The best tag sequence, :math:`\arg\max_y s(y)`, for the end of a model that is used or exported.

    Args:
        return_scores: Whether to return the scores as well.
        **kwargs: As for every Keras layer.

    Call arguments:
        inputs: What `CRF` returns, `[batch, time, tags, tags]`.

    Returns:
        Tags `[batch, time]`, int32, and with `return_scores` also the scores, `[batch]`; as from `viterbi`.

    Raises:
        ValueError: For inputs of another shape.

    Example:
        >>> import numpy as np
        >>> ViterbiDecoder()(np.zeros((2, 5, 3, 3), "float32")).shape
        TensorShape([2, 5])

    Reference:
        See `viterbi`.
    """

    def __init__(self, return_scores: bool = False, **kwargs: Any) -> None:
        kwargs.setdefault("autocast", False)  # float16 has no room for the scores of masked steps
        super().__init__(**kwargs)
        self.return_scores = return_scores

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """There are no weights."""
        self.built = True

    def call(self, inputs: Any) -> Any:
        """The tags."""
        tags, scores = viterbi(inputs)
        return (tags, scores) if self.return_scores else tags

    def compute_output_spec(self, inputs: Any) -> Any:
        """Shapes and types of what `call` returns."""
        check_potentials(inputs)
        tags = keras.KerasTensor(inputs.shape[:2], dtype="int32")
        return (tags, keras.KerasTensor(inputs.shape[:1], dtype=inputs.dtype)) if self.return_scores else tags

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {**super().get_config(), "return_scores": self.return_scores}
