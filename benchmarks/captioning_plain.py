"""Show, Attend and Tell as one writes it in plain Keras: the peer of `benchmarks.captioning`."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from apps.captioning.config import Config


class PlainCaptioner(keras.Model):
    """Soft attention by `keras.layers`, one step after the other in Python.

    Args:
        config: Sizes and rates.
        words: Number of them.
    """

    def __init__(self, config: Config, words: int) -> None:
        super().__init__()
        self.project = keras.layers.Dense(config.units, activation="relu")
        self.embed = keras.layers.Embedding(words, config.embedding_dim)
        self.drop = keras.layers.Dropout(config.dropout)
        self.keys = keras.layers.Dense(config.attention_units)
        self.query = keras.layers.Dense(config.attention_units)
        self.score = keras.layers.Dense(1)
        self.gate = keras.layers.Dense(config.units, activation="sigmoid")
        self.cell = keras.layers.LSTMCell(config.units)
        self.first_h, self.first_c = keras.layers.Dense(config.units), keras.layers.Dense(config.units)
        self.deep = keras.layers.Dense(config.embedding_dim, activation="tanh")
        self.readout = keras.layers.Dense(words)

    def begin(self, grid: Any) -> tuple[Any, Any, Any, Any]:
        """Places, their keys, and the first state."""
        places = self.project(ops.cast(grid, "float32"))  # [batch, places, units]
        mean = ops.mean(places, axis=1)
        return places, self.keys(places), self.first_h(mean), self.first_c(mean)

    def step(self, word: Any, places: Any, keys: Any, h: Any, c: Any, training: bool = False) -> Any:
        """Logits of the next word, and the state."""
        scores = self.score(ops.tanh(keys + ops.expand_dims(self.query(h), 1)))  # [batch, places, 1]
        context = ops.sum(ops.softmax(scores, axis=1) * places, axis=1)  # [batch, units]
        embedded = self.drop(self.embed(word), training=training)
        inputs = ops.concatenate([embedded, self.gate(h) * context], axis=-1)
        h, (_, c) = self.cell(inputs, [h, c])
        deep = self.deep(ops.concatenate([embedded, context, h], axis=-1))
        return self.readout(self.drop(deep, training=training)), h, c

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Logits of all words, `[batch, time, words]`."""
        grid, words = inputs
        places, keys, h, c = self.begin(grid)
        logits = []
        for t in range(words.shape[1]):
            step, h, c = self.step(words[:, t], places, keys, h, c, training)
            logits.append(step)
        return ops.stack(logits, axis=1)

    @cached_property
    def graphs(self) -> tuple[Any, Any]:
        """`begin` and `step` as graphs."""
        return tf.function(self.begin, reduce_retracing=True), tf.function(self.step, reduce_retracing=True)


def search(model: PlainCaptioner, grid: np.ndarray, start: int, end: int, beams: int, longest: int) -> np.ndarray:
    """The best caption by beam search, a call of the model for each word."""
    begin, step = model.graphs
    places, keys, h, c = (tf.repeat(one, beams, axis=0) for one in begin(tf.constant(grid)))
    words, scores = np.full((beams, 1), start), np.full(beams, -np.inf)
    scores[0] = 0
    for _ in range(longest):
        over = (words[:, 1:] == end).any(axis=1)
        if over.all():
            break
        logits, h, c = step(tf.constant(words[:, -1]), places, keys, h, c)
        log_probs = tf.nn.log_softmax(logits).numpy()  # [beams, words]
        log_probs[over] = -np.inf
        log_probs[over, end] = 0
        totals = (scores[:, None] + log_probs).ravel()
        best = np.argpartition(-totals, beams)[:beams]
        rows, new = np.divmod(best, log_probs.shape[1])
        words, scores = np.concatenate([words[rows], new[:, None]], axis=1), totals[best]
        h, c = tf.gather(h, rows), tf.gather(c, rows)
    return words[scores.argmax()]
