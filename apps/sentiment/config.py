"""Every knob of the sentiment task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from apps.core.config import TrainingConfig


@dataclass(frozen=True)
class Config(TrainingConfig):
    """What to train on, which model, and how."""

    text_column: str | None = None
    """The text's column in TSV, CSV and JSONL, or feature in TFDS; found by its usual names when not given."""
    label_column: str | None = None
    """The same for the class."""
    ordinal: Literal["auto", "yes", "no"] = "auto"
    """Whether classes have an order, as stars have; auto: when there are three or more and all are numbers."""

    model: Literal["average", "lstm", "attention", "hierarchical"] = "attention"
    """Mean of word vectors; BiLSTM with its last states, with attention, or with attention over words and sentences."""
    embedding_dim: int = 100
    """Size of word vectors; that of the file when `--vectors` is given."""
    vectors: str | None = None
    """Start from word vectors in this file: word2vec text or binary, GloVe text, or safetensors."""
    units: int = 64
    """Of each LSTM, in each direction."""
    word_dropout: float = 0.1
    """Share of the words that are made unknown in training."""
    dropout: float = 0.5
    """On word vectors and before the last layer, in training."""
    hidden_dropout: float = 0.3
    """On the states of the LSTMs below attention, in training."""

    unit: Literal["words", "characters"] = "words"
    """What a token is; among words each Chinese or Japanese character is one of its own."""
    min_count: int = 2
    """Tokens that are rarer in the training texts are unknown."""
    max_vocabulary: int = 20_000
    """Most tokens to know, the most frequent ones."""
    max_length: int = 400
    """Most tokens of a text (hierarchical: of a sentence); of a longer one both ends are kept."""
    max_sentences: int = 30
    """Most sentences of a text, for `hierarchical`."""

    def __post_init__(self) -> None:
        """Refuses what cannot be meant, naming the option."""
        super().__post_init__()
        for name in ("embedding_dim", "units", "min_count", "max_length", "max_sentences"):
            self.require(name, getattr(self, name) >= 1, "must be 1 or more")
        self.require("max_vocabulary", self.max_vocabulary >= 3, "must be 3 or more")
        for name in ("word_dropout", "dropout", "hidden_dropout"):
            self.require(name, 0 <= getattr(self, name) < 1, "must be at least 0 and below 1")
