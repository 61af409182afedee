"""Where the word in a recording ends, whatever else is in it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.trigger_word.config import RATE
from apps.trigger_word.words import active_level, frame_levels, word_bounds

from .recordings import silence, tone

CLOSE = RATE * 30 // 1000


def noise(seconds: float, level: float, seed: int = 0) -> np.ndarray:
    return (level * np.random.default_rng(seed).standard_normal(round(seconds * RATE))).astype(np.float32)


def check(samples: np.ndarray, begin: float, end: float, off: int = CLOSE) -> None:
    found = word_bounds(samples)
    assert abs(found[0] - begin * RATE) <= off, found
    assert abs(found[1] - end * RATE) <= off, found


@settings(deadline=None, max_examples=40)
@given(
    before=st.floats(0, 1), length=st.floats(0.15, 1), after=st.floats(0, 1), snr=st.sampled_from([30, 40, 100]),
    level=st.sampled_from([0.01, 0.1, 0.9]),
)  # fmt: skip
def test_a_tone_in_noise(before: float, length: float, after: float, snr: float, level: float) -> None:
    samples = np.concatenate([silence(before), tone(length, level=level), silence(after)])
    check(samples + noise(1, level * 10 ** (-snr / 20))[np.arange(len(samples)) % RATE], before, before + length)


def test_noise_of_the_recording_that_begins_and_ends_before_and_after_the_word() -> None:
    samples = np.concatenate([silence(0.3), tone(0.5), silence(0.6)])
    samples[RATE // 10 : -RATE // 10] += noise(1.2, 0.025)
    check(samples, 0.3, 0.8)


def test_a_long_quiet_s_is_a_part_of_the_word() -> None:
    room = noise(0.3, 1.0) * np.geomspace(1e-5, 1e-3, round(0.3 * RATE), dtype=np.float32)  # louder and louder
    check(np.concatenate([room, tone(0.4), noise(0.3, 0.02), room[::-1]]), 0.3, 1.0)


def test_clicks_are_no_part_of_it() -> None:
    samples = np.concatenate([silence(0.6), tone(0.5), silence(0.9)]) + noise(2.0, 1e-4)
    for place in (0.1, 1.6):
        samples[round(place * RATE) : round(place * RATE) + 60] = 0.9
    check(samples, 0.6, 1.1)


def test_a_word_with_a_pause_in_it_is_one() -> None:
    check(np.concatenate([silence(0.2), tone(0.2), silence(0.25), tone(0.3), silence(0.3)]), 0.2, 0.95)
    check(np.concatenate([silence(0.2), tone(0.2), silence(0.4), tone(0.3), silence(0.3)]), 0.2, 1.1)
    check(np.concatenate([silence(0.2), tone(0.3), silence(0.2), tone(0.2, level=0.03), silence(0.3)]), 0.2, 0.9)


def test_another_sound_far_from_the_word_is_none_of_it() -> None:
    check(np.concatenate([silence(0.2), tone(0.2), silence(0.7), tone(0.4), silence(0.3)]), 1.1, 1.5)
    check(np.concatenate([tone(0.1, level=0.03), silence(0.4), tone(0.4), silence(0.3)]), 0.5, 0.9)


@pytest.mark.parametrize("samples", [silence(0.5), tone(0.04), tone(0.5), noise(1.0, 0.1)])
def test_bounds_are_within_the_recording(samples: np.ndarray) -> None:
    begin, end = word_bounds(samples)
    assert 0 <= begin < end <= len(samples)


def test_levels_are_in_decibels_of_full_scale() -> None:
    assert np.allclose(frame_levels(tone(0.5, level=0.1)), -23.01, atol=0.1)
    assert frame_levels(silence(0.5)).max() == pytest.approx(-120)


def test_pauses_do_not_count_for_the_active_level() -> None:
    bare = active_level(tone(0.5))
    assert bare == pytest.approx(0.3 / np.sqrt(2), rel=0.01)
    assert active_level(np.concatenate([silence(2), tone(0.5), silence(3)])) == pytest.approx(bare, rel=0.03)
