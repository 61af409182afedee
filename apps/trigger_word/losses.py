"""A loss for events that are rare: a word has just ended in one of fifty outputs."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("seqsuite")
class RareEventLoss(keras.losses.Loss):
    r"""Focal cross-entropy with a weight on what is rare.

    .. math:: L = -w_y (1 - p_y)^\gamma \log p_y \qquad w_1 = w, \; w_0 = 1

    where :math:`p_y` is the probability of what is true. With :math:`\gamma = 0` it is weighted cross-entropy.

    Args:
        focus: :math:`\gamma`.
        positive_weight: :math:`w`.
        name: Of the loss.

    Call arguments:
        y_true: 0 or 1, `[batch, steps, keywords]`.
        y_pred: Probabilities, of the same shape.

    Returns:
        The mean over everything; weights of examples may be `[batch, steps]`.

    Reference:
        Lin et al. (2017), Focal Loss for Dense Object Detection, equation 5.
    """

    def __init__(self, focus: float = 2.0, positive_weight: float = 1.0, name: str = "rare_event") -> None:
        super().__init__(name=name)
        self.focus, self.positive_weight = focus, positive_weight

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """`[batch, steps]`, mean over keywords."""
        # Neither 0 nor 1: the logarithm has no gradient at the one, and the power none at the other.
        right = ops.clip(ops.where(y_true > 0.5, y_pred, 1 - y_pred), 1e-7, 1 - 1e-7)
        weight = ops.where(y_true > 0.5, self.positive_weight, 1.0)
        return ops.mean(-weight * (1 - right) ** self.focus * ops.log(right), axis=-1)

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {"focus": self.focus, "positive_weight": self.positive_weight, "name": self.name}
