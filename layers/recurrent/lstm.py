"""LSTM with zoneout, weight-drop and locked dropout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from .loops import scan_packed
from .lstm_loop import lstm_loop, lstm_step
from .noisy import Noisy


@keras.saving.register_keras_serializable("seqsuite")
class LSTM(Noisy, keras.layers.LSTM):
    r"""`keras.layers.LSTM` with the noise that recurrent networks are regularised by.

    .. math::
        [i_t, f_t, g_t, o_t] = [\sigma, \sigma, \tanh, \sigma](W x_t + U h_{t-1} + b)

        c'_t = f_t \odot c_{t-1} + i_t \odot d_t \odot g_t \qquad h'_t = o_t \odot \tanh(c'_t)

        c_t = z^c_t \odot c_{t-1} + (1 - z^c_t) \odot c'_t \qquad h_t = z^h_t \odot h_{t-1} + (1 - z^h_t) \odot h'_t

    In training every :math:`z` is 1 with the probability `zoneout_h` or `zoneout_c`, drawn for each step, example and
    unit; without training it is that probability itself. :math:`d_t` is dropout of the update. With all rates 0 this is
    `keras.layers.LSTM`, whose weights it takes, and which it trains faster than: in training, with the usual
    activations, the gradient is computed by `lstm_loop`.

    At a masked step, wherever it lies, the states stay what they were. With `go_backwards` outputs are in the order in
    which they were computed, as in Keras.

    Args:
        units: Size of the output and of each state.
        zoneout_h: Probability that a unit's output stays what it was.
        zoneout_c: The same for the cell state.
        weight_drop: Rate of dropout of the recurrent matrix `U`, one mask for a whole call.
        weight_drop_rows: Whether weight-drop takes whole rows of `U` (the unit's output is then unseen by all gates)
            instead of single entries.
        input_dropout: Rate of dropout of the inputs, one mask over time.
        output_dropout: The same for the outputs; states are returned whole.
        update_dropout: Rate of dropout of the update `g`, so that nothing remembered is lost.
        seed: Of all masks.
        **kwargs: As for `keras.layers.LSTM`, but for its `dropout`, `recurrent_dropout` and `unroll`.

    Call arguments:
        sequences: `[batch, time, features]`.
        initial_state: h and c, each `[batch, units]`; 0 if None.
        mask: `[batch, time]`, boolean, True for real steps; None if all are.
        training: Whether to draw masks.

    Returns:
        The last output `[batch, units]`, or with `return_sequences` all, `[batch, time, units]`; with `return_state`
        also h and c.

    Raises:
        ValueError: For a rate outside [0, 1], a refused argument, or a mask of another shape or that is not boolean.

    Example:
        >>> import numpy as np
        >>> layer = LSTM(8, zoneout_h=0.1, zoneout_c=0.3, weight_drop=0.5, return_sequences=True)
        >>> layer(np.zeros((2, 5, 3), "float32"), training=True).shape
        TensorShape([2, 5, 8])

    Reference:
        Krueger et al. (2017), Zoneout, equations 4 and 5; Merity et al. (2018), Regularizing and Optimizing LSTM
        Language Models (weight-drop); Gal & Ghahramani (2016), A Theoretically Grounded Application of Dropout in
        Recurrent Neural Networks (one mask over time, rows); Semeniuta et al. (2016), Recurrent Dropout without Memory
        Loss, equation 9 (the update).
    """

    rates = ("zoneout_h", "zoneout_c", "weight_drop", "input_dropout", "output_dropout", "update_dropout")

    def __init__(
        self,
        units: int,
        zoneout_h: float = 0.0,
        zoneout_c: float = 0.0,
        weight_drop: float = 0.0,
        weight_drop_rows: bool = False,
        input_dropout: float = 0.0,
        output_dropout: float = 0.0,
        update_dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        values = (zoneout_h, zoneout_c, weight_drop, input_dropout, output_dropout, update_dropout)
        super().__init__(units, seed, weight_drop_rows, dict(zip(self.rates, values, strict=True)), **kwargs)

    def run(self, inputs: Any, states: Sequence[Any], real: Any, training: bool) -> tuple[Any, list[Any]]:
        """Outputs `[time, batch, units]` and last states, for inputs `[time, batch, features]`."""
        h, c = states
        time, batch, _ = ops.shape(inputs)
        rates = (self.zoneout_h, self.zoneout_c)
        renew_h, renew_c = self.renewals(rates, (time, batch, self.units), real, training)
        noise: dict[str, Any] = {"renew_h": renew_h, "renew_c": renew_c}
        if training and self.update_dropout:
            noise["update_mask"] = self.factors((time, batch, self.units), self.update_dropout)
        z = self.projected(inputs, self.cell.kernel, self.cell.bias)  # [time, batch, 4 units]
        recurrent = self.recurrent_matrix(training)
        noise = {name: mask for name, mask in noise.items() if mask is not None}
        usual = self.activation is keras.activations.tanh and self.recurrent_activation is keras.activations.sigmoid
        if training and usual:
            outputs, c = lstm_loop(z, recurrent, h, c, **noise)
            return outputs, [outputs[-1], c]

        def step(states: Any, inputs: Any) -> Any:
            h, c = states
            states = lstm_step(inputs, h, c, recurrent, self.activation, self.recurrent_activation)[:2]
            return states, states

        last, (outputs, _) = scan_packed(step, (h, c), {"z": z, **noise})
        return outputs, list(last)
