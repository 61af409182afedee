"""Whole streams, pieces of streams and single steps give the same scores; nothing sees the future; what is trained."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from apps.trigger_word.config import Config
from apps.trigger_word.features import SPEC, STRIDE, log_mel
from apps.trigger_word.losses import RareEventLoss
from apps.trigger_word.model import OneStep, Stream, build

from .helpers import MODELS, small_model, sounds


def features_of(seconds: float = 1.2) -> np.ndarray:
    features = log_mel(sounds(seconds))
    return features[: len(features) // STRIDE * STRIDE]


@pytest.mark.parametrize("kind", MODELS)
def test_one_score_a_keyword_every_third_frame(kind: str) -> None:
    scores = np.asarray(small_model(kind)(features_of()[None]))
    assert scores.shape == (1, len(features_of()) // 3, 2)
    assert np.ptp(scores[0], axis=0).min() > 0.02, "it hears something"
    assert 0 <= scores.min() <= scores.max() <= 1


@pytest.mark.parametrize("kind", MODELS)
def test_it_never_sees_the_future(kind: str) -> None:
    features, model = features_of(), small_model(kind)
    changed = features.copy()
    changed[60:] += 3
    before, after = (np.asarray(model(each[None]))[0] for each in (features, changed))
    np.testing.assert_allclose(before[:20], after[:20], atol=1e-6)
    assert np.abs(before[20:] - after[20:]).max() > 1e-3


@pytest.mark.parametrize("kind", MODELS)
def test_pieces_and_steps_give_what_the_whole_gives(kind: str) -> None:
    features, model = features_of(), small_model(kind)
    whole = np.asarray(model(features[None]))[0]
    stream, step = Stream(model), OneStep(model)
    states, pieces = stream.first_states(), []
    for start, end in ((0, 3), (3, 30), (30, 60), (60, len(features))):
        scores, states = stream(features[None, start:end], states)
        pieces.append(np.asarray(scores)[0])
    np.testing.assert_allclose(np.concatenate(pieces), whole, atol=1e-5)
    given = step.silence()
    for index in range(20):
        given[0] = features[None, 3 * index : 3 * index + 3]
        score, *given[1:] = step(given)
        np.testing.assert_allclose(np.asarray(score)[0], whole[index], atol=1e-5)


def test_zoneout_is_its_expectation_in_a_step() -> None:
    config = Config(zoneout=0.4, units=6, filters=5)
    keras.utils.set_random_seed(0)
    model = build(config, 1, [-4.0] * SPEC["bands"], [9.0] * SPEC["bands"])
    whole = np.asarray(model(features_of()[None]))[0]
    step = OneStep(model)
    given = step.silence()
    for index in range(10):
        given[0] = features_of()[None, 3 * index : 3 * index + 3]
        score, *given[1:] = step(given)
    np.testing.assert_allclose(np.asarray(score)[0], whole[9], atol=1e-5)


@pytest.mark.parametrize("kind", MODELS)
def test_a_file_of_the_model_loads(kind: str, tmp_path: Any) -> None:
    model = small_model(kind)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", compile=False)
    features = features_of()[None]
    np.testing.assert_allclose(np.asarray(loaded(features)), np.asarray(model(features)), atol=1e-6)


def test_features_are_normalised() -> None:
    model = build(Config(), 1, [2.0] * SPEC["bands"], [4.0] * SPEC["bands"])
    features = np.full((1, 3, SPEC["bands"]), 6.0, np.float32)
    np.testing.assert_allclose(np.asarray(model.get_layer("normalise")(features)), 2.0)


# The loss


def test_without_focus_and_weight_it_is_cross_entropy() -> None:
    rng = np.random.default_rng(0)
    wanted, given = rng.integers(0, 2, (2, 5, 3)).astype(np.float32), rng.random((2, 5, 3), np.float32)
    ours = RareEventLoss(focus=0, positive_weight=1)(wanted, given)
    np.testing.assert_allclose(float(ours), float(keras.losses.BinaryCrossentropy()(wanted, given)), rtol=1e-4)


def test_focus_is_that_of_the_paper() -> None:
    ours = RareEventLoss(focus=2, positive_weight=3)(np.array([[[1.0, 0.0]]]), np.array([[[0.7, 0.6]]]))
    wanted = (-3 * 0.3**2 * np.log(0.7) - 0.6**2 * np.log(0.4)) / 2
    np.testing.assert_allclose(float(ours), wanted, rtol=1e-5)


@pytest.mark.parametrize("focus", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("wanted", [[1.0, 0.0], [0.0, 1.0]])
def test_certain_answers_give_finite_gradients(focus: float, wanted: list[float]) -> None:
    import tensorflow as tf

    given = tf.Variable([[[0.0, 1.0]]])
    with tf.GradientTape() as tape:
        loss = RareEventLoss(focus)(tf.constant([[wanted]]), given)
    assert np.isfinite(float(loss))
    assert np.isfinite(tape.gradient(loss, given).numpy()).all()


def test_the_loss_has_a_serial_form() -> None:
    loss = RareEventLoss(1.5, 7.0)
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    assert (again.focus, again.positive_weight) == (1.5, 7.0)
