"""Streams to judge on: their length, their truth, their levels, and that they take no memory."""

from __future__ import annotations

import tracemalloc
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from apps.trigger_word.augment import decibels, rms
from apps.trigger_word.clips import Clip, load_word
from apps.trigger_word.config import RATE, Config
from apps.trigger_word.data import read_splits
from apps.trigger_word.streams import SPEECH_LEVELS, Stream, make_stream
from apps.trigger_word.words import active_level


@cache
def clips(split: str = "test") -> tuple[Clip, ...]:
    return tuple(getattr(read_splits(Config()), split))


def stream(hours: float = 0.05, seed: int = 1, keywords: tuple[str, ...] = ("chime",), **options: object) -> Stream:
    return make_stream(clips(), keywords, seed, hours, **options)  # type: ignore[arg-type]


def whole(planned: Stream) -> np.ndarray:
    return np.concatenate(list(planned.blocks()))


def test_length_and_parts() -> None:
    planned = stream(0.05)
    assert 180 <= planned.quiet_seconds <= 180 + 30
    assert len(whole(planned)) == round(planned.seconds * RATE)
    assert min(word.begin for word in planned.truth) > planned.quiet_seconds
    quiet = [scene for scene in planned.scenes if all(sound.clip.kind != "keyword" for sound in scene.sounds)]
    assert sum(scene.length for scene in quiet) == round(planned.quiet_seconds * RATE)


def test_deterministic_by_seed() -> None:
    assert stream(seed=3) == stream(seed=3)
    assert np.array_equal(whole(stream(seed=3)), whole(stream(seed=3)))
    assert stream(seed=3) != stream(seed=4)


def test_every_word_comes_once_at_every_ratio() -> None:
    planned = stream(snrs=(20.0, 0.0))
    words = [clip for clip in clips() if clip.kind == "keyword"]
    for snr in (20.0, 0.0):
        spoken = [word for word in planned.truth if word.snr == snr]
        assert len(spoken) == len(words)
        assert all(word.keyword == "chime" for word in spoken)
    heard = [sound.clip for scene in planned.scenes for sound in scene.sounds if sound.clip.kind == "keyword"]
    assert sorted(clip.path for clip in heard) == sorted(2 * [clip.path for clip in words])
    assert all(one.end + 1 < other.begin for one, other in pairwise(planned.truth)), "in order, with pauses"


def test_words_of_no_interest_are_other_speech() -> None:
    planned = make_stream(
        [*clips(), *(Clip(clip.path, "keyword", "bell") for clip in clips()[:3])], ("chime",), 1, 0.05
    )
    assert {word.keyword for word in planned.truth} == {"chime"}


def test_signal_to_noise_ratios_are_as_stated() -> None:
    planned = stream(0.01, snrs=(10.0, 0.0))
    spoken = iter(planned.truth)
    checked = 0
    for scene in planned.scenes:
        background = scene.background()
        heard = scene.samples() - background
        for sound in scene.sounds:
            if sound.clip.kind == "keyword":
                said, word = next(spoken), load_word(sound.clip)
                under = slice(sound.begin + word.begin, sound.begin + word.end)
                ratio = decibels(active_level(heard[under]) / rms(background[under]))
                assert ratio == pytest.approx(said.snr, abs=0.5)
                checked += 1
    assert checked == len(planned.truth)


def test_truth_is_where_the_words_are() -> None:
    """Without noise to speak of, every word is silence after its end and sound before it."""
    planned = stream(0.01, snrs=(60.0,))
    samples = whole(planned)
    for word in planned.truth:
        begin, end = round(word.begin * RATE), round(word.end * RATE)
        assert rms(samples[end - RATE // 10 : end]) > 3 * rms(samples[end + RATE // 10 : end + RATE // 5])
        assert rms(samples[begin : begin + RATE // 10]) > 3 * rms(samples[begin - RATE // 5 : begin - RATE // 10])


def test_other_speech_comes_at_several_levels_over_all_noises() -> None:
    planned = stream(0.1)
    quiet = [scene for scene in planned.scenes if scene.sounds[0].clip.kind == "speech"]
    assert {scene.noise for scene in quiet} == {clip for clip in clips() if clip.kind == "noise"}
    levels = {round(decibels(active_level(sound.samples()))) for scene in quiet for sound in scene.sounds}
    assert {round(level) for level in SPEECH_LEVELS} <= levels
    assert {sound.clip.label for scene in quiet for sound in scene.sounds} >= {"falling", "turning", ""}


def test_speech_is_varied_where_there_is_little() -> None:
    assert {sound.speed for scene in stream().scenes for sound in scene.sounds} == {20}
    varied = stream(vary=True)
    assert len({sound.speed for scene in varied.scenes for sound in scene.sounds}) == 5
    assert {sound.speed for scene in varied.scenes for sound in scene.sounds if sound.clip.kind == "keyword"} == {20}


def test_noise_alone_when_nobody_speaks() -> None:
    noises = [clip for clip in clips() if clip.kind == "noise"]
    planned = make_stream(noises, ("chime",), 1, 0.01, snrs=())
    assert not planned.truth
    assert planned.seconds == planned.quiet_seconds >= 36


def test_an_hour_takes_no_memory() -> None:
    planned = stream(1.0)
    first = planned.blocks()
    next(first)
    tracemalloc.start()
    seconds = sum(len(block) for block, _ in zip(first, range(40), strict=False)) / RATE
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seconds > 600
    assert peak < 40e6, "less than ten minutes of sound"
