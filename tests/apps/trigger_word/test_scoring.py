"""Events against the truth, by hand and by drawn streams; intervals against their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import poisson as poisson_law

from apps.trigger_word.loader import Event, Trigger
from apps.trigger_word.scoring import BURST, TOLERANCE, firings, match, poisson, wilson
from apps.trigger_word.streams import Spoken


def said(*ends: float, keyword: str = "computer") -> list[Spoken]:
    return [Spoken(end - 0.6, end, keyword, 10.0) for end in ends]


def heard(*times: float, keyword: str = "computer") -> list[Event]:
    return [Event(time, keyword, 0.9) for time in times]


@pytest.mark.parametrize(
    ("time", "hit"), [(4.3, False), (4.5, True), (5.0, True), (5.0 + TOLERANCE, True), (5.1 + TOLERANCE, False)]
)
def test_an_event_counts_from_the_beginning_of_the_word_to_shortly_after_its_end(time: float, hit: bool) -> None:
    found = match(heard(time), said(5.0))
    assert (len(found.hits), len(found.misses), len(found.false_accepts)) == ((1, 0, 0) if hit else (0, 1, 1))
    assert found.latencies == pytest.approx([time - 5.0] if hit else [])


def test_a_burst_counts_once() -> None:
    wrong = match(heard(*np.arange(2.0, 5.0, 0.1)), [])
    assert [event.time for event in wrong.false_accepts] == [2.0], "the ten frames of openWakeWord's ten alarms"
    right = match(heard(*np.arange(4.8, 7.0, 0.1)), said(5.0))
    assert len(right.hits) == 1
    assert not right.false_accepts
    assert right.hits[0][1].time == pytest.approx(4.8)
    assert len(match(heard(2.0, 3.1 + BURST), []).false_accepts) == 2


def test_two_words_are_two_hits_however_close() -> None:
    found = match(heard(5.1, 5.9), said(5.0, 5.8))
    assert [word.end for word, _ in found.hits] == [5.0, 5.8]
    late = match(heard(6.2), said(5.0, 5.8))
    assert [word.end for word in late.misses] == [5.0]


def test_another_word_is_no_hit() -> None:
    found = match(heard(5.1, keyword="jarvis"), said(5.0))
    assert (len(found.hits), len(found.misses), len(found.false_accepts)) == (0, 1, 1)
    both = match([*heard(5.1), *heard(5.2, keyword="jarvis")], said(5.0))
    assert (len(both.hits), len(both.false_accepts)) == (1, 1)


moments = st.lists(st.floats(0, 60), max_size=20)


@settings(deadline=None)
@given(ends=moments, times=moments)
def test_whatever_comes_every_word_is_a_hit_or_a_miss(ends: list[float], times: list[float]) -> None:
    found = match(heard(*times), said(*ends))
    assert len(found.hits) + len(found.misses) == len(ends)
    assert len(found.hits) + len(found.false_accepts) <= len(times)
    assert all(-0.6 - 1e-9 <= latency <= TOLERANCE + 1e-9 for latency in found.latencies)
    accepted = sorted(event.time for event in found.false_accepts)
    assert all(np.diff(accepted) > BURST)


# When a detector fires


@settings(deadline=None)
@given(
    scores=st.lists(st.floats(0, 1, width=32), min_size=1, max_size=60),
    threshold=st.floats(0.05, 0.95),
    refractory=st.integers(0, 8),
)
def test_firing_is_what_the_detector_does(scores: list[float], threshold: float, refractory: int) -> None:
    """The rule by which thresholds are fitted is the rule of the one who listens, whatever the pieces."""
    values, step = np.array(scores), 0.03
    times = step * np.arange(len(values))
    trigger = Trigger([threshold], 1, refractory)
    halves = np.array_split(values[:, None], 2)
    heard_by_trigger = [place for place, _, _ in trigger(halves[0])]
    heard_by_trigger += [place + len(halves[0]) for place, _, _ in trigger(halves[1])]
    assert firings(values, times, threshold, (refractory + 0.5) * step) == heard_by_trigger


def test_firing_by_hand() -> None:
    scores = np.array([0.1, 0.6, 0.7, 0.2, 0.9, 0.9, 0.9])
    times = np.arange(7.0)
    assert firings(scores, times, 0.5, 0.0) == [1, 2, 4, 5, 6]
    assert firings(scores, times, 0.5, 2.0) == [1, 4]
    assert firings(scores, times, 0.95, 2.0) == []


# Intervals


@pytest.mark.parametrize(("count", "total"), [(0, 10), (3, 10), (10, 10), (5, 81)])
def test_wilson_is_where_the_score_test_turns(count: int, total: int) -> None:
    """Both ends solve |p - k/n| = z sqrt(p (1 - p) / n)."""
    for end in wilson(count, total):
        if 0 < end < 1:
            assert abs(end - count / total) == pytest.approx(1.96 * np.sqrt(end * (1 - end) / total), rel=0.01)
    low, high = wilson(count, total)
    assert 0 <= low <= count / total <= high <= 1


def test_wilson_of_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize("count", [0, 1, 7])
def test_poisson_leaves_a_fortieth_on_either_side(count: int) -> None:
    low, high = poisson(count, 2.0)
    assert poisson_law.cdf(count, 2 * high) == pytest.approx(0.025, rel=0.01)
    assert (low == 0) if count == 0 else poisson_law.sf(count - 1, 2 * low) == pytest.approx(0.025, rel=0.01)
