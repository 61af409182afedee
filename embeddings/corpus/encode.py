"""Text -> ids on disk and a vocabulary, in one pass over the text and one over the ids."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar

import numpy as np

from ..errors import InputError
from .corpus import DONE, IDS, VOCABULARY, Corpus, write_facts, write_vocabulary
from .kernel import renumber
from .rules import Rules
from .sources import Source, fingerprint
from .table import Table
from .text import Normaliser

T = TypeVar("T")
IDS_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class Progress:
    """How far the reading is."""

    share: float | None
    """Of the source's bytes, 0 to 1; None when its size is not known."""
    tokens: int
    """Words read."""
    types: int
    """Different ones among them."""


def encode(source: str, rules: Rules, folder: Path, on_progress: Callable[[Progress], object] | None = None) -> Corpus:
    """Encodes a corpus of any size; only the vocabulary is held in memory.

    Args:
        source: Plain text, a document or a sentence a line: a file (also .gz, .bz2, .xz), a folder, a glob, `-` for
            standard input, `tfds:NAME[/config][:split][#feature]`, or `sample`.
        rules: What counts as a word, and which are kept.
        folder: Where to keep the result; it is made when needed, and a corpus in it is replaced.
        on_progress: Called after each block of text.

    Returns:
        The corpus, as `Corpus.open(folder)` gives it again.

    Raises:
        InputError: When the source cannot be read, has no words, or none that is frequent enough.
        OSError: When the result cannot be written. Whatever is raised, no corpus is left in the folder.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = (folder / "text.txt").write_text("to be or\\nnot to be\\n")
        >>> corpus = encode(str(folder / "text.txt"), Rules(min_count=2), folder / "corpus")
        >>> corpus.words, corpus.counts.tolist(), corpus.ids.tolist()
        (['to', 'be'], [2, 2], [0, 1, -1, 0, 1, -1])
    """
    folder = Path(folder)
    texts, identity = Source(source, folder), fingerprint(source, rules, folder)
    normaliser, table = Normaliser(rules), Table()
    with _unless_complete_emptied(folder), (folder / IDS).open("w+b") as file:
        pieces = (piece for name, blocks in texts for piece in normaliser(name, blocks))
        with ahead(pieces) if texts.files else contextlib.nullcontext(pieces) as stream:
            for piece in stream:
                file.write(table.number(piece).data)
                if on_progress:
                    on_progress(Progress(texts.share, table.tokens, len(table)))
        order = choose(table, rules, source)
        documents = _renumber(file, order, len(table))
        words, counts = [table.word(number) for number in order], table.counts[order]
        write_vocabulary(folder, words, counts)
        file.flush()
        write_facts(
            folder,
            rules,
            source=source,
            fingerprint=identity,
            tokens=table.tokens,
            kept=int(counts.sum()),
            documents=documents,
            bad_bytes=normaliser.bad_bytes,
            too_long=table.too_long,
        )
    return Corpus.open(folder)


def choose(table: Table, rules: Rules, source: str) -> np.ndarray:
    """The numbers of the words to keep, by falling count, equals by their first occurrence.

    Raises:
        InputError: When there are none.
    """
    counts = table.counts
    if not len(counts):
        raise InputError("there are no words in it", source)
    order = np.argsort(-counts, kind="stable")
    if counts[order[0]] < rules.min_count:
        raise InputError(
            f"no word occurs {rules.min_count} times, the most frequent one ({table.word(order[0])!r}) "
            f"{counts[order[0]]}; give more text or a lower --min-count",
            source,
        )
    return order[: np.count_nonzero(counts >= rules.min_count)][: rules.max_words]


def _renumber(file: IO[bytes], order: np.ndarray, words: int) -> int:
    """Rewrites the file of ids in place with the final numbers; returns the number of documents."""
    final = np.full(words, -1, np.int32)
    final[order] = np.arange(len(order), dtype=np.int32)
    end, documents, inside = 0, 0, False
    size = file.tell()
    for at in range(0, size, 4 * IDS_AT_ONCE):
        file.seek(at)
        ids = np.frombuffer(bytearray(file.read(4 * IDS_AT_ONCE)), np.int32)
        written, more, inside = renumber(ids, final, inside)
        file.seek(end)
        file.write(ids[:written].data)
        end, documents = end + 4 * written, documents + more
    file.truncate(end)
    return documents


@contextlib.contextmanager
def _unless_complete_emptied(folder: Path) -> Iterator[None]:
    """Makes the folder, free of an older corpus; removes what is in it unless all goes well."""
    if folder.exists() and not folder.is_dir():
        raise InputError("is a file where a folder is to be made; name another", folder)
    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / DONE).unlink(missing_ok=True)
    try:
        yield
    except BaseException:
        for name in (DONE, IDS, VOCABULARY):
            (folder / name).unlink(missing_ok=True)
        if is_new:
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise


@contextlib.contextmanager
def ahead(items: Iterator[T]) -> Iterator[Iterator[T]]:
    """Iterates in a second thread, one item ahead: decompressing lets other threads run."""
    nothing: Any = object()

    def stream() -> Iterator[T]:
        following = pool.submit(next, items, nothing)
        while (item := following.result()) is not nothing:
            following = pool.submit(next, items, nothing)
            yield item

    with ThreadPoolExecutor(1) as pool:
        yield stream()
