"""`python -m embeddings debias`."""

import json

import numpy as np
import pytest

from embeddings import Vectors, read, write
from embeddings.bias.groups import load_groups
from embeddings.bias.hard import hard
from embeddings.bias.inlp import inlp
from embeddings.cli import main

SETS = {
    "name": "tiny",
    "definitional_pairs": [["she", "he"], ["woman", "man"], ["gal", "guy"]],
    "equalize_pairs": [["aunt", "uncle"]],
    "specific": ["mother", "beard"],
    "specific_seed": [f"w{number}" for number in range(12)],
}


@pytest.fixture
def source(tmp_path):
    words = ["she", "he", "woman", "man", "aunt", "uncle", "mother", *(f"w{number}" for number in range(300))]
    rows = np.random.default_rng(0).normal(size=(len(words), 12))
    write(tmp_path / "in.safetensors", Vectors(words, rows, np.arange(len(words))[::-1] + 1, {"window": 5}))
    (tmp_path / "sets.json").write_text(json.dumps(SETS))
    (tmp_path / "list.txt").write_text("mother\nw7\n")
    return tmp_path / "in.safetensors"


def run(source, *options, output="out.safetensors"):
    folder = source.parent
    argv = ["debias", str(source), "--groups", str(folder / "sets.json"), "--output", str(folder / output)]
    return main([*argv, *map(str, options)])


def test_the_record_is_kept(source, capfd):
    assert run(source, "--method", "hard") == 0
    out, err = capfd.readouterr()
    path = source.parent / "out.safetensors"
    assert out == ""
    assert err.splitlines() == [
        "2 definitional pairs; the bias space explains " + f"{read(path).settings['debias']['explained'][0]:.0%}"
        " of their variance",
        "1 specific words, listed; 1 not found",
        "300 words neutralised, 1 pairs equalised",
        f"{path}: 307 vectors of 12 numbers, safetensors",
    ]
    before, after = read(source), read(path)
    expected = hard(before, load_groups(source.parent / "sets.json"))
    np.testing.assert_array_equal(after.vectors, expected.vectors)
    np.testing.assert_array_equal(after.counts, before.counts)
    assert after.settings == json.loads(json.dumps(expected.settings))
    assert after.settings["debias"]["definitional_pairs"]["missing"] == ["gal", "guy"]
    there = sorted(path.name for path in source.parent.iterdir())
    assert there == ["in.safetensors", "list.txt", "out.safetensors", "sets.json"]


@pytest.mark.parametrize(
    ("name", "options", "format"),
    [
        ("out.txt", (), "word2vec text"),
        ("out.bin.gz", (), "word2vec binary"),
        ("out", ("--format", "glove"), "GloVe text"),
    ],
)
def test_formats_that_keep_no_record(source, capfd, name, options, format):
    assert run(source, "--method", "soft", *options, output=name) == 0
    path, beside = source.parent / name, source.parent / (name + ".debias.json")
    said = f"note: {path}: {format} keeps no record of what was done; it is in {beside}\n"
    assert said in capfd.readouterr().err
    record = json.loads(beside.read_text())
    assert record["method"] == "soft"
    assert record["strength"] == 0.2
    assert len(read(path)) == 307


def test_options_reach_the_methods(source, capfd):
    options = ("--classifiers", 3, "--seed", 4, "--lengths", "unit")
    assert run(source, "--method", "inlp", *options) == 0
    sets = load_groups(source.parent / "sets.json")
    expected = inlp(read(source), sets, classifiers=3, seed=4, lengths="unit")
    np.testing.assert_array_equal(read(source.parent / "out.safetensors").vectors, expected.vectors)
    assert "3 classifiers, accuracy from " in capfd.readouterr().err
    assert run(source, "--method", "inlp", "--stop-at-chance", "--classifiers", 11, "--overwrite") == 0
    assert run(source, "--method", "soft", "--strength", 3, "--components", 2, "--overwrite") == 0
    record = read(source.parent / "out.safetensors").settings["debias"]
    assert (record["strength"], record["components"]) == (3, 2)
    assert run(source, "--method", "hard", "--limit", 50, "--overwrite") == 0
    assert len(read(source.parent / "out.safetensors")) == 50


def test_double_hard(source, capfd):
    vectors = read(source)
    write(source, Vectors(vectors.words, vectors.vectors[:, :3]))
    assert run(source, "--method", "double-hard") == 0
    assert "principal component " in capfd.readouterr().err
    record = read(source.parent / "out.safetensors").settings["debias"]
    assert len(record["cluster_accuracies"]) == 3


@pytest.mark.parametrize(
    ("given", "origin", "number"),
    [("listed", "listed", 1), ("learned", "learned", 12), ("list.txt", "given", 2)],
)
def test_specific_words(source, capfd, given, origin, number):
    given = source.parent / given if given == "list.txt" else given
    assert run(source, "--method", "hard", "--specific", given) == 0
    record = read(source.parent / "out.safetensors").settings["debias"]["specific"]
    assert (record["source"], record["words"]) == (origin, number)
    assert ("note: specific words: learned from seed words with an F1 of only" in capfd.readouterr().err) == (
        given == "learned"
    )


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (("--method", "inlp", "--components", "2"), "--components: has no meaning for --method inlp; leave it out"),
        (("--method", "hard", "--strength", "2"), "--strength: has no meaning for --method hard"),
        (("--method", "soft", "--stop-at-chance"), "--stop-at-chance: has no meaning for --method soft"),
        (("--method", "soft", "--strength", "-1"), "--strength: must be 0 or more"),
        (("--method", "inlp"), "--classifiers: must be from 1 to 11"),
        (("--method", "inlp", "--seed", "-1"), "--seed: must be from 0"),
        (
            ("--method", "hard", "--components", "3"),
            "2 of 3 have vectors for both words and 3 are needed; missing",
        ),
        (("--method", "hard", "--specific", "none.txt"), "none.txt: no such file"),
        (("--method", "hard", "--groups", "nonsense"), "no word sets of this name"),
        (("--method", "hard", "--output", "out.foo"), "names no format"),
        (("--method", "hard", "--output", "none/out.txt"), "there is no such folder to write in"),
    ],
)
def test_what_cannot_be_done(source, capfd, options, what):
    before = sorted(source.parent.iterdir())
    assert run(source, *options) == 2
    err = capfd.readouterr().err
    assert err.startswith("error: ")
    assert what in err
    assert sorted(source.parent.iterdir()) == before


def test_what_is_there_stays(source, capfd):
    assert run(source, "--method", "hard", output="in.safetensors") == 2
    assert "is the file to debias" in capfd.readouterr().err
    assert run(source, "--method", "hard", "--overwrite", output="in.safetensors") == 2
    (source.parent / "out.txt.debias.json").write_text("mine")
    assert run(source, "--method", "hard", output="out.txt") == 2
    assert "out.txt.debias.json: exists already; name another file, or give --overwrite" in capfd.readouterr().err
    assert not (source.parent / "out.txt").exists()
    assert run(source, "--method", "hard", "--overwrite", output="out.txt") == 0
    assert json.loads((source.parent / "out.txt.debias.json").read_text())["method"] == "hard"


def test_nothing_is_left_of_a_write_that_fails(source, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.dup2", lambda *descriptors: None)
    monkeypatch.setattr("embeddings.commands.debias.write", fail)
    before = sorted(source.parent.iterdir())
    assert run(source, "--method", "hard", output="out.txt") == 2
    assert sorted(source.parent.iterdir()) == before
