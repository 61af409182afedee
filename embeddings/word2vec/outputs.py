"""What a word is told from: a few negatives, the nodes of its path in a Huffman tree, or every other word."""

from __future__ import annotations

import heapq
from typing import NamedTuple

import numpy as np
from numba import njit

from ..kernels.random import advance, alias_table, draw
from ..kernels.rows import matrix, prefetch_row

NEGATIVE, HIERARCHICAL, SOFTMAX = 0, 1, 2
EXPONENT = 0.75
"""Of the counts, in the distribution of negatives (Mikolov 2013b)."""


class Outputs(NamedTuple):
    """One of the three ways, as compiled code takes it.

    A word's rows of the output matrix are, with negative sampling, itself and the negatives drawn; with the
    hierarchical softmax, the inner nodes on the path to it, where `labels` is 1 where the path goes left; with
    the full softmax, all.
    """

    kind: int
    most: int
    """Rows that a word has at most."""
    table: np.ndarray
    """Alias table of the negatives, uint64 `[words]`."""
    starts: np.ndarray
    """Where a word's path begins in the next two, int64 `[words + 1]`."""
    nodes: np.ndarray
    """Rows, int64."""
    labels: np.ndarray
    """float32."""


class Chosen(NamedTuple):
    """Room for the rows of one word: their numbers, their labels, and a copy of what was in them."""

    rows: np.ndarray
    labels: np.ndarray
    copies: np.ndarray
    ahead: np.ndarray
    """Negatives of the next word, so that they can be fetched while this one is worked on."""


def outputs(loss: str, counts: np.ndarray, negatives: int) -> Outputs:
    """The output side of a vocabulary.

    Args:
        loss: `negative`, `hierarchical` or `softmax`.
        counts: Of the words, int64 `[words]`, falling.
        negatives: How many a window has.
    """
    none, path = np.zeros(0, np.int64), np.zeros(0, np.float32)
    if loss == "negative":
        return Outputs(NEGATIVE, negatives + 1, alias_table(counts**EXPONENT), none, none, path)
    nothing = np.zeros(0, np.uint64)
    if loss == "hierarchical":
        starts, nodes, labels = huffman_paths(counts)
        return Outputs(HIERARCHICAL, int(np.diff(starts).max()), nothing, starts, nodes, labels)
    return Outputs(SOFTMAX, len(counts), nothing, none, none, path)


def huffman_paths(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Paths from the root of a Huffman tree to its leaves, the words.

    Returns:
        `starts` int64 `[words + 1]`; `nodes` int64, the inner nodes of each path one after the other, numbered from
        0, the root last; `labels` float32, 1 where the path goes on to the left.

    Raises:
        ValueError: For fewer than 2 words, which have no tree.

    Reference:
        Morin and Bengio (2005); Mikolov et al. (2013), "Distributed representations of words and phrases".
    """
    words = len(counts)
    if words < 2:
        raise ValueError("a tree needs at least 2 words")
    waiting = [(int(count), node) for node, count in enumerate(counts)]
    heapq.heapify(waiting)
    parent, label = np.zeros(2 * words - 1, np.int64), np.zeros(2 * words - 1, np.float32)
    for inner in range(words, 2 * words - 1):
        (left_count, left), (right_count, right) = heapq.heappop(waiting), heapq.heappop(waiting)
        parent[left] = parent[right] = inner
        label[left] = 1
        heapq.heappush(waiting, (left_count + right_count, inner))
    return _paths(parent, label, words)


@njit(cache=True)
def _paths(parent: np.ndarray, label: np.ndarray, words: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    root = len(parent) - 1
    starts = np.zeros(words + 1, np.int64)
    for word in range(words):
        node, length = word, 0
        while node != root:
            node = parent[node]
            length += 1
        starts[word + 1] = starts[word] + length
    nodes, labels = np.empty(starts[words], np.int64), np.empty(starts[words], np.float32)
    for word in range(words):
        node, at = word, starts[word + 1]
        while node != root:
            at -= 1
            labels[at] = label[node]
            node = parent[node]
            nodes[at] = node - words
    return starts, nodes, labels


def room(of: Outputs, dimensions: int) -> Chosen:
    """Room for the rows of one word."""
    rows, labels = np.arange(of.most), np.zeros(of.most, np.float32)
    return Chosen(rows, labels, matrix(of.most, dimensions), np.zeros(of.most, np.int64))


# What follows takes the parts of `Outputs` and `Chosen`, not these: compiled code counts references whenever it takes
# an array out of a tuple, which would take longer than all else.


@njit(inline="always")
def look_ahead(
    lanes: tuple,
    kind: int,
    table: np.ndarray,
    starts: np.ndarray,
    nodes: np.ndarray,
    ahead: np.ndarray,
    out: np.ndarray,
    word: int,
    state: np.uint64,
) -> np.uint64:
    """Draws the negatives of the next window, and has its rows fetched."""
    if kind == NEGATIVE:
        for m in range(1, len(ahead)):
            state = advance(state)
            row = draw(table, state)
            ahead[m] = row
            prefetch_row(lanes, out, row)
        prefetch_row(lanes, out, word)
    elif kind == HIERARCHICAL:
        for at in range(starts[word], starts[word + 1]):
            prefetch_row(lanes, out, nodes[at])
    return state


@njit(inline="always")
def choose(
    kind: int,
    starts: np.ndarray,
    nodes: np.ndarray,
    path_labels: np.ndarray,
    rows: np.ndarray,
    labels: np.ndarray,
    ahead: np.ndarray,
    word: int,
) -> int:
    """Puts the rows and labels of a word into `rows` and `labels`; a negative that is the word itself is left out.

    Returns:
        How many rows there are.
    """
    if kind == NEGATIVE:
        rows[0], labels[0] = word, 1
        found = 1
        for m in range(1, len(ahead)):
            rows[found] = ahead[m]
            found += ahead[m] != word
        return found
    if kind == HIERARCHICAL:
        start, end = starts[word], starts[word + 1]
        for at in range(start, end):
            rows[at - start], labels[at - start] = nodes[at], path_labels[at]
        return end - start
    return len(rows)
