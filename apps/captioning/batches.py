"""Examples to training batches: pictures, each with several of its captions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from apps.core.batching import bucket, to_dataset

from .examples import Example, says_sides
from .model import PICTURE, WORDS
from .pictures import Pictures
from .tokens import tokenise
from .words import PAD, Vocabulary, shifted

CAPTIONS = 5
"""Most captions of a picture in a batch; of more, others each time."""


@dataclass(frozen=True)
class Encoded:
    """Examples as numbers.

    Args:
        images: The pictures' names.
        captions: Of each picture, its captions as numbers.
        can_turn: Which pictures may be mirrored: those of which no caption says left or right, `[examples]`.
    """

    images: Sequence[str]
    captions: Sequence[Sequence[np.ndarray]]
    can_turn: np.ndarray


def encode(examples: Sequence[Example], vocabulary: Vocabulary, max_length: int) -> Encoded:
    """Captions as numbers, cut at `max_length` words."""
    tokenised = [[tokenise(caption) for caption in example.captions] for example in examples]
    return Encoded(
        [example.image for example in examples],
        [[vocabulary.encode(words, max_length) for words in captions] for captions in tokenised],
        np.array([not says_sides(example) for example in examples]),
    )


def choose(captions: Sequence[np.ndarray], most: int, random: np.random.Generator | None) -> Sequence[np.ndarray]:
    """At most so many captions of a picture: drawn, or the first."""
    if random is None or len(captions) <= most:
        return captions[:most]
    return [captions[index] for index in sorted(random.choice(len(captions), most, replace=False))]


def pack(chosen: Sequence[Sequence[np.ndarray]], rows: int) -> np.ndarray:
    """Captions as `[pictures, rows, time]`, 0 after their end and where a picture has fewer."""
    time = max(len(caption) for captions in chosen for caption in captions)
    packed = np.full((len(chosen), rows, time), PAD, np.int32)
    for picture, captions in zip(packed, chosen, strict=True):
        for row, caption in zip(picture, captions, strict=False):
            row[: len(caption)] = caption
    return packed


def make_batches(encoded: Encoded, pictures: Pictures, batch_size: int, seed: int | None, flips: bool) -> Any:
    """Batches of (picture and words put in, words to come out); pictures of captions of like length together.

    Args:
        encoded: The examples.
        pictures: Where their pictures are.
        batch_size: Pictures of a batch.
        seed: Draws order, captions and which pictures are mirrored; None for none of it.
        flips: Whether to mirror half of the pictures that can be.
    """
    import tensorflow as tf

    most = min(CAPTIONS, max(map(len, encoded.captions)))
    longest = [max(map(len, captions)) for captions in encoded.captions]
    groups = bucket(longest, batch_size, seed)
    size = None if seed is None else len(groups[0])
    random = None if seed is None else np.random.default_rng(seed)
    turned = np.zeros(len(longest), bool)
    if random is not None and flips:
        turned = encoded.can_turn & (random.random(len(longest)) < 0.5)
    chosen = [choose(captions, most, random) for captions in encoded.captions]

    def make(group: np.ndarray) -> Any:
        captions = pack([chosen[index] for index in group], most)
        images = pictures.gather([encoded.images[index] for index in group], turned[group])
        return {PICTURE: images, WORDS: shifted(captions)}, captions

    example = pictures.gather(encoded.images[:1])
    words = tf.TensorSpec((size, most, None), tf.int32)
    picture = tf.TensorSpec((size, *example.shape[1:]), example.dtype)
    return to_dataset(groups, make, ({PICTURE: picture, WORDS: words}, words))
