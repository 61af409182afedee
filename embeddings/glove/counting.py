r"""Counts how often words occur near each other, within the memory that is given.

.. math:: X_{ij} = \sum_{\text{j within the window of i}} 1 / \text{distance}

Counts of two frequent words are summed in a dense triangle. Any other occurrence of two words together is an event of
4 bytes (both words' places in their groups, and the distance), which goes to its tile's block; full blocks spill to a
file. In the end each tile's events, few enough for a core's own cache, are summed. All sums are of whole numbers, in
units of 2^-24: so their order, and thus the number of threads, changes nothing.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ..errors import InputError
from ..files import replacing
from .events import UNIT, count_words, sum_events
from .tiles import Tiling

ENTRIES, STARTS = "pairs.bin", "tiles.bin"
PIECE = 1 << 18
"""Tokens that are counted between two looks at the clock."""
SPILLED = 1 << 22
"""Events that are gathered before they are written."""
BLOCKS = (16, 1024)
"""Events of a block: at least, at most."""


@dataclass(frozen=True)
class Window:
    """What counts as near.

    Args:
        reach: Words to either side; 1 to 255.
        symmetric: Count words to the left and to the right, or only those to the left.
    """

    reach: int
    symmetric: bool


@dataclass(frozen=True)
class Pairs:
    """The counts that are not 0, tile by tile.

    Args:
        entries: Of a pair the logarithm of its count (the upper 32 bits, as float32) and the places of its words in
            their groups (16 bits each, the first word's above), uint64 `[pairs]`, sorted by the first.
        starts: Where each tile begins, int64 `[tiles + 1]`.
    """

    entries: np.ndarray
    starts: np.ndarray


class Counter:
    """What one thread has counted.

    Args:
        tiling: Of the words.
        window: What counts as near.
        frequent: How many words the dense part has.
        block: Events of a block.
        file: Where full blocks go.
    """

    def __init__(self, tiling: Tiling, window: Window, frequent: int, block: int, file: BinaryIO) -> None:
        self.tiling, self.window, self.file = tiling, window, file
        tiles = tiling.tiles(window.symmetric)
        cells = frequent * (frequent + 1) // 2 if window.symmetric else frequent**2
        self.dense = np.zeros(cells, np.int64)
        self.frequent = frequent
        self.blocks = np.zeros((tiles, block), np.uint32)
        self.filled = np.zeros(tiles, np.int64)
        self.full = np.zeros((max(SPILLED // block, 1), block), np.uint32)
        self.full_tiles = np.zeros(len(self.full), np.int32)
        self.tiles: list[np.ndarray] = []
        """The tile of each block in the file."""

    def count(self, ids: np.ndarray, begin: int) -> None:
        """Counts for each word from `begin` on the words before it.

        Args:
            ids: A part of a corpus, int32; -1 ends a document.
            begin: Where to begin; what is before is only looked back to.
        """
        ids = np.array(ids)
        weights = weights_by_distance(self.window.reach)
        while begin < len(ids):
            begin, full = count_words(
                ids, begin, self.window.reach, self.window.symmetric, self.tiling.groups, weights,
                self.frequent, self.dense, self.blocks, self.filled, self.full, self.full_tiles,
            )  # fmt: skip
            self.spill(self.full[:full], self.full_tiles[:full])

    def finish(self) -> None:
        """Spills what is left in blocks; what they lack stays 0, which is no event."""
        for tile in np.flatnonzero(self.filled):
            self.blocks[tile, self.filled[tile] :] = 0
        left = np.flatnonzero(self.filled)
        self.spill(self.blocks[left], left)
        self.file.flush()
        self.blocks = self.full = np.zeros((0, 0), np.uint32)

    def spill(self, blocks: np.ndarray, tiles: np.ndarray) -> None:
        """Writes blocks to the file."""
        self.file.write(blocks.astype("<u4", copy=False).tobytes())
        self.tiles.append(np.array(tiles, np.int32))


def weights_by_distance(reach: int) -> np.ndarray:
    """1/distance in units, by distance: int64 `[reach + 1]`, the first 0."""
    return np.round(np.concatenate([[0], UNIT / np.arange(1, reach + 1)])).astype(np.int64)


def count_pairs(
    ids: np.ndarray,
    words: int,
    window: Window,
    folder: Path,
    memory: int,
    pool: Executor,
    threads: int,
    on_tokens: Callable[[int], None],
) -> None:
    """Counts the pairs of a corpus, and leaves them in a folder, from where `read_pairs` reads them.

    Args:
        ids: Documents one after the other, each ended by -1; int32.
        words: Of the vocabulary.
        window: What counts as near.
        folder: Also where to spill.
        memory: Bytes to make do with, about.
        pool, threads: To count with.
        on_tokens: Told of the tokens that were counted.

    Raises:
        OSError: When the disk is full. Nothing that `read_pairs` reads is left then.
    """
    tiling = Tiling(words)
    frequent, block = shares(tiling, window, memory, threads)
    borders = np.linspace(0, len(ids), threads + 1).astype(np.int64).tolist()
    spills = [folder / f"events-{thread}.bin" for thread in range(threads)]

    def count_part(thread: int) -> Counter:
        with spills[thread].open("wb") as file:
            counter = Counter(tiling, window, frequent, block, file)
            for begin in range(borders[thread], borders[thread + 1], PIECE):
                end, back = min(begin + PIECE, borders[thread + 1]), max(0, begin - window.reach)
                counter.count(ids[back:end], begin - back)
                on_tokens(end - begin)
            counter.finish()
        return counter

    try:
        counters = list(pool.map(count_part, range(threads)))
        dense = counters[0].dense
        for counter in counters[1:]:
            dense += counter.dense
        events = [Events(path, counter, block) for path, counter in zip(spills, counters, strict=True)]
        write_pairs(folder, tiling, window, frequent, dense, events, pool, threads)
    finally:
        for path in spills:
            path.unlink(missing_ok=True)


def shares(tiling: Tiling, window: Window, memory: int, threads: int) -> tuple[int, int]:
    """How many frequent words the dense part has, and how many events a block: a quarter of the memory for each."""
    numbers = memory // 4 // threads // 8
    frequent = math.isqrt(2 * numbers if window.symmetric else numbers)
    block = memory // 4 // threads // 4 // tiling.tiles(window.symmetric)
    return min(tiling.words, frequent), min(max(block, BLOCKS[0]), BLOCKS[1])


class Events:
    """The spilled events of one thread, by tile."""

    def __init__(self, path: Path, counter: Counter, block: int) -> None:
        tiles = np.concatenate([*counter.tiles, np.zeros(0, np.int32)])
        self.order = np.argsort(tiles, kind="stable")
        self.starts = np.searchsorted(tiles[self.order], np.arange(counter.tiling.tiles(counter.window.symmetric) + 1))
        self.blocks = np.memmap(path, "<u4", "r").reshape(-1, block) if len(tiles) else np.zeros((0, block), np.uint32)

    def of(self, tile: int) -> np.ndarray:
        """The events of a tile, and zeros, which are none; uint32."""
        return self.blocks[self.order[self.starts[tile] : self.starts[tile + 1]]].reshape(-1)


def write_pairs(
    folder: Path,
    tiling: Tiling,
    window: Window,
    frequent: int,
    dense: np.ndarray,
    events: Sequence[Events],
    pool: Executor,
    threads: int,
) -> None:
    """Sums the events tile by tile, and writes the pairs; where the tiles begin is written last."""
    weights = weights_by_distance(window.reach)

    def sum_tile(groups: tuple[int, int]) -> np.ndarray:
        tile = tiling.tile(*groups, window.symmetric)
        found = np.concatenate([part.of(tile) for part in events])
        return sum_events(found, weights, dense, frequent, *groups, tiling.groups, tiling.size, window.symmetric)

    every = itertools.product(range(tiling.groups), repeat=2)
    numbered = ((first, second) for first, second in every if first <= second or not window.symmetric)
    lengths = []
    with (folder / ENTRIES).open("wb") as file:
        while batch := list(itertools.islice(numbered, 16 * threads)):
            for entries in pool.map(sum_tile, batch):
                lengths.append(len(entries))
                file.write(entries.astype("<u8", copy=False).tobytes())
    with replacing(folder / STARTS) as partial:
        partial.write_bytes(np.concatenate([[0], np.cumsum(lengths)]).astype("<i8").tobytes())


def read_pairs(folder: Path) -> Pairs:
    """Opens what `count_pairs` left.

    Raises:
        InputError: When it is damaged.
    """
    starts = np.fromfile(folder / STARTS, "<i8")
    has_entries = (folder / ENTRIES).stat().st_size > 0
    entries = np.memmap(folder / ENTRIES, "<u8", "r") if has_entries else np.zeros(0, np.uint64)
    if len(starts) < 2 or starts[-1] != len(entries):
        raise InputError("the counts are damaged; begin anew with --overwrite", folder)
    return Pairs(entries, starts)
