"""Flickr8k as it comes, and a real encoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from apps.captioning.batches import encode
from apps.captioning.config import Config
from apps.captioning.data import read_splits
from apps.captioning.examples import says_sides
from apps.captioning.task import CaptioningTask
from apps.captioning.tokens import tokenise
from apps.captioning.words import Vocabulary

from .helpers import DATA, one_line, options, read_json, run
from .making import write

FLICKR, WEIGHTS = DATA / "flickr8k", DATA / "mobilenet_v2"

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not FLICKR.is_dir(), reason="../shared/data/captioning is not there"),
]


def test_flickr8k_has_its_pictures_and_words() -> None:
    splits = read_splits(Config(data=str(FLICKR)))
    assert [len(split) for split in (splits.train, splits.dev, splits.test)] == [6000, 1000, 1000]
    captions = [tokenise(caption) for example in splits.train for caption in example.captions]
    assert len(captions) == 30000
    vocabulary = Vocabulary.of(captions, 4)
    assert 2500 < len(vocabulary.words) < 3500
    encoded = encode(splits.dev, vocabulary, 20)
    lengths = [len(caption) for one in encoded.captions for caption in one]
    assert 10 < np.mean(lengths) < 13
    assert 0.01 < np.mean([says_sides(example) for example in splits.train]) < 0.2


def test_a_few_pictures_go_the_whole_way(tmp_path: Path) -> None:
    folder = tmp_path / "flickr"
    (folder / "images").mkdir(parents=True)
    splits = read_splits(Config(data=str(FLICKR)))
    lines = []
    for name, size in (("train", 12), ("dev", 3), ("test", 3)):
        chosen = getattr(splits, name)[:size]
        for example in chosen:
            (folder / "images" / Path(example.image).name).symlink_to(Path(example.image).resolve())
            jpg = Path(example.image).with_suffix(".jpg").name
            lines += [f"{jpg}#{number}\t{caption}\n" for number, caption in enumerate(example.captions)]
        names = [Path(example.image).with_suffix(".jpg").name for example in chosen]
        write(folder / f"Flickr_8k.{name}Images.txt", "".join(f"{one}\n" for one in names))
    write(folder / "Flickr8k.token.txt", "".join(lines))
    more = {"data": folder, "cnn_weights": WEIGHTS, "cache": tmp_path / "cache"}
    found = run("train", "--run", tmp_path / "run", *options(**more)).succeeded()
    assert "features of 18 pictures" in one_line(found.err)
    assert read_json(tmp_path / "run" / "state.json")["grid"] == [49, 1280]
    task = CaptioningTask(Config(**{**read_json(tmp_path / "run" / "config.json")}))
    assert task.config.pixels == 224
