"""TensorFlow Datasets as a corpus, without a network."""

from types import SimpleNamespace

import numpy as np
import pytest

from embeddings.corpus import Rules, encode, tfds
from embeddings.corpus.tfds import read_tfds
from embeddings.errors import InputError

tensorflow_datasets = pytest.importorskip("tensorflow_datasets")
features = tensorflow_datasets.features
TEXT = features.Text()


class Builder:
    """As much of a builder as is used."""

    def __init__(self, rows, **kinds):
        self.rows = rows
        self.info = SimpleNamespace(splits={"train": None, "test": None}, features=features.FeaturesDict(kinds))

    def download_and_prepare(self):
        pass

    def as_dataset(self, split, shuffle_files):
        assert not shuffle_files
        if split not in self.info.splits:
            raise ValueError(f"Unknown split {split!r}")
        return self.rows if split == "train" else self.rows[:1]


@pytest.fixture
def use(monkeypatch):
    def put(rows, **kinds):
        builder = Builder(rows, **kinds)
        monkeypatch.setattr(tensorflow_datasets, "builder", lambda name: names.append(name) or builder)
        monkeypatch.setattr(tensorflow_datasets, "as_numpy", lambda rows: rows)
        return names

    names = []
    return put


def read(source):
    return b"".join(read_tfds(source)).decode()


def message(source):
    with pytest.raises(InputError) as caught:
        read(source)
    said = str(caught.value)
    assert said.startswith(f"{source}: ")
    assert "\n" not in said
    return said


def test_the_only_text(use):
    rows = [{"review": b"a b\nc\r\nd", "label": 1}, {"review": b"e", "label": 0}]
    names = use(rows, review=TEXT, label=features.ClassLabel(num_classes=2))
    assert read("tfds:a/b") == "a b c d\ne\n"
    assert read("tfds:a/b:1.0.0:test#review") == "a b c d\n"
    assert read("tfds:a:1.*.*") == read("tfds:a:train") == read("tfds:a")
    assert names == ["a/b", "a/b:1.0.0", "a:1.*.*", "a", "a"]


def test_nested_texts_and_sequences(use):
    row = {"text": b"x", "pair": {"de": b"eins zwei", "en": b"one two"}, "tokens": np.array([b"a", b"b"], object)}
    use([row], text=TEXT, pair=features.Translation(["de", "en"]), tokens=features.Sequence(TEXT))
    assert read("tfds:a") == "x\n"
    assert read("tfds:a#pair/de") == "eins zwei\n"
    assert read("tfds:a#tokens") == "a b\n"
    assert message("tfds:a#pair").endswith("name one of its texts by #FEATURE: pair/de, pair/en, text, tokens")


def test_encoded(use, tmp_path):
    use([{"text": b"a b a"}, {"text": b""}, {"text": b"b"}], text=TEXT)
    assert encode("tfds:a", Rules(min_count=1), tmp_path / "corpus").ids.tolist() == [0, 1, 0, -1, 1, -1]


def test_blocks(use, monkeypatch):
    monkeypatch.setattr(tfds, "BLOCK", 4)
    use([{"text": b"abc"}] * 5, text=TEXT)
    assert list(read_tfds("tfds:a")) == [b"abc\n"] * 5 + [b""]


def test_what_cannot_be_chosen(use):
    use([], text=TEXT, other=TEXT)
    assert "name one of its texts by #FEATURE: other, text" in message("tfds:a#none")
    assert "no split 'none'; it has train, test" in message("tfds:a:none")
    use([], title=TEXT, other=TEXT)
    assert "other, title" in message("tfds:a")
    use([], label=features.ClassLabel(num_classes=2))
    assert "no text feature" in message("tfds:a")


@pytest.mark.parametrize("source", ["tfds:", "tfds:a#", "tfds:#text", "tfds::train"])
def test_what_is_no_name(source):
    assert "should read tfds:NAME" in message(source)


@pytest.mark.parametrize("name", ["no_such_dataset", "glue/none", "imdb_reviews:9.9.9", "two words"])
def test_an_unknown_name(name):
    assert "no TensorFlow Dataset has this name (" in message(f"tfds:{name}")


def test_what_cannot_be_downloaded(monkeypatch):
    def fail(self, **_):
        raise ConnectionError("no route\nto host")

    monkeypatch.setattr(tensorflow_datasets.core.DatasetBuilder, "download_and_prepare", fail)
    assert message("tfds:imdb_reviews") == "tfds:imdb_reviews: cannot be prepared: ConnectionError: no route"


def test_a_real_builder(tmp_path):
    with tensorflow_datasets.testing.mock_data(num_examples=3, data_dir=str(tmp_path)):
        assert len(read("tfds:imdb_reviews:test#text").splitlines()) == 3
