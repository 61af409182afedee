"""Why a sound file got its answer: waveform, mel spectrogram and score, one under the other."""

from __future__ import annotations

import base64
import html
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from apps.core.errors import InputError
from apps.core.plots import ACCENT, INK, MUTED, SECOND, figure
from apps.core.run import write_text

from .config import RATE
from .detector import smooth_scores
from .features import SPEC, log_mel
from .loader import Event

if TYPE_CHECKING:
    from .task import TriggerTask

MOST = 8
"""Files that are drawn into one picture."""
WIDE = 2000
"""Points of a line; of more the picture would show nothing."""
COLOURS = (ACCENT, SECOND, "#2f8f5b", "#8e4fa8", "#b0413e")


@dataclass(frozen=True)
class Shown:
    """What there is to see of a sound file.

    Args:
        path: The file.
        samples: `[samples]`.
        features: `[frames, bands]`.
        times: At which each score is known, in seconds, `[steps]`.
        scores: Smoothed, `[steps, keywords]`.
        thresholds: Of each keyword.
        events: The words that were heard.
    """

    path: str
    samples: np.ndarray
    features: np.ndarray
    times: np.ndarray
    scores: np.ndarray
    thresholds: dict[str, float]
    events: list[Event]


def look(task: TriggerTask, model: Any, path: str | Path) -> Shown:
    """Everything that the picture of a file shows."""
    from .audio import read_audio
    from .task import at_end

    samples = at_end(read_audio(path))
    detector = task.detector(model)
    events = detector.feed(samples)
    scores = smooth_scores(detector.recent, detector.spec)
    times = np.array([detector.time(step) for step in range(len(scores))])
    return Shown(str(path), samples, log_mel(samples), times, scores, detector.spec["thresholds"], events)


def explain(task: TriggerTask, model: Any, inputs: Sequence[str | Path], path: Path) -> None:
    """Writes a picture (.png) or page (.html) of sound files.

    Raises:
        InputError: For more files than a picture holds.
    """
    if path.suffix == ".png" and len(inputs) > MOST:
        raise InputError(f"a picture holds {MOST} files at most, not {len(inputs)}; write a page (.html)", path)
    shown = [look(task, model, given) for given in inputs]
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
    seconds = len(one.samples) / RATE
    lowest, highest = envelope(one.samples)
    time = np.linspace(0, seconds, len(lowest))
    waveform.fill_between(time, lowest, highest, color=ACCENT, linewidth=0.5)
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


def envelope(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The lowest and the highest sample of each of some equal parts, so that no peak is lost."""
    parts = np.array_split(samples, min(WIDE, len(samples)))
    return np.array([part.min() for part in parts]), np.array([part.max() for part in parts])


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
