"""GRU with zoneout, weight-drop and locked dropout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from .gru_loop import gru_loop, gru_step
from .loops import scan_packed
from .noisy import Noisy


@keras.saving.register_keras_serializable("seqsuite")
class GRU(Noisy, keras.layers.GRU):
    r"""`keras.layers.GRU` with the noise that recurrent networks are regularised by.

    .. math::
        z_t = \sigma(W_z x_t + U_z h_{t-1} + b_z) \qquad r_t = \sigma(W_r x_t + U_r h_{t-1} + b_r)

        n_t = \tanh(W_n x_t + b_n + r_t \odot (U_n h_{t-1} + b'_n))
        \qquad h'_t = h_{t-1} + d_t \odot (1 - z_t) \odot (n_t - h_{t-1})

        h_t = k_t \odot h_{t-1} + (1 - k_t) \odot h'_t

    In training :math:`k` is 1 with the probability `zoneout_h`, drawn for each step, example and unit; without training
    it is that probability itself. :math:`d_t` is dropout of the update. With all rates 0 this is `keras.layers.GRU`,
    whose weights it takes; in training, with the usual activations, the gradient is computed by `gru_loop`.

    At a masked step, wherever it lies, the state stays what it was. With `go_backwards` outputs are in the order in
    which they were computed, as in Keras.

    Args:
        units: Size of the output and state.
        zoneout_h: Probability that a unit stays what it was.
        weight_drop: Rate of dropout of the recurrent matrix `U`, one mask for a whole call.
        weight_drop_rows: Whether weight-drop takes whole rows of `U` (the unit is then unseen by all gates) instead of
            single entries.
        input_dropout: Rate of dropout of the inputs, one mask over time.
        output_dropout: The same for the outputs; the state is returned whole.
        update_dropout: Rate of dropout of the change, so that nothing remembered is lost.
        seed: Of all masks.
        **kwargs: As for `keras.layers.GRU`, but for its `dropout`, `recurrent_dropout` and `unroll`, and with
            `reset_after` as it is by default.

    Call arguments:
        sequences: `[batch, time, features]`.
        initial_state: `[batch, units]`; 0 if None.
        mask: `[batch, time]`, boolean, True for real steps; None if all are.
        training: Whether to draw masks.

    Returns:
        The last output `[batch, units]`, or with `return_sequences` all, `[batch, time, units]`; with `return_state`
        also the state.

    Raises:
        ValueError: For a rate outside [0, 1], a refused argument, or a mask of another shape or that is not boolean.

    Example:
        >>> import numpy as np
        >>> layer = GRU(8, zoneout_h=0.1, output_dropout=0.3)
        >>> layer(np.zeros((2, 5, 3), "float32"), training=True).shape
        TensorShape([2, 8])

    Reference:
        Cho et al. (2014), Learning Phrase Representations, equations 5 to 8; Krueger et al. (2017), Zoneout, equation
        3; Merity et al. (2018) for weight-drop; Gal & Ghahramani (2016) for one mask over time; Semeniuta et al.
        (2016), Recurrent Dropout without Memory Loss, equation 11 (the update).
    """

    rates = ("zoneout_h", "weight_drop", "input_dropout", "output_dropout", "update_dropout")

    def __init__(
        self,
        units: int,
        zoneout_h: float = 0.0,
        weight_drop: float = 0.0,
        weight_drop_rows: bool = False,
        input_dropout: float = 0.0,
        output_dropout: float = 0.0,
        update_dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        if not kwargs.get("reset_after", True):
            raise ValueError("reset_after=False is not an option of this GRU; use Zoneout(keras.layers.GRUCell(...))")
        values = (zoneout_h, weight_drop, input_dropout, output_dropout, update_dropout)
        super().__init__(units, seed, weight_drop_rows, dict(zip(self.rates, values, strict=True)), **kwargs)

    def run(self, inputs: Any, states: Sequence[Any], real: Any, training: bool) -> tuple[Any, list[Any]]:
        """Outputs `[time, batch, units]` and last state, for inputs `[time, batch, features]`."""
        h = states[0]
        time, batch, _ = ops.shape(inputs)
        (renew_h,) = self.renewals((self.zoneout_h,), (time, batch, self.units), real, training)
        noise: dict[str, Any] = {"renew_h": renew_h}
        if training and self.update_dropout:
            noise["update_mask"] = self.factors((time, batch, self.units), self.update_dropout)
        bias, recurrent_bias = None, ops.zeros((self.units,), self.compute_dtype)
        if self.use_bias:
            # The gates' two biases are one; the candidate's second is behind the reset gate.
            bias, second = ops.unstack(ops.cast(self.cell.bias, self.compute_dtype), axis=0)
            gates, recurrent_bias = second[: 2 * self.units], second[2 * self.units :]
            bias = bias + ops.concatenate([gates, ops.zeros_like(recurrent_bias)])
        x = self.projected(inputs, self.cell.kernel, bias)  # [time, batch, 3 units]
        recurrent = self.recurrent_matrix(training)
        noise = {name: mask for name, mask in noise.items() if mask is not None}
        usual = self.activation is keras.activations.tanh and self.recurrent_activation is keras.activations.sigmoid
        if training and usual:
            outputs = gru_loop(x, recurrent, recurrent_bias, h, **noise)
            return outputs, [outputs[-1]]

        def step(h: Any, inputs: Any) -> Any:
            h = gru_step(inputs, h, recurrent, recurrent_bias, self.activation, self.recurrent_activation)[0]
            return h, h

        last, outputs = scan_packed(step, h, {"x": x, **noise})
        return outputs, [last]
