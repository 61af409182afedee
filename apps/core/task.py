"""What a task tells the core about itself: text to class, text to tags, picture to text, sound to events."""

from __future__ import annotations

import abc
import dataclasses
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from .config import TrainingConfig
from .sources import Splits

if TYPE_CHECKING:
    import keras
    import numpy as np
    import tensorflow as tf

C = TypeVar("C", bound=TrainingConfig)
E = TypeVar("E")
"""An example: what the model is given and what it should answer."""


@dataclass(frozen=True)
class Evaluation:
    """What judging a model on a list of examples gave.

    Args:
        metrics: Plain numbers by name, for `metrics.json`.
        details: Whatever the task's `report` and `draw` need besides.
    """

    metrics: Mapping[str, float]
    details: Any = None


def as_json(answer: Any) -> str:
    """An answer's fields as a JSON object on one line."""
    return json.dumps(dataclasses.asdict(answer), ensure_ascii=False)


class Task(abc.ABC, Generic[C, E]):
    """One task, set up by its configuration and, after `prepare` or `restore`, by what the training data taught it.

    Args:
        config: The task's knobs.
    """

    name: ClassVar[str]
    config_class: ClassVar[type[Any]]
    metric: ClassVar[str]
    """The dev metric that chooses the best epoch and the best seed; higher is better."""
    slack: ClassVar[float] = 0.0
    """How much less of the metric a later epoch may have and still be taken, where dev is too small to tell."""
    formats: ClassVar[tuple[str, ...]]
    """The formats that `export` can write, `write_artifact` knows each."""
    answer_formats: ClassVar[Mapping[str, Callable[[Any], str]]] = {"text": str, "jsonl": as_json}
    """The forms in which `predict` prints an answer, the first unless told otherwise."""

    def __init__(self, config: C) -> None:
        self.config = config

    @classmethod
    def more_commands(cls) -> dict[str, Callable[..., None]]:
        """Commands that this task has besides those of every task: functions that tyro makes a command line of."""
        return {}

    # From data to batches

    @abc.abstractmethod
    def read_splits(self) -> Splits[E]:
        """Reads the examples that `config.data` names."""

    @abc.abstractmethod
    def read_examples(self, source: str) -> Sequence[E]:
        """Reads the examples to judge a trained model on: the test split of `source`, or all of it if it has none."""

    @abc.abstractmethod
    def prepare(self, splits: Splits[E]) -> list[str]:
        """Learns vocabularies and the like from the training examples.

        Returns:
            What a user should know about the data, a line each.

        Raises:
            InputError: When the data cannot be learned from.
        """

    @abc.abstractmethod
    def state(self) -> dict[str, Any]:
        """What `prepare` learned, as JSON."""

    @abc.abstractmethod
    def restore(self, state: Mapping[str, Any]) -> None:
        """Takes back what `state` gave."""

    @abc.abstractmethod
    def batches(self, examples: Sequence[E], seed: int | None = None) -> tf.data.Dataset:
        """Batches of (inputs, targets), with the same element spec each time.

        Args:
            examples: What to put into batches.
            seed: Draws the order, and what else is random in training examples; None for no randomness at all.
        """

    def training_batches(self, model: keras.Model, examples: Sequence[E], seed: int) -> tf.data.Dataset:
        """The batches of an epoch of training; other than `batches` where they depend on what the model has learned."""
        return self.batches(examples, seed)

    # The model and its judgement

    @abc.abstractmethod
    def build(self) -> keras.Model:
        """A new model."""

    @abc.abstractmethod
    def loss(self) -> keras.losses.Loss:
        """What training minimises."""

    @abc.abstractmethod
    def evaluate(self, model: keras.Model, examples: Sequence[E]) -> Evaluation:
        """Judges a model as the field does; `metrics` holds `metric` among others."""

    @abc.abstractmethod
    def draw(self, evaluation: Evaluation, folder: Path) -> None:
        """Makes the pictures of an evaluation, PNG files in a folder."""

    def settle(self, model: keras.Model, splits: Splits[E]) -> None:
        """Chooses on dev what is to be chosen of a trained model, such as a threshold, before it is judged."""

    def report(self, evaluation: Evaluation) -> list[str]:
        """What to print of an evaluation besides its metrics, a line each."""
        return []

    # Use

    @abc.abstractmethod
    def read_inputs(self, given: Sequence[str], file: str | None) -> Iterator[Any]:
        """What to predict for, from the words of the command line or from a file (`-` for standard input)."""

    @abc.abstractmethod
    def predict(self, model: keras.Model, inputs: Sequence[Any]) -> list[Any]:
        """Answers for a list of inputs: dataclasses whose `str()` is a line for people and whose fields are JSON."""

    @abc.abstractmethod
    def explain(self, model: keras.Model, inputs: Sequence[Any], path: Path) -> None:
        """Writes a page (.html) or picture (.png) that shows why the model answers as it does."""

    # Export

    def tolerance(self, kind: str) -> float:
        """Largest difference of an artifact's outputs from the Keras model's with which it is kept."""
        return 1e-5

    @abc.abstractmethod
    def write_artifact(self, kind: str, model: keras.Model, folder: Path) -> None:
        """Writes one of `formats` into a folder."""

    @abc.abstractmethod
    def artifact_outputs(self, kind: str, folder: Path, examples: Sequence[E]) -> Iterable[np.ndarray]:
        """The outputs of a written artifact, an array an example, as its users would get them."""

    @abc.abstractmethod
    def model_outputs(self, model: keras.Model, examples: Sequence[E]) -> Iterable[np.ndarray]:
        """The same from the Keras model."""
