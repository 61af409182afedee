"""The task of named entities, for `apps.core`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from apps.core.errors import InputError
from apps.core.inference import run_in_batches
from apps.core.raw_texts import check_texts, read_texts
from apps.core.sources import Splits
from apps.core.task import Evaluation, Task
from apps.core.text import pad
from apps.core.vectors import WordVectors, coverage, load_word_vectors

from . import data, features
from .config import Config
from .data import Example
from .loader import Encoder
from .prediction import Prediction, as_conll, as_html, as_jsonl
from .schemes import spans_of

UNTOLD = -1
"""The target at padding."""


class NerTask(Task[Config, Example]):
    """Finds names in texts: train on your own files, evaluate, predict, explain and export."""

    name = "ner"
    config_class = Config
    metric = "f1"
    formats = ("savedmodel", "onnx", "litert")
    answer_formats: ClassVar[Mapping[str, Callable[[Any], str]]] = {
        "text": str,
        "jsonl": as_jsonl,
        "conll": as_conll,
        "html": as_html,
    }

    encoder: Encoder
    vectors: WordVectors | None = None

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self._encoded: dict[int, tuple[Sequence[Example], list[np.ndarray]]] = {}
        self._seen: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def more_commands(cls) -> dict[str, Callable[..., None]]:
        """`check`."""
        from .check import check

        return {"check": check}

    # From data to batches

    def read_splits(self) -> Splits[Example]:
        """Reads what `--data` names."""
        return data.read_splits(self.config)

    def read_examples(self, source: str) -> Sequence[Example]:
        """Tagged sentences whose types were all seen in training."""
        examples = data.read_examples(source, replace(self.config, unit=self.unit))
        data.check_types(examples, self.types)
        return examples

    def prepare(self, splits: Splits[Example]) -> list[str]:
        """Learns types, vocabularies and which entities there are from the training sentences."""
        types = sorted({span.type for example in splits.train for span in spans_of(example.tags, "BIOES")})
        if not types:
            raise InputError("no training sentence has an entity", self.config.data)
        for examples in (splits.dev, splits.test):
            data.check_types(examples, types)
        notes = []
        sentences = [example.tokens for example in splits.train]
        if self.config.vectors:
            counts = Counter(features.spelling(token) for tokens in sentences for token in tokens)
            self.vectors = load_word_vectors(
                self.config.vectors, counts, more=self.config.max_vectors, key=features.spelling
            )
            notes.append(coverage(self.vectors.vectors, counts))
        known = self.vectors.vectors if self.vectors else None
        tags = ["O", *(f"{prefix}-{kind}" for kind in types for prefix in "BIES")]
        self.encoder = Encoder(features.learn(sentences, tags, data.unit_of(splits, self.config), self.config, known))
        self._seen = frozenset(data.surfaces(splits.train))
        sizes = ", ".join(f"{len(getattr(splits, name)):,} {name}" for name in ("train", "dev", "test"))
        known_tokens = f"{len(self.encoder.spec['word']):,} {self.unit} known"
        return [f"{sizes} sentences; {len(types)} types: {', '.join(types)}; {known_tokens}", *notes]

    @property
    def tags(self) -> list[str]:
        """All tags by their numbers, `O` first."""
        return list(self.encoder.spec["tags"])

    @property
    def types(self) -> list[str]:
        """The types of entities."""
        return [tag[2:] for tag in self.tags if tag.startswith("B-")]

    @property
    def unit(self) -> Any:
        """What a token of raw text is."""
        return self.encoder.spec["unit"]

    def state(self) -> dict[str, Any]:
        """Vocabularies, tags, and the entities of the training sentences."""
        return {**self.encoder.spec, "seen": sorted(map(list, self._seen))}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Takes them back."""
        self.encoder = Encoder({name: value for name, value in state.items() if name != "seen"})
        self._seen = frozenset((surface, kind) for surface, kind in state["seen"])

    def batches(self, examples: Sequence[Example], seed: int | None = None) -> Any:
        """Batches of (features, tags), of sentences of like length; of very long ones in pieces."""
        import tensorflow as tf

        from apps.core.batching import bucket, to_dataset

        numbers = {tag: index for index, tag in enumerate(self.tags)}
        encoded = [
            (whole[start:end], np.array([numbers[tag] for tag in example.tags[start:end]], np.int32))
            for whole, example in zip(self.encode_examples(examples), examples, strict=True)
            for start, end in cuts(example.tags, self.config.max_length)
        ]
        groups = bucket([len(tags) for _, tags in encoded], self.config.batch_size, seed)
        size = None if seed is None else len(groups[0])

        def make(group: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            chosen = [encoded[index] for index in group]
            # The pad is 0, which is a tag.
            return pad([inputs for inputs, _ in chosen]), pad([tags - UNTOLD for _, tags in chosen]) + UNTOLD

        inputs = tf.TensorSpec([size, None, self.encoder.width], tf.int32)
        return to_dataset(groups, make, (inputs, tf.TensorSpec([size, None], tf.int32)))

    def encode_examples(self, examples: Sequence[Example]) -> list[np.ndarray]:
        """Features of each sentence; kept for each list of examples, as training and dev come in turn every epoch."""
        if id(examples) not in self._encoded:
            # Holding on to the list keeps its identity from being given to another.
            self._encoded[id(examples)] = (examples, [self.encoder(example.tokens) for example in examples])
        return self._encoded[id(examples)][1]

    # The model and its judgement

    def build(self) -> Any:
        """A new model."""
        from .model import build

        start = self.vectors.matrix(self.encoder.spec["vector"], self.config.seed) if self.vectors else None
        return build(self.config, self.encoder, start)

    def loss(self) -> Any:
        """The CRF's negative log-likelihood of a sentence, or cross-entropy of its tags."""
        import keras

        from layers import CRFLoss

        if self.config.decoder == "crf":
            return CRFLoss()
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=UNTOLD)

    def evaluate(self, model: Any, examples: Sequence[Example]) -> Evaluation:
        """Entities found and missed, as conlleval counts them."""
        from .evaluation import judge, metrics

        names = self.tags
        found = [[names[index] for index in tags] for tags in self.best_tags(model, self.encode_examples(examples))]
        judged = judge(examples, found, self._seen, strict=self.config.strict)
        return Evaluation(metrics(judged), judged)

    def best_tags(self, model: Any, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The tags of each sentence as numbers, from its features."""
        from .decoder import best_tags

        return best_tags(self.emissions(model, arrays), scores_of(model))

    def emissions(self, model: Any, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Scores of tags, `[time, tags]`, for each sentence."""
        outputs = run_in_batches(emitter_of(model), arrays)
        return [output[: len(array)] for output, array in zip(outputs, arrays, strict=True)]

    def report(self, evaluation: Evaluation) -> list[str]:
        """The kinds of errors, with examples."""
        from .evaluation import report

        return report(evaluation.details)

    def draw(self, evaluation: Evaluation, folder: Path) -> None:
        """F1 by type, and which types are taken for which."""
        from .pictures import draw

        draw(evaluation.details, folder)

    # Use

    def read_inputs(self, given: Sequence[str], file: str | None) -> Iterator[str]:
        """The texts of the command line, or one a line of a file."""
        return read_texts(given, file)

    def predict(self, model: Any, inputs: Sequence[str]) -> list[Prediction]:
        """The entities of each text."""
        from .tagging import predict

        check_texts(inputs)
        return predict(self, model, inputs)

    def explain(self, model: Any, inputs: Sequence[Any], path: Path) -> None:
        """The texts with their entities coloured and how probable each is, as HTML or PNG."""
        from . import explain

        answers = self.predict(model, inputs)
        (explain.write_html if path.suffix == ".html" else explain.write_png)(answers, path)

    # Export

    def write_artifact(self, kind: str, model: Any, folder: Path) -> None:
        """SavedModel on raw strings; ONNX and LiteRT on features, with vocabulary and loader beside them."""
        from . import artifacts

        if kind == "savedmodel":
            artifacts.write_savedmodel(model, self.encoder, folder)
        else:
            artifacts.write_with_loader(kind, model, self.encoder, folder)

    def artifact_outputs(self, kind: str, folder: Path, examples: Sequence[Example]) -> Iterable[np.ndarray]:
        """Each token's tag and its probability, from the tokens, each sentence by itself."""
        from . import artifacts

        return artifacts.run(kind, folder, [example.tokens for example in examples], self.tags)

    def model_outputs(self, model: Any, examples: Sequence[Example]) -> Iterable[np.ndarray]:
        """The same by the Keras model."""
        from .decoder import decode

        for decoded in decode(self.emissions(model, self.encode_examples(examples)), scores_of(model)):
            yield np.stack([decoded.tags, decoded.probabilities()], -1)  # [time, 2]


def cuts(tags: Sequence[str], limit: int) -> list[tuple[int, int]]:
    """Where to cut a long sentence into pieces for training: between entities, at most `limit` tokens if that can be.

    Example:
        >>> cuts(["O", "B-PER", "E-PER", "O", "O"], 2)
        [(0, 1), (1, 3), (3, 5)]
    """
    pieces, start = [], 0
    while len(tags) - start > limit:
        before = (place for place in range(start + limit, start, -1) if tags[place][0] not in "IE")
        behind = (place for place in range(start + limit, len(tags)) if tags[place][0] not in "IE")
        end = next(before, None) or next(behind, len(tags))
        pieces.append((start, end))
        start = end
    return [*pieces, (start, len(tags))] if start < len(tags) else pieces


@lru_cache(maxsize=8)
def emitter_of(model: Any) -> Any:
    """One for a model, as its graph is kept by it."""
    from .model import emitter

    return emitter(model)


def scores_of(model: Any) -> np.ndarray:
    """Those of transitions, which training changes."""
    from .model import transition_scores

    return transition_scores(model)
