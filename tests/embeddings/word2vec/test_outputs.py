"""The output sides: Huffman's tree against the textbook, the table of negatives against the counts."""

import heapq
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.word2vec.outputs import huffman_paths, outputs

from ..kernels.test_random import distribution

COUNTS = st.lists(st.integers(1, 1000), min_size=2, max_size=40).map(lambda some: np.array(sorted(some)[::-1]))


def codes(counts):
    """The nodes and labels of each word's path."""
    starts, nodes, labels = huffman_paths(counts)
    assert starts[0] == 0
    assert starts[-1] == len(nodes) == len(labels)
    pieces = list(itertools.pairwise(starts))
    return [nodes[a:b].tolist() for a, b in pieces], [tuple(labels[a:b].astype(int).tolist()) for a, b in pieces]


def least_length(counts):
    """Huffman (1952): the sum of what is merged, always the two rarest, is the length of the shortest code."""
    waiting, length = list(counts), 0
    heapq.heapify(waiting)
    while len(waiting) > 1:
        merged = heapq.heappop(waiting) + heapq.heappop(waiting)
        length += merged
        heapq.heappush(waiting, merged)
    return length


@given(COUNTS)
def test_a_shortest_code(counts):
    _, labels = codes(counts)
    assert sum(len(code) * count for code, count in zip(labels, counts, strict=True)) == least_length(counts.tolist())


@given(COUNTS)
def test_no_code_begins_another(counts):
    _, labels = codes(counts)
    assert sum(2.0 ** -len(code) for code in labels) == 1
    ordered = sorted(labels)
    assert not any(longer[: len(code)] == code for code, longer in itertools.pairwise(ordered))


@given(COUNTS)
def test_paths_lead_through_one_tree(counts):
    nodes, labels = codes(counts)
    at = {}
    for path, code in zip(nodes, labels, strict=True):
        assert path[0] == len(counts) - 2  # the root
        for depth, node in enumerate(path):
            assert at.setdefault(code[:depth], node) == node
    assert sorted(at.values()) == list(range(len(counts) - 1))  # each inner node is one place


@given(COUNTS, st.integers(0, 2**32))
def test_probabilities_sum_to_one(counts, seed):
    nodes, labels = codes(counts)
    to_left = 1 / (1 + np.exp(-np.random.default_rng(seed).normal(size=len(counts) - 1)))
    total = sum(
        np.prod([to_left[node] if left else 1 - to_left[node] for node, left in zip(path, code, strict=True)])
        for path, code in zip(nodes, labels, strict=True)
    )
    assert total == pytest.approx(1)


def test_a_tree_of_one_word():
    with pytest.raises(ValueError, match="at least 2 words"):
        huffman_paths(np.array([3]))


def test_negatives_follow_the_counts():
    counts = np.array([1000, 200, 30, 1])
    found = outputs("negative", counts, 5)
    assert found.most == 6
    np.testing.assert_allclose(distribution(found.table), counts**0.75 / (counts**0.75).sum(), atol=1e-8)


def test_how_many_rows_a_word_has():
    assert outputs("softmax", np.arange(1, 9), 5).most == 8
    assert outputs("hierarchical", np.array([8, 4, 2, 1, 1]), 5).most == 4
