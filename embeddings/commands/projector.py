"""`python -m embeddings projector`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import tyro

from .plot import check_one_source, first_words

DEFAULT = 10_000


def projector(
    file: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FILE")],
    *,
    output: Path,
    words: tuple[str, ...] = (),
    groups: Path | None = None,
    most_frequent: int | None = None,
) -> None:
    """Write files for the projector of TensorBoard and of projector.tensorflow.org.

    Args:
        file: The vectors, in any format that `convert` knows.
        output: The folder to write to; made if it is not there.
        words: Show these words.
        groups: Show the words of a JSON file {"group": ["word", ...], ...}, to be coloured by group.
        most_frequent: Show the first so many words of the file; 10,000 when nothing else is named.
    """
    from ..formats import read
    from ..pictures import read_groups, write_projector

    check_one_source(words, groups, most_frequent)
    grouped = read_groups(groups) if groups else None
    if not words and not groups:
        vectors = read(file, limit=most_frequent or DEFAULT)
        words = tuple(vectors.words)
    else:
        vectors = read(file)
    if most_frequent:
        words = first_words(vectors.words, most_frequent)
    tensors, metadata, _ = write_projector(output, vectors, words, groups=grouped)
    print(f"Written to {output}. To look at them:", file=sys.stderr)
    print(f"  tensorboard --logdir {output}      then choose Projector in the menu at the top", file=sys.stderr)
    print(f"  https://projector.tensorflow.org   then Load {tensors.name} and {metadata.name}", file=sys.stderr)
