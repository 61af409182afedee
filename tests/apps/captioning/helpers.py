"""Small models, and the command line called in process."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import keras
import numpy as np

from apps.captioning.config import Config
from apps.captioning.model import build
from apps.captioning.task import CaptioningTask
from apps.captioning.words import END, PAD
from tests.apps import command
from tests.apps.command import as_options, call, read_json

__all__ = ["DATA", "captions", "features", "one_line", "options", "read_json", "run", "small_model"]
DATA = command.DATA / "captioning"
PLACES, CHANNELS, VOCABULARY = 9, 6, 12
SMALL: dict[str, Any] = {"units": 5, "attention_units": 4, "embedding_dim": 6, "max_length": 6}
QUIET: dict[str, Any] = {"dropout": 0.0, "feature_dropout": 0.0}
TRAINED: dict[str, Any] = {
    **SMALL,
    "units": 8,
    "epochs": 1,
    "min_count": 1,
    "batch_size": 8,
    "beams": 3,
    "length_penalty": 0.6,
}
"""Options under which a model trains in a second, whatever the defaults are."""


def options(**given: Any) -> list[str]:
    """`TRAINED` with other values as words of a command line."""
    return as_options(TRAINED | given)


run = partial(call, CaptioningTask)


def one_line(text: str) -> str:
    """Text without the line breaks of a narrow terminal."""
    return re.sub(r"\s+", " ", text)


def small_model(seed: int = 1, data: str = "features", vocabulary: int = VOCABULARY, **given: Any) -> keras.Model:
    """A model with large random weights, so that nothing it says is by chance alike."""
    keras.utils.set_random_seed(seed)
    model = build(Config(**{"data": data, **SMALL, **QUIET, **given}), vocabulary, (PLACES, CHANNELS))
    random = np.random.default_rng(seed)
    for variable in model.trainable_variables:
        variable.assign(random.normal(0, 0.6, variable.shape))
    return model


def features(size: int, seed: int = 0) -> np.ndarray:
    """Features of pictures, `[size, places, channels]`."""
    return np.random.default_rng(seed).random((size, PLACES, CHANNELS)).astype(np.float16)


def captions(pictures: int, rows: int, time: int, seed: int = 0, vocabulary: int = VOCABULARY) -> np.ndarray:
    """Captions of every length, one of them missing, `[pictures, rows, time]`, each with its end and 0 after it."""
    random = np.random.default_rng(seed)
    words = random.integers(END + 1, vocabulary, (pictures, rows, time)).astype(np.int32)
    lengths = random.integers(0, time, (pictures, rows, 1))
    lengths[0, 0] = time - 1
    places = np.arange(time)
    words = np.where(places < lengths, words, np.where(places == lengths, END, PAD))
    words[-1, -1] = PAD
    return words.astype(np.int32)
