"""Dropout of whole words of an embedding."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from .checks import check_rate, check_whole, fits


@keras.saving.register_keras_serializable("seqsuite")
class EmbeddingDropout(keras.layers.Layer):
    r"""Makes the vectors of some words zero while training, at every place of the batch; other words anew each call.

    With rate `p`, the vector :math:`E_w` of a word `w` becomes

    .. math::
        \frac{m_w}{1 - p} E_w \qquad m_w \sim \mathrm{Bernoulli}(1 - p)

    which is dropout on whole rows of the embedding matrix `E`. One number is drawn for each word of the vocabulary and
    no matrix is masked, so that the cost does not grow with vocabulary times dimensions.

    `WordDropout` makes single occurrences unknown, and other occurrences of the word stay; here a word is taken away
    altogether, and the other words grow, so that the expectation stays.

    It stands behind the embedding, which may be shared, pretrained or frozen, and passes the mask of `mask_zero` on.

    Args:
        input_dim: How many words there are, as for `keras.layers.Embedding`.
        rate: Between 0 and 1.
        seed: Of the layer's own generator.
        **kwargs: As for every Keras layer.

    Call arguments:
        vectors: `[..., features]`, for example `[batch, time, features]`.
        ids: Of the words, `[...]`, integers from 0 to `input_dim - 1`.
        training: Whether to drop words.

    Returns:
        `[..., features]`.

    Raises:
        ValueError: For an `input_dim` below 1, a rate outside [0, 1], ids that are not integers or of another shape.

    Example:
        >>> import numpy as np
        >>> ids = np.array([[7, 7, 7]])
        >>> vectors = keras.layers.Embedding(10, 4, embeddings_initializer="ones")(ids)
        >>> dropped = EmbeddingDropout(10, rate=0.5)(vectors, ids, training=True)
        >>> len(np.unique(dropped))  # all 0 or all 2
        1

    Reference:
        Merity et al. (2018), Regularizing and Optimizing LSTM Language Models, section 4.3, after Gal & Ghahramani
        (2016), A Theoretically Grounded Application of Dropout in Recurrent Neural Networks, section 4.2.
    """

    def __init__(self, input_dim: int, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_whole("input_dim", input_dim)
        check_rate("rate", rate)
        self.input_dim, self.rate, self.seed = input_dim, rate, seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_masking = True

    def call(self, vectors: Any, ids: Any, training: bool = False) -> Any:
        """The vectors, in training with some zero."""
        _check_ids(ids, vectors)
        if not training or self.rate == 0:
            return vectors
        ones = ops.ones((self.input_dim,), vectors.dtype)
        words = keras.random.dropout(ones, self.rate, seed=self.seed_generator)  # [input_dim], 0 or 1 / (1 - rate)
        return vectors * ops.expand_dims(ops.take(words, ids, axis=0), -1)

    def compute_output_spec(self, vectors: Any, ids: Any, training: bool = False) -> Any:
        """As the vectors."""
        _check_ids(ids, vectors)
        return keras.KerasTensor(vectors.shape, dtype=self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {**super().get_config(), "input_dim": self.input_dim, "rate": self.rate, "seed": self.seed}


def _check_ids(ids: Any, vectors: Any) -> None:
    if not keras.backend.is_int_dtype(ids.dtype):
        raise ValueError(f"ids must be integers, not {keras.backend.standardize_dtype(ids.dtype)}")
    wanted, given = tuple(vectors.shape[:-1]), tuple(ids.shape)
    if not fits(given, wanted):
        raise ValueError(f"ids must have the shape of the vectors without features, {wanted}, not {given}")
