"""Word-vector files: word2vec text and binary, GloVe text, safetensors; the first three also as .gz, .bz2 or .xz.

A safetensors file holds `vectors` `[words, dimensions]` and `words`, the UTF-8 bytes of the words joined by newlines.
Nothing is ever unpickled.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

OPENERS: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
LONGEST_WORD = 10_000
"""Bytes; a longer one means that the file is not what its header says."""
WIDEST = 100_000
"""Numbers to a vector; more mean the same."""


class VectorFileError(ValueError):
    """A word-vector file that cannot be used: says where and why."""


def read_vectors(path: str | Path) -> tuple[list[str], np.ndarray]:
    """Reads a whole word-vector file of any of the known formats.

    Args:
        path: The file; its format is recognised by its content.

    Returns:
        The words, and their vectors `[words, dimensions]`, float32.

    Raises:
        VectorFileError: For a damaged, uneven or unrecognised file.
        FileNotFoundError: When there is no such file.
    """
    words, rows = [], []
    for word, vector in iterate_vectors(path):
        words.append(word)
        rows.append(vector)
    return words, np.stack(rows)


def iterate_vectors(path: str | Path) -> Iterator[tuple[str, np.ndarray]]:
    """Yields each word and its vector `[dimensions]`, float32, without holding the file in memory.

    Args:
        path: The file; its format is recognised by its content.

    Raises:
        VectorFileError: For a damaged, uneven, empty or unrecognised file.
        FileNotFoundError: When there is no such file.
    """
    path = Path(path)
    count = 0
    try:
        for word, vector in _safetensors(path) if path.suffix == ".safetensors" else _word2vec_or_glove(path):
            if not np.isfinite(vector).all():
                raise VectorFileError(f"{path}: the vector of {word!r} holds NaN or infinity")
            count += 1
            yield word, vector
    except (EOFError, lzma.LZMAError, zlib.error, OSError) as error:
        # What gzip and bz2 say of a damaged file has no number; what the system says of any has.
        if isinstance(error, OSError) and (error.errno is not None or path.suffix not in OPENERS):
            raise
        raise VectorFileError(f"{path}: the compressed file is damaged or cut short ({error})") from None
    if count == 0:
        raise VectorFileError(f"{path}: no vectors in it")


def write_vectors(path: str | Path, words: Sequence[str], vectors: np.ndarray) -> None:
    """Writes vectors as safetensors (by the ending `.safetensors`), or else as word2vec text.

    Args:
        path: Where to; replaced in one step, never left half-written.
        words: Distinct words without line breaks.
        vectors: `[words, dimensions]`.

    Raises:
        ValueError: When words and vectors differ in number, or a word is empty or holds a line break.
    """
    if len(words) != len(vectors):
        raise ValueError(f"{len(words)} words but {len(vectors)} vectors")
    if unfit := [word for word in words if not word or "\n" in word]:
        raise ValueError(f"the word {unfit[0]!r} is empty or holds a line break; leave it out")
    path = Path(path)
    partial = path.with_name(path.name + ".partial")
    try:
        if path.suffix == ".safetensors":
            from safetensors.numpy import save_file

            joined = np.frombuffer("\n".join(words).encode(), np.uint8)
            save_file({"vectors": np.ascontiguousarray(vectors, np.float32), "words": joined}, partial)
        else:
            with OPENERS.get(path.suffix, open)(partial, "wt", encoding="utf-8") as file:
                file.write(f"{len(words)} {vectors.shape[1]}\n")
                for word, vector in zip(words, vectors, strict=True):
                    file.write(f"{word} {' '.join(map(repr, map(float, vector)))}\n")
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _safetensors(path: Path) -> Iterator[tuple[str, np.ndarray]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "numpy") as file:
            words = file.get_tensor("words").tobytes().decode().split("\n")
            vectors = file.get_tensor("vectors")
    except (SafetensorError, UnicodeDecodeError, AttributeError) as error:  # the last for types that numpy lacks
        raise VectorFileError(f"{path}: not a safetensors file of `words` and `vectors` ({error})") from None
    if vectors.ndim != 2 or len(vectors) != len(words) or vectors.shape[1] == 0 or vectors.dtype.kind not in "fiu":
        raise VectorFileError(f"{path}: {len(words)} words but vectors of shape {vectors.shape}, {vectors.dtype}")
    yield from zip(words, vectors.astype(np.float32), strict=True)


def _word2vec_or_glove(path: Path) -> Iterator[tuple[str, np.ndarray]]:
    with OPENERS.get(path.suffix, open)(path, "rb") as file:
        first = file.readline(1 << 20)
        header = _header(first)
        if header is None:
            yield from _text(path, file, first, number=1, expected=None)
            return
        count, width = header
        if not 0 < width <= WIDEST:
            raise VectorFileError(f"{path}:1: the header promises {width} numbers to a vector, not 1 to {WIDEST}")
        second = file.readline(1 << 20)
        if _is_text_row(second, width):
            yield from _text(path, file, second, number=2, expected=(count, width))
        else:
            yield from _binary(path, file, second, count, width)


def _header(line: bytes) -> tuple[int, int] | None:
    parts = line.split()
    if len(parts) != 2 or not all(part.isdigit() for part in parts):
        return None
    count, width = (int(part) if len(part) < 20 else 10**20 for part in parts)
    return count, width


def _is_text_row(line: bytes, width: int) -> bool:
    try:
        return len([float(part) for part in line.split()[-width:]]) == width
    except ValueError:
        return False


def _text(
    path: Path, file: IO[bytes], line: bytes, number: int, expected: tuple[int, int] | None
) -> Iterator[tuple[str, np.ndarray]]:
    width = expected[1] if expected else None
    count = 0
    while line:
        # Only spaces part the fields: some published files have words that hold other white space.
        fields = line.rstrip().split(b" ")
        width = width or len(fields) - 1
        word = b" ".join(fields[:-width]) if width else b""
        try:
            with np.errstate(over="ignore"):  # becomes infinity, which is refused
                vector = np.array(fields[-width:], np.float32)
        except ValueError:
            raise VectorFileError(f"{path}:{number}: not a word and {width} numbers") from None
        if not word or len(vector) != width:
            raise VectorFileError(f"{path}:{number}: {len(fields) - 1} numbers where {width} are expected")
        yield _decode(word, f"{path}:{number}"), vector
        count += 1
        number += 1
        line = file.readline(1 << 20)
    if expected and count != expected[0]:
        raise VectorFileError(f"{path}: the header promises {expected[0]} vectors, the file has {count}; cut short?")


def _binary(path: Path, file: IO[bytes], start: bytes, count: int, width: int) -> Iterator[tuple[str, np.ndarray]]:
    size = 4 * width
    data, at = start, 0
    for index in range(count):
        where = f"{path}: vector {index + 1} of {count}"
        while (space := data.find(b" ", at)) < 0 or len(data) < space + 1 + size:
            if space < 0 and len(data) - at > LONGEST_WORD:
                raise VectorFileError(f"{where}: no word found; is this a word-vector file?")
            more = file.read(1 << 20)
            if not more:
                raise VectorFileError(f"{where}: the file is cut short")
            data, at = data[at:] + more, 0
        vector = np.frombuffer(data, "<f4", width, offset=space + 1).astype(np.float32)
        yield _decode(data[at:space].lstrip(b"\n"), where), vector
        at = space + 1 + size
    if (data[at:] + file.read(1 << 20)).strip():
        raise VectorFileError(f"{path}: goes on after the {count} vectors of {width} numbers that its header promises")


def _decode(word: bytes, where: Any) -> str:
    try:
        return word.decode("utf-8")
    except UnicodeDecodeError:
        raise VectorFileError(f"{where}: the word {word!r} is not UTF-8") from None
