"""Small models, and the command line called in process."""

from __future__ import annotations

import contextlib
import io
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from apps.captioning.config import Config
from apps.captioning.model import build
from apps.captioning.task import CaptioningTask
from apps.captioning.words import END, PAD
from apps.core.cli import main

ROOT = Path(__file__).parents[3]
DATA = ROOT.parent / "shared" / "data" / "captioning"
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


@dataclass(frozen=True)
class Outcome:
    """How a command line ended."""

    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The one line of error, when that is all there is of it."""
        assert self.code == 2, (self.code, self.out, self.err)
        assert "Traceback" not in self.err
        lines = [line for line in self.err.splitlines() if line.startswith("error:")]
        assert len(lines) == 1, self.err
        return lines[0].removeprefix("error: ")

    def succeeded(self) -> Outcome:
        """Itself, when it went well."""
        assert self.code == 0, (self.code, self.out, self.err)
        return self


def options(**given: Any) -> list[str]:
    """`TRAINED` with other values as words of a command line."""
    words = []
    for name, value in (TRAINED | given).items():
        option = name.replace("_", "-")
        words += [f"--{'' if value else 'no-'}{option}"] if isinstance(value, bool) else [f"--{option}", str(value)]
    return words


def run(*argv: object) -> Outcome:
    """The command line in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(CaptioningTask, [str(word) for word in argv])
        except SystemExit as ended:  # tyro, for words that are no options
            code = int(ended.code or 0)
    return Outcome(code, out.getvalue(), err.getvalue())


def read_json(path: Path) -> Any:
    """The content of a JSON file."""
    return json.loads(path.read_text("utf-8"))


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
