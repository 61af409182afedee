"""Recordings: where each is, its sound, and where in it the word is."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from . import sample
from .audio import read_audio
from .augment import coloured_noise
from .config import RATE
from .layouts import Kind
from .words import word_bounds

BUILT_IN_NOISE = "built-in:noise"
BUILT_IN_SECONDS = 40.0
KEPT = 4096
"""Sounds kept in memory: those used last."""


@dataclass(frozen=True)
class Clip:
    """A recording, or a part of one.

    Args:
        path: A sound file, or a name in the built-in sample or in a TensorFlow Dataset.
        kind: A trigger word, other speech, or noise.
        label: The word spoken, for recordings of one word.
        start: Where the part begins, in seconds.
        end: Where it ends.
        samples: The sound itself, int16 `[samples]`, when there is no file to read it from.
    """

    path: str
    kind: Kind
    label: str = ""
    start: float = 0.0
    end: float | None = None
    samples: np.ndarray | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class Word:
    """A recording of one word, and where in it the word is.

    Args:
        samples: float32 `[samples]`.
        begin: The word's first sample.
        end: The one after its last.
    """

    samples: np.ndarray
    begin: int
    end: int


@lru_cache(maxsize=KEPT)
def load(clip: Clip) -> np.ndarray:
    """A clip's sound, float32 `[samples]` at 16 kHz; kept in memory, so leave it as it is.

    Raises:
        InputError: When its file cannot be read any more.
    """
    if clip.samples is not None:
        whole = clip.samples.astype(np.float32) / 32768
    elif clip.path.startswith(sample.PREFIX):
        whole = sample.synthesise(clip.path)
    elif clip.path.startswith(BUILT_IN_NOISE):
        exponent = float(clip.path.rpartition("/")[2])
        whole = 0.1 * coloured_noise(
            np.random.default_rng(round(10 * exponent)), round(BUILT_IN_SECONDS * RATE), exponent
        )
    else:
        return read_audio(clip.path, clip.start, clip.end)
    return whole[round(clip.start * RATE) : None if clip.end is None else round(clip.end * RATE)]


@lru_cache(maxsize=KEPT)
def load_word(clip: Clip) -> Word:
    """A recording of one word with the word's bounds, kept in memory."""
    samples = load(clip)
    return Word(samples, *word_bounds(samples))


def built_in_noise() -> list[Clip]:
    """White, pink and brown noise, for who has no recordings of noise."""
    return [Clip(f"{BUILT_IN_NOISE}/{exponent}", "noise", end=BUILT_IN_SECONDS) for exponent in (0, 1, 2)]
