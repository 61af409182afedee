"""The sentiment task, for `apps.core`."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from apps.core.errors import InputError
from apps.core.inference import run_in_batches
from apps.core.raw_texts import check_texts, read_texts
from apps.core.sources import Splits
from apps.core.task import Evaluation, Task
from apps.core.text import TextEncoder, build_vocabulary, pad
from apps.core.vectors import WordVectors, coverage, load_word_vectors

from . import data
from .config import Config
from .data import Example

SHOWN = 5
"""Wrong answers that `evaluate` shows."""


@dataclass(frozen=True)
class Prediction:
    """A text's class and how probable each class is."""

    text: str
    label: str
    confidence: float
    probabilities: dict[str, float]

    def __str__(self) -> str:
        return f"{self.label}\t{self.confidence:.4f}\t{' '.join(self.text.split())}"


class SentimentTask(Task[Config, Example]):
    """Classifies texts: train on your own files, evaluate, predict, explain and export."""

    name = "sentiment"
    config_class = Config
    metric = "accuracy"
    formats = ("savedmodel", "onnx", "litert")

    encoder: TextEncoder
    labels: list[str]
    vectors: WordVectors | None = None

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self._encoded: dict[int, tuple[Sequence[Example], list[np.ndarray]]] = {}

    @classmethod
    def more_commands(cls) -> dict[str, Callable[..., None]]:
        """`audit`."""
        from .audit import audit

        return {"audit": audit}

    # From data to batches

    def read_splits(self) -> Splits[Example]:
        """Reads what `--data` names."""
        return data.read_splits(self.config)

    def read_examples(self, source: str) -> Sequence[Example]:
        """Labelled texts whose classes were all seen in training."""
        examples = data.read_examples(source, self.config)
        self.check_labels(examples)
        return examples

    def prepare(self, splits: Splits[Example]) -> list[str]:
        """Learns the classes and the vocabulary from the training texts."""
        self.labels = sorted({example.label for example in splits.train}, key=label_key)
        if len(self.labels) == 1:
            raise InputError(
                f"every training text is of one class, {self.labels[0]!r}; a classifier needs two or more",
                self.config.data,
            )
        if self.config.ordinal == "yes" and not all(map(is_number, self.labels)):
            raise InputError(f"needs classes that are numbers, not {', '.join(self.labels[:5])}", "--ordinal yes")
        for examples in (splits.dev, splits.test):
            self.check_labels(examples)
        self.encoder = self.new_encoder(())
        tokenised = [[token for sentence in self.encoder.tokenise(e.text) for token in sentence] for e in splits.train]
        counts = Counter(token for tokens in tokenised for token in tokens)
        if not counts:
            raise InputError("all training texts are blank", self.config.data)
        more: Iterable[str] = ()
        notes = []
        if self.config.vectors:
            self.vectors = load_word_vectors(self.config.vectors, counts, more=self.config.max_vocabulary)
            more = self.vectors.vectors
            notes.append(coverage(more, counts))
        self.encoder = self.new_encoder(
            build_vocabulary(counts, self.config.min_count, self.config.max_vocabulary, more)
        )
        sizes = ", ".join(f"{len(getattr(splits, name)):,} {name}" for name in ("train", "dev", "test"))
        kind = "ordered classes" if self.ordinal else "classes"
        return [f"{sizes} texts; {len(self.labels)} {kind}; {len(self.encoder.tokens):,} words known", *notes]

    def new_encoder(self, tokens: tuple[str, ...]) -> TextEncoder:
        """An encoder with the configured limits."""
        sentences = self.config.max_sentences if self.config.model == "hierarchical" else 0
        return TextEncoder(tokens, self.config.unit, self.config.max_length, sentences)

    def check_labels(self, examples: Iterable[Example]) -> None:
        """Raises an `InputError` at the first example whose class was not seen in training."""
        known = set(self.labels)
        for example in examples:
            if example.label not in known:
                raise InputError(
                    f"the class {example.label!r} does not occur in training (there: {', '.join(self.labels[:10])})",
                    example.where,
                )

    @property
    def ordinal(self) -> bool:
        """Whether the classes have an order."""
        if self.config.ordinal == "auto":
            return len(self.labels) > 2 and all(map(is_number, self.labels))
        return self.config.ordinal == "yes"

    def state(self) -> dict[str, Any]:
        """Classes and vocabulary."""
        return {**self.encoder.spec, "labels": self.labels}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Takes them back."""
        self.labels = list(state["labels"])
        self.encoder = TextEncoder.from_spec(state)

    def batches(self, examples: Sequence[Example], seed: int | None = None) -> Any:
        """Batches of (ids, classes), of texts of like length."""
        import tensorflow as tf

        from apps.core.batching import bucket, to_dataset

        ids = self.encode_examples(examples)
        targets = self.targets(examples)
        groups = bucket([array.size for array in ids], self.config.batch_size, seed)
        size = None if seed is None else len(groups[0])
        signature = (tf.TensorSpec([size] + [None] * ids[0].ndim, tf.int32), tf.TensorSpec([size], tf.int32))
        return to_dataset(groups, lambda group: (pad([ids[index] for index in group]), targets[group]), signature)

    def encode_examples(self, examples: Sequence[Example]) -> list[np.ndarray]:
        """Ids of each text; kept for each list of examples, as training and dev come in turn every epoch."""
        if id(examples) not in self._encoded:
            # Holding on to the list keeps its identity from being given to another.
            self._encoded[id(examples)] = (examples, [self.encoder.encode(example.text) for example in examples])
        return self._encoded[id(examples)][1]

    def targets(self, examples: Sequence[Example]) -> np.ndarray:
        """The index of each example's class."""
        return np.array([self.labels.index(example.label) for example in examples], np.int32)

    # The model and its judgement

    def build(self) -> Any:
        """A new model."""
        from .model import build

        tokens = self.encoder.tokens
        start = self.vectors.matrix(tokens, self.config.seed) if self.vectors else None
        return build(self.config, len(tokens), len(self.labels), start)

    def loss(self) -> Any:
        """Cross-entropy."""
        import keras

        return keras.losses.SparseCategoricalCrossentropy()

    def evaluate(self, model: Any, examples: Sequence[Example]) -> Evaluation:
        """Accuracy, macro F1, calibration; of stars the mean absolute error."""
        from .evaluation import Judged, metrics

        probabilities = np.stack(run_in_batches(model, self.encode_examples(examples)))
        judged = Judged(examples, self.labels, self.targets(examples), probabilities)
        return Evaluation(metrics(judged, self.ordinal), judged)

    def report(self, evaluation: Evaluation) -> list[str]:
        """The most wrong answers."""
        judged = evaluation.details
        lines = ["the most wrong:"]
        for index in judged.most_wrong(SHOWN):
            example, answer = judged.examples[index], judged.answers[index]
            lines.append(
                f"  {judged.labels[answer]} ({judged.probabilities[index, answer]:.3f}) instead of {example.label}: "
                f"{shorten(example.text)}  [{example.where or 'sample'}]"
            )
        return lines if len(lines) > 1 else []

    def draw(self, evaluation: Evaluation, folder: Path) -> None:
        """Confusion matrix and calibration."""
        from .evaluation import draw

        draw(evaluation.details, folder)

    # Use

    def read_inputs(self, given: Sequence[str], file: str | None) -> Iterator[str]:
        """The texts of the command line, or one a line of a file."""
        return read_texts(given, file)

    def predict(self, model: Any, inputs: Sequence[str]) -> list[Prediction]:
        """The class of each text; an empty text gets the answer that the model gives without any evidence."""
        check_texts(inputs)
        outputs = run_in_batches(model, [self.encoder.encode(text) for text in inputs])
        return [self.prediction(text, probabilities) for text, probabilities in zip(inputs, outputs, strict=True)]

    def prediction(self, text: str, probabilities: np.ndarray) -> Prediction:
        """Probabilities `[classes]` in words."""
        best = int(probabilities.argmax())
        by_label = {label: float(probability) for label, probability in zip(self.labels, probabilities, strict=True)}
        return Prediction(text, self.labels[best], float(probabilities[best]), by_label)

    def explain(self, model: Any, inputs: Sequence[str], path: Path) -> None:
        """Each word shaded by its attention and by what leaving it out changes, as HTML or PNG."""
        from . import explain

        explanations = [explain.explain(self, model, text) for text in inputs]
        (explain.write_html if path.suffix == ".html" else explain.write_png)(explanations, path)

    # Export

    def write_artifact(self, kind: str, model: Any, folder: Path) -> None:
        """SavedModel on raw strings; ONNX and LiteRT on ids, with vocabulary and loader beside them."""
        from apps.core import artifacts

        if kind == "savedmodel":
            artifacts.write_savedmodel(model, self.encoder, self.labels, folder)
        else:
            artifacts.write_with_loader(kind, model, self.state(), folder)

    def artifact_outputs(self, kind: str, folder: Path, examples: Sequence[Example]) -> Iterable[np.ndarray]:
        """Probabilities, from the strings, each text by itself."""
        from apps.core import artifacts

        return artifacts.run(kind, folder, [example.text for example in examples])

    def model_outputs(self, model: Any, examples: Sequence[Example]) -> Iterable[np.ndarray]:
        """Probabilities by the Keras model."""
        return run_in_batches(model, self.encode_examples(examples))


def is_number(label: str) -> bool:
    """Whether a class is named by a number."""
    try:
        return math.isfinite(float(label))
    except ValueError:
        return False


def label_key(label: str) -> tuple[bool, float, str]:
    """Sorts classes: numbers by value, then names."""
    return (not is_number(label), float(label) if is_number(label) else 0.0, label)


def shorten(text: str, length: int = 160) -> str:
    """A text on one line, its middle left out when it is long."""
    text = " ".join(text.split())
    return text if len(text) <= length else f"{text[: length // 2]} … {text[-length // 2 :]}"
