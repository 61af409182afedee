"""Log-mel features in a graph, the same numbers as in numpy."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from .features import SPEC, log_mel


@keras.saving.register_keras_serializable("seqsuite")
class LogMelLayer(keras.layers.Layer):
    r"""Log-mel features as a layer, so that an exported model takes raw samples.

    .. math:: y_{tb} = \log(\epsilon + \sum_f M_{fb} |\mathrm{DFT}(w \odot x_{t h : t h + n})_f|^2)

    Frame `t` has samples from `160 t` to `160 t + 511` and none after: the layer is causal.

    Call arguments:
        samples: `[batch, samples]` in [-1, 1].

    Returns:
        `[batch, frames, bands]`, float32.
    """

    def call(self, samples: Any) -> Any:
        """Computed in float64: energies are sums over bins of which some are a millionth of others."""
        samples = ops.cast(samples, "float64")
        windows = ops.extract_sequences(samples, log_mel.window, log_mel.hop)  # [batch, frames, window]
        real, imaginary = ops.rfft(windows * ops.convert_to_tensor(log_mel.taper, "float64"))
        energy = ops.matmul(ops.square(real) + ops.square(imaginary), ops.convert_to_tensor(log_mel.mel, "float64"))
        return ops.cast(ops.log(energy + log_mel.floor), "float32")

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """`[batch, frames, bands]`."""
        batch, samples = input_shape
        return batch, None if samples is None else log_mel.count(samples), SPEC["bands"]
