"""Flickr8k and the weights of MobileNetV2, where they are."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from apps.captioning.config import Config
from apps.captioning.data import read_splits
from apps.captioning.evaluation import score
from apps.captioning.features import features_of
from apps.captioning.images import load_picture, read_picture

DATA = Path(__file__).parents[4] / "shared" / "data" / "captioning"

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"the data sets are not there: {DATA}"),
]


def test_splits_as_published() -> None:
    notes: list[str] = []
    splits = read_splits(Config(data=str(DATA / "flickr8k")), notes.append)
    assert [len(part) for part in (splits.train, splits.dev, splits.test)] == [6000, 1000, 1000]
    assert all(len(example.captions) == 5 for example in [*splits.train, *splits.dev, *splits.test])
    assert len(notes) == 1
    assert notes[0].startswith("91 pictures in no list of a split left out: ")
    first = splits.test[0]
    assert first.captions[0] == "The dogs are in the snow in front of a fence ."
    assert read_picture(first.image).shape == (224, 224, 3)


def test_people_judged_by_people() -> None:
    """One caption by the other four: the published machines are near these numbers by the same measures."""
    test = read_splits(Config(data=str(DATA / "flickr8k")), lambda line: None).test
    found = score([one.captions[0] for one in test], [one.captions[1:] for one in test])
    assert found["bleu1"] == pytest.approx(0.636, abs=0.005)
    assert found["bleu4"] == pytest.approx(0.209, abs=0.005)
    assert found["sacrebleu"] == pytest.approx(0.208, abs=0.005)
    assert found["cider"] == pytest.approx(0.789, abs=0.005)


def test_features_say_what_is_in_a_picture(tmp_path: Path) -> None:
    """The classifier that belongs to the weights sees dogs in the cached features of pictures of dogs."""
    import h5py
    import keras

    weights = DATA / "mobilenet_v2"
    splits = read_splits(Config(data=str(DATA / "flickr8k")), lambda line: None)
    dogs = [one.image for one in splits.test if all("dog" in caption.lower() for caption in one.captions)][:8]
    others = [one.image for one in splits.test if "dog" not in " ".join(one.captions).lower()][:8]
    config = Config(cnn_weights=str(weights), cache=str(tmp_path))
    store = features_of(dogs + others, config, Console(file=io.StringIO()))
    assert store.grids.shape[1:] == (49, 1280)
    with h5py.File(next(weights.glob("*.h5"))) as file:
        kernel, bias = (np.array(file[f"layers/dense/vars/{index}"]) for index in (0, 1))
    labels = (weights / "imagenet_labels.txt").read_text().splitlines()
    first, last = labels.index("Chihuahua"), labels.index("Mexican hairless")
    answers = (store.gather(dogs + others).astype(np.float32).mean(1) @ kernel + bias).argmax(1)
    is_dog = (first <= answers) & (answers <= last)
    assert is_dog[:8].mean() >= 0.75
    assert is_dog[8:].mean() <= 0.25
    pixels = np.stack([load_picture(image) for image in dogs])
    whole = keras.applications.MobileNetV2(weights=None, classes=1001)
    whole.load_weights(next(weights.glob("*.h5")))
    np.testing.assert_array_equal(whole(pixels / np.float32(127.5) - 1).numpy().argmax(1), answers[:8])
