"""Config and vocabulary to the captioning model: an encoder, where it is trained along, and a decoder."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from .attention import AttentionDecoder
from .config import Config
from .decoder import Decoder
from .encoder import build_top
from .inject import InjectDecoder

PICTURE, WORDS, ENCODER, DECODER = "picture", "words", "encoder", "decoder"
SHARED = tuple(name for name in Decoder.names if name not in ("vocabulary_size", "temperature"))
"""Options of the decoder that are knobs of the configuration, for whatever it is trained."""
NOISE = ("dropout", "feature_dropout", "locked_dropout", "zoneout", "weight_drop", "doubly_stochastic")
"""What self-critical training does without: captions are drawn, and learned from, by one and the same model."""


def build(config: Config, vocabulary_size: int, grid: tuple[int, int]) -> keras.Model:
    """Builds the model that `config` names.

    Args:
        config: The task's knobs.
        vocabulary_size: Number of words, the special ones included.
        grid: Places and channels of a picture's features.

    Returns:
        A model from pictures and the words put in, `[pictures, captions, time]`, to logits `[pictures, captions, time,
        vocabulary]`. A picture is its features `[places, channels]`, which the upper blocks take further if they are
        trained, or for the small network its pixels `[size, size, 3]`, 0 to 255.
    """
    words = keras.Input((None, None), dtype="int32", name=WORDS)
    decoder = make_decoder(config, vocabulary_size)
    if config.is_small:
        picture = keras.Input((config.pixels, config.pixels, 3), dtype="uint8", name=PICTURE)
    else:
        picture = keras.Input(grid, dtype="float16", name=PICTURE)
    features = keras.ops.cast(picture, keras.config.floatx())
    if config.is_small:
        features = small_encoder(config.pixels)(features)
    elif config.train_blocks:
        features = build_top(config)(features)
    return keras.Model({PICTURE: picture, WORDS: words}, decoder(features, words), name=config.model)


def make_decoder(config: Config, vocabulary_size: int) -> Decoder:
    """The decoder that `config.model` names."""
    options: dict[str, Any] = {name: getattr(config, name) for name in SHARED}
    attention: dict[str, Any] = {name: getattr(config, name) for name in ("attention_units", "doubly_stochastic")}
    if config.objective == "cider":
        options |= {name: 0.0 for name in NOISE if name in options}
        options["temperature"] = config.temperature
        attention["doubly_stochastic"] = 0.0
    options |= {"vocabulary_size": vocabulary_size, "name": DECODER}
    if config.model == "inject":
        return InjectDecoder(**options)
    return AttentionDecoder(**options, **attention, hard=config.model == "hard")


def take_over(model: keras.Model, begun: keras.Model) -> None:
    """Gives a model the weights of one that was trained, in which fewer blocks of the encoder may have been."""
    if len(model.weights) == len(begun.weights):
        model.set_weights(begun.get_weights())
        return
    trained = by_name(begun)
    for name, layer in by_name(model).items():
        if name in trained:
            layer.set_weights(trained[name].get_weights())


def by_name(model: keras.Model) -> dict[str, Any]:
    """The layers with weights, by their names, those of models in it too."""
    found: dict[str, Any] = {}
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            found |= by_name(layer)
        elif layer.weights:
            found[layer.name] = layer
    return found


def small_encoder(size: int) -> keras.Model:
    """A network for small drawn pictures, trained from its first weights, with a code for each place.

    A place sees what lies around it, by which attention to it means something, and then asks the others what they are:
    whether a caption begins with "two" or with "a" depends on whether two shapes that lie far apart are equal.
    """
    pixels = keras.Input((size, size, 3), name="pixels")
    grid = layers.Rescaling(1 / 127.5, -1)(pixels)
    for filters, stride in ((32, 2), (64, 2), (64, 1), (128, 2), (128, 1)):
        grid = layers.Conv2D(filters, 3, stride, padding="same", use_bias=False)(grid)
        grid = layers.ReLU()(layers.BatchNormalization()(grid))
    grid = layers.Reshape((-1, grid.shape[-1]))(grid)  # [batch, places, channels]
    grid = PlaceCode(name="place_code")(grid)
    # A block of a transformer (Vaswani et al., 2017, section 3.1), normalised before each half.
    asked = layers.LayerNormalization()(grid)
    grid = grid + layers.MultiHeadAttention(num_heads=4, key_dim=32)(asked, asked)
    inner = layers.Dense(256, activation="relu")(layers.LayerNormalization()(grid))
    grid = grid + layers.Dense(grid.shape[-1])(inner)
    return keras.Model(pixels, grid, name=ENCODER)


@keras.saving.register_keras_serializable("seqsuite_captioning")
class PlaceCode(layers.Layer):
    """Adds a learned vector to each place, by which a decoder can tell above from below."""

    def build(self, shape: Any) -> None:
        """Makes `[places, channels]`."""
        self.code = self.add_weight(
            name="code", shape=shape[1:], initializer=keras.initializers.RandomNormal(stddev=0.05)
        )

    def call(self, grid: Any) -> Any:
        """The sum."""
        return grid + self.code
