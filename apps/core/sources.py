"""Where examples come from: files and folders in their standard formats, split into train, dev and test."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Generic, TypeVar

from embeddings.files import COMPRESSED, LONGEST_LINE, decode, open_binary, read_lines

from .errors import InputError

__all__ = [
    "LONGEST_LINE",
    "Splits",
    "bare_suffix",
    "complete",
    "decode",
    "find_splits",
    "hold_out",
    "open_binary",
    "read_lines",
    "reader_of",
    "share_of",
    "to_judge",
]

E = TypeVar("E")
R = TypeVar("R")

SPLIT_NAMES = {"train": ("train",), "dev": ("dev", "valid", "validation"), "test": ("test",)}


@dataclass(frozen=True)
class Splits(Generic[E]):
    """Examples for training, for choosing among models (dev) and for the final judgement (test)."""

    train: Sequence[E]
    dev: Sequence[E]
    test: Sequence[E]

    def fingerprint(self) -> str:
        """Digest of every example, so that a resumed run notices that its data changed."""
        digest = hashlib.blake2b(digest_size=16)
        for split in fields(self):
            for example in getattr(self, split.name):
                digest.update(repr(example).encode())
            digest.update(split.name.encode())
        return digest.hexdigest()


def bare_suffix(path: Path) -> str:
    """The format's ending without compression: `.tsv` of `train.tsv.xz`."""
    return Path(path.stem).suffix if path.suffix in COMPRESSED else path.suffix


def same_source(one: str, other: str) -> bool:
    """Whether two names are of one source: equal, or paths to one place, however they are spelled.

    What a run was trained on must be known again when it is judged, or it would be judged on what it has learned.
    """
    return one == other or (Path(one).exists() and Path(one).resolve() == Path(other).resolve())


def find_splits(folder: Path, suffixes: Sequence[str]) -> dict[str, Path]:
    """Finds `train.*`, `dev.*` (or `valid.*`) and `test.*` in a folder.

    Raises:
        InputError: When there is none of them, or there are two candidates for one split.
    """
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        for split, names in SPLIT_NAMES.items():
            if path.is_file() and path.name.split(".")[0] in names and bare_suffix(path) in suffixes:
                if split in found:
                    raise InputError(
                        f"{found[split].name} and {path.name} both look like the {split} split; keep one", folder
                    )
                found[split] = path
    if not found:
        raise InputError(f"no train, dev or test file here; expected train.* ending in {', '.join(suffixes)}", folder)
    return found


def reader_of(path: Path, readers: Mapping[str, R]) -> R:
    """The reader for a file by its ending.

    Raises:
        InputError: When the file is not there, or its ending is not known.
    """
    if reader := readers.get(bare_suffix(path)):
        return reader
    if not path.exists():
        raise InputError("no such file; `--data` takes `sample`, a file or folder, or tfds:NAME", path)
    raise InputError(f"unknown ending; known are {', '.join(readers)}, also with .gz, .bz2 or .xz", path)


def share_of(key: str, seed: int) -> float:
    """A number in [0, 1) drawn from a key by a seeded hash: the same for the same key on every machine.

    Example:
        >>> share_of("a fine film", 1) == share_of("a fine film", 1)
        True
    """
    digest = hashlib.blake2b(f"{seed}\0{key}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def hold_out(
    train: Sequence[E], dev: Sequence[E] | None, test: Sequence[E] | None, key: Callable[[E], str], seed: int
) -> Splits[E]:
    """Completes the splits that the data has, from its training examples: a tenth for each that is missing.

    The split is drawn by a seeded hash of each example's content, so that equal examples stay together (none is in
    two splits) and adding examples moves no other.
    """
    parts: dict[str, list[E]] = {"train": [], "dev": [], "test": []}
    for example in train:
        share = share_of(key(example), seed)
        if dev is None and share < 0.1:
            parts["dev"].append(example)
        elif test is None and share >= 0.9:
            parts["test"].append(example)
        else:
            parts["train"].append(example)
    return Splits(parts["train"], dev if dev is not None else parts["dev"], test if test is not None else parts["test"])


def complete(found: Mapping[str, Sequence[E]], source: str, key: Callable[[E], str], seed: int) -> Splits[E]:
    """All three splits of a source that has some of them; those that are missing are held out.

    Raises:
        InputError: When there is no train split, or a split would be empty.
    """
    if "train" not in found:
        raise InputError("there is nothing to train on here; expected a train split", source)
    splits = hold_out(found["train"], found.get("dev"), found.get("test"), key, seed)
    for split in fields(splits):
        if not getattr(splits, split.name):
            raise InputError(f"too few examples: none is left for {split.name}; add some", source)
    return splits


def to_judge(found: Mapping[str, Sequence[E]]) -> Sequence[E]:
    """The examples to judge a trained model on: the test split, or dev where there is none, or all of a single file."""
    return found.get("test") or found.get("dev") or found["train"]
