"""Long streams to judge on: an hour without trigger words, then each word at known signal-to-noise ratios.

A stream is a plan, some hundred bytes a scene; its sound is made a scene at a time, so that an hour takes no memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import cycle

import numpy as np

from .augment import amplitude, change_speed, decibels, fade, rms
from .clips import Clip, load, load_word
from .config import RATE
from .mixing import around, unit
from .words import active_level

SNRS = (20.0, 10.0, 5.0, 0.0)
SCENE_SECONDS = 15.0
"""Of a scene, before its last sound."""
NOISE_LEVELS = (-60.0, -30.0)
"""Of the noise behind other speech, in dB of full scale."""
SPEECH_LEVELS = (-40.0, -34.0, -28.0, -22.0, -16.0)
"""Active levels of what must not trigger, in dB of full scale."""
WORDS_NOISE = -38.0
"""Level of the noise behind trigger words, so that a word 20 dB above it does not clip."""
QUIETEST = -10.0
"""How far below its scene's mean the noise under a word may count, in dB: a word between two miaows is heard too."""
PAUSES = (0.3, 2.0)
WORD_PAUSES = (1.5, 3.0)
SPEEDS = (18, 19, 20, 21, 22)


@dataclass(frozen=True)
class Sound:
    """Something said in a scene.

    Args:
        clip: What.
        begin: Where in the scene, in samples.
        gain: What it is multiplied by.
        speed: Its speed in 20ths.
    """

    clip: Clip
    begin: int
    gain: float
    speed: int = 20

    def samples(self) -> np.ndarray:
        """What is heard of it."""
        return fade(change_speed(load(self.clip), self.speed)) * np.float32(self.gain)


@dataclass(frozen=True)
class Scene:
    """Some seconds of noise and what is said in it.

    Args:
        noise: The noise.
        seed: Draws where in it to begin.
        level: Of the noise, in dB of full scale.
        length: Samples.
        sounds: What is said.
    """

    noise: Clip
    seed: int
    level: float
    length: int
    sounds: tuple[Sound, ...] = ()

    def background(self) -> np.ndarray:
        """The noise alone, float32 `[length]`."""
        noise = around(np.random.default_rng(self.seed), load(self.noise), self.length)
        return fade(unit(noise)) * np.float32(amplitude(self.level))

    def samples(self) -> np.ndarray:
        """All that is heard, float32 `[length]`, in [-1, 1]."""
        heard = self.background()
        for sound in self.sounds:
            samples = sound.samples()[: self.length - sound.begin]
            heard[sound.begin : sound.begin + len(samples)] += samples
        return np.clip(heard, -1, 1)


@dataclass(frozen=True)
class Spoken:
    """A trigger word in a stream.

    Args:
        begin: Where it begins, in seconds.
        end: Where it ends.
        keyword: Which it is.
        snr: Its active level above the noise, in dB.
    """

    begin: float
    end: float
    keyword: str
    snr: float


@dataclass(frozen=True)
class Stream:
    """A plan of what is heard.

    Args:
        scenes: One after the other.
        truth: The trigger words in it, in order.
        quiet_seconds: How much of it, from the beginning, is without trigger words.
    """

    scenes: tuple[Scene, ...]
    truth: tuple[Spoken, ...]
    quiet_seconds: float

    @property
    def seconds(self) -> float:
        """Its length."""
        return sum(scene.length for scene in self.scenes) / RATE

    def blocks(self) -> Iterator[np.ndarray]:
        """Its sound, a scene at a time, float32 `[samples]`."""
        return (scene.samples() for scene in self.scenes)


def make_stream(
    clips: Sequence[Clip],
    keywords: Sequence[str],
    seed: int,
    hours: float = 1.0,
    snrs: Sequence[float] = SNRS,
    vary: bool = False,
) -> Stream:
    """Plans a stream: other speech and other words at several levels over all noises, then each trigger word.

    Args:
        clips: What it is made of: those of the dev or of the test split.
        keywords: The trigger words.
        seed: Draws it.
        hours: Without trigger words, at least; what must not trigger comes again, at other levels, until they are full.
        snrs: All trigger words come once at each of these ratios, in dB.
        vary: Whether what must not trigger is also said faster and slower, for a dev split with little of it.
    """
    rng = np.random.default_rng(seed)
    noises = cycle([clip for clip in clips if clip.kind == "noise"])
    spoken = [
        clip for clip in clips if clip.kind == "speech" or (clip.kind == "keyword" and clip.label not in keywords)
    ]
    scenes = list(talk_scenes(rng, spoken, noises, hours, vary))
    quiet = sum(scene.length for scene in scenes)
    truth: list[Spoken] = []
    words = [clip for clip in clips if clip.kind == "keyword" and clip.label in keywords]
    at = quiet
    for snr in snrs:
        for scene, inside in word_scenes(rng, words, noises, snr):
            scenes.append(scene)
            truth += [replace(one, begin=one.begin + at / RATE, end=one.end + at / RATE) for one in inside]
            at += scene.length
    return Stream(tuple(scenes), tuple(truth), quiet / RATE)


def draw_seed(rng: np.random.Generator) -> int:
    """A seed for another generator."""
    return int(rng.integers(2**63))


def shuffled(rng: np.random.Generator, clips: Sequence[Clip]) -> Iterator[Clip]:
    """All clips in a new order, again and again."""
    while clips:
        yield from (clips[index] for index in rng.permutation(len(clips)))


def talk_scenes(
    rng: np.random.Generator, clips: Sequence[Clip], noises: Iterator[Clip], hours: float, vary: bool
) -> Iterator[Scene]:
    """Scenes of other speech, until they last so many hours; of noise alone where there is no other speech."""
    source, left = shuffled(rng, clips), round(hours * 3600 * RATE)
    while left > 0:
        sounds: list[Sound] = []
        at = pause(rng, PAUSES)
        while clips and at < SCENE_SECONDS * RATE:
            clip = next(source)
            speed = int(rng.choice(SPEEDS)) if vary else 20
            gain = amplitude(float(rng.choice(SPEECH_LEVELS))) / active_level(load(clip))
            sounds.append(Sound(clip, at, gain, speed))
            at += round(len(load(clip)) * 20 / speed) + pause(rng, PAUSES)
        length = at if sounds else round(SCENE_SECONDS * RATE)
        yield Scene(next(noises), draw_seed(rng), rng.uniform(*NOISE_LEVELS), length, tuple(sounds))
        left -= length


def word_scenes(
    rng: np.random.Generator, clips: Sequence[Clip], noises: Iterator[Clip], snr: float
) -> Iterator[tuple[Scene, list[Spoken]]]:
    """Scenes of trigger words, each once, with times from the scene's beginning."""
    waiting = [clips[index] for index in rng.permutation(len(clips))]
    while waiting:
        places, at = [], pause(rng, WORD_PAUSES)
        while waiting and at < SCENE_SECONDS * RATE:
            clip = waiting.pop()
            places.append((clip, at))
            at += len(load(clip)) + pause(rng, WORD_PAUSES)
        yield place_words(Scene(next(noises), draw_seed(rng), WORDS_NOISE, at), places, snr)


def place_words(scene: Scene, places: Sequence[tuple[Clip, int]], snr: float) -> tuple[Scene, list[Spoken]]:
    """Puts words into a scene of noise, each at a level above the noise that sounds with it.

    .. math:: \\mathrm{SNR} = 20 \\log_{10} (\\text{active level of the word} / \\text{RMS of the noise under it})
    """
    noise, sounds, spoken = scene.background(), [], []
    for clip, at in places:
        word = load_word(clip)
        begin, end = at + word.begin, at + word.end
        under = max(decibels(rms(noise[begin:end])), scene.level + QUIETEST)
        level = active_level(word.samples[word.begin : word.end])
        sounds.append(Sound(clip, at, amplitude(under + snr) / level))
        spoken.append(Spoken(begin / RATE, end / RATE, clip.label, snr))
    return replace(scene, sounds=tuple(sounds)), spoken


def pause(rng: np.random.Generator, seconds: tuple[float, float]) -> int:
    """A drawn pause, in samples."""
    return round(rng.uniform(*seconds) * RATE)
