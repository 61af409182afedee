"""Events, two words near each other, sorted by tile and summed: compiled."""

from __future__ import annotations

import numpy as np
from numba import njit

UNIT = 2.0**24
"""Of the sums: a 1 is so many."""


@njit(cache=True, nogil=True)
def count_words(
    ids: np.ndarray,
    begin: int,
    reach: int,
    symmetric: bool,
    groups: int,
    weights: np.ndarray,
    frequent: int,
    dense: np.ndarray,
    blocks: np.ndarray,
    filled: np.ndarray,
    full: np.ndarray,
    full_tiles: np.ndarray,
) -> tuple[int, int]:
    """Counts until the piece ends or `full` has no room for what one more word may fill."""
    spilled, block = 0, blocks.shape[1]
    words = np.uint32(groups)
    for at in range(begin, len(ids)):
        if ids[at] < 0:
            continue
        if spilled + reach > len(full):
            return at, spilled
        word = np.uint32(ids[at])
        group, place = word % words, word // words
        for distance in range(1, min(reach, at) + 1):
            if ids[at - distance] < 0:
                break
            other = np.uint32(ids[at - distance])
            if max(word, other) < frequent:
                if symmetric:
                    high, low = np.int64(max(word, other)), np.int64(min(word, other))
                    dense[high * (high + 1) // 2 + low] += weights[distance]
                else:
                    dense[np.int64(word) * frequent + other] += weights[distance]
                continue
            other_group, other_place = other % words, other // words
            if symmetric and (group > other_group or (group == other_group and place > other_place)):
                tile = other_group * groups - other_group * (other_group - 1) // 2 + group - other_group
                event = (other_place << 20) | (place << 8) | distance
            elif symmetric:
                tile = group * groups - group * (group - 1) // 2 + other_group - group
                event = (place << 20) | (other_place << 8) | distance
            else:
                tile = group * groups + other_group
                event = (place << 20) | (other_place << 8) | distance
            n = filled[tile]
            blocks[tile, n] = event
            n += 1
            if n == block:
                full[spilled] = blocks[tile]
                full_tiles[spilled] = tile
                spilled += 1
                n = 0
            filled[tile] = n
    return len(ids), spilled


@njit(cache=True, nogil=True)
def sum_events(
    events: np.ndarray,
    weights: np.ndarray,
    dense: np.ndarray,
    frequent: int,
    first: int,
    second: int,
    groups: int,
    size: int,
    symmetric: bool,
) -> np.ndarray:
    """The entries of a tile: its events sorted by the first word, and then summed for each second word."""
    starts = np.zeros(size + 2, np.int64)
    for event in events:
        starts[(event >> 20) + 2] += event & 255 != 0
    starts = np.cumsum(starts)
    by_first = np.empty(starts[-1], np.uint32)
    for event in events:
        if event & 255:
            place = (event >> 20) + 1
            by_first[starts[place]] = event
            starts[place] += 1
    frequent_firsts, frequent_seconds = -(-(frequent - first) // groups), -(-(frequent - second) // groups)
    entries = np.empty(len(by_first) + max(frequent_firsts, 0) * max(frequent_seconds, 0), np.uint64)
    sums, touched, found = np.zeros(size, np.int64), np.empty(size, np.int64), 0
    for place in range(size):
        n = 0
        if place < frequent_firsts:
            for other in range(place if symmetric and first == second else 0, frequent_seconds):
                a, b = place * groups + first, other * groups + second
                high, low = max(a, b), min(a, b)
                count = dense[high * (high + 1) // 2 + low if symmetric else a * frequent + b]
                if count:
                    sums[other] = count
                    touched[n] = other
                    n += 1
        for at in range(starts[place], starts[place + 1]):
            other = (by_first[at] >> 8) & 0xFFF
            if sums[other] == 0:
                touched[n] = other
                n += 1
            sums[other] += weights[by_first[at] & 255]
        for other in touched[:n]:
            # A word that is near itself is so from both sides.
            both = 2 if symmetric and first == second and place == other else 1
            logarithm = np.float32(np.log(both * sums[other] / UNIT))
            entries[found] = (np.uint64(logarithm.view(np.uint32)) << np.uint64(32)) | np.uint64(place << 16 | other)
            found += 1
            sums[other] = 0
    return entries[:found]
