"""word2vec binary: a line with the numbers of words and dimensions, then each word, a space, and float32 numbers.

word2vec.c ends each vector with a line break, gensim does not; both are read, the second is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import numpy as np

from ..errors import InputError, VectorFileError
from ..vectors import Vectors
from .reading import BLOCK, Source

LONGEST_WORD = 10_000
"""Bytes; a longer one means that the file is not what its header says."""


def read_binary(path: Path, file: IO[bytes], data: bytes, count: int, width: int) -> Source:
    """Opens word2vec binary, of which the header is read already.

    Args:
        path: For errors.
        file: To read further from.
        data: What was read of it after the header.
        count: Words, as the header says.
        width: Dimensions, as the header says.
    """

    def place(row: int) -> str:
        return f"{path}: vector {row + 1} of {count}"

    return Source("binary", _blocks(path, file, data, count, width, place), place)


def _blocks(
    path: Path, file: IO[bytes], data: bytes, count: int, width: int, place: Callable[[int], str]
) -> Iterator[tuple[list[bytes], np.ndarray]]:
    row = 0
    while row < count:
        words, vectors, rest = _take(data, count - row, width)
        if words:
            yield words, vectors
            row += len(words)
            data = rest
            continue
        if len(data) > LONGEST_WORD and b" " not in data[:LONGEST_WORD]:
            raise VectorFileError("no word found; is this a word-vector file?", place(row))
        more = file.read(BLOCK)
        if not more:
            raise VectorFileError("the file is cut short; fetch it again, or write it anew", place(row))
        data += more
    if (data + file.read(BLOCK)).strip():
        raise VectorFileError(
            f"goes on after the {count} vectors of {width} numbers that its header promises; write it anew", path
        )


def _take(data: bytes, most: int, width: int) -> tuple[list[bytes], np.ndarray, bytes]:
    """The words that are whole in the data, at most so many; their vectors; the rest."""
    size = 4 * width
    words: list[bytes] = []
    vectors: list[bytes] = []
    at = 0
    while len(words) < most:
        start = data.find(b" ", at, at + LONGEST_WORD) + 1
        if not start or len(data) < start + size:
            break
        words.append(data[at : start - 1].lstrip(b"\n"))
        vectors.append(data[start : start + size])
        at = start + size
    numbers = np.frombuffer(b"".join(vectors), "<f4").astype(np.float32, copy=False)
    return words, numbers.reshape(-1, width), data[at:]


def write_binary(file: IO[bytes], vectors: Vectors) -> None:
    """Writes word2vec binary.

    Raises:
        InputError: For a word with a space, at which every reader would end it.
    """
    if unfit := [word for word in vectors.words if " " in word]:
        raise InputError(
            f"word2vec binary has no words with spaces, such as {unfit[0]!r}; choose the format text or safetensors"
        )
    file.write(f"{len(vectors)} {vectors.dimensions}\n".encode())
    rows = vectors.vectors.astype("<f4", copy=False)
    for start in range(0, len(rows), 10_000):
        part = zip(vectors.words[start : start + 10_000], rows[start : start + 10_000], strict=True)
        file.write(b"".join(word.encode() + b" " + row.tobytes() for word, row in part))
