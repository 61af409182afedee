"""`python -m embeddings plot`."""

import json

import numpy as np
import pytest

from embeddings.cli import main

WORDS = ["man", "woman", "king", "queen", "prince", "10:30", "$x$"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a vector file, to be in."""
    rows = np.random.default_rng(0).normal(size=(len(WORDS), 5))
    lines = [f"{word} {' '.join(map(str, row))}\n" for word, row in zip(WORDS, rows, strict=True)]
    (tmp_path / "vectors.txt").write_text("".join(lines))
    (tmp_path / "groups.json").write_text(json.dumps({"men": ["man", "king", "kign"], "women": ["woman", "queen"]}))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*options):
    return main(["plot", "vectors.txt", "--output", "a.svg", *options])


@pytest.mark.parametrize(
    "options",
    [
        "--words man woman king --title $t$",
        "--words man woman king $x$ --method tsne --seed 3",
        "--most-frequent 3",
        "--near king 3",
        "--pairs man:woman king:queen 10:30:man",
        "--pairs man:woman --words king queen --dpi 72",
    ],
)
def test_pictures(folder, capsys, options):
    assert run(*options.split()) == 0
    assert capsys.readouterr().err == "drawn in a.svg\n"
    assert sorted(path.name for path in folder.iterdir()) == ["a.svg", "groups.json", "vectors.txt"]


def test_groups_with_an_unknown_word(folder, capsys):
    assert run("--groups", "groups.json") == 0
    notes = " ".join(capsys.readouterr().err.split())
    assert notes.startswith("note: 1 of 5 words have no vector and are left out: 'kign' (did you mean 'king'")


def test_fewer_words_than_asked_for(folder, capsys):
    assert run("--most-frequent", "100") == 0
    assert "note: the file has 7 words only" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ("", "plot: say what to draw: --words, --groups, --most-frequent, --near or --pairs"),
        ("--words man woman", "at least 3 words with vectors, and there are 2"),
        ("--words zzzzzz", "none of the 1 words has a vector"),
        ("--most-frequent 0", "--most-frequent 0: is not a number of words"),
        ("--near king 0", "--near 0: is not a number of words"),
        ("--near kign 3", "--near: has no vector: 'kign' (did you mean 'king'"),
        ("--words man --near king 3", "--words and --near: cannot be given together"),
        ("--words man --most-frequent 3", "--words and --most-frequent: cannot be given together"),
        ("--groups groups.json --most-frequent 3", "--groups and --most-frequent: cannot be given together"),
        ("--groups none.json", "none.json: no such file"),
        ("--groups vectors.txt", "vectors.txt:1: not JSON"),
        ("--pairs man", "--pairs man: is not two words with a colon between"),
        ("--most-frequent 5 --output a.gif", "a.gif: is not a kind of picture that can be written"),
        ("--most-frequent 5 --output none/a.png", "none: there is no such folder"),
        ("--most-frequent 5 --dpi 0", "--dpi 0: is not between 10 and 1200"),
        ("--most-frequent 5 --dpi nan", "--dpi nan: is not between"),
        ("--most-frequent 5 --font vectors.txt", "vectors.txt: is not a font file"),
    ],
)
def test_what_cannot_be_drawn(folder, capsys, options, what):
    assert run(*options.split()) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert what in " ".join(error.split())
    assert sorted(path.name for path in folder.iterdir()) == ["groups.json", "vectors.txt"]
