"""Regularisers of the outputs of recurrent layers."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from ..checks import check_not_negative
from ..masking import at_least_float32, check_mask, real_first, reordered


@keras.saving.register_keras_serializable("seqsuite")
class ActivationRegularization(keras.layers.Layer):
    r"""Adds to the loss how large activations are (AR), and how much they change from step to step (TAR).

    The outputs are the inputs :math:`h_t`. While training,

    .. math::
        \alpha \, \mathrm{mean}_{t,i} \, h_{t,i}^2 + \beta \, \mathrm{mean}_{t,i} \, (h_{t+1,i} - h_{t,i})^2

    joins the model's loss; outside training nothing does, so that validation shows the model's loss alone. As in the
    authors' code, the means are over all features of all real steps, and all pairs of successive real steps, of the
    batch. A masked step is taken out, so that the real ones to its sides succeed each other. The sums are made in
    float32 (or wider).

    The paper has AR on the activations after dropout, and TAR on those before: one layer with `tar` before the dropout
    layer and one with `ar` after it.

    Args:
        ar: The weight of AR, α; the paper's is 2.
        tar: The weight of TAR, β; the paper's is 1.
        **kwargs: As for every Keras layer.

    Call arguments:
        inputs: `[batch, time, features]`.
        mask: `[batch, time]`, boolean, True for real steps; None if all are.
        training: Whether to add the loss.

    Returns:
        The inputs.

    Raises:
        ValueError: For a negative weight, inputs without a time axis, or a mask of another shape or type.

    Example:
        >>> import numpy as np
        >>> layer = ActivationRegularization(ar=1.0, tar=1.0)
        >>> _ = layer(np.array([[[1.0], [3.0]]]), training=True)
        >>> float(layer.losses[0])  # (1 + 9) / 2 + (3 - 1)^2
        9.0

    Reference:
        Merity et al. (2017), Revisiting Activation Regularization for Language RNNs, section 2.
    """

    def __init__(self, ar: float = 0.0, tar: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for name, weight in (("ar", ar), ("tar", tar)):
            check_not_negative(name, weight)
        self.ar, self.tar = ar, tar
        self.supports_masking = True

    def call(self, inputs: Any, mask: Any = None, training: bool = False) -> Any:
        """The inputs."""
        if len(inputs.shape) != 3:
            raise ValueError(f"inputs must be [batch, time, features], not {tuple(inputs.shape)}")
        check_mask(mask, inputs.shape[:-1])
        if training and (self.ar or self.tar):
            self.add_loss(self._penalty(inputs, mask))
        return inputs

    def _penalty(self, h: Any, mask: Any) -> Any:
        h = ops.cast(h, at_least_float32(keras.backend.standardize_dtype(h.dtype)))
        mask = ops.ones(ops.shape(h)[:2], "bool") if mask is None else mask
        penalty = ops.zeros((), h.dtype)
        if self.ar:
            penalty += self.ar * _mean_square(h, mask)
        if self.tar:
            order = real_first(mask)
            h, mask = reordered(h, order), reordered(mask, order)
            # A pair is real when its later step is.
            penalty += self.tar * _mean_square(h[:, 1:] - h[:, :-1], mask[:, 1:])
        return penalty

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """As the inputs."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {**super().get_config(), "ar": self.ar, "tar": self.tar}


def _mean_square(x: Any, mask: Any) -> Any:
    """Of the features of real steps; 0 if there are none."""
    steps = ops.sum(ops.cast(mask, x.dtype))
    squares = ops.where(ops.expand_dims(mask, -1), ops.square(x), ops.zeros_like(x))
    return ops.sum(squares) / (ops.maximum(steps, 1) * x.shape[-1])
