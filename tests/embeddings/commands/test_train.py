"""`python -m embeddings train`: options, formats, standard input, and that it can be stopped."""

import gzip
import io
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from embeddings import read
from embeddings.cli import main

ROOT = Path(__file__).parents[3]
SMALL = ["--dimensions", "8", "--epochs", "2", "--threads", "1", "--min-count", "1"]
LINES = "the cat sat on the mat\nthe dog sat on the rug\n" * 30


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.txt").write_text(LINES)
    return tmp_path


def run(capsys, *words):
    code = main(["train", *words])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())


def test_what_is_said(place, capsys):
    code, out, err = run(capsys, "--data", "text.txt", *SMALL)
    assert code == 0
    assert out == ""
    lines = err.splitlines()
    assert len(lines) == 5
    assert lines[0].startswith("reading  ")
    assert lines[1] == "360 words, 360 of them among the 7 that are kept (at least 30 times), in 60 lines"
    assert lines[2].startswith("epoch 1/2  ")
    assert lines[3].startswith("epoch 2/2  ")
    assert lines[4].startswith("7 words x 8 in vectors.safetensors, ")
    assert names(place) == ["text.txt", "vectors.safetensors"]


@pytest.mark.parametrize(
    ("output", "more"),
    [
        ("v.bin", []),
        ("v.txt", []),
        ("v.vec.gz", []),
        ("v.safetensors", []),
        ("v.any", ["--format", "glove"]),
    ],
)
def test_formats(place, capsys, output, more):
    code, _, _ = run(capsys, "--data", "text.txt", *SMALL, "--output", output, *more)
    assert code == 0
    vectors = read(output)
    assert vectors.words == ["the", "sat", "on", "cat", "mat", "dog", "rug"]
    assert vectors.dimensions == 8
    is_full = output.endswith("safetensors")
    assert (vectors.counts is not None) == is_full
    assert (vectors.settings.get("epochs") == 2) == is_full
    assert names(place) == sorted(["text.txt", output])


@pytest.mark.parametrize(
    "words",
    [
        ["--method", "cbow"],
        ["--method", "glove", "--symmetric", "False"],
        ["--loss", "hierarchical"],
        ["--loss", "softmax"],
    ],
)
def test_methods(place, capsys, words):
    code, _, err = run(capsys, "--data", "text.txt", *SMALL, *words, "--output", "v.safetensors")
    assert code == 0, err
    settings = read("v.safetensors").settings
    assert words[1] in (settings["method"], settings.get("loss"))
    assert settings.get("symmetric", False) is False


def test_the_same_from_anywhere(place, capsys, monkeypatch):
    (place / "text.txt.gz").write_bytes(gzip.compress(LINES.encode()))
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(LINES.encode())))
    found = []
    for number, source in enumerate(["text.txt", "text.txt.gz", "-", "text.t?t"]):
        code, _, err = run(capsys, "--data", source, *SMALL, "--output", f"{number}.bin")
        assert code == 0, err
        found.append((place / f"{number}.bin").read_bytes())
    assert len(set(found)) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--data", "none.txt"], "none.txt: no such file"),
        (["--output", "v.doc"], "v.doc: the ending '.doc' names no format"),
        (["--output", "none/v.bin"], "none: there is no such folder to write in"),
        (["--output", "."], ".: is a folder; name a file to write"),
        (["--output", "text.txt"], "text.txt: is among the texts that are read; name another file"),
        (["--output", "text.txt", "--overwrite"], "text.txt: is among the texts that are read; name another file"),
        (["--resume"], "vectors.safetensors.training: there is no training to go on with; leave out --resume"),
        (["--method", "glove", "--sample", "0"], "--sample: has no meaning for --method glove"),
        (["--window", "0"], "--window: must be 1 or more, not 0"),
        (["--memory", "lots"], "--memory: must be a number of bytes such as 500M or 4G, not lots"),
        (["--min-count", "1000"], "text.txt: no word occurs 1000 times"),
        (["--max-words", "1"], "text.txt: only one word is frequent enough"),
    ],
)
def test_mistakes_are_one_line(place, capsys, words, said):
    data = [] if "--data" in words else ["--data", "text.txt"]
    code, out, err = run(capsys, *data, *words)
    assert code == 2
    assert out == ""
    last = [line for line in err.splitlines() if line.startswith("error: ")]
    assert last == err.splitlines()[-1:]
    assert said in last[0]
    assert names(place) == ["text.txt"]


@pytest.mark.parametrize("words", [["--method", "fasttext"], ["--dimensions", "many"], ["--nonsense"]])
def test_what_the_command_line_refuses(place, words):
    with pytest.raises(SystemExit) as caught:
        main(["train", "--data", "text.txt", *words])
    assert caught.value.code == 2
    assert names(place) == ["text.txt"]


# What runs in the background, these tests perhaps, is made to ignore Ctrl-C, and so is what it starts.
NOTICES_CTRL_C = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("embeddings", run_name="__main__")
"""


def test_ctrl_c_and_going_on(place, capsys):
    options = ["--dimensions", "8", "--epochs", "150", "--threads", "2", "--method", "glove", "--output", "v.bin"]
    command = [sys.executable, "-c", NOTICES_CTRL_C, "train", *options]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    process = subprocess.Popen(command, cwd=place, env=environment, stderr=subprocess.PIPE, text=True)
    state = place / "v.bin.training" / "state.safetensors"
    begun = time.monotonic()
    while not state.exists() and process.poll() is None and time.monotonic() < begun + 60:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert err.splitlines()[-1] == "interrupted; --resume goes on with what is in v.bin.training"
    assert names(place) == ["text.txt", "v.bin.training"]
    code, _, err = run(capsys, *options, "--resume")
    assert code == 0
    assert "epoch 1/150" not in err
    assert names(place) == ["text.txt", "v.bin"]
    assert np.isfinite(read("v.bin").vectors).all()
