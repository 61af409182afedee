"""How good a detector is on a stream: metrics with their intervals, thresholds, and the picture of the trade-off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .scoring import TOLERANCE, Match, events_of, match, poisson, wilson
from .streams import Spoken, Stream

THRESHOLDS = 1 / (1 + np.exp(-np.linspace(-5, 10, 91)))
"""At which a trade-off is looked at: evenly in log odds, as scores crowd at 0 and 1."""
RATES = (0.5, 1.0, 2.0, 5.0, 10.0)
"""False accepts an hour over which recall is averaged."""
HIGHEST = 0.999
"""Threshold of a word that is not detected at any."""
SLACK = 0.01
"""Recall that a threshold may cost for the sake of room on both sides of it."""


@dataclass(frozen=True)
class Point:
    """What a threshold does.

    Args:
        threshold: The least score that is an event.
        match: What the events are worth.
        hours: The length of the stream.
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
        """The length of the stream."""
        return self.stream.seconds / 3600


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
            stream.seconds / 3600,
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

    Of the thresholds that are strict enough and detect at most a hundredth of the words less than the best of them,
    the middle one (in log odds) is taken: it leaves room on both sides for streams that are not like this one.
    """
    return {
        keyword: choose(det_curve(scores[:, index], times, stream, keyword, refractory), most)
        for index, keyword in enumerate(keywords)
    }


def choose(curve: Sequence[Point], most: float) -> float:
    """The threshold in the middle of those with nearly the most hits at at most `most` false accepts an hour."""
    allowed = [point for point in curve if point.false_accepts <= most * point.hours]
    best = max((point.recall() for point in allowed), default=0.0)
    if not best:
        return HIGHEST
    good = [point.threshold for point in allowed if point.recall() >= best - SLACK]
    odds = np.log(np.divide(good, np.subtract(1, good)))
    return float(min(1 / (1 + np.exp(-(odds.min() + odds.max()) / 2)), HIGHEST))


def recall_at(curve: Sequence[Point], most: float, snr: float | None = None) -> float:
    """The best recall with at most so many false accepts in the stream; 0 where no threshold is that strict."""
    return max((point.recall(snr) for point in curve if point.false_accepts <= most), default=0.0)


def metrics(judged: Judged) -> dict[str, float]:
    """Plain numbers: recall over rates, and at the thresholds misses, false accepts and latency with 95 % intervals.

    Latency is the tolerance when nothing was detected.
    """
    curves, matches = judged.curves.values(), judged.match.values()
    latencies = np.concatenate([found.latencies for found in matches])
    latencies = latencies if len(latencies) else np.array([TOLERANCE])
    false_accepts = sum(len(found.false_accepts) for found in matches)
    low, high = poisson(false_accepts, judged.hours)
    found = {
        "recall": share([counts(found) for found in matches]),
        "mean_recall": float(np.mean([recall_at(curve, rate * judged.hours) for curve in curves for rate in RATES])),
        "false_accepts": float(false_accepts),
        "false_accepts_per_hour": false_accepts / judged.hours,
        "false_accepts_per_hour_low": low,
        "false_accepts_per_hour_high": high,
        "latency_median": float(np.median(latencies)),
        "latency_p95": float(np.percentile(latencies, 95)),
    }
    for snr in snrs_of(judged.stream):
        pairs = [counts(found, snr) for found in matches]
        hits, total = (sum(numbers) for numbers in zip(*pairs, strict=True))
        found[f"misses_{snr:g}_db"] = 1 - share(pairs)
        found[f"misses_{snr:g}_db_low"], found[f"misses_{snr:g}_db_high"] = wilson(total - hits, total)
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
    from apps.core.plots import ACCENT, MUTED, SECOND, figure

    words, snrs = list(judged.curves), snrs_of(judged.stream)
    colours = (ACCENT, SECOND, "#3a8f5c", "#a23b72")
    with figure(folder / "det.png", 1, len(words), figsize=(4.2 * len(words), 3.6), squeeze=False) as axes:
        for panel, keyword in zip(axes[0], words, strict=True):
            curve = judged.curves[keyword]
            rates = [point.false_accepts / point.hours for point in curve]
            for index, snr in enumerate(snrs):
                misses = [100 * (1 - point.recall(snr)) for point in curve]
                panel.step(rates, misses, where="post", color=colours[index % len(colours)], label=f"{snr:g} dB")
                hits, total = counts(judged.match[keyword], snr)
                low, high = wilson(total - hits, total)
                rate = len(judged.match[keyword].false_accepts) / judged.hours
                panel.errorbar(
                    [rate],
                    [100 * (1 - hits / max(total, 1))],
                    [[max(0.0, 100 * (1 - hits / max(total, 1) - low))], [100 * (high - 1 + hits / max(total, 1))]],
                    fmt="o",
                    color=colours[index % len(colours)],
                )
            panel.axvline(1 / judged.hours, color=MUTED, linestyle="--", linewidth=1)
            panel.set_xscale("symlog", linthresh=1.0)
            panel.set(title=keyword, xlabel="false accepts an hour", ylabel="misses, %", xlim=(-0.05, 30), ylim=(0, 50))
            panel.legend(fontsize=8)
