"""An embedding layer that begins with word vectors."""

import keras
import numpy as np
import pytest

from embeddings import InputError, Vectors, coverage, keras_embedding, write

WORDS = ["the", "good", "film", "<pad>"]
VECTORS = np.arange(1, 13, dtype=np.float32).reshape(4, 3)
VOCABULARY = ["", "[UNK]", "film", "soup", "the"]


@pytest.fixture(params=["Vectors", "KeyedVectors", "path", "string"])
def vectors(request, tmp_path):
    vectors = Vectors(WORDS, VECTORS)
    write(tmp_path / "a.txt", vectors)
    return {
        "Vectors": vectors,
        "KeyedVectors": vectors.to_gensim(),
        "path": tmp_path / "a.txt",
        "string": str(tmp_path / "a.txt"),
    }[request.param]


def table(layer):
    (weights,) = layer.get_weights()
    return weights


def test_rows_in_the_order_of_the_vocabulary(vectors):
    layer = keras_embedding(vectors, VOCABULARY, seed=1, name="words")
    assert isinstance(layer, keras.layers.Embedding)
    assert layer.built
    assert layer.trainable
    assert layer.name == "words"
    found = table(layer)
    assert found.shape == (5, 3)
    np.testing.assert_array_equal(found[[2, 4]], VECTORS[[2, 0]])
    assert found[[0, 1, 3]].all(), "words without a vector are drawn"
    np.testing.assert_array_equal(found, table(keras_embedding(vectors, VOCABULARY, seed=1)))
    assert not np.array_equal(found, table(keras_embedding(vectors, VOCABULARY, seed=2)))


def test_a_dict_of_ids(vectors):
    found = table(keras_embedding(vectors, {"good": 4, "soup": 1, "the": 2}))
    assert found.shape == (5, 3)
    np.testing.assert_array_equal(found[[0, 2, 3, 4]], [[0, 0, 0], VECTORS[0], [0, 0, 0], VECTORS[1]])
    assert found[1].all()


def test_padding(vectors):
    layer = keras_embedding(vectors, ["<pad>", "good"], mask_zero=True, trainable=False)
    np.testing.assert_array_equal(table(layer), [[0, 0, 0], VECTORS[1]])
    assert np.asarray(layer.compute_mask(np.array([[1, 0]]))).tolist() == [[True, False]]
    assert not layer.trainable_variables
    assert not np.array_equal(table(keras_embedding(vectors, ["<pad>", "good"]))[0], [0, 0, 0])


def test_it_is_kept_with_a_model(tmp_path):
    layer = keras_embedding(Vectors(WORDS, VECTORS), VOCABULARY, mask_zero=True)
    model = keras.Sequential([keras.Input([None], dtype="int32"), layer])
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.get_weights()[0], table(layer))
    assert again.layers[0].mask_zero


def test_coverage(vectors):
    found = coverage(vectors, VOCABULARY)
    assert found.known == ["film", "the"]
    assert found.unknown == ["", "[UNK]", "soup"]
    assert str(found) == "2 of 5 words have a vector (40.0%)"
    assert coverage(vectors, {"good": 7}).known == ["good"]
    assert str(coverage(vectors, [])) == "0 of 0 words have a vector (0.0%)"


@pytest.mark.parametrize(
    ("vocabulary", "what"),
    [
        ([], "vocabulary: is empty"),
        ({}, "vocabulary: is empty"),
        ("film", "vocabulary: give a list of words or a dict of their ids, not a single string"),
        (["film", 3], "vocabulary: 3 is not a word; give strings"),
        ({"film": 1, "the": 1}, "vocabulary: 'film' and 'the' have the same id, 1"),
        ({"film": -1}, "vocabulary: the id -1 is not a whole number from 0 on"),
        ({"film": 0.5}, "vocabulary: the id 0.5 is not"),
        (["Film", "THE"], "none of the vocabulary's words has a vector in it; is it the right language and case"),
    ],
)
def test_a_vocabulary_that_cannot_be_used(vectors, vocabulary, what):
    with pytest.raises(InputError, match=what):
        keras_embedding(vectors, vocabulary)


def test_a_file_that_cannot_be_used(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        keras_embedding(tmp_path / "none.txt", ["film"])
