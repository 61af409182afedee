"""Small data, small models, and the command line called in process or as a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from apps.sentiment.sample import generate
from apps.sentiment.task import SentimentTask
from tests.apps import command
from tests.apps.command import Outcome, as_options, call, leftovers, read_json, run_python

__all__ = ["DATA", "Outcome", "leftovers", "options", "read_json", "run", "run_process", "run_python", "start"]
DATA = command.DATA / "sentiment"
SMALL = {
    "epochs": 1,
    "batch-size": 16,
    "units": 3,
    "embedding-dim": 4,
    "min-count": 1,
    "learning-rate": 0.01,
    "seed": 1,
}
"""Options under which a model trains in a second, whatever the defaults are."""


def options(**given: Any) -> list[str]:
    """`SMALL` with other values as words of a command line."""
    return as_options(SMALL | {name.replace("_", "-"): value for name, value in given.items()})


run, start, run_process = (partial(way, SentimentTask) for way in (call, command.start, command.run_process))


def write_reviews(path: Path, size: int, seed: int = 7, classes: int = 5) -> Path:
    """A TSV file of the sample's reviews, the stars taken modulo the number of classes (2 to 7)."""
    rows = [(str((int(stars) + index // 5 * 5) % classes + 1), text) for index, (text, stars) in numbered(size, seed)]
    path.write_text("label\ttext\n" + "".join(f"{label}\t{text}\n" for label, text in rows), "utf-8")
    return path


def numbered(size: int, seed: int) -> Iterator[tuple[int, tuple[str, str]]]:
    """Reviews with their numbers."""
    return enumerate(generate(size, seed))
