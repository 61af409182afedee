"""Files for the projector, read as TensorBoard reads them."""

import json
import urllib.request

import numpy as np
import pytest

from embeddings.errors import InputError, InputWarning
from embeddings.pictures import write_projector
from embeddings.vectors import Vectors

WORDS = ["the", "naïve", 'a"b', "two words", "tab\tbed", "line\nbreak", "cr\r", "\x85", "好"]
VECTORS = Vectors(WORDS, np.random.default_rng(0).normal(size=(9, 5)), counts=np.arange(9, 0, -1))


def table(path):
    return [line.split("\t") for line in path.read_text("utf-8").split("\n")[:-1]]


def test_the_files(tmp_path):
    files = write_projector(tmp_path / "new", VECTORS, groups={"$ g\t": ["好", "the"]}, words=["naïve"])
    assert [path.name for path in files] == ["vectors.tsv", "metadata.tsv", "projector_config.pbtxt"]
    assert sorted((tmp_path / "new").iterdir()) == sorted(files)
    np.testing.assert_allclose(np.loadtxt(files[0], delimiter="\t"), VECTORS.vectors[[0, 1, 8]], rtol=1e-6)
    assert table(files[1]) == [
        ["word", "rank", "count", "group"],
        ["the", "1", "9", "$ g "],
        ["naïve", "2", "8", "-"],
        ["好", "9", "1", "$ g "],
    ]


def test_all_words_without_counts(tmp_path):
    write_projector(tmp_path, Vectors(WORDS, VECTORS.vectors))
    lines = table(tmp_path / "metadata.tsv")
    assert lines[0] == ["word", "rank"]
    assert [line[0] for line in lines[5:8]] == ["tab bed", "line break", "cr "]
    assert [int(line[1]) for line in lines[1:]] == list(range(1, 10))


def test_other_files_stay(tmp_path):
    (tmp_path / "other").write_text("here")
    for _ in range(2):
        write_projector(tmp_path, VECTORS)
    assert len(list(tmp_path.iterdir())) == 4


def test_bad_input(tmp_path):
    (tmp_path / "file").write_text("here")
    with pytest.raises(InputError, match="is a file where a folder"):
        write_projector(tmp_path / "file", VECTORS)
    with pytest.raises(InputError, match="no such folder"):
        write_projector(tmp_path / "none" / "deeper", VECTORS)
    with pytest.raises(InputError, match="none of the 1 words"):
        write_projector(tmp_path / "new", VECTORS, ["zzzzzz"])
    with pytest.raises(InputError, match="no words to show"):
        write_projector(tmp_path / "new", Vectors([], np.empty((0, 3))))
    with pytest.raises(InputError, match="NaN"):
        write_projector(tmp_path / "new", Vectors(["a"], [[np.nan, 1]]))
    assert not (tmp_path / "new").exists()
    with pytest.warns(InputWarning, match="1 of 2 words"):
        write_projector(tmp_path / "new", VECTORS, ["the", "zzzzzz"])


@pytest.mark.slow
def test_tensorboard_shows_them(tmp_path):
    program = pytest.importorskip("tensorboard.program")
    write_projector(tmp_path, VECTORS)
    board = program.TensorBoard()
    board.configure(argv=["tensorboard", "--logdir", str(tmp_path), "--port", "0", "--load_fast=false"])
    address = board.launch().rstrip("/") + "/data/plugin/projector"

    def fetch(route):
        with urllib.request.urlopen(f"{address}/{route}", timeout=30) as answer:
            return answer.read()

    assert json.loads(fetch("runs")) == ["."]
    (embedding,) = json.loads(fetch("info?run=."))["embeddings"]
    assert embedding["tensorShape"] == [9, 5]
    name = embedding["tensorName"]
    tensor = np.frombuffer(fetch(f"tensor?run=.&name={name}"), np.float32).reshape(9, 5)
    np.testing.assert_allclose(tensor, VECTORS.vectors, rtol=1e-6)
    assert fetch(f"metadata?run=.&name={name}") == (tmp_path / "metadata.tsv").read_bytes()
