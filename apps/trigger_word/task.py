"""The trigger-word task, for `apps.core`."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from apps.core.errors import InputError, InputWarning
from apps.core.sources import Splits, read_lines
from apps.core.task import Evaluation, Task

from . import data
from .answers import Asked, Heard, ask, hear
from .clips import Clip, load
from .config import RATE, Config
from .features import SPEC, STRIDE, log_mel, statistics

FORMATS = ("savedmodel", "onnx", "litert", "litert-int8")
STATISTICS_STREAMS = 48
"""Streams of which mean and variance of the features are taken."""
CHECK_SECONDS = 3
"""Of each clip that exported models are compared on."""


class TriggerTask(Task[Config, Clip]):
    """Listens for trigger words: train on your own recordings, evaluate on streams, predict, listen and export."""

    name = "trigger_word"
    config_class = Config
    metric = "mean_recall"
    slack = 0.03
    formats = FORMATS

    keywords: tuple[str, ...]
    mean: list[float]
    variance: list[float]
    thresholds: dict[str, float] | None = None

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self._dev: Sequence[Clip] | None = None
        self._streams: dict[int, tuple[Sequence[Clip], Any, np.ndarray]] = {}

    @classmethod
    def more_commands(cls) -> dict[str, Callable[..., None]]:
        """`listen`."""
        from .listen import listen

        return {"listen": listen}

    # From data to batches

    def read_splits(self) -> Splits[Clip]:
        """Reads what `--data` names."""
        return data.read_splits(self.config)

    def read_examples(self, source: str) -> Sequence[Clip]:
        """Recordings of the words that the run was trained for, and of what is to be told from them."""
        return data.read_examples(source, dataclasses.replace(self.config, keywords=self.keywords))

    def prepare(self, splits: Splits[Clip]) -> list[str]:
        """Learns the words, and mean and variance of the features in streams such as those of training."""
        self.keywords = data.keywords_of(splits.train, self.config)
        known = {clip.label for clip in splits.train if clip.label}
        if missing := [word for word in self.keywords if word not in known]:
            words = ", ".join(sorted(known)[:10]) or "none"
            raise InputError(f"no recordings of {missing[0]!r}; there are some of {words}", "--keywords")
        self._dev = splits.dev
        mixer = self.mixer(splits.train)
        generators = self.generators(self.config.seed, STATISTICS_STREAMS)
        self.mean, self.variance = statistics([log_mel(mixer.mix(rng).samples) for rng in generators])
        return data.describe(splits, self.keywords)

    def state(self) -> dict[str, Any]:
        """Words, statistics of the features and, when training is over, thresholds."""
        return {
            "keywords": list(self.keywords),
            "mean": self.mean,
            "variance": self.variance,
            "thresholds": self.thresholds,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Takes them back."""
        self.keywords = tuple(state["keywords"])
        self.mean, self.variance = list(state["mean"]), list(state["variance"])
        self.thresholds = state["thresholds"]

    def batches(self, examples: Sequence[Clip], seed: int | None = None) -> Any:
        """Batches of (features, targets, weights) of streams that are mixed as they are needed."""
        return self.mixed_batches(examples, seed or 0, [])

    def training_batches(self, model: Any, examples: Sequence[Clip], seed: int) -> Any:
        """The same, with what the model takes for a word now mixed in as what it is not."""
        from .mining import mine

        count = round(self.config.hard_share * self.config.mixtures * len(self.keywords) / 4)
        # Parts of the words would be the worst mistakes of all: to learn from nothing else makes a model deaf.
        mixer = self.mixer(examples, parts=False, keyword_share=0.0)
        streams = (mixer.mix(rng).samples for rng in self.generators(seed, count, "hard"))
        return self.mixed_batches(examples, seed, mine(model, streams))

    def mixer(self, clips: Sequence[Clip], parts: bool = True, **changes: Any) -> Any:
        """Mixes streams of recordings, by the configuration with some changes; `parts` of trigger words among them."""
        from .mixing import Mixer

        return Mixer(clips, self.keywords, dataclasses.replace(self.config, **changes), parts)

    def generators(self, seed: int, count: int, what: str = "") -> list[np.random.Generator]:
        """A generator for each of some streams."""
        return [np.random.default_rng([self.config.seed, seed, *what.encode(), index]) for index in range(count)]

    def mixed_batches(self, examples: Sequence[Clip], seed: int, hard: Sequence[np.ndarray]) -> Any:
        """`--mixtures` streams a word, of which some have one of the hard sounds in them."""
        from .training_data import mixed_batches

        seeds, fill = (self.config.seed, seed), np.asarray(self.mean, np.float32)
        return mixed_batches(self.mixer(examples), seeds, hard, self.config, len(self.keywords), fill)

    # The model and its judgement

    def build(self) -> Any:
        """A new model."""
        from .model import build

        return build(self.config, len(self.keywords), self.mean, self.variance)

    def loss(self) -> Any:
        """Focal loss with weight on the rare class."""
        from .losses import RareEventLoss

        return RareEventLoss(self.config.focus, self.config.positive_weight)

    def evaluate(self, model: Any, examples: Sequence[Clip]) -> Evaluation:
        """Misses and false accepts on a stream; before training is over, by the thresholds that fit it."""
        from . import evaluation

        stream, scores, times = self.judge_stream(model, examples)
        thresholds = self.thresholds or self.fit(stream, scores, times)
        judged = evaluation.judge(scores, times, stream, self.keywords, thresholds, self.config.refractory)
        metrics = evaluation.metrics(judged)
        if self.thresholds is None:  # all rows of the history have the same columns, also those of before it hears any
            metrics = {name: value for name, value in metrics.items() if not name.startswith("latency")}
        return Evaluation(metrics, judged)

    def settle(self, model: Any, splits: Splits[Clip]) -> None:
        """Fits the thresholds to the development stream; warns of words that none of them detects."""
        from .evaluation import undetected

        stream, scores, times = self.judge_stream(model, splits.dev)
        self.thresholds = self.fit(stream, scores, times)
        most = self.config.max_false_accepts_per_hour
        for word in undetected(scores, times, stream, self.thresholds, self.config.refractory):
            warnings.warn(
                f"{word!r} is not detected once in the development stream by a threshold with at most {most:g} false "
                "accepts an hour; train longer, on more recordings, or raise --max-false-accepts-per-hour",
                InputWarning,
                stacklevel=2,
            )

    def fit(self, stream: Any, scores: np.ndarray, times: np.ndarray) -> dict[str, float]:
        """The threshold of each word at which there are no more false alarms than wished for."""
        from .evaluation import fit_thresholds

        most, refractory = self.config.max_false_accepts_per_hour, self.config.refractory
        return fit_thresholds(scores, times, stream, self.keywords, most, refractory)

    def judge_stream(self, model: Any, examples: Sequence[Clip]) -> tuple[Any, np.ndarray, np.ndarray]:
        """A stream of recordings, its smoothed scores `[steps, keywords]`, and the times at which they are known."""
        from .detector import KerasScorer, smooth_scores
        from .training_data import heard_until

        stream, features = self.stream_features(examples)
        scores = smooth_scores(KerasScorer(model)(features), self.spec())
        return stream, scores, heard_until(np.arange(len(scores))) / RATE

    def stream_features(self, examples: Sequence[Clip]) -> tuple[Any, np.ndarray]:
        """A stream and its features; kept, as dev comes every epoch."""
        if id(examples) not in self._streams:
            from .streams import make_stream
            from .training_data import stream_features

            is_dev = examples is self._dev
            hours = self.config.dev_hours if is_dev else self.config.test_hours
            stream = make_stream(examples, self.keywords, self.config.seed, hours, vary=is_dev)
            # Holding on to the list keeps its identity from being given to another.
            self._streams[id(examples)] = (examples, stream, stream_features(stream.blocks()))
        return self._streams[id(examples)][1:]

    def report(self, evaluation: Evaluation) -> list[str]:
        """Rates with their intervals, by signal-to-noise ratio."""
        from .evaluation import report

        return report(evaluation.details)

    def draw(self, evaluation: Evaluation, folder: Path) -> None:
        """Misses against false accepts."""
        from .evaluation import draw

        draw(evaluation.details, folder)

    # Use

    def spec(self) -> dict[str, Any]:
        """What a detector needs to know besides the model."""
        return {
            **SPEC,
            "stride": STRIDE,
            "keywords": list(self.keywords),
            "thresholds": self.thresholds or dict.fromkeys(self.keywords, 1.0),
            "smoothing": self.config.smoothing,
            "refractory": self.config.refractory,
        }

    def detector(self, model: Any) -> Any:
        """A detector with the model."""
        from .detector import KerasScorer
        from .loader import StreamDetector

        return StreamDetector(self.spec(), KerasScorer(model))

    def read_inputs(self, given: Sequence[str], file: str | None) -> Iterator[Asked]:
        """The sound files that are named here, or in a file, one a line."""
        return ask(given if file is None else [line for _, line in read_lines(file) if line.strip()])

    def predict(self, model: Any, inputs: Sequence[str | Path | Asked]) -> list[Heard]:
        """The trigger words in sound files; for one that cannot be read, why."""
        answers = []
        for one in inputs:
            answers.append(hear(self.detector(model), str(one.path if isinstance(one, Asked) else one)))
            if isinstance(one, Asked):
                one.tally.add(answers[-1])
        return answers

    def explain(self, model: Any, inputs: Sequence[Asked], path: Path) -> None:
        """Waveform, mel spectrogram and score of each file."""
        from .pictures import explain

        explain(self, model, [one.path for one in inputs], path)

    # Export

    def tolerance(self, kind: str) -> float:
        """Numbers of 8 bits differ more."""
        return 0.1 if kind == "litert-int8" else 1e-4

    def write_artifact(self, kind: str, model: Any, folder: Path) -> None:
        """SavedModel on raw samples; ONNX and LiteRT of one step, with settings and loader beside them."""
        from . import artifacts

        artifacts.write_artifact(kind, model, self.spec(), self.calibration, folder)

    def calibration(self) -> list[np.ndarray]:
        """Features of streams such as those of training."""
        mixer = self.mixer(self.read_splits().train)
        return [log_mel(mixer.mix(rng).samples) for rng in self.generators(self.config.seed, 16)]

    def artifact_outputs(self, kind: str, folder: Path, examples: Sequence[Clip]) -> Iterable[np.ndarray]:
        """Scores of a stream of the examples, by the artifact."""
        from . import artifacts

        return [artifacts.run_artifact(kind, folder, self.check_stream(examples))]

    def model_outputs(self, model: Any, examples: Sequence[Clip]) -> Iterable[np.ndarray]:
        """The same by the Keras model."""
        from .detector import KerasScorer
        from .training_data import whole_steps

        return [KerasScorer(model)(whole_steps(self.check_stream(examples)))]

    def check_stream(self, examples: Sequence[Clip]) -> np.ndarray:
        """The beginnings of all examples, one after the other."""
        if not examples:
            raise InputError("there are no recordings to compare on", "export")
        return np.concatenate([load(clip)[: CHECK_SECONDS * RATE] for clip in examples])
