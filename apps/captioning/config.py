"""Every knob of the captioning task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from apps.core.config import TrainingConfig

RATES = (
    "dropout",
    "feature_dropout",
    "locked_dropout",
    "zoneout",
    "weight_drop",
    "label_smoothing",
    "scheduled_sampling",
)


@dataclass(frozen=True)
class Config(TrainingConfig):
    """What to train on, which encoder and decoder, and how."""

    epochs: int = 14
    """Passes over the training examples, at most."""
    batch_size: int = 16
    """Pictures to a training step, each with all its captions."""
    learning_rate: float = 1e-3
    """Of the Adam optimizer, at its highest."""
    ema: float = 0.995
    """Momentum of the average over past weights, by which the model is judged and kept; 0 for none."""

    cnn: str = "MobileNetV2"
    """A network of `keras.applications` by its name; `small`, trained along with the rest, is what `sample` uses."""
    cnn_weights: str = "imagenet"
    """`imagenet` (Keras downloads them), a file of weights, or `none`."""
    image_size: int = 224
    """Width and height, in pixels, to which pictures are brought."""
    cache: str | None = None
    """Folder for the pictures' features; `$SEQSUITE_CACHE`, or `~/.cache/seqsuite/features`, when not given."""
    train_blocks: int = 0
    """How many of the network's top blocks to train along with the decoder; what lies below them is cached."""
    flips: bool = True
    """Train on mirrored pictures as well, but for those whose captions say left or right."""

    model: Literal["attention", "inject", "hard"] = "attention"
    """LSTM with soft attention at each word, with the picture at its first step only, or with hard attention."""
    units: int = 512
    """Of the LSTM, and of what each place of the picture is brought to."""
    attention_units: int = 256
    """Of the hidden layer that scores places."""
    embedding_dim: int = 256
    """Size of word vectors."""
    tied: bool = True
    """Whether the last layer shares its matrix with the word vectors."""
    dropout: float = 0.4
    """On word vectors and before the last layer, in training."""
    feature_dropout: float = 0.2
    """On the picture's features, in training."""
    locked_dropout: float = 0.0
    """On the decoder's inputs, one mask for all words of a caption, in training."""
    zoneout: float = 0.0
    """Share of the LSTM's units that keep their state at a step, in training."""
    weight_drop: float = 0.0
    """Rate of dropout of the LSTM's recurrent matrix, in training."""
    doubly_stochastic: float = 0.5
    """Weight of the penalty on places that all words together look at too little or too much."""
    label_smoothing: float = 0.1
    """Share of each target that is spread over the vocabulary."""
    scheduled_sampling: float = 0.0
    """Share of the words put in that are the model's own in the last epoch, rising from none in the first."""

    max_length: int = 20
    """Most words of a caption; longer ones are cut in training."""
    min_count: int = 4
    """Words that are rarer in the training captions are unknown, and never said."""
    beams: int = 5
    """Captions that the search keeps; 1 for the likeliest word at each step."""
    length_penalty: float | None = None
    """Exponent of the length that a caption's log probability is divided by; chosen by CIDEr on dev when not given."""
    search_temperature: float | None = None
    """What log probabilities are divided by before a beam ranks by them; chosen by CIDEr on dev when not given."""

    objective: Literal["likelihood", "cider"] = "likelihood"
    """Learn to predict the next word, or to say captions of high CIDEr (self-critical training)."""
    start: str | None = None
    """The run folder of a trained model to go on from, as `--objective cider` needs; its model options are taken, but
    that more blocks may be trained."""
    samples: int = 5
    """Captions drawn of each picture for `--objective cider`; each is judged by the mean of the others."""
    temperature: float = 0.5
    """What the logits are divided by for `--objective cider`: trained on likelihood, a model draws too wildly."""

    def __post_init__(self) -> None:
        """Refuses what cannot be meant, naming the option."""
        super().__post_init__()
        for name in ("units", "attention_units", "embedding_dim", "max_length", "min_count", "beams", "image_size"):
            self.require(name, getattr(self, name) >= 1, "must be 1 or more")
        for name in ("train_blocks", "doubly_stochastic"):
            self.require(name, getattr(self, name) >= 0, "must not be negative")
        self.require("length_penalty", (self.length_penalty or 0) >= 0, "must not be negative")
        for name in RATES:
            self.require(name, 0 <= getattr(self, name) < 1, "must be at least 0 and below 1")
        for name in ("temperature", "search_temperature"):
            self.require(name, getattr(self, name) is None or getattr(self, name) > 0, "must be above 0")
        self.require("samples", self.samples >= 2, "must be 2 or more")
        self.require("start", self.objective != "cider" or bool(self.start), "must name a run for --objective cider")

    @property
    def is_small(self) -> bool:
        """Whether the encoder is the small network of the built-in data, trained from its first weights."""
        return self.cnn == "small" or self.data == "sample"

    @property
    def pixels(self) -> int:
        """Width and height of the pictures that the encoder sees."""
        return 64 if self.is_small else self.image_size
