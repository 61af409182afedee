"""`python -m embeddings projector`."""

import pytest

from embeddings.cli import main

from .test_plot import WORDS, folder  # noqa: F401


def words_in(folder):  # noqa: F811
    return [line.split("\t")[0] for line in (folder / "out" / "metadata.tsv").read_text().splitlines()[1:]]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("", WORDS),
        ("--most-frequent 3", WORDS[:3]),
        ("--most-frequent 100", WORDS),
        ("--words queen man", ["man", "queen"]),
        ("--groups groups.json", ["man", "woman", "king", "queen"]),
    ],
)
def test_the_words(folder, capsys, options, words):  # noqa: F811
    assert main(["projector", "vectors.txt", "--output", "out", *options.split()]) == 0
    assert words_in(folder) == words
    said = capsys.readouterr().err
    assert "tensorboard --logdir out" in said
    assert ("the file has 7 words only" in said) == ("100" in options)


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ("--words zzzzzz", "none of the 1 words has a vector"),
        ("--words man --groups groups.json", "--words and --groups: cannot be given together"),
        ("--most-frequent 0", "--most-frequent 0: is not a number of words"),
        ("--output vectors.txt", "vectors.txt: is a file where a folder is expected"),
        ("--output none/out", "none: there is no such folder"),
    ],
)
def test_bad_input(folder, capsys, options, what):  # noqa: F811
    assert main(["projector", "vectors.txt", "--output", "out", *options.split()]) == 2
    error = " ".join(capsys.readouterr().err.split())
    assert error.startswith("error: ")
    assert what in error
    assert not (folder / "out").exists()
