"""Why a sound file got its answer: waveform, mel spectrogram and score, one under the other."""

from __future__ import annotations

import base64
import html
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from apps.core.errors import InputError
from apps.core.plots import ACCENT, INK, MUTED, SECOND, figure
from apps.core.run import write_text

from .answers import SILENCE
from .audio import read_blocks
from .config import RATE
from .detector import smooth_scores
from .features import SPEC
from .loader import Event
from .training_data import stream_features

if TYPE_CHECKING:
    from .task import TriggerTask

MOST = 8
"""Files that are drawn into one picture."""
WIDE = 2000
"""Points of a line; of more the picture would show nothing."""
POINT = 16
"""Samples of which only the least and the greatest are kept."""
COLOURS = (ACCENT, SECOND, "#2f8f5b", "#8e4fa8", "#b0413e")


@dataclass(frozen=True)
class Shown:
    """What there is to see of a sound file.

    Args:
        path: The file.
        seconds: Its length, with the silence after it.
        lowest: Sample of each of some equal parts.
        highest: The same.
        features: `[columns, bands]`.
        times: At which each score is known, in seconds, `[steps]`.
        scores: Smoothed, `[steps, keywords]`.
        thresholds: Of each keyword.
        events: The words that were heard.
    """

    path: str
    seconds: float
    lowest: np.ndarray
    highest: np.ndarray
    features: np.ndarray
    times: np.ndarray
    scores: np.ndarray
    thresholds: dict[str, float]
    events: list[Event]


def look(task: TriggerTask, model: Any, path: str) -> Shown:
    """Everything that the picture of a file shows; an hour of sound is never held whole.

    Raises:
        InputError: When the file cannot be read.
    """
    detector = task.detector(model)
    events: list[Event] = []
    count, scores, lowest, highest = 0, [], [], []
    for block in chain(read_blocks(path), [SILENCE]):
        events += detector.feed(block)
        scores.append(detector.recent)
        places = np.arange(0, len(block), POINT)
        lowest.append(np.minimum.reduceat(block, places) if len(block) else block)
        highest.append(np.maximum.reduceat(block, places) if len(block) else block)
        count += len(block)
    features = stream_features(chain(read_blocks(path), [SILENCE]))
    smooth = smooth_scores(np.concatenate(scores), detector.spec)
    return Shown(
        path,
        count / RATE,
        pooled(np.minimum, np.concatenate(lowest)),
        pooled(np.maximum, np.concatenate(highest)),
        pooled(np.maximum, features),
        np.array([detector.time(step) for step in range(len(smooth))]),
        smooth,
        detector.spec["thresholds"],
        events,
    )


def pooled(extreme: np.ufunc, values: np.ndarray) -> np.ndarray:
    """The least or greatest of each of some equal parts of `[n, ...]`, so that no peak is lost; few are left alone."""
    edges = np.linspace(0, len(values), min(WIDE, len(values)), endpoint=False).astype(int)
    return extreme.reduceat(values, edges)


def explain(task: TriggerTask, model: Any, inputs: Sequence[str], path: Path) -> None:
    """Writes a picture (.png) or page (.html) of sound files, of those that can be read.

    Raises:
        InputError: For more files than a picture holds, or none.
    """
    if path.suffix == ".png" and len(inputs) > MOST:
        raise InputError(f"a picture holds {MOST} files at most, not {len(inputs)}; write a page (.html)", path)
    shown = []
    for given in inputs:
        with suppress(InputError):  # the answers say which files cannot be read
            shown.append(look(task, model, given))
    if not shown:
        raise InputError("there is no sound file to draw; name one that can be read", path)
    if path.suffix == ".png":
        draw(shown, path)
    else:
        write_page(shown, path)


def draw(shown: Sequence[Shown], path: Path) -> None:
    """Draws files one below the other."""
    with figure(path, 3 * len(shown), 1, figsize=(9, 4.5 * len(shown)), squeeze=False) as axes:
        for index, one in enumerate(shown):
            draw_file(one, axes[3 * index : 3 * index + 3, 0])


def draw_file(one: Shown, axes: Sequence[Any]) -> None:
    """Draws one file: waveform, spectrogram and scores over the same seconds."""
    waveform, spectrogram, scores = axes
    seconds = one.seconds
    time = np.linspace(0, seconds, len(one.lowest))
    waveform.fill_between(time, one.lowest, one.highest, color=ACCENT, linewidth=0.5)
    waveform.set_title(Path(one.path).name, parse_math=False)
    waveform.set(ylabel="waveform", ylim=(-1, 1))
    extent = (0, seconds, 0, SPEC["bands"])
    spectrogram.imshow(one.features.T, origin="lower", aspect="auto", cmap="magma", extent=extent)
    spectrogram.set(ylabel="mel band")
    for index, (keyword, threshold) in enumerate(one.thresholds.items()):
        colour = COLOURS[index % len(COLOURS)]
        scores.plot(one.times, one.scores[:, index], color=colour, linewidth=1.2)
        scores.axhline(threshold, color=colour, linewidth=0.8, linestyle="--")
        scores.plot([], [], color=colour, label=keyword)
    for event in one.events:
        scores.axvline(event.time, color=INK, linewidth=0.8)
        scores.annotate(event.keyword, (event.time, 1.03), fontsize=8, color=INK, parse_math=False)
    scores.set(ylabel="score", xlabel="seconds; dashed: the threshold", ylim=(0, 1.15))
    scores.legend(loc="upper right", fontsize=8)
    for each in axes:
        each.set_xlim(0, seconds)
        each.tick_params(colors=MUTED)


def write_page(shown: Sequence[Shown], path: Path) -> None:
    """A page of its own, the pictures within it."""
    parts = ["<!doctype html><meta charset='utf-8'><title>Trigger words</title><body style='font-family:sans-serif'>"]
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "file.png"
        for one in shown:
            draw([one], picture)
            heard = ", ".join(f"{event.keyword} at {event.time:.2f} s" for event in one.events) or "nothing"
            data = base64.b64encode(picture.read_bytes()).decode()
            parts.append(f"<h2>{html.escape(one.path)}</h2><p>heard: {html.escape(heard)}</p>")
            parts.append(f"<img style='max-width:100%' src='data:image/png;base64,{data}'>")
    write_text(path, "\n".join(parts) + "\n")
