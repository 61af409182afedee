"""Training on captions drawn from the model, and on its own words."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from apps.captioning.cider import Cider
from apps.captioning.config import Config
from apps.captioning.losses import CaptionLoss
from apps.captioning.self_critical import MARK, advantages, compiled_draw, drawn_batches, judge, marked, trimmed
from apps.captioning.task import CaptioningTask
from apps.captioning.training import draw_words, mixed, put_in
from apps.captioning.words import END, PAD, START, Vocabulary, shifted

from .helpers import VOCABULARY, captions, features, small_model

WORDS = Vocabulary([f"w{index}" for index in range(VOCABULARY - 4)])
REFERENCES = [("w0 w1 w2", "w0 w1"), ("w3 w4", "w3 w4 w5"), ("w6 w7", "w6")]


@given(st.lists(st.lists(st.floats(0, 10), min_size=3, max_size=3), min_size=1, max_size=4))
def test_advantages_of_a_picture_sum_to_nothing(rewards: list[list[float]]) -> None:
    np.testing.assert_allclose(advantages(np.array(rewards)).sum(axis=1), 0, atol=1e-9)


def test_an_advantage_is_over_the_mean_of_the_others() -> None:
    np.testing.assert_allclose(advantages(np.array([[4.0, 1, 1], [0, 0, 3]])), [[3, -1.5, -1.5], [-1.5, -1.5, 3]])


def test_drawn_captions_keep_one_end() -> None:
    drawn = np.array([[[4, END, END, END], [4, 5, END, END]], [[END] * 4, [END] * 4]])
    assert trimmed(drawn).tolist() == [[[4, END, PAD], [4, 5, END]], [[END, PAD, PAD], [END, PAD, PAD]]]
    assert trimmed(np.array([[[4, 5]]])).tolist() == [[[4, 5]]]


def test_the_reward_is_cider_with_the_end_as_a_word() -> None:
    references = marked(REFERENCES)
    cider = Cider(references)
    whole, cut = [4, 5, 6, END], [4, 5, 6, 7]
    rewards = judge(np.array([[whole, cut, [END, 0, 0, 0]]]), references[:1], cider, WORDS)[0]
    expected = cider.scores([["w0", "w1", "w2", MARK], ["w0", "w1", "w2", "w3"], [MARK]], [references[0]] * 3)
    np.testing.assert_allclose(rewards, expected)
    assert rewards[0] > rewards[1]


def batches_of(model: keras.Model, seed: int, steps: int = 1) -> list[Any]:
    references = marked(REFERENCES)
    groups = [(features(3), references)] * steps
    return list(drawn_batches(model, groups, 4, 5, Cider(references), WORDS, seed))


def test_a_seed_draws_the_same_captions() -> None:
    model = small_model()
    one, again, other = (batches_of(model, seed)[0][1] for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert one.shape != other.shape or (one != other).any()


def test_batches_follow_the_model() -> None:
    model = small_model()
    run = compiled_draw(model, 4, 5)
    before = run(features(3), 1)
    for variable in model.trainable_variables:
        variable.assign(variable * -1.0)
    assert (run(features(3), 1) != before).any()


def cider_loss() -> keras.losses.Loss:
    return CaptioningTask(Config(data="features", objective="cider", start="run")).loss()


def test_words_that_are_never_drawn_gain_nothing() -> None:
    """What bad captions lose must not go to the unknown word, as no reward would ever take it away again."""
    model = small_model()
    inputs, targets, weights = batches_of(model, 3)[0]
    logits = tf.Variable(model(inputs))
    with tf.GradientTape() as tape:
        value = cider_loss()(targets, logits, sample_weight=weights)
    gradient = tape.gradient(value, logits).numpy()
    assert (gradient[..., :END] == 0).all()
    assert (gradient[..., END:] != 0).any()


def test_the_gradient_is_that_of_reinforce() -> None:
    model = small_model()
    inputs, targets, weights = batches_of(model, 3)[0]
    np.testing.assert_array_equal(inputs["words"], shifted(targets))
    kernel = model.get_layer("decoder").deep.kernel

    def gradient(loss: Any) -> np.ndarray:
        with tf.GradientTape() as tape:
            value = loss(model(inputs, training=True))
        return tape.gradient(value, kernel.value).numpy()

    def reinforce(logits: Any) -> Any:
        said = logits[..., END:]  # captions are drawn from this
        log_p = tf.reduce_sum(tf.nn.log_softmax(said) * tf.one_hot(targets - END, VOCABULARY - END), -1)
        log_p = tf.reduce_sum(log_p * tf.cast(targets != PAD, tf.float32), -1)  # [pictures, samples]
        return -tf.reduce_sum(weights[..., 0] * log_p) / np.sum(targets != PAD)

    loss = cider_loss()
    found = gradient(lambda logits: loss(targets, logits, sample_weight=weights))
    np.testing.assert_allclose(found, gradient(reinforce), atol=1e-5)


def test_training_raises_the_reward() -> None:
    model = small_model()
    model.compile(keras.optimizers.Adam(0.05), cider_loss())
    cider = Cider(marked(REFERENCES))

    def reward(seed: int) -> float:
        drawn = batches_of(model, seed)[0][1]
        return float(judge(drawn, marked(REFERENCES), cider, WORDS).mean())

    before = np.mean([reward(seed) for seed in range(100, 110)])
    for seed in range(60):
        ((inputs, targets, weights),) = batches_of(model, seed * 7)
        padding = ((0, 0), (0, 0), (0, 6 - targets.shape[-1]))  # one shape, so that one graph does
        padded = {**inputs, "words": np.pad(inputs["words"], padding)}
        model.train_on_batch(padded, np.pad(targets, padding), sample_weight=np.pad(weights, padding))
    assert np.mean([reward(seed) for seed in range(100, 110)]) > before + 0.2


# Scheduled sampling


def test_own_words_are_put_in_at_a_share_of_the_steps() -> None:
    words = shifted(captions(20, 5, 9))
    own = np.full(words.shape, 11, np.int32)
    random = np.random.default_rng(0)
    np.testing.assert_array_equal(put_in(words, own, 0.0, random), words)
    half = put_in(words, own, 0.5, random)
    assert (half[..., 0] == words[..., 0]).all()
    assert (half[words == PAD] == PAD).all()
    assert 0.4 < (half == 11)[..., 1:][words[..., 1:] != PAD].mean() < 0.65


def test_what_is_put_in_is_what_was_said_a_step_before() -> None:
    words, own = np.array([[[START, 4, 5]]]), np.array([[[7, 8, 9]]])
    assert put_in(words, own, 0.999, np.random.default_rng(0)).tolist() == [[[START, 7, 8]]]


def test_words_are_drawn_with_their_probability() -> None:
    logits = np.broadcast_to(np.log([0.2, 0.8]), (5000, 2)).astype(np.float32)
    assert draw_words(logits, np.random.default_rng(0)).mean() == pytest.approx(0.8, abs=0.03)


@pytest.mark.parametrize("done", [0, 10])
def test_the_share_rises_with_the_steps(done: int) -> None:
    model = small_model()
    model.compile("adam", CaptionLoss())
    model.optimizer.build(model.trainable_variables)
    model.optimizer.iterations.assign(done)
    targets = captions(4, 2, 6)
    inputs = {"picture": features(4), "words": shifted(targets)}
    dataset = tf.data.Dataset.from_tensors((inputs, targets))
    config = Config(data="features", epochs=11, scheduled_sampling=0.9)
    batches = mixed(dataset, model, config, 1)
    model.optimizer.iterations.assign(11)  # as a training step may before it has its batch
    ((found, same),) = batches.as_numpy_iterator()
    np.testing.assert_array_equal(same, targets)
    assert (found["words"] == inputs["words"]).all() == (done == 0)


def test_a_run_to_start_from_is_needed() -> None:
    with pytest.raises(ValueError, match="--start: must name a run"):
        Config(objective="cider")
