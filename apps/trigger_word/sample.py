"""The built-in data: chimes of three notes as trigger words, among other chimes, babble and noise, all synthesised.

The trigger is a rising chord. Other chimes have the same notes in another order, or begin or end as it does, so that
a detector must hear all of it; they come in many pitches, tempi and timbres, so that it must hear the intervals.
"""

from __future__ import annotations

import zlib

import numpy as np

from .augment import coloured_noise
from .config import RATE

KEYWORD = "chime"
PREFIX = "sample:"
CHIMES: dict[str, tuple[int, ...]] = {
    KEYWORD: (0, 4, 7),
    "falling": (7, 4, 0),
    "turning": (0, 7, 4),
    "doorbell": (4, 0),
    "begun": (0, 4),
    "ended": (4, 7),
    "knocking": (0, 0, 0),
}
"""Semitones above the lowest note, one after the other."""
COUNTS = {KEYWORD: 120, **dict.fromkeys(list(CHIMES)[1:], 40), "babble": 60, "noise": 6}
"""How many recordings there are of each."""
NOISE_SECONDS = 40.0
BABBLE_SECONDS = 6.0


def names(kind: str) -> list[str]:
    """The paths of all recordings of a chime, of `babble` or of `noise`: what `synthesise` takes."""
    return [f"{PREFIX}{kind}/{index}" for index in range(COUNTS[kind])]


def synthesise(path: str) -> np.ndarray:
    """The recording of a name such as `sample:chime/7`, always the same.

    Returns:
        float32 `[samples]` at 16 kHz.
    """
    rng = np.random.default_rng(zlib.crc32(path.encode()))
    kind = path.removeprefix(PREFIX).split("/", maxsplit=1)[0]
    if kind == "noise":
        return 0.1 * coloured_noise(rng, round(NOISE_SECONDS * RATE), rng.uniform(-0.5, 2.0))
    if kind == "babble":
        return babble(rng, BABBLE_SECONDS)
    return chime(rng, CHIMES[kind])


def chime(rng: np.random.Generator, steps: tuple[int, ...]) -> np.ndarray:
    """Notes of one instrument, with 0.2 s of a quiet room before and after them."""
    lowest, length = rng.uniform(350, 800), rng.uniform(0.13, 0.2)
    partials = rng.uniform(0.05, 1.0, 5) / np.arange(1, 6) ** rng.uniform(0.5, 2.0)
    decay = rng.uniform(0.08, 0.3)
    margin = round(0.2 * RATE)
    samples = np.zeros(2 * margin + round((len(steps) * length + decay) * RATE))
    for place, step in enumerate(steps):
        begin = margin + round(place * length * RATE)
        heard = note(lowest * 2 ** (step / 12), partials, decay, length + decay)[: len(samples) - margin - begin]
        samples[begin : begin + len(heard)] += heard
    samples *= rng.uniform(0.1, 0.7) / np.abs(samples).max()
    return (samples + 2e-4 * rng.standard_normal(len(samples))).astype(np.float32)


def note(frequency: float, partials: np.ndarray, decay: float, seconds: float) -> np.ndarray:
    """A struck note: partials that fade exponentially, the higher ones faster, `[samples]`."""
    time = np.arange(round(seconds * RATE)) / RATE  # [samples]
    number = np.arange(1, len(partials) + 1)[:, None]  # [partials, 1]
    fading = np.exp(-time * (1 + 0.3 * (number - 1)) / decay)
    waves = partials[:, None] * fading * np.sin(2 * np.pi * frequency * number * time)  # [partials, samples]
    return waves.sum(0) * np.minimum(1.0, time / 0.004)


def babble(rng: np.random.Generator, seconds: float) -> np.ndarray:
    """Syllables without meaning: a voice through moving formants, hisses between them, and pauses."""
    pitch, parts, length = rng.uniform(90, 240), [], 0
    while length < seconds * RATE:
        kind = rng.choice(["vowel", "hiss", "pause"], p=[0.6, 0.25, 0.15])
        part = {"vowel": vowel, "hiss": hiss, "pause": pause}[kind](rng, pitch)
        parts.append(part)
        length += len(part)
    samples = np.concatenate(parts)[: round(seconds * RATE)]
    return (samples * rng.uniform(0.2, 0.6) / np.abs(samples).max()).astype(np.float32)


def vowel(rng: np.random.Generator, pitch: float) -> np.ndarray:
    """Harmonics of a gliding voice, weighted by three formants that move, `[samples]`."""
    count = round(rng.uniform(0.08, 0.25) * RATE)
    glide = pitch * np.linspace(rng.uniform(0.85, 1.2), rng.uniform(0.85, 1.2), count)
    phase = 2 * np.pi * np.cumsum(glide) / RATE
    number = np.arange(1, int(3600 / pitch))[:, None]  # [harmonics, 1]
    starts, ends = (np.array([rng.uniform(250, 900), rng.uniform(900, 2300), rng.uniform(2300, 3200)]) for _ in "ab")
    formants = starts[:, None, None] + (ends - starts)[:, None, None] * np.linspace(0, 1, count)  # [3, 1, samples]
    weight = np.exp(-np.square((number * glide - formants) / 150)).sum(0) / number**0.5  # [harmonics, samples]
    return (weight * np.sin(number * phase)).sum(0) * np.hanning(count)


def hiss(rng: np.random.Generator, pitch: float) -> np.ndarray:
    """A fricative: noise above 2 kHz, higher for higher voices, `[samples]`."""
    count = round(rng.uniform(0.05, 0.15) * RATE)
    spectrum = np.fft.rfft(rng.standard_normal(count))
    spectrum[: int(2000 * (pitch / 150) ** 0.3 * count / RATE)] = 0
    return 0.3 * np.fft.irfft(spectrum, count) * np.hanning(count)


def pause(rng: np.random.Generator, pitch: float) -> np.ndarray:
    """Nothing, for a while that is shorter for quick high voices, `[samples]`."""
    return np.zeros(round(rng.uniform(0.05, 0.4) * RATE * (150 / pitch) ** 0.2))
