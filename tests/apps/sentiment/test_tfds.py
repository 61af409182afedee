"""TensorFlow Datasets as a source, its builders mocked: nothing is downloaded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from apps.core.errors import InputError
from apps.sentiment.config import Config
from apps.sentiment.data import read_examples, read_splits
from apps.sentiment.task import SentimentTask

from .helpers import options, run

tfds = pytest.importorskip("tensorflow_datasets")


SPLITS = {"imdb_reviews": ("train", "test", "unsupervised"), "mnist": ("train", "test")}


@pytest.fixture(autouse=True)
def known_splits(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a prepared builder knows of its splits, which a mocked one does not."""
    names = property(lambda info: dict.fromkeys(SPLITS.get(info.name, ("train", "validation", "test"))))
    monkeypatch.setattr(tfds.core.DatasetInfo, "splits", names)
    monkeypatch.setattr(tfds.core.DatasetInfo, "dataset_size", 0)


def rows(hidden: bool, size: int = 200) -> Iterator[dict[str, Any]]:
    """Rows as GLUE has them: in its test splits every label is -1."""
    for index in range(size):
        yield {
            "sentence": f"sentence {index} est très bien".encode(),
            "label": -1 if hidden else index % 2,
            "idx": index,
        }


def as_glue(self: Any, *args: Any, split: str = "train", **kwargs: Any) -> Any:
    import tensorflow as tf

    signature = {
        "sentence": tf.TensorSpec((), tf.string),
        "label": tf.TensorSpec((), tf.int64),
        "idx": tf.TensorSpec((), tf.int32),
    }
    return tf.data.Dataset.from_generator(lambda: rows(hidden=split == "test"), output_signature=signature)


def test_imdb_reviews() -> None:
    with tfds.testing.mock_data(num_examples=120):
        splits = read_splits(Config(data="tfds:imdb_reviews"))
        assert len(splits.test) == 120
        assert len(splits.train) + len(splits.dev) == 120
        assert {example.label for example in splits.test} == {"neg", "pos"}
        assert all(isinstance(example.text, str) and example.text for example in splits.train)
        assert splits.test[4].where == "tfds:imdb_reviews/test:5"
        task = SentimentTask(Config(data="tfds:imdb_reviews", min_count=1))
        assert "120 test texts; 2 classes" in task.prepare(splits)[0]


def test_glue_sst2_has_no_labelled_test_split() -> None:
    config = Config(data="tfds:glue/sst2")
    with tfds.testing.mock_data(num_examples=200, as_dataset_fn=as_glue):
        splits = read_splits(config)
        examples = read_examples("tfds:glue/sst2", Config())
    assert len(splits.dev) == 200, "its validation split"
    assert len(splits.train) + len(splits.test) == 200
    assert 5 < len(splits.test) < 50, "held out of the training split"
    assert all(example.where.startswith("tfds:glue/sst2/train:") for example in splits.test)
    assert {example.label for example in splits.train} == {"negative", "positive"}
    assert splits.dev[0].text == "sentence 0 est très bien"
    assert [example.where for example in examples] == [f"tfds:glue/sst2/validation:{n}" for n in range(1, 201)]


def test_columns_are_named_as_features() -> None:
    with tfds.testing.mock_data(num_examples=60):
        with pytest.raises(InputError, match="no text column: looked for 'body', found 'text', 'label'"):
            read_splits(Config(data="tfds:imdb_reviews", text_column="body"))
        with pytest.raises(InputError, match="tfds:mnist/train: no text column"):
            read_splits(Config(data="tfds:mnist"))


def test_a_feature_that_is_not_text_is_refused() -> None:
    with (
        tfds.testing.mock_data(num_examples=20),
        pytest.raises(InputError, match="tfds:mnist/train: the feature 'image' is not text"),
    ):
        read_splits(Config(data="tfds:mnist", text_column="image"))


def test_all_labels_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "rows", lambda hidden: iter([{"sentence": b"a", "label": np.int64(-1), "idx": 0}]))
    with (
        tfds.testing.mock_data(as_dataset_fn=as_glue),
        pytest.raises(InputError, match="tfds:glue/sst2: the data set has no labelled train split"),
    ):
        read_splits(Config(data="tfds:glue/sst2"))


@pytest.mark.parametrize("name", ["no_such_data_set", "", "glue/no_such_config", "../glue", "imdb_reviews:9.9.9"])
def test_unknown_names(name: str, tmp_path: Any) -> None:
    found = run("train", "--data", f"tfds:{name}", "--run", tmp_path / "run", *options())
    assert found.error.startswith(f"tfds:{name}: no TensorFlow Dataset has this name (")
    assert found.err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_prepared(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ConnectionError("no route to host\nand more lines")

    with tfds.testing.mock_data(num_examples=5):
        monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", fail)
        found = run("train", "--data", "tfds:imdb_reviews", "--run", tmp_path / "run", *options())
    assert found.error == "tfds:imdb_reviews: cannot be prepared: ConnectionError: no route to host"
    assert not list(tmp_path.iterdir())
