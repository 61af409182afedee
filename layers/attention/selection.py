"""How attention chooses: softly, one place, or ever onward. All in float32 or wider."""

from __future__ import annotations

from typing import Any

from keras import ops


def selected(selection: str, weights: Any, noise: Any) -> tuple[Any, ...]:
    """The weights that a selection other than "monotonic" makes of soft ones, and its further outputs."""
    if selection == "soft":
        return (weights,)
    if selection == "hard":
        return (straight_through(weights),)
    chosen = ops.stop_gradient(likeliest(weights)) if noise is None else sampled(weights, noise)
    return chosen, log_probability(weights, chosen), entropy(weights)


def straight_through(weights: Any) -> Any:
    """The likeliest place alone, with the gradient of the weights `[..., time]`; nothing where all of them are 0."""
    # The difference is exactly 0, so the sum is exactly one-hot.
    return ops.stop_gradient(likeliest(weights)) + (weights - ops.stop_gradient(weights))


def likeliest(weights: Any) -> Any:
    """1 at the first largest weight, 0 elsewhere, `[..., time]`."""
    return one_place(ops.argmax(weights, axis=-1), weights) * ops.cast(weights > 0, weights.dtype)


def sampled(weights: Any, uniform: Any) -> Any:
    """1 at a place drawn with the weights `[..., time]` as probabilities, from one uniform number `[..., 1]` each."""
    below = ops.cumsum(weights, axis=-1)
    # Against the total, which rounding may leave short of 1; all places are counted, and none is drawn, where it is 0.
    place = ops.sum(ops.cast(below <= uniform * below[..., -1:], "int32"), axis=-1)
    return ops.stop_gradient(one_place(place, weights))


def one_place(place: Any, weights: Any) -> Any:
    """1 at a place `[...]`, 0 elsewhere, shaped like the weights `[..., time]`."""
    every = ops.cumsum(ops.ones_like(weights, dtype="int32"), axis=-1) - 1
    return ops.cast(ops.equal(every, ops.expand_dims(ops.cast(place, "int32"), -1)), weights.dtype)


def log_probability(weights: Any, chosen: Any) -> Any:
    """The logarithm of the weight of the chosen place, `[...]`; 0 where none is."""
    probability = ops.sum(weights * chosen, axis=-1)
    return ops.log(ops.where(probability > 0, probability, ops.ones_like(probability)))


def entropy(weights: Any) -> Any:
    """Of the weights `[..., time]`, `[...]`."""
    some = weights > 0
    return -ops.sum(ops.where(some, weights * ops.log(ops.where(some, weights, ops.ones_like(weights))), 0), axis=-1)


def monotonic(energies: Any, mask: Any, previous: Any, noise: Any) -> Any:
    """The weights of a monotonic step, `[batch, 1, time]`: the expectation with noise, a place without."""
    if noise is None:
        return hard_monotonic(energies, mask, previous)
    return expected_monotonic(energies + noise, mask, previous)


def expected_monotonic(energies: Any, mask: Any, previous: Any) -> Any:
    r"""The expected alignment when each place is taken with probability :math:`p_j = \sigma(e_j)`, left to right.

    .. math:: \alpha_{ij} = p_{ij} \sum_{k \le j} \alpha_{i-1,k} \prod_{l=k}^{j-1} (1 - p_{il})

    The products are exponentials of differences of sums of :math:`\log(1 - p)`, never above 1: nothing is divided, so
    nothing is clipped. Costs `time` squared for each step.

    Args:
        energies: `[batch, 1, time]`.
        mask: `[batch, time]`.
        previous: The alignment of the step before, `[batch, time]`.

    Returns:
        `[batch, 1, time]`; what is missing to a sum of 1 passed all places by.
    """
    real = ops.expand_dims(mask, 1)
    take = ops.where(real, ops.sigmoid(energies), 0)  # [batch, 1, time]
    leave = ops.where(mask, -ops.softplus(ops.squeeze(energies, 1)), 0)  # log(1 - p), [batch, time]
    passed = ops.cumsum(leave, axis=1) - leave  # of all places before, [batch, time]
    place = ops.cumsum(ops.ones_like(passed, dtype="int32"), axis=1)
    behind = ops.expand_dims(place, 2) <= ops.expand_dims(place, 1)  # [batch, from, to]
    between = ops.expand_dims(passed, 1) - ops.expand_dims(passed, 2)
    reach = ops.exp(ops.where(behind, between, ops.full_like(between, -1e9)))
    return take * ops.matmul(ops.expand_dims(previous, 1), reach)


def hard_monotonic(energies: Any, mask: Any, previous: Any) -> Any:
    """The first place, from that of the step before on, that is likelier taken than not; none when there is none.

    Args:
        energies: `[batch, 1, time]`.
        mask: `[batch, time]`.
        previous: The one-hot alignment of the step before, `[batch, time]`.

    Returns:
        One-hot or 0, `[batch, 1, time]`.
    """
    onward = ops.cumsum(previous, axis=1) > 0
    taken = ops.logical_and(ops.logical_and(mask, onward), ops.squeeze(energies, 1) > 0)
    first = ops.logical_and(taken, ops.equal(ops.cumsum(ops.cast(taken, "int32"), axis=1), 1))
    return ops.expand_dims(ops.cast(first, previous.dtype), 1)
