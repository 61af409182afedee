"""EmbeddingDropout takes away whole words, as in section 4.3 of Merity et al. (2018)."""

from __future__ import annotations

import re
from typing import Any

import keras
import numpy as np
import pytest

from layers.embedding_dropout import EmbeddingDropout
from tests.layers import harness
from tests.layers.harness import Case


@keras.saving.register_keras_serializable("seqsuite-tests")
class Looked(keras.layers.Layer):
    """An embedding and the dropout behind it, of ids alone."""

    def __init__(self, rate: float = 0.5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.embedding = keras.layers.Embedding(9, 4)
        self.dropout = EmbeddingDropout(9, rate, seed=3)
        self.rate = rate

    def build(self, input_shape: Any) -> None:
        self.embedding.build(input_shape)

    def call(self, inputs: Any) -> Any:
        return self.dropout(self.embedding(inputs), inputs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate}


@harness.properties(
    Case(
        "embedding-dropout",
        Looked,
        harness.words,
        keeps_time=(True,),
        masked=False,
        causal=True,
        rates=("rate",),
        without=frozenset(
            {
                "a_compiled_step_of_training_equals_an_eager_one",  # random
                "gradients_are_the_finite_differences",  # of ids
                "more_padding_changes_nothing",  # padding is
                "padding_anywhere_changes_nothing",  # the embedding's affair
            }
        ),
    )
)
def test_properties(holds: harness.Check) -> None:
    holds()


@pytest.mark.parametrize("rate", [0.25, 0.5])
def test_a_word_is_dropped_everywhere_or_scaled_everywhere(rate: float) -> None:
    layer = EmbeddingDropout(400, rate, seed=1)
    ids = np.random.default_rng(0).permutation(np.repeat(np.arange(400), 5)).reshape(50, 40)
    vectors = np.ones((50, 40, 3), "float32")
    first, second = (harness.to_numpy(layer(vectors, ids, training=True)) for _ in range(2))
    np.testing.assert_allclose(np.unique(first), [0, 1 / (1 - rate)], rtol=1e-6)
    factors = np.array([np.unique(first[ids == word]) for word in range(400)])  # one for each word, or this fails
    assert factors.shape == (400, 1)
    assert abs((factors == 0).mean() - rate) < 4 * (rate * (1 - rate) / 400) ** 0.5
    assert 0.2 < (first != second).mean() < 0.8


def test_gradients_reach_the_words_that_are_kept() -> None:
    layer = EmbeddingDropout(9, 0.5, seed=1)
    ids, kept = np.arange(9), []

    def loss(values: list[Any]) -> Any:
        outputs = layer(values[0], keras.ops.convert_to_tensor(ids), training=True)
        kept.append(harness.to_numpy(keras.ops.stop_gradient(outputs)) if keras.backend.backend() != "jax" else None)
        return keras.ops.sum(outputs)

    (slope,) = harness.gradients(loss, [np.ones((9, 2), "float32")])
    expected = slope if kept[0] is None else kept[0]
    np.testing.assert_array_equal(slope, expected)
    np.testing.assert_array_equal(np.unique(slope), [0, 2])


def test_an_embedding_may_be_shared_is_saved_once_and_its_mask_passes(tmp_path: Any) -> None:
    shared, ids = keras.layers.Embedding(9, 4, mask_zero=True), keras.Input((None,), dtype="int32")
    model = keras.Model(ids, [EmbeddingDropout(9, 0.5)(shared(ids), ids), shared(ids)])
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert len(loaded.weights) == 1
    np.testing.assert_array_equal(loaded.get_weights()[0], model.get_weights()[0])
    vectors = EmbeddingDropout(9, 0.5)(shared(np.array([[0, 3]])), np.array([[0, 3]]))
    np.testing.assert_array_equal(harness.to_numpy(vectors._keras_mask), [[False, True]])


@pytest.mark.parametrize("rate", [-0.1, 1.1, float("nan")])
def test_a_rate_outside_0_to_1_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match=re.escape(f"rate must lie between 0 and 1, not {rate!r}")):
        EmbeddingDropout(9, rate)


@pytest.mark.parametrize("size", [0, 2.0, None])
def test_a_vocabulary_that_is_no_size_is_refused(size: Any) -> None:
    with pytest.raises(ValueError, match=f"input_dim must be a whole number of at least 1, not {size!r}"):
        EmbeddingDropout(size, 0.5)


def test_ids_of_another_shape_or_type_are_refused() -> None:
    with pytest.raises(ValueError, match="ids must be integers, not float32"):
        EmbeddingDropout(9, 0.5)(np.ones((2, 3, 4), "float32"), np.ones((2, 3), "float32"))
    with pytest.raises(ValueError, match=r"ids must have the shape of the vectors without features, \(2, 3\), not"):
        EmbeddingDropout(9, 0.5)(np.ones((2, 3, 4), "float32"), np.ones((2, 2), "int32"))
