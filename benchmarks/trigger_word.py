"""Trigger words: a core's share for live audio, and misses on a stream; beside pymicro-wakeword.

`python -m benchmarks.trigger_word [--json] [--data FOLDER] [--run RUN]`, which needs `make backends`
"""

from __future__ import annotations

import tempfile
import time
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import tyro

import apps.trigger_word
from apps.core.cli import import_tensorflow
from apps.trigger_word import loader
from apps.trigger_word.config import RATE, Config
from apps.trigger_word.detector import smooth_scores
from apps.trigger_word.evaluation import Point, det_curve, judge, metrics
from apps.trigger_word.streams import SNRS, Stream, make_stream
from apps.trigger_word.task import TriggerTask

from .report import Result, median, seconds_in_turn, show

SHARED = Path("../shared/data/trigger_word")
WORD = "alexa"
"""A word that pymicro-wakeword has a model of."""
PEER = f"pymicro-wakeword's {WORD}, int8"
CHUNK = RATE // 10
"""Samples that a microphone gives at once."""
SECONDS, ROUNDS = 60, 5
MODELS: tuple[Literal["gru"], Literal["depthwise"]] = ("gru", "depthwise")
FORMATS = ("litert-int8", "litert", "onnx")


@dataclass(frozen=True)
class Options:
    """What to measure on."""

    data: str = str(SHARED) if SHARED.exists() else "sample"
    """Recordings, as `train --data` takes them."""
    run: str | None = None
    """A trained run, to see on its test stream what 8 bits cost and, if it listens for "alexa", beside the peer."""
    json: bool = False
    """Print one JSON object instead of a table."""


def main() -> None:
    """Measures and prints everything."""
    options = tyro.cli(Options, config=(tyro.conf.FlagCreatePairsOff,))
    import_tensorflow()
    warnings.simplefilter("ignore")  # of clipped recordings, and of what TensorFlow is about to rename
    with tempfile.TemporaryDirectory() as folder:
        results = live(options.data, Path(folder))
    if options.run:
        results |= on_stream(options.run)
    show(results, options.json)


class Peer:
    """pymicro-wakeword's model of `WORD`, fed as `TriggerDetector` is."""

    def __init__(self) -> None:
        from pymicro_wakeword import MicroWakeWord, MicroWakeWordFeatures, Model

        self.model, self.features = MicroWakeWord.from_builtin(Model(WORD)), MicroWakeWordFeatures()

    def feed(self, samples: np.ndarray) -> list[float]:
        """The smoothed probability at each hop of int16 `[samples]`; between its outputs, every third hop, 0."""
        frames = self.features.process_streaming(samples.tobytes())
        return [self.model.process_streaming_prob(frame) or 0.0 for frame in frames]


def live(data: str, folder: Path) -> dict[str, Result]:
    """Percent of a core for audio as it comes, by what is exported; what a model has learned makes no difference."""
    splits = TriggerTask(Config(data=data)).read_splits()
    detectors: dict[str, Any] = {}
    for kind in MODELS:
        task = TriggerTask(Config(data=data, model=kind))
        task.prepare(splits)
        model = task.build()
        for form in FORMATS:
            name = f"{kind}_{form}"
            (folder / name).mkdir()
            task.write_artifact(form, model, folder / name)
            detectors[name] = loader.TriggerDetector(folder / name)
    stream = make_stream(splits.test, task.keywords, task.config.seed, SECONDS / 3600)
    chunks = in_chunks(np.concatenate(list(stream.blocks()))[: SECONDS * RATE])
    detectors["peer"] = Peer()
    functions = [lambda one=one: [one.feed(chunk) for chunk in chunks] for one in detectors.values()]
    times = seconds_in_turn(functions, ROUNDS, clock=time.process_time)
    shares = {name: 100 * median(own) / SECONDS for name, own in zip(detectors, times, strict=True)}
    peer = shares.pop("peer")
    return {f"live_{name}": Result(share, peer, PEER, "% of a core") for name, share in shares.items()}


def in_chunks(samples: np.ndarray) -> Sequence[np.ndarray]:
    """Samples as a microphone gives them, int16."""
    return [to_int16(samples[start : start + CHUNK]) for start in range(0, len(samples), CHUNK)]


def to_int16(samples: np.ndarray) -> np.ndarray:
    """Floats in [-1, 1] as 16-bit numbers."""
    return np.clip(np.round(samples * 32768), -32768, 32767).astype(np.int16)


def on_stream(run: str) -> dict[str, Result]:
    """A run on its test stream: what 8 bits cost, and, of `WORD`, misses and latency beside the peer's."""
    predictor = apps.trigger_word.load(run)
    task = cast(TriggerTask, predictor.task)
    examples = task.read_examples(task.config.data)
    stream, scores, times = task.judge_stream(predictor.model, examples)
    with tempfile.TemporaryDirectory() as folder:
        task.write_artifact("litert-int8", predictor.model, Path(folder))
        size = (Path(folder) / "model.tflite").stat().st_size / 1000
        rough = smooth_scores(loader.TriggerDetector(folder).scorer(task.stream_features(examples)[1]), task.spec())
    rest = stream, task.keywords, task.thresholds or {}, task.config.refractory
    lost, whole = (100 * (1 - metrics(judge(one, times, *rest))["recall"]) for one in (rough, scores))
    results = {
        "size_int8": Result(size, 4 * predictor.model.count_params() / 1000, "its weights as float32", "kB"),
        "misses_int8": Result(lost, whole, "the same model in Keras", "% at its threshold"),
    }
    return results | (beside(stream, scores, times, task) if WORD in task.keywords else {})


def beside(stream: Stream, scores: np.ndarray, times: np.ndarray, task: TriggerTask) -> dict[str, Result]:
    """Percent of the words missed at the lowest threshold with at most one false accept, and the latency there."""
    index, refractory = task.keywords.index(WORD), task.config.refractory
    own = strict(det_curve(scores[:, index], times, stream, WORD, refractory))
    peer_scores = listen(stream.blocks())
    heard = (np.arange(len(peer_scores)) * 160 + 480) / RATE  # windows of 30 ms, every 10 ms
    peer = strict(det_curve(peer_scores, heard, stream, WORD, refractory))
    results = {
        f"misses_{snr:g}_db": Result(missed(own, snr), missed(peer, snr), PEER, "% at 1 false accept") for snr in SNRS
    }
    return results | {"latency": Result(latency(own), latency(peer), PEER, "ms, median")}


def missed(point: Point, snr: float) -> float:
    """Percent of the words at a signal-to-noise ratio."""
    return 100 * (1 - point.recall(snr))


def latency(point: Point) -> float:
    """From the end of a word to its detection, in milliseconds."""
    return 1000 * float(np.median(point.match.latencies))


def listen(blocks: Iterable[np.ndarray]) -> np.ndarray:
    """The peer's probability at every hop of a stream."""
    peer = Peer()
    return np.array([score for block in blocks for score in peer.feed(to_int16(block))])


def strict(curve: Sequence[Point]) -> Point:
    """The point with the most hits among those with at most one false accept."""
    return max((point for point in curve if point.false_accepts <= 1), key=Point.recall)


if __name__ == "__main__":
    main()
