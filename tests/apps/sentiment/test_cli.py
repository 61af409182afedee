"""Bad input: one clear line, exit code 2, and nothing left behind."""

from __future__ import annotations

import errno
import io
import json
import os
import resource
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from .helpers import Outcome, leftovers, options, read_json, run, run_process, write_reviews

Trained = Callable[[str], Path]


def make(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refuse(place: Path, *argv: object) -> str:
    """The error of a `train` that must not leave anything at `place`."""
    found = run("train", "--run", place, *argv)
    assert not place.exists()
    assert not leftovers(place.parent)
    assert found.out == ""
    return found.error


def copy(run_folder: Path, to: Path) -> Path:
    return Path(shutil.copytree(run_folder, to, ignore=shutil.ignore_patterns("export")))


# Data


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("empty.tsv", "", "empty.tsv: the file is empty; it should hold labelled texts"),
        ("column.tsv", "stars\tbody text\n1\tfine\n", "column.tsv:1: no text column: looked for one of text"),
        ("latin.tsv", b"label\ttext\n1\tcaf\xe9\n", "latin.tsv:2: byte 6 is not UTF-8; convert the file"),
        ("long.txt", "1 " + "word " * 400_000, "long.txt:1: the line is longer than 1,000,000 bytes; put one text"),
        ("blank.tsv", "label\ttext\n" + "1\t \n" * 90, "blank.tsv: all its texts are blank"),
        (
            "one.tsv",
            "label\ttext\n" + "".join(f"1\ttext {n}\n" for n in range(90)),
            "every training text is of one class",
        ),
        ("few.tsv", "label\ttext\n1\tfine\n", "few.tsv: too few examples"),
        ("data.xlsx", "x", "data.xlsx: unknown ending; known are .txt, .tsv, .csv, .jsonl"),
    ],
)
def test_data_that_cannot_be_learned_from(name: str, content: str | bytes, what: str, tmp_path: Path) -> None:
    path = make(tmp_path / "data" / name, content)
    assert what in refuse(tmp_path / "run", "--data", path, *options())


@pytest.mark.parametrize("split", ["dev", "test"])
def test_a_label_unseen_in_training(split: str, tmp_path: Path, reviews: Path) -> None:
    rows = "".join(f"{n % 2}\ttext {n}\n" for n in range(20))
    for name in ("train", "dev", "test"):
        make(tmp_path / "data" / f"{name}.tsv", "label\ttext\n" + rows + ("7\todd\n" if name == split else ""))
    error = refuse(tmp_path / "run", "--data", tmp_path / "data", *options())
    place = tmp_path / "data" / f"{split}.tsv"
    assert error == f"{place}:22: the class '7' does not occur in training (there: 0, 1)"


def test_a_label_unseen_in_training_given_to_evaluate(tmp_path: Path, trained: Trained) -> None:
    path = make(tmp_path / "other.tsv", "label\ttext\n1\tfine\nfine\tdull\n")
    found = run("evaluate", "--run", trained("average"), "--data", path)
    assert found.error.startswith(f"{path}:3: the class 'fine' does not occur in training (there: 1, 2, 3, 4, 5)")
    assert found.out == ""


def test_missing_data(tmp_path: Path) -> None:
    error = refuse(tmp_path / "run", "--data", tmp_path / "none.tsv", *options())
    assert error == f"{tmp_path}/none.tsv: no such file; check the path"


def test_ordinal_classes_must_be_numbers(tmp_path: Path) -> None:
    path = make(tmp_path / "data.tsv", "label\ttext\n" + "".join(f"{'ab'[n % 2]}\ttext {n}\n" for n in range(90)))
    error = refuse(tmp_path / "run", "--data", path, "--ordinal", "yes", *options())
    assert error == "--ordinal yes: needs classes that are numbers, not a, b"


# Vectors


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("ragged.txt", "the 1 2 3\nwas 1 2\n", "ragged.txt:2: "),
        ("ragged2.txt", "2 3\nthe 1 2 3\nwas 1 2 3 4 5x\n", "ragged2.txt:3: "),
        ("width.txt", "2 4\nthe 1 2 3\nwas 1 2 3\n", "width.txt:2: "),
        ("short.txt", "3 3\nthe 1 2 3\nwas 1 2 3\n", "the header promises 3 vectors, the file has only 2"),
        ("junk.bin", bytes(range(256)) * 40, "junk.bin"),
        ("junk2.bin", b"1000 300\n" + bytes(range(128, 256)) * 400, "junk2.bin: vector 1 of 1000: "),
        (
            "cut.bin",
            b"2 3\nthe " + np.ones(3, "<f4").tobytes() + b"was " + b"\1\2",
            "vector 2 of 2: the file is cut short",
        ),
        ("nan.txt", "the 1 2 3\nwas nan 1 2\n", "the vector of 'was' holds NaN or infinity"),
        ("empty.txt", "", "empty.txt: no vectors in it"),
        ("other.txt", "zzz 1 2 3\nyyy 1 2 3\n", "none of the words of the data has a vector in it"),
        ("bad.safetensors", b"\x10\0\0\0\0\0\0\0{}", "bad.safetensors: not a whole safetensors file"),
        ("bad.txt.gz", b"junk", "bad.txt.gz"),
    ],
)
def test_vectors_that_cannot_be_used(name: str, content: str | bytes, what: str, tmp_path: Path, reviews: Path) -> None:
    path = make(tmp_path / name, content)
    assert what in refuse(tmp_path / "run", "--data", reviews, "--vectors", path, *options())


def test_vectors_that_are_not_there(tmp_path: Path, reviews: Path) -> None:
    error = refuse(tmp_path / "run", "--data", reviews, "--vectors", tmp_path / "none.txt", *options())
    assert error.startswith(f"--vectors: {tmp_path}/none.txt: no such file")
    error = refuse(tmp_path / "run", "--data", reviews, "--vectors", tmp_path, *options())
    assert error.startswith(f"--vectors: {tmp_path}: is a folder")


# Options


@pytest.mark.parametrize(
    ("option", "value", "must"),
    [
        ("dropout", 2, "must be at least 0 and below 1, not 2.0"),
        ("word-dropout", -0.1, "must be at least 0 and below 1, not -0.1"),
        ("epochs", 0, "must be 1 or more, not 0"),
        ("seeds", 0, "must be 1 or more, not 0"),
        ("batch-size", -3, "must be 1 or more, not -3"),
        ("learning-rate", 0, "must be above 0, not 0.0"),
        ("learning-rate", "nan", "must be above 0, not nan"),
        ("clip-norm", "nan", "must not be negative, not nan"),
        ("ema", 1, "must be at least 0 and below 1, not 1.0"),
        ("max-vocabulary", 2, "must be 3 or more, not 2"),
        ("units", 0, "must be 1 or more, not 0"),
        ("seed", -1, "must not be negative, not -1"),
    ],
)
def test_values_that_cannot_be_meant(option: str, value: object, must: str, tmp_path: Path) -> None:
    assert refuse(tmp_path / "run", f"--{option}", value) == f"--{option}: {must}"


@pytest.mark.parametrize("words", [["--epochs", "many"], ["--model", "transformer"], ["--no-such-option", "1"]])
def test_words_that_are_no_options(words: list[str], tmp_path: Path) -> None:
    found = run("train", "--run", tmp_path / "run", *words)
    assert found.code == 2
    assert words[0] in found.err
    assert "Traceback" not in found.err
    assert not (tmp_path / "run").exists()


def test_predict_needs_exactly_one_source(trained: Trained) -> None:
    what = "predict: give what to predict for, or --file FILE (`-` for standard input)"
    assert run("predict", "--run", trained("average")).error == what
    assert run("predict", "--run", trained("average"), "text", "--file", "x").error == what


def test_explain_needs_a_known_ending(trained: Trained, tmp_path: Path) -> None:
    found = run("predict", "--run", trained("average"), "--explain", tmp_path / "out.pdf", "text")
    assert found.error == f"--explain {tmp_path}/out.pdf: must end in .html or .png"
    assert found.out == ""


def test_unknown_formats(trained: Trained) -> None:
    found = run("export", "--run", trained("average"), "--formats", "onnx", "pickle")
    assert found.error == "--formats: unknown format pickle; known are savedmodel, onnx, litert"
    assert not (trained("average") / "export" / "onnx" / ".partial-onnx").exists()


def test_input_that_is_not_utf8(trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    where = trained("average")
    path = make(tmp_path / "texts.txt", b"fine\ncaf\xe9\n")
    assert run("predict", "--run", where, "--file", path).error.startswith(f"{path}:2: byte 4 is not UTF-8")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff")))
    assert run("predict", "--run", where, "--file", "-").error.startswith("-:1: byte 1 is not UTF-8")
    assert run("predict", "--run", where, "caf\udce9").error.startswith("predict: a text is not UTF-8")
    long = make(tmp_path / "long.txt", b"a" * 2_000_000)
    assert "longer than 1,000,000 bytes" in run("predict", "--run", where, "--file", long).error
    assert "no such file" in run("predict", "--run", where, "--file", tmp_path / "none").error
    assert "is a folder" in run("predict", "--run", where, "--file", tmp_path).error


# Run folders


@pytest.mark.parametrize("command", [["evaluate"], ["predict", "text"], ["export"]])
def test_folders_that_are_no_finished_run(command: list[str], tmp_path: Path, trained: Trained) -> None:
    assert (
        run(*command, "--run", tmp_path / "none").error
        == f"{tmp_path}/none: no such run; train one with `train --run ...`"
    )
    make(tmp_path / "other" / "file.txt", "x")
    assert "this is not a run folder (it has no config.json)" in run(*command, "--run", tmp_path / "other").error
    assert "this is not a run folder" in run(*command, "--run", tmp_path / "other" / "file.txt").error
    make(tmp_path / "begun" / "config.json", (trained("average") / "config.json").read_bytes())
    assert "continue it with `train --resume`" in run(*command, "--run", tmp_path / "begun").error


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def scramble(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for index in range(len(content) // 4, 3 * len(content) // 4, 3):
        content[index] ^= 0x55
    path.write_bytes(content)


def blank(path: Path) -> None:
    path.write_bytes(b"{}")


@pytest.mark.parametrize("name", ["config.json", "state.json", "model.keras"])
@pytest.mark.parametrize("damage", [cut, scramble, blank, Path.unlink])
def test_damaged_runs(name: str, damage: Callable[[Path], None], tmp_path: Path, trained: Trained) -> None:
    folder = copy(trained("average"), tmp_path / "run")
    damage(folder / name)
    if (name, damage) == ("config.json", blank):
        return  # an empty configuration is one of defaults
    found = run("predict", "--run", folder, "text")
    assert str(folder) in found.error
    assert "run folder" in found.error or "not the configuration of such a task" in found.error
    assert found.out == ""


@pytest.mark.parametrize(
    "values", [[], {"epochs": "x"}, {"epochs": 0}, {"no_such_option": 1}, {"data": 1, "seed": None}]
)
def test_configurations_of_something_else(values: Any, tmp_path: Path, trained: Trained) -> None:
    folder = copy(trained("average"), tmp_path / "run")
    (folder / "config.json").write_text(json.dumps(values))
    assert f"{folder}/config.json: is not the configuration of such a task" in run("evaluate", "--run", folder).error


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_an_old_run_is_kept_unless_told_otherwise(tmp_path: Path, trained: Trained, reviews: Path) -> None:
    folder = copy(trained("average"), tmp_path / "run")
    before = snapshot(folder)
    found = run("train", "--data", reviews, "--run", folder, *options(model="average"))
    assert found.error == f"{folder}: exists already; name another folder, or give --resume or --overwrite"
    # Nor does --overwrite cost the old run when the new one cannot even begin.
    empty = make(tmp_path / "empty.tsv", "")
    assert "empty" in run("train", "--data", empty, "--run", folder, "--overwrite").error
    assert "--resume: " in run("train", "--data", reviews, "--run", folder, "--overwrite", "--resume").error
    assert snapshot(folder) == before


def test_overwrite_never_touches_what_is_no_run(tmp_path: Path, reviews: Path) -> None:
    folder = tmp_path / "thesis"
    make(folder / "chapter.txt", "years of work")
    file = make(tmp_path / "file", "x")
    for path in (folder, file):
        found = run("train", "--data", reviews, "--run", path, "--overwrite", *options())
        assert found.error == f"{path}: exists and is not a run folder; name another"
    assert snapshot(folder) == {"chapter.txt": b"years of work"}
    assert file.read_text() == "x"


def test_resuming_what_cannot_be_resumed(tmp_path: Path, trained: Trained, reviews: Path) -> None:
    assert (
        run("train", "--resume", "--run", tmp_path / "none").error == f"{tmp_path}/none: there is no run here to resume"
    )
    folder = copy(trained("average"), tmp_path / "run")
    (folder / "metrics.json").unlink()
    before = snapshot(folder)
    found = run("train", "--resume", f"--run={folder}", "--epochs", "9", "--units", "8")
    assert (
        found.error
        == f"{folder}: the run was begun with another --epochs, --units; leave it out to resume, or train anew"
    )
    changed = write_reviews(tmp_path / "changed.tsv", 150)
    config = read_json(folder / "config.json") | {"data": str(changed)}
    (folder / "config.json").write_text(json.dumps(config))
    assert "are not those this run was begun with; train anew" in run("train", "--resume", "--run", folder).error
    (folder / "config.json").write_bytes(before["config.json"])
    assert snapshot(folder) == before
    for damage in (cut, scramble):
        (folder / "checkpoints" / "last.npz").write_bytes(before["checkpoints/last.npz"])
        damage(folder / "checkpoints" / "last.npz")
        found = run("train", "--resume", "--run", folder)
        assert f"{folder}/checkpoints/last.npz: cannot be read" in found.error
        assert (folder / "checkpoints" / "last.npz").exists()


def test_resuming_a_finished_run_says_so_and_changes_nothing(tmp_path: Path, trained: Trained) -> None:
    folder = copy(trained("average"), tmp_path / "run")
    before = snapshot(folder)
    found = run("train", "--resume", "--run", folder).succeeded()
    assert "is finished already" in found.err
    assert "accuracy" in found.out
    assert snapshot(folder) == before


# A full disk, and places that cannot be written


def fail_at(monkeypatch: pytest.MonkeyPatch, name: str, number: int = errno.ENOSPC) -> None:
    """Lets the disk be full when the file of this name is put in its place."""
    replace = os.replace

    def full(source: Any, target: Any, **how: Any) -> None:
        if Path(target).name == name:
            raise OSError(number, os.strerror(number))
        replace(source, target, **how)

    monkeypatch.setattr(os, "replace", full)


@pytest.mark.parametrize("name", ["config.json", "state.json"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_disk_that_is_full_at_the_start(
    name: str, number: int, tmp_path: Path, reviews: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_at(monkeypatch, name, number)
    error = run("train", "--data", reviews, "--run", tmp_path / "run", *options(model="average")).error
    assert (
        error
        == f"{tmp_path}/run/{name}: the disk is full; free some space and run again (training goes on with --resume)"
    )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["last.npz", "model.keras", "metrics.json", "plots"])
def test_a_disk_that_fills_up_later_costs_nothing_that_was_done(
    name: str, tmp_path: Path, trained: Trained, reviews: Path
) -> None:
    folder = tmp_path / "run"
    with pytest.MonkeyPatch.context() as patch:
        fail_at(patch, name)
        assert "the disk is full" in run("train", "--data", reviews, "--run", folder, *options(model="average")).error
    assert not leftovers(tmp_path)
    if name == "last.npz":
        assert not folder.exists(), "nothing to resume, nothing left"
    else:
        run("train", "--run", folder, "--resume").succeeded()
        for split in ("dev", "test"):
            assert read_json(folder / "metrics.json")[split] == read_json(trained("average") / "metrics.json")[split]


def test_a_disk_that_is_full_when_exporting_keeps_the_old_artifact(tmp_path: Path, trained: Trained) -> None:
    folder = copy(trained("average"), tmp_path / "run")
    make(folder / "export" / "onnx" / "model.onnx", "the old one")
    with pytest.MonkeyPatch.context() as patch:
        fail_at(patch, "vocabulary.json")
        assert "vocabulary.json: the disk is full" in run("export", "--run", folder, "--formats", "onnx").error
    assert (folder / "export" / "onnx" / "model.onnx").read_text() == "the old one"
    assert not leftovers(folder)


def limit(size: int) -> None:
    """Lets files end at so many bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def test_files_that_may_not_grow_in_a_real_process(tmp_path: Path, reviews: Path) -> None:
    argv = ["train", "--data", reviews, "--run", tmp_path / "run", *options(model="average")]
    assert "the disk is full" in run_process(*argv, preexec_fn=lambda: limit(6_000)).error
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["savedmodel", "onnx", "litert"])
def test_files_that_may_not_grow_deep_inside_an_export(kind: str, tmp_path: Path, trained: Trained) -> None:
    folder = copy(trained("average"), tmp_path / "copy")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    limit(500)
    try:
        found = run("export", "--run", folder, "--formats", kind)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert found.error.startswith(f"{folder}/export/{kind}")
    assert "the disk is full" in found.error
    assert not [path for path in (folder / "export").rglob("*") if path.is_file()]


@pytest.mark.parametrize("place", ["{file}/run", "/proc/run", "/dev/null/run", "{file}/a/b/run"])
def test_places_that_cannot_be_written(place: str, tmp_path: Path, trained: Trained, reviews: Path) -> None:
    path = place.format(file=make(tmp_path / "file", "x"))
    found = run("train", "--data", reviews, "--run", path, *options(model="average"))
    assert found.error.startswith(f"{path}/config.json: cannot be written (")
    found = run("predict", "--run", trained("average"), "--explain", f"{path}.html", "text")
    assert found.error.startswith(f"{path}.html: cannot be written (")
    found = run("predict", "--run", trained("average"), "--explain", f"{path}.png", "text")
    assert found.error.startswith(f"{path}.png: cannot be written (")
    found = run("evaluate", "--run", trained("average"), "--output", path)
    assert found.error.startswith(f"{path}/confusion.png: cannot be written (")
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_standard_output_that_is_full(trained: Trained) -> None:
    with open("/dev/full", "w") as full:
        found = run_process("predict", "--run", trained("average"), "text", stdout=full)
    assert found.error == "standard output: No space left on device"
    assert found.err.count("\n") == 1


# As real processes, where nothing but the one line may be seen


@pytest.mark.parametrize(
    ("argv", "what"),
    [
        (["train", "--data", "{folder}/empty.tsv", "--run", "{folder}/run"], "empty.tsv: the file is empty"),
        (["predict", "--run", "{damaged}", "text"], "this run folder is damaged"),
    ],
)
def test_one_line_is_all_that_is_printed(argv: list[str], what: str, tmp_path: Path, trained: Trained) -> None:
    make(tmp_path / "empty.tsv", "")
    damaged = copy(trained("average"), tmp_path / "damaged")
    cut(damaged / "model.keras")
    found: Outcome = run_process(*(word.format(folder=tmp_path, damaged=damaged) for word in argv))
    assert what in found.error
    assert found.err.count("\n") == 1
    assert found.out == ""
    assert {path.name for path in tmp_path.iterdir()} == {"empty.tsv", "damaged"}


def test_a_reader_that_goes_away_is_no_error(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in `predict ... | head -1`."""
    silenced: list[int] = []

    def closed(*_: object) -> None:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    monkeypatch.setattr("builtins.print", closed)
    monkeypatch.setattr(os, "dup2", lambda _, to: silenced.append(to))
    found = run("predict", "--run", trained("average"), "text")
    assert (found.code, found.err) == (0, "")
    assert 1 in silenced


def test_help_of_every_command() -> None:
    for command in ("train", "evaluate", "predict", "export"):
        found = run(command, "--help")
        assert found.code == 0
        assert "--run" in found.out
