"""The captioning task, for `apps.core`."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from apps.core.errors import InputError
from apps.core.run import RunFolder
from apps.core.sources import Splits, read_lines
from apps.core.task import Evaluation, Task

from . import data
from .answers import Answer, Picture, as_picture, read_pictures
from .config import Config
from .data import Example
from .examples import says_sides
from .search import Search
from .tokens import tokenise
from .words import Vocabulary

SHOWN = 5
"""Pictures that `evaluate` shows."""
OF_THE_MODEL = (
    *("cnn", "cnn_weights", "image_size", "model", "units", "attention_units", "embedding_dim", "tied"),
    *("max_length", "min_count"),
)
"""Options that a run which goes on from another takes from it."""


class CaptioningTask(Task[Config, Example]):
    """Says what is on pictures: train on your own, evaluate, predict, explain and export."""

    name = "captioning"
    config_class = Config
    metric = "cider"
    formats = ("savedmodel",)

    vocabulary: Vocabulary
    grid: tuple[int, int]
    """Places and channels of a picture's features; 0 for the small network, which takes pixels."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.console = Console(stderr=True)
        self._pictures: Any = None
        self._said: frozenset[str] = frozenset()
        self.search = Search(
            config.beams, config.max_length, config.length_penalty or 0.0, config.search_temperature or 1.0
        )

    # From data to batches

    def read_splits(self) -> Splits[Example]:
        """Reads what `--data` names."""
        return data.read_splits(self.config)

    def read_examples(self, source: str) -> Sequence[Example]:
        """Captioned pictures that can be read."""
        examples = data.read_examples(source, self.config)
        self.open(examples)
        with contextlib.suppress(InputError):  # what was trained on may not be at hand
            self.hear(data.read_splits(self.config, say=lambda line: None).train)
        return self.readable(examples, source)

    def prepare(self, splits: Splits[Example]) -> list[str]:
        """Learns the words from the training captions, and computes the pictures' features."""
        captions = self.hear(splits.train)
        if self.config.start:
            self.go_on()
        else:
            self.vocabulary = Vocabulary.of(captions, self.config.min_count)
        if not self.vocabulary.words:
            raise InputError(
                f"no word occurs {self.config.min_count} times in the training captions; lower it", "--min-count"
            )
        turned = [example for example in splits.train if self.config.flips and not says_sides(example)]
        self.open([*splits.train, *splits.dev, *splits.test], turned)
        used = {
            name: self.readable(getattr(splits, name), f"{self.config.data} ({name})")
            for name in ("train", "dev", "test")
        }
        sizes = ", ".join(f"{len(examples):,} {name}" for name, examples in used.items())
        learned = sum(len(example.captions) for example in used["train"])
        words = sum(map(len, captions))
        known = sum(word in self.vocabulary.ids for caption in captions for word in caption)
        return [
            f"{sizes} pictures; {learned:,} training captions; {len(self.vocabulary.words):,} words known, "
            f"{known / max(words, 1):.1%} of those used"
        ]

    def hear(self, examples: Sequence[Example]) -> list[list[str]]:
        """The words of all captions of the training examples, which are kept to know what is copied from them."""
        captions = [tokenise(caption) for example in examples for caption in example.captions]
        self._said = frozenset(" ".join(words) for words in captions)
        return captions

    def go_on(self) -> None:
        """Takes words and model options from the run to start from."""
        run = RunFolder(str(self.config.start)).require_finished()
        begun: Config = run.read_config(Config)
        if begun.is_small != self.config.is_small:
            raise InputError("the run was trained with another encoder; start from one on the same data", run.path)
        taken = {name: getattr(begun, name) for name in OF_THE_MODEL}
        taken["train_blocks"] = max(begun.train_blocks, self.config.train_blocks)
        self.config = dataclasses.replace(self.config, **taken)
        self.restore(run.read("state.json"))

    def open(self, examples: Sequence[Example], turned: Sequence[Example] = ()) -> None:
        """Makes ready the pictures of some examples, and of some of these mirrored ones."""
        from .pictures import open_pictures

        images = [example.image for example in examples]
        self._pictures = open_pictures(images, self.config, self.console, [example.image for example in turned])
        if not self.config.is_small and (some := next((i for i in images if i in self._pictures), None)):
            places, channels = self._pictures.gather([some]).shape[1:]
            self.grid = places, channels

    def readable(self, examples: Sequence[Example], source: str = "") -> list[Example]:
        """The examples whose pictures can be read.

        Raises:
            InputError: When there is none.
        """
        if self._pictures is None:
            self.open(examples)
        kept = [example for example in examples if example.image in self._pictures]
        if not kept:
            raise InputError("none of its pictures can be read", source or self.config.data)
        return kept

    def state(self) -> dict[str, Any]:
        """Words, the size of the features, and how captions are searched for."""
        grid = list(self.grid) if hasattr(self, "grid") else [0, 0]
        how = {"length_penalty": self.search.length_penalty, "temperature": self.search.temperature}
        return {"words": list(self.vocabulary.words), "grid": grid, "search": how}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Takes them back."""
        self.vocabulary = Vocabulary(state["words"])
        places, channels = state["grid"]
        self.grid = places, channels
        self.search = dataclasses.replace(self.search, **state["search"])

    def batches(self, examples: Sequence[Example], seed: int | None = None) -> Any:
        """Batches of (pictures and words put in, words to come out)."""
        from .batches import encode, make_batches

        encoded = encode(self.readable(examples), self.vocabulary, self.config.max_length)
        return make_batches(encoded, self._pictures, self.config.batch_size, seed, self.config.flips)

    def training_batches(self, model: Any, examples: Sequence[Example], seed: int) -> Any:
        """The same, with words of the model's own put in; or captions drawn from the model, with their advantage."""
        from .training import drawn, mixed

        if self.config.objective == "cider":
            return drawn(self, model, self.readable(examples), seed)
        batches = self.batches(examples, seed)
        return mixed(batches, model, self.config, seed) if self.config.scheduled_sampling else batches

    # The model and its judgement

    def build(self) -> Any:
        """A new model, or the one to go on from."""
        import keras

        from .model import build, take_over

        model = build(self.config, len(self.vocabulary), getattr(self, "grid", (0, 0)))
        if self.config.start:
            begun = keras.models.load_model(RunFolder(self.config.start).model, compile=False)
            take_over(model, begun)
        return model

    def loss(self) -> Any:
        """Cross-entropy with smoothed labels; plain, and weighted by advantages, for CIDEr."""
        from .losses import CaptionLoss

        if self.config.objective == "cider":
            return CaptionLoss(of_said=True)
        return CaptionLoss(self.config.label_smoothing)

    def evaluate(self, model: Any, examples: Sequence[Example]) -> Evaluation:
        """Judges captions that the model says, never what it would say after the right words.

        While it is trained that is the greedy caption; of a trained model the best of a beam, with what greedy search
        and a beam of 3 come to, and whether search or model erred.
        """
        from .judgement import judge

        is_training = getattr(model, "optimizer", None) is not None
        return judge(self, model, self.readable(examples), greedy_only=is_training)

    def settle(self, model: Any, splits: Splits[Example]) -> None:
        """Chooses length penalty and temperature of the search on dev; neither matters to greedy search."""
        from .judgement import choose_search

        if self.config.beams > 1:
            self.search = choose_search(self, model, self.readable(splits.dev))

    def report(self, evaluation: Evaluation) -> list[str]:
        """The captions furthest from their references."""
        from .judgement import describe

        return describe(evaluation.details, SHOWN)

    def draw(self, evaluation: Evaluation, folder: Path) -> None:
        """Pictures with their captions, and the lengths of captions."""
        from .plots import draw

        draw(evaluation.details, folder)

    # Use

    @property
    def pictures(self) -> Any:
        """The pictures made ready by `open`."""
        return self._pictures

    @property
    def said_in_training(self) -> frozenset[str]:
        """The training captions, where they are at hand."""
        return self._said

    @cached_property
    def encoder(self) -> Any:
        """The frozen network that makes features of pixels, for a model that takes features."""
        from .encoder import build_encoder

        return build_encoder(self.config)

    def features(self, pixels: np.ndarray) -> np.ndarray:
        """Pixels `[pictures, size, size, 3]` as the model takes pictures; features rounded as in the cache."""
        if self.config.is_small:
            return pixels
        return np.asarray(self.encoder(pixels.astype(np.float32), training=False), np.float16)

    def read_inputs(self, given: Sequence[str], file: str | None) -> Iterator[Picture]:
        """The pictures of files and folders, or those that a file lists, one a line."""
        names = given if file is None else [line for _, line in read_lines(file) if line.strip()]
        return read_pictures(names, self.config.pixels)

    def predict(self, model: Any, inputs: Sequence[Any]) -> list[Answer]:
        """The caption of each picture (a path or pixels); one that cannot be read has none, and says why."""
        from .captioner import caption

        pictures = [as_picture(one, self.config.pixels) for one in inputs]
        found = caption(self, model, pictures)
        return [self.answer(picture, one) for picture, one in zip(pictures, found, strict=True)]

    def answer(self, picture: Picture, found: Any) -> Answer:
        """What was found for a picture, in words; None for one that cannot be read."""
        if found is None:
            return Answer(picture.name, "", None, picture.error)
        return Answer(picture.name, self.vocabulary.decode(found.ids), found.score)

    def explain(self, model: Any, inputs: Sequence[Any], path: Path) -> None:
        """Each picture once a word of its caption, with the attention over it, as HTML or PNG."""
        from . import explain

        explanations = explain.explain(self, model, [as_picture(one, self.config.pixels) for one in inputs])
        (explain.write_html if path.suffix == ".html" else explain.write_png)(explanations, path)

    # Export

    def tolerance(self, kind: str) -> float:
        """For scores that are sums over a caption's words.

        Of features that lie between two numbers of float16 a graph may take the one and Keras the other, and trained
        blocks above them take that further.
        """
        return 1e-4 if self.config.is_small else 1e-3

    def write_artifact(self, kind: str, model: Any, folder: Path) -> None:
        """A SavedModel of pixels, or of JPEG and PNG files, with encoder and search inside."""
        from .artifacts import write_savedmodel

        write_savedmodel(self, model, folder)

    def artifact_outputs(self, kind: str, folder: Path, examples: Sequence[Example]) -> Iterable[np.ndarray]:
        """Score, words and attention, from pixels, each picture by itself."""
        from .artifacts import run_savedmodel

        return run_savedmodel(self, folder, [example.image for example in examples])

    def model_outputs(self, model: Any, examples: Sequence[Example]) -> Iterable[np.ndarray]:
        """The same by the Keras model."""
        from .artifacts import run_model

        return run_model(self, model, [example.image for example in examples])
