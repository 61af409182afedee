"""What the decoders are trained to make small."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from .decoder import never_said
from .words import PAD


@keras.saving.register_keras_serializable("seqsuite_captioning")
class CaptionLoss(keras.losses.Loss):
    r"""Cross-entropy of the words that are not padding, with smoothed labels.

    .. math:: L_t = -(1 - \epsilon) \log p(y_t) - \frac{\epsilon}{|V|} \sum_v \log p(v)

    The mean over a batch is over its words: padding counts for nothing. With sample weights of both signs, the
    advantages of sampled captions, its gradient is that of REINFORCE.

    Args:
        smoothing: ε.
        of_said: Whether p is the distribution that captions are drawn from, in which unknown words and the start have
            no share; otherwise what is taken from bad captions would go there, where no reward ever takes it away.
        **kwargs: As for every Keras loss.

    Reference:
        Szegedy et al. (2016), Rethinking the Inception Architecture for Computer Vision, section 7; Rennie et al.
        (2017), Self-critical Sequence Training for Image Captioning, equation 8.
    """

    def __init__(self, smoothing: float = 0.0, of_said: bool = False, **kwargs: Any) -> None:
        super().__init__(**{"name": "caption_loss", **kwargs})
        self.smoothing, self.of_said = smoothing, of_said

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each word, scaled so that the mean over all steps is that over words; for logits `[..., V]`."""
        real = ops.cast(y_true != PAD, y_pred.dtype)  # [pictures, captions, time]
        if self.of_said:
            y_pred = ops.where(never_said(y_pred.shape[-1]), -1e9, y_pred)
        normaliser = ops.logsumexp(y_pred, axis=-1)
        chosen = ops.take_along_axis(y_pred, ops.expand_dims(ops.cast(y_true, "int32"), -1), axis=-1)[..., 0]
        losses = normaliser - (1 - self.smoothing) * chosen
        if self.smoothing:
            losses = losses - self.smoothing * ops.mean(y_pred, axis=-1)
        return losses * real / ops.maximum(ops.mean(real), 1e-6)

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {**super().get_config(), "smoothing": self.smoothing, "of_said": self.of_said}
