"""`python -m embeddings convert IN OUT`."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Annotated, Literal

import tyro

from ..errors import InputWarning
from ..formats import FORMATS, format_to_write, read, write
from ..formats.reading import OnBadWords


def convert(
    file: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FILE")],
    output: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="OUTPUT")],
    *,
    format: Literal["text", "binary", "glove", "safetensors"] | None = None,
    limit: int | None = None,
    normalise: bool = False,
    on_bad_words: OnBadWords = "error",
) -> None:
    """Write a word-vector file in another format.

    Args:
        file: word2vec text or binary, GloVe text, or safetensors; the first three also as .gz, .bz2 or .xz.
        output: The file to write; compressed when it ends in .gz, .bz2 or .xz.
        format: Its format: word2vec text or binary, GloVe text, safetensors. Else its ending says it: .txt or .vec,
            .bin, .safetensors.
        limit: Keep only so many of the vectors, from the first on.
        normalise: Make every vector of length one; zero vectors stay zero.
        on_bad_words: What to do with words that are not UTF-8, empty, or there already: `skip` leaves them out,
            `replace` puts U+FFFD for what is not UTF-8.
    """
    name = format_to_write(output, format)  # before the time that reading takes
    vectors = read(file, limit, on_bad_words)
    if name != "safetensors" and (vectors.counts is not None or vectors.settings):
        warnings.warn(f"{output}: {FORMATS[name]} keeps no counts and settings", InputWarning, stacklevel=2)
    write(output, vectors.normalised() if normalise else vectors, name)
    print(f"{output}: {len(vectors):,} vectors of {vectors.dimensions} numbers, {FORMATS[name]}", file=sys.stderr)
