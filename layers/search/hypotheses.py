"""Sequences side by side, and the best of them."""

from __future__ import annotations

from typing import Any, NamedTuple

from keras import ops

NEVER = -float("inf")
BLOCK = 64  # of a long row, for its maximum


class Hypotheses(NamedTuple):
    """Sequences side by side; a lane is a group of beams of one example, which is searched by itself."""

    scores: Any  # [lanes, n], -inf for one that does not exist
    log_probs: Any  # [lanes, n]
    lengths: Any  # [lanes, n]
    finished: Any  # [lanes, n]
    tokens: Any  # [lanes, n, time]
    rows: Any  # [lanes, n, time], in which row of all beams it was at each step

    def pick(self, places: Any) -> Hypotheses:
        """Those at `[lanes, kept]`."""
        return Hypotheses(*(picked(value, places) for value in self))

    def joined(self, other: Hypotheses) -> Hypotheses:
        """Both, `[lanes, n + m]`."""
        return Hypotheses(*(ops.concatenate(both, axis=1) for both in zip(self, other, strict=True)))


def picked(values: Any, places: Any) -> Any:
    """Of `[lanes, n, ...]` those at places `[lanes, kept]`: `[lanes, kept, ...]`."""
    flat = ops.reshape(values, (-1, *values.shape[2:]))
    return ops.take(flat, absolute(places, values.shape[1]), axis=0)


def absolute(places: Any, size: int) -> Any:
    """Places in lanes of a size, `[lanes, kept]`, as places in all lanes one after the other."""
    lanes = ops.arange(ops.shape(places)[0], dtype="int32")
    return ops.cast(places, "int32") + ops.expand_dims(lanes, 1) * size


def best_of_many(values: Any, k: int) -> tuple[Any, Any]:
    """The k highest of each row and their places, as by `ops.top_k`, which is slow for long rows.

    They lie in the k blocks of the highest maxima, or in the rest that fills no block.

    Args:
        values: `[rows, n]`.
        k: Far smaller than n for this to be of use.

    Returns:
        Values and places, `[rows, k]`, highest first.
    """
    blocks = values.shape[1] // BLOCK
    whole, near = blocks * BLOCK, k * BLOCK
    if blocks < 2 * k:
        best, places = ops.top_k(values, k)
        return best, ops.cast(places, "int32")
    parts = ops.reshape(values[:, :whole], (-1, blocks, BLOCK))
    block = ops.cast(ops.top_k(ops.max(parts, axis=2), k)[1], "int32")  # [rows, k]
    candidates = ops.concatenate([ops.reshape(picked(parts, block), (-1, near)), values[:, whole:]], axis=1)
    best, places = ops.top_k(candidates, k)  # [rows, k]
    places = ops.cast(places, "int32")
    inside = picked(block, ops.minimum(places // BLOCK, k - 1)) * BLOCK + places % BLOCK
    return best, ops.where(places < near, inside, places - near + whole)


def best_first(hypotheses: Hypotheses, keep: int) -> Hypotheses:
    """The best, by score: first those that ended, then those cut off, then what does not exist."""
    n = hypotheses.scores.shape[1]
    hypotheses = hypotheses.pick(ops.top_k(hypotheses.scores, n)[1])
    real = hypotheses.scores > NEVER
    last = ops.where(hypotheses.finished, 0, 1) + ops.where(real, 0, 2)  # [lanes, n]
    order = ops.argsort(last * n + ops.arange(n), axis=1)  # no two are equal
    return hypotheses.pick(order[:, :keep])
