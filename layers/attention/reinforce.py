"""The loss that trains what is sampled."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from ..checks import fits
from ..masking import at_least_float32, check_mask


@keras.saving.register_keras_serializable("seqsuite")
class ReinforceLoss(keras.layers.Layer):
    r"""REINFORCE for sampled attention, with a moving baseline and a reward for entropy.

    With reward :math:`R` (for a decoder the log-likelihood of the target), sampled places :math:`s_i` and a baseline
    :math:`b` that follows the mean reward of the batches, :math:`b \leftarrow \rho b + (1 - \rho) \bar R`:

    .. math:: L = - \lambda_r (R - b) \sum_i \log p(s_i) - \lambda_e \sum_i H(p_i)

    :math:`R` and :math:`b` are constants in it: add the result to the ordinary loss, which trains all the rest. The
    baseline moves in training only, after it was used; the first batch sets it.

    Args:
        decay: :math:`\rho`, at least 0 and below 1.
        reward_weight: :math:`\lambda_r`.
        entropy_weight: :math:`\lambda_e`.
        **kwargs: As for every Keras layer.

    Call arguments:
        log_probability: Of the sampled places, `[batch, query_time]`.
        entropy: Of the weights they were sampled from, `[batch, query_time]`.
        reward: `[batch]`.
        mask: `[batch, query_time]`, boolean, True for the steps that count; None if all do.
        training: Whether the baseline moves.

    Returns:
        The loss of each example, `[batch]`.

    Raises:
        ValueError: For a decay outside [0, 1), shapes that do not fit, or a mask that is not boolean.

    Example:
        >>> loss = ReinforceLoss(entropy_weight=0.0)
        >>> one, reward = ops.ones((2, 1)), ops.convert_to_tensor([1.0, 3.0])
        >>> loss(-one, one, reward, training=True).numpy()  # the baseline starts at their mean, 2
        array([-1.,  1.], dtype=float32)

    Reference:
        Xu et al. (2015), Show, Attend and Tell, section 4.1.
    """

    def __init__(
        self, decay: float = 0.9, reward_weight: float = 1.0, entropy_weight: float = 0.01, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.autocast = False  # the weights stay float32; inputs are cast where it is safe
        if not 0 <= decay < 1:
            raise ValueError(f"decay must be at least 0 and below 1, not {decay!r}")
        self.decay, self.reward_weight, self.entropy_weight = decay, reward_weight, entropy_weight
        self.supports_masking = True

    def build(self, log_probability_shape: Any, entropy_shape: Any, reward_shape: Any) -> None:
        """Makes the baseline."""
        self.baseline = self.add_weight(name="baseline", shape=(), initializer="zeros", trainable=False)
        self.started = self.add_weight(name="started", shape=(), initializer="zeros", trainable=False)

    def call(self, log_probability: Any, entropy: Any, reward: Any, mask: Any = None, training: bool = False) -> Any:
        """The loss of each example."""
        self.check_shapes(log_probability, entropy, reward)
        check_mask(mask, log_probability.shape)
        dtype = at_least_float32(self.compute_dtype)
        counted = 1.0 if mask is None else ops.cast(mask, dtype)
        reward = ops.stop_gradient(ops.cast(reward, dtype))  # [batch]
        mean = ops.mean(reward)
        baseline = ops.where(self.started > 0, ops.cast(self.baseline, dtype), mean)
        if training:
            self.baseline.assign(ops.cast(self.decay * baseline + (1 - self.decay) * mean, self.baseline.dtype))
            self.started.assign(ops.ones((), self.started.dtype))
        chosen = ops.sum(ops.cast(log_probability, dtype) * counted, axis=1)
        spread = ops.sum(ops.cast(entropy, dtype) * counted, axis=1)
        return -self.reward_weight * (reward - baseline) * chosen - self.entropy_weight * spread

    def check_shapes(self, log_probability: Any, entropy: Any, reward: Any) -> None:
        """Raises a `ValueError` for shapes that do not fit, which might still be multiplied with each other."""
        shape = tuple(log_probability.shape)
        if len(shape) != 2:
            raise ValueError(f"log_probability must be [batch, query_time], not {shape}")
        for name, given, wanted in (("entropy", entropy, shape), ("reward", reward, shape[:1])):
            if not fits(tuple(given.shape), wanted):
                raise ValueError(f"{name} must be of shape {wanted}, like log_probability, not {tuple(given.shape)}")

    def compute_mask(self, *inputs: Any, **masks: Any) -> None:
        """Masks are given explicitly."""

    def compute_output_spec(self, log_probability: Any, entropy: Any, reward: Any, **options: Any) -> Any:
        """`[batch]`."""
        self.check_shapes(log_probability, entropy, reward)
        return keras.KerasTensor(log_probability.shape[:1], dtype=at_least_float32(self.compute_dtype))

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        weights = {"reward_weight": self.reward_weight, "entropy_weight": self.entropy_weight}
        return {**super().get_config(), "decay": self.decay, **weights}
