"""`check`: what it says of data, and that it says nothing where there is nothing to say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from apps.core.cli import main
from apps.ner.task import NerTask

TRAIN = "Anna B-PER\nsleeps O\n\nin O\nOslo I-LOC\n\nBob B-PER\nBär I-PER\n\nall O\nis O\nwell O\nhere O\n"
DEV = "Ann B-PER\nsleeps O\n"
TEST = "Anna B-PER\nsleeps O\n\nACME B-ORG\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in (("train", TRAIN), ("dev", DEV), ("test", TEST)):
        (tmp_path / f"{name}.conll").write_text(content, "utf-8")
    return tmp_path


def check(capsys: pytest.CaptureFixture[str], *argv: object) -> str:
    """What it prints."""
    assert main(NerTask, ["check", *map(str, argv)]) == 0
    return capsys.readouterr().out.replace(str(argv[0]).removesuffix(".conll"), "")


def test_all_that_it_says(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = check(capsys, folder)
    lines = [line.split() for line in said.splitlines()]
    assert ["train", "4", "10", "3", "IOB2"] in lines
    assert ["dev", "1", "2", "1", "1", "(100%)", "IOB2"] in lines
    assert ["test", "2", "3", "2", "1", "(50%)", "IOB2"] in lines
    assert ["type", "train", "dev", "test"] in lines
    assert ["PER", "2", "1", "1"] in lines
    assert ["LOC", "1", "0", "0"] in lines
    assert "  LOC: 1  [/train.conll:5]\n  PER: 2  [/train.conll:1] [/train.conll:7]" in said
    assert "type ORG of test does not occur in training: 1  [/test.conll:4]" in said
    assert (
        "1 broken transition in train (IOB2), read as conlleval reads them:\n  O I-LOC (end)  [/train.conll:5]" in said
    )
    assert "1 sentence in more than one split:\n  Anna sleeps  [/train.conll:1] [/test.conll:1]" in said
    assert "  train: 4 words  all is well here  [/train.conll:10]" in said


def test_data_may_be_named_as_for_train(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(NerTask, ["check", "--data", str(folder)]) == 0
    by_option = capsys.readouterr().out
    assert main(NerTask, ["check", str(folder)]) == 0
    assert capsys.readouterr().out == by_option


def test_of_clean_data_it_only_says_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    said = check(capsys, "sample")
    assert "broken" not in said
    assert "more than one split" not in said
    assert "does not occur" not in said
    assert "the rarest types in training:" in said


def test_a_single_file_with_options(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "data.conll"
    path.write_text("".join(f"w{n} B-PER x\n\n" for n in range(100)))
    said = check(capsys, path, "--tag-column", 1, "--scheme", "IOB1")
    assert "held out of train" in said
    assert "100 broken transitions in train (IOB1)" in said
    assert "  … and 90 more" in said


def test_without_entities(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "data.jsonl"
    path.write_text("".join(json.dumps({"text": f"text {n}", "spans": []}) + "\n" for n in range(50)))
    assert "no sentence has an entity" in check(capsys, path)


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ([], "check: name what to look at, once"),
        (["sample", "--data", "sample"], "check: name what to look at, once"),
        (["none.conll"], "none.conll: no such file"),
    ],
)
def test_refused(argv: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(NerTask, ["check", *argv]) == 2
    assert message in capsys.readouterr().err


def test_mistakes_are_named_with_their_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "data.conll"
    path.write_text("a O\nb Q-PER\n")
    assert main(NerTask, ["check", str(path)]) == 2
    assert "data.conll:2: no scheme allows the tag 'Q-PER'" in capsys.readouterr().err
