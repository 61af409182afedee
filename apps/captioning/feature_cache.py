"""The feature cache's files: grids one after another in `grids.f16`, and `index.json`, which tells whose is where.

The index knows pictures by their content, so that moved or renamed files are found again, and each grid's checksum.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import zlib
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from apps.core.run import write_errors, write_json

VERSION = 1


@dataclass
class Index:
    """What a cache knows: the row and checksum of each picture's content, and the content of files by size and time."""

    shape: tuple[int, ...] = ()
    rows: dict[str, tuple[int, int]] = field(default_factory=dict)
    files: dict[str, tuple[int, int, str]] = field(default_factory=dict)

    @property
    def row_bytes(self) -> int:
        """Of one grid."""
        return 2 * int(np.prod(self.shape))


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lets one process at a time change a cache."""
    with write_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


# The index


def read_index(folder: Path, say: Callable[[str], None]) -> Index:
    """The index of a cache; an empty one, saying so, where it is damaged or another version's."""
    path, grids = folder / "index.json", folder / "grids.f16"
    if not path.exists():
        return Index()
    try:
        raw = json.loads(path.read_text("utf-8"))
        if raw["version"] != VERSION or raw["network"] != folder.name:
            say(f"the feature cache {folder} is of another network or version; it is made anew")
            return Index()
        index = Index(
            tuple(map(int, raw["shape"])),
            {str(key): (int(row), int(crc)) for key, (row, crc) in raw["rows"].items()},
            {str(key): (int(size), int(changed), str(digest)) for key, (size, changed, digest) in raw["files"].items()},
        )
        if len(index.shape) != 2 or sorted(row for row, _ in index.rows.values()) != list(range(len(index.rows))):
            raise ValueError("rows")
        if grids.stat().st_size < len(index.rows) * index.row_bytes:
            raise ValueError("cut short")
    except (ValueError, KeyError, TypeError, AttributeError, OSError):
        say(f"the feature cache {folder} is damaged; it is made anew")
        return Index()
    return index


def write_index(folder: Path, index: Index) -> None:
    """Writes the index in one step."""
    write_json(
        folder / "index.json",
        {"version": VERSION, "network": folder.name, "shape": index.shape, "rows": index.rows, "files": index.files},
    )


def map_grids(folder: Path, index: Index) -> np.ndarray:
    """The grids of a cache `[rows, places, channels]`, mapped into memory."""
    if not index.rows:
        return np.zeros((0, *(index.shape or (0, 0))), np.float16)
    return np.memmap(folder / "grids.f16", np.float16, "r", shape=(len(index.rows), *index.shape))


def find_damaged(folder: Path, index: Index, wanted: Set[str]) -> set[str]:
    """Those of the wanted pictures whose grid is not what was written."""
    grids = map_grids(folder, index)
    return {
        digest
        for digest in wanted & index.rows.keys()
        if zlib.crc32(grids[index.rows[digest][0]]) != index.rows[digest][1]
    }


def open_grids(folder: Path) -> Any:
    """Opens the grids of a cache for reading and writing."""
    path = folder / "grids.f16"
    path.touch()
    return path.open("r+b")


def append(file: Any, index: Index, digests: Sequence[str], grids: np.ndarray) -> None:
    """Writes grids behind those that the index knows; those of known pictures in their place."""
    for digest, grid in zip(digests, grids, strict=True):
        row = index.rows[digest][0] if digest in index.rows else len(index.rows)
        content = np.ascontiguousarray(grid).tobytes()
        file.seek(row * index.row_bytes)
        file.write(content)
        index.rows[digest] = (row, zlib.crc32(content))
