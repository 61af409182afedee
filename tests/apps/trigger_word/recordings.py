"""Small recordings to read: written as files, and folders of them in the layouts that the task knows."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from apps.trigger_word.config import RATE
from apps.trigger_word.sample import CHIMES, chime, names, synthesise

DATA = Path(__file__).parents[4] / "shared" / "data" / "trigger_word"


def tone(seconds: float, rate: int = RATE, frequency: float = 440.0, level: float = 0.3) -> np.ndarray:
    """A sine, float32 `[samples]`."""
    return (level * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * RATE), np.float32)


def write(path: Path, samples: np.ndarray, rate: int = RATE, **how: Any) -> Path:
    """Writes a sound file, and its folder."""
    import soundfile

    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate, **how)
    return path


def write_words(folder: Path, word: str, count: int) -> None:
    """Recordings of a chime as if it were a word."""
    for index in range(count):
        samples = chime(np.random.default_rng([index, *word.encode()]), CHIMES.get(word, (0, 4, 7)))
        write(folder / f"{word}-{index}.wav", samples)


def write_folder(root: Path, words: dict[str, int], speech: int = 6, noise: int = 1, under: str = "wake_words") -> Path:
    """A folder of data: so many recordings of each word, of other speech and of noise."""
    root.mkdir(parents=True, exist_ok=True)
    for word, count in words.items():
        write_words(root / under / word, word, count)
    for index, name in enumerate(names("babble")[:speech]):
        write(root / "speech" / f"{index}.flac", synthesise(name)[: 2 * RATE])
    for index in range(noise):
        samples = 0.1 * np.random.default_rng(index).standard_normal(3 * RATE)
        write(root / "noise" / f"{index}.ogg", samples)
    return root


@contextmanager
def told() -> Iterator[list[str]]:
    """A list that fills with the texts of warnings."""
    texts: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield texts
    texts += [str(one.message) for one in caught]
