"""Sentiment: training speed, time for one answer, and time to the first answer.

`python -m benchmarks.sentiment [--json] [--data DATA]`
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from apps.core.cli import import_tensorflow
from apps.core.text import pad
from apps.sentiment.config import Config
from apps.sentiment.task import SentimentTask

from .report import Result, median, quantile, seconds_in_turn, show

IMDB = Path("../shared/data/sentiment/imdb/aclImdb.tar.xz")
SENTENCE = "the acting is good but the story never finds its way and the film is a long and dull one"
"""20 words."""
TRAINED_ON = 960
ROUNDS = 5
ANSWERS = 300


@dataclass(frozen=True)
class Options:
    """What to measure on."""

    data: str = str(IMDB) if IMDB.exists() else "tfds:imdb_reviews"
    """Labelled texts, as `train --data` takes them."""
    json: bool = False
    """Print one JSON object instead of a table."""


def main() -> None:
    """Measures and prints everything."""
    options = tyro.cli(Options, config=(tyro.conf.FlagCreatePairsOff,))
    import_tensorflow()
    task = SentimentTask(Config(data=options.data))
    splits = task.read_splits()
    task.prepare(splits)
    results = training(task, list(splits.train))
    with tempfile.TemporaryDirectory() as folder:
        results |= answers(task, Path(folder))
    show(results, options.json)


def training(task: SentimentTask, examples: list[Any]) -> dict[str, Result]:
    """Examples a second of training, beside the same model and optimizer in plain Keras.

    The peers have no length buckets: one pads every text to the longest length, as the Keras examples do, the other
    each batch to its own longest text.
    """
    import numpy as np
    import tensorflow as tf

    from apps.core.batching import no_autotune
    from apps.core.training import make_optimizer

    random = np.random.default_rng(0)
    chosen = [examples[index] for index in random.permutation(len(examples))[:TRAINED_ON]]
    ids = task.encode_examples(chosen)
    targets = task.targets(chosen)
    size = task.config.batch_size

    def model() -> Any:
        built = task.build()
        built.compile(make_optimizer(task.config, 1000), task.loss(), jit_compile=False)
        return built

    bucketed, fixed, ragged = model(), model(), model()
    full = np.zeros((len(ids), task.config.max_length), np.int32)
    for row, array in zip(full, ids, strict=True):
        row[: len(array)] = array
    by_batch = tf.data.Dataset.from_generator(
        lambda: zip(ids, targets, strict=True),
        output_signature=(tf.TensorSpec([None], tf.int32), tf.TensorSpec([], tf.int32)),
    )
    by_batch = by_batch.cache().shuffle(len(ids)).padded_batch(size).prefetch(2).with_options(no_autotune())
    padded = tf.data.Dataset.from_tensor_slices((full, targets)).shuffle(len(ids)).batch(size).prefetch(2)
    padded = padded.with_options(no_autotune())  # its wait is no work, and would hide the difference
    ours, peer, better = seconds_in_turn(
        [
            lambda: bucketed.fit(task.batches(chosen, seed=1), shuffle=False, verbose=0),
            lambda: fixed.fit(padded, shuffle=False, verbose=0),
            lambda: ragged.fit(by_batch, shuffle=False, verbose=0),
        ],
        ROUNDS,
    )
    speed = [len(ids) / median(times) for times in (ours, peer, better)]
    unit = "examples/s"
    return {
        "training": Result(speed[0], speed[1], f"plain Keras, padded to {task.config.max_length} tokens", unit),
        "training_padded_batch": Result(speed[0], speed[2], "plain Keras, each batch padded to its longest", unit),
    }


def answers(task: SentimentTask, folder: Path) -> dict[str, Result]:
    """Milliseconds for the class of one sentence of 20 words, and seconds from process start to the first."""
    import numpy as np
    import tensorflow as tf

    from apps.core import loader

    model = task.build()
    for kind in task.formats:
        (folder / kind).mkdir()
        task.write_artifact(kind, model, folder / kind)
    model.save(folder / "model.keras")
    serve = tf.saved_model.load(str(folder / "savedmodel")).signatures["serving_default"]
    onnx, litert = loader.Model(folder / "onnx"), loader.Model(folder / "litert")
    ways: dict[str, Callable[[], object]] = {
        "keras": lambda: model.predict(pad([task.encoder.encode(SENTENCE)]), verbose=0),
        "savedmodel": lambda: np.asarray(serve(text=tf.constant([SENTENCE]))["probabilities"]),
        "onnx": lambda: onnx([SENTENCE]),
        "litert": lambda: litert([SENTENCE]),
    }
    assert all(np.isfinite(np.asarray(ways[name]())).all() for name in ("keras", "savedmodel"))
    times = dict(zip(ways, seconds_in_turn(list(ways.values()), ANSWERS, twice=True), strict=True))
    results = {}
    for name in ("savedmodel", "onnx", "litert"):
        for label, share in (("p50", 0.5), ("p99", 0.99)):
            ours, peer = (1000 * quantile(times[way], share) for way in (name, "keras"))
            results[f"predict_{name}_{label}"] = Result(ours, peer, "Keras, model.predict", "ms")
    with_keras = (
        "import keras, layers, numpy; "
        f"keras.models.load_model({str(folder / 'model.keras')!r}).predict(numpy.ones((1, 20), 'int32'), verbose=0)"
    )
    starts = seconds_in_turn(
        [
            lambda: run([str(folder / "onnx" / "loader.py"), SENTENCE]),
            lambda: run([str(folder / "litert" / "loader.py"), SENTENCE]),
            lambda: run(["-c", with_keras]),
        ],
        5,
    )
    for name, times_ in zip(("onnx", "litert"), starts, strict=False):
        results[f"start_{name}"] = Result(median(times_), median(starts[2]), "Keras, load_model and predict", "s")
    return results


def run(words: list[str]) -> None:
    """A Python process from start to end."""
    subprocess.run([sys.executable, *words], check=True, capture_output=True)


if __name__ == "__main__":
    main()
