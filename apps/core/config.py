"""The knobs that every task shares; each task's dataclass adds its own."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Literal

from .errors import InputError


@dataclass(frozen=True)
class TrainingConfig:
    """How to train; a task's `Config` inherits this and adds what it needs."""

    data: str = "sample"
    """`sample` (generated), a file or folder, or `tfds:NAME` for a TensorFlow Dataset."""
    seed: int = 1
    """Draws the held-out examples, the first weights, the order of examples and all dropout."""
    seeds: int = 1
    """Train so many times, with the seeds from `seed` on, and report mean and standard deviation."""
    epochs: int = 10
    """Passes over the training examples, at most."""
    patience: int = 5
    """Stop when the dev metric has not improved for so many epochs."""
    batch_size: int = 32
    """Examples to a training step."""
    learning_rate: float = 3e-3
    """Of the Adam optimizer, at its highest."""
    schedule: Literal["constant", "linear", "cosine"] = "linear"
    """How the learning rate goes to zero until the last epoch, if it does."""
    weight_decay: float = 0.0
    """Decoupled weight decay (AdamW)."""
    clip_norm: float = 1.0
    """Largest global norm of a gradient; 0 for no clipping."""
    ema: float = 0.99
    """Momentum of the average over past weights, by which the model is judged and kept; 0 for none."""

    def __post_init__(self) -> None:
        """Refuses what cannot be meant, naming the option."""
        self.require("learning_rate", 0 < self.learning_rate < math.inf, "must be above 0")
        for name in ("epochs", "patience", "batch_size", "seeds"):
            self.require(name, getattr(self, name) >= 1, "must be 1 or more")
        for name in ("weight_decay", "clip_norm", "seed"):
            self.require(name, getattr(self, name) >= 0, "must not be negative")
        self.require("ema", 0 <= self.ema < 1, "must be at least 0 and below 1")

    def require(self, name: str, condition: bool, must: str) -> None:
        """Raises an `InputError` naming the option `name` unless the condition holds."""
        if not condition:
            raise InputError(f"{must}, not {getattr(self, name)!r}", f"--{name.replace('_', '-')}")

    def differences(self, other: TrainingConfig) -> list[str]:
        """The names of the options in which two configurations differ."""
        return [field.name for field in fields(self) if getattr(self, field.name) != getattr(other, field.name)]
