"""`python -m embeddings info`."""

import json

import numpy as np
import pytest

from embeddings import Vectors, write
from embeddings.cli import main

VECTORS = Vectors(["the", "naïve", "好"], [[3, 4], [0, 0], [3, 4]], [1, 5, 9000], {"window": 5, "lower": True})


def test_everything_known(tmp_path, capfd):
    path = tmp_path / "a.safetensors"
    write(path, VECTORS)
    assert main(["info", str(path), "--json"]) == 0
    assert json.loads(capfd.readouterr().out) == {
        "file": str(path),
        "format": "safetensors",
        "words": 3,
        "dimensions": 2,
        "norms": {"mean": 3.3333, "least": 0.0, "greatest": 5.0, "zero": 1},
        "equal_vectors": 1,
        "first_words": ["the", "naïve", "好"],
        "counts": {"total": 9006, "least": 1, "greatest": 9000},
        "most_frequent": {"好": 9000, "naïve": 5, "the": 1},
        "settings": {"window": 5, "lower": True},
    }
    assert main(["info", str(path)]) == 0
    out = capfd.readouterr().out
    assert "counts         total 9,006, least 1, greatest 9,000\n" in out
    assert "settings       window 5, lower True\n" in out
    assert "most frequent  好 9,000, naïve 5, the 1\n" in out


@pytest.mark.parametrize(
    ("format", "name"), [("text", "word2vec text"), ("binary", "word2vec binary"), ("glove", "GloVe text")]
)
def test_formats(tmp_path, capfd, format, name):
    write(tmp_path / "a.gz", VECTORS, format)
    assert main(["info", str(tmp_path / "a.gz"), "--json", "--limit", "2"]) == 0
    found = json.loads(capfd.readouterr().out)
    assert (found["format"], found["words"]) == (name, 2)
    assert not {"counts", "settings", "most_frequent", "left_out"} & set(found)


def test_what_was_left_out_is_told(tmp_path, capfd):
    path = tmp_path / "a.txt"
    path.write_bytes(b"a 1\n\xff 2\na 3\na 4\n")
    assert main(["info", str(path), "--json"]) == 0
    out, err = capfd.readouterr()
    assert json.loads(out)["left_out"] == "1 word not UTF-8 or empty left out, 2 words left out that came before"
    assert err == ""
    assert main(["info", str(path), "--on-bad-words", "error"]) == 2
    assert "error: " in capfd.readouterr().err


def test_large_words_and_numbers(tmp_path, capfd):
    write(tmp_path / "a.bin", Vectors([f"w{row}" for row in range(30)], np.full((30, 3), 1e30)))
    assert main(["info", str(tmp_path / "a.bin")]) == 0
    assert "w9" in capfd.readouterr().out
