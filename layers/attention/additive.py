"""Scores by a hidden layer: additive and concat."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import keras
from keras import ops

from ..checks import check_whole
from .score import Score, check_sizes, projected


@keras.saving.register_keras_serializable("seqsuite")
class AdditiveScore(Score):
    r"""A hidden layer over a projection of the query and one of the key, which may differ in size.

    .. math:: e_{ij} = v^\top \tanh(W q_i + U k_j + b)

    With `normalize` it is :math:`g\, v / \lVert v \rVert` in place of :math:`v`, with a learned :math:`g`.

    Args:
        units: Size of the hidden layer; None for that of the key.
        use_bias: Whether there is a `b`.
        normalize: Whether the length of `v` is learned apart from its direction.
        kernel_initializer: Of `W`, `U` and `v`.
        kernel_regularizer: Of `W` and `U`.
        **kwargs: As for every Keras layer.

    Call arguments:
        query: `[batch, query_time, query_dim]`.
        key: `[batch, time, key_dim]`.

    Returns:
        `[batch, query_time, time]`.

    Raises:
        ValueError: For units below 1, inputs without a time axis or with an unknown size.

    Example:
        >>> AdditiveScore(8)(ops.ones((1, 5, 2)), ops.ones((1, 4, 3))).shape
        TensorShape([1, 5, 4])

    Reference:
        Bahdanau et al. (2015), Neural Machine Translation by Jointly Learning to Align and Translate, appendix A.1.2;
        Raffel et al. (2017), Online and Linear-Time Attention by Enforcing Monotonic Alignments, equation 16.
    """

    has_hidden_layer: ClassVar[bool] = True

    def __init__(
        self,
        units: int | None = None,
        use_bias: bool = True,
        normalize: bool = False,
        kernel_initializer: Any = "glorot_uniform",
        kernel_regularizer: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if units is not None:
            check_whole("units", units)
        self.units, self.use_bias, self.normalize = units, use_bias, normalize
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def build(self, query_shape: Any, key_shape: Any) -> None:
        """Makes `W`, `U`, `v`, `b` and `g`."""
        query, key = check_sizes(type(self).__name__, query_shape, key_shape)
        units = self.hidden_units(key_shape)
        self.build_kernels(query, key, units)
        self.vector = self.add_weight(name="vector", shape=(units, 1), initializer=self.initializer())
        if self.use_bias:
            self.bias = self.add_weight(name="bias", shape=(units,), initializer="zeros")
        if self.normalize:
            start = keras.initializers.Constant(1 / math.sqrt(units))
            self.gain = self.add_weight(name="gain", shape=(), initializer=start)

    def build_kernels(self, query: int, key: int, units: int) -> None:
        """Makes `W` and `U`."""
        self.query_kernel = self.add_kernel("query_kernel", query, units)
        self.key_kernel = self.add_kernel("key_kernel", key, units)

    def add_kernel(self, name: str, size: int, units: int) -> Any:
        """A matrix of weights."""
        return self.add_weight(
            name=name, shape=(size, units), initializer=self.initializer(), regularizer=self.kernel_regularizer
        )

    def initializer(self) -> Any:
        """One for each weight: an initializer that is used twice would make them alike."""
        return self.kernel_initializer.clone()

    def hidden_units(self, key_shape: Any) -> int:
        """Size of the hidden layer."""
        return self.units or key_shape[-1]

    def prepare(self, key: Any) -> Any:
        """`U k + b`, `[batch, time, units]`."""
        keys = projected(key, self.key_kernel)
        return keys + ops.cast(self.bias, keys.dtype) if self.use_bias else keys

    def compare(self, query: Any, keys: Any, features: Any = None) -> Any:
        """The hidden layer's answer."""
        queries = projected(query, self.query_kernel)  # [batch, query_time, units]
        hidden = ops.expand_dims(queries, 2) + ops.expand_dims(keys, 1)  # [batch, query_time, time, units]
        if features is not None:
            hidden = hidden + features
        # Not a matrix product, for the reason that `projected` gives.
        return ops.sum(ops.tanh(hidden) * ops.cast(self.direction()[:, 0], query.dtype), -1)

    def direction(self) -> Any:
        """`v`, or `g v / |v|`, `[units, 1]`."""
        if not self.normalize:
            return self.vector
        return self.gain * self.vector * ops.rsqrt(ops.maximum(ops.sum(ops.square(self.vector)), 1e-12))

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {
            **super().get_config(),
            "units": self.units,
            "use_bias": self.use_bias,
            "normalize": self.normalize,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
        }


@keras.saving.register_keras_serializable("seqsuite")
class ConcatScore(AdditiveScore):
    r"""A hidden layer over query and key side by side, under one matrix and without a bias.

    .. math:: e_{ij} = v^\top \tanh(W [q_i; k_j])

    As a function it is `AdditiveScore` without bias; it differs in how `W` is initialized and stored. The part of `W`
    for the keys is multiplied once, so it costs no more.

    Args:
        units: Size of the hidden layer; None for that of the key.
        kernel_initializer: Of `W` and `v`.
        kernel_regularizer: Of `W`.
        **kwargs: As for every Keras layer.

    Call arguments:
        query: `[batch, query_time, query_dim]`.
        key: `[batch, time, key_dim]`.

    Returns:
        `[batch, query_time, time]`.

    Raises:
        ValueError: For units below 1, inputs without a time axis or with an unknown size.

    Example:
        >>> ConcatScore(8)(ops.ones((1, 5, 2)), ops.ones((1, 4, 3))).shape
        TensorShape([1, 5, 4])

    Reference:
        Luong et al. (2015), Effective Approaches to Attention-based Neural Machine Translation, equation 8, "concat".
    """

    def __init__(
        self,
        units: int | None = None,
        kernel_initializer: Any = "glorot_uniform",
        kernel_regularizer: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(units, False, False, kernel_initializer, kernel_regularizer, **kwargs)

    def build_kernels(self, query: int, key: int, units: int) -> None:
        """Makes `W`."""
        self.kernel = self.add_kernel("kernel", query + key, units)
        self.query_size = query

    @property
    def query_kernel(self) -> Any:
        """The rows of `W` for the query."""
        return self.kernel[: self.query_size]

    @property
    def key_kernel(self) -> Any:
        """The rows of `W` for the key."""
        return self.kernel[self.query_size :]

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        config = super().get_config()
        del config["use_bias"], config["normalize"]
        return config
