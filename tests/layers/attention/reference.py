"""Attention in numpy, one query and one place at a time, over unmasked steps and places only."""

from __future__ import annotations

import numpy as np

Array = np.ndarray


def softmax(scores: Array) -> Array:
    powers = np.exp(scores - scores.max()) if len(scores) else scores
    return powers / powers.sum() if len(scores) else scores


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def local_m(energies: Array, width: int) -> Array:
    """Luong et al. (2015), section 3.2: `[steps, places]` to weights; p_t = t, at most the last place."""
    weights = np.zeros_like(energies)
    steps, places = energies.shape
    for t in range(steps):
        centre = min(t, places - 1)
        inside = [s for s in range(places) if centre - width <= s <= centre + width]
        weights[t, inside] = softmax(energies[t, inside])
    return weights


def local_p(energies: Array, logits: Array, width: int) -> Array:
    """Luong et al. (2015), equations 9 and 10, with logits v^T tanh(W h_t), `[steps]`."""
    weights = np.zeros_like(energies)
    steps, places = energies.shape
    for t in range(steps):
        centre = places * sigmoid(logits[t])
        inside = [s for s in range(places) if abs(s - centre) <= width]
        bell = np.exp(-((np.array(inside) - centre) ** 2) / (2 * (width / 2) ** 2))
        weights[t, inside] = softmax(energies[t, inside]) * bell
    return weights


def monotonic(energies: Array) -> Array:
    """Raffel et al. (2017), equation 9 as it stands: O(T^2) sums for each step."""
    steps, places = energies.shape
    p = sigmoid(energies)
    before, weights = np.eye(1, places)[0], np.zeros_like(energies)
    for i in range(steps):
        for j in range(places):
            weights[i, j] = p[i, j] * sum(before[k] * np.prod(1 - p[i, k:j]) for k in range(j + 1))
        before = weights[i]
    return weights


def greedy_monotonic(energies: Array) -> Array:
    """Raffel et al. (2017), algorithm 1 with p > 1/2 for the coin: from the last place taken onward."""
    weights, place = np.zeros_like(energies), 0
    for i, row in enumerate(energies):
        while place < len(row) and row[place] <= 0:
            place += 1
        if place < len(row):
            weights[i, place] = 1
    return weights
