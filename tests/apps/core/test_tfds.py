"""TensorFlow Datasets as a source, without a network."""

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow_datasets as tfds

from apps.core.errors import InputError
from apps.core.tfds import read_tfds


def convert(features, rows, where):
    assert set(features) == {"text", "label"}
    return [(where, row["text"].decode(), int(row["label"])) for row in rows]


def message(name):
    with pytest.raises(InputError) as caught:
        read_tfds(name, convert)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", ["no_such_dataset", "glue/none", "imdb_reviews:9.9.9", "two words", ""])
def test_an_unknown_name(name):
    said = message(name)
    assert said.startswith(f"tfds:{name}: no TensorFlow Dataset has this name (")
    assert said.endswith("; see tensorflow.org/datasets")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ConnectionError("no route\nto host"), "ConnectionError: no route"),
        (RuntimeError(), "RuntimeError: no reason given"),
        (tfds.download.DownloadError("404"), "DownloadError: 404"),
    ],
)
def test_what_cannot_be_downloaded(monkeypatch, tmp_path, error, reason):
    def fail(self, **_):
        raise error

    monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", fail)
    assert message("imdb_reviews") == f"tfds:imdb_reviews: cannot be prepared: {reason}"


def test_splits(tmp_path, monkeypatch):
    names = dict.fromkeys(["train", "test", "unsupervised"])  # which a mocked builder does not know
    monkeypatch.setattr(tfds.core.DatasetInfo, "splits", property(lambda info: names))
    monkeypatch.setattr(tfds.core.DatasetInfo, "dataset_size", 0)
    with tfds.testing.mock_data(num_examples=3, data_dir=str(tmp_path)):
        found = read_tfds("imdb_reviews", convert)
    assert set(found) == {"train", "test"}  # neither dev nor `unsupervised`
    assert [where for where, _, _ in found["train"]] == ["tfds:imdb_reviews/train"] * 3
    assert all(isinstance(text, str) and label in (0, 1) for part in found.values() for _, text, label in part)


class Builder:
    """As much of a builder as is used."""

    def __init__(self, **splits):
        self.splits = splits
        self.info = SimpleNamespace(splits=splits, features={"text": None, "label": None})
        self.prepared = False

    def download_and_prepare(self):
        self.prepared = True

    def as_dataset(self, split, shuffle_files):
        assert self.prepared
        assert not shuffle_files
        return [{"text": text.encode(), "label": np.int64(0)} for text in self.splits[split]]


def use(monkeypatch, builder):
    monkeypatch.setattr(tfds, "builder", lambda name: builder)
    monkeypatch.setattr(tfds, "as_numpy", lambda rows: rows)


def test_validation_is_dev_and_a_split_without_targets_is_left_out(monkeypatch):
    use(monkeypatch, Builder(train=["a", "b"], validation=["c"], test=[], unsupervised=["d"]))
    found = read_tfds("any", convert)
    assert {split: [text for _, text, _ in part] for split, part in found.items()} == {
        "train": ["a", "b"],
        "dev": ["c"],
    }


@pytest.mark.parametrize("splits", [{"test": ["a"]}, {"train": [], "test": ["a"]}])
def test_without_a_labelled_train_split(monkeypatch, splits):
    use(monkeypatch, Builder(**splits))
    assert message("any") == "tfds:any: the data set has no labelled train split; choose another"
