"""The published data sets, where they are."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from apps.core.sources import Splits
from apps.sentiment.config import Config
from apps.sentiment.data import Example, read_splits

from .helpers import DATA, read_json, run

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"the data sets are not there: {DATA}"),
]


def read(name: str) -> Splits[Example]:
    return read_splits(Config(data=str(DATA / name)))


def sizes(splits: Splits[Example]) -> tuple[int, int, int]:
    return len(splits.train), len(splits.dev), len(splits.test)


@pytest.mark.parametrize(
    ("name", "counts", "labels"),
    [
        ("sst2", (6920, 872, 1821), "01"),
        ("sst5", (8544, 1101, 2210), "01234"),
        ("chnsenticorp", (9600, 1200, 1200), "01"),
    ],
)
def test_splits_as_published(name: str, counts: tuple[int, int, int], labels: str) -> None:
    splits = read(name)
    assert sizes(splits) == counts
    for part in (splits.train, splits.dev, splits.test):
        assert {example.label for example in part} == set(labels)
        assert all(example.text.strip() for example in part)


def test_what_the_first_lines_hold() -> None:
    for name in ("sst2", "sst5"):
        label, _, text = (DATA / name / "test.txt").read_text("utf-8").split("\n")[0].partition(" ")
        first = read(name).test[0]
        assert (first.label, first.text) == (label, text.strip())
    first = read("chnsenticorp").train[0]
    assert [first.label, first.text] == (DATA / "chnsenticorp" / "train.tsv").read_text("utf-8").split("\n")[1].split(
        "\t"
    )


def test_imdb_from_its_archive() -> None:
    splits = read("imdb/aclImdb.tar.xz")
    assert len(splits.test) == 25_000
    assert len(splits.train) + len(splits.dev) == 25_000
    assert 2_000 < len(splits.dev) < 3_000
    assert Counter(example.label for example in splits.test) == {"pos": 12_500, "neg": 12_500}
    train, dev = ({example.text for example in part} for part in (splits.train, splits.dev))
    assert not train & dev
    assert splits.test[0].where.endswith("aclImdb.tar.xz:aclImdb/test/neg/0_2.txt")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "options", "floor"),
    [
        ("sst2", ("--epochs", "4"), 0.77),
        ("sst2", ("--epochs", "4", "--model", "average"), 0.75),
        ("sst5", ("--epochs", "4"), 0.37),
        ("chnsenticorp", ("--epochs", "3", "--unit", "characters", "--units", "32", "--max-length", "150"), 0.82),
    ],
)
def test_a_short_training_learns(name: str, options: tuple[str, ...], floor: float, tmp_path: Path) -> None:
    run("train", "--data", DATA / name, "--run", tmp_path / "run", *options).succeeded()
    assert read_json(tmp_path / "run" / "metrics.json")["test"]["accuracy"] >= floor
