"""The exported captioner: pixels, or JPEG and PNG files, in; caption, score and attention out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from apps.core.artifacts import write_endpoints

from .answers import as_picture
from .decoding import as_found, best_of, ended, parts, say, search, to_grid
from .words import PAD, SPECIAL

if TYPE_CHECKING:
    from .decoding import Found
    from .task import CaptioningTask


def write_savedmodel(task: CaptioningTask, model: keras.Model, folder: Path) -> None:
    """A SavedModel of two signatures, `serving_default` from pixels and `encoded` from files.

    `serving_default` takes `pixels`, uint8 `[batch, height, width, 3]`; `encoded` takes `image`, JPEG, PNG, GIF, BMP or
    WebP files, `[batch]`. Both resize, encode and search, and return `caption` `[batch]`, `score` `[batch]`, `ids`
    `[batch, time]` with 3 from the end on, and `attention` `[batch, time, places]`.
    """
    captioner = Captioner(task, model)
    pixels, image = tf.TensorSpec([None, None, None, 3], tf.uint8, "pixels"), tf.TensorSpec([None], tf.string, "image")
    endpoints = {"pixels": (captioner.of_pixels, [pixels]), "encoded": (captioner.of_files, [image])}
    write_endpoints(endpoints, [captioner], folder)


class Captioner(tf.Module):
    """The whole way from a picture to a caption, in TensorFlow.

    Args:
        task: Knows the words and how to search.
        model: The trained model.
    """

    def __init__(self, task: CaptioningTask, model: keras.Model) -> None:
        super().__init__()
        self.model = model
        self.encoder = None if task.config.is_small else task.encoder
        self.size, self.how = task.config.pixels, task.search
        self.words = tf.constant(task.vocabulary.tokens)

    def of_files(self, image: tf.Tensor) -> dict[str, tf.Tensor]:
        """Captions of files `[batch]`."""

        def pixels(content: tf.Tensor) -> tf.Tensor:
            return self.resized(over_white(content)[None])[0]

        spec = tf.TensorSpec((self.size, self.size, 3), tf.float32)
        return self.of_squares(tf.map_fn(pixels, image, fn_output_signature=spec))

    def of_pixels(self, pixels: tf.Tensor) -> dict[str, tf.Tensor]:
        """Captions of pixels `[batch, height, width, 3]`, uint8."""
        return self.of_squares(self.resized(pixels))

    def resized(self, pixels: tf.Tensor) -> tf.Tensor:
        """Pixels `[batch, size, size, 3]`, whole numbers as float32."""
        pixels = tf.ensure_shape(pixels, (None, None, None, 3))
        resized = tf.image.resize(pixels, (self.size, self.size), antialias=True)
        return tf.round(tf.clip_by_value(resized, 0.0, 255.0))

    def of_squares(self, pixels: tf.Tensor) -> dict[str, tf.Tensor]:
        """Captions of pixels `[batch, size, size, 3]`."""
        pictures = pixels
        if self.encoder is not None:
            pictures = tf.cast(self.encoder(pixels, training=False), tf.float16)  # as features were in training
        ids, scores, _, attention = best_of(search(parts(self.model)[1], to_grid(self.model, pictures), self.how))
        words = tf.gather(self.words, ids)
        said = tf.where(ids >= len(SPECIAL), words, "")
        return {
            "caption": tf.strings.strip(tf.strings.reduce_join(said, axis=1, separator=" ")),
            "score": scores,
            "ids": ids,
            "attention": attention,
        }


def over_white(content: tf.Tensor) -> tf.Tensor:
    """A file's picture `[height, width, 3]`, float32; where it is transparent, white."""
    picture = tf.cast(tf.io.decode_image(content, expand_animations=False), tf.float32)  # [height, width, 1 to 4]
    has_alpha = tf.shape(picture)[-1] % 2 == 0  # grey or colour with alpha
    colour = picture[..., : tf.where(has_alpha, -1, 4)]
    # The fourth byte of a BMP file is no alpha, and mostly 0.
    is_seen = has_alpha & (tf.strings.substr(content, 0, 2) != b"BM")
    alpha = tf.where(is_seen, picture[..., -1:] / 255, 1.0)
    return tf.round(alpha * colour + (1 - alpha) * 255 + tf.zeros(3))  # grey is broadcast to three channels


def run_savedmodel(task: CaptioningTask, folder: Path, images: Sequence[str]) -> Iterator[np.ndarray]:
    """What the artifact finds for each picture, in numbers."""
    serve = tf.saved_model.load(str(folder)).signatures["pixels"]
    for image in images:
        outputs = serve(pixels=tf.constant(pixels_of(task, image)))
        ids, score, attention = (outputs[name].numpy()[0] for name in ("ids", "score", "attention"))
        yield numbers(as_found(ids, score, 0.0, attention), task.config.max_length)


def run_model(task: CaptioningTask, model: keras.Model, images: Sequence[str]) -> Iterator[np.ndarray]:
    """The same by the Keras model."""
    for image in images:
        (found,) = say(model, [task.features(pixels_of(task, image))], task.search)
        yield numbers(found, task.config.max_length)


def pixels_of(task: CaptioningTask, image: str) -> np.ndarray:
    """One picture's pixels, `[1, size, size, 3]`."""
    picture = as_picture(image, task.config.pixels)
    assert picture.pixels is not None, picture.error
    return picture.pixels[None]


def numbers(found: Found, max_length: int) -> np.ndarray:
    """Words, score and attention of a caption in one array of known size."""
    attention: Any = np.full((max_length + 1, found.attention.shape[1]), float(PAD), np.float32)
    attention[: len(found.attention)] = found.attention
    return np.concatenate([ended([found.ids], max_length)[0], [found.score], attention.ravel()])
