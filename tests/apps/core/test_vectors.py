"""Word vectors as the start of an embedding."""

import gzip

import numpy as np
import pytest

from apps.core.errors import InputError
from apps.core.vectors import WordVectors, coverage, load_word_vectors
from embeddings import Vectors, write

WORDS = ["the", "of", "good", "film", "rare"]
VECTORS = np.arange(15, dtype=np.float32).reshape(5, 3)


@pytest.fixture(params=["vectors.txt", "vectors.safetensors"])
def path(tmp_path, request):
    path = tmp_path / request.param
    write(path, Vectors(WORDS, VECTORS))
    return str(path)


def test_only_the_wanted_words_are_kept(path):
    vectors = load_word_vectors(path, {"film", "good", "unheard"})
    assert list(vectors.vectors) == ["good", "film"]
    assert vectors.dimensions == 3
    assert vectors.vectors["film"].tolist() == [9, 10, 11]


def test_and_the_first_of_the_file(path):
    assert list(load_word_vectors(path, {"film"}, more=2).vectors) == ["the", "of", "film"]


def test_of_a_word_that_comes_twice_the_first_vector_counts(tmp_path):
    (tmp_path / "a.txt").write_text("a 1 2\nb 3 4\na 5 6\n")
    assert load_word_vectors(str(tmp_path / "a.txt"), {"a"}).vectors["a"].tolist() == [1, 2]


def test_the_matrix_has_the_vectors_in_their_rows(path):
    matrix = load_word_vectors(path, WORDS).matrix(["<pad>", "<unknown>", "film", "new", "the"], seed=1)
    assert matrix.dtype == np.float32
    assert matrix.shape == (5, 3)
    assert matrix[2].tolist() == [9, 10, 11]
    assert matrix[4].tolist() == [0, 1, 2]
    assert matrix[0].tolist() == [0, 0, 0]
    assert matrix[1].any()


def test_padding_is_zero_even_when_the_file_has_the_word():
    vectors = WordVectors({"<pad>": np.ones(3, np.float32), "a": np.ones(3, np.float32)}, 3)
    assert vectors.matrix(["<pad>", "<unknown>", "a"], seed=1)[[0, 2]].tolist() == [[0, 0, 0], [1, 1, 1]]


def test_unknown_words_are_drawn_alike_in_spread():
    known = np.random.default_rng(0).normal([5, -3], [0.1, 2], (500, 2)).astype(np.float32)
    vectors = WordVectors({f"known{index}": row for index, row in enumerate(known)}, 2)
    vocabulary = ["<pad>", *(f"new{index}" for index in range(2000))]
    drawn = vectors.matrix(vocabulary, seed=3)[1:]
    np.testing.assert_allclose(drawn.mean(0), known.mean(0), atol=0.15)
    np.testing.assert_allclose(drawn.std(0), known.std(0), rtol=0.1)
    np.testing.assert_array_equal(drawn, vectors.matrix(vocabulary, seed=3)[1:])
    assert not np.array_equal(drawn, vectors.matrix(vocabulary, seed=4)[1:])


def test_coverage():
    line = coverage({"a", "b", "z"}, {"a": 997, "b": 2, "x": 1, "y": 1000})
    assert line == "vectors: 2 of 4 words have one (50.0%), of the running text 50.0%"


def message(path, wanted=("a",)):
    with pytest.raises(InputError) as caught:
        load_word_vectors(str(path), wanted)
    return str(caught.value)


def test_none_of_the_words(path):
    assert message(path, {"Film"}).startswith(f"{path}: none of the words of the data has a vector in it")


def test_a_file_that_cannot_be_used(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("a 1 2\nb 3\n")
    assert message(path).startswith(f"--vectors: {path}:2: ")
    path.write_text("")
    assert message(path).startswith(f"--vectors: {path}: no vectors in it")
    packed = tmp_path / "a.txt.gz"
    packed.write_bytes(gzip.compress(b"a 1 2\n" * 99)[:-9])
    assert message(packed).startswith(f"--vectors: {packed}: the file is damaged or cut short")


def test_no_file(tmp_path):
    for name in ("none.txt", "none.safetensors"):
        assert message(tmp_path / name) == f"--vectors: {tmp_path / name}: no such file; check the path"
    assert message(tmp_path) == f"--vectors: {tmp_path}: is a folder where a file is expected"
