"""The two forms of the features agree, look at no future, and normalise nothing by what is heard."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.trigger_word.config import RATE
from apps.trigger_word.features import SPEC, log_mel, spectrogram_masks, statistics
from apps.trigger_word.graph import LogMelLayer

from .helpers import sounds


@pytest.mark.parametrize("level", [1e-4, 1e-2, 1.0])
def test_the_graph_and_numpy_give_the_same_numbers(level: float) -> None:
    samples = sounds(1.5) * np.float32(level)
    np.testing.assert_allclose(np.asarray(LogMelLayer()(samples[None]))[0], log_mel(samples), atol=1e-5)


def test_it_is_the_energy_in_mel_bands() -> None:
    """A tone is loudest in the band around its frequency, and 20 dB more are log 100 more."""
    samples = 0.01 * np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE).astype(np.float32)
    frame = log_mel(samples)[10]
    edges = np.linspace(*(2595 * np.log10(1 + f / 700) for f in (SPEC["low"], SPEC["high"])), SPEC["bands"] + 2)
    wanted = int(np.abs(edges[1:-1] - 2595 * np.log10(1 + 1000 / 700)).argmin())
    assert int(frame.argmax()) == wanted
    assert log_mel(10 * samples)[10].max() - frame.max() == pytest.approx(np.log(100), abs=1e-3)


def test_silence_and_full_scale_are_finite() -> None:
    for samples in (np.zeros(RATE, np.float32), np.ones(RATE, np.float32)):
        assert np.isfinite(log_mel(samples)).all()
    assert np.allclose(log_mel(np.zeros(RATE, np.float32)), np.log(SPEC["floor"]))


@pytest.mark.parametrize(("samples", "frames"), [(0, 0), (511, 0), (512, 1), (671, 1), (672, 2), (16_000, 97)])
def test_whole_frames_are_counted(samples: int, frames: int) -> None:
    assert log_mel(np.zeros(samples, np.float32)).shape == (frames, SPEC["bands"])
    assert LogMelLayer().compute_output_shape((2, samples)) == (2, frames, SPEC["bands"])


@given(cut=st.integers(512, RATE))
@settings(max_examples=20, deadline=None)
def test_a_frame_never_sees_what_comes_after(cut: int) -> None:
    samples = sounds(1.0)
    first = log_mel(samples[:cut])
    np.testing.assert_array_equal(first, log_mel(samples)[: len(first)])


def test_statistics_are_those_of_all_frames() -> None:
    rng = np.random.default_rng(0)
    features = [rng.normal(3, 2, (50, 4)), rng.normal(3, 2, (70, 4))]
    mean, variance = statistics(features)
    np.testing.assert_allclose(mean, np.concatenate(features).mean(0))
    np.testing.assert_allclose(variance, np.concatenate(features).var(0))


def test_masks_hide_some_and_keep_most() -> None:
    features = np.random.default_rng(0).normal(size=(200, SPEC["bands"])).astype(np.float32)
    fill = np.full(SPEC["bands"], 9.0, np.float32)
    masked = spectrogram_masks(np.random.default_rng(1), features, fill)
    hidden = masked != features
    assert 0 < hidden.mean() < 0.5
    assert (masked[hidden] == 9).all()
    np.testing.assert_array_equal(masked, spectrogram_masks(np.random.default_rng(1), features, fill))
    assert (features < 9).all(), "what was given stays as it was"
