"""Scores by products: dot, scaled dot and general."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

from .score import Score, check_sizes


@keras.saving.register_keras_serializable("seqsuite")
class DotScore(Score):
    r"""The inner product of query and key, which must have one size.

    .. math:: e_{ij} = q_i^\top k_j

    Args:
        **kwargs: As for every Keras layer.

    Call arguments:
        query: `[batch, query_time, dim]`.
        key: `[batch, time, dim]`.

    Returns:
        `[batch, query_time, time]`.

    Raises:
        ValueError: When query and key differ in size.

    Example:
        >>> DotScore()(ops.ones((1, 1, 3)), ops.ones((1, 2, 3))).numpy()
        array([[[3., 3.]]], dtype=float32)

    Reference:
        Luong et al. (2015), Effective Approaches to Attention-based Neural Machine Translation, equation 8, "dot".
    """

    def build(self, query_shape: Any, key_shape: Any) -> None:
        """Checks that the sizes agree."""
        query, key = check_sizes(type(self).__name__, query_shape, key_shape)
        if query != key:
            raise ValueError(
                f"{type(self).__name__}: query and key must have one size, not {query} and {key}; "
                "use GeneralScore or AdditiveScore for different sizes"
            )

    def compare(self, query: Any, keys: Any, features: Any = None) -> Any:
        """The inner products."""
        return ops.matmul(query, ops.transpose(keys, (0, 2, 1)))


@keras.saving.register_keras_serializable("seqsuite")
class ScaledDotScore(DotScore):
    r"""The inner product over the root of the size, which keeps its variance at 1 whatever the size.

    .. math:: e_{ij} = \frac{q_i^\top k_j}{\sqrt{d}}

    Args:
        **kwargs: As for every Keras layer.

    Call arguments:
        query: `[batch, query_time, dim]`.
        key: `[batch, time, dim]`.

    Returns:
        `[batch, query_time, time]`.

    Raises:
        ValueError: When query and key differ in size.

    Example:
        >>> ScaledDotScore()(ops.ones((1, 1, 4)), ops.ones((1, 2, 4))).numpy()
        array([[[2., 2.]]], dtype=float32)

    Reference:
        Vaswani et al. (2017), Attention Is All You Need, equation 1.
    """

    def compare(self, query: Any, keys: Any, features: Any = None) -> Any:
        """The scaled inner products."""
        # The query is scaled before the product: afterwards float16 could have overflowed.
        return super().compare(query / math.sqrt(query.shape[-1]), keys)


@keras.saving.register_keras_serializable("seqsuite")
class GeneralScore(Score):
    r"""A learned bilinear form of query and key, which may differ in size.

    .. math:: e_{ij} = q_i^\top W k_j

    Args:
        kernel_initializer: Of `W`.
        kernel_regularizer: Of `W`.
        **kwargs: As for every Keras layer.

    Call arguments:
        query: `[batch, query_time, query_dim]`.
        key: `[batch, time, key_dim]`.

    Returns:
        `[batch, query_time, time]`.

    Raises:
        ValueError: For inputs without a time axis or with an unknown size.

    Example:
        >>> GeneralScore("ones")(ops.ones((1, 1, 2)), ops.ones((1, 2, 3))).numpy()
        array([[[6., 6.]]], dtype=float32)

    Reference:
        Luong et al. (2015), Effective Approaches to Attention-based Neural Machine Translation, equation 8, "general".
    """

    def __init__(
        self, kernel_initializer: Any = "glorot_uniform", kernel_regularizer: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def build(self, query_shape: Any, key_shape: Any) -> None:
        """Makes `W`."""
        self.kernel = self.add_weight(
            name="kernel",
            shape=check_sizes("GeneralScore", query_shape, key_shape),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
        )

    def prepare(self, key: Any) -> Any:
        """`W k`, `[batch, time, query_dim]`."""
        return ops.matmul(key, ops.transpose(ops.cast(self.kernel, key.dtype)))

    def compare(self, query: Any, keys: Any, features: Any = None) -> Any:
        """The inner products of the query with `W k`."""
        return ops.matmul(query, ops.transpose(keys, (0, 2, 1)))

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {
            **super().get_config(),
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
        }
