"""Word vectors as data, and what an embedding begins with."""

import numpy as np
import pytest

from embeddings import Vectors
from embeddings.vectors import embedding_matrix

WORDS = ["the", "good", "film"]
VECTORS = np.array([[3, 4], [0, 0], [1, 0]], np.float64)


def test_the_parts():
    vectors = Vectors(WORDS, VECTORS, [9, 5, 1], {"window": 5})
    assert vectors.vectors.dtype == np.float32
    assert vectors.counts.dtype == np.int64
    assert (len(vectors), vectors.dimensions) == (3, 2)
    assert "film" in vectors
    assert "soup" not in vectors
    assert vectors["film"].tolist() == [1, 0]
    with pytest.raises(KeyError):
        vectors["soup"]


@pytest.mark.parametrize(
    ("vectors", "counts", "what"),
    [
        (VECTORS[:2], None, r"3 words but vectors of shape \(2, 2\)"),
        (VECTORS.ravel(), None, r"3 words but vectors of shape \(6,\)"),
        (VECTORS, [1, 2], r"3 words but counts of shape \(2,\)"),
    ],
)
def test_parts_that_do_not_fit(vectors, counts, what):
    with pytest.raises(ValueError, match=what):
        Vectors(WORDS, vectors, counts)


def test_norms():
    vectors = Vectors(WORDS, VECTORS, [9, 5, 1], {"window": 5})
    assert vectors.norms().tolist() == [5, 0, 1]
    normalised = vectors.normalised()
    np.testing.assert_allclose(normalised.vectors, [[0.6, 0.8], [0, 0], [1, 0]])
    assert normalised.words == WORDS
    assert normalised.counts.tolist() == [9, 5, 1]
    assert normalised.settings == {"window": 5}


@pytest.mark.parametrize("counts", [None, [9, 5, 1]])
def test_to_gensim_and_back(counts):
    vectors = Vectors(WORDS, VECTORS, counts)
    keyed = vectors.to_gensim()
    assert keyed.similarity("the", "film") == pytest.approx(0.6)
    assert keyed.vector_size == 2
    assert len(keyed) == 3
    back = Vectors.from_gensim(keyed)
    assert back.words == WORDS
    np.testing.assert_array_equal(back.vectors, VECTORS)
    assert (back.counts if counts is None else back.counts.tolist()) == counts


def test_gensim_keeps_the_counts_when_it_saves_and_loads(tmp_path):
    keyed = Vectors(WORDS, VECTORS, [1, 5, 9]).to_gensim()
    assert [keyed.get_vecattr(word, "count") for word in WORDS] == [1, 5, 9]
    keyed.sort_by_descending_frequency()
    assert keyed.index_to_key == WORDS[::-1]
    assert keyed["the"].tolist() == [3, 4]


def test_known_words_have_their_vectors_and_others_are_alike():
    known = np.random.default_rng(0).normal([5, -3], [0.1, 2], (500, 2)).astype(np.float32)
    by_word = {f"known{row}": vector for row, vector in enumerate(known)}
    vocabulary = [*(f"new{row}" for row in range(2000)), "known7"]
    matrix = embedding_matrix(by_word, vocabulary, seed=3)
    assert matrix.dtype == np.float32
    np.testing.assert_array_equal(matrix[-1], known[7])
    np.testing.assert_allclose(matrix[:-1].mean(0), known.mean(0), atol=0.15)
    np.testing.assert_allclose(matrix[:-1].std(0), known.std(0), rtol=0.1)
    np.testing.assert_array_equal(matrix, embedding_matrix(by_word, vocabulary, seed=3))
    assert not np.array_equal(matrix, embedding_matrix(by_word, vocabulary, seed=4))
