"""How time and memory grow with the text, when the vocabulary does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .embedding_bench import DIMENSIONS, Bench, Row, Rows, step

RULES = {"min_count": 5, "max_words": 10_000}
METHODS = ("skipgram", "glove")
FIGURES = {"": ("seconds", "s"), "_memory": ("memory", "MB"), "_own_memory": ("own_memory", "MB")}
"""By ending of a row's name what `step` calls it, and its unit."""


def growth(bench: Bench) -> Rows:
    """Processes that go from heads of the corpus to a file of vectors of the 10,000 most frequent words, in one epoch.

    `memory` is all that a process has, mapped files too; `own_memory` is without these.
    """
    rows: Rows = {}
    heads = {size: bench.head(size) for size in bench.options.sizes}
    for size, head in heads.items():
        if not head:
            bench.say(f"growth: {size} MB are more than the corpus has")
            continue
        for method in METHODS:
            rows |= one(bench, method, head, size)
            bench.say(f"growth: {method} on {size} MB, {rows[f'growth_{method}_{size}mb'].ours:.1f} s")
    return rows


def one(bench: Bench, method: str, head: Path, size: int) -> Rows:
    """A method on a head of the corpus."""
    settings: dict[str, Any] = {"method": method, "dimensions": DIMENSIONS, "epochs": 1}
    settings["threads"] = bench.options.threads
    found = step("train", text=head, output=bench.folder / "grown.safetensors", rules=RULES, settings=settings)
    return {
        f"growth_{method}_{size}mb{ending}": Row(found[name], None, "none: beside its other sizes", unit)
        for ending, (name, unit) in FIGURES.items()
    }
