"""Word vectors: speed, memory and quality of word2vec beside gensim, and of GloVe beside its program in C.

`python -m benchmarks.embeddings [--corpus FILE] [--glove FOLDER] [--json FILE] [--quality] [--slow]`, on Linux

All settings are the same for ours and its peer: 100 dimensions; word2vec with window 5, 5 negatives, sample 1e-4;
GloVe with window 15, x_max 10; minimum count 5. With --glove it takes some 3 GB of disk; TMPDIR says where.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import tyro
from rich.console import Console
from rich.table import Table

from embeddings.errors import InputError
from embeddings.files import replacing
from embeddings.training import Threads

from . import embedding_glove, embedding_growth, embedding_quality, embedding_word2vec
from .embedding_bench import Bench, Options, Rows
from .embedding_word2vec import WAYS

NAMES = (
    "vocabulary", *WAYS, "glove_counting", "glove_training", "glove_whole", "evaluation", "growth",
    *(f"quality_{name}" for name in (*WAYS, "glove")),
)  # fmt: skip
"""Of the parts; the names of a part's rows begin with its own."""
BUSY = 0.5
"""Load of the machine before anything is measured."""


def main() -> None:
    """Measures and prints everything."""
    try:
        options = tyro.cli(Options, config=(tyro.conf.FlagCreatePairsOff,), description=__doc__)
        names = chosen(options)
        check(options, names)
        with tempfile.TemporaryDirectory(prefix="benchmark-") as folder, Threads(options.threads) as pool:
            show(measure(Bench(options, Path(folder), pool), names), options)
    except (InputError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


def chosen(options: Options) -> list[str]:
    """The parts to measure; those of the quality when they are asked for.

    Raises:
        InputError: For a name that is none.
    """
    if not options.only:
        return [name for name in NAMES if options.quality or not name.startswith("quality")]
    for only in options.only:
        if not any(is_part(name, only) for name in NAMES):
            raise InputError(f"must be one of {', '.join(NAMES)}, or what some begin with", f"--only {only}")
    return [name for name in NAMES if any(is_part(name, only) for only in options.only)]


def is_part(name: str, of: str) -> bool:
    """Whether a name is meant by another."""
    return f"{name}_".startswith(f"{of}_")


def check(options: Options, names: list[str]) -> None:
    """Refuses what would only be found wrong later."""
    if any(name.startswith(("quality", "evaluation")) for name in names):
        embedding_quality.check(options.evaluation)
    if options.json and not options.json.absolute().parent.is_dir():
        raise InputError("there is no such folder to write in; make it first", options.json.parent)
    if options.json and options.json.is_dir():
        raise InputError("is a folder; name a file to write", options.json)
    if not options.corpus.is_file():
        raise InputError("no such file; give a text by --corpus", options.corpus)


def parts(bench: Bench) -> dict[str, Callable[[], Rows]]:
    """By name what measures it."""
    program = embedding_glove.program(bench)
    found: dict[str, Callable[[], Rows]] = {
        "vocabulary": partial(embedding_word2vec.vocabulary, bench),
        "glove_counting": partial(embedding_glove.counting, bench, program),
        "glove_training": partial(embedding_glove.training, bench, program),
        "glove_whole": partial(embedding_glove.whole, bench, program),
        "evaluation": partial(embedding_quality.evaluation, bench),
        "growth": partial(embedding_growth.growth, bench),
        "quality_glove": partial(embedding_quality.glove, bench, program),
    }
    for name in WAYS:
        found[name] = partial(embedding_word2vec.speed, bench, name)
        found[f"quality_{name}"] = partial(embedding_quality.word2vec, bench, name)
    return found


def measure(bench: Bench, names: list[str]) -> Rows:
    """Measures part after part, and keeps what is known after each."""
    rows: Rows = {}
    by_name = parts(bench)
    if (load := os.getloadavg()[0]) > BUSY:
        bench.say(f"the machine is busy (load {load:.1f}): threads will wait for each other, and ratios mean little")
    for name in names:
        rows |= by_name[name]()
        if bench.options.json:
            with replacing(bench.options.json) as path:
                summary = {row: found.summary() for row, found in rows.items()}
                path.write_text(json.dumps(summary, indent=1) + "\n", "utf-8")
    return rows


def show(rows: Rows, options: Options) -> None:
    """Prints a table."""
    caption = (
        f"{options.threads} threads, ours and every peer. Runs in turn: {options.runs}, of which the median counts; "
        "glove_whole and growth: 1; quality: mean ± standard deviation over seeds. Ours was compiled beforehand, on a "
        "small piece."
    )
    table = Table("what", "ours", "peer", "unit", "ours / peer", "the peer", caption=caption)
    for name, row in rows.items():
        ratio = f"{row.ratio:.3f}" if row.ratio else "–"
        table.add_row(
            name, figure(row.ours, row.ours_std), figure(row.peer, row.peer_std), row.unit, ratio, row.peer_name
        )
    Console(width=140).print(table)


def figure(mean: float | None, std: float | None) -> str:
    """For people.

    Example:
        >>> figure(1234567.0, None), figure(0.6154, 0.004), figure(None, None)
        ('1.235e+06', '0.6154 ± 0.004', '–')
    """
    if mean is None:
        return "–"
    return f"{mean:.4g}" if std is None else f"{mean:.4g} ± {std:.2g}"


if __name__ == "__main__":
    main()
