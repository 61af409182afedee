"""Inference in a linear-chain CRF: pure functions of the log-potentials of its edges."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops

from ..checks import fits, numbers_of
from ..masking import real_first, reordered
from .recursion import NEVER, Method, backward, check_method, check_potentials, forward, logsumexp, shifted


def log_partition(potentials: Any, method: Method = "scan") -> Any:
    r"""The logarithm of the sum over all tag sequences of their exponentiated scores.

    .. math::
        \log Z = \log \sum_y \exp \sum_t \psi_t(y_{t-1}, y_t)

    Its gradient, the marginals of the edges, is written by hand: no backend differentiates through the loop.

    Args:
        potentials: `[batch, time, tags, tags]`, from `CRF`.
        method: "scan", T steps one after the other, or "associative", log T rounds of which each works on all steps at
            once, with `tags` log T times the arithmetic: for accelerators.

    Returns:
        `[batch]`; 0 for a sequence that is masked throughout.

    Raises:
        ValueError: For potentials of another shape, or an unknown method.

    Example:
        >>> import numpy as np
        >>> float(log_partition(np.zeros((1, 2, 3, 3), "float32"))[0])  # 3 x 3 sequences of score 0, log 9
        2.1972246170043945

    Reference:
        Lafferty et al. (2001), Conditional Random Fields, section 3; Hillis and Steele (1986), Data Parallel
        Algorithms, for the associative form.
    """
    check_potentials(potentials)
    check_method(method)

    @ops.custom_gradient
    def with_gradient(psi: Any) -> Any:
        alpha, scale = forward(psi, logsumexp, method)

        def gradient(*arguments: Any, upstream: Any = None) -> Any:
            # PyTorch passes the inputs as well, and the upstream by name.
            upstream = arguments[-1] if upstream is None else upstream
            return _edge_marginals(psi, alpha, scale, method) * ops.reshape(upstream, (-1, 1, 1, 1))

        return ops.sum(scale, 0) + logsumexp(alpha[-1], -1), gradient

    return with_gradient(ops.convert_to_tensor(potentials))


def score(potentials: Any, tags: Any) -> Any:
    r"""The score of a tag sequence, which is its log-probability before normalisation.

    .. math::
        s(y) = \sum_t \psi_t(y_{t-1}, y_t)

    Args:
        potentials: `[batch, time, tags, tags]`, from `CRF`.
        tags: `[batch, time]`, whole numbers; at masked steps any number, -1 too.

    Returns:
        `[batch]`; NaN where a tag at a real step is outside the range and this cannot be known in advance (in a graph).

    Raises:
        ValueError: For shapes that do not fit, or (outside a graph) a tag outside the range at a real step.

    Example:
        >>> import numpy as np
        >>> potentials = np.arange(8, dtype="float32").reshape(1, 2, 2, 2)
        >>> float(score(potentials, np.array([[1, 0]]))[0])  # from state 0 to tag 1, then from 1 to 0: 1 + 6
        7.0
    """
    check_potentials(potentials)
    potentials, tags = ops.convert_to_tensor(potentials), ops.cast(tags, "int32")
    _check_shape_of_tags(tags, potentials)
    size = potentials.shape[-1]
    real = potentials[:, :, 0, 1] > NEVER / 2  # [batch, time]
    outside = ops.logical_and(real, ops.logical_or(tags < 0, tags >= size))
    _check_range(outside, tags, size)
    current = _last_real(ops.clip(tags, 0, size - 1), real)
    previous = ops.pad(current, ((0, 0), (1, 0)))[:, :-1]
    edges = ops.reshape(potentials, (-1,))
    places = (_count(current) * size + previous) * size + current
    total = ops.sum(ops.take(edges, places), -1)
    return ops.where(ops.any(outside, -1), ops.full_like(total, np.nan), total)


def log_likelihood(potentials: Any, tags: Any, method: Method = "scan") -> Any:
    r"""The log-probability of a tag sequence, :math:`\log p(y) = s(y) - \log Z`.

    Args:
        potentials: `[batch, time, tags, tags]`, from `CRF`.
        tags: `[batch, time]`, as for `score`.
        method: As for `log_partition`.

    Returns:
        `[batch]`.

    Raises:
        ValueError: As `score` and `log_partition` do.

    Example:
        >>> import numpy as np
        >>> float(log_likelihood(np.zeros((1, 2, 3, 3), "float32"), np.array([[2, 0]]))[0])
        -2.1972246170043945
    """
    return score(potentials, tags) - log_partition(potentials, method)


def marginals(potentials: Any, method: Method = "scan") -> Any:
    r"""The probability of each tag at each step, over all tag sequences.

    .. math::
        p(y_t = j) = \sum_i p(y_{t-1} = i, y_t = j)

    Args:
        potentials: `[batch, time, tags, tags]`, from `CRF`.
        method: As for `log_partition`.

    Returns:
        `[batch, time, tags]`. A masked step repeats the last real one; before the first real one, tag 0 has all.

    Raises:
        ValueError: As `log_partition` does.

    Example:
        >>> import numpy as np
        >>> marginals(np.zeros((1, 2, 4, 4), "float32")).shape
        TensorShape([1, 2, 4])
    """
    return ops.sum(edge_marginals(potentials, method), 2)


def edge_marginals(potentials: Any, method: Method = "scan") -> Any:
    r"""The probability of each pair of neighbouring tags, over all tag sequences.

    .. math::
        p(y_{t-1} = i, y_t = j) = \exp(\alpha_{t-1}(i) + \psi_t(i, j) + \beta_t(j) - \log Z)

    Args:
        potentials: `[batch, time, tags, tags]`, from `CRF`.
        method: As for `log_partition`.

    Returns:
        `[batch, time, tags, tags]`. The first step is entered from state 0.

    Raises:
        ValueError: As `log_partition` does.

    Example:
        >>> import numpy as np
        >>> float(edge_marginals(np.zeros((1, 2, 4, 4), "float32"))[0, 1, 2, 3])
        0.0625
    """
    check_potentials(potentials)
    check_method(method)
    potentials = ops.convert_to_tensor(potentials)
    return _edge_marginals(potentials, *forward(potentials, logsumexp, method), method)


def _edge_marginals(potentials: Any, alpha: Any, scale: Any, method: Method) -> Any:
    """Normalised step by step, so that the error does not grow with the length."""
    beta = backward(potentials, logsumexp, method)  # [time, batch, tags]
    total = logsumexp(alpha + beta, -1) + scale  # [time, batch]
    before = ops.transpose(shifted(alpha, potentials), (1, 0, 2))
    after = ops.transpose(beta - ops.expand_dims(total, -1), (1, 0, 2))
    return ops.exp(potentials + (ops.expand_dims(before, 3) + ops.expand_dims(after, 2)))


# Tags


def _last_real(tags: Any, real: Any) -> Any:
    """At each step the tag of the last real step up to there, or 0: `[batch, time]`."""
    seen = ops.cumsum(ops.cast(real, "int32"), axis=1)  # how many real steps up to here
    held = reordered(tags, reordered(real_first(real), ops.maximum(seen - 1, 0)))
    return ops.where(seen > 0, held, ops.zeros_like(held))


def _count(like: Any) -> Any:
    """0, 1, 2, ... in the shape of a matrix."""
    rows, columns = ops.shape(like)
    return ops.reshape(ops.arange(rows * columns, dtype="int32"), (rows, columns))


# Bad use


def _check_shape_of_tags(tags: Any, potentials: Any) -> None:
    wanted, given = tuple(potentials.shape[:2]), tuple(tags.shape)
    if not fits(given, wanted):
        raise ValueError(f"tags must be [batch, time] like the potentials, {wanted}, not {given}")


def _check_range(outside: Any, tags: Any, size: int) -> None:
    """Raises where numbers are known, which they are not in a graph."""
    wrong = numbers_of(outside)
    if wrong is not None and wrong.any():
        example, step = np.argwhere(wrong)[0]
        tag = int(ops.convert_to_numpy(tags)[example, step])
        raise ValueError(
            f"tags must be from 0 to {size - 1} at real steps, not {tag} (example {example}, step {step}); "
            "steps without a tag must be masked when the potentials are made"
        )
