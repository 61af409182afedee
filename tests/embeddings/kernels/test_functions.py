"""Functions against float64, compiled as the kernels compile them."""

import numpy as np
from numba import njit

from embeddings.kernels import functions


@njit(fastmath=True)
def exp(numbers):
    return np.array([functions.exp(number) for number in numbers], np.float32)


@njit(fastmath=True)
def sigmoid(numbers):
    return np.array([functions.sigmoid(number) for number in numbers], np.float32)


NUMBERS = np.concatenate([np.linspace(-87, 87, 20_001), np.linspace(-1, 1, 5001), [0, 1e-30, -1e-30]]).astype("f4")
FAR = np.array([-1e30, -200, -87.5, 87.5, 200, 1e30], np.float32)


def test_exp():
    np.testing.assert_allclose(exp(NUMBERS), np.exp(NUMBERS.astype(float)), rtol=5e-7)
    np.testing.assert_allclose(exp(FAR), np.exp(np.clip(FAR, -87, 87).astype(float)), rtol=1e-6)
    assert exp(np.zeros(1, np.float32))[0] == 1


def test_sigmoid():
    exact = 1 / (1 + np.exp(-NUMBERS.astype(float)))
    np.testing.assert_allclose(sigmoid(NUMBERS), exact, atol=1e-6, rtol=2e-6)
    np.testing.assert_allclose(sigmoid(FAR), FAR > 0, atol=1e-6)
