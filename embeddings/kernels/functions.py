"""Functions of float32 numbers that a compiler can apply to 16 at once; NumPy's own are called number by number.

Only within `error_model="numpy"`: otherwise each division is looked at for a divisor of 0, alone.
"""

from __future__ import annotations

import numpy as np
from numba import njit

F = np.float32
TAYLOR = tuple(F(1 / number) for number in (720, 120, 24, 6, 2, 1, 1))


@njit(fastmath=True, inline="always")
def exp(x: np.float32) -> np.float32:
    r"""`exp(x)` with a relative error below 1e-6; `x` counts as ±87 beyond that.

    .. math:: e^x = 2^n e^r, \quad n = \mathrm{round}(x / \ln 2),\ r = x - n \ln 2

    :math:`e^r` by its Taylor series, :math:`2^n` by writing n where float32 has its exponent.
    """
    x = min(max(x, F(-87)), F(87))
    n = np.floor(x * F(1.4426950408889634) + F(0.5))
    r = x - n * F(0.693145751953125) - n * F(1.428606765330187e-06)  # ln 2 in two parts: n times the first is exact
    series = F(1 / 5040)
    for coefficient in TAYLOR:
        series = series * r + coefficient
    return series * np.int32((np.int32(n) + np.int32(127)) << np.int32(23)).view(F)


@njit(fastmath=True, inline="always")
def sigmoid(x: np.float32) -> np.float32:
    """`1 / (1 + exp(-x))` with an error below 1e-6."""
    return F(1) / (F(1) + exp(-x))
