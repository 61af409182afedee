"""The sound files that `predict` is asked about, and what is heard in each."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from apps.core.errors import InputError, InputWarning

from .audio import Levels, read_blocks, warn_of
from .config import RATE
from .loader import LAST_SECONDS, StreamDetector

SHOWN = 3
"""Of the files that cannot be read, so many are named at the end."""


@dataclass(frozen=True)
class Heard:
    """The trigger words in a sound file.

    Args:
        path: The file.
        seconds: Its length; 0 for one that cannot be read.
        events: Each word with `time` in seconds, `keyword` and `score`.
        error: What is wrong with a file that cannot be read.
    """

    path: str
    seconds: float
    events: tuple[Mapping[str, Any], ...]
    error: str = ""

    def __str__(self) -> str:
        if self.error:
            return f"{self.path}\terror: {self.error}"
        words = (f"{event['time']:.2f} {event['keyword']} {event['score']:.3f}" for event in self.events)
        return "\t".join([self.path, *words])


@dataclass
class Tally:
    """Which of the files that were asked about cannot be read; it says so after the last.

    Args:
        left: Files still to come.
        read: How many could be read.
        broken: What is wrong with the others.
    """

    left: int
    read: int = 0
    broken: list[str] = field(default_factory=list)

    def add(self, answer: Heard) -> None:
        """Counts an answer.

        Raises:
            InputError: After the last, when no file could be read.
        """
        self.left -= 1
        self.read += not answer.error
        self.broken += [f"{answer.path}: {answer.error}"] if answer.error else []
        if self.left or not self.broken:
            return
        if len(self.broken) == 1 and not self.read:
            raise InputError(self.broken[0])
        names = "; ".join([*self.broken[:SHOWN], *(["…"] if len(self.broken) > SHOWN else [])])
        if not self.read:
            raise InputError(f"none of the {len(self.broken)} sound files can be read: {names}", "predict")
        count = f"{len(self.broken)} of {len(self.broken) + self.read} sound files cannot be read"
        warnings.warn(f"{count}: {names}", InputWarning, stacklevel=2)


@dataclass(frozen=True)
class Asked:
    """A sound file that the command line names, among others."""

    path: str
    tally: Tally


def ask(paths: Sequence[str]) -> Iterator[Asked]:
    """The files to hear, with one tally of all."""
    tally = Tally(len(paths))
    return (Asked(path, tally) for path in paths)


SILENCE = np.zeros(round(LAST_SECONDS * RATE), np.float32)
"""What is heard after a file."""


def hear(detector: StreamDetector, path: str) -> Heard:
    """The trigger words in a sound file, or why it cannot be read."""
    levels, events = Levels(), []
    try:
        for block in read_blocks(path):
            levels.add(block)
            events += detector.feed(block)
    except InputError as error:
        return Heard(path, 0.0, (), str(error).removeprefix(f"{path}: "))
    events += detector.feed(SILENCE)
    warn_of(levels, path)
    return Heard(path, levels.samples / RATE, tuple(event._asdict() for event in events))
