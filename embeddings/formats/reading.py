"""What reading has in common in all formats: blocks of words and vectors, and what is done with words unfit for use."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from ..errors import InputWarning, VectorFileError

OnBadWords = Literal["error", "skip", "replace"]

BLOCK = 1 << 22
"""Bytes read at once."""
WIDEST = 100_000
"""Numbers to a vector; more mean that the file is not what its header says."""


@dataclass(frozen=True)
class Source:
    """An opened word-vector file.

    Args:
        format: Its format, a key of `formats.FORMATS`.
        blocks: Words as bytes and their vectors `[words, dimensions]`, float32, a part of the file at a time.
        place: Says of a row of the file, counted from 0, where it stands.
        counts: How often each word occurs, `[words]`, where the format keeps it.
        settings: How the vectors were made, where the format keeps it.
    """

    format: str
    blocks: Iterator[tuple[list[bytes], np.ndarray]]
    place: Callable[[int], str]
    counts: np.ndarray | None = None
    settings: dict[str, Any] = field(default_factory=dict)


class Sieve:
    """Decodes words, finds those unfit for use, and counts what was done with them.

    Args:
        place: Where a row stands.
        on_bad_words: `error`; `skip` leaves words that are not UTF-8, empty or there already out; `replace` puts U+FFFD
            for bytes that are not UTF-8 and for nothing, and leaves out what is there already.
        distinct: Whether a word that is there already is unfit; all words so far are then remembered.
    """

    def __init__(self, place: Callable[[int], str], on_bad_words: OnBadWords, distinct: bool) -> None:
        if on_bad_words not in ("error", "skip", "replace"):
            raise ValueError(f"on_bad_words must be 'error', 'skip' or 'replace', not {on_bad_words!r}")
        self.place, self.on_bad_words = place, on_bad_words
        self.seen: dict[str, int] | None = {} if distinct else None
        self.rows = self.skipped = self.replaced = self.repeated = 0

    def keep(self, raw: list[bytes]) -> tuple[list[str], list[int]]:
        """The words of a block that can be used, and which of the block's rows they are."""
        words, kept = [], []
        for row, one in enumerate(raw):
            word = self.decode(one, self.rows + row)
            if word is not None and not self.is_repeated(word, self.rows + row):
                words.append(word)
                kept.append(row)
        self.rows += len(raw)
        return words, kept

    def decode(self, raw: bytes, row: int) -> str | None:
        """The word, None when it is to be left out."""
        try:
            word = raw.decode("utf-8")
            wrong = "" if word and "\n" not in word else "is empty" if not word else "holds a line break"
        except UnicodeDecodeError:
            wrong = "is not UTF-8"
        if not wrong:
            return word
        if self.on_bad_words == "error":
            raise VectorFileError(
                f"the word {raw!r} {wrong}; skip or replace such words with `on_bad_words` (--on-bad-words)",
                self.place(row),
            )
        if self.on_bad_words == "skip":
            self.skipped += 1
            return None
        self.replaced += 1
        return raw.decode("utf-8", "replace").replace("\n", "\ufffd") or "\ufffd"

    def is_repeated(self, word: str, row: int) -> bool:
        """Whether the word is there already, where that matters."""
        if self.seen is None:
            return False
        first = self.seen.setdefault(word, row)
        if first == row:
            return False
        if self.on_bad_words == "error":
            raise VectorFileError(
                f"the word {word!r} comes twice, first at {self.place(first)}; "
                "keep the first of such with `on_bad_words='skip'` (--on-bad-words skip)",
                self.place(row),
            )
        self.repeated += 1
        return True

    def report(self, path: object) -> None:
        """Warns of what was not used as it stands."""
        done = [
            f"{count:,} {'words' if count > 1 else 'word'} {what}"
            for count, what in (
                (self.skipped, "not UTF-8 or empty left out"),
                (self.replaced, "not UTF-8 or empty replaced"),
                (self.repeated, "left out that came before"),
            )
            if count
        ]
        if done:
            warnings.warn(f"{path}: {', '.join(done)}", InputWarning, stacklevel=3)


def check_finite(vectors: np.ndarray, words: Sequence[str], rows: Sequence[int], place: Callable[[int], str]) -> None:
    """Raises a `VectorFileError` at the first vector that holds NaN or infinity.

    Args:
        vectors: `[words, dimensions]`.
        words: Theirs.
        rows: Which rows of the file they are.
        place: Where a row stands.
    """
    finite = np.isfinite(vectors)
    if not finite.all():
        at = int(np.argmin(finite.all(1)))
        raise VectorFileError(
            f"the vector of {words[at]!r} holds NaN or infinity; take the word out, or train anew", place(rows[at])
        )
