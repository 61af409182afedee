"""TensorFlow Datasets as a source, its builders mocked: nothing is downloaded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from apps.captioning.config import Config
from apps.captioning.data import read_splits
from apps.captioning.images import read_picture
from apps.core.errors import InputError

from .making import noise

tfds = pytest.importorskip("tensorflow_datasets")


@pytest.fixture(autouse=True)
def known_splits(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a prepared builder knows of its splits, which a mocked one does not."""
    monkeypatch.setattr(tfds.core.DatasetInfo, "splits", property(lambda info: dict.fromkeys(("train", "validation"))))
    monkeypatch.setattr(tfds.core.DatasetInfo, "dataset_size", 0)


def rows(pictures: int) -> Iterator[dict[str, Any]]:
    for index in range(pictures):
        said = ["", "..."] if index == 5 else [f"A dog {index}.", "", f"Dog {index}!"]
        yield {
            "image": noise(6, 8, seed=index),
            "image/id": index,
            "captions": {"id": list(range(len(said))), "text": [one.encode() for one in said]},
        }


def as_coco(self: Any, *args: Any, split: str = "train", **kwargs: Any) -> Any:
    import tensorflow as tf

    signature = {
        "image": tf.TensorSpec((None, None, 3), tf.uint8),
        "image/id": tf.TensorSpec((), tf.int64),
        "captions": {"id": tf.TensorSpec((None,), tf.int64), "text": tf.TensorSpec((None,), tf.string)},
    }
    return tf.data.Dataset.from_generator(lambda: rows(60 if split == "train" else 20), output_signature=signature)


def test_coco_captions(tmp_path: Path) -> None:
    notes: list[str] = []
    config = Config(data="tfds:coco_captions", cache=str(tmp_path))
    with tfds.testing.mock_data(num_examples=60, as_dataset_fn=as_coco):
        splits = read_splits(config, notes.append)
        assert read_splits(config, notes.append) == splits
    assert len(splits.train) + len(splits.test) == 59
    assert len(splits.dev) == 19
    assert notes[:2] == [
        "1 picture without a caption left out: tfds:coco_captions/train:6",
        "1 picture without a caption left out: tfds:coco_captions/validation:6",
    ]
    example = splits.dev[3]
    assert example.captions == ("A dog 3.", "Dog 3!")
    assert example.where == "tfds:coco_captions/validation:4"
    assert Path(example.image).is_relative_to(tmp_path / "tfds")
    np.testing.assert_array_equal(read_picture(example.image), noise(6, 8, seed=3))
    files = [path for path in (tmp_path / "tfds").rglob("*") if path.is_file()]
    assert len(files) == 59, "each picture is kept once, by its content"


def test_a_builder_without_captions() -> None:
    with (
        tfds.testing.mock_data(num_examples=3),
        pytest.raises(InputError, match="tfds:mnist/train: no captioned pictures: looked for `image` and one of"),
    ):
        read_splits(Config(data="tfds:mnist"))
