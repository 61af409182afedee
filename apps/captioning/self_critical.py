r"""Training on the metric itself: captions drawn from the model are made likelier or less likely by their CIDEr.

.. math:: \nabla L = - \frac{1}{k} \sum_{i=1}^k (r(y_i) - b_i) \nabla \log p(y_i)
          \qquad b_i = \frac{1}{k - 1} \sum_{j \ne i} r(y_j)

The baseline is the mean reward of the other captions drawn of the same picture, rather than that of the greedy one:
it costs nothing, as they are drawn anyway.

Reference: Rennie et al. (2017), Self-critical Sequence Training for Image Captioning, equations 6 to 8; Luo (2020), A
Better Variant of Self-Critical Sequence Training, equation 4 (the baseline).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import keras
import numpy as np

from .cider import Cider
from .decoding import draw, parts, to_grid
from .model import PICTURE, WORDS
from .words import END, PAD, Vocabulary, shifted, until_end

MARK = "endofcaption"


def advantages(rewards: np.ndarray) -> np.ndarray:
    """By how much each reward is above the mean of the others of its picture, for `[pictures, samples]`.

    Example:
        >>> advantages(np.array([[1.0, 2.0, 3.0]]))
        array([[-1.5,  0. ,  1.5]])
    """
    others = (rewards.sum(axis=1, keepdims=True) - rewards) / (rewards.shape[1] - 1)
    return rewards - others


def trimmed(sequences: np.ndarray) -> np.ndarray:
    """Captions `[..., time]` with one end each and 0 after it, as long as the longest."""
    over = np.cumsum(sequences == END, axis=-1) - (sequences == END) > 0
    captions = np.where(over, PAD, sequences)
    return captions[..., : int((captions != PAD).any(axis=tuple(range(captions.ndim - 1))).sum())]


def marked(references: Iterable[Sequence[str]]) -> list[tuple[str, ...]]:
    """Captions with a word for their end, or models learn to end in "on a", whose n-grams are in many captions."""
    return [tuple(f"{caption} {MARK}" for caption in captions) for captions in references]


def judge(
    captions: np.ndarray, references: Sequence[Sequence[str]], cider: Cider, vocabulary: Vocabulary
) -> np.ndarray:
    """The reward of drawn captions: CIDEr-D, in which the end counts as a word.

    Args:
        captions: `[pictures, samples, time]`, 0 after their end.
        references: Of each picture, its captions as `marked`.
        cider: Of marked captions.
        vocabulary: Of the captions drawn.

    Returns:
        `[pictures, samples]`.
    """
    pictures, samples, time = captions.shape
    rows = captions.reshape(-1, time)
    words = [
        [vocabulary.tokens[index] for index in until_end(row[row != PAD])] + [MARK] * bool((row == END).any())
        for row in rows
    ]
    repeated = [one for one in references for _ in range(samples)]
    return cider.scores(words, repeated).reshape(pictures, samples)


@lru_cache(maxsize=4)
def compiled_draw(model: keras.Model, samples: int, max_length: int) -> Any:
    """Drawing as one graph, from a batch of pictures and a seed."""
    import tensorflow as tf

    _, decoder = parts(model)
    picture = model.input[PICTURE]
    seeds = keras.random.SeedGenerator(0)

    def run(pictures: Any) -> Any:
        return draw(decoder, to_grid(model, pictures), samples, max_length, seeds)

    graph = tf.function(run, input_signature=[tf.TensorSpec((None, *picture.shape[1:]), picture.dtype)])

    def seeded(pictures: Any, seed: int) -> np.ndarray:
        seeds.state.assign(np.array([seed % 2**31, 0], np.uint32))
        return graph(pictures).numpy()

    return seeded


def drawn_batches(
    model: keras.Model,
    groups: Iterable[tuple[np.ndarray, Sequence[Sequence[str]]]],
    samples: int,
    max_length: int,
    cider: Cider,
    vocabulary: Vocabulary,
    seed: int,
) -> Iterator[Any]:
    """Yields (inputs, targets, weights): captions drawn from the model as it is by then, weighted by their advantage.

    Args:
        model: The live model.
        groups: Of each batch its pictures, as the model takes them, and their captions, as `marked`.
        samples: Captions to draw of each picture.
        max_length: Most words of them.
        cider: The reward, of marked captions.
        vocabulary: Of the model.
        seed: Of what is drawn.
    """
    run = compiled_draw(model, samples, max_length)
    for number, (pictures, references) in enumerate(groups):
        captions = trimmed(run(pictures, seed + number))  # [pictures, samples, time]
        gains = advantages(judge(captions, references, cider, vocabulary))  # [pictures, samples]
        weights = np.repeat(gains[..., None].astype(np.float32), captions.shape[-1], axis=-1)
        yield {PICTURE: pictures, WORDS: shifted(captions)}, captions, weights
