"""Tag sequences out of a linear-chain CRF: the best, the k best, and random ones."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from ..checks import check_whole
from ..scan import scan
from .recursion import (
    FORBIDDEN,
    Method,
    backward,
    check_method,
    check_potentials,
    forward,
    logsumexp,
    shifted,
    start,
    time_first,
)


def viterbi(potentials: Any, method: Method = "scan") -> tuple[Any, Any]:
    r"""The best tag sequence.

    .. math::
        \hat y = \arg\max_y \sum_t \psi_t(y_{t-1}, y_t)

    What a scheme forbids never comes out if any sequence is allowed.

    Args:
        potentials: `[batch, time, tags, tags]`, from `CRF`.
        method: As for `log_partition`; the way back along the best sequence is a loop over time with both.

    Returns:
        Tags `[batch, time]`, int32, and their scores `[batch]`. A masked step repeats the tag of the last real step, or
        is 0 before the first: whoever reads the tags applies the mask.

    Raises:
        ValueError: For potentials of another shape, or an unknown method.

    Example:
        >>> import numpy as np
        >>> potentials = np.zeros((1, 3, 2, 2), "float32")
        >>> potentials[0, 1, 0, 1] = 5  # going from 0 to 1 in the second step is good
        >>> tags, best = viterbi(potentials)
        >>> np.array(tags), float(best[0])
        (array([[0, 1, 0]], dtype=int32), 5.0)

    Reference:
        Viterbi (1967), Error Bounds for Convolutional Codes and an Asymptotically Optimum Decoding Algorithm.
    """
    check_potentials(potentials)
    check_method(method)
    potentials = ops.stop_gradient(ops.convert_to_tensor(potentials))
    delta, scale = forward(potentials, ops.max, method)  # [time, batch, tags]
    pointers = ops.argmax(
        ops.expand_dims(shifted(delta, potentials), 3) + time_first(potentials), 2
    )  # [time, batch, tags]
    last = ops.cast(ops.argmax(delta[-1], -1), "int32")  # [batch]
    return _follow(pointers, last), ops.sum(scale, 0) + ops.max(delta[-1], -1)


def k_best(potentials: Any, k: int) -> tuple[Any, Any]:
    r"""The k best tag sequences, exactly, in order.

    Every step keeps the k best sequences that end in each tag.

    Args:
        potentials: `[batch, time, tags, tags]`, from `CRF`.
        k: How many.

    Returns:
        Tags `[batch, k, time]`, int32, and their scores `[batch, k]`, best first. Where fewer than k sequences are
        allowed, the scores of the rest are -inf and their tags mean nothing.

    Raises:
        ValueError: For potentials of another shape, or k below 1.

    Example:
        >>> import numpy as np
        >>> tags, scores = k_best(np.zeros((1, 2, 2, 2), "float32"), 5)
        >>> tags.shape, float(scores[0, 3]), float(scores[0, 4])  # there are 2 x 2 sequences
        (TensorShape([1, 5, 2]), 0.0, -inf)

    Reference:
        Seshadri and Sundberg (1994), List Viterbi Decoding Algorithms with Applications, section II (parallel form).
    """
    check_potentials(potentials)
    check_whole("k", k)
    potentials = ops.stop_gradient(ops.convert_to_tensor(potentials))
    size = potentials.shape[-1]

    def step(state: Any, psi: Any) -> tuple[Any, Any]:
        scores = state[0]  # [batch, tags * k]: of each tag, and of each rank there
        options = ops.repeat(psi, k, axis=1) + ops.expand_dims(scores, 2)  # [batch, tags * k, tags]
        best, pointers = ops.top_k(ops.transpose(options, (0, 2, 1)), k)  # [batch, tags, k]
        state = ops.reshape(best, (-1, size * k)), ops.reshape(ops.cast(pointers, "int32"), (-1, size * k))
        return state, state

    begin = ops.repeat(start(potentials), k, axis=-1)  # [batch, tags * k]
    only_one = ops.cast([0.0] + [-float("inf")] * (size * k - 1), begin.dtype)
    begin = begin + only_one
    (scores, _), (_, pointers) = scan(step, (begin, ops.zeros_like(begin, dtype="int32")), time_first(potentials))
    best, last = ops.top_k(scores, k)  # [batch, k]
    paths = _follow_many(pointers, ops.cast(last, "int32"))
    return paths // k, ops.where(best > FORBIDDEN / 2, best, ops.full_like(best, -float("inf")))


def sample(potentials: Any, n: int, seed: Any = None) -> Any:
    r"""Draws tag sequences from their distribution, exactly and independently.

    Messages go from right to left; then, from left to right,

    .. math::
        y_t \sim p(y_t = j \mid y_{t-1} = i) \propto \exp(\psi_t(i, j) + \beta_t(j))

    Args:
        potentials: `[batch, time, tags, tags]`, from `CRF`.
        n: How many for each example.
        seed: A whole number, the same draws every time, or a `keras.random.SeedGenerator`.

    Returns:
        Tags `[batch, n, time]`, int32; at masked steps as from `viterbi`.

    Raises:
        ValueError: For potentials of another shape, or n below 1.

    Example:
        >>> import numpy as np
        >>> sample(np.zeros((1, 3, 2, 2), "float32"), 4, seed=0).shape
        TensorShape([1, 4, 3])

    Reference:
        Frühwirth-Schnatter (1994), Data Augmentation and Dynamic Linear Models, with time reversed; Gumbel (1954) for
        drawing by the largest of perturbed scores.
    """
    check_potentials(potentials)
    check_whole("n", n)
    potentials = ops.stop_gradient(ops.convert_to_tensor(potentials))
    size = potentials.shape[-1]
    beta = backward(potentials, logsumexp, "scan")  # [time, batch, tags]
    logits = time_first(potentials) + ops.expand_dims(beta, 2)
    time, batch = ops.shape(beta)[:2]
    tiny = 1e-37 if beta.dtype != "float64" else 1e-300
    uniform = keras.random.uniform((time, batch, n, size), minval=tiny, dtype=beta.dtype, seed=seed)
    gumbel = -ops.log(-ops.log(uniform))
    rows = ops.expand_dims(ops.arange(batch, dtype="int32") * size, 1)  # [batch, 1]

    def step(tags: Any, both: Any) -> tuple[Any, Any]:
        scores = ops.take(ops.reshape(both[:, :size], (-1, size)), rows + tags, axis=0)  # [batch, n, tags]
        tags = ops.cast(ops.argmax(scores + both[:, size:], -1), "int32")
        return tags, tags

    # One tensor, as `ops.scan` wants as many inputs as outputs on TensorFlow: [time, batch, tags + n, tags].
    both = ops.concatenate([logits, gumbel], 2)
    _, tags = scan(step, ops.zeros_like(gumbel[0, :, :, 0], dtype="int32"), both)  # [time, batch, n]
    return ops.transpose(tags, (1, 2, 0))


def _follow(pointers: Any, last: Any) -> Any:
    """The way back from each last state along pointers `[time, batch, states]`: `[batch, time]`."""
    return _follow_many(pointers, ops.expand_dims(last, 1))[:, 0]


def _follow_many(pointers: Any, last: Any) -> Any:
    """The ways back from each of `[batch, k]` last states: `[batch, k, time]`."""
    _, batch, states = ops.shape(pointers)
    rows = ops.expand_dims(ops.arange(batch, dtype="int32") * states, 1)  # [batch, 1]

    def step(state: Any, pointer: Any) -> tuple[Any, Any]:
        return ops.take(ops.reshape(pointer, (-1,)), rows + state), state

    _, path = scan(step, last, ops.cast(pointers, "int32"), reverse=True)  # [time, batch, k]
    return ops.transpose(path, (1, 2, 0))
