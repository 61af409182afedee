"""What is taken for a hard negative."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from apps.trigger_word import mining
from apps.trigger_word.config import RATE
from apps.trigger_word.features import log_mel

from .helpers import sounds


class Loud:
    """A scorer that takes loudness for a word."""

    def __init__(self, model: Any) -> None:
        pass

    def __call__(self, features: np.ndarray) -> np.ndarray:
        steps = features.reshape(-1, 3, features.shape[-1]).mean((1, 2))
        return np.clip((steps + 6) / 10, 0, 1)[:, None]


def test_the_loudest_sounds_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mining, "KerasScorer", Loud)
    streams = []
    for level in (0.02, 0.5, 0.1):
        samples = 1e-4 * sounds(6.0)
        samples[3 * RATE : 3 * RATE + RATE // 5] = level * np.random.default_rng(0).standard_normal(RATE // 5)
        streams.append(samples.astype(np.float32))
    found = mining.mine(None, streams)
    assert len(found) == 3
    loudness = [np.abs(sound).max() for sound in found]
    assert loudness == sorted(loudness, reverse=True)
    for sound in found:
        assert len(sound) == round((mining.BEFORE + mining.AFTER) * RATE)
        assert log_mel(sound).mean(1).max() == pytest.approx(log_mel(sound).mean(1).max())


def test_nothing_is_taken_where_nothing_is_heard() -> None:
    assert mining.peaks(np.full(100, 0.01)) == []
    assert mining.peaks(np.zeros(0)) == []


def test_peaks_are_apart_and_the_highest() -> None:
    scores = np.zeros(300)
    scores[[50, 60, 200]] = 0.5, 0.9, 0.3
    assert mining.peaks(scores) == [60, 200]


def test_no_more_are_kept_than_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mining, "KerasScorer", Loud)
    monkeypatch.setattr(mining, "MOST", 2)
    assert len(mining.mine(None, [sounds(6.0, seed) for seed in range(3)])) == 2
