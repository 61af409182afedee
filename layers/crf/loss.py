"""The loss of a linear-chain CRF."""

from __future__ import annotations

from typing import Any

import keras

from ..masking import at_least_float32
from .inference import log_likelihood
from .recursion import Method, check_method


@keras.saving.register_keras_serializable("seqsuite")
class CRFLoss(keras.losses.Loss):
    r"""The negative log-likelihood of a tag sequence.

    .. math::
        L = \log Z - s(y)

    One number for each sequence, not for each step: long sequences have larger losses, as in the papers. Weights are
    given for each example, `sample_weight` `[batch]`. An example that is masked throughout has loss 0.

    Args:
        reduction: As for every Keras loss; "sum_over_batch_size" is the mean over sequences.
        name: Of the loss.
        dtype: In which to compute; None for float32, or wider if Keras's `floatx` is.
        method: As for `log_partition`.

    Call arguments:
        y_true: Tags, `[batch, time]`; at masked steps any number, -1 too.
        y_pred: What `CRF` returns, `[batch, time, tags, tags]`.

    Returns:
        The reduced loss; with reduction None `[batch]`. A tag outside the range at a real step makes the loss NaN in a
        graph, where nothing can be raised. A sequence that breaks the scheme has a loss of about 1e9 for each breach.

    Raises:
        ValueError: For shapes that do not fit, weights of single steps, or (outside a graph) a tag outside the range.

    Example:
        >>> import numpy as np
        >>> from layers.crf import CRF
        >>> model = keras.Sequential([keras.layers.Dense(4), CRF(4)])
        >>> model.compile("adam", loss=CRFLoss(), jit_compile=False)
        >>> x, y = np.ones((2, 5, 3), "float32"), np.zeros((2, 5), "int32")
        >>> history = model.fit(x, y, verbose=0)

    Reference:
        Lafferty et al. (2001), Conditional Random Fields; Lample et al. (2016), section 2.2.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "crf_loss",
        dtype: Any = None,
        method: Method = "scan",
    ) -> None:
        check_method(method)
        super().__init__(name=name, reduction=reduction, dtype=dtype or at_least_float32(keras.config.floatx()))
        self.method = method

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The reduced loss."""
        shape = tuple(getattr(sample_weight, "shape", ()))
        if shape[1:] not in ((), (1,)):  # Keras would multiply it by the losses of other examples
            raise ValueError(
                f"sample_weight must be [batch], one for each sequence, not {shape}; steps are masked in CRF"
            )
        return super().__call__(y_true, y_pred, sample_weight)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """`[batch]`."""
        return -log_likelihood(y_pred, y_true, self.method)

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {**super().get_config(), "dtype": self.dtype, "method": self.method}
