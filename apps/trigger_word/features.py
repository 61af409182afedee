"""Log-mel features in numpy; `graph.py` has the same in a graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from .config import RATE
from .loader import LogMel

SPEC: dict[str, Any] = {
    "rate": RATE,
    "window": 512,
    "hop": 160,
    "bands": 40,
    "low": 60.0,
    "high": 7600.0,
    "floor": 1e-5,
}
"""32 ms every 10 ms. The floor lies below a whisper across the room and above the noise of 16 bits."""
STRIDE = 3
"""Frames from one output of a model to the next: 30 ms."""

log_mel = LogMel(SPEC)
"""`[samples]` in [-1, 1] to `[frames, bands]`, in numpy."""


def statistics(features: list[np.ndarray]) -> tuple[list[float], list[float]]:
    """Mean and variance of each band over all frames of some streams; fixed, so that normalising looks at no future."""
    frames = np.concatenate(features).astype(np.float64)  # [frames, bands]
    return frames.mean(0).tolist(), np.maximum(frames.var(0), 1e-3).tolist()


def spectrogram_masks(rng: np.random.Generator, features: np.ndarray, fill: np.ndarray) -> np.ndarray:
    """SpecAugment: a band of frequencies and a stretch of time of each stream are set to the mean.

    Args:
        rng: Draws them.
        features: `[frames, bands]`.
        fill: What they are set to, `[bands]`.

    Reference:
        Park et al. (2019), SpecAugment.
    """
    frames, bands = features.shape
    masked = features.copy()
    for _ in range(2):
        width = int(rng.integers(0, 7))
        start = int(rng.integers(0, bands - width + 1))
        masked[:, start : start + width] = fill[start : start + width]
    for _ in range(3):
        length = int(rng.integers(0, 11))  # up to 0.1 s: a word keeps what makes it that word
        start = int(rng.integers(0, frames - length + 1))
        masked[start : start + length] = fill
    return masked
