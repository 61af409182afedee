"""Training streams, mixed on the fly: words, parts of words, other speech, rooms and noise, each time different."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from .augment import (
    FASTEST,
    HIGHEST,
    LOWEST,
    SLOWEST,
    STEPS,
    amplitude,
    at_level,
    change_pitch,
    change_speed,
    coloured_noise,
    fade,
    reverberate,
    rms,
    room,
    tilt,
)
from .clips import Clip, load, load_word
from .config import RATE, Config

NOISE_STREAMS = 0.06
"""Share of streams of nothing but noise."""
ITEMS = {"keyword": 0.42, "speech": 0.26, "other": 0.12, "part": 0.12, "jumble": 0.08}
"""How often a stream goes on with a trigger word, speech, another single word, a part of a trigger word, or pieces of
other speech; the first only where the stream is to hold trigger words."""
OF_WORDS = ("part", "jumble")
"""What is made of parts of trigger words."""
ADJACENT = 0.3
"""Share of sounds that follow the one before at once."""
LONGEST_PAUSE = 1.5
LONGEST_SPEECH = 4.0
REPITCHED = 0.3
TILTED = 0.5
MARGIN = 0.15
"""Seconds of its recording that stay around a word, at most; the cut is drawn, for no recorder's click to tell it."""
PARTS = (0.3, 0.6)
"""The share of a word that a part of it holds, which is too little to trigger."""
LEVELS = (-45.0, -15.0)
"""Active level of a stream's voices, in dB of full scale."""
BABBLE_STREAMS = 0.15
"""Share of streams with other speech behind everything."""


@dataclass(frozen=True)
class Mixed:
    """A training stream.

    Args:
        samples: float32 `[samples]` in [-1, 1].
        ends: The index of each trigger word in it, and the sample after its last.
    """

    samples: np.ndarray
    ends: list[tuple[int, int]]


@dataclass
class Canvas:
    """A stream in the making: its voices, and where the last sound ended."""

    voices: np.ndarray
    at: int = 0
    ends: list[tuple[int, int]] = field(default_factory=list)


class Mixer:
    """Mixes training streams from clips.

    Args:
        clips: Of all kinds, at least one of each.
        keywords: The trigger words, by the index of the model's output.
        config: Length of streams, signal-to-noise ratios, and the shares of trigger words and of rooms.
        parts: Whether parts of trigger words come too.
    """

    def __init__(self, clips: Sequence[Clip], keywords: Sequence[str], config: Config, parts: bool = True) -> None:
        self.config, self.parts = config, parts
        self.words = [[clip for clip in clips if clip.kind == "keyword" and clip.label == word] for word in keywords]
        self.speech = [clip for clip in clips if clip.kind == "speech" and not clip.label]
        self.others = [clip for clip in clips if clip.kind == "speech" and clip.label] or self.speech
        self.speech = self.speech or self.others
        self.noises = [clip for clip in clips if clip.kind == "noise"]

    def mix(self, rng: np.random.Generator, hard: np.ndarray | None = None) -> Mixed:
        """Mixes a stream.

        Args:
            rng: Draws all of it: the same generator gives the same stream.
            hard: Sound that was mistaken for a trigger word, float32 `[samples]`; it becomes a part of the stream.
        """
        size = round(self.config.stream_seconds * RATE)
        canvas = Canvas(np.zeros(size, np.float32), at=round(rng.uniform(0, 0.5) * RATE))
        level = rng.uniform(*LEVELS)
        if hard is not None:
            self.put(canvas, rng, hard[:size], level)
        if hard is not None or rng.random() >= NOISE_STREAMS:
            self.talk(canvas, rng, level, rng.random() < self.config.keyword_share)
        snr = rng.uniform(self.config.snr_low, self.config.snr_high)
        samples = canvas.voices + self.background(rng, size, level - snr)
        if rng.random() < TILTED:
            samples = tilt(samples, rng.uniform(-0.6, 0.6))
        return Mixed(np.clip(samples, -1, 1), canvas.ends)

    def talk(self, canvas: Canvas, rng: np.random.Generator, level: float, triggers: bool) -> None:
        """Fills the canvas with one sound after the other."""
        kinds = [kind for kind in ITEMS if (triggers or kind != "keyword") and (self.parts or kind not in OF_WORDS)]
        shares = np.array([ITEMS[kind] for kind in kinds])
        while canvas.at < len(canvas.voices) - RATE // 2:
            kind = rng.choice(kinds, p=shares / shares.sum())
            if kind == "keyword":
                self.put_keyword(canvas, rng, level)
            else:
                self.put(canvas, rng, self.varied(rng, getattr(self, f"draw_{kind}")(rng)), level)
            pause = 0.0 if rng.random() < ADJACENT else rng.uniform(0, LONGEST_PAUSE)
            canvas.at += round(pause * RATE)

    def put_keyword(self, canvas: Canvas, rng: np.random.Generator, level: float) -> None:
        """Puts a whole trigger word where the canvas is filled up to, if there is room, and notes its end."""
        index = int(rng.integers(len(self.words)))
        word = load_word(draw(rng, self.words[index]))
        begin = max(0, word.begin - round(rng.uniform(0, MARGIN) * RATE))
        end = min(len(word.samples), word.end + round(rng.uniform(0.02, MARGIN) * RATE))
        samples = self.varied(rng, fade(word.samples[begin:end]))
        if canvas.at + len(samples) <= len(canvas.voices):
            spoken = round((word.end - begin) * len(samples) / (end - begin))
            canvas.ends.append((index, canvas.at + spoken))
            self.put(canvas, rng, samples, level)
        else:
            canvas.at = len(canvas.voices)

    def put(self, canvas: Canvas, rng: np.random.Generator, samples: np.ndarray, level: float) -> None:
        """Adds a sound where the canvas is filled up to, at about the stream's level."""
        samples = samples[: len(canvas.voices) - canvas.at]
        if len(samples):
            canvas.voices[canvas.at : canvas.at + len(samples)] += at_level(samples, level + rng.uniform(-6, 6))
            canvas.at += len(samples)

    def varied(self, rng: np.random.Generator, samples: np.ndarray) -> np.ndarray:
        """The same said faster or slower, by a higher or lower voice, in a room."""
        samples = change_speed(samples, int(rng.integers(SLOWEST, FASTEST + 1)))
        if len(samples) < 2 * RATE and rng.random() < REPITCHED:
            samples = change_pitch(samples, int(rng.choice([LOWEST, LOWEST + 1, STEPS + 1, HIGHEST])))
        if rng.random() < self.config.reverberation:
            samples = reverberate(samples, room(rng))
        return samples

    def draw_speech(self, rng: np.random.Generator) -> np.ndarray:
        """A piece of other speech, cut anywhere."""
        return piece(rng, load(draw(rng, self.speech)), rng.uniform(0.5, LONGEST_SPEECH))

    def draw_other(self, rng: np.random.Generator) -> np.ndarray:
        """Another single word; a short piece of speech where there are none."""
        clip = draw(rng, self.others)
        return fade(load(clip)) if clip.label else piece(rng, load(clip), rng.uniform(0.4, 1.0))

    def draw_part(self, rng: np.random.Generator) -> np.ndarray:
        """The beginning or the end of a trigger word, too little of it to trigger."""
        word = load_word(draw(rng, self.words[int(rng.integers(len(self.words)))]))
        length = round(rng.uniform(*PARTS) * (word.end - word.begin))
        begin, end = (word.begin, word.begin + length) if rng.random() < 0.5 else (word.end - length, word.end)
        return fade(word.samples[begin:end])

    def draw_jumble(self, rng: np.random.Generator) -> np.ndarray:
        """Two or three short pieces of speech and of parts of trigger words, joined."""
        short = [
            self.draw_part(rng)
            if rng.random() < 0.4
            else piece(rng, load(draw(rng, self.speech)), rng.uniform(0.2, 0.6))
            for _ in range(int(rng.integers(2, 4)))
        ]
        return np.concatenate([at_level(samples, -20) for samples in short])

    def background(self, rng: np.random.Generator, size: int, level: float) -> np.ndarray:
        """Noise of one or two sources, or generated, and perhaps distant speech, at a level in dB of full scale."""
        if rng.random() < 0.25:
            noise = coloured_noise(rng, size, rng.uniform(-0.5, 2.0))
        else:
            noise = unit(around(rng, load(draw(rng, self.noises)), size))
        if rng.random() < 0.3:
            noise = noise + unit(around(rng, load(draw(rng, self.noises)), size)) * amplitude(rng.uniform(-15, 5))
        if rng.random() < BABBLE_STREAMS:
            noise = noise + unit(around(rng, load(draw(rng, self.speech)), size)) * amplitude(rng.uniform(-10, 5))
        return unit(noise) * np.float32(amplitude(min(level, LEVELS[1])))


def draw(rng: np.random.Generator, clips: Sequence[Clip]) -> Clip:
    """One of the clips."""
    return clips[int(rng.integers(len(clips)))]


def piece(rng: np.random.Generator, samples: np.ndarray, seconds: float) -> np.ndarray:
    """A part of a sound, cut anywhere; all of it when it is shorter."""
    length = min(round(seconds * RATE), len(samples))
    begin = int(rng.integers(len(samples) - length + 1))
    return fade(samples[begin : begin + length])


def around(rng: np.random.Generator, samples: np.ndarray, size: int) -> np.ndarray:
    """`size` samples of a sound that is heard over and over, from anywhere on."""
    begin = int(rng.integers(len(samples)))
    return samples[np.arange(begin, begin + size) % len(samples)]


def unit(samples: np.ndarray) -> np.ndarray:
    """Noise at an RMS of 1; silence stays silent."""
    return samples / np.float32(max(rms(samples), 1e-6))
