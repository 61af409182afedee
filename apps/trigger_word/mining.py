"""Hard negatives: what the model, as it is now, takes for a word in streams that have none."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from .config import RATE
from .detector import KerasScorer
from .features import SPEC, STRIDE, log_mel

BEFORE, AFTER = 1.2, 0.2
"""Seconds of sound that are kept around a mistake; the model says late what it has heard."""
LEAST_SCORE = 0.1
MOST = 128
"""Mistakes that are kept, the worst ones."""


def mine(model: Any, streams: Iterable[np.ndarray]) -> list[np.ndarray]:
    """Finds the sounds for which a model gives the highest scores.

    Args:
        model: As it is in training.
        streams: Samples in which there is no trigger word, `[samples]` each.

    Returns:
        Pieces of the streams, the worst mistake first.
    """
    found: list[tuple[float, np.ndarray]] = []
    for samples in streams:
        features = log_mel(samples)
        scores = KerasScorer(model)(features[: len(features) // STRIDE * STRIDE]).max(1)  # [steps]
        found += [(float(scores[step]), piece(samples, step)) for step in peaks(scores)]
    found.sort(key=lambda pair: -pair[0])
    return [sound for _, sound in found[:MOST]]


def peaks(scores: np.ndarray) -> list[int]:
    """Steps with the highest score within a piece around them, of those that are high at all."""
    apart = round((BEFORE + AFTER) * RATE / (STRIDE * SPEC["hop"]))
    left, chosen = scores.copy(), []
    while len(left) and left.max() >= LEAST_SCORE:
        step = int(left.argmax())
        chosen.append(step)
        left[max(0, step - apart) : step + apart] = 0
    return chosen


def piece(samples: np.ndarray, step: int) -> np.ndarray:
    """The sound around an output of the model."""
    heard = (step + 1) * STRIDE * SPEC["hop"] + SPEC["window"] - SPEC["hop"]
    return samples[max(0, heard - round(BEFORE * RATE)) : heard + round(AFTER * RATE)].copy()
