"""Where a corpus comes from: files, folders, globs, standard input, TensorFlow Datasets, the built-in sample."""

from __future__ import annotations

import dataclasses
import glob
import hashlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from ..errors import InputError
from ..files import COMPRESSED, DAMAGE, damaged
from .rules import Rules

BLOCK = 1 << 20
"""Bytes read at once."""


class Source:
    """The texts that a source names, as blocks of bytes.

    Args:
        source: A file (plain, .gz, .bz2 or .xz), a folder, a glob, `-` for standard input, `tfds:NAME` or `sample`.
        folder: Where the encoded corpus goes; files in it are not part of the source.

    Raises:
        InputError: When there is nothing of that name to read.
    """

    def __init__(self, source: str, folder: Path) -> None:
        self.source = source
        is_files = source not in ("-", "sample") and not source.startswith("tfds:")
        self.files = find_files(source, folder) if is_files else []
        self.size = sum(path.stat().st_size for path in self.files)
        self.position = 0

    @property
    def share(self) -> float | None:
        """How much of it has been read, from 0 to 1; None when it is not known."""
        return min(1.0, self.position / self.size) if self.size else None

    def identity(self) -> list[Any]:
        """What changes when the source does, as far as that can be told without reading it."""
        seen = [(path, path.stat()) for path in self.files]
        return [self.source, *([str(path.resolve()), stat.st_size, stat.st_mtime_ns] for path, stat in seen)]

    def __iter__(self) -> Iterator[tuple[str, Iterator[bytes]]]:
        """Yields a name and the blocks of bytes of each text."""
        if self.source == "-":
            yield "standard input", _read(sys.stdin.buffer)
        elif self.source == "sample":
            from .sample import sample_corpus

            yield "sample", ((line + "\n").encode() for line in sample_corpus())
        elif self.source.startswith("tfds:"):
            from .tfds import read_tfds

            yield self.source, read_tfds(self.source)
        else:
            before = 0
            for path in self.files:
                yield str(path), self._read_file(path, before)
                before += path.stat().st_size

    def _read_file(self, path: Path, before: int) -> Iterator[bytes]:
        try:
            raw = path.open("rb")
        except OSError as error:
            raise InputError(f"cannot be read ({error.strerror or error})", path) from None
        read = 0
        with raw:
            try:
                for block in _read(COMPRESSED[path.suffix](raw) if path.suffix in COMPRESSED else raw):
                    read += len(block)
                    self.position = before + (raw.tell() if raw.seekable() else 0)
                    yield block
            except DAMAGE as error:
                if isinstance(error, OSError) and error.errno is not None:
                    raise
                raise damaged(error, f"{path}, after {read:,} bytes of text") from None


def fingerprint(source: str, rules: Rules, folder: Path) -> str:
    """Digest of the rules and of the source's files, their sizes and times, which changes when the corpus would.

    Of standard input and of TensorFlow Datasets nothing but the name counts.

    Args:
        source: As for `encode`.
        rules: As for `encode`.
        folder: As for `encode`.
    """
    content = json.dumps([Source(source, folder).identity(), dataclasses.asdict(rules)])
    return hashlib.blake2b(content.encode(), digest_size=16).hexdigest()


def find_files(source: str, folder: Path) -> list[Path]:
    """The files that a path, a folder or a glob names, sorted; hidden ones and those in `folder` are left out.

    Raises:
        InputError: When there are none.
    """
    if not source:
        raise InputError("name a file, a folder, a glob, `-`, tfds:NAME or `sample`", "the corpus")
    path = Path(source).expanduser()
    if path.exists() and not path.is_dir():
        return [path]
    if path.is_dir():
        found, what = _walk(path), "there are no files in this folder"
    elif glob.has_magic(source):
        found = [Path(name) for name in sorted(set(glob.glob(str(path), recursive=True)))]
        what = "no file has a name like this; check the pattern"
    else:
        raise InputError("no such file; check the path", path)
    files = [file for file in found if file.is_file() and folder.resolve() not in file.resolve().parents]
    if not files:
        raise InputError(what, path)
    return files


def _walk(folder: Path) -> list[Path]:
    def refuse(error: OSError) -> None:
        raise InputError(f"cannot be read ({error.strerror})", error.filename)

    found = []
    for place, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(place, name) for name in names if not name.startswith(".")]
    return sorted(found)


def _read(file: IO[bytes]) -> Iterator[bytes]:
    while block := file.read(BLOCK):
        yield block
