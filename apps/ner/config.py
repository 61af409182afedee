"""Every knob of the task of named entities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from apps.core.config import TrainingConfig


@dataclass(frozen=True)
class Config(TrainingConfig):
    """What to train on, which model, and how."""

    epochs: int = 20
    """Passes over the training examples, at most."""
    patience: int = 10
    """Stop when the dev metric has not improved for so many epochs."""
    batch_size: int = 16
    """Examples to a training step."""

    word_column: int = 0
    """The token's column in CoNLL files; negative numbers count from the end."""
    tag_column: int = -1
    """The same for the tag."""
    scheme: Literal["auto", "IOB1", "IOB2", "BIOES", "BMES"] = "auto"
    """In which the files are tagged; auto: found by their tags."""
    unit: Literal["auto", "words", "characters"] = "auto"
    """What a token of raw text is; auto: characters when nearly all tokens of the data are single Chinese ones."""
    strict: bool = False
    """Count only entities whose tags keep to the scheme, not those that conlleval reads out of broken tags."""

    vectors: str | None = None
    """Start from word vectors in this file: word2vec text or binary, GloVe text, or safetensors."""
    vectors_trainable: bool = False
    """Train the vectors of that file along instead of keeping them as they are."""
    embedding_dim: int = 100
    """Size of the token vectors that are trained here."""
    bigram_dim: int = 50
    """Of a character with the next one, where tokens are characters; 0 for none."""
    shape_dim: int = 16
    """Size of the vectors of a token's case, digits and script; 0 for none."""
    characters: Literal["cnn", "lstm", "none"] = "cnn"
    """How the characters of words are read: convolution with maximum, BiLSTM, or not at all."""
    char_dim: int = 32
    """Size of character vectors."""
    char_units: int = 64
    """Filters of the convolution, or units of the characters' LSTM in both directions together."""
    char_length: int = 20
    """Most characters of a token that are read; of a longer one both ends are kept."""
    min_count: int = 1
    """Tokens, characters and pairs that are rarer in the training examples are unknown."""
    max_vocabulary: int = 100_000
    """Most tokens to know, the most frequent ones; those of `--vectors` come on top."""
    max_vectors: int = 100_000
    """Of the file of vectors so many first (as a rule most frequent) words, besides those of the training examples."""

    max_length: int = 250
    """Longer training sentences are learned in pieces, cut between entities; all others are read as they are."""

    units: int = 128
    """Of each LSTM, in each direction."""
    lstm_layers: int = 1
    """How many BiLSTMs lie upon each other, 1 or 2."""
    directions: Literal["both", "forward"] = "both"
    """Read sentences from both sides, or only from the left, to see what the right side is worth."""
    decoder: Literal["crf", "softmax"] = "crf"
    """Score whole sequences of tags, or each tag by itself, to see what the CRF is worth."""
    recall_bias: float = 0.0
    """By so much the score of being no entity is lowered: above 0 more entities are found, and more of them wrong."""
    word_dropout: float = 0.05
    """Share of the tokens that are made unknown in training."""
    dropout: float = 0.5
    """On the LSTM's inputs and outputs, in training."""
    locked_dropout: bool = False
    """Draw the dropout of the LSTM's inputs and outputs once for a sentence instead of for each token."""
    zoneout: float = 0.0
    """Share of the LSTM's states that keep their value from one token to the next, in training."""
    weight_drop: float = 0.0
    """Share of the LSTM's recurrent weights that are left out of a batch, in training."""

    def __post_init__(self) -> None:
        """Refuses what cannot be meant, naming the option."""
        super().__post_init__()
        for name in ("embedding_dim", "char_dim", "char_units", "char_length", "min_count", "max_length", "units"):
            self.require(name, getattr(self, name) >= 1, "must be 1 or more")
        for name in ("bigram_dim", "shape_dim"):
            self.require(name, getattr(self, name) >= 0, "must not be negative")
        self.require("char_units", self.char_units % 2 == 0, "must be even")
        self.require("max_vocabulary", self.max_vocabulary >= 3, "must be 3 or more")
        self.require("lstm_layers", self.lstm_layers in (1, 2), "must be 1 or 2")
        for name in ("word_dropout", "dropout", "zoneout", "weight_drop"):
            self.require(name, 0 <= getattr(self, name) < 1, "must be at least 0 and below 1")
