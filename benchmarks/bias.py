"""Debiasing: how long it takes, and whether numbers are those of WEFE and debiaswe.

`python -m benchmarks.bias [--vectors FILE] [--wefe PYTHON] [--debiaswe FOLDER] [--json FILE]`

The targets are for 80,000 words of 100 numbers on two cores that do nothing else: hard in 2 seconds, INLP with 35
classifiers in 2 minutes. Numbers of others' programs have to be the same to 1e-4, or the exit code is 1.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import tyro
from rich.console import Console
from rich.table import Table

from embeddings import InputError, Vectors, read
from embeddings.bias.double_hard import double_hard
from embeddings.bias.groups import WordSets, load_groups
from embeddings.bias.hard import hard
from embeddings.bias.inlp import inlp
from embeddings.bias.planted import planted
from embeddings.bias.soft import soft
from embeddings.files import replacing

from .bias_peers import Agreement, debiaswe, wefe
from .embedding_bench import Row, Rows
from .report import median, seconds_in_turn

WORDS, DIMENSIONS = 80_000, 100
CLASSIFIERS = 35
CLOSE = 1e-4
METHODS: dict[str, Callable[[Vectors, WordSets], Vectors]] = {
    "hard": hard,
    "soft": soft,
    "double_hard": double_hard,
    "inlp": partial(inlp, classifiers=CLASSIFIERS),
}
TARGETS = {"hard": 2.0, "inlp": 120.0}
"""Seconds."""


@dataclass(frozen=True)
class Options:
    """What to measure, and beside what."""

    vectors: Path | None = None
    """A file of vectors; by default 80,000 x 100 are generated, with a planted bias."""
    groups: str = "gender"
    """The word sets, for a file of vectors."""
    runs: int = 3
    """Each method is timed so often; the median counts."""
    only: tuple[str, ...] = ()
    """Time only these: hard, soft, double_hard, inlp."""
    wefe: Path | None = None
    """A Python that has WEFE (pip install wefe): its WEAT, RND and RIPA are compared."""
    debiaswe: Path | None = None
    """A copy of https://github.com/tolga-b/debiaswe: its hard debiasing is compared and timed."""
    json: Path | None = None
    """Also keep the results in this file."""

    def __post_init__(self) -> None:
        """Refuses what cannot be meant."""
        if self.runs < 1:
            raise InputError(f"must be 1 or more, not {self.runs}", "--runs")
        for name in self.only:
            if name not in METHODS:
                raise InputError(f"must be one of {', '.join(METHODS)}", f"--only {name}")
        if self.json and not self.json.absolute().parent.is_dir():
            raise InputError("there is no such folder to write in; make it first", self.json.parent)


def main() -> None:
    """Measures and prints everything."""
    try:
        options = tyro.cli(Options, config=(tyro.conf.FlagCreatePairsOff,), description=__doc__)
        vectors, sets = given(options)
        agreements: dict[str, Agreement] = {}
        seconds = None
        if options.wefe:
            agreements |= wefe(options.wefe, vectors, sets)
        if options.debiaswe:
            found, seconds = debiaswe(options.debiaswe, vectors, sets)
            agreements |= found
        rows = times(options, vectors, sets, seconds)
        keep(options, rows, agreements)
        show(options, vectors, rows, agreements)
    except (InputError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(any(one.difference > CLOSE for one in agreements.values()))


def given(options: Options) -> tuple[Vectors, WordSets]:
    """The vectors and word sets to measure with."""
    if options.vectors:
        return read(options.vectors), load_groups(options.groups)
    pairs = 10
    made = planted(strength=0.3, residual=0.3, words=WORDS - 2 * pairs, pairs=pairs, dimensions=DIMENSIONS)
    return made.vectors, made.sets


def times(options: Options, vectors: Vectors, sets: WordSets, debiaswe_seconds: float | None) -> Rows:
    """The seconds of each method; debiaswe's of hard debiasing, run once, where it was."""
    rows: Rows = {}
    for name in options.only or METHODS:
        print(f"timing {name}, {options.runs} runs", file=sys.stderr)
        # One after the other: INLP would warm no caches for hard, and would take most of the time of every round.
        seconds = seconds_in_turn([partial(METHODS[name], vectors, sets)], options.runs, warm_up=name == "hard")[0]
        peer = debiaswe_seconds if name == "hard" else None
        rows[f"seconds_{name}"] = Row(median(seconds), peer, "debiaswe" if peer else "none", "s")
    return rows


def keep(options: Options, rows: Rows, agreements: dict[str, Agreement]) -> None:
    """Writes the results, if that is asked for."""
    if options.json:
        with replacing(options.json) as path:
            summary = {name: row.summary() for name, row in rows.items()}
            summary |= {name: one.summary() for name, one in agreements.items()}
            path.write_text(json.dumps(summary, indent=1) + "\n", "utf-8")


def show(options: Options, vectors: Vectors, rows: Rows, agreements: dict[str, Agreement]) -> None:
    """Prints two tables."""
    caption = f"{len(vectors):,} words x {vectors.dimensions}; the median of {options.runs} runs"
    table = Table("seconds", "ours", "target", "peer", "the peer", caption=caption)
    for name, row in rows.items():
        target = TARGETS.get(name.removeprefix("seconds_"))
        peer = f"{row.peer:.2f}" if row.peer else "–"
        table.add_row(
            name.removeprefix("seconds_"), f"{row.ours:.2f}", f"{target:g}" if target else "–", peer, row.peer_name
        )
    Console(width=120).print(table)
    if agreements:
        table = Table("number", "ours", "peer", "difference", "the peer", caption=f"the same to {CLOSE:g} is asked for")
        for name, one in agreements.items():
            table.add_row(name, f"{one.ours:.6f}", f"{one.peer:.6f}", f"{one.difference:.1e}", one.peer_name)
        Console(width=120).print(table)


if __name__ == "__main__":
    main()
