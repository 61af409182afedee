"""Small models, streams of noise and tones, and the command line called in process."""

from __future__ import annotations

from typing import Any
from unittest import mock

import numpy as np

from apps.trigger_word import sample
from apps.trigger_word.config import RATE, Config
from apps.trigger_word.features import SPEC, STRIDE
from apps.trigger_word.model import build
from apps.trigger_word.task import TriggerTask
from tests.apps import command
from tests.apps.command import ROOT, Outcome, as_options, call, leftovers, read_json

__all__ = ["DATA", "ROOT", "leftovers", "options", "read_json", "run", "small_model", "sounds", "spec"]
DATA = command.DATA / "trigger_word"
SMALL = {
    "epochs": 1,
    "batch-size": 4,
    "mixtures": 8,
    "stream-seconds": 2.0,
    "units": 6,
    "filters": 5,
    "dev-hours": 0.01,
    "test-hours": 0.01,
    "seed": 1,
}
"""Options under which a model trains in a second, whatever the defaults are."""
COUNTS = {
    "chime": 20,
    "falling": 4,
    "turning": 4,
    "begun": 4,
    "ended": 4,
    "doorbell": 4,
    "knocking": 4,
    "babble": 8,
    "noise": 3,
}
"""Recordings of the sample."""
MODELS = ("gru", "depthwise")


def options(**given: Any) -> list[str]:
    """`SMALL` with other values as words of a command line."""
    return as_options(SMALL | {name.replace("_", "-"): value for name, value in given.items()})


def run(*argv: object) -> Outcome:
    """The command line in this process, with a small sample."""
    with mock.patch.dict(sample.COUNTS, COUNTS):
        return call(TriggerTask, *argv)


def small_model(kind: str, keywords: int = 2, seed: int = 3) -> Any:
    """An untrained model whose scores go up and down with what it hears."""
    import keras

    keras.utils.set_random_seed(seed)
    model = build(Config(model=kind, units=6, filters=5), keywords, [-4.0] * SPEC["bands"], [9.0] * SPEC["bands"])  # type: ignore[arg-type]
    for weight in model.trainable_weights if kind == "gru" else ():
        weight.assign(weight * 2)
    return model


def spec(thresholds: tuple[float, ...] = (0.5, 0.6), smoothing: int = 3, refractory: float = 0.2) -> dict[str, Any]:
    """What a detector needs to know besides a model."""
    named = dict(zip("ab", thresholds, strict=False))
    settings = {"keywords": list(named), "thresholds": named, "smoothing": smoothing, "refractory": refractory}
    return {**SPEC, "stride": STRIDE, **settings}


def sounds(seconds: float, seed: int = 0) -> np.ndarray:
    """Bursts of noise and tones of changing loudness, `[samples]`."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    loudness = np.abs(np.sin(2 * np.pi * 1.3 * time)) ** 4
    tone = np.sin(2 * np.pi * (300 + 200 * np.sin(2 * np.pi * 0.7 * time)) * time)
    return (0.3 * loudness * (tone + 0.3 * rng.standard_normal(len(time)))).astype(np.float32).clip(-1, 1)
