"""What all decoders are: layers from a picture's places and the words so far to the next word."""

from __future__ import annotations

import abc
from typing import Any, ClassVar

import keras
from keras import ops

from .words import END, PAD


class Decoder(keras.layers.Layer, abc.ABC):
    r"""Says the next word of a caption.

    .. math:: p(y_t) = \mathrm{softmax}((L \tanh(W r_t) + b) / T)

    with :math:`r_t` what a decoder knows at that step. Only what depends on the step before is in the loop over time;
    this deep output and the softmax come after it, for all steps at once. The places of a picture are projected once
    for all its captions.

    Args:
        vocabulary_size: Number of words, the special ones included.
        units: Of the LSTM, and size of the projected places.
        embedding_dim: Size of word vectors.
        tied: Whether `L` is the matrix of word vectors.
        dropout: Rate on word vectors and before `L`.
        feature_dropout: Rate on the picture's features.
        locked_dropout: Rate on word vectors, one mask for all words of a caption.
        zoneout: Share of the LSTM's units that keep their state.
        weight_drop: Rate of dropout of the LSTM's recurrent matrix.
        temperature: T, by which logits are divided.
        **kwargs: As for every Keras layer.

    Call arguments:
        grid: `[pictures, places, channels]`.
        words: The words put in, `[pictures, captions, time]`, each caption from its start, 0 where it is over.
        training: Whether to drop and to draw.

    Returns:
        Logits `[pictures, captions, time, vocabulary]`.

    Reference:
        Xu et al. (2015), Show, Attend and Tell, equation 7 (deep output); Press & Wolf (2017), Using the Output
        Embedding to Improve Language Models (tied).
    """

    names: ClassVar[tuple[str, ...]] = (
        "vocabulary_size",
        "units",
        "embedding_dim",
        "tied",
        "dropout",
        "feature_dropout",
        "locked_dropout",
        "zoneout",
        "weight_drop",
        "temperature",
    )

    def __init__(
        self,
        vocabulary_size: int,
        units: int,
        embedding_dim: int,
        tied: bool = True,
        dropout: float = 0.0,
        feature_dropout: float = 0.0,
        locked_dropout: float = 0.0,
        zoneout: float = 0.0,
        weight_drop: float = 0.0,
        temperature: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.vocabulary_size, self.units, self.embedding_dim, self.tied = vocabulary_size, units, embedding_dim, tied
        self.dropout, self.feature_dropout, self.locked_dropout = dropout, feature_dropout, locked_dropout
        self.zoneout, self.weight_drop, self.temperature = zoneout, weight_drop, temperature
        self.embedding = keras.layers.Embedding(vocabulary_size, embedding_dim, name="embedding")
        self.project = keras.layers.Dense(units, activation="relu", name="project")
        self.deep = keras.layers.Dense(embedding_dim, activation="tanh", name="deep")
        self.drop_features = keras.layers.Dropout(feature_dropout)
        self.drop_words = keras.layers.Dropout(dropout)
        self.drop_locked = keras.layers.SpatialDropout1D(locked_dropout)
        self.drop_output = keras.layers.Dropout(dropout)

    def build(self, grid_shape: Any, words_shape: Any = None) -> None:
        """Makes the weights that all decoders have."""
        self.embedding.build((None, None))
        self.project.build((None, grid_shape[1], grid_shape[2]))
        self.deep.build((None, None, self.readout_size))
        if not self.tied:
            shape = (self.vocabulary_size, self.embedding_dim)
            self.output_kernel = self.add_weight(name="output_kernel", shape=shape, initializer="glorot_uniform")
        self.output_bias = self.add_weight(name="output_bias", shape=(self.vocabulary_size,), initializer="zeros")

    @property
    @abc.abstractmethod
    def readout_size(self) -> int:
        """Size of what the deep output reads at a step."""

    def call(self, grid: Any, words: Any, training: bool = False) -> Any:
        """Logits of all words of given captions."""
        pictures, captions, time = ops.shape(words)
        rows = ops.reshape(words, (-1, time))
        memory = self.memory(grid, training)  # [pictures, places, units]
        embedded = self.drop_words(self.embedding(rows), training=training)  # [rows, time, embedding]
        embedded = self.drop_locked(embedded, training=training)
        logits = self.decode(memory, rows, embedded, captions, training)  # [rows, time, vocabulary]
        return ops.reshape(logits, (pictures, captions, time, self.vocabulary_size))

    @abc.abstractmethod
    def decode(self, memory: Any, words: Any, embedded: Any, captions: int, training: bool) -> Any:
        """Logits of given words, for several captions of each picture.

        Args:
            memory: `[pictures, places, units]`.
            words: `[rows, time]`, the captions of a picture side by side.
            embedded: The same as vectors, `[rows, time, embedding]`.
            captions: Of each picture.
            training: Whether to drop and to draw.

        Returns:
            `[rows, time, vocabulary]`.
        """

    def memory(self, grid: Any, training: bool = False) -> Any:
        """The places as the decoder looks at them, `[pictures, places, units]`."""
        return self.project(self.drop_features(grid, training=training))

    def logits(self, readout: Any, training: bool = False) -> Any:
        """`(L tanh(W r) + b) / T`, over the last axis."""
        deep = self.drop_output(self.deep(readout), training=training)
        kernel = self.embedding.embeddings if self.tied else self.output_kernel  # [vocabulary, embedding]
        return (ops.matmul(deep, ops.transpose(kernel)) + self.output_bias) / self.temperature

    @abc.abstractmethod
    def begin(self, grid: Any) -> tuple[Any, Any]:
        """What stays the same while a caption is said, and the state before its first word; both begin with the batch.

        Args:
            grid: `[batch, places, channels]`.
        """

    @abc.abstractmethod
    def step(self, words: Any, state: Any, fixed: Any) -> tuple[Any, Any]:
        """Logits `[batch, vocabulary]` and the next state, after words `[batch]`."""

    def next_word(self, words: Any, state: Any, fixed: Any) -> tuple[Any, Any]:
        """Log probabilities of the next word, `[batch, vocabulary]`, and the state; only words and the end are said."""
        logits, state = self.step(words, state, fixed)
        log_probs = ops.log_softmax(ops.cast(logits, "float32"), axis=-1)
        return ops.where(never_said(self.vocabulary_size), -float("inf"), log_probs), state

    def compute_output_spec(self, grid: Any, words: Any, training: bool = False) -> Any:
        """`[pictures, captions, time, vocabulary]`."""
        return keras.KerasTensor((*words.shape, self.vocabulary_size), dtype=self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {**super().get_config(), **{name: getattr(self, name) for name in self.names}}


def never_said(size: int) -> Any:
    """Which of `size` words are none that a model may say: the special ones but the end, `[size]`."""
    return ops.arange(size) < END


def targets_of(words: Any) -> Any:
    """The words that should come out where `[rows, time]` are put in: the next ones, then the end, 0 after it."""
    following = ops.pad(words[:, 1:], [[0, 0], [0, 1]], constant_values=PAD)
    target = ops.where(following == PAD, END, following)
    return ops.where(words == PAD, PAD, target)
