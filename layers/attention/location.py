"""The score that sees where attention was."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from ..checks import check_whole
from ..masking import reordered
from .additive import AdditiveScore
from .score import projected


@keras.saving.register_keras_serializable("seqsuite")
class LocationScore(AdditiveScore):
    r"""An additive score that also sees, around each place, where attention was a step ago.

    .. math::
        f_i = F * \alpha_{i-1} \qquad
        e_{ij} = v^\top \tanh(W q_i + U k_j + V f_{ij} + b)

    Needs the alignments of the step before, which `Attention` and `AttentionCell` hand on; alone it is refused. The
    convolution runs over the unmasked places only, as though the masked ones were cut out.

    Args:
        units: Size of the hidden layer; None for that of the key.
        filters: Number of filters in `F`.
        kernel_size: Their width, odd.
        cumulative: Whether to convolve the sum of all alignments so far in place of the last.
        use_bias: Whether there is a `b`.
        normalize: Whether the length of `v` is learned apart from its direction.
        kernel_initializer: Of every matrix.
        kernel_regularizer: Of `W`, `U`, `V` and `F`.
        **kwargs: As for every Keras layer.

    Raises:
        ValueError: For a size below 1, an even `kernel_size`, or when it is called outside of `Attention`.

    Example:
        >>> from layers.attention import Attention
        >>> attention = Attention(LocationScore(8, filters=4, kernel_size=5))
        >>> context, weights = attention(ops.ones((1, 5, 2)), ops.ones((1, 4, 3)))
        >>> context.shape, weights.shape
        (TensorShape([1, 5, 3]), TensorShape([1, 5, 4]))

    Reference:
        Chorowski et al. (2015), Attention-Based Models for Speech Recognition, equations 8 and 9.
    """

    def __init__(
        self,
        units: int | None = None,
        filters: int = 10,
        kernel_size: int = 31,
        cumulative: bool = False,
        use_bias: bool = True,
        normalize: bool = False,
        kernel_initializer: Any = "glorot_uniform",
        kernel_regularizer: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(units, use_bias, normalize, kernel_initializer, kernel_regularizer, **kwargs)
        check_whole("filters", filters)
        check_whole("kernel_size", kernel_size)
        if kernel_size % 2 == 0:
            raise ValueError(f"kernel_size must be odd, for a window with a middle, not {kernel_size}")
        self.filters, self.kernel_size, self.cumulative = filters, kernel_size, cumulative

    @property
    def past(self) -> str:
        """Alignments, or their sum."""
        return "coverage" if self.cumulative else "alignments"

    def build_kernels(self, query: int, key: int, units: int) -> None:
        """Makes `W`, `U`, `F` and `V`."""
        super().build_kernels(query, key, units)
        self.location_filters = self.add_weight(
            name="location_filters",
            shape=(self.kernel_size, 1, self.filters),
            initializer=self.initializer(),
            regularizer=self.kernel_regularizer,
        )
        self.location_kernel = self.add_kernel("location_kernel", self.filters, units)

    def features(self, past: Any, order: Any, rank: Any) -> Any:
        """`V f`, of alignments `[batch, time]`, for the order `real_first` of the places, and its inverse.

        Returns:
            `[batch, 1, time, units]`.
        """
        alignments = reordered(ops.cast(past, self.compute_dtype), order)  # the masked places last
        filters = ops.cast(self.location_filters, self.compute_dtype)
        found = ops.conv(ops.expand_dims(alignments, -1), filters, padding="same")  # [batch, time, filters]
        return ops.expand_dims(reordered(projected(found, self.location_kernel), rank), 1)

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        sizes = {"filters": self.filters, "kernel_size": self.kernel_size, "cumulative": self.cumulative}
        return {**super().get_config(), **sizes}
