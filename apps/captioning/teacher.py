"""The attention decoder's loop over given words, with a backward pass written by hand.

What it computes is what `AttentionCell` computes with the cell and the score of `AttentionDecoder`, in half the time:
the captions of a picture look at its places together, and the products that give the gradients of weights are left for
after the loop.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf


class Weights(NamedTuple):
    """The parameters of score and cell.

    Attributes:
        first: What h is multiplied by: for the query, the gate and the LSTM, `[units, attention + context + 4 units]`.
        vector: Of the score, `[attention]`.
        gate_bias: `[context]`.
        context: What the gated context is multiplied by, `[context, 4 units]`.
    """

    first: Any
    vector: Any
    gate_bias: Any
    context: Any


class Step(NamedTuple):
    """What a step computed, for the way back; rows are pictures times captions, those of a picture side by side."""

    hidden: Any  # tanh(W h + U a), [pictures, captions, places, attention]
    weights: Any  # [pictures, captions, places]
    seen: Any  # the context, [rows, context]
    gate: Any  # [rows, context]
    gates: Any  # i, f, g, o, [rows, 4 units]
    old_h: Any  # [rows, units], as are the others
    old_c: Any
    new_c: Any
    h: Any


def run(z: Any, real: Any, keys: Any, values: Any, h: Any, c: Any, parameters: Weights) -> tuple[Any, Any, Any]:
    r"""Runs attention and LSTM over time.

    With :math:`\delta` for gradients and :math:`\tau_i = \tanh(W h_{t-1} + U a_i)`,

    .. math::
        \delta\alpha_i = a_i^\top \delta\hat c \qquad
        \delta e_i = \alpha_i (\delta\alpha_i - \sum_j \alpha_j \delta\alpha_j) \qquad
        \delta q = v \odot \sum_i \delta e_i (1 - \tau_i^2) = - v \odot \sum_i \delta e_i \tau_i^2

    as :math:`\sum_i \delta e_i = 0`; the LSTM's are those of `layers.recurrent.lstm_loop`.

    Args:
        z: The words' part of the LSTM's gates, `[time, rows, 4 units]`; rows are pictures times captions.
        real: Where a caption goes on, `[time, rows, 1]`, 1 or 0, where states stay as they are.
        keys: The places as the score needs them, `[pictures, places, attention]`.
        values: The places, `[pictures, places, context]`.
        h: First output, `[rows, units]`.
        c: First cell state, `[rows, units]`.
        parameters: See there.

    Returns:
        Contexts `[time, rows, context]`, outputs `[time, rows, units]`, weights `[time, pictures, captions, places]`.
    """

    @tf.custom_gradient
    def loop(z: Any, keys: Any, values: Any, h: Any, c: Any, *given: Any) -> Any:
        steps = forward(z, real, keys, values, h, c, Weights(*given))

        def gradient(*above: Any) -> tuple[Any, ...]:
            return backward(steps, above, real, keys, values, Weights(*given))

        return (steps.seen.stack(), steps.h.stack(), steps.weights.stack()), gradient

    return loop(z, keys, values, h, c, *parameters)


def forward(z: Any, real: Any, keys: Any, values: Any, h: Any, c: Any, parameters: Weights) -> Step:
    """All steps, as a `Step` of tensor arrays."""
    time, pictures, captions = tf.shape(z)[0], tf.shape(keys)[0], tf.shape(h)[0] // tf.shape(keys)[0]
    attention, context, units = keys.shape[-1], values.shape[-1], h.shape[-1]

    def step(t: Any, h: Any, c: Any, done: Step) -> tuple[Any, ...]:
        query, gate, by_h = tf.split(h @ parameters.first, [attention, context, 4 * units], axis=-1)
        query = tf.reshape(query, (pictures, captions, 1, attention))
        hidden = tf.tanh(query + keys[:, None])  # [pictures, captions, places, attention]
        energies = tf.linalg.matvec(tf.reshape(hidden, (-1, attention)), parameters.vector)
        weights = tf.nn.softmax(tf.reshape(energies, tf.shape(hidden)[:3]))  # [pictures, captions, places]
        seen = tf.reshape(weights @ values, (-1, context))
        gate = tf.sigmoid(gate + parameters.gate_bias)
        i, f, g, o = tf.split(z[t] + by_h + (gate * seen) @ parameters.context, 4, axis=-1)
        i, f, g, o = tf.sigmoid(i), tf.sigmoid(f), tf.tanh(g), tf.sigmoid(o)
        new_c = f * c + i * g
        next_h = h + real[t] * (o * tf.tanh(new_c) - h)
        gates = tf.concat([i, f, g, o], axis=-1)
        now = Step(hidden, weights, seen, gate, gates, h, c, new_c, next_h)
        done = Step(*(array.write(t, one) for array, one in zip(done, now, strict=True)))
        return t + 1, next_h, c + real[t] * (new_c - c), done

    nothing = Step(*(tf.TensorArray(z.dtype, time) for _ in Step._fields))
    return tf.while_loop(lambda t, *_: t < time, step, (0, h, c, nothing))[-1]


def backward(steps: Step, above: Any, real: Any, keys: Any, values: Any, parameters: Weights) -> tuple[Any, ...]:
    """The gradients of all that `run` is given, from those of what it returns."""
    d_seen_above, d_h_above, d_weights_above = above
    time, captions = tf.shape(real)[0], tf.shape(real)[1] // tf.shape(keys)[0]
    units = d_h_above.shape[-1]

    def step(t: Any, dh: Any, dc: Any, d_keys: Any, d_vector: Any, d_first: Any, d_seen: Any) -> tuple[Any, ...]:
        now = Step(*(array.read(t) for array in steps))
        dh = dh + d_h_above[t]
        to_h, to_c = real[t] * dh, real[t] * dc  # the rest goes to the states that were kept
        dz, kept_c = lstm_gradient(now, to_h, to_c)
        d_gated = tf.matmul(dz, parameters.context, transpose_b=True)  # [rows, context]
        d_gate = d_gated * now.seen * now.gate * (1 - now.gate)
        d_context = d_gated * now.gate + d_seen_above[t]
        grouped = tf.reshape(d_context, (-1, captions, values.shape[-1]))  # [pictures, captions, context]
        d_weights = tf.matmul(grouped, values, transpose_b=True) + d_weights_above[t]
        d_energies = now.weights * (d_weights - tf.reduce_sum(now.weights * d_weights, axis=-1, keepdims=True))
        flat = tf.reshape(now.hidden, (-1, keys.shape[-1]))
        d_vector += tf.linalg.matvec(flat, tf.reshape(d_energies, (-1,)), transpose_a=True)
        curved = d_energies[..., None] * tf.square(now.hidden)  # [pictures, captions, places, attention]
        d_query = tf.reshape(-parameters.vector * tf.reduce_sum(curved, axis=2), (-1, keys.shape[-1]))
        of_places = tf.reduce_sum(d_energies, axis=1)[..., None]  # [pictures, places, 1]
        d_keys += parameters.vector * (of_places - tf.reduce_sum(curved, axis=1))
        d_all = tf.concat([d_query, d_gate, dz], axis=-1)  # as `first` gives them
        dh = dh - to_h + tf.matmul(d_all, parameters.first, transpose_b=True)
        return t - 1, dh, dc - to_c + kept_c, d_keys, d_vector, d_first.write(t, d_all), d_seen.write(t, d_context)

    zero = tf.zeros_like(d_h_above[0])
    arrays = tf.TensorArray(zero.dtype, time), tf.TensorArray(zero.dtype, time)
    begin = (time - 1, zero, zero, tf.zeros_like(keys), tf.zeros_like(parameters.vector), *arrays)
    _, dh, dc, d_keys, d_vector, d_first, d_seen = tf.while_loop(lambda t, *_: t >= 0, step, begin)

    d_all = d_first.stack()  # [time, rows, attention + context + 4 units]
    _, d_gate, dz = tf.split(d_all, [keys.shape[-1], values.shape[-1], 4 * units], axis=-1)
    seen, gate, old_h = (array.stack() for array in (steps.seen, steps.gate, steps.old_h))
    d_values = tf.einsum("tpki,tpkc->pic", steps.weights.stack(), grouped_by(d_seen.stack(), captions))
    of_weights = (outer(old_h, d_all), d_vector, tf.reduce_sum(d_gate, axis=(0, 1)), outer(gate * seen, dz))
    return dz, d_keys, d_values, dh, dc, *of_weights


def lstm_gradient(now: Step, dh: Any, dc: Any) -> tuple[Any, Any]:
    """Gradients of the gates before their activations `[rows, 4 units]` and, through them, of the state before."""
    i, f, g, o = tf.split(now.gates, 4, axis=-1)
    active = tf.tanh(now.new_c)
    dc = dc + dh * o * (1 - active * active)
    parts = [dc * g * i * (1 - i), dc * now.old_c * f * (1 - f), dc * i * (1 - g * g), dh * active * o * (1 - o)]
    return tf.concat(parts, axis=-1), dc * f


def grouped_by(rows: Any, captions: Any) -> Any:
    """`[time, rows, size]` as `[time, pictures, captions, size]`."""
    return tf.reshape(rows, (tf.shape(rows)[0], -1, captions, rows.shape[-1]))


def outer(left: Any, right: Any) -> Any:
    """The sum over time and rows of the outer products, `[left, right]`."""
    left, right = (tf.reshape(one, (-1, one.shape[-1])) for one in (left, right))
    return tf.matmul(left, right, transpose_a=True)
