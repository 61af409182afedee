"""Sources, splits, and what is known of them."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from apps.core.errors import InputError
from apps.core.sources import Splits
from apps.ner.config import Config
from apps.ner.data import (
    READERS,
    Example,
    check_types,
    read_examples,
    read_parts,
    read_splits,
    surfaces,
    unit_of,
)
from apps.ner.schemes import Scheme, convert

ROOT = Path(__file__).parents[3]
DATA = ROOT.parent / "shared" / "data" / "ner"
COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
}


def conll(size: int, scheme: Scheme = "IOB2", kind: str = "PER") -> str:
    """Sentences that all differ."""
    tags = convert([f"B-{kind}", f"E-{kind}", "O"], "BIOES", scheme)
    rows = [zip((f"Name{n}", "Smith", "sleeps"), tags, strict=True) for n in range(size)]
    return "\n".join("".join(f"{token}\t{tag}\n" for token, tag in row) for row in rows)


def everything(splits: Splits[Example]) -> list[Example]:
    return [*splits.train, *splits.dev, *splits.test]


def make(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, "utf-8")
    return path


@pytest.mark.parametrize("compression", COMPRESS)
@pytest.mark.parametrize("ending", [ending for ending in READERS if ending != ".jsonl"])
def test_every_ending_compressed_or_not(ending: str, compression: str, tmp_path: Path) -> None:
    path = tmp_path / f"data{ending}{compression}"
    path.write_bytes(COMPRESS[compression](conll(3).encode()))
    examples = read_examples(str(path), Config())
    assert [example.tags for example in examples] == [("B-PER", "E-PER", "O")] * 3


def test_a_folder_of_splits_each_in_its_own_scheme(tmp_path: Path) -> None:
    make(tmp_path / "train.char.bmes", conll(5, "BMES"))
    make(tmp_path / "valid.iob", conll(2, "IOB1"))
    make(tmp_path / "test.jsonl", json.dumps({"text": "Name7 Smith sleeps", "spans": [[0, 11, "PER"]]}) + "\n")
    splits = read_splits(Config(data=str(tmp_path)))
    assert [len(splits.train), len(splits.dev), len(splits.test)] == [5, 2, 1]
    assert {example.tags for example in everything(splits)} == {("B-PER", "E-PER", "O")}
    assert read_examples(str(tmp_path), Config()) == splits.test
    (tmp_path / "test.jsonl").unlink()
    assert read_examples(str(tmp_path), Config()) == splits.dev


def test_what_is_missing_is_held_out_of_train(tmp_path: Path) -> None:
    path = make(tmp_path / "data.conll", conll(300))
    splits = read_splits(Config(data=str(path)))
    assert 15 < len(splits.dev) < 50
    assert 15 < len(splits.test) < 50
    assert len({example.tokens for example in everything(splits)}) == 300
    assert read_splits(Config(data=str(path), seed=2)).test != splits.test
    assert read_examples(str(path), Config(data=str(path))) == splits.test


def test_sentences_of_a_text_stay_together(tmp_path: Path) -> None:
    rows = [{"text": f"Bob{n} came. Ann{n} left.", "spans": []} for n in range(100)]
    path = make(tmp_path / "data.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    splits = read_splits(Config(data=str(path)))
    parts = [{example.text for example in part} for part in (splits.train, splits.dev, splits.test)]
    assert len(everything(splits)) == 200
    assert sum(map(len, parts)) == 100


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "no train, dev or test file here"),
        ({"test.conll": conll(2)}, "there is nothing to train on here"),
        ({"train.conll": conll(1)}, "too few examples: none is left for"),
        ({"train.conll": conll(1), "train.txt": conll(1)}, "both look like the train split"),
        ({"train.conll": ""}, "the file is empty"),
    ],
)
def test_folders_that_cannot_be_used(files: dict[str, str], message: str, tmp_path: Path) -> None:
    for name, content in files.items():
        make(tmp_path / name, content)
    with pytest.raises(InputError, match=message):
        read_splits(Config(data=str(tmp_path)))


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_splits(Config(data=str(tmp_path / "none.conll")))
    with pytest.raises(InputError, match="no such file"):
        read_splits(Config(data=str(tmp_path / "none")))
    with pytest.raises(InputError, match=r"unknown ending; known are \.jsonl, \.conll"):
        read_splits(Config(data=str(make(tmp_path / "data.docx", "x"))))


def test_types_unseen_in_training_are_named_with_file_and_line(tmp_path: Path) -> None:
    examples = read_examples(str(make(tmp_path / "data.conll", conll(1) + "in O\n" + conll(1, kind="LOC"))), Config())
    check_types(examples, {"PER", "LOC"})
    with pytest.raises(
        InputError, match=r"data\.conll:5: the entity type 'LOC' does not occur in training .there: PER"
    ):
        check_types(examples, {"PER"})


def test_surfaces(tmp_path: Path) -> None:
    examples = read_examples(str(make(tmp_path / "data.conll", conll(2))), Config())
    assert list(surfaces(examples)) == [("Name0 Smith", "PER"), ("Name1 Smith", "PER")]


@pytest.mark.parametrize(
    ("sentences", "unit"),
    [
        (["张三去北京", "2003年"], "characters"),
        (["东京タワー"], "characters"),
        ([["Anna", "sleeps", "in", "Oslo"]], "words"),
        ([["北京", "是", "首都"]], "words"),
        (["abc", "xyz"], "words"),
        (["张三去北京", ["NBA"], "大人小人大"], "characters"),
    ],
)
def test_the_unit_that_tokens_are_of(sentences: list[Any], unit: str) -> None:
    examples = [Example(tuple(tokens), ("O",) * len(tokens)) for tokens in sentences]
    splits = Splits(examples, examples, examples)
    assert unit_of(splits, Config()) == unit
    assert unit_of(splits, Config(unit="characters")) == "characters"
    assert unit_of(splits, Config(unit="words")) == "words"


def test_an_example_is_the_same_wherever_it_was_read_from() -> None:
    assert repr(Example(("a",), ("O",), "x:1", "a", (0,), (1,))) == repr(Example(("a",), ("O",)))


# TensorFlow Datasets, its builders mocked: nothing is downloaded.

NAMES = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")


def rows(hidden: bool) -> Iterator[dict[str, Any]]:
    for index in range(60):
        tags = [1, 2, 0] if index % 2 else [3, 0, 0]
        tokens = [f"Ärne{index}".encode(), b"Smith", b"sleeps"]
        yield {"tokens": tokens, "tags": [-1] * 3 if hidden else tags}


@pytest.fixture
def mocked(monkeypatch: pytest.MonkeyPatch) -> Any:
    tfds = pytest.importorskip("tensorflow_datasets")
    splits = {"conll2003": ("train", "dev", "test")}
    names = property(lambda info: dict.fromkeys(splits.get(info.name, ("train", "validation", "test"))))
    monkeypatch.setattr(tfds.core.DatasetInfo, "splits", names)
    monkeypatch.setattr(tfds.core.DatasetInfo, "dataset_size", 0)
    return tfds


def test_tfds_conll2003(mocked: Any) -> None:
    with mocked.testing.mock_data(num_examples=20):
        splits = read_splits(Config(data="tfds:conll2003"))
    assert [len(part) for part in (splits.train, splits.dev, splits.test)] == [20, 20, 20]
    assert {kind for _, kind in surfaces(everything(splits))} <= {"PER", "ORG", "LOC", "MISC"}
    assert splits.test[3].where == "tfds:conll2003/test:4"
    assert splits.dev[0].where == "tfds:conll2003/dev:1"
    assert all(isinstance(token, str) for example in splits.train for token in example.tokens)


def test_tfds_wikiann_whose_test_tags_may_be_hidden(mocked: Any) -> None:
    import tensorflow as tf

    def as_dataset(self: Any, *args: Any, split: str = "train", **kwargs: Any) -> Any:
        signature = {"tokens": tf.TensorSpec((None,), tf.string), "tags": tf.TensorSpec((None,), tf.int64)}
        return tf.data.Dataset.from_generator(lambda: rows(hidden=split == "test"), output_signature=signature)

    with mocked.testing.mock_data(as_dataset_fn=as_dataset):
        splits = read_splits(Config(data="tfds:wikiann/de"))
    assert len(splits.dev) == 60, "its validation split"
    assert len(splits.train) + len(splits.test) == 60, "held out of the training split"
    first = splits.dev[1]
    assert first == Example(("Ärne1", "Smith", "sleeps"), ("B-PER", "E-PER", "O"), "tfds:wikiann/de/validation:2")


def test_tfds_without_tags(mocked: Any) -> None:
    with mocked.testing.mock_data(num_examples=5), pytest.raises(InputError, match="tfds:mnist/train: has no tokens"):
        read_splits(Config(data="tfds:mnist"))


# The published data sets, where they are


@pytest.mark.realdata
@pytest.mark.skipif(not DATA.is_dir(), reason=f"the data sets are not there: {DATA}")
@pytest.mark.parametrize(
    ("name", "counts", "scheme", "unit", "types"),
    [
        ("wnut2017", (3394, 1009, 1287), "IOB2", "words", 6),
        ("resume_zh", (3821, 463, 477), "BMES", "characters", 8),
    ],
)
def test_published(name: str, counts: tuple[int, ...], scheme: str, unit: str, types: int) -> None:
    config = Config(data=str(DATA / name))
    splits = read_splits(config)
    assert tuple(map(len, (splits.train, splits.dev, splits.test))) == counts
    assert {part.scheme for part in read_parts(config.data, config).values()} == {scheme}
    assert unit_of(splits, config) == unit
    known = {kind for _, kind in surfaces(splits.train)}
    assert len(known) == types
    check_types([*splits.dev, *splits.test], known)
