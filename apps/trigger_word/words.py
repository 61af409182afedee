"""Where in a recording the word is, and how loud it is, by its energy."""

from __future__ import annotations

import numpy as np

from .config import RATE

HOP = RATE // 100
WINDOW = 2 * HOP
BELOW_PEAK = 24.0
"""Decibels below its loudest frame at which a word has faded away."""
ABOVE_NOISE = 6.0
"""Decibels by which a word stands out of the noise of its recording."""
LEAST_RANGE = 12.0
"""Decibels below the loudest frame that belong to the word however noisy the recording is."""
LONGEST_PAUSE = 30
"""Frames of silence within a word or a phrase, at most: the closure of a stop, the gap between two words."""
LONGEST_GAP = 50
"""The same before or after a sound that is nearly as loud as the word: a part of it that stands apart."""
AS_LOUD = 15.0
"""Decibels below the word's loudest frame that are nearly as loud."""
NOISE_BELOW = 10.0
"""Decibels below the loudest frame under which the level of the noise is looked for."""
SHORTEST_SOUND = 6
"""Frames; what is shorter and apart is a click."""


def frame_levels(samples: np.ndarray) -> np.ndarray:
    """Levels of frames of 20 ms, one every 10 ms, in dB of full scale, `[frames]`."""
    samples = samples - samples.mean()
    hops = np.square(samples[: len(samples) // HOP * HOP].reshape(-1, HOP)).mean(1)  # [hops]
    if len(hops) < 2:
        hops = np.full(2, np.square(samples).mean())
    return 10 * np.log10((hops[:-1] + hops[1:]) / 2 + 1e-12)


def word_bounds(samples: np.ndarray) -> tuple[int, int]:
    """Finds the word in a recording of one word.

    A frame belongs to speech when it is within 24 dB of the loudest and 6 dB above the recording's noise; frames that
    are at most 0.3 s apart belong together; of the sounds that are left the one with the most energy is the word,
    with the loud ones up to 0.5 s before and after it. Without this, the silence after a word would count as time
    that the detector took.

    Args:
        samples: `[samples]` at 16 kHz.

    Returns:
        First sample of the word and the one after its last.
    """
    levels = frame_levels(samples)  # [frames]
    padded = np.pad(levels, 1, mode="edge")
    steady = np.median([padded[:-2], levels, padded[2:]], axis=0)  # a click of one frame is no peak
    peak = steady.max()
    noise = min(noise_level(steady) + ABOVE_NOISE, peak - LEAST_RANGE)
    spoken = np.flatnonzero(steady >= max(peak - BELOW_PEAK, noise))
    sounds = np.split(spoken, np.flatnonzero(np.diff(spoken) > LONGEST_PAUSE) + 1)
    long = [sound for sound in sounds if len(sound) >= SHORTEST_SOUND] or sounds
    first = last = max(range(len(long)), key=lambda index: float(np.sum(10 ** (steady[long[index]] / 10))))
    loud = steady[long[first]].max() - AS_LOUD
    while first and belongs(long[first - 1], steady, loud, long[first][0] - long[first - 1][-1]):
        first -= 1
    while last + 1 < len(long) and belongs(long[last + 1], steady, loud, long[last + 1][0] - long[last][-1]):
        last += 1
    return int(long[first][0]) * HOP, min(len(samples), int(long[last][-1]) * HOP + WINDOW)


def belongs(sound: np.ndarray, levels: np.ndarray, loud: float, gap: int) -> bool:
    """Whether a sound (its frames) beside the word is a part of it."""
    return bool(gap <= LONGEST_GAP and levels[sound].max() >= loud)


def noise_level(levels: np.ndarray) -> float:
    """The level at which a recording's frames crowd: noise is steady, where speech is of all levels.

    A percentile would be deceived by the digital silence that a phone puts before and after what it sends, and a
    smaller crowd may be an s.

    Args:
        levels: In dB, `[frames]`.

    Returns:
        The level in dB; minus infinity when less than a third of the frames crowd.
    """
    quiet = levels[levels < levels.max() - NOISE_BELOW]
    if not len(quiet):
        return -np.inf
    bins = np.round(quiet - quiet.min()).astype(int)
    crowd = np.convolve(np.bincount(bins), np.ones(5))[2:-2]  # frames within 2 dB
    return float(quiet.min() + crowd.argmax()) if crowd.max() >= len(levels) / 3 else -np.inf


def active_level(samples: np.ndarray) -> float:
    """Root mean square of the frames in which somebody speaks: those within 25 dB of the loudest.

    Pauses do not count, so that a word with silence around it and the bare word have the same level, as ITU-T P.56
    wants it.
    """
    powers = 10 ** (frame_levels(samples) / 10)
    return float(np.sqrt(powers[powers >= powers.max() * 10**-2.5].mean()))
