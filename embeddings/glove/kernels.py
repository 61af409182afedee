r"""Training on one tile, compiled.

.. math::
    J = \sum_{X_{ij} > 0} f(X_{ij}) (w_i^\top \tilde w_j + b_i + \tilde b_j - \log X_{ij})^2 \qquad
    f(x) = \min(1, (x / x_{max})^\alpha)

Reference:
    Pennington, Socher and Manning (2014), "GloVe: global vectors for word representation"; Duchi, Hazan and Singer
    (2011), "Adaptive subgradient methods" (AdaGrad).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ..kernels.functions import exp
from ..kernels.rows import adagrad, dot

F, U = np.float32, np.uint64


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def train_tile(
    lanes: tuple,
    a: np.ndarray,
    a_roots: np.ndarray,
    a_biases: np.ndarray,
    first: int,
    b: np.ndarray,
    b_roots: np.ndarray,
    b_biases: np.ndarray,
    second: int,
    entries: np.ndarray,
    skip_equal: bool,
    rate: np.float32,
    x_max: np.float32,
    alpha: np.float32,
) -> tuple[int, float]:
    r"""One step for each pair of a tile.

    Args:
        lanes: Of the matrices.
        a, a_roots: Vectors, and :math:`1/\sqrt{G}` of AdaGrad's G, float32 `[rows, width]`, on the entries' first side.
        a_biases: Biases and their G, float32 `[rows, 2]`.
        first: The row of the group's first word.
        b, b_roots, b_biases, second: The same of the other side.
        entries: The pairs, as `counting.Pairs` has them.
        skip_equal: Leave out pairs of a word with itself, which have no other half.
        rate: Learning rate.
        x_max, alpha: Of f.

    Returns:
        How many pairs, and the sum of half of J's terms, each before its step.
    """
    shares, logarithms = np.empty(len(entries), F), np.empty(len(entries), F)
    highest = np.log(x_max)
    for n in range(len(entries)):
        logarithms[n] = np.uint32(entries[n] >> U(32)).view(F)
    for n in range(len(entries)):
        shares[n] = exp(min(alpha * (logarithms[n] - highest), F(0)))
    loss, pairs = 0.0, 0
    for n in range(len(entries)):
        i = first + np.int64((entries[n] >> U(16)) & U(0xFFFF))
        j = second + np.int64(entries[n] & U(0xFFFF))
        if skip_equal and i == j:
            continue
        pairs += 1
        error = dot(lanes, a, i, b, j) + a_biases[i, 0] + b_biases[j, 0] - logarithms[n]
        slope = shares[n] * error
        loss += 0.5 * slope * error
        adagrad(lanes, a, a_roots, i, b, b_roots, j, rate * slope)
        a_biases[i, 0] -= slope / np.sqrt(a_biases[i, 1])
        a_biases[i, 1] += slope * slope
        b_biases[j, 0] -= slope / np.sqrt(b_biases[j, 1])
        b_biases[j, 1] += slope * slope
    return pairs, loss
