"""The sentiment models: token ids to class probabilities."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from layers import AttentionPooling, MeanPooling, Nested, WordDropout

from .config import Config

PROBABILITIES, WORD_ATTENTION, SENTENCE_ATTENTION = "probabilities", "word_attention", "sentence_attention"


def build(config: Config, vocabulary_size: int, classes: int, vectors: np.ndarray | None = None) -> keras.Model:
    """Builds the model that `config.model` names.

    Args:
        config: The task's knobs.
        vocabulary_size: Number of tokens, padding (0) and unknown (1) included.
        classes: Number of classes.
        vectors: First values of the word vectors, `[vocabulary_size, dimensions]`; drawn when None.

    Returns:
        A model from ids `[batch, time]` (hierarchical: `[batch, sentences, time]`) to probabilities `[batch, classes]`.
    """
    nested = config.model == "hierarchical"
    ids = keras.Input((None, None) if nested else (None,), dtype="int32", name="ids")
    mask = ops.not_equal(ids, 0)
    dimensions = config.embedding_dim if vectors is None else vectors.shape[1]
    words = WordDropout(config.word_dropout)(ids)
    embedding = keras.layers.Embedding(vocabulary_size, dimensions, name="embedding")
    words = keras.layers.Dropout(config.dropout)(embedding(words))  # [batch, (sentences,) time, dimensions]
    if vectors is not None:
        embedding.embeddings.assign(vectors)

    if config.model == "average":
        text = MeanPooling()(words, mask=mask)
    elif config.model == "lstm":
        text = bilstm(config, sequences=False)(words, mask=mask)
    elif config.model == "attention":
        hidden = keras.layers.Dropout(config.hidden_dropout)(bilstm(config)(words, mask=mask))  # [batch, time, 2 units]
        text, _ = pool(hidden, mask, WORD_ATTENTION)
    else:
        hidden = Nested(bilstm(config))(words, mask=mask)  # [batch, sentences, time, 2 units]
        hidden = keras.layers.Dropout(config.hidden_dropout)(hidden)
        sentences, _ = pool(hidden, mask, WORD_ATTENTION)  # [batch, sentences, 2 units]
        mask = ops.any(mask, axis=-1)  # [batch, sentences]
        hidden = keras.layers.Dropout(config.hidden_dropout)(bilstm(config)(sentences, mask=mask))
        text, _ = pool(hidden, mask, SENTENCE_ATTENTION)
    text = keras.layers.Dropout(config.dropout)(text)
    return keras.Model(
        ids, keras.layers.Dense(classes, activation="softmax", name=PROBABILITIES)(text), name=config.model
    )


def bilstm(config: Config, sequences: bool = True) -> keras.layers.Layer:
    """An LSTM in each direction; their states at every step, or the last ones."""
    return keras.layers.Bidirectional(keras.layers.LSTM(config.units, return_sequences=sequences))


def pool(hidden: Any, mask: Any, name: str) -> Any:
    """Attention pooling that also gives its weights."""
    return AttentionPooling(name=name)(hidden, mask=mask, return_attention_scores=True)


def with_attention(model: keras.Model) -> keras.Model:
    """The same model with the attention weights, where it has any, as further outputs by name."""
    names = {layer.name for layer in model.layers} & {WORD_ATTENTION, SENTENCE_ATTENTION}
    outputs = {name: model.get_layer(name).output[1] for name in names}
    return keras.Model(model.input, {PROBABILITIES: model.output, **outputs})
