"""word2vec text and GloVe text: a word and its numbers a line; in word2vec's, a line with their numbers ahead."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np

from ..errors import InputError, VectorFileError
from ..vectors import Vectors
from .reading import BLOCK, WIDEST, Source

LONGEST_LINE = 32 * WIDEST


def parse_header(line: bytes) -> tuple[int, int] | None:
    """The numbers of words and dimensions, None when this is no header."""
    parts = line.split()
    if len(parts) != 2 or not all(part.isdigit() for part in parts):
        return None
    count, width = (int(part) if len(part) < 20 else 10**20 for part in parts)
    return count, width


def is_row(line: bytes, width: int) -> bool:
    """Whether a line is a word and numbers, as many as promised or others."""
    fields = line.split()
    return (len(fields) > width and _are_numbers(fields[-width:])) or (len(fields) > 1 and _are_numbers(fields[1:]))


def _are_numbers(fields: list[bytes]) -> bool:
    try:
        return all(float(field) is not None for field in fields)
    except ValueError:
        return False


def read_text(path: Path, file: IO[bytes], data: bytes, header: tuple[int, int] | None) -> Source:
    """Opens word2vec text, of which the header is read already, or GloVe text.

    Args:
        path: For errors.
        file: To read further from.
        data: What was read of it after the header.
        header: The numbers of words and dimensions, None for GloVe text.
    """
    first = 2 if header else 1

    def place(row: int) -> str:
        return f"{path}:{row + first}"

    return Source("text" if header else "glove", _blocks(path, _lines(path, file, data), first, header), place)


def _lines(path: Path, file: IO[bytes], data: bytes) -> Iterator[list[bytes]]:
    """The lines of the file, a part at a time, without empty ones at the end."""
    number = 1
    while more := file.read(BLOCK):
        data += more
        whole, found, rest = data.rpartition(b"\n")
        if found:
            lines = whole.split(b"\n")
            yield lines
            number += len(lines)
            data = rest
        elif len(data) > LONGEST_LINE:
            raise VectorFileError("a line without end; is this a word-vector file?", f"{path}:{number}")
    lines = data.split(b"\n")
    while lines and not lines[-1].strip():
        del lines[-1]
    if lines:
        yield lines


def _blocks(
    path: Path, parts: Iterator[list[bytes]], number: int, header: tuple[int, int] | None
) -> Iterator[tuple[list[bytes], np.ndarray]]:
    count = 0
    width = header[1] if header else 0
    for lines in parts:
        width = width or len(lines[0].rstrip().split(b" ")) - 1
        if width > WIDEST:
            raise VectorFileError(f"{width} numbers, at most {WIDEST} are read; is this a word-vector file?", path)
        yield parse_even(lines, width) or parse_each(lines, width, path, number + count)
        count += len(lines)
        if header and count > header[0]:
            break
    if header and count != header[0]:
        has = f"only {count}; fetch it again, or" if count < header[0] else "more;"
        raise VectorFileError(
            f"the header promises {header[0]} vectors, the file has {has} correct its first line", path
        )


def parse_even(lines: list[bytes], width: int) -> tuple[list[bytes], np.ndarray] | None:
    """Words and vectors of lines all of one kind, quickly; None when each must be looked at by itself.

    Between single spaces nothing is empty, so every field gives a number at least; when there are as many numbers as
    fields, every field gave one.
    """
    fields = [line.rstrip().partition(b" ") for line in lines]
    numbers = [rest for _, _, rest in fields]
    text = b" ".join(numbers)
    if not all(numbers) or b"  " in text or text[:1] == b" " or any(rest.count(b" ") != width - 1 for rest in numbers):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            values = np.fromstring(text, np.float32, sep=" ")
        except (DeprecationWarning, ValueError):  # it could not be read to its end
            return None
    words = [word for word, _, _ in fields]
    return (words, values.reshape(-1, width)) if len(values) == len(lines) * width else None


def parse_each(lines: list[bytes], width: int, path: Path, number: int) -> tuple[list[bytes], np.ndarray]:
    """Words and vectors of lines with any words, or an error that says which line is at fault.

    Args:
        lines: The lines.
        width: Dimensions.
        path: For errors.
        number: Of the first of the lines.
    """
    words = []
    vectors = np.empty((len(lines), width), np.float32)
    for row, line in enumerate(lines):
        # Only spaces part the fields: some published files have words that hold other white space, or spaces.
        fields = line.rstrip().split(b" ")
        place = f"{path}:{number + row}"
        mend = "is this a word-vector file?" if number + row == 1 else "fetch the file again, or mend the line"
        if width == 0 or len(fields) <= width:
            raise VectorFileError(f"{len(fields) - 1} numbers where {width or 'some'} are expected; {mend}", place)
        try:
            with np.errstate(over="ignore"):  # becomes infinity, which is refused
                vectors[row] = np.array(fields[-width:], np.float32)
        except ValueError:
            raise VectorFileError(f"not a word and {width} numbers; {mend}", place) from None
        words.append(b" ".join(fields[:-width]))
    return words, vectors


def write_text(file: IO[bytes], vectors: Vectors) -> None:
    """Writes word2vec text, nine digits a number, which say a float32 exactly."""
    file.write(f"{len(vectors)} {vectors.dimensions}\n".encode())
    _write_rows(file, vectors)


def write_glove(file: IO[bytes], vectors: Vectors) -> None:
    """Writes GloVe text, nine digits a number.

    Raises:
        InputError: When the first line would be taken for another: it tells readers the number of dimensions.
    """
    word = vectors.words[0]
    if " " in word or word.startswith("\ufeff") or (vectors.dimensions == 1 and word.isdigit()):
        raise InputError(f"GloVe text cannot begin with the word {word!r}; choose the format text or safetensors")
    _write_rows(file, vectors)


def _write_rows(file: IO[bytes], vectors: Vectors) -> None:
    line = "%s" + " %.9g" * vectors.dimensions + "\n"
    for start in range(0, len(vectors), 1000):
        part = zip(vectors.words[start : start + 1000], vectors.vectors[start : start + 1000].tolist(), strict=True)
        file.write("".join(line % (word, *row) for word, row in part).encode())
