"""The one recursion on which inference in a linear-chain CRF rests, in the semiring of (logsumexp, +) or of (max, +):

    forward:  alpha_t(j)     = total_i [alpha_{t-1}(i) + psi_t(i, j)],   alpha_0 = (0, never, never, ...)
    backward: beta_{t-1}(i)  = total_j [psi_t(i, j) + beta_t(j)],        beta_T  = 0

`CRF` makes potentials for which this is right without a mask: before the first real step the chain is in state 0, the
first real step is entered alike from every state, and a masked step is the identity, which keeps the state.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from keras import ops

from ..scan import scan

FORBIDDEN = -1e9  # the score of what a scheme forbids: below every sum of sensible scores
NEVER = -1e30  # the score of leaving the state at a masked step; told apart from FORBIDDEN, and finite in float32

Method = Literal["scan", "associative"]
Total = Callable[[Any, int], Any]


def forward(potentials: Any, total: Total, method: Method) -> tuple[Any, Any]:
    """The messages from the left, each with its largest entry taken out: `[time, batch, tags]` and `[time, batch]`."""
    if method == "associative":
        raw = _products(potentials, total, reverse=False)[:, :, 0]  # [time, batch, tags]
        height = ops.max(raw, -1)  # [time, batch]
        return raw - ops.expand_dims(height, -1), height - ops.pad(height, ((1, 0), (0, 0)))[:-1]

    def step(alpha: Any, psi: Any) -> tuple[Any, Any]:
        alpha = total(ops.expand_dims(alpha, 2) + psi, 1)  # [batch, tags]
        return alpha - ops.max(alpha, -1, keepdims=True), alpha

    _, alpha = scan(step, start(potentials), time_first(potentials))
    scale = ops.max(alpha, -1)
    return alpha - ops.expand_dims(scale, -1), scale


def backward(potentials: Any, total: Total, method: Method) -> Any:
    """The messages from the right, each up to a constant: `[time, batch, tags]`, the last one 0."""
    end = ops.zeros_like(potentials[:, 0, 0])  # [batch, tags]
    if method == "associative":
        raw = total(_products(potentials, total, reverse=True), 3)  # [time, batch, tags]
        raw = ops.concatenate([raw[1:], ops.expand_dims(end, 0)], 0)
        return raw - ops.max(raw, -1, keepdims=True)

    def step(beta: Any, psi: Any) -> tuple[Any, Any]:
        before = total(psi + ops.expand_dims(beta, 1), 2)  # [batch, tags]
        return before - ops.max(before, -1, keepdims=True), beta

    return scan(step, end, time_first(potentials), reverse=True)[1]


def _products(potentials: Any, total: Total, reverse: bool) -> Any:
    """The products of all matrices up to each step, or from each step on: `[time, batch, tags, tags]`."""

    def product(first: Any, second: Any) -> Any:
        if reverse:
            first, second = second, first
        return total(ops.expand_dims(first, 4) + ops.expand_dims(second, 2), 3)

    found = time_first(potentials)
    found = _doubling(product, ops.flip(found, 0) if reverse else found)
    return ops.flip(found, 0) if reverse else found


def _doubling(product: Callable[[Any, Any], Any], elements: Any) -> Any:
    """The products of all elements up to each one: of the last two, the last four, and so on.

    `ops.associative_scan` needs fewer products, but on TensorFlow no length that is open.
    """
    time = ops.shape(elements)[0]
    steps = ops.arange(time, dtype="int32")

    def step(reach: Any, found: Any) -> tuple[Any, Any]:
        before = ops.take(found, ops.maximum(steps - reach, 0), axis=0)
        whole = ops.reshape(steps < reach, (-1, 1, 1, 1))
        return 2 * reach, ops.where(whole, found, product(before, found))

    if elements.shape[0] is None:
        return ops.while_loop(lambda reach, _: reach < time, step, (ops.convert_to_tensor(1, "int32"), elements))[1]
    for reach in (2**n for n in range((time - 1).bit_length())):
        _, elements = step(reach, elements)
    return elements


def logsumexp(x: Any, axis: int) -> Any:
    """Of finite numbers, which spares the checks for infinities."""
    highest = ops.max(x, axis, keepdims=True)
    return ops.log(ops.sum(ops.exp(x - highest), axis)) + ops.squeeze(highest, axis)


def start(potentials: Any) -> Any:
    """The message before the first step, state 0 for certain: `[batch, tags]`."""
    size = potentials.shape[-1]
    return ops.zeros_like(potentials[:, 0, 0]) + ops.cast([0.0] + [NEVER] * (size - 1), potentials.dtype)


def shifted(messages: Any, potentials: Any) -> Any:
    """The message before each step: `[time, batch, tags]`."""
    return ops.concatenate([ops.expand_dims(start(potentials), 0), messages[:-1]], 0)


def time_first(potentials: Any) -> Any:
    """For `ops.scan`: `[time, batch, tags, tags]`."""
    return ops.transpose(potentials, (1, 0, 2, 3))


def check_potentials(potentials: Any) -> None:
    """Raises a `ValueError` unless potentials are `[batch, time, tags, tags]` with a known number of tags."""
    shape = tuple(potentials.shape)
    if len(shape) != 4 or shape[-1] is None or shape[-1] != shape[-2] or shape[-1] < 2 or shape[1] == 0:
        wanted = "[batch, time, tags, tags] as CRF makes them, with at least 1 step"
        raise ValueError(f"potentials must be {wanted}, not {shape}")


def check_method(method: str) -> None:
    """Raises a `ValueError` for a method that is not known."""
    if method not in ("scan", "associative"):
        raise ValueError(f"method must be 'scan' or 'associative', not {method!r}")
