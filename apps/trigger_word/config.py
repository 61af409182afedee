"""Every knob of the trigger-word task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from apps.core.config import TrainingConfig

RATE = 16_000
"""Samples a second of all audio inside; files of another rate are converted."""


@dataclass(frozen=True)
class Config(TrainingConfig):
    """What to listen for, what to train on, which model, and how."""

    keywords: tuple[str, ...] = ()
    """The words that trigger, by the names of their folders; all that are found when none is named."""
    epochs: int = 16
    """Of `--mixtures` newly mixed streams a trigger word each, at most."""
    patience: int = 8
    """Stop when the dev metric has not improved for so many epochs."""
    schedule: Literal["constant", "linear", "cosine"] = "cosine"
    """How the learning rate goes to zero until the last epoch, if it does."""

    mixtures: int = 1024
    """Streams that are mixed for an epoch of training, for each trigger word."""
    passes: int = 4
    """How often an epoch learns from each of them, masked anew: to mix one takes longer than to learn from it."""
    stream_seconds: float = 6.0
    """Length of each."""
    label_width: float = 0.2
    """Seconds after the end of a word for which the target stays 1."""
    snr_low: float = -3.0
    """Lowest signal-to-noise ratio of words in training, in dB."""
    snr_high: float = 30.0
    """Highest."""
    keyword_share: float = 0.6
    """Share of the training streams that hold a trigger word."""
    reverberation: float = 0.4
    """Share of words and speech that are put into an artificial room, in training."""
    spectrum_masks: bool = True
    """Whether to mask bands and moments of the spectrogram in training (SpecAugment)."""
    dev_hours: float = 0.5
    """Hours without trigger words in the development stream, on which the epoch is chosen and thresholds are fitted."""
    test_hours: float = 1.0
    """The same of the test stream."""

    model: Literal["gru", "depthwise"] = "gru"
    """A strided convolution and two GRUs; or depthwise convolutions only, for microcontrollers."""
    filters: int = 48
    """Of the strided convolution."""
    units: int = 64
    """Of each GRU, or channels of each depthwise block."""
    zoneout: float = 0.05
    """Probability that a unit of a GRU keeps its value, in training."""
    dropout: float = 0.3
    """Between the layers, in training."""

    focus: float = 0.0
    """Exponent of the focal loss, by which what is easy counts less; 0 for plain cross-entropy."""
    positive_weight: float = 1.0
    """Weight in the loss of a moment at which a word has just ended, as such moments are rare."""
    hard_share: float = 0.25
    """Share of an epoch's streams that is mixed around what the model last took for a word (hard negatives)."""

    max_false_accepts_per_hour: float = 0.5
    """The rate of false alarms on the development stream that the threshold is fitted to."""
    smoothing: int = 3
    """Outputs that are averaged before they are compared with the threshold."""
    refractory: float = 1.0
    """Seconds after an event in which there is no other of that word."""

    def __post_init__(self) -> None:
        """Refuses what cannot be meant, naming the option."""
        object.__setattr__(self, "keywords", tuple(self.keywords))  # config.json has a list
        super().__post_init__()
        for name in ("mixtures", "passes", "filters", "units", "smoothing"):
            self.require(name, getattr(self, name) >= 1, "must be 1 or more")
        for name in ("dev_hours", "test_hours", "label_width", "positive_weight"):
            self.require(name, getattr(self, name) > 0, "must be above 0")
        for name in ("focus", "max_false_accepts_per_hour", "refractory"):
            self.require(name, getattr(self, name) >= 0, "must not be negative")
        for name in ("zoneout", "dropout"):
            self.require(name, 0 <= getattr(self, name) < 1, "must be at least 0 and below 1")
        for name in ("hard_share", "keyword_share", "reverberation"):
            self.require(name, 0 <= getattr(self, name) <= 1, "must be at least 0 and at most 1")
        self.require("stream_seconds", self.stream_seconds >= 2, "must be 2 or more")
        self.require("snr_high", self.snr_high >= self.snr_low, f"must not be below --snr-low {self.snr_low}")
        self.require("keywords", len(set(self.keywords)) == len(self.keywords), "must not name a word twice")
