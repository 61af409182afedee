"""Word-vector files: word2vec text and binary, GloVe text, safetensors; the first three also as .gz, .bz2 or .xz.

Files are read by what they hold, and written in the format that their ending or `format` names. Nothing is ever
unpickled.
"""

from __future__ import annotations

import codecs
import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np

from ..errors import InputError, VectorFileError
from ..files import COMPRESSED, DAMAGE, damaged, open_binary, replacing
from ..vectors import Vectors
from .binary import read_binary, write_binary
from .reading import BLOCK, WIDEST, OnBadWords, Sieve, Source, check_finite
from .tensors import read_tensors, write_tensors
from .text import is_row, parse_header, read_text, write_glove, write_text

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

__all__ = ["FORMATS", "format_to_write", "iterate_vectors", "load", "read", "recognise", "write"]

FORMATS = {
    "text": "word2vec text",
    "binary": "word2vec binary",
    "glove": "GloVe text",
    "safetensors": "safetensors",
}
ENDINGS = {".txt": "text", ".vec": "text", ".bin": "binary", ".safetensors": "safetensors"}
WRITERS: dict[str, Callable[[IO[bytes], Vectors], None]] = {
    "text": write_text,
    "binary": write_binary,
    "glove": write_glove,
}
OTHERS = {
    b"PK\x03\x04": "a zip archive; unpack it first",
    b"\x1f\x8b": "compressed by gzip; rename it to end in .gz",
    b"BZh91AY&SY": "compressed by bzip2; rename it to end in .bz2",
    b"\xfd7zXZ\x00": "compressed by xz; rename it to end in .xz",
    b"\x80\x02": "a Python pickle, which is never read; save the vectors by gensim's `save_word2vec_format`",
    b"\x80\x03": "a Python pickle, which is never read; save the vectors by gensim's `save_word2vec_format`",
    b"\x80\x04": "a Python pickle, which is never read; save the vectors by gensim's `save_word2vec_format`",
    b"\x80\x05": "a Python pickle, which is never read; save the vectors by gensim's `save_word2vec_format`",
    b"\x93NUMPY": "an array without words; write words and vectors as safetensors",
    b"\x89HDF\r\n": "an HDF5 file; write words and vectors as safetensors",
    b"\xba\x16\x4f\x2f": "a model of fastText; take the .vec file beside it",
}
"""How files begin that people have, and that are no word vectors."""


def read(path: str | Path, limit: int | None = None, on_bad_words: OnBadWords = "error") -> Vectors:
    """Reads a word-vector file of any of the known formats.

    Args:
        path: The file; its format is recognised by its content.
        limit: How many of its vectors to read, from the first on; all when None.
        on_bad_words: What to do with words that are not UTF-8, empty, or there already: `error`; `skip` leaves them
            out; `replace` puts U+FFFD for what is not UTF-8, and leaves out what is there already. An `InputWarning`
            says how many there were.

    Raises:
        VectorFileError: For a damaged, uneven, empty or unrecognised file, NaN or infinity, and words as above.
        InputError: When there is no such file, or it cannot be read.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "vectors.txt"
        >>> _ = path.write_text("2 3\\nking 1 2 3\\nqueen 1 2 -3\\n")
        >>> read(path).words, read(path).vectors.tolist()
        (['king', 'queen'], [[1.0, 2.0, 3.0], [1.0, 2.0, -3.0]])
    """
    if limit is not None and limit < 1:
        raise InputError("give how many vectors to read, at least 1", f"limit {limit}")
    path = Path(path)
    words: list[str] = []
    rows: list[int] = []
    matrix = np.empty((0, 0), np.float32)  # [words, dimensions]
    try:
        with _opened(path, limit) as source:
            sieve = Sieve(source.place, on_bad_words, distinct=True)
            for some, vectors, kept in _sifted(source, sieve, limit):
                matrix.resize((len(words) + len(some), vectors.shape[1]), refcheck=False)
                matrix[len(words) :] = vectors
                words += some
                rows += kept
    except MemoryError:
        raise InputError("does not fit into memory; read its first vectors by `limit` (--limit)", path) from None
    _require_some(path, words)
    sieve.report(path)
    return Vectors(words, matrix, None if source.counts is None else source.counts[rows], source.settings)


def iterate_vectors(path: str | Path, on_bad_words: OnBadWords = "error") -> Iterator[tuple[str, np.ndarray]]:
    """Yields each word and its vector `[dimensions]`, float32, without holding the file in memory.

    Words that come twice are not noticed; a safetensors file is held in memory all the same.

    Args:
        path: The file; its format is recognised by its content.
        on_bad_words: As `read` has it.

    Raises:
        VectorFileError: As `read` does, but when the file has been read up to there.
        InputError: When there is no such file, or it cannot be read.
    """
    path = Path(path)
    found = False
    with _opened(path, None) as source:
        sieve = Sieve(source.place, on_bad_words, distinct=False)
        for words, vectors, _ in _sifted(source, sieve, None):
            found = found or bool(words)
            yield from zip(words, vectors, strict=True)
    _require_some(path, found)
    sieve.report(path)


def load(path: str | Path, limit: int | None = None, on_bad_words: OnBadWords = "error") -> KeyedVectors:
    """Reads a word-vector file as gensim's `KeyedVectors`; the counts, when known, are its `count` attributes.

    Args:
        path: As `read` has it, like the others.
        limit: How many of its vectors to read; all when None.
        on_bad_words: What to do with words unfit for use.

    Raises:
        InputError: As `read` does.
    """
    return read(path, limit, on_bad_words).to_gensim()


def recognise(path: str | Path) -> str:
    """The format of a word-vector file, a key of `FORMATS`; only its beginning is read.

    Raises:
        InputError: When there is no such file, or it is of another kind.
    """
    with _opened(Path(path), 0) as source:
        return source.format


def write(path: str | Path, vectors: Vectors, format: str | None = None) -> None:
    """Writes word vectors. Only safetensors keeps their counts and settings.

    Args:
        path: Where to; replaced in one step, never left half-written. With .gz, .bz2 or .xz at its end, compressed.
        vectors: Distinct words without line breaks, and finite numbers.
        format: A key of `FORMATS`. When None, the ending says it: .txt and .vec word2vec text, .bin word2vec binary,
            .safetensors.

    Raises:
        InputError: When the ending names no format, or these vectors could not be read again from that format.
        OSError: When the file cannot be written.
    """
    path = Path(path)
    format = format_to_write(path, format)
    _check_writable(path, vectors)
    with replacing(path) as partial:
        try:
            if format == "safetensors":
                write_tensors(partial, vectors)
            else:
                with COMPRESSED.get(path.suffix, open)(partial, "wb") as file:
                    WRITERS[format](file, vectors)
        except InputError as error:
            raise InputError(str(error), path) from None


def format_to_write(path: Path, format: str | None) -> str:
    """The format that a path or a user names.

    Raises:
        InputError: When neither does, or it cannot be compressed.
    """
    if format is not None and format not in FORMATS:
        raise InputError(f"there is no format {format!r}; choose one of {', '.join(FORMATS)}", path)
    is_compressed = path.suffix in COMPRESSED
    ending = Path(path.stem).suffix if is_compressed else path.suffix
    format = format or ENDINGS.get(ending)
    if format is None:
        raise InputError(
            f"the ending {ending!r} names no format; end the file in .txt or .vec (word2vec text), .bin (word2vec "
            f"binary) or .safetensors, or give the format: {', '.join(FORMATS)}",
            path,
        )
    if format == "safetensors" and is_compressed:
        raise InputError("safetensors files are not compressed; leave out the last ending", path)
    return format


@contextlib.contextmanager
def _opened(path: Path, limit: int | None) -> Iterator[Source]:
    try:
        with open_binary(path) as file:
            yield _source(path, file, limit)
    except DAMAGE as error:
        raise damaged(error, path) from None


def _source(path: Path, file: IO[bytes], limit: int | None) -> Source:
    head = file.read(BLOCK)
    if path.suffix == ".safetensors" or (head[8:9] == b"{" and head[5:8] == bytes(3)):  # the length of a JSON header
        if path.suffix in COMPRESSED:
            raise VectorFileError("safetensors files are read uncompressed; unpack it first", path)
        return read_tensors(path, limit)
    for start, what in OTHERS.items():
        if head.startswith(start):
            raise VectorFileError(f"is {what}", path)
    head = head.removeprefix(codecs.BOM_UTF8)
    first, _, rest = head.partition(b"\n")
    header = parse_header(first)
    if header is None:
        return read_text(path, file, head, None)
    count, width = header
    if not 0 < width <= WIDEST:
        raise VectorFileError(
            f"the header promises {width} numbers to a vector, not 1 to {WIDEST}; is this a word-vector file?",
            f"{path}:1",
        )
    if count == 0 or is_row(rest[: rest.find(b"\n") + 1] or rest, width):
        return read_text(path, file, rest, header)
    return read_binary(path, file, rest, count, width)


def _sifted(source: Source, sieve: Sieve, limit: int | None) -> Iterator[tuple[list[str], np.ndarray, list[int]]]:
    """The usable words, their vectors, and which rows of the file they are, a part at a time."""
    for raw, block in source.blocks:
        first = sieve.rows
        words, kept = sieve.keep(raw if limit is None else raw[: limit - first])
        vectors = block[kept] if len(kept) < len(block) else block
        rows = [first + row for row in kept]
        check_finite(vectors, words, rows, source.place)
        yield words, vectors, rows
        if limit is not None and sieve.rows >= limit:
            return


def _require_some(path: Path, found: object) -> None:
    if not found:
        raise VectorFileError("no vectors in it; is it the right file?", path)


def _check_writable(path: Path, vectors: Vectors) -> None:
    words = vectors.words
    if not vectors.vectors.size:
        raise InputError("there are no vectors to write", path)
    if unfit := [word for word in words if not word or "\n" in word]:
        raise InputError(f"the word {unfit[0]!r} is empty or holds a line break; leave it out", path)
    if len(vectors.index) < len(words):
        twice = next(word for row, word in enumerate(words) if vectors.index[word] != row)
        raise InputError(f"the word {twice!r} comes twice; leave one out", path)
    try:
        "\n".join(words).encode()
    except UnicodeEncodeError as error:
        word = next(word for word in words if error.object[error.start] in word)
        raise InputError(f"the word {word!r} has no UTF-8 form; leave it out", path) from None
    check_finite(vectors.vectors, words, range(len(words)), lambda row: f"{path}: word {row + 1}")
