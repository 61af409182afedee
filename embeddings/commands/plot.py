"""`python -m embeddings plot`."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Annotated, Literal

import tyro

from ..errors import InputError, InputWarning


def plot(
    file: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FILE")],
    *,
    output: Path,
    words: tuple[str, ...] = (),
    groups: Path | None = None,
    most_frequent: int | None = None,
    near: tuple[str, int] | None = None,
    pairs: tuple[str, ...] = (),
    method: Literal["pca", "tsne"] = "pca",
    seed: int = 1,
    title: str = "",
    font: Path | None = None,
    dpi: float = 150,
) -> None:
    """Draw words as points in the plane, with labels that do not overlap.

    Args:
        file: The vectors, in any format that `convert` knows.
        output: The picture to write: .png, .svg or .pdf.
        words: Draw these words.
        groups: Draw the words of a JSON file {"group": ["word", ...], ...}, each group in a colour of its own.
        most_frequent: Draw the first so many words of the file, which are the most frequent.
        near: Draw a word and so many of its nearest neighbours: --near paris 40.
        pairs: Draw arrows from word to word, which shows an analogy: --pairs man:woman king:queen.
        method: pca keeps differences (for analogies), tsne keeps neighbours (for groups and many words).
        seed: Of t-SNE.
        title: Above the picture.
        font: A font file for characters that the installed fonts lack.
        dpi: Dots per inch of a .png.
    """
    from ..formats import read
    from ..pictures import nearest_words, plot_words, read_groups, save, split_pairs
    from ..pictures.plot import check_output

    check_output(output)
    if not 10 <= dpi <= 1200:
        raise InputError("is not between 10 and 1200", f"--dpi {dpi:g}")
    if not (words or groups or most_frequent is not None or near or pairs):
        raise InputError("say what to draw: --words, --groups, --most-frequent, --near or --pairs", "plot")
    check_one_source(words, groups, most_frequent, near)
    split_pairs(pairs, ())
    grouped = read_groups(groups) if groups else None
    vectors = read(file)
    if near:
        words = tuple(nearest_words(vectors, *near))
    if most_frequent:
        words = first_words(vectors.words, most_frequent)
    figure = plot_words(
        vectors,
        words,
        groups=grouped,
        pairs=split_pairs(pairs, vectors.words),
        method=method,
        marked=words[:1] if near else (),
        seed=seed,
        title=title,
        font=font,
        dpi=dpi,
    )
    save(figure, output)
    print(f"drawn in {output}", file=sys.stderr)


def check_one_source(
    words: tuple[str, ...], groups: Path | None, most_frequent: int | None, near: tuple[str, int] | None = None
) -> None:
    """Raises an `InputError` unless at most one says which words, with a number that can be."""
    given = {"--words": bool(words), "--groups": groups, "--most-frequent": most_frequent is not None, "--near": near}
    named = [name for name, value in given.items() if value]
    if len(named) > 1:
        raise InputError("cannot be given together; choose one", " and ".join(named))
    for name, count in (("--most-frequent", most_frequent), ("--near", near and near[1])):
        if count is not None and count < 1:
            raise InputError("is not a number of words", f"{name} {count}")


def first_words(words: list[str], count: int) -> tuple[str, ...]:
    """The first words of a file; warns when it has fewer."""
    if len(words) < count:
        warnings.warn(f"the file has {len(words):,} words only", InputWarning, stacklevel=2)
    return tuple(words[:count])
