"""The LSTM's loop over time, with a backward pass written by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from .loops import Activation, before, product_over_time, renewed, scan_by_index


def lstm_step(
    inputs: Mapping[str, Any],
    h: Any,
    c: Any,
    recurrent: Any,
    activation: Activation = ops.tanh,
    gate: Activation = ops.sigmoid,
) -> tuple[Any, ...]:
    """One step: the new states, and the gates they were made with.

    Args:
        inputs: `z`, the projected input, `[batch, 4 units]`, in Keras's order: input gate, forget gate, update, output
            gate. If need be `renew_h` and `renew_c`, where the states are renewed (boolean) or by which share
            (float), and `update_mask`, factors of the update.
        h: Previous output, `[batch, units]`.
        c: Previous cell state, `[batch, units]`.
        recurrent: Recurrent matrix, `[units, 4 units]`.
        activation: Of the update and of the cell state.
        gate: Of the gates.

    Returns:
        h, c, i, f, g, o, each `[batch, units]`.
    """
    i, f, g, o = ops.split(inputs["z"] + ops.matmul(h, recurrent), 4, axis=-1)
    i, f, g, o = gate(i), gate(f), activation(g), gate(o)
    new_c = f * c + i * (g * inputs["update_mask"] if "update_mask" in inputs else g)
    new_h = o * activation(new_c)
    return renewed(inputs.get("renew_h"), new_h, h), renewed(inputs.get("renew_c"), new_c, c), i, f, g, o


def lstm_loop(
    z: Any, recurrent: Any, h: Any, c: Any, renew_h: Any = None, renew_c: Any = None, update_mask: Any = None
) -> tuple[Any, Any]:
    r"""Runs an LSTM over time; its gradient is not the loop's automatic one but computed backwards by hand.

    With :math:`c'` and :math:`h'` what a step computes before zoneout or a mask may keep the old state instead
    (:math:`r = 0`; where the state is renewed :math:`r = 1`), and :math:`a = \tanh c'`,

    .. math::
        da_t = r^h_t \, dh_t \, o_t (1 - a_t^2) \qquad dc'_t = r^c_t \, dc_t + da_t

        dz_t = [dc'_t g_t i_t (1 - i_t), \; dc'_t c_{t-1} f_t (1 - f_t), \; dc'_t i_t (1 - g_t^2),
                \; r^h_t \, dh_t \, a_t o_t (1 - o_t)]

        dh_{t-1} = dz_t U^\top + (1 - r^h_t) \, dh_t \qquad dc_{t-1} = dc'_t f_t + (1 - r^c_t) \, dc_t

    The loop has one matrix product a step; :math:`dU = \sum_t h_{t-1}^\top dz_t` is one after it.

    Args:
        z: Projected inputs, `[time, batch, 4 units]`.
        recurrent: `[units, 4 units]`.
        h: First output, `[batch, units]`.
        c: First cell state, `[batch, units]`.
        renew_h: Where the output is renewed, boolean `[time, batch, units or 1]`; None for everywhere.
        renew_c: The same for the cell state.
        update_mask: Factors of the update `g`, `[time, batch, units]`; None for 1.

    Returns:
        All outputs, `[time, batch, units]`, and the last cell state, `[batch, units]`.
    """
    masks = {"renew_h": renew_h, "renew_c": renew_c, "update_mask": update_mask}
    masks = {name: mask for name, mask in masks.items() if mask is not None}
    # PyTorch's custom gradient takes one tensor only; to pack what others give as it is costs a tenth of a small LSTM.
    packed = keras.backend.backend() == "torch"

    def forward(z: Any, recurrent: Any, h: Any, c: Any) -> tuple[Any, Any]:
        def step(states: Any, inputs: Any) -> Any:
            h, c = states[:2]
            new_h, new_c, *gates = lstm_step(inputs, h, c, recurrent)
            # Keras's scan on TensorFlow wants as many outputs as there are states.
            states = new_h, new_c, ops.concatenate(gates, axis=-1)
            return states, states

        first = (h, c, ops.zeros_like(z[0]))
        (_, last_c, _), (all_h, all_c, gates) = scan_by_index(step, first, {"z": z, **masks})

        def backward(*given: Any, upstream: Any = None) -> tuple[Any, ...]:
            dh, dc = (upstream[:-1], upstream[-1]) if packed else keras.tree.flatten(given)
            steps = {"dh": dh, "gates": gates, "old_c": before(c, all_c), **masks}
            dh, dc, dz = lstm_gradient(steps, dc, recurrent)
            return dz, product_over_time(before(h, all_h), dz), dh, dc

        if packed:
            return ops.concatenate([all_h, ops.expand_dims(last_c, 0)], axis=0), backward
        return (all_h, last_c), backward

    result = ops.custom_gradient(forward)(z, recurrent, h, c)
    return (result[:-1], result[-1]) if packed else result


def lstm_gradient(steps: Mapping[str, Any], dc: Any, recurrent: Any) -> tuple[Any, Any, Any]:
    """The way back through `lstm_loop`.

    Args:
        steps: For each step what came from above, `dh`, its gates, the cell state it began with, and its masks.
        dc: Gradient with respect to the last cell state.
        recurrent: `[units, 4 units]`.

    Returns:
        Gradients with respect to the first h, the first c, and z.
    """
    transposed, zero = ops.transpose(recurrent), ops.zeros_like(dc)

    def parted(gradient: Any, renew: Any) -> tuple[Any, Any]:
        """What of a state's gradient goes to its new value, and what to the old one that was kept."""
        if renew is None:
            return gradient, None
        new = ops.where(renew, gradient, zero)
        return new, gradient - new

    def step(states: Any, at: Mapping[str, Any]) -> Any:
        dh, dc = states[0] + at["dh"], states[1]
        i, f, g, o = ops.split(at["gates"], 4, axis=-1)
        mask = at.get("update_mask")
        a = ops.tanh(f * at["old_c"] + i * (g if mask is None else g * mask))
        dh_new, dh_kept = parted(dh, at.get("renew_h"))
        dc_new, dc_kept = parted(dc, at.get("renew_c"))
        da = dh_new * o
        by_a = da * a
        dc_new = dc_new + (da - by_a * a)
        dg, df = dc_new * i, dc_new * f
        dg = dg if mask is None else dg * mask
        by_g = dg * g
        # Every gate's derivative has a factor 1 - gate, that of the update too: 1 - g^2 = (1 + g) (1 - g).
        dz = ops.concatenate([by_g, df * at["old_c"], dg + by_g, by_a], axis=-1) * (1 - at["gates"])  # [batch, 4 units]
        states = plus(ops.matmul(dz, transposed), dh_kept), plus(df, dc_kept), dz
        return states, states

    first = (zero, dc, ops.zeros_like(steps["gates"][0]))
    (dh, dc, _), (_, _, dz) = scan_by_index(step, first, steps, reverse=True)
    return dh, dc, dz


def plus(gradient: Any, kept: Any) -> Any:
    """The sum, where there are two."""
    return gradient if kept is None else gradient + kept
