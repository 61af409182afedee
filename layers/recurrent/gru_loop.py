"""The GRU's loop over time, with a backward pass written by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras import ops

from .loops import Activation, before, product_over_time, renewed, scan_by_index


def gru_step(
    inputs: Mapping[str, Any],
    h: Any,
    recurrent: Any,
    bias: Any = None,
    activation: Activation = ops.tanh,
    gate: Activation = ops.sigmoid,
) -> tuple[Any, ...]:
    """One step: the new state, and what it was made of.

    Args:
        inputs: `x`, the projected input, `[batch, 3 units]`, in Keras's order: update gate, reset gate, candidate. If
            need be `renew_h`, where the state is renewed (boolean) or by which share (float), and `update_mask`,
            factors of the candidate's part in it.
        h: Previous state, `[batch, units]`.
        recurrent: Recurrent matrix, `[units, 3 units]`.
        bias: Of the candidate's recurrent part, `[units]`, or None.
        activation: Of the candidate.
        gate: Of the gates.

    Returns:
        The state, the update gate, the reset gate, the candidate, and its recurrent part, each `[batch, units]`.
    """
    x_z, x_r, x_n = ops.split(inputs["x"], 3, axis=-1)
    h_z, h_r, h_n = ops.split(ops.matmul(h, recurrent), 3, axis=-1)
    z, r = gate(x_z + h_z), gate(x_r + h_r)
    h_n = h_n if bias is None else h_n + bias
    n = activation(x_n + r * h_n)
    change = (1 - z) * (n - h)
    if "update_mask" in inputs:
        change = change * inputs["update_mask"]
    return renewed(inputs.get("renew_h"), h + change, h), z, r, n, h_n


def gru_loop(x: Any, recurrent: Any, bias: Any, h: Any, renew_h: Any = None, update_mask: Any = None) -> Any:
    r"""Runs a GRU over time; its gradient is not the loop's automatic one but computed backwards by hand.

    With :math:`q_t = r_t m_t` (1 or 0 for a state that is renewed or kept, times the mask of the update, or 1),

    .. math::
        du_t = q_t \, dh_t \odot [(h_{t-1} - n_t) z_t (1 - z_t), \; \nu_t s_t r_t (1 - r_t), \; \nu_t r_t]
        \qquad \nu_t = (1 - z_t)(1 - n_t^2)

        dh_{t-1} = du_t U^\top + (1 - q_t (1 - z_t)) \, dh_t

    where :math:`s_t` is the candidate's recurrent part. All factors are known from the forward pass and computed for
    all steps at once; the loop has one matrix product a step, and :math:`dU = \sum_t h_{t-1}^\top du_t` is one after
    it.

    Args:
        x: Projected inputs, `[time, batch, 3 units]`.
        recurrent: `[units, 3 units]`.
        bias: Of the candidate's recurrent part, `[units]`.
        h: First state, `[batch, units]`.
        renew_h: Where the state is renewed, boolean `[time, batch, units or 1]`; None for everywhere.
        update_mask: Factors of the candidate's part, `[time, batch, units]`; None for 1.

    Returns:
        All states, `[time, batch, units]`.
    """
    masks = {"renew_h": renew_h, "update_mask": update_mask}
    masks = {name: mask for name, mask in masks.items() if mask is not None}

    def forward(x: Any, recurrent: Any, bias: Any, h: Any) -> tuple[Any, Any]:
        def step(states: Any, inputs: Any) -> Any:
            new_h, *parts = gru_step(inputs, states[0], recurrent, bias)
            # Keras's scan on TensorFlow wants as many outputs as there are states.
            states = new_h, ops.concatenate(parts, axis=-1)
            return states, states

        first = (h, ops.concatenate([x[0], h], axis=-1))
        _, (all_h, parts) = scan_by_index(step, first, {"x": x, **masks})

        def backward(*unused: Any, upstream: Any = None) -> tuple[Any, ...]:
            upstream = unused[0] if upstream is None else upstream  # only PyTorch gives it by name
            return gru_gradient(upstream, recurrent, before(h, all_h), parts, **masks)

        return all_h, backward

    return ops.custom_gradient(forward)(x, recurrent, bias, h)


def gru_gradient(
    upstream: Any, recurrent: Any, old_h: Any, parts: Any, renew_h: Any = None, update_mask: Any = None
) -> tuple[Any, Any, Any, Any]:
    """The gradients of `gru_loop` with respect to x, recurrent, bias and h; upstream is `[time, batch, units]`."""
    z, r, n, h_n = ops.split(parts, 4, axis=-1)  # [time, batch, units]
    share = 1 - z if update_mask is None else (1 - z) * update_mask
    if renew_h is not None:
        share = ops.where(renew_h, share, ops.zeros_like(share))
    by_n = share * (1 - n * n)
    factors = ops.concatenate([share * (old_h - n) * z, by_n * h_n * r * (1 - r), by_n * r], axis=-1)
    transposed = ops.transpose(recurrent)

    def step(dh: Any, inputs: Any) -> Any:
        dh = dh + inputs["dh"]
        du = ops.concatenate([dh, dh, dh], axis=-1) * inputs["factors"]
        return ops.matmul(du, transposed) + dh * inputs["kept"], dh

    inputs = {"dh": upstream, "factors": factors, "kept": 1 - share}
    first, dh = scan_by_index(step, ops.zeros_like(upstream[0]), inputs, reverse=True)
    du = ops.concatenate([dh, dh, dh], axis=-1) * factors  # [time, batch, 3 units]
    units = n.shape[-1]
    dx = ops.concatenate([du[..., : 2 * units], dh * by_n], axis=-1)
    return dx, product_over_time(old_h, du), ops.sum(du[..., 2 * units :], axis=(0, 1)), first
