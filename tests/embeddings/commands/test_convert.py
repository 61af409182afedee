"""`python -m embeddings convert`."""

import numpy as np
import pytest

from embeddings import Vectors, read, write
from embeddings.cli import main

VECTORS = Vectors(["the", "naïve", "好"], [[3, 4], [0, 0], [1, 0.1]], [9, 5, 1], {"window": 5})


@pytest.fixture
def source(tmp_path):
    write(tmp_path / "in.safetensors", VECTORS)
    return tmp_path / "in.safetensors"


@pytest.mark.parametrize(
    ("name", "options", "format"),
    [
        ("out.txt", (), "word2vec text"),
        ("out.bin.xz", (), "word2vec binary"),
        ("out", ("--format", "glove"), "GloVe text"),
        ("out.txt", ("--format", "binary"), "word2vec binary"),
    ],
)
def test_formats(source, tmp_path, capfd, name, options, format):
    path = tmp_path / name
    assert main(["convert", str(source), str(path), *options]) == 0
    out, err = capfd.readouterr()
    assert out == ""
    assert err == f"note: {path}: {format} keeps no counts and settings\n{path}: 3 vectors of 2 numbers, {format}\n"
    assert read(path).words == VECTORS.words
    np.testing.assert_array_equal(read(path).vectors, VECTORS.vectors)


def test_limit_and_normalise(source, tmp_path):
    path = tmp_path / "out.safetensors"
    assert main(["convert", str(source), str(path), "--limit", "2", "--normalise"]) == 0
    got = read(path)
    assert got.words == ["the", "naïve"]
    np.testing.assert_allclose(got.vectors, [[0.6, 0.8], [0, 0]])
    assert got.counts.tolist() == [9, 5]
    assert got.settings == {"window": 5}


def test_in_place(source):
    assert main(["convert", str(source), str(source), "--limit", "1"]) == 0
    assert read(source).words == ["the"]


def test_bad_words(tmp_path, capfd):
    (tmp_path / "in.txt").write_bytes(b"a 1\n\xff 2\na 3\n")
    argv = ["convert", str(tmp_path / "in.txt"), str(tmp_path / "out.txt")]
    assert main(argv) == 2
    assert f"error: {tmp_path / 'in.txt'}:2: the word b'\\xff' is not UTF-8; skip" in capfd.readouterr().err
    assert not (tmp_path / "out.txt").exists()
    assert main([*argv, "--on-bad-words", "skip"]) == 0
    said = f"note: {tmp_path / 'in.txt'}: 1 word not UTF-8 or empty left out, 1 word left out that came before\n"
    assert said in capfd.readouterr().err
    assert read(tmp_path / "out.txt").words == ["a"]


@pytest.mark.parametrize(
    ("name", "options", "what"),
    [
        ("out.foo", (), "names no format"),
        ("none/out.txt", (), "there is no such folder to write in"),
        ("out.txt", ("--limit", "0"), "at least 1"),
        ("out.safetensors.gz", (), "leave out the last ending"),
    ],
)
def test_what_cannot_be_done(source, tmp_path, capfd, name, options, what):
    assert main(["convert", str(source), str(tmp_path / name), *options]) == 2
    assert what in capfd.readouterr().err
    assert list(tmp_path.iterdir()) == [source]
