"""Where examples come from: files and folders in their standard formats, split into train, dev and test."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import hashlib
import lzma
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO, Any, Generic, TypeVar

from .errors import InputError

E = TypeVar("E")

COMPRESSED: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
SPLIT_NAMES = {"train": ("train",), "dev": ("dev", "valid", "validation"), "test": ("test",)}
LONGEST_LINE = 1_000_000


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


def open_binary(path: Path) -> IO[bytes]:
    """Opens a file for reading bytes, decompressing .gz, .bz2 and .xz."""
    try:
        if path.is_dir():
            raise InputError("is a folder where a file is expected", path)
        return COMPRESSED.get(path.suffix, open)(path, "rb")
    except FileNotFoundError:
        raise InputError("no such file; check the path", path) from None
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror or error})", path) from None


def read_lines(path: Path | str) -> Iterator[tuple[int, str]]:
    """Yields (line number, line) of a UTF-8 text file, compressed or not; a byte-order mark is dropped.

    Args:
        path: The file, `-` for standard input.

    Raises:
        InputError: With file and line, for bytes that are not UTF-8, a line over a million bytes,
            or a damaged compressed file.
    """
    with contextlib.nullcontext(sys.stdin.buffer) if path == "-" else open_binary(Path(path)) as file:
        number = 0
        try:
            while raw := file.readline(LONGEST_LINE + 1):
                number += 1
                if len(raw) > LONGEST_LINE:
                    raise InputError(
                        f"the line is longer than {LONGEST_LINE:,} bytes; put one text on a line", f"{path}:{number}"
                    )
                yield number, decode(raw, f"{path}:{number}").rstrip("\r\n")
        except (EOFError, lzma.LZMAError, zlib.error, OSError) as error:
            raise InputError(
                f"the file is damaged or cut short ({error}); fetch it again", f"{path}:{number + 1}"
            ) from None


def decode(raw: bytes, where: str) -> str:
    """Decodes UTF-8, or says at which byte it fails."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"byte {error.start + 1} is not UTF-8; convert the file, for example with `iconv -f latin1 -t utf-8`", where
        ) from None


def bare_suffix(path: Path) -> str:
    """The format's ending without compression: `.tsv` of `train.tsv.xz`."""
    return Path(path.stem).suffix if path.suffix in COMPRESSED else path.suffix


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
