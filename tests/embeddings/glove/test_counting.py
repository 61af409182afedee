"""Counts against a plain dictionary, whatever the memory, the threads and the pieces."""

import os
import tempfile
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from embeddings import InputError
from embeddings.glove import counting
from embeddings.glove.counting import ENTRIES, STARTS, Window, count_pairs, read_pairs, shares
from embeddings.glove.tiles import Tiling

MEMORIES = [0, 1000, 20_000, 1 << 30]
"""All spills; some does; nothing does for small vocabularies; nothing does."""


def naive(ids, window):
    """The sum of 1/distance over the words before a word, and, if symmetric, over those after it."""
    found = defaultdict(float)
    for at, word in enumerate(ids):
        for before in range(at - 1, max(at - window.reach, 0) - 1, -1):
            if word < 0 or ids[before] < 0:
                break
            found[word, ids[before]] += 1 / (at - before)
            if window.symmetric:
                found[ids[before], word] += 1 / (at - before)
    return found


def decoded(pairs, tiling, symmetric):
    """The counts of `Pairs`, by pair of words."""
    found = {}
    tiles = [(a, b) for a in range(tiling.groups) for b in range(tiling.groups) if a <= b or not symmetric]
    assert len(pairs.starts) == len(tiles) + 1
    for number, (a, b) in enumerate(tiles):
        assert tiling.tile(a, b, symmetric) == number
        entries = pairs.entries[pairs.starts[number] : pairs.starts[number + 1]].tolist()
        firsts = [entry >> 16 & 0xFFFF for entry in entries]
        assert firsts == sorted(firsts)
        for entry in entries:
            pair = (entry >> 16 & 0xFFFF) * tiling.groups + a, (entry & 0xFFFF) * tiling.groups + b
            assert pair not in found
            found[pair] = float(np.exp(np.float64(np.uint32(entry >> 32).view(np.float32))))
            if symmetric and pair[0] != pair[1]:
                assert pair[::-1] not in found
                found[pair[::-1]] = found[pair]
    return found


def counted(ids, words, window, memory=1 << 30, threads=1):
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(threads) as pool:
        told = []
        ids = np.array(ids, np.int32)
        count_pairs(ids, words, window, Path(folder), memory, pool, threads, told.append)
        assert sum(told) == len(ids)
        assert sorted(os.listdir(folder)) == [ENTRIES, STARTS]
        pairs = read_pairs(Path(folder))
        return np.array(pairs.entries), pairs


@pytest.fixture(autouse=True, scope="module")
def small_blocks():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counting, "PIECE", 7)
        patch.setattr(counting, "SPILLED", 64)
        patch.setattr(counting, "BLOCKS", (2, 4))
        yield


def texts(words):
    return st.tuples(st.just(words), st.lists(st.integers(-1, words - 1), max_size=80))


@settings(deadline=None, max_examples=60)
@given(
    text=st.sampled_from([2, 16, 17, 40]).flatmap(texts),
    window=st.builds(Window, st.integers(1, 16), st.booleans()),
    memory=st.sampled_from(MEMORIES),
    threads=st.integers(1, 3),
)
@example(text=(2, [0, 0, 0, 1, -1, 1, 0]), window=Window(16, True), memory=0, threads=1)
@example(text=(2, [0, 0, 0, 1, -1, 1, 0]), window=Window(16, False), memory=1 << 30, threads=3)
@example(text=(40, [*range(40), *range(39, -1, -1)] * 6), window=Window(16, True), memory=1000, threads=2)
def test_counts(text, window, memory, threads):
    words, ids = text
    _, pairs = counted(ids, words, window, memory, threads)
    wanted = naive(ids, window)
    found = decoded(pairs, Tiling(words), window.symmetric)
    assert set(found) == set(wanted)
    for pair, count in wanted.items():
        assert found[pair] == pytest.approx(count, rel=1e-6)


@pytest.mark.parametrize("symmetric", [True, False])
def test_the_same_pairs_for_any_memory_and_threads(symmetric):
    ids = np.minimum(np.random.default_rng(0).geometric(0.1, 2000), 40) - 1
    ids[::97] = -1
    first, _ = counted(ids, 40, Window(9, symmetric))
    assert len(first) > 400
    for memory in MEMORIES:
        for threads in (1, 2, 3):
            entries, _ = counted(ids, 40, Window(9, symmetric), memory, threads)
            np.testing.assert_array_equal(np.sort(entries), np.sort(first))


def test_what_spills(tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr(counting.Counter, "spill", lambda self, blocks, tiles: written.append(len(blocks)))
    tiling, window = Tiling(40), Window(4, True)
    with (tmp_path / "events").open("wb") as file:
        for frequent in (0, 40):
            counter = counting.Counter(tiling, window, frequent, 2, file)
            counter.count(np.arange(40, dtype=np.int32), 0)
            counter.finish()
            assert (sum(written) > 0) == (frequent == 0)
            assert counter.dense.any() == (frequent == 40)
            written.clear()


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("threads", [1, 2, 8])
def test_memory_is_shared_out(symmetric, threads):
    tiling, memory = Tiling(100_000), 1 << 30
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counting, "BLOCKS", (16, 1024))
        frequent, block = shares(tiling, Window(5, symmetric), memory, threads)
    cells = frequent * (frequent + 1) // 2 if symmetric else frequent**2
    assert 0.9 < threads * 8 * cells / (memory / 4) <= 1.01
    assert threads * 4 * block * tiling.tiles(symmetric) <= memory / 4


@pytest.mark.parametrize("words", [1, 2, 16, 17, 40, 20_000, 300_000])
def test_tiling(words):
    tiling = Tiling(words)
    rows = tiling.rows
    assert (np.bincount(rows) <= 1).all()
    assert rows.max() < tiling.groups * tiling.size
    np.testing.assert_array_equal(rows // tiling.size, np.arange(words) % tiling.groups)
    assert tiling.size <= 4096
    last = tiling.groups - 1
    assert tiling.tile(last, last, True) == tiling.tiles(True) - 1
    assert tiling.tile(last, last, False) == tiling.tiles(False) - 1


# What goes wrong


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has a disk that is always full")
@pytest.mark.parametrize("name", ["events-1.bin", ENTRIES, f"{STARTS}.partial"])
def test_a_full_disk(tmp_path, name):
    (tmp_path / name).symlink_to("/dev/full")
    ids = np.tile(np.arange(40, dtype=np.int32), 200)
    with ThreadPoolExecutor(2) as pool, pytest.raises(OSError, match="No space left") as caught:
        count_pairs(ids, 40, Window(4, True), tmp_path, 0, pool, 2, lambda tokens: None)
    assert caught.value.errno == 28
    assert set(os.listdir(tmp_path)) <= {ENTRIES}


def test_counts_that_are_cut_short(tmp_path):
    with ThreadPoolExecutor(1) as pool:
        count_pairs(np.arange(40, dtype=np.int32), 40, Window(4, True), tmp_path, 0, pool, 1, lambda tokens: None)
    with (tmp_path / ENTRIES).open("r+b") as file:
        file.truncate(8)
    with pytest.raises(InputError, match="the counts are damaged; begin anew with --overwrite"):
        read_pairs(tmp_path)
