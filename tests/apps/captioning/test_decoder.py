"""The decoders: quick loop against the layers, whole captions against single steps, padding, noise, saving."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.captioning.attention import AttentionDecoder, targets_of, unevenness
from apps.captioning.losses import CaptionLoss
from apps.captioning.words import END, PAD, UNKNOWN, shifted

from .helpers import CHANNELS, PLACES, captions, features, small_model

MODELS = ("attention", "inject", "hard")


def inputs_of(pictures: int = 3, rows: int = 2, time: int = 5, seed: int = 0) -> tuple[dict[str, Any], np.ndarray]:
    targets = captions(pictures, rows, time, seed)
    return {"picture": features(pictures, seed), "words": shifted(targets)}, targets


def outputs_and_gradients(model: keras.Model, inputs: Any, targets: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    @tf.function
    def run() -> Any:
        with tf.GradientTape() as tape:
            logits = model({name: tf.constant(value) for name, value in inputs.items()}, training=True)
            loss = CaptionLoss(0.1)(targets, logits) + sum(model.losses)
        return logits, tape.gradient(loss, [variable.value for variable in model.trainable_variables])

    logits, gradients = run()
    return logits.numpy(), [tf.convert_to_tensor(gradient).numpy() for gradient in gradients]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_quick_loop_and_its_gradient_are_those_of_the_layers(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    model = small_model(seed, doubly_stochastic=0.7)
    inputs, targets = inputs_of(seed=seed)
    assert model.get_layer("decoder").is_plain
    quick, quick_gradients = outputs_and_gradients(model, inputs, targets)
    monkeypatch.setattr(AttentionDecoder, "is_plain", False)
    slow, slow_gradients = outputs_and_gradients(model, inputs, targets)
    real = targets != PAD
    np.testing.assert_allclose(quick[real], slow[real], atol=1e-5)
    for variable, one, other in zip(model.trainable_variables, quick_gradients, slow_gradients, strict=True):
        assert np.abs(other).max() > 1e-6, variable.path
        np.testing.assert_allclose(one, other, atol=2e-6 + 1e-4 * np.abs(other).max(), err_msg=variable.path)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("more", [{}, {"zoneout": 0.2}, {"weight_drop": 0.3}, {"tied": False}])
def test_single_steps_give_what_whole_captions_give(model: str, more: dict[str, Any]) -> None:
    built = small_model(model=model, **more)
    decoder = built.get_layer("decoder")
    inputs, targets = inputs_of(rows=1)
    whole = built(inputs, training=False).numpy()[:, 0]  # [pictures, time, vocabulary]
    fixed, state = decoder.begin(tf.cast(inputs["picture"], tf.float32))
    for t in range(targets.shape[-1]):
        logits, state = decoder.step(tf.constant(inputs["words"][:, 0, t]), state, fixed)
        real = targets[:, 0, t] != PAD
        np.testing.assert_allclose(logits.numpy()[real], whole[real, t], atol=1e-5)


@pytest.mark.parametrize("model", MODELS)
@settings(max_examples=5)
@given(more=st.integers(1, 4), seed=st.integers(0, 5))
def test_more_padding_and_other_captions_change_nothing(model: str, more: int, seed: int) -> None:
    built = small_model(model=model)
    inputs, targets = inputs_of(seed=seed)
    before = built(inputs, training=False).numpy()
    longer = {**inputs, "words": np.pad(inputs["words"], [(0, 0), (0, 1), (0, more)])}
    after = built(longer, training=False).numpy()[:, :2, : targets.shape[-1]]
    real = targets != PAD
    np.testing.assert_allclose(after[real], before[real], atol=1e-5)


@pytest.mark.parametrize("model", MODELS)
def test_no_word_depends_on_a_later_one(model: str) -> None:
    built = small_model(model=model)
    inputs, _ = inputs_of()
    changed = {**inputs, "words": inputs["words"].copy()}
    changed["words"][:, :, 3:] = np.where(inputs["words"][:, :, 3:] > END, 5, inputs["words"][:, :, 3:])
    one, other = (built(given, training=False).numpy() for given in (inputs, changed))
    real = (inputs["words"] != PAD)[:, :, :3]
    np.testing.assert_allclose(one[:, :, :3][real], other[:, :, :3][real], atol=1e-6)


@pytest.mark.parametrize("model", MODELS)
def test_the_picture_counts(model: str) -> None:
    built = small_model(model=model)
    inputs, targets = inputs_of()
    one = built(inputs, training=False).numpy()
    other = built({**inputs, "picture": features(3, 9) * 3}, training=False).numpy()
    assert np.abs(one - other)[targets != PAD].max() > 1e-3


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    "noise",
    [
        {"dropout": 0.5},
        {"feature_dropout": 0.5},
        {"locked_dropout": 0.5},
        {"zoneout": 0.5},
        {"weight_drop": 0.5},
    ],
)
def test_noise_is_of_training_alone(model: str, noise: dict[str, float]) -> None:
    built = small_model(model=model, **noise)
    inputs, targets = inputs_of()
    real = targets != PAD
    run = tf.function(lambda training: built(inputs, training=training))
    quiet = [run(False).numpy()[real] for _ in range(2)]
    noisy = [run(True).numpy()[real] for _ in range(2)]
    np.testing.assert_array_equal(*quiet)
    assert np.abs(noisy[0] - noisy[1]).max() > 1e-4


@pytest.mark.parametrize("model", MODELS)
def test_a_saved_model_is_the_same(model: str, tmp_path: Path) -> None:
    built = small_model(model=model, zoneout=0.1, weight_drop=0.1)
    built.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    inputs, targets = inputs_of()
    one, other = (each(inputs, training=False).numpy()[targets != PAD] for each in (built, loaded))
    np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.parametrize("model", MODELS)
def test_weights_do_not_depend_on_what_only_training_needs(model: str) -> None:
    plain = [variable.shape for variable in small_model(model=model).weights]
    noisy = small_model(model=model, zoneout=0.1, weight_drop=0.1, dropout=0.3, locked_dropout=0.2)
    assert [variable.shape for variable in noisy.weights] == plain


def test_hard_attention_is_trained_by_what_it_draws() -> None:
    built = small_model(model="hard")
    inputs, targets = inputs_of()
    _, gradients = outputs_and_gradients(built, inputs, targets)
    (of_score,) = (
        gradient
        for variable, gradient in zip(built.trainable_variables, gradients, strict=True)
        if variable.path.endswith("/vector")
    )
    assert np.abs(of_score).max() > 1e-6


@pytest.mark.parametrize("model", ["attention", "inject"])
def test_captions_for_cider_are_drawn_at_a_temperature(model: str) -> None:
    plain = small_model(model=model)
    cool = small_model(model=model, objective="cider", start="run", temperature=0.25)
    cool.set_weights(plain.get_weights())
    given = {"picture": features(2), "words": shifted(captions(2, 3, 5))}
    np.testing.assert_allclose(np.asarray(cool(given)), 4 * np.asarray(plain(given)), rtol=1e-5)
    assert plain.get_layer("decoder").temperature == 1


def test_only_words_and_the_end_are_said() -> None:
    decoder = small_model().get_layer("decoder")
    fixed, state = decoder.begin(np.zeros((2, PLACES, CHANNELS), np.float32))
    log_probs, _ = decoder.next_word(np.array([2, 2]), state, fixed)
    assert np.isneginf(log_probs.numpy()[:, : UNKNOWN + 2]).all()
    assert np.isfinite(log_probs.numpy()[:, END:]).all()


def test_targets_are_the_words_one_step_later() -> None:
    wanted = captions(2, 2, 5)
    np.testing.assert_array_equal(targets_of(shifted(wanted).reshape(4, 5)), wanted.reshape(4, 5))


def test_unevenness_is_none_where_all_is_seen_once() -> None:
    np.testing.assert_allclose(unevenness(np.full((1, 4, 8), 0.25, np.float32)), [0], atol=1e-6)
    np.testing.assert_allclose(unevenness(np.array([[[1.0, 0], [1, 0], [1, 0]]], np.float32)), [(4 + 1) / 2])
