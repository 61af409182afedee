"""Each of the models, untrained: what holds of them whatever their weights."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

from apps.core.inference import run_in_batches
from apps.sentiment.config import Config
from apps.sentiment.model import PROBABILITIES, SENTENCE_ATTENTION, WORD_ATTENTION, build, with_attention

MODELS = ("average", "lstm", "attention", "hierarchical")
IDS = np.array([4, 7, 1, 9, 3], np.int32)


@pytest.fixture(scope="module")
def model_of() -> Callable[[str], Any]:
    import keras

    @cache
    def make(name: str) -> Any:
        keras.utils.set_random_seed(1)
        model = build(Config(model=name, units=3, embedding_dim=5), vocabulary_size=12, classes=3)  # type: ignore
        # Every bias and the Glorot weights away from zero, so that padding that counts is seen.
        random = np.random.default_rng(0)
        model.set_weights([random.normal(0, 1, array.shape) for array in model.get_weights()])
        return model

    return make


def pad(ids: np.ndarray, *shape: int) -> np.ndarray:
    padded = np.zeros(shape, np.int32)
    padded[tuple(slice(size) for size in ids.shape)] = ids
    return padded


def text_for(name: str) -> np.ndarray:
    return np.array([[4, 7, 1], [9, 3, 0]], np.int32) if name == "hierarchical" else IDS


@pytest.mark.parametrize("name", MODELS)
def test_padding_changes_nothing(name: str, model_of: Callable[[str], Any]) -> None:
    ids = text_for(name)
    wider = [pad(ids, *(size + more for size in ids.shape)) for more in (0, 1, 7)]
    first, *others = run_in_batches(model_of(name), wider)
    alone = [run_in_batches(model_of(name), [array])[0] for array in wider]
    for output in [*others, *alone]:
        np.testing.assert_allclose(output, first, atol=1e-6)
    other = run_in_batches(model_of(name), [np.where(ids == 7, 8, ids)])[0]
    assert np.abs(other - first).max() > 1e-4, "the model looks at its input"


@pytest.mark.parametrize("name", MODELS)
def test_probabilities_are_finite_and_sum_to_one_even_of_nothing(name: str, model_of: Callable[[str], Any]) -> None:
    ids = text_for(name)
    outputs = np.stack(run_in_batches(model_of(name), [np.zeros_like(ids), ids, ids[:1] * 0, ids]))
    assert outputs.shape == (4, 3)
    assert np.isfinite(outputs).all()
    np.testing.assert_allclose(outputs.sum(1), 1, atol=1e-6)
    np.testing.assert_allclose(outputs[0], outputs[2], atol=1e-6)


@pytest.mark.parametrize("name", ["attention", "hierarchical"])
def test_attention_sums_to_one_over_what_is_real(name: str, model_of: Callable[[str], Any]) -> None:
    ids = pad(text_for(name), *(size + 2 for size in text_for(name).shape))
    output = run_in_batches(with_attention(model_of(name)), [ids])[0]
    weights = output[WORD_ATTENTION]
    assert (weights[ids == 0] == 0).all()
    assert (weights[ids != 0] > 0).all()
    np.testing.assert_allclose(weights.sum(-1), (ids != 0).any(-1), atol=1e-6)
    if name == "hierarchical":
        np.testing.assert_allclose(output[SENTENCE_ATTENTION].sum(), 1, atol=1e-6)
        assert (output[SENTENCE_ATTENTION][~(ids != 0).any(-1)] == 0).all()
    np.testing.assert_allclose(output[PROBABILITIES], run_in_batches(model_of(name), [ids])[0], atol=1e-6)


def test_the_average_is_blind_to_order_and_the_others_are_not(model_of: Callable[[str], Any]) -> None:
    for name in MODELS[:3]:
        forward, backward = run_in_batches(model_of(name), [IDS, IDS[::-1].copy()])
        assert np.allclose(forward, backward, atol=1e-6) == (name == "average")


@pytest.mark.parametrize("classes", [2, 7])
def test_vectors_start_the_embedding(classes: int) -> None:
    vectors = np.random.default_rng(0).normal(size=(6, 9)).astype(np.float32)
    model = build(Config(model="average", embedding_dim=4), 6, classes, vectors)
    np.testing.assert_array_equal(model.get_layer("embedding").get_weights()[0], vectors)
    assert model.output_shape == (None, classes)
