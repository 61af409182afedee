"""The built-in data: always the same, and such that all of a chime has to be heard."""

from __future__ import annotations

import numpy as np
import pytest

from apps.trigger_word import sample
from apps.trigger_word.config import RATE
from apps.trigger_word.words import word_bounds


@pytest.mark.parametrize("kind", sample.COUNTS)
def test_recordings_are_sound_and_always_the_same(kind: str) -> None:
    names = sample.names(kind)
    assert len(set(names)) == sample.COUNTS[kind]
    one, two = sample.synthesise(names[0]), sample.synthesise(names[1])
    assert one.dtype == np.float32
    assert np.array_equal(one, sample.synthesise(names[0]))
    assert not np.array_equal(one[: len(two)], two[: len(one)])
    assert 0.01 < np.abs(one).max() <= 1


def test_chimes_are_short_and_babble_and_noise_are_long() -> None:
    for name in sample.names(sample.KEYWORD)[:10]:
        begin, end = word_bounds(samples := sample.synthesise(name))
        assert 0.3 * RATE < end - begin < len(samples) < 1.5 * RATE
        assert begin == pytest.approx(0.2 * RATE, abs=0.03 * RATE)
    assert len(sample.synthesise("sample:babble/0")) == sample.BABBLE_SECONDS * RATE
    assert len(sample.synthesise("sample:noise/0")) == sample.NOISE_SECONDS * RATE


def test_the_notes_of_a_chime() -> None:
    """Rising by four and three semitones, whatever the pitch and the instrument."""
    rng = np.random.default_rng(5)
    samples = sample.chime(rng, (0, 12))
    begin, _ = word_bounds(samples)
    first, second = samples[begin + 400 : begin + 2000], samples[begin + 3800 : begin + 5400]
    pitches = [np.abs(np.fft.rfft(part * np.hanning(1600), 16_000))[300:].argmax() + 300 for part in (first, second)]
    assert pitches[1] == pytest.approx(2 * pitches[0], rel=0.03)


def test_every_part_of_the_trigger_is_heard_elsewhere() -> None:
    steps = sample.CHIMES[sample.KEYWORD]
    others = [chime for name, chime in sample.CHIMES.items() if name != sample.KEYWORD]
    assert steps[:2] in others
    assert tuple(step for step in steps[1:]) in others
    assert tuple(reversed(steps)) in others
