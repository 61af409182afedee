"""How good a detector is on a stream: metrics with their intervals, thresholds, and the picture of the trade-off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .scoring import Match, events_of, match, poisson, wilson
from .streams import Spoken, Stream

THRESHOLDS = 1 / (1 + np.exp(-np.linspace(-5, 10, 301)))
"""At which a trade-off is looked at: evenly in log odds, as scores crowd at 0 and 1."""
RATES = (0.5, 1.0, 2.0, 5.0, 10.0)
"""False accepts an hour over which recall is averaged."""
HIGHEST = 0.999
"""Threshold of a word that is not detected at any."""
SPREAD = 0.03
"""How far apart the intervals are drawn that belong to one rate of false accepts."""
SLACK = 0.05
"""Recall that a threshold may cost, as dev is too short to show the false accepts of a day."""


@dataclass(frozen=True)
class Point:
    """What a threshold does.

    Args:
        threshold: The least score that is an event.
        match: What the events are worth.
        hours: Of the stream without trigger words, by which false accepts are counted.
    """

    threshold: float
    match: Match
    hours: float

    @property
    def false_accepts(self) -> int:
        """How many."""
        return len(self.match.false_accepts)

    def recall(self, snr: float | None = None) -> float:
        """The share of words that are detected, of all or of those at one ratio; 0 when there are none."""
        hits, total = counts(self.match, snr)
        return hits / max(total, 1)


@dataclass(frozen=True)
class Judged:
    """What a detector does on a stream.

    Args:
        stream: The stream.
        thresholds: By keyword.
        curves: What other thresholds would do, by keyword, the lowest first.
        match: What the events at the thresholds are worth, by keyword.
    """

    stream: Stream
    thresholds: Mapping[str, float]
    curves: Mapping[str, Sequence[Point]]
    match: Mapping[str, Match]

    @property
    def hours(self) -> float:
        """Of the stream without trigger words, by which false accepts are counted."""
        return self.stream.quiet_seconds / 3600


def counts(found: Match, snr: float | None = None) -> tuple[int, int]:
    """Hits and words, of all or of those at one signal-to-noise ratio."""
    hits = sum(snr in (None, word.snr) for word, _ in found.hits)
    return hits, hits + sum(snr in (None, word.snr) for word in found.misses)


def det_curve(scores: np.ndarray, times: np.ndarray, stream: Stream, keyword: str, refractory: float) -> list[Point]:
    """Misses against false accepts of one word, over thresholds.

    Args:
        scores: Smoothed scores of the word, `[steps]`.
        times: When they are known, in seconds, `[steps]`.
        stream: What was heard.
        keyword: The word.
        refractory: Seconds after an event in which there is no other.

    Returns:
        A point for each of `THRESHOLDS`.
    """
    truth = truth_of(stream, keyword)
    return [
        Point(
            float(threshold),
            match(events_of(scores, times, keyword, float(threshold), refractory), truth),
            stream.quiet_seconds / 3600,
        )
        for threshold in THRESHOLDS
    ]


def truth_of(stream: Stream, keyword: str) -> list[Spoken]:
    """Where one word was said."""
    return [word for word in stream.truth if word.keyword == keyword]


def judge(
    scores: np.ndarray,
    times: np.ndarray,
    stream: Stream,
    keywords: Sequence[str],
    thresholds: Mapping[str, float],
    refractory: float,
) -> Judged:
    """Judges a detector by its smoothed scores, `[steps, keywords]`; arguments as of `det_curve`."""
    curves, matches = {}, {}
    for index, keyword in enumerate(keywords):
        one = scores[:, index]
        curves[keyword] = det_curve(one, times, stream, keyword, refractory)
        events = events_of(one, times, keyword, thresholds[keyword], refractory)
        matches[keyword] = match(events, truth_of(stream, keyword))
    return Judged(stream, dict(thresholds), curves, matches)


def fit_thresholds(
    scores: np.ndarray,
    times: np.ndarray,
    stream: Stream,
    keywords: Sequence[str],
    most: float,
    refractory: float,
) -> dict[str, float]:
    """Each word's threshold for at most so many false accepts an hour; arguments as of `judge`.

    Of the thresholds that are strict enough and detect at most a twentieth of the words less than the best of them, the
    strictest is taken: other people say other things than those of dev, and false alarms are what one minds most.
    """
    return {
        keyword: choose(det_curve(scores[:, index], times, stream, keyword, refractory), most)
        for index, keyword in enumerate(keywords)
    }


def choose(curve: Sequence[Point], most: float) -> float:
    """The highest threshold with nearly the most hits at at most `most` false accepts an hour."""
    allowed = [point for point in curve if point.false_accepts <= most * point.hours]
    best = max((point.recall() for point in allowed), default=0.0)
    if not best:
        return HIGHEST
    return min(max(point.threshold for point in allowed if point.recall() >= best - SLACK), HIGHEST)


def undetected(
    scores: np.ndarray, times: np.ndarray, stream: Stream, thresholds: Mapping[str, float], refractory: float
) -> list[str]:
    """The words that are never detected at their thresholds; arguments as of `judge`."""
    return [
        keyword
        for index, (keyword, threshold) in enumerate(thresholds.items())
        if not match(events_of(scores[:, index], times, keyword, threshold, refractory), truth_of(stream, keyword)).hits
    ]


def recall_at(curve: Sequence[Point], most: float, snr: float | None = None) -> float:
    """The best recall with at most so many false accepts in the stream; 0 where no threshold is that strict."""
    return max((point.recall(snr) for point in curve if point.false_accepts <= most), default=0.0)


def metrics(judged: Judged) -> dict[str, float]:
    """Plain numbers: recall over rates; at the thresholds misses and false accepts with 95 % intervals, and latency.

    No latency when nothing was detected. Of several words also the misses and false accepts of each.
    """
    curves, matches = judged.curves.values(), judged.match.values()
    false_accepts = sum(len(found.false_accepts) for found in matches)
    low, high = poisson(false_accepts, judged.hours)
    found = {
        "recall": share([counts(found) for found in matches]),
        "mean_recall": float(np.mean([recall_at(curve, rate * judged.hours) for curve in curves for rate in RATES])),
        "false_accepts": float(false_accepts),
        "false_accepts_per_hour": false_accepts / judged.hours,
        "false_accepts_per_hour_low": low,
        "false_accepts_per_hour_high": high,
    }
    latencies = np.concatenate([found.latencies for found in matches])
    if len(latencies):
        found |= {"latency_median": float(np.median(latencies)), "latency_p95": float(np.percentile(latencies, 95))}
    for snr in snrs_of(judged.stream):
        pairs = [counts(found, snr) for found in matches]
        hits, total = (sum(numbers) for numbers in zip(*pairs, strict=True))
        name = f"misses_{snr:g}_db"
        found[name] = 1 - share(pairs)
        found[f"{name}_low"], found[f"{name}_high"] = wilson(total - hits, total)
        found[f"{name}_at_1_false_accept"] = 1 - float(np.mean([recall_at(curve, 1, snr) for curve in curves]))
    return found | (of_each_word(judged) if len(judged.match) > 1 else {})


def of_each_word(judged: Judged) -> dict[str, float]:
    """Misses and false accepts of each word at its threshold."""
    found = {}
    for keyword, one in judged.match.items():
        for snr in snrs_of(judged.stream):
            found[f"{keyword}_misses_{snr:g}_db"] = 1 - share([counts(one, snr)])
        found[f"{keyword}_false_accepts"] = float(len(one.false_accepts))
    return found


def share(pairs: Sequence[tuple[int, int]]) -> float:
    """Hits of all words together, from (hits, words)."""
    return sum(hits for hits, _ in pairs) / max(sum(total for _, total in pairs), 1)


def snrs_of(stream: Stream) -> list[float]:
    """The signal-to-noise ratios at which words are said, the highest first."""
    return sorted({word.snr for word in stream.truth}, reverse=True)


def report(judged: Judged) -> list[str]:
    """A line a word on false accepts and latency, and one for each signal-to-noise ratio, with 95 % intervals."""
    lines = []
    for keyword, found in judged.match.items():
        count, latencies = len(found.false_accepts), found.latencies
        low, high = poisson(count, judged.hours)
        late = (
            f"latency {1000 * np.median(latencies):.0f} ms (95 % within {1000 * np.percentile(latencies, 95):.0f} ms)"
            if len(latencies)
            else "none detected"
        )
        lines.append(
            f"{keyword}: {count} false accept{'s' * (count != 1)} in {judged.hours:.2f} hours "
            f"({low:.2f} to {high:.2f} an hour) at threshold {judged.thresholds[keyword]:.3f}; {late}"
        )
        for snr in snrs_of(judged.stream):
            hits, total = counts(found, snr)
            low, high = wilson(total - hits, total)
            missed = f"  {snr:g} dB: {total - hits} of {total} missed, {(total - hits) / max(total, 1):.1%}"
            at_one, at_none = (1 - recall_at(judged.curves[keyword], most, snr) for most in (1, 0))
            lines.append(
                f"{missed} ({low:.1%} to {high:.1%}); {at_one:.1%} at one false accept in all, {at_none:.1%} at none"
            )
    return lines


def draw(judged: Judged, folder: Path) -> None:
    """The trade-off of each word between misses and false accepts, as PNG: `det.png`."""
    from apps.core.plots import MUTED, figure

    words = list(judged.curves)
    with figure(folder / "det.png", 1, len(words), figsize=(4.2 * len(words), 3.6), squeeze=False) as axes:
        for panel, keyword in zip(axes[0], words, strict=True):
            for index, snr in enumerate(snrs_of(judged.stream)):
                draw_curve(panel, judged, keyword, index, snr)
            one = 1 / judged.hours
            panel.axvline(one, color=MUTED, linestyle="--", linewidth=1, label="one false accept in the stream")
            panel.set_xscale("symlog", linthresh=1.0)
            panel.set(title=keyword, xlabel="false accepts an hour", ylabel="misses, %", xlim=(-0.05, 30), ylim=(0, 50))
            panel.legend(fontsize=8)


def draw_curve(panel: Any, judged: Judged, keyword: str, index: int, snr: float) -> None:
    """The trade-off of a word at one signal-to-noise ratio; a point with its interval is what its threshold does."""
    from apps.core.plots import ACCENT, SECOND

    colour = (ACCENT, SECOND, "#3a8f5c", "#a23b72")[index % 4]
    curve, found = judged.curves[keyword], judged.match[keyword]
    rates = [point.false_accepts / point.hours for point in curve]
    misses = [100 * (1 - point.recall(snr)) for point in curve]
    # A rate between those of two thresholds is kept to by the stricter, which comes second.
    panel.step(rates, misses, where="pre", color=colour, label=f"{snr:g} dB")
    hits, total = counts(found, snr)
    low, high = wilson(total - hits, total)
    missed = 1 - hits / max(total, 1)
    rate = len(found.false_accepts) / judged.hours
    rate += SPREAD * index * max(rate, 1.0)  # or the intervals would lie on each other
    interval = [[100 * max(0.0, missed - low)], [100 * max(0.0, high - missed)]]
    panel.errorbar([rate], [100 * missed], interval, fmt="o", markersize=4, color=colour)
