"""The tagger: features of tokens to scores of tags."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from layers import CRF, LSTM, Nested, WordDropout
from layers.crf import allowed_transitions

from .config import Config
from .loader import Encoder

EMISSIONS, POTENTIALS = "emissions", "crf"
FORBIDDEN = -1e9
"""The score of what the scheme does not allow."""


def build(config: Config, encoder: Encoder, vectors: np.ndarray | None = None) -> keras.Model:
    """Builds the tagger.

    Args:
        config: The task's knobs.
        encoder: Knows the columns of the features, the vocabularies and the tags.
        vectors: First values of the vectors of the file, `[words with a vector, dimensions]`.

    Returns:
        A model from features `[batch, time, features]`, int32, the first 0 at padding, to the potentials of a CRF
        `[batch, time, tags, tags]`; of a softmax to scores `[batch, time, tags]`.
    """
    sizes, tags = {name: len(ids) for name, ids in encoder.ids.items()}, encoder.spec["tags"]
    features = keras.Input((None, encoder.width), dtype="int32", name="features")
    mask = ops.not_equal(features[:, :, 0], 0)  # [batch, time]
    dimensions = {"word": config.embedding_dim, "shape": config.shape_dim, "bigram": config.bigram_dim}
    parts = []
    for column, name in enumerate(encoder.columns):
        ids = features[:, :, column]
        if name == "vector" and vectors is not None:
            table = keras.layers.Embedding(*vectors.shape, trainable=config.vectors_trainable, name=name)
            parts.append(table(ids))
            table.embeddings.assign(vectors)
        elif name != "vector" and dimensions[name]:
            ids = ids if name == "shape" else WordDropout(config.word_dropout)(ids)
            parts.append(keras.layers.Embedding(sizes[name], dimensions[name], name=name)(ids))
    if encoder.spec["char_length"]:
        parts.append(read_characters(config, features[:, :, len(encoder.columns) :], sizes["character"]))
    x = keras.layers.Concatenate()(parts) if len(parts) > 1 else parts[0]
    x = dropout(config)(x)  # [batch, time, all dimensions]
    for _ in range(config.lstm_layers):
        x = dropout(config)(recurrence(config)(x, mask=mask))  # [batch, time, units in all directions]
    emissions = keras.layers.Dense(len(tags), name=EMISSIONS)(x)  # [batch, time, tags]
    scores = Handicap([config.recall_bias] + [0.0] * (len(tags) - 1))(emissions) if config.recall_bias else emissions
    if config.decoder == "softmax":
        return keras.Model(features, scores, name="ner")
    potentials = CRF(tags, scheme="BIOES", name=POTENTIALS)(scores, mask=mask)
    return keras.Model(features, potentials, name="ner")


def read_characters(config: Config, ids: Any, size: int) -> Any:
    """A vector for each token, `[batch, time, char_units]`, from ids of characters `[batch, time, characters]`."""
    real = ops.not_equal(ids, 0)
    embedded = keras.layers.Embedding(size, config.char_dim, name="character")(ids)
    embedded = keras.layers.Dropout(config.dropout)(embedded)
    if config.characters == "lstm":
        return Nested(keras.layers.Bidirectional(LSTM(config.char_units // 2)))(embedded, mask=real)
    there = ops.expand_dims(ops.cast(real, embedded.dtype), -1)
    filtered = keras.layers.Conv2D(config.char_units, (1, 3), padding="same")(embedded * there)
    return ops.max(filtered + (there - 1) * 1e9, axis=2)  # a token has a start and an end, and so a maximum


def recurrence(config: Config) -> keras.layers.Layer:
    """An LSTM in each direction, or one from the left."""
    lstm = LSTM(
        config.units,
        zoneout_h=config.zoneout,
        zoneout_c=config.zoneout,
        weight_drop=config.weight_drop,
        return_sequences=True,
    )
    return keras.layers.Bidirectional(lstm) if config.directions == "both" else lstm


def dropout(config: Config) -> keras.layers.Layer:
    """For each token anew, or with one mask for a sentence."""
    return keras.layers.Dropout(config.dropout, noise_shape=(None, 1, None) if config.locked_dropout else None)


@keras.saving.register_keras_serializable("seqsuite")
class Handicap(keras.layers.Layer):
    """Adds to the scores of tags while training, so that the model learns to score those tags lower.

    Args:
        scores: What to add, `[tags]`.
        **kwargs: As for every Keras layer.
    """

    def __init__(self, scores: list[float], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scores = scores
        self.supports_masking = True

    def call(self, inputs: Any, training: bool = False) -> Any:
        """The scores `[batch, time, tags]`."""
        return inputs + ops.convert_to_tensor(self.scores, inputs.dtype) if training else inputs

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """As the inputs."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {**super().get_config(), "scores": self.scores}


def emitter(model: keras.Model) -> keras.Model:
    """The part of a tagger up to the scores of single tags, `[batch, time, tags]`."""
    return keras.Model(model.input, model.get_layer(EMISSIONS).output)


def transition_scores(model: keras.Model) -> np.ndarray:
    """Scores of transitions, and in two more rows of a start and of an end, `[tags + 2, tags]`; 0 without a CRF."""
    if POTENTIALS not in [layer.name for layer in model.layers]:
        tags = model.get_layer(EMISSIONS).units
        return np.zeros((tags + 2, tags), np.float32)
    crf = model.get_layer(POTENTIALS)
    learned = (crf.transitions, crf.start, crf.end)
    allowed = allowed_transitions(crf.tags, crf.scheme)
    scores = [
        np.where(rule, ops.convert_to_numpy(score), FORBIDDEN) for rule, score in zip(allowed, learned, strict=True)
    ]
    return np.vstack(scores).astype(np.float32)


def with_transitions(model: keras.Model) -> keras.Model:
    """Features to `emissions` and, always the same, `transitions` `[tags + 2, tags]`, for what decodes elsewhere."""
    emissions = model.get_layer(EMISSIONS).output
    scores = Constant(transition_scores(model).tolist(), name="transitions")(emissions)
    return keras.Model(model.input, {EMISSIONS: emissions, "transitions": scores})


@keras.saving.register_keras_serializable("seqsuite")
class Constant(keras.layers.Layer):
    """Gives a constant, whatever the input.

    Args:
        value: Nested lists of numbers.
        **kwargs: As for every Keras layer.
    """

    def __init__(self, value: list[Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.value = value
        self.supports_masking = True

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        """A constant has no steps."""

    def call(self, inputs: Any) -> Any:
        """The constant."""
        return ops.convert_to_tensor(np.asarray(self.value, np.float32))

    def compute_output_spec(self, inputs: Any) -> keras.KerasTensor:
        """Shape and type of the constant."""
        return keras.KerasTensor(np.shape(self.value), dtype="float32")

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {**super().get_config(), "value": self.value}
