"""What the parts of `benchmarks.embeddings` share: options, the corpus, rows, and processes whose memory is watched."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import numpy as np
from rich.console import Console

from embeddings.corpus import Corpus, Rules, encode
from embeddings.errors import InputError
from embeddings.files import COMPRESSED, DAMAGE, damaged, open_binary

from .report import median

DATA = Path("../shared/data/embeddings")
RULES = Rules(min_count=5)
DIMENSIONS = 100
AT_ONCE = 1 << 20
SAMPLED_EACH = 0.02
"""Seconds between two looks at a process's memory."""


@dataclass(frozen=True)
class Options:
    """What to measure, on what, and how often."""

    corpus: Path = DATA / "enwiki14_100m.txt.xz"
    """A text, a document or a sentence a line, words parted by white space; plain or compressed."""
    evaluation: Path = DATA / "evaluation"
    """A folder with questions-words.txt, EN-WS-353-ALL.txt, EN-SIMLEX-999.txt and EN-MEN-TR-3k.txt."""
    glove: Path | None = None
    """The folder `build` of the compiled https://github.com/stanfordnlp/GloVe; else GloVe's rows have no peer."""
    only: tuple[str, ...] = ()
    """Measure only these, or those that begin so: `glove` for all of GloVe."""
    json: Path | None = None
    """Also keep the results in this file; it is written anew after each part."""
    runs: int = 3
    """Each of ours and its peer is timed so often, in turn; the median counts."""
    epochs: int = 1
    """Of word2vec, when its speed is measured."""
    threads: int = 2
    """Of ours and of every peer."""
    seeds: int = 3
    """Of the quality."""
    sizes: tuple[int, ...] = (10, 30, 100)
    """Megabytes of the corpus's heads on which growth is measured; larger ones than the corpus are left out."""
    quality: bool = False
    """Also how good the vectors are, each method trained for each seed: about an hour."""
    slow: bool = False
    """Also the whole way of GloVe in C: a quarter of an hour."""

    def __post_init__(self) -> None:
        """Refuses what cannot be meant."""
        for name in ("runs", "epochs", "threads", "seeds"):
            if getattr(self, name) < 1:
                raise InputError(f"must be 1 or more, not {getattr(self, name)}", f"--{name}")
        if not self.sizes or min(self.sizes) < 1:
            raise InputError("must be megabytes, 1 or more", "--sizes")


@dataclass(frozen=True)
class Row:
    """A figure and, where there is one, that of what a user would pick instead.

    Args:
        ours: The figure.
        peer: The peer's, measured in turn in the same run; None when there is none.
        peer_name: What the peer is, or why there is none.
        unit: Of both.
        ours_std, peer_std: Over the seeds, where there are several.
    """

    ours: float
    peer: float | None
    peer_name: str
    unit: str
    ours_std: float | None = None
    peer_std: float | None = None

    @property
    def ratio(self) -> float | None:
        """Ours by the peer's."""
        return self.ours / self.peer if self.peer else None

    def summary(self) -> dict[str, Any]:
        """As JSON takes it; standard deviations only where there are any."""
        facts = {**dataclasses.asdict(self), "ratio": self.ratio}
        return {name: fact for name, fact in facts.items() if fact is not None or not name.endswith("_std")}


Rows = dict[str, Row]


class Bench:
    """The corpus in every form that a part needs, made once.

    Args:
        options: What to measure.
        folder: Where to work.
        pool: The threads of ours.
    """

    def __init__(self, options: Options, folder: Path, pool: Executor) -> None:
        self.options, self.folder, self.pool = options, folder, pool
        self.console = Console(stderr=True)

    def say(self, line: str) -> None:
        """Tells how it goes on."""
        self.console.print(line, highlight=False, markup=False, soft_wrap=True)

    @cached_property
    def text(self) -> Path:
        """The corpus as plain text, which peers need; ours is measured on the same file."""
        given = self.options.corpus
        if given.suffix not in COMPRESSED:
            with open_binary(given):
                return given.absolute()
        plain = self.folder / "corpus.txt"
        with open_binary(given) as source, plain.open("wb") as target:
            copy(source, target, given)
        return plain

    @cached_property
    def corpus(self) -> Corpus:
        """The corpus, encoded."""
        return encode(str(self.text), RULES, self.folder / "corpus")

    def in_turn(self, name: str, unit: str, ways: Mapping[str, Callable[[], float]]) -> list[float]:
        """The medians of figures taken in turn, A B A B ..., so that a change of the machine's speed meets all alike.

        Args:
            name: What is measured.
            unit: Of the figures.
            ways: By name what measures once, and returns the figure.
        """
        figures: dict[str, list[float]] = {way: [] for way in ways}
        for run in range(self.options.runs):
            for way, measure in ways.items():
                figures[way].append(measure())
                self.say(f"{name}, run {run + 1} of {self.options.runs}: {way} {figures[way][-1]:,.4g} {unit}")
        return [median(found) for found in figures.values()]

    def compare(
        self, name: str, unit: str, ours: Callable[[], float], peer: Callable[[], float] | None, peer_name: str
    ) -> Row:
        """A row of medians; its peer may be missing."""
        found = self.in_turn(name, unit, {"ours": ours, **({peer_name: peer} if peer else {})})
        return Row(found[0], found[1] if peer else None, peer_name, unit)

    def head(self, megabytes: int) -> Path | None:
        """The beginning of the corpus, up to the end of a word; None when there is not as much."""
        size = megabytes * 10**6
        if self.text.stat().st_size < size:
            return None
        path = self.folder / f"head{megabytes}.txt"
        with self.text.open("rb") as source, path.open("wb") as target:
            target.writelines(whole_words(source, size))
        return path


def copy(source: IO[bytes], target: IO[bytes], where: Path) -> None:
    """Copies what is decompressed.

    Raises:
        InputError: When the file is damaged.
    """
    while True:
        try:
            block = source.read(AT_ONCE)
        except DAMAGE as error:
            raise damaged(error, where) from None
        if not block:
            return
        target.write(block)


def whole_words(source: IO[bytes], size: int) -> Iterator[bytes]:
    """So many bytes, less those of a word that is cut, in blocks."""
    while size > AT_ONCE:
        yield source.read(AT_ONCE)
        size -= AT_ONCE
    block = source.read(size)
    yield block[: max(block.rfind(b" "), block.rfind(b"\n")) + 1]


def timed(work: Callable[[], object]) -> float:
    """How many seconds it takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def mean_and_std(figures: list[float]) -> tuple[float, float | None]:
    """The mean, and the standard deviation of a sample, None for a single figure."""
    return float(np.mean(figures)), float(np.std(figures, ddof=1)) if len(figures) > 1 else None


def step(name: str, **arguments: Any) -> dict[str, float]:
    """Runs a step of `benchmarks.embedding_steps` in a process of its own.

    Returns:
        What it says, `seconds` and `memory` (the peak in megabytes) among it; and `own_memory`, the most that was seen
        without pages of files that are mapped into memory, which the system takes back when it needs them.
    """
    words = [sys.executable, "-m", "benchmarks.embedding_steps", name, json.dumps(arguments, default=str)]
    own_memory = 0.0
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        while process.poll() is None:
            own_memory = max(own_memory, status(str(process.pid), "RssAnon"))
            time.sleep(SAMPLED_EACH)
        assert process.stdout is not None
        answer = process.stdout.read()
    if process.returncode > 0:
        raise SystemExit(process.returncode)  # it has said why
    if process.returncode:
        raise SystemExit(f"error: the step {name!r} was ended by signal {-process.returncode}; is there memory enough?")
    return {**json.loads(answer), "own_memory": own_memory}


def status(process: str, name: str) -> float:
    """A line of what Linux says of a process (`self` for this one), in megabytes; 0 when it has ended."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except ProcessLookupError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(name + ":")), 0.0)
