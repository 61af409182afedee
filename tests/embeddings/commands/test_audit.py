"""`python -m embeddings audit`."""

import dataclasses
import json

import numpy as np
import pytest

from embeddings import Vectors, write
from embeddings.bias.hard import hard
from embeddings.bias.planted import planted
from embeddings.cli import main

MADE = planted(strength=0.3, residual=0.5, words=330)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("audit")
    write(folder / "before.safetensors", MADE.vectors)
    write(folder / "after.safetensors", hard(MADE.vectors, MADE.sets))
    (a, b), (c, d) = MADE.sets.definitional_pairs[:2]
    sets = {
        "groups": {name: list(words) for name, words in MADE.sets.groups.items()},
        "definitional_pairs": [*map(list, MADE.sets.definitional_pairs), ["she", "he"]],
        "professions": ["astronaut", *MADE.sets.professions],
    }
    weat = {"groups": sets["groups"], "weat": [dataclasses.asdict(MADE.sets.weat[0])]}
    (folder / "sets.json").write_text(json.dumps(sets))
    (folder / "weat.json").write_text(json.dumps(weat))
    (folder / "questions.txt").write_text(f": some\n{a} {b} {c} {d}\n{a} {b} {c} unknown\n")
    (folder / "pairs.tsv").write_text(f"{a}\t{b}\t3\n{a}\t{c}\t1\n{b}\t{d}\t2\n")
    (folder / "sembias.txt").write_text(f"{a}:{b}\t{a}:{c}\t{b}:{d}\t{c}:{b}\n")
    return folder


@pytest.fixture(autouse=True)
def there(files, monkeypatch):
    monkeypatch.chdir(files)


def run(capfd, *words):
    code = main(["audit", *words])
    out, err = capfd.readouterr()
    return code, out, err


ALL = (
    *("--groups", "sets.json", "--weat", "weat.json", "--sembias", "sembias.txt"),
    *("--analogies", "questions.txt", "--similarity", "pairs.tsv"),
)


def test_before_and_after(files, capfd):
    code, out, err = run(capfd, "before.safetensors", "after.safetensors", *ALL, "--output", "report.html")
    assert code == 0
    lines = {line.split("│")[1].strip(): line.split("│")[2:] for line in out.splitlines() if line.startswith("│")}
    number, before, after, nothing = (cell.strip() for cell in lines["direct bias"][:4])
    assert (number, after, nothing) == ("60 words", "0.0000", "0")
    assert before.startswith("0.2")
    assert lines["WEAT planted"]
    assert lines["SemBias"][0].strip() == "1 of 1"
    assert lines["analogies questions.txt"][0].strip() == "1 of 2"
    assert "after: direct bias along the original direction went from 0.2" in out
    assert "not found: 1 of professions: astronaut" in err
    assert "not found: 2 of definitional pairs: she he" in err
    assert "not measured: the 500 most biased words of either side: most biased words: 500 words to a side are" in err
    assert "report in report.html" in err
    page = (files / "report.html").read_text("utf-8")
    assert page.startswith("<!doctype html>")
    assert page.count("data:image/png;base64,") == 3
    assert not list(files.glob("*.partial"))


def test_json(capfd):
    code, out, _ = run(capfd, "before.safetensors", *ALL, "--json", "--seed", "3")
    assert code == 0
    found = json.loads(out)
    assert found["seed"] == 3
    (file,) = found["files"]
    assert file["file"] == "before.safetensors"
    assert file["debias"] is None
    assert file["direct_bias"]["missing"] == ["astronaut"]
    assert file["direction"]["n"] == 10
    assert [one["k"] for one in file["clusters"]] == [100]
    assert [one["kind"] for one in file["probes"]] == ["logistic", "rbf-svm", "mlp"]
    assert len(found["most_biased"]["100"]["first"]) == 100


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ([], "audit: name a file of vectors"),
        (["before.safetensors", "before.safetensors"], "before.safetensors: is given twice"),
        (["none.bin"], "none.bin: no such file"),
        (["before.safetensors", "none.bin", "--groups", "sets.json"], "none.bin: no such file"),
        (["before.safetensors", "--groups", "nonsense"], "no word sets of this name"),
        (
            ["before.safetensors"],
            "definitional pairs of 'gender': none of 13 pairs have a vector for both words and 1 is",
        ),
        (["before.safetensors", "--output", "report.pdf"], "--output report.pdf: must end in .html"),
        (["before.safetensors", "--output", "none/report.html"], "none: there is no such folder"),
        (["before.safetensors", "--seed", "-1"], "--seed: must be from 0"),
        (["before.safetensors", "--weat", "sets.json"], "sets.json: holds no `weat` tests"),
        (["before.safetensors", "--weat", "weat.json", "weat.json"], "weat.json: there are two tests called 'planted'"),
        (["before.safetensors", "--sembias", "pairs.tsv"], "pairs.tsv:1: not four pairs such as `king:queen`"),
        (["before.safetensors", "--analogies", "pairs.tsv"], "pairs.tsv:1: 3 words where a question has four"),
        (["before.safetensors", "--similarity", "pairs.tsv", "pairs.tsv"], "pairs.tsv: is given twice"),
        (["zero.txt", "--groups", "sets.json"], "the vector of 'wa' has length zero; leave the word out"),
    ],
)
def test_what_cannot_be_done(files, capfd, words, what):
    rows = MADE.vectors.vectors.copy()
    rows[0] = 0
    write(files / "zero.txt", Vectors(MADE.vectors.words, rows))
    before = sorted(files.iterdir())
    code, out, err = run(capfd, *words)
    assert code == 2
    assert what in err.splitlines()[-1]
    assert err.splitlines()[-1].startswith("error: ")
    assert out == ""
    assert sorted(files.iterdir()) == before


def test_a_report_that_cannot_be_written_leaves_nothing(files, capfd, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.dup2", lambda *descriptors: None)
    monkeypatch.setattr("embeddings.bias.page.page", fail)
    before = sorted(files.iterdir())
    assert run(capfd, "before.safetensors", "--groups", "sets.json", "--output", "new.html")[0] == 2
    assert sorted(files.iterdir()) == before


def test_vectors_of_another_size_stand_beside(files, capfd):
    write(files / "small.txt", Vectors(MADE.vectors.words, np.ascontiguousarray(MADE.vectors.vectors[:, :20])))
    code, out, err = run(capfd, "before.safetensors", "small.txt", "--groups", "sets.json")
    (files / "small.txt").unlink()
    assert code == 0
    assert "direct bias, own direction" in out
    assert "not measured in small: direct bias, original direction: the direction has 50 dimensions" in err
