"""Training batches that depend on what the model has learned so far: its own words, or captions drawn from it.

They are made between one training step and the next, never ahead, so that the same seed gives the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from apps.core.batching import no_autotune

from .cider import Cider
from .examples import says_sides
from .model import PICTURE, WORDS
from .self_critical import drawn_batches, marked
from .words import PAD

if TYPE_CHECKING:
    from .config import Config
    from .data import Example
    from .task import CaptioningTask


def in_step(generate: Callable[[], Iterator[Any]], signature: Any, number: int) -> tf.data.Dataset:
    """A dataset that makes each batch when it is asked for."""
    dataset = tf.data.Dataset.from_generator(generate, output_signature=signature)
    return dataset.apply(tf.data.experimental.assert_cardinality(number)).with_options(no_autotune())


# Self-critical training


def drawn(task: CaptioningTask, model: Any, examples: Sequence[Example], seed: int) -> tf.data.Dataset:
    """Batches of captions drawn from the model, of all pictures in the order that the seed draws, some mirrored."""
    config = task.config
    pictures = task.pictures
    random = np.random.default_rng(seed)
    order = random.permutation(len(examples))
    size = min(config.batch_size, len(examples))
    groups = np.resize(order, (-(-len(order) // size), size))  # what the last one lacks is met twice
    turned = np.array([config.flips and not says_sides(example) for example in examples])
    turned &= random.random(len(order)) < 0.5
    references = marked([example.captions for example in examples])
    cider = Cider(references)

    def batches() -> Iterator[Any]:
        for group in groups:
            images = pictures.gather([examples[index].image for index in group], turned[group])
            yield images, [references[index] for index in group]

    def generate() -> Iterator[Any]:
        yield from drawn_batches(model, batches(), config.samples, config.max_length, cider, task.vocabulary, seed)

    picture = model.input[PICTURE]
    words = tf.TensorSpec((size, config.samples, None), tf.int32)
    inputs = {PICTURE: tf.TensorSpec((size, *picture.shape[1:]), picture.dtype), WORDS: words}
    weights = tf.TensorSpec((size, config.samples, None), tf.float32)
    return in_step(generate, (inputs, words, weights), len(groups))


# Scheduled sampling


def mixed(batches: tf.data.Dataset, model: Any, config: Config, seed: int) -> tf.data.Dataset:
    """Batches in whose input some words are those that the model would have said itself.

    In a first pass the model says a word at every step, given the right words; these are put in at a share of the
    steps, which rises from nothing to `config.scheduled_sampling` over the training.

    Reference:
        Bengio et al. (2015), Scheduled Sampling for Sequence Prediction, section 2.4; Mihaylova & Martins (2019),
        Scheduled Sampling for Transformers, section 3 (two passes, which keeps all steps parallel).
    """
    steps = config.epochs * int(batches.cardinality())
    # Counted here: a training step may raise the optimizer's own count before its batch is there.
    done = int(model.optimizer.iterations)
    predict = tf.function(lambda inputs: model(inputs, training=False), reduce_retracing=True)

    def generate() -> Iterator[Any]:
        random = np.random.default_rng(seed)  # here, as Keras looks at a first batch before it begins
        for number, (inputs, targets) in enumerate(batches.as_numpy_iterator(), done):
            share = config.scheduled_sampling * number / steps
            logits = predict({name: tf.constant(value) for name, value in inputs.items()})
            own = draw_words(np.asarray(logits), random)
            yield {**inputs, WORDS: put_in(inputs[WORDS], own, share, random)}, targets

    return in_step(generate, batches.element_spec, int(batches.cardinality()))


def draw_words(logits: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A word for each distribution, of logits `[..., vocabulary]`, by the largest of logit and Gumbel noise."""
    noise = random.gumbel(size=logits.shape).astype(np.float32)
    return (logits + noise).argmax(-1).astype(np.int32)


def put_in(words: np.ndarray, own: np.ndarray, share: float, random: np.random.Generator) -> np.ndarray:
    """Words put in `[..., time]`, a share of them but for the first replaced by what was said a step before."""
    said = np.roll(own, 1, axis=-1)
    chosen = random.random(words.shape) < share
    chosen[..., 0] = False
    return np.where(chosen & (words != PAD), np.maximum(said, 1), words).astype(np.int32)
