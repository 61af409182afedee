"""Events against what was said: hits, misses, false accepts, latency, and how sure one can be of their rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .loader import Event
from .streams import Spoken

TOLERANCE = 0.75
"""Seconds after a word's end in which an event still counts as its detection."""
BURST = 1.0
"""Seconds after an event in which another of the same word belongs to it."""


@dataclass(frozen=True)
class Match:
    """What a list of events was worth.

    Args:
        hits: The words that were detected, each with its first event.
        misses: Those that were not.
        false_accepts: Events at which nobody said the word, a burst of them by its first.
    """

    hits: tuple[tuple[Spoken, Event], ...]
    misses: tuple[Spoken, ...]
    false_accepts: tuple[Event, ...]

    @property
    def latencies(self) -> np.ndarray:
        """Seconds from a word's end to its event, `[hits]`; below 0 for an event before the end."""
        return np.array([event.time - word.end for word, event in self.hits])


def match(events: Sequence[Event], truth: Sequence[Spoken], tolerance: float = TOLERANCE) -> Match:
    """Finds out which events were right.

    An event detects the earliest word of its kind that is not detected yet, if it comes between the word's beginning
    and `tolerance` after its end. One that detects nothing is a false accept, unless it follows another event of its
    kind within a second: a burst counts once, whether it was right or wrong.

    Args:
        events: In any order.
        truth: The words that were said.
        tolerance: In seconds.

    Example:
        >>> said = [Spoken(1.0, 1.6, "computer", 10.0)]
        >>> found = match([Event(1.7, "computer", 0.9), Event(2.4, "computer", 0.8), Event(9.0, "computer", 0.9)], said)
        >>> len(found.hits), len(found.misses), [event.time for event in found.false_accepts]
        (1, 0, [9.0])
    """
    hits: list[tuple[Spoken, Event]] = []
    misses: list[Spoken] = []
    false_accepts: list[Event] = []
    for keyword in sorted({word.keyword for word in truth} | {event.keyword for event in events}):
        waiting = sorted((word for word in truth if word.keyword == keyword), key=lambda word: word.begin)
        last = -np.inf
        for event in sorted((event for event in events if event.keyword == keyword), key=lambda event: event.time):
            while waiting and waiting[0].end + tolerance < event.time:
                misses.append(waiting.pop(0))
            if waiting and waiting[0].begin <= event.time:
                hits.append((waiting.pop(0), event))
            elif event.time - last > BURST:
                false_accepts.append(event)
            last = event.time
        misses += waiting
    return Match(tuple(hits), tuple(misses), tuple(false_accepts))


def firings(scores: np.ndarray, times: np.ndarray, threshold: float, refractory: float) -> list[int]:
    """The outputs at which a detector fires: the first at or above the threshold, then none for a while.

    Args:
        scores: Smoothed scores of one word, `[steps]`.
        times: When they are known, in seconds, `[steps]`.
        threshold: The least score.
        refractory: Seconds after an event in which there is no other.

    Returns:
        Indices of steps.
    """
    above = np.flatnonzero(scores >= threshold)
    moments = times[above]
    fired: list[int] = []
    place = 0
    while place < len(above):
        fired.append(int(above[place]))
        place = int(np.searchsorted(moments, moments[place] + refractory, side="right"))
    return fired


def events_of(scores: np.ndarray, times: np.ndarray, keyword: str, threshold: float, refractory: float) -> list[Event]:
    """The events of one word; arguments as of `firings`."""
    return [
        Event(float(times[step]), keyword, float(scores[step]))
        for step in firings(scores, times, threshold, refractory)
    ]


def wilson(count: int, total: int) -> tuple[float, float]:
    r"""The 95 % interval of a share, after Wilson.

    .. math:: \frac{p + z^2 / 2n \pm z \sqrt{p (1 - p) / n + z^2 / 4n^2}}{1 + z^2 / n}, \qquad z = 1.96

    Args:
        count: How often it was so.
        total: Of how many times.

    Returns:
        Both ends of the interval; 0 and 1 when there is nothing to judge by.

    Reference:
        Wilson (1927), Probable Inference, the Law of Succession, and Statistical Inference.

    Example:
        >>> wilson(0, 81)
        (0.0, 0.0453)
    """
    if not total:
        return 0.0, 1.0
    z, p = 1.959964, count / total
    middle, half = p + z**2 / (2 * total), z * np.sqrt(p * (1 - p) / total + z**2 / (4 * total**2))
    low, high = ((middle + sign * half) / (1 + z**2 / total) for sign in (-1, 1))
    return round(max(float(low), 0.0), 4), round(min(float(high), 1.0), 4)


def poisson(count: int, hours: float) -> tuple[float, float]:
    r"""The exact 95 % interval of a rate of events that come independently of each other.

    .. math:: \left[\tfrac12 \chi^2_{0.025}(2k), \tfrac12 \chi^2_{0.975}(2k + 2)\right] / \mathrm{hours}

    Args:
        count: Events.
        hours: In which they came.

    Returns:
        Both ends of the interval, events an hour.

    Reference:
        Garwood (1936), Fiducial Limits for the Poisson Distribution.

    Example:
        >>> poisson(0, 1.0)
        (0.0, 3.6889)
    """
    from scipy.stats import chi2

    low = chi2.ppf(0.025, 2 * count) / 2 if count else 0.0
    return round(float(low / hours), 4), round(float(chi2.ppf(0.975, 2 * count + 2) / 2 / hours), 4)
