"""The direction of pairs against eigenvectors, its sign, and what cannot give one."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.bias.direction import check_dimensions, found_rows, group_direction, rows_of
from embeddings.errors import InputError
from embeddings.vectors import Vectors

from .samples import along, random_vectors, unit

WORDS = ["she", "he", "her", "him", "woman", "man"]
PAIRS = [("she", "he"), ("her", "him"), ("woman", "man")]


@given(st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_is_the_first_eigenvector_of_the_papers_covariance(seed):
    vectors = random_vectors(WORDS, seed=seed)
    covariance = np.zeros((8, 8))
    for pair in PAIRS:
        a, b = (unit(vectors, word) for word in pair)
        mean = (a + b) / 2
        covariance += np.outer(a - mean, a - mean) + np.outer(b - mean, b - mean)
    values, eigenvectors = np.linalg.eigh(covariance)
    direction = group_direction(vectors, PAIRS)
    assert np.linalg.norm(direction.vector) == pytest.approx(1)
    assert abs(direction.vector @ eigenvectors[:, -1]) == pytest.approx(1)
    np.testing.assert_allclose(direction.explained, values[::-1][:3] / values.sum(), atol=1e-9)
    assert sum((unit(vectors, a) - unit(vectors, b)) @ direction.vector for a, b in PAIRS) >= 0
    turned = group_direction(vectors, [(b, a) for a, b in PAIRS])
    np.testing.assert_allclose(turned.vector, -direction.vector, atol=1e-9)


def test_lengths_do_not_count_and_the_vectors_stay():
    vectors = random_vectors(WORDS)
    before = vectors.vectors.copy()
    longer = Vectors(WORDS, vectors.vectors * np.arange(1, 7)[:, None])
    np.testing.assert_allclose(group_direction(longer, PAIRS).vector, group_direction(vectors, PAIRS).vector, atol=1e-6)
    np.testing.assert_array_equal(vectors.vectors, before)


def test_pairs_with_a_missing_word_are_left_out():
    vectors = random_vectors(WORDS)
    direction = group_direction(vectors, [*PAIRS[:2], ("woman", "men"), ("x", "men")])
    assert direction.pairs_used == tuple(PAIRS[:2])
    assert direction.missing == ("men", "x")
    np.testing.assert_array_equal(direction.vector, group_direction(vectors, PAIRS[:2]).vector)
    assert json.loads(json.dumps(direction.summary()))["n"] == 2


@pytest.mark.parametrize(
    ("rows", "pairs", "needed", "said"),
    [
        (
            np.eye(6),
            [("she", "x"), ("y", "x")],
            1,
            "D: none of 2 pairs have a vector for both words and 1 is needed; mis",
        ),
        (np.eye(6), [("she", "x"), ("her", "him")], 2, "D: 1 of 2 pairs .* 2 are needed; missing: x$"),
        (np.eye(6), [], 1, "D: none of 0 pairs"),
        (np.zeros((6, 3)), PAIRS, 1, "D: the vector of 'she' has length zero"),
        (np.full((6, 3), np.nan), PAIRS, 1, "D: the vector of 'she' holds NaN or infinity"),
        (np.ones((6, 3)), PAIRS, 1, "D: both words of each pair have the same vector"),
    ],
)
def test_no_direction(rows, pairs, needed, said):
    with pytest.raises(InputError, match=said):
        group_direction(Vectors(WORDS, rows), pairs, needed, "D")


def test_rows():
    vectors = Vectors(["a", "b"], [[3, 4], [1e30, 0]])
    assert rows_of(vectors, ["b", "a"]).tolist() == [[1, 0], [0.6, 0.8]]
    assert rows_of(vectors, ["a"], unit=False).tolist() == [[3, 4]]
    found, rows, missing = found_rows(vectors, ["x", "a"])
    assert (found, rows.tolist(), missing) == (["a"], [[0.6, 0.8]], ("x",))


def test_other_dimensions_are_refused():
    with pytest.raises(InputError, match="the direction has 3 dimensions and the vectors 8"):
        check_dimensions(random_vectors(WORDS), along(1, 0, 0))
