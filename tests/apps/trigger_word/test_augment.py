"""What augmentation does to a sound, each way by itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.trigger_word import augment
from apps.trigger_word.config import RATE
from apps.trigger_word.words import active_level

from .recordings import silence, tone


def pitch(samples: np.ndarray) -> float:
    """The strongest frequency, in Hz."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(spectrum.argmax()) * RATE / len(samples)


@pytest.mark.parametrize("steps", [17, 19, 20, 23])
def test_speed_changes_length_and_pitch(steps: int) -> None:
    changed = augment.change_speed(tone(1.0), steps)
    assert changed.dtype == np.float32
    assert len(changed) == pytest.approx(RATE * 20 / steps, abs=1)
    assert pitch(changed) == pytest.approx(440 * steps / 20, rel=0.01)


@pytest.mark.parametrize("steps", [18, 21, 22])
def test_pitch_changes_pitch_alone(steps: int) -> None:
    changed = augment.change_pitch(tone(1.0), steps)
    assert changed.dtype == np.float32
    assert len(changed) == pytest.approx(RATE, abs=2)
    assert pitch(changed) == pytest.approx(440 * steps / 20, rel=0.01)


@settings(deadline=None, max_examples=30)
@given(factor=st.floats(0.8, 1.25), seconds=st.floats(0.1, 1.0), frequency=st.floats(120, 600))
def test_stretching_keeps_pitch_and_level(factor: float, seconds: float, frequency: float) -> None:
    samples = tone(seconds, frequency=frequency)
    changed = augment.stretch(samples, factor)
    assert len(changed) == round(len(samples) * factor)
    middle = changed[len(changed) // 5 : -len(changed) // 5]
    assert np.abs(middle).max() == pytest.approx(0.3, rel=0.1), "frames fit each other"
    assert augment.rms(middle) == pytest.approx(0.3 / np.sqrt(2), rel=0.15)


@pytest.mark.parametrize("factor", [0.85, 1.2])
def test_stretching_moves_every_moment_alike(factor: float) -> None:
    changed = augment.stretch(np.concatenate([silence(0.6), tone(0.4)]), factor)
    assert np.flatnonzero(np.abs(changed) > 0.1)[0] / RATE == pytest.approx(0.6 * factor, abs=0.03)


def test_a_room_keeps_what_comes_first_and_adds_what_decays() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        response = augment.room(rng)
        assert response[0] == 1
        assert np.square(response[1:]).sum() <= 1.001, "no more reverberant than direct sound"
        early, late = np.array_split(response[1:], 2)
        assert np.square(late).sum() < 0.1 * np.square(early).sum()
    click = silence(0.5)
    click[1000] = 0.5
    heard = augment.reverberate(click, response)
    assert len(heard) == len(click)
    assert heard.dtype == np.float32
    assert np.abs(heard[:1000]).max() < 1e-6
    assert heard[1000:2000] == pytest.approx(0.5 * response[:1000], abs=1e-5)


@pytest.mark.parametrize("exponent", [0.0, 1.0, 2.0])
def test_coloured_noise_falls_as_it_should(exponent: float) -> None:
    noise = augment.coloured_noise(np.random.default_rng(0), 2**17, exponent)
    assert noise.dtype == np.float32
    assert augment.rms(noise) == pytest.approx(1, rel=1e-3)
    power = np.square(np.abs(np.fft.rfft(noise)))
    octave = 2**17 // 64
    low, high = power[octave : 2 * octave].mean(), power[8 * octave : 16 * octave].mean()
    assert 10 * np.log10(low / high) == pytest.approx(exponent * 10 * np.log10(8), abs=0.8)


def test_tilt_favours_low_or_high() -> None:
    low, high = tone(0.5, frequency=200), tone(0.5, frequency=6000)
    for by, louder, softer in ((0.5, low, high), (-0.5, high, low)):
        assert augment.rms(augment.tilt(louder, by)) > 1.5 * augment.rms(augment.tilt(softer, by))
    assert np.array_equal(augment.tilt(low, 0.0), low)


def test_levels() -> None:
    scaled = augment.at_level(np.concatenate([silence(1), tone(1), silence(1)]), -20.0)
    assert active_level(scaled) == pytest.approx(0.1, rel=1e-3)
    assert augment.amplitude(-20) == pytest.approx(0.1)
    assert augment.decibels(0.0) == pytest.approx(-120)
    assert np.array_equal(augment.at_level(silence(1), -20.0), silence(1))


def test_fading_does_not_touch_the_original() -> None:
    samples = np.ones(RATE, np.float32)
    faded = augment.fade(samples)
    assert faded[0] == faded[-1] == 0
    assert samples.min() == 1
    assert np.all(faded[160:-160] == 1)
    assert len(augment.fade(samples[:3])) == 3
