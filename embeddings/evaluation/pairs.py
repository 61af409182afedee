"""Pairs of words that people have judged: WordSim-353, SimLex-999, MEN, Rare Words and files like them."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError
from ..files import read_lines

Pair = tuple[str, str, float]
"""Two words, and how alike people find them; on any scale."""


@dataclass(frozen=True)
class Row:
    """The fields of a line, and where it stands."""

    where: str
    fields: list[str]


def read_pairs(path: str | Path) -> tuple[Pair, ...]:
    """Reads word pairs: on each line two words and, after them, a number.

    Fields are parted by tabs, else by commas or semicolons, else by white space, as the first line has it. The score
    is the first column after the two words that holds numbers, so a part of speech between them, or the single
    judgements after it, do no harm. A first line that names the columns, empty lines, and lines that begin with `#`
    are passed over.

    Args:
        path: The file, UTF-8, also as .gz, .bz2 or .xz.

    Returns:
        The pairs in the file's order, repeated ones too.

    Raises:
        InputError: With file and line, for a line without two words and a finite number, or a file without a pair.
    """
    rows = _rows(path)
    column = _score_column(rows)
    if column is None:
        where = rows[0].where if rows else path
        raise InputError(
            "holds no pairs; a line should be two words and a number, such as `tiger<TAB>cat<TAB>7.35`", where
        )
    if _names_columns(rows[0], column):
        rows = rows[1:]
    return tuple(_pair(row, column) for row in rows)


def _rows(path: str | Path) -> list[Row]:
    rows: list[Row] = []
    separator: str | None = None
    for number, line in read_lines(path):
        if not line.strip() or line.startswith("#"):
            continue
        if not rows:
            separator = next((mark for mark in "\t,;" if mark in line), None)
        rows.append(Row(f"{path}:{number}", _split(line, separator)))
    return rows


def _split(line: str, separator: str | None) -> list[str]:
    if separator is None or separator == "\t":  # a quotation mark is an ordinary character there
        fields = line.split(separator)
    else:
        fields = next(csv.reader([line], delimiter=separator, skipinitialspace=True))
    return [field.strip() for field in fields]


def _score_column(rows: list[Row]) -> int | None:
    """The first column after the words that holds a number in most lines."""
    widest = max((len(row.fields) for row in rows), default=0)
    for column in range(2, widest):
        if sum(_number(row, column) is not None for row in rows) * 2 >= len(rows):
            return column
    return None


def _names_columns(row: Row, column: int) -> bool:
    """Whether it is a header; a number with a slip of the pen in it is none."""
    return len(row.fields) > column and row.fields[column][:1].isalpha() and _number(row, column) is None


def _number(row: Row, column: int) -> float | None:
    try:
        number = float(row.fields[column])
    except (ValueError, IndexError):
        return None
    return number if math.isfinite(number) else None


def _pair(row: Row, column: int) -> Pair:
    score = _number(row, column)
    if score is None or not all(row.fields[:2]):
        found = " | ".join(row.fields)
        raise InputError(f"not two words and a number: {found!r:.80}; correct the line or remove it", row.where)
    return row.fields[0], row.fields[1], score
