"""Captioning: features a second, training, one caption, many captions; beside what one writes in plain Keras.

`python -m benchmarks.captioning [--json] [--data FOLDER] [--cnn-weights FILE]`
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tyro
from PIL import Image
from rich.console import Console

from apps.captioning.config import Config
from apps.captioning.features import features_of
from apps.captioning.task import CaptioningTask
from apps.captioning.words import END, START
from apps.core.training import make_optimizer

from .captioning_plain import PlainCaptioner, search
from .report import Result, median, quantile, seconds_in_turn, show

SHARED = Path("../shared/data/captioning")
PICTURES, TRAINED_ON, SAID, ANSWERS = 1000, 480, 100, 30
LONGEST = 22
"""Words, to which the plain way pads every caption."""
BATCH = 32
ROUNDS = 3
EPOCH = 30_000
"""Captions of Flickr8k."""


@dataclass(frozen=True)
class Options:
    """What to measure on."""

    data: str = str(SHARED / "flickr8k")
    """Captioned pictures, as `train --data` takes them."""
    cnn_weights: str = str(SHARED / "mobilenet_v2" / "mobilenet_v2_1.0_224_1001.weights.h5")
    """Of MobileNetV2."""
    json: bool = False
    """Print one JSON object instead of a table."""


def main() -> None:
    """Measures and prints everything."""
    options = tyro.cli(Options, config=(tyro.conf.FlagCreatePairsOff,))
    with tempfile.TemporaryDirectory() as folder:
        config = Config(data=options.data, cnn_weights=options.cnn_weights, cache=f"{folder}/cache", flips=False)
        task = CaptioningTask(config)
        task.console = Console(quiet=True)
        splits = task.read_splits()
        few = replace(splits, train=splits.train[:TRAINED_ON], dev=splits.dev[:1], test=splits.test[:SAID])
        results = features(config, [example.image for example in splits.dev[:PICTURES]], Path(folder))
        task.prepare(few)
        results |= training(task, few.train)
        results |= captions(task, [example.image for example in few.test], Path(folder))
    show(results, options.json)


def features(config: Config, images: list[str], folder: Path) -> dict[str, Result]:
    """Pictures a second from their files to features."""
    encoder = CaptioningTask(config).encoder
    count = iter(range(1000))

    def ours() -> None:
        cache = str(folder / f"cache{next(count)}")
        features_of(images, replace(config, cache=cache), Console(quiet=True))

    def plain() -> None:
        for start in range(0, len(images), BATCH):
            pictures = [Image.open(name).convert("RGB") for name in images[start : start + BATCH]]
            pixels = [np.asarray(one.resize((config.image_size,) * 2), np.float32) for one in pictures]
            encoder.predict(np.stack(pixels), verbose=0)

    own, peer = seconds_in_turn([ours, plain], ROUNDS)
    name = "Pillow, then model.predict, 32 at a time"
    return {"features": Result(len(images) / median(own), len(images) / median(peer), name, "pictures/s")}


def training(task: CaptioningTask, examples: Any) -> dict[str, Result]:
    """Captions a second, and the minutes that an epoch of Flickr8k comes to."""
    model, plain = task.build(), PlainCaptioner(task.config, len(task.vocabulary))
    for one in (model, plain):
        one.compile(make_optimizer(task.config, 1000), keras.losses.SparseCategoricalCrossentropy(True, ignore_class=0))
    model.compile(make_optimizer(task.config, 1000), task.loss(), jit_compile=False)
    rows = plain_rows(task, examples)
    size = task.config.batch_size * 5
    own, peer = seconds_in_turn(
        [
            lambda: model.fit(task.batches(examples, seed=1), shuffle=False, verbose=0),
            lambda: plain.fit(rows.batch(size, drop_remainder=True).prefetch(2), verbose=0),
        ],
        ROUNDS,
    )
    number = sum(len(example.captions) for example in examples)
    ours, theirs = number / median(own), number / median(peer)
    name = f"plain Keras: LSTMCell and attention step by step, padded to {LONGEST} words"
    return {
        "training": Result(ours, theirs, name, "captions/s"),
        "training_epoch": Result(EPOCH / ours / 60, EPOCH / theirs / 60, name, "min/30,000 captions"),
    }


def plain_rows(task: CaptioningTask, examples: Any) -> tf.data.Dataset:
    """Features, words put in and words to come out, a caption a row."""
    pairs = [(example.image, caption) for example in examples for caption in example.captions]
    grids = task.pictures.gather([image for image, _ in pairs])
    words = np.zeros((len(pairs), LONGEST + 1), np.int32)
    for row, (_, caption) in zip(words, pairs, strict=True):
        ids = [START, *task.vocabulary.encode(caption.lower().split(), LONGEST - 1)]
        row[: len(ids)] = ids
    return tf.data.Dataset.from_tensor_slices(((grids, words[:, :-1]), words[:, 1:])).shuffle(len(pairs), seed=1)


def captions(task: CaptioningTask, images: list[str], folder: Path) -> dict[str, Result]:
    """Milliseconds for the caption of one picture file, and captions a second of features at hand."""
    from apps.captioning.artifacts import write_savedmodel
    from apps.captioning.decoding import say

    model, plain, encoder = task.build(), PlainCaptioner(task.config, len(task.vocabulary)), task.encoder
    write_savedmodel(task, model, folder / "savedmodel")
    served = tf.saved_model.load(str(folder / "savedmodel")).signatures["encoded"]
    image = folder / "picture.jpg"
    Image.open(images[0]).convert("RGB").save(image)
    content = image.read_bytes()
    beams, longest = task.config.beams, task.config.max_length + 1

    def one_plain() -> object:
        picture = np.asarray(Image.open(image).resize((task.config.pixels,) * 2), np.float32)
        return search(plain, encoder.predict_on_batch(picture[None]), START, END, beams, longest)

    def one_served() -> object:
        return served(image=tf.constant([content]))["ids"].numpy()

    own, peer = seconds_in_turn([one_served, one_plain], ANSWERS, twice=True)
    grids = task.pictures.gather(images)
    step = "plain Keras: a compiled decoder step a call from Python, beams in numpy"
    many, many_peer = seconds_in_turn(
        [
            lambda: say(model, task.pictures.batches(images), task.search),
            lambda: [search(plain, grid[None], START, END, beams, longest) for grid in grids],
        ],
        ROUNDS,
    )
    return {
        **{
            f"caption_{label}": Result(1000 * quantile(own, share), 1000 * quantile(peer, share), step, "ms")
            for label, share in (("p50", 0.5), ("p90", 0.9))
        },
        "generation": Result(len(images) / median(many), len(images) / median(many_peer), step, "captions/s"),
    }


if __name__ == "__main__":
    main()
