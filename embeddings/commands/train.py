"""`python -m embeddings train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from ..corpus import Rules
from ..progress import TerminalReport, duration
from ..settings import Settings


def train(
    settings: Annotated[Settings, tyro.conf.arg(name="")] = Settings(),  # noqa: B008  (frozen)
    rules: Annotated[Rules, tyro.conf.arg(name="")] = Rules(),  # noqa: B008
    *,
    output: Path = Path("vectors.safetensors"),
    format: str | None = None,
    resume: bool = False,
    overwrite: bool = False,
) -> None:
    """Train word vectors on a corpus, and keep them in a file.

    Args:
        settings: What is trained, and how.
        rules: How the text becomes words.
        output: The vector file; its ending says in which format: .safetensors (which also keeps counts and settings),
            .bin (word2vec binary), .txt or .vec (word2vec text), the last three also with .gz, .bz2 or .xz.
        format: The format, whatever the ending; `glove` is text without a header.
        resume: Go on with a training that was stopped, with the same options.
        overwrite: Replace what is there.
    """
    import time

    from ..training import train as run

    console, begun = Console(stderr=True), time.perf_counter()
    with TerminalReport(console) as report:
        vectors = run(settings, rules, output, format, resume, overwrite, report)
        report.say(
            f"{len(vectors):,} words x {vectors.dimensions} in {output}, {duration(time.perf_counter() - begun)}"
        )
