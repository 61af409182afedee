"""A corpus as training reads it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..files import replacing
from .rules import Rules

IDS, VOCABULARY, DONE = "ids.bin", "vocabulary.txt", "corpus.json"
FORMAT = 1


@dataclass(frozen=True)
class Corpus:
    """An encoded corpus.

    In its folder lie `ids.bin` (the ids, int32, little-endian), `vocabulary.txt` (a word and its count a line) and
    `corpus.json` (the rest), which is written last: without it the corpus is not complete.
    """

    words: list[str]
    """By falling count, equals by their first occurrence; none is empty or holds white space."""
    counts: np.ndarray
    """How often each occurs, int64 `[words]`."""
    ids: np.ndarray
    """Documents one after the other, each ended by -1, mapped into memory; int32 `[kept + documents]`."""
    tokens: int
    """Words read, those that were left out included."""
    kept: int
    """Words that `ids` has."""
    documents: int
    """Lines of which any word was kept."""
    bad_bytes: int
    """Bytes that were skipped or replaced because they are not UTF-8, or NUL."""
    too_long: int
    """Words left out because they are longer than 1,000 bytes."""
    source: str
    """What it was read from."""
    rules: Rules
    """How it was read."""
    fingerprint: str
    """`fingerprint` of source and rules when it was read."""

    @classmethod
    def open(cls, folder: Path) -> Corpus:
        """Opens an encoded corpus.

        Raises:
            InputError: When it is not there, not complete, or damaged.
        """
        folder = Path(folder)
        try:
            facts = json.loads((folder / DONE).read_text("utf-8"))
            if facts.pop("format") != FORMAT:
                raise InputError("the corpus was encoded by another version; encode it again", folder)
            facts["rules"] = Rules(**facts["rules"])
            words, counts = _read_vocabulary(folder / VOCABULARY)
            ids = np.memmap(folder / IDS, "<i4", mode="r")
            corpus = cls(words=words, counts=counts, ids=ids, **facts)
        except FileNotFoundError:
            raise InputError("there is no complete corpus here; encode it (again)", folder) from None
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"the corpus is damaged ({error}); encode it again", folder) from None
        if len(ids) != corpus.kept + corpus.documents or int(counts.sum()) != corpus.kept:
            raise InputError("the corpus is damaged: its files do not belong together; encode it again", folder)
        return corpus


def write_vocabulary(folder: Path, words: list[str], counts: np.ndarray) -> None:
    """Writes the vocabulary."""
    with (folder / VOCABULARY).open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{word} {count}\n" for word, count in zip(words, counts.tolist(), strict=True))


def write_facts(folder: Path, rules: Rules, **facts: object) -> None:
    """Writes what else is known, and with it completes the corpus."""
    with replacing(folder / DONE) as partial:
        partial.write_text(json.dumps({"format": FORMAT, **facts, "rules": asdict(rules)}, indent=1), "utf-8")


def _read_vocabulary(path: Path) -> tuple[list[str], np.ndarray]:
    lines = path.read_text("utf-8").split("\n")[:-1]
    pairs = [line.split(" ") for line in lines]
    return [word for word, _ in pairs], np.array([int(count) for _, count in pairs], np.int64)
