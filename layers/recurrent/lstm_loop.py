"""The LSTM's loop over time, with a backward pass written by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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

    The derivative of a step is linear in those of its states, :math:`dh_t` and :math:`dc_t`. All factors are known from
    the forward pass and computed for all steps at once; what is left to the loop is

    .. math::
        dc'_t = r^c_t dc_t + dh_t \, r^h_t o_t (1 - \tanh^2 c'_t) \qquad
        dz_t = [dc'_t g_t i_t (1 - i_t), \; dc'_t c_{t-1} f_t (1 - f_t), \; dc'_t i_t (1 - g_t^2),
                \; dh_t r^h_t \tanh(c'_t) o_t (1 - o_t)]

        dh_{t-1} = dz_t U^\top + (1 - r^h_t) dh_t \qquad dc_{t-1} = dc'_t f_t + (1 - r^c_t) dc_t

    with :math:`r = 1` where a state is renewed and 0 where zoneout or the mask keeps the old one, and :math:`c'` the
    cell state before that choice. :math:`dU = \sum_t h_{t-1}^\top dz_t` is one matrix product after the loop.

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

    def forward(z: Any, recurrent: Any, h: Any, c: Any) -> tuple[Any, Any]:
        def step(states: Any, inputs: Any) -> Any:
            h, c = states[:2]
            new_h, new_c, *gates = lstm_step(inputs, h, c, recurrent)
            # Keras's scan on TensorFlow wants as many outputs as there are states.
            states = new_h, new_c, ops.concatenate(gates, axis=-1)
            return states, states

        first = (h, c, ops.zeros_like(z[0]))
        _, (all_h, all_c, gates) = scan_by_index(step, first, {"z": z, **masks})

        def backward(*unused: Any, upstream: Any = None) -> tuple[Any, ...]:
            upstream = unused[0] if upstream is None else upstream  # only PyTorch gives it by name
            return lstm_gradient(upstream, recurrent, before(h, all_h), before(c, all_c), all_c, gates, **masks)

        # One tensor, as PyTorch's custom gradient takes no more.
        return ops.concatenate([all_h, all_c[-1:]], axis=0), backward

    result = ops.custom_gradient(forward)(z, recurrent, h, c)
    return result[:-1], result[-1]


def lstm_gradient(
    upstream: Any,
    recurrent: Any,
    old_h: Any,
    old_c: Any,
    new_c: Any,
    gates: Any,
    renew_h: Any = None,
    renew_c: Any = None,
    update_mask: Any = None,
) -> tuple[Any, Any, Any, Any]:
    """The gradients of `lstm_loop` with respect to z, recurrent, h and c; upstream is `[time + 1, batch, units]`."""
    i, f, g, o = ops.split(gates, 4, axis=-1)  # [time, batch, units]
    dropped = g if update_mask is None else g * update_mask
    a = ops.tanh(new_c if renew_c is None else f * old_c + i * dropped)
    o_renewed = o if renew_h is None else ops.where(renew_h, o, ops.zeros_like(o))
    by_g = i * (1 - g * g)
    factors = [dropped * i * (1 - i), old_c * f * (1 - f), by_g if update_mask is None else by_g * update_mask]
    factors = ops.concatenate([*factors, o_renewed * a * (1 - o)], axis=-1)  # [time, batch, 4 units]
    inputs = {"dh": upstream[:-1], "h_to_c": o_renewed * (1 - a * a), "factors": factors, "f": f}
    if renew_h is not None:
        inputs["kept_h"] = ops.cast(ops.logical_not(renew_h), f.dtype)
    if renew_c is not None:
        inputs["renew_c"] = ops.cast(renew_c, f.dtype)
        inputs["f_or_kept"] = ops.where(renew_c, f, ops.ones_like(f))
    transposed = ops.transpose(recurrent)

    def step(states: Any, inputs: Any) -> Any:
        dh, dc = states[0] + inputs["dh"], states[1]
        from_h = dh * inputs["h_to_c"]
        dc_new = from_h + (dc if renew_c is None else dc * inputs["renew_c"])
        dz = ops.concatenate([dc_new, dc_new, dc_new, dh], axis=-1) * inputs["factors"]
        dh_old = ops.matmul(dz, transposed)
        if renew_h is not None:
            dh_old = dh_old + dh * inputs["kept_h"]
        dc_old = dc_new * inputs["f"] if renew_c is None else from_h * inputs["f"] + dc * inputs["f_or_kept"]
        states = dh_old, dc_old, dz
        return states, states

    first = (ops.zeros_like(upstream[-1]), upstream[-1], ops.zeros_like(factors[0]))
    (dh, dc, _), (_, _, dz) = scan_by_index(step, first, inputs, reverse=True)
    return dz, product_over_time(old_h, dz), dh, dc
