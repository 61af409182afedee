"""Coverage: what attention has seen, and what it costs to look twice."""

from __future__ import annotations

from typing import Any

from keras import ops

from ..masking import check_mask


def coverage_loss(weights: Any, query_mask: Any = None) -> Any:
    r"""How much attention falls, at each step, on what was attended to before.

    .. math::
        c_i = \sum_{k<i} \alpha_k \qquad
        L = \frac{1}{I} \sum_i \sum_j \min(\alpha_{ij}, c_{ij})

    Args:
        weights: `[batch, query_time, time]`.
        query_mask: `[batch, query_time]`, boolean, True for the steps that count; None if all do.

    Returns:
        `[batch]`, the mean over the steps that count.

    Raises:
        ValueError: For weights or a mask of another shape, or a mask that is not boolean.

    Example:
        >>> coverage_loss(ops.convert_to_tensor([[[0.5, 0.5], [0.5, 0.5]]])).numpy()
        array([0.5], dtype=float32)

    Reference:
        See et al. (2017), Get To The Point: Summarization with Pointer-Generator Networks, equations 10 to 13.
    """
    weights = ops.convert_to_tensor(weights)
    if len(weights.shape) != 3:
        raise ValueError(f"weights must be [batch, query_time, time], not {tuple(weights.shape)}")
    check_mask(query_mask, weights.shape[:2], "query_mask", "the weights")
    counted = ops.ones_like(weights[:, :, 0]) if query_mask is None else ops.cast(query_mask, weights.dtype)
    weights = weights * ops.expand_dims(counted, -1)
    covered = ops.cumsum(weights, axis=1) - weights
    overlap = ops.sum(ops.minimum(weights, covered), axis=(1, 2))
    return overlap / ops.maximum(ops.sum(counted, axis=1), 1)


def coverage_features(coverage: Any, fertility: Any, kernel: Any) -> Any:
    """What of coverage goes into a score's hidden layer, `[batch, 1, time, units]`.

    Args:
        coverage: `[batch, time]`.
        fertility: The same, to divide it by, or None.
        kernel: `[units]`, of the type of the result.
    """
    covered = coverage if fertility is None else coverage / fertility
    return ops.expand_dims(ops.expand_dims(ops.cast(covered, kernel.dtype), 1), -1) * kernel
