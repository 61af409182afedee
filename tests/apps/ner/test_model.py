"""The tagger, untrained: what holds of it whatever its weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from apps.core.inference import run_in_batches
from apps.ner.config import Config
from apps.ner.loader import Encoder
from apps.ner.model import EMISSIONS, build, emitter, transition_scores, with_transitions

from .helpers import encoder_for

SENTENCES = [["Obama", "lives", "in", "Berlin", "."], ["Teddy", "bears"]]
SMALL = {"units": 3, "embedding_dim": 4, "shape_dim": 2, "bigram_dim": 3, "char_dim": 3, "char_units": 4}
KINDS: dict[str, dict[str, Any]] = {
    "cnn": {},
    "lstm": {"characters": "lstm", "lstm_layers": 2, "zoneout": 0.2, "weight_drop": 0.3, "locked_dropout": True},
    "none": {"characters": "none", "directions": "forward"},
    "softmax": {"decoder": "softmax", "shape_dim": 0},
    "characters": {"unit": "characters"},
    "vectors": {},
}


def make(kind: str, **more: Any) -> tuple[Any, Encoder]:
    import keras

    knobs = {**SMALL, **KINDS[kind], **more}
    unit = knobs.pop("unit", "words")
    words = ["berlin", "lives"] if kind == "vectors" else None
    encoder = encoder_for(SENTENCES, unit=unit, vectors=words, **knobs)
    keras.utils.set_random_seed(1)
    vectors = np.ones((4, 6), np.float32) if words else None
    model = build(Config(**knobs), encoder, vectors)
    # Every bias and the initial weights away from zero, so that padding that counts is seen.
    random = np.random.default_rng(0)
    model.set_weights([random.normal(0, 1, array.shape) for array in model.get_weights()])
    return model, encoder


def padded(array: np.ndarray, more: int) -> np.ndarray:
    return np.concatenate([array, np.zeros((more, array.shape[1]), np.int32)])


@pytest.mark.parametrize("kind", KINDS)
def test_padding_and_company_change_nothing(kind: str) -> None:
    model, encoder = make(kind)
    emit = emitter(model)
    long, short = encoder(SENTENCES[0]), encoder(SENTENCES[1])
    alone = run_in_batches(emit, [long])[0]
    wider, beside = run_in_batches(emit, [padded(long, 7)])[0], run_in_batches(emit, [short, long, padded(short, 9)])[1]
    for output in (wider, beside):
        np.testing.assert_allclose(output[: len(long)], alone, atol=1e-5)
    other = run_in_batches(emit, [encoder(["Obama", "lives", "in", "lives", "."])])[0]
    assert np.abs(other - alone).max() > 1e-4, "the model looks at its input"
    assert np.isfinite(run_in_batches(emit, [encoder([])])[0]).all()


def test_only_both_directions_see_what_comes_later() -> None:
    for kind, sees in (("cnn", True), ("none", False)):
        model, encoder = make(kind)
        one, two = run_in_batches(emitter(model), [encoder(SENTENCES[0]), encoder([*SENTENCES[0][:4], "Teddy"])])
        assert (np.abs(one[0] - two[0]).max() > 1e-5) == sees


@pytest.mark.parametrize("kind", ["cnn", "lstm", "characters"])
def test_dropout_is_of_training_alone(kind: str) -> None:
    model, encoder = make(kind)
    batch = encoder(SENTENCES[0])[None]
    silent = [np.asarray(model(batch, training=False)) for _ in range(2)]
    np.testing.assert_array_equal(*silent)
    assert np.abs(np.asarray(model(batch, training=True))[:, 1:4] - silent[0][:, 1:4]).max() > 1e-3


@pytest.mark.parametrize("trainable", [True, False])
def test_vectors_are_kept_or_trained(trainable: bool) -> None:
    encoder = encoder_for(SENTENCES, vectors=["berlin", "lives"], **SMALL)
    vectors = np.random.default_rng(0).normal(size=(4, 6)).astype(np.float32)
    model = build(Config(**SMALL, vectors_trainable=trainable), encoder, vectors)  # type: ignore[arg-type]
    table = model.get_layer("vector")
    np.testing.assert_array_equal(table.get_weights()[0], vectors)
    assert len(table.trainable_variables) == trainable


def test_the_transitions_are_those_of_the_crf() -> None:
    from layers.crf import viterbi

    model, encoder = make("cnn")
    batch = encoder(SENTENCES[0])[None]
    outputs = with_transitions(model)(batch)
    emissions, scores = np.asarray(outputs[EMISSIONS])[0], np.asarray(outputs["transitions"])
    np.testing.assert_array_equal(scores, transition_scores(model))
    tags, best = (np.asarray(part)[0] for part in viterbi(model(batch)))
    steps = emissions[np.arange(5), tags].sum() + scores[tags[:-1], tags[1:]].sum()
    assert scores[-2, tags[0]] + steps + scores[-1, tags[-1]] == pytest.approx(float(best), abs=1e-4)
    assert not transition_scores(make("softmax")[0]).any()


def test_the_gradient_reaches_everything_but_kept_vectors() -> None:
    import tensorflow as tf

    from layers import CRFLoss

    for kind in ("lstm", "vectors", "characters"):
        model, encoder = make(kind)
        with tf.GradientTape() as tape:
            loss = CRFLoss()(np.array([[4, 0, 0, 3, 0]]), model(encoder(SENTENCES[0])[None], training=True))
        gradients = tape.gradient(loss, model.trainable_variables)
        assert all(gradient is not None for gradient in gradients)
        assert len(model.non_trainable_weights) - sum("seed" in w.name for w in model.non_trainable_weights) == (
            kind == "vectors"
        )


def test_a_recall_bias_is_of_training_alone_and_is_unlearned() -> None:
    """In training O looks better by the bias, so that what is learned scores it lower."""
    plain, encoder = make("none")
    biased, _ = make("none", recall_bias=2.0)
    biased.set_weights(plain.get_weights())
    batch = encoder(SENTENCES[0])[None]
    np.testing.assert_array_equal(np.asarray(biased(batch)), np.asarray(plain(batch)))
    layer = next(layer for layer in biased.layers if layer.name.startswith("handicap"))
    shift = np.asarray(layer(np.zeros((1, 1, 9), np.float32), training=True))[0, 0]
    assert shift.tolist() == [2.0, *[0.0] * 8]
