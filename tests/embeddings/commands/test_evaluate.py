"""`python -m embeddings evaluate`: tables, JSON and CSV, with what each number rests on."""

import csv
import json

import numpy as np
import pytest

from embeddings import Vectors, write
from embeddings.cli import main

WORDS = ["man", "king", "woman", "queen", "apple"]
NUMBERS = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 1, 1], [-1, 0, 0]], np.float32)
QUESTIONS = ": royal\nman king woman queen\nman king woman prince\n: gram1\nMAN king woman apple\n"
PAIRS = "man\twoman\t8\nking\tqueen\t9\nman\tapple\t1\nman\tpear\t1\n"


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "good.txt", Vectors(WORDS, NUMBERS))
    write(tmp_path / "small.bin", Vectors(WORDS[:3], NUMBERS[:3]))
    (tmp_path / "questions.txt").write_text(QUESTIONS)
    (tmp_path / "pairs.tsv").write_text(PAIRS)
    return tmp_path


def run(capsys, *words):
    code = main(["evaluate", *words])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def cells(line):
    return [cell.split() for cell in line.strip("│┃ \n").split("│")]


BOTH = ["--analogies", "questions.txt", "--similarity", "pairs.tsv"]


def test_a_table_of_files_side_by_side(place, capsys):
    code, out, err = run(capsys, "good.txt", "small.bin", *BOTH)
    assert code == 0
    rows = {" ".join(row[0]): row[1:] for row in map(cells, out.splitlines())}
    assert rows["royal"] == [["2"], ["100.0", "%", "1"], ["–", "0"]]
    assert rows["gram1"] == [["1"], ["0.0", "%", "1"], ["–", "0"]]
    assert rows["questions.txt total"] == [["3"], ["50.0", "%", "2"], ["–", "0"]]
    assert rows["semantic"] == rows["royal"]
    assert rows["syntactic"] == rows["gram1"]
    assert rows["pairs.tsv"][0] == ["4"]
    assert rows["pairs.tsv"][1][1] == "3"
    assert rows["pairs.tsv"][2] == ["–", "1"]
    assert "small.bin: questions.txt: no question can be answered" in err
    assert "small.bin: pairs.tsv: the rank correlation is undefined: 1 known pair" in err
    assert "good.txt: questions" not in err


def test_unknown_words_are_counted_and_listed(place, capsys):
    _, out, err = run(capsys, "good.txt", *BOTH)
    assert [row[2] for row in map(cells, out.splitlines()) if row[0] == ["unknown", "words"]] == [["1"], ["1"]]
    assert "prince" not in err
    _, _, err = run(capsys, "good.txt", *BOTH, "--unknown")
    assert "good.txt: questions.txt: unknown: prince" in err
    assert "good.txt: pairs.tsv: unknown: pear" in err


def test_json(place, capsys):
    code, out, _ = run(capsys, "good.txt", "small.bin", *BOTH, "--json")
    assert code == 0
    found = json.loads(out, parse_constant=pytest.fail)
    assert found["good.txt"]["questions.txt"]["total"]["accuracy"] == 0.5
    assert found["good.txt"]["questions.txt"]["unknown"] == ["prince"]
    assert found["good.txt"]["pairs.tsv"]["known"] == 3
    assert found["small.bin"]["questions.txt"]["total"]["accuracy"] is None
    assert found["small.bin"]["pairs.tsv"]["spearman"] is None


def test_csv(place, capsys):
    code, _, _ = run(capsys, "good.txt", "small.bin", *BOTH, "--output", "table.csv")
    assert code == 0
    rows = list(csv.DictReader((place / "table.csv").open(encoding="utf-8", newline="")))
    assert len(rows) == 2 * (2 + 3 + 1)
    royal = next(row for row in rows if row["part"] == "royal")
    assert (royal["vectors"], royal["measure"], float(royal["score"])) == ("good.txt", "accuracy", 1)
    assert (royal["known"], royal["n"], royal["coverage"]) == ("1", "2", "0.5")
    assert rows[-1]["score"] == ""
    assert not list(place.glob("*.partial"))


def test_most_frequent_and_method(place, capsys):
    _, out, _ = run(capsys, "good.txt", "--analogies", "questions.txt", "--most-frequent", "4", "--json")
    assert json.loads(out)["good.txt"]["questions.txt"]["total"]["known"] == 1
    _, out, _ = run(capsys, "good.txt", "--analogies", "questions.txt", "--method", "3cosmul", "--json")
    assert json.loads(out)["good.txt"]["questions.txt"]["total"]["known"] == 2


def test_sets_without_grammar_have_only_a_total(place, capsys):
    (place / "questions.txt").write_text(": royal\nman king woman queen\nman king woman queen\n")
    _, out, err = run(capsys, "good.txt", "--analogies", "questions.txt")
    assert "semantic" not in out
    assert "syntactic" not in out
    assert "questions.txt: 1 repeated" in err


def test_tests_of_the_same_name(place, capsys):
    (place / "other").mkdir()
    (place / "other" / "pairs.tsv").write_text("man\tking\t3\nman\tapple\t1\n")
    _, out, _ = run(capsys, "good.txt", "--similarity", "pairs.tsv", "other/pairs.tsv", "--json")
    assert list(json.loads(out)["good.txt"]) == ["pairs.tsv", "other/pairs.tsv"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([*BOTH], "name a file of vectors"),
        (["good.txt"], "say what to judge by"),
        (["good.txt", "good.txt", *BOTH], "given twice"),
        (["good.txt", "--similarity", "pairs.tsv", "pairs.tsv"], "pairs.tsv: is given twice"),
        (["good.txt", *BOTH, "--most-frequent", "0"], "--most-frequent 0"),
        (["good.txt", *BOTH, "--output", "table.xls"], "must end in .csv"),
        (["good.txt", *BOTH, "--output", "none/table.csv"], "none: there is no such folder"),
        (["good.txt", "--similarity", "questions.txt"], "questions.txt:1: holds no pairs"),
        (["good.txt", "--analogies", "pairs.tsv"], "pairs.tsv:1: 3 words where a question has four"),
        (["none.txt", *BOTH], "none.txt: no such file"),
        (["questions.txt", *BOTH], "questions.txt"),
    ],
)
def test_mistakes_are_one_line(place, capsys, words, said):
    code, out, err = run(capsys, *words)
    assert code == 2
    assert out == ""
    assert err.startswith("error: ")
    assert said in err
    assert len(err.splitlines()) == 1
