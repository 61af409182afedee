"""CoNLL files: a token a line, its columns parted by tabs or spaces, an empty line between sentences."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from apps.core.errors import InputError
from apps.core.sources import read_lines

from .config import Config
from .examples import Example
from .schemes import ROLES

SEPARATORS = re.compile("[ \t]+")
"""No other white space: U+3000 and the like are tokens in Chinese files."""
DOCUMENT = "-DOCSTART-"
ENTITY = "ENTITY"
"""The type of entities in files that only say B and I."""
TAG = re.compile(f"O|[{''.join(ROLES)}](-.+)?")


class Row(NamedTuple):
    """A line of a file; without columns it ends a sentence."""

    line: int
    columns: list[str]


def read_columns(path: Path, config: Config) -> Iterator[Example]:
    """The sentences of a file, with its tags as they stand there.

    Raises:
        InputError: With file and line, for a line that has more or fewer columns than the others.
    """
    rows, doubtful = read_rows(path)
    counts = Counter(len(row.columns) for row in rows if row.columns)
    if not counts:
        return
    width = counts.most_common(1)[0][0]
    word, tag = choose(config.word_column, config.tag_column, width, f"{path}:{rows[0].line}")
    rows += [row for row in doubtful if len(row.columns) == width and TAG.fullmatch(row.columns[tag])]
    sentence: list[Row] = []
    for row in [*sorted(rows), Row(0, [])]:
        if row.columns:
            check(row, width, path)
            sentence.append(row)
        elif sentence:
            yield to_example(sentence, word, tag, path)
            sentence = []


def read_rows(path: Path) -> tuple[list[Row], list[Row]]:
    """The rows of a file, and apart from them those that may be metadata, `# id = 7`, or the token `#`."""
    rows, doubtful = [], []
    for number, line in read_lines(path):
        content = line.strip(" \t")
        row = Row(number, SEPARATORS.split(content) if content else [])
        if line.startswith("# ") and "\t" not in line:
            doubtful.append(row)
        elif row.columns and row.columns[0] == DOCUMENT:
            rows.append(Row(number, []))
        else:
            rows.append(row)
    return rows, doubtful


def choose(word: int, tag: int, width: int, where: str) -> tuple[int, int]:
    """The indices of the token's and the tag's column."""
    if width < 2:
        raise InputError("one column where a token and its tag are expected; put a tab or a space between them", where)
    for name, index in (("--word-column", word), ("--tag-column", tag)):
        if not -width <= index < width:
            raise InputError(f"there is no column {index} among {width} for {name}; the first is 0, the last -1", where)
    if word % width == tag % width:
        raise InputError(f"token and tag are both read from column {tag % width}; name another --tag-column", where)
    return word % width, tag % width


def check(row: Row, width: int, path: Path) -> None:
    """Raises an `InputError` for a row that is not as wide as the others."""
    if len(row.columns) != width:
        what = "too few columns" if len(row.columns) < width else "too many columns"
        raise InputError(
            f"{what}: {len(row.columns)} where the other lines have {width}; complete or mend the line",
            f"{path}:{row.line}",
        )


def to_example(rows: list[Row], word: int, tag: int, path: Path) -> Example:
    """A sentence of its rows."""
    return Example(
        tuple(row.columns[word] for row in rows),
        tuple(with_type(row.columns[tag]) for row in rows),
        f"{path}:{rows[0].line}",
        lines=tuple(row.line for row in rows),
    )


def with_type(tag: str) -> str:
    """A tag of which only the letter is given, with the one type there is."""
    return f"{tag}-{ENTITY}" if tag in ROLES and tag != "O" else tag
