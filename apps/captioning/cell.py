"""The LSTM of Show, Attend and Tell: a gate says how much of what attention sees goes in."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("seqsuite_captioning")
class GatedContextCell(keras.layers.Layer):
    r"""An LSTM cell whose input is a word, projected beforehand, and a context, which it gates.

    .. math::
        \beta_t = \sigma(W_\beta h_{t-1} + b_\beta) \qquad
        [i_t, f_t, g_t, o_t] = [\sigma, \sigma, \tanh, \sigma](z_t + U [\beta_t \odot \hat c_t; h_{t-1}] + b)

        c_t = f_t \odot c_{t-1} + i_t \odot g_t \qquad h_t = o_t \odot \tanh(c_t)

    The words' part :math:`z_t = W x_t` does not depend on the steps before, so it is left to whoever calls, for all
    steps at once.

    Args:
        units: Size of h and of c.
        **kwargs: As for every Keras layer.

    Call arguments:
        inputs: z and the context side by side, `[batch, 4 units + context]`.
        states: h and c, each `[batch, units]`.

    Returns:
        h, and the states.

    Reference:
        Xu et al. (2015), Show, Attend and Tell, equations 1 to 3 and section 4.2.1 (the gate, here one for each unit).
    """

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.state_size = [units, units]

    def build(self, shape: Any) -> None:
        """Makes `U` and the gate."""
        context = shape[-1] - 4 * self.units
        self.gate = keras.layers.Dense(context, activation="sigmoid", dtype=self.dtype_policy, name="gate")
        self.gate.build((None, self.units))
        self.bias = self.add_weight(name="bias", shape=(4 * self.units,), initializer=remember)
        self.context_kernel = self.add_weight(name="context_kernel", shape=(context, 4 * self.units))
        self.recurrent_kernel = self.add_weight(
            name="recurrent_kernel", shape=(self.units, 4 * self.units), initializer="orthogonal"
        )

    def call(self, inputs: Any, states: Any, training: bool = False) -> tuple[Any, list[Any]]:
        """One step."""
        h, c = states
        z, context = inputs[:, : 4 * self.units] + self.bias, inputs[:, 4 * self.units :]
        z = z + ops.matmul(self.gate(h) * context, self.context_kernel) + ops.matmul(h, self.recurrent_kernel)
        i, f, g, o = ops.split(z, 4, axis=-1)  # [batch, units] each
        c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
        h = ops.sigmoid(o) * ops.tanh(c)
        return h, [h, c]

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {**super().get_config(), "units": self.units}


def remember(shape: Any, dtype: Any = None) -> Any:
    """A first bias of 1 for the forget gate, the second of four, and 0 for the others."""
    return ops.cast(ops.arange(shape[0]) // (shape[0] // 4) == 1, dtype or "float32")
