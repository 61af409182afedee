"""Samples in chunks of any size: the same scores, the same events; when there is an event; what is refused."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.errors import InputError
from apps.trigger_word import TriggerDetector, loader
from apps.trigger_word.config import RATE
from apps.trigger_word.detector import KerasScorer, smooth_scores
from apps.trigger_word.features import STRIDE, log_mel
from apps.trigger_word.loader import LogMel, StreamDetector, Trigger
from apps.trigger_word.scoring import firings
from tests.apps.command import run_python

from .helpers import MODELS, small_model, sounds, spec

SECONDS = 3.0


model_of = cache(small_model)


@pytest.fixture(scope="module", params=MODELS)
def model(request: pytest.FixtureRequest) -> Any:
    return model_of(request.param)


@cache
def whole_scores(model: Any) -> np.ndarray:
    """Of all samples at once, by the model that was trained."""
    features = log_mel(sounds(SECONDS))
    return np.asarray(model(features[None, : len(features) // STRIDE * STRIDE]))[0]


@given(sizes=st.lists(st.integers(0, 20_000), min_size=1, max_size=12))
@settings(max_examples=25, deadline=None)
def test_chunks_of_any_size_give_what_the_whole_gives(model: Any, sizes: list[int]) -> None:
    samples, whole = sounds(SECONDS), whole_scores(model)
    middle = tuple(np.median(whole, axis=0))
    at_once = StreamDetector(spec(middle), KerasScorer(model))
    expected = at_once.feed(samples)
    assert expected, "this stream has events"
    detector, scores, events = StreamDetector(spec(middle), KerasScorer(model)), [], []
    borders = [0, *np.minimum(np.cumsum(sizes), len(samples)), len(samples)]
    for start, end in pairwise(borders):
        events += detector.feed(samples[start:end])
        scores.append(detector.recent)
    np.testing.assert_allclose(np.concatenate(scores), whole, atol=1e-4)
    assert [event.keyword for event in events] == [event.keyword for event in expected]
    np.testing.assert_allclose([event.time for event in events], [event.time for event in expected])
    np.testing.assert_allclose([event.score for event in events], [event.score for event in expected], atol=1e-4)


def test_one_sample_at_a_time(model: Any) -> None:
    samples = sounds(SECONDS)[:2400]
    detector, scores = StreamDetector(spec(), KerasScorer(model)), []
    for sample in samples:
        detector.feed(np.array([sample]))
        scores.append(detector.recent)
    found = np.concatenate(scores)
    assert len(found) == 4
    np.testing.assert_allclose(found, whole_scores(model)[:4], atol=1e-4)


def test_integers_and_floats_are_the_same_samples(model: Any) -> None:
    integers = np.round(sounds(1.0) * 32767).astype(np.int16)
    found = []
    for samples in (integers, integers.astype(np.float32) / 32768, integers.astype(np.float64) / 32768):
        detector = StreamDetector(spec(), KerasScorer(model))
        detector.feed(samples)
        found.append(detector.recent)
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


@pytest.mark.parametrize(
    ("samples", "what"),
    [
        ([0.0, 0.1], "must be a numpy array of int16, or of float32 in [-1, 1], not of list"),
        (b"\0\0", "not of bytes"),
        (np.zeros(5, np.int32), "not of int32"),
        (np.zeros(5, np.uint8), "not of uint8"),
        (np.zeros(5, bool), "not of bool"),
        (np.zeros((5, 2), np.float32), "must be of one channel, [samples], not of shape (5, 2)"),
        (np.array(0.5, np.float32), "of shape ()"),
        (np.array([0, np.nan], np.float32), "NaN or an infinity"),
        (np.array([0, -np.inf], np.float32), "NaN or an infinity"),
        (np.array([0, 1e308]), "must be in [-1, 1], not up to 1e+308; divide"),
        (np.array([0, -20_000.0], np.float32), "must be in [-1, 1], not up to 2e+04; divide int16 ones by 32768"),
    ],
)
def test_samples_that_are_none_are_refused_and_change_nothing(samples: Any, what: str) -> None:
    model = model_of("gru")
    detector = StreamDetector(spec(), KerasScorer(model))
    detector.feed(sounds(0.5))
    with pytest.raises(ValueError, match=r".") as caught:
        detector.feed(samples)
    assert what in str(caught.value)
    detector.feed(sounds(0.5, seed=1))
    other = StreamDetector(spec(), KerasScorer(model))
    other.feed(np.concatenate([sounds(0.5), sounds(0.5, seed=1)]))
    np.testing.assert_allclose(detector.recent[-1], other.recent[-1], atol=1e-5)


def test_a_long_stream_takes_no_memory_and_does_not_drift(model: Any) -> None:
    """Three minutes in chunks of a second end where one that hears only the last of them ends."""
    detector = StreamDetector(spec(), KerasScorer(model))
    second = sounds(1.0)
    for _ in range(180):
        detector.feed(second)
        assert len(detector.kept) < 2000
    assert detector.steps == ((180 * RATE - 512) // 160 + 1) // STRIDE
    short = StreamDetector(spec(), KerasScorer(model))
    for _ in range(45):
        short.feed(second)
    np.testing.assert_allclose(detector.trigger.smooth, short.trigger.smooth, atol=2e-3)


def test_a_long_recording_is_heard_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """All at once as in pieces, with no more than some seconds of windows in memory at a time."""
    monkeypatch.setattr(loader, "BLOCK_SECONDS", 1)
    model, samples = model_of("gru"), np.round(sounds(3.3) * 32767).astype(np.int16)
    lengths: list[int] = []
    real = LogMel.__call__

    def noted(self: LogMel, given: np.ndarray) -> np.ndarray:
        lengths.append(len(given))
        return real(self, given)

    monkeypatch.setattr(LogMel, "__call__", noted)
    at_once = StreamDetector(spec(), KerasScorer(model))
    events = at_once.feed(samples)
    assert max(lengths) < 1.1 * RATE
    monkeypatch.undo()
    whole = StreamDetector(spec(), KerasScorer(model))
    assert [event[:2] for event in whole.feed(samples)] == [event[:2] for event in events]
    np.testing.assert_allclose(at_once.recent, whole.recent, atol=1e-5)


def test_spectra_are_computed_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = log_mel(sounds(1.0))
    monkeypatch.setattr(loader, "FRAMES", 7)
    np.testing.assert_array_equal(log_mel(sounds(1.0)[:100]), np.zeros((0, 40)))
    np.testing.assert_allclose(log_mel(sounds(1.0)), whole, atol=1e-6)


# Events


def test_an_event_comes_at_the_threshold_and_not_again_for_a_while() -> None:
    scores = np.array([[0.0], [0.5], [0.9], [0.9], [0.1], [0.9], [0.9]])
    assert [step for step, *_ in Trigger([0.5], 1, 2)(scores)] == [1, 5]
    assert [step for step, *_ in Trigger([0.5], 1, 100)(scores)] == [1]
    assert [step for step, *_ in Trigger([0.95], 1, 2)(scores)] == []
    assert [step for step, *_ in Trigger([0.5], 2, 100)(scores)] == [2], "the mean of two"


def test_each_keyword_has_its_own_threshold_and_rest() -> None:
    scores = np.array([[0.6, 0.6], [0.6, 0.9], [0.0, 0.9]])
    assert [found[:2] for found in Trigger([0.5, 0.8], 1, 9)(scores)] == [(0, 0), (1, 1)]


@given(
    scores=st.lists(st.floats(0, 1, width=32), min_size=1, max_size=60),
    threshold=st.floats(0.05, 0.95),
    refractory=st.integers(0, 20),
    cut=st.integers(0, 60),
)
@settings(max_examples=200, deadline=None)
def test_it_fires_as_evaluation_counts(scores: list[float], threshold: float, refractory: int, cut: int) -> None:
    array = np.array(scores)[:, None]
    trigger = Trigger([threshold], 1, refractory)
    live = [step for step, *_ in trigger(array[:cut])] + [
        step + min(cut, len(array)) for step, *_ in trigger(array[cut:])
    ]
    times = np.arange(len(array), dtype=float)
    assert live == firings(array[:, 0], times, threshold, refractory)


@given(scores=st.lists(st.floats(0, 1), min_size=1, max_size=30), smoothing=st.integers(1, 5))
@settings(max_examples=50, deadline=None)
def test_smoothing_is_the_mean_of_the_last_outputs(scores: list[float], smoothing: int) -> None:
    padded = np.concatenate([np.zeros(smoothing - 1), scores])
    wanted = [padded[step : step + smoothing].mean() for step in range(len(scores))]
    found = smooth_scores(np.array(scores)[:, None], spec(smoothing=smoothing))[:, 0]
    np.testing.assert_allclose(found, wanted, atol=1e-12)


def test_the_time_of_an_event_is_that_of_the_last_sample_it_needs() -> None:
    """With one sample less than that the event is not known yet."""
    scorer = lambda features: np.full((len(features) // STRIDE, 2), 0.9)  # noqa: E731
    detector = StreamDetector(spec(smoothing=1), scorer)
    event, *_ = detector.feed(np.zeros(RATE, np.float32))
    needed = round(event.time * RATE)
    assert not StreamDetector(spec(smoothing=1), scorer).feed(np.zeros(needed - 1, np.float32))
    assert StreamDetector(spec(smoothing=1), scorer).feed(np.zeros(needed, np.float32))


# From a path


def test_a_path_that_is_no_detector(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such run"):
        TriggerDetector(tmp_path / "none")
    (tmp_path / "detector.json").write_text("{}")
    with pytest.raises(InputError, match="cannot be used"):
        TriggerDetector(tmp_path)


def test_a_path_that_is_no_run_needs_no_keras() -> None:
    program = (
        "import sys; from apps.trigger_word import TriggerDetector\n"
        "try: TriggerDetector('nope')\n"
        "except ValueError as error: assert 'no such run' in str(error)\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    run_python(program)
