"""Metrics, thresholds and pictures, of detectors whose faults are known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from apps.trigger_word.clips import Clip
from apps.trigger_word.evaluation import (
    HIGHEST,
    THRESHOLDS,
    choose,
    det_curve,
    draw,
    fit_thresholds,
    judge,
    metrics,
    recall_at,
    report,
    undetected,
)
from apps.trigger_word.streams import Scene, Spoken, Stream

STEP = 0.05
HOUR = 3600
QUIET = 2000.0
"""Seconds of it before the words."""
TIMES = STEP * np.arange(1, HOUR / STEP + 1)


def stream(words: int = 20, keywords: tuple[str, ...] = ("one",), snrs: tuple[float, ...] = (20.0, 0.0)) -> Stream:
    """An hour, each word said every 20 seconds of its end."""
    truth = [
        Spoken(2000 + 20 * index + 300 * place, 2000.6 + 20 * index + 300 * place, keyword, snrs[index % len(snrs)])
        for place, keyword in enumerate(keywords)
        for index in range(words)
    ]
    return Stream((Scene(Clip("x", "noise"), 0, -40.0, HOUR * 16_000),), tuple(truth), QUIET)


def scores(judged: Stream, keywords: tuple[str, ...] = ("one",), false: tuple[float, ...] = ()) -> np.ndarray:
    """0.9 for 0.2 s from 0.1 s after each word on, and other scores every 30 s from the beginning on."""
    found = np.full((len(TIMES), len(keywords)), 0.01)
    for word in judged.truth:
        found[(word.end + 0.1 <= TIMES) & (word.end + 0.3 > TIMES), keywords.index(word.keyword)] = 0.9
    for place, score in enumerate(false):
        found[(30 * place + 10 <= TIMES) & (30 * place + 10.3 > TIMES), 0] = score
    return found


def test_a_faultless_detector() -> None:
    planned = stream()
    found = metrics(judge(scores(planned), TIMES, planned, ["one"], {"one": 0.5}, 1.0))
    assert found["recall"] == found["mean_recall"] == 1
    assert found["false_accepts"] == found["false_accepts_per_hour"] == 0
    assert found["false_accepts_per_hour_high"] == pytest.approx(3.689 * HOUR / QUIET, abs=1e-3)
    assert found["misses_20_db"] == found["misses_0_db"] == found["misses_0_db_low"] == 0
    assert found["misses_0_db_high"] == pytest.approx(0.278, abs=1e-3)
    assert found["latency_median"] == pytest.approx(0.1, abs=STEP)
    assert found["latency_p95"] == pytest.approx(0.1, abs=STEP)


def test_misses_and_false_accepts_are_counted() -> None:
    planned = stream()
    values = scores(planned, false=(0.6, 0.7, 0.8))
    for word in planned.truth[:6:2]:
        values[abs(TIMES - word.end) < 1] = 0
    found = metrics(judge(values, TIMES, planned, ["one"], {"one": 0.65}, 1.0))
    assert found["recall"] == pytest.approx(17 / 20)
    assert found["misses_20_db"] == pytest.approx(3 / 10)
    assert found["misses_0_db"] == 0
    assert found["false_accepts"] == 2
    assert found["false_accepts_per_hour"] == pytest.approx(2 * HOUR / QUIET)
    assert found["mean_recall"] == pytest.approx(17 / 20)
    assert found["misses_20_db_at_1_false_accept"] == pytest.approx(3 / 10)
    assert found["misses_0_db_at_1_false_accept"] == 0
    assert "one_false_accepts" not in found, "that of the only word is that of all"
    assert all(np.isfinite(list(found.values())))


def test_the_trade_off_falls_with_the_threshold() -> None:
    planned = stream()
    judged = judge(scores(planned, false=(0.3, 0.5, 0.7, 0.95)), TIMES, planned, ["one"], {"one": 0.5}, 1.0)
    curve = judged.curves["one"]
    assert [point.threshold for point in curve] == pytest.approx(list(THRESHOLDS))
    assert [point.false_accepts for point in curve] == sorted((point.false_accepts for point in curve), reverse=True)
    assert curve[0].false_accepts >= 4
    assert recall_at(curve, 0.5) == 0, "every threshold above the worst false accept is above the words"
    assert recall_at(curve, 1.0) == 1


def test_false_accepts_are_allowed_by_the_hour_without_words() -> None:
    planned = stream()
    curve = det_curve(scores(planned, false=(0.5, 0.95))[:, 0], TIMES, planned, "one", 1.0)
    assert choose(curve, HOUR / QUIET - 0.01) == HIGHEST, "one in 2000 s is more"
    assert choose(curve, HOUR / QUIET + 0.01) < 0.9


@pytest.mark.parametrize("most", [0.0, 1.0, 2.0, 5.0])
def test_thresholds_allow_as_many_false_accepts_as_wished(most: float) -> None:
    planned = stream()
    false = (0.3, 0.5, 0.6, 0.7, 0.8)
    threshold = fit_thresholds(scores(planned, false=false), TIMES, planned, ["one"], most, 1.0)["one"]
    assert sum(score >= threshold for score in false) <= most
    assert threshold < 0.9, "and all words are still detected"


def test_thresholds_are_as_strict_as_the_words_allow() -> None:
    planned = stream()
    values = scores(planned, false=(0.2,))
    threshold = fit_thresholds(values, TIMES, planned, ["one"], 0.5, 1.0)["one"]
    assert 0.85 < threshold < 0.9, "the words have 0.9"
    judged = judge(values, TIMES, planned, ["one"], {"one": threshold}, 1.0)
    assert metrics(judged)["recall"] == 1


def test_a_word_that_is_never_detected() -> None:
    planned = stream()
    silent = np.zeros((len(TIMES), 1))
    assert fit_thresholds(silent, TIMES, planned, ["one"], 0.5, 1.0) == {"one": HIGHEST}
    judged = judge(silent, TIMES, planned, ["one"], {"one": HIGHEST}, 1.0)
    assert not [name for name in metrics(judged) if name.startswith("latency")]
    assert undetected(silent, TIMES, planned, {"one": HIGHEST}, 1.0) == ["one"]
    assert undetected(scores(planned), TIMES, planned, {"one": 0.5}, 1.0) == []
    assert "none detected" in report(judged)[0]


def test_several_words_each_with_its_own_threshold() -> None:
    words = ("one", "two")
    planned = stream(10, words)
    values = scores(planned, words, false=(0.6,))
    values[:, 1] *= 0.5
    thresholds = fit_thresholds(values, TIMES, planned, words, 0.5, 1.0)
    assert thresholds["one"] > 0.6
    assert thresholds["two"] < 0.45
    judged = judge(values, TIMES, planned, words, thresholds, 1.0)
    found = metrics(judged)
    assert found["recall"] == 1
    assert found["two_misses_0_db"] == found["one_false_accepts"] == found["two_false_accepts"] == 0
    assert found["misses_0_db_at_1_false_accept"] == 0
    lines = report(judged)
    assert [line.split(":")[0] for line in lines] == ["one", "  20 dB", "  0 dB", "two", "  20 dB", "  0 dB"]
    assert lines[0].startswith("one: 0 false accepts in 0.56 hours (0.00 to 6.64 an hour) at threshold 0.")
    assert lines[1] == "  20 dB: 0 of 5 missed, 0.0% (0.0% to 43.5%); 0.0% at one false accept in all, 0.0% at none"


def test_the_picture(tmp_path: Path) -> None:
    words = ("one", "two")
    planned = stream(10, words)
    draw(judge(scores(planned, words), TIMES, planned, words, dict.fromkeys(words, 0.5), 1.0), tmp_path)
    assert (tmp_path / "det.png").read_bytes().startswith(b"\x89PNG")


def test_the_curve_promises_no_more_than_a_threshold_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the rates of two thresholds the picture shows the misses of the stricter one."""
    from matplotlib.axes import Axes

    drawn: list[tuple[Any, Any]] = []
    real = Axes.step

    def step(self: Axes, *given: Any, **how: Any) -> Any:
        (line,) = real(self, *given, **how)
        drawn.append((line.get_drawstyle(), given))
        return [line]

    monkeypatch.setattr(Axes, "step", step)
    planned = stream()
    draw(judge(scores(planned, false=(0.5,)), TIMES, planned, ["one"], {"one": 0.5}, 1.0), tmp_path)
    for style, (rates, misses) in drawn:
        assert style == "steps-pre"
        assert list(rates) == sorted(rates, reverse=True)
        assert list(misses) == sorted(misses), "the stricter threshold comes second"
