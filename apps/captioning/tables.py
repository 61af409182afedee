"""Captions in a table: CSV or TSV with a header, a caption a row, beside its pictures."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from apps.core.errors import InputError
from apps.core.sources import LONGEST_LINE, bare_suffix, find_splits, read_lines

from .examples import Caption, Example, Say, collect, note_uncaptioned, picture_folders

SUFFIXES = (".csv", ".tsv", ".txt")
IMAGE_COLUMNS = (
    "image",
    "image_name",
    "image_path",
    "filename",
    "file_name",
    "file",
    "path",
    "picture",
    "photo",
    "img",
)
CAPTION_COLUMNS = ("caption", "captions", "text", "sentence", "comment", "description", "title")
FOLDERS = ("images", "Images", "pictures", "photos")
DELIMITERS = ",\t|;"


def find_tables(folder: Path) -> dict[str, Path]:
    """The tables in a folder by split: `train.*` and so on, or the only one."""
    tables = sorted(path for path in folder.iterdir() if path.is_file() and bare_suffix(path) in SUFFIXES)
    if len(tables) == 1:
        return {"train": tables[0]}
    if not tables:
        raise InputError(
            "no captions here; expected Flickr8k.token.txt, captions_*.json, or a CSV file with the columns image "
            "and caption",
            folder,
        )
    return find_splits(folder, SUFFIXES)


def read_tables(tables: dict[str, Path], say: Say) -> dict[str, list[Example]]:
    """Reads tables of one folder by split, and finds their pictures.

    Raises:
        InputError: With file and line, for what is no such table.
    """
    splits = {}
    for split, path in tables.items():
        folders = picture_folders(path.parent, FOLDERS)
        splits[split] = list(collect(read_table(path), folders, say).values())
    note_uncaptioned([example for examples in splits.values() for example in examples], folders, say)
    return splits


def read_table(path: Path) -> Iterator[Caption]:
    """The captions of a table."""
    csv.field_size_limit(LONGEST_LINE)
    lines = (line.replace("\r", " ") + "\n" for _, line in read_lines(path))
    first = next(lines, "")
    delimiter = max(DELIMITERS, key=first.count)
    header = [name.strip().lower() for name in next(csv.reader([first], delimiter=delimiter), [])]
    image = choose(header, IMAGE_COLUMNS, "picture", path)
    caption = choose(header, CAPTION_COLUMNS, "caption", path)
    is_quoted = delimiter not in "\t|"
    rows = csv.reader(
        lines,
        delimiter=delimiter,
        quoting=csv.QUOTE_MINIMAL if is_quoted else csv.QUOTE_NONE,
        strict=True,
        skipinitialspace=True,
    )
    while True:
        where = f"{path}:{rows.line_num + 2}"  # the row's first line: quoted fields may hold line breaks
        try:
            row = next(rows, None)
        except csv.Error as error:
            raise InputError(
                f"cannot be read as a table ({error}); is a quotation mark not closed, or not doubled?", where
            ) from None
        if row is None:
            return
        if not any(cell.strip() for cell in row):
            continue
        if len(row) <= max(image, caption):
            raise InputError(f"{len(row)} cells where the header has {len(header)}", where)
        if any(cell.strip() for cell in row[len(header) :]):
            advice = "quote the caption" if is_quoted else f"take {delimiter!r} out of the caption"
            raise InputError(f"{len(row)} cells where the header has {len(header)}; {advice}", where)
        if not row[image].strip():
            raise InputError("the row names no picture", where)
        yield Caption(row[image].strip(), row[caption].strip(), where)


def choose(header: Sequence[str], usual: Sequence[str], kind: str, path: Path) -> int:
    """The index of the column that has one of its usual names."""
    for name in usual:
        if name in header:
            return header.index(name)
    raise InputError(
        f"no column of the {kind}: looked for one of {', '.join(usual)}, found {', '.join(header) or 'nothing'}",
        f"{path}:1",
    )
