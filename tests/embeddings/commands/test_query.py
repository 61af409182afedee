"""`python -m embeddings query`, as one who has never seen it uses it."""

import io
import json
import sys

import numpy as np
import pytest

from embeddings import Vectors, write
from embeddings.cli import main

WORDS = ["breakfast", "lunch", "dinner", "car", "paris", "café"]


@pytest.fixture
def file(tmp_path):
    numbers = np.array([[1, 0.1, 0], [1, 0.2, 0], [1, 0, 0.1], [0, 0, 1], [0.3, 1, 0.2], [0.5, 0.5, 0.5]])
    write(tmp_path / "vectors.txt", Vectors(WORDS, numbers))
    return str(tmp_path / "vectors.txt")


def stdin(monkeypatch, text, terminal=False):
    stream = io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8")
    stream.isatty = lambda: terminal
    monkeypatch.setattr(sys, "stdin", stream)


def test_questions_on_the_command_line(file, capsys):
    assert main(["query", file, "paris ~ lunch", "breakfast lunch dinner car", "--n", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("paris ~ lunch: 0.")
    assert lines[1] == "breakfast lunch dinner car: car"


def test_a_sum_without_quotation_marks_is_one_question(file, capsys):
    assert main(["query", file, "lunch", "-", "car", "+", "paris", "--n", "1"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "lunch - car + paris"
    assert main(["query", file, "- car + paris", "--n", "1", "--method", "3cosmul"]) == 0


def test_words_each_for_itself_are_questions(file, capsys):
    assert main(["query", file, "lunch", "café", "--n", "1", "--json"]) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [answer["question"] for answer in answers] == ["lunch", "café"]
    assert answers[0]["words"][0]["word"] == "breakfast"


def test_an_unknown_word_is_an_error_with_suggestions(file, capsys):
    assert main(["query", file, "lunhc", "paris"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "error: lunhc: 'lunhc' is unknown; did you mean lunch" in captured.err
    assert main(["query", file, "lunch ~ cafe", "--json"]) == 2
    captured = capsys.readouterr()
    assert json.loads(captured.out)["suggestions"] == {"cafe": ["café"]}
    assert len(captured.err.splitlines()) == 1


def test_a_stream_goes_on_after_mistakes(file, capsys, monkeypatch):
    stdin(monkeypatch, "paris ~ car\n\nlunhc\nlunch dinner\ncafé")
    assert main(["query", file, "--n", "1"]) == 0
    first, second, third, fourth, _ = capsys.readouterr().out.splitlines()
    assert first.startswith("paris ~ car: ")
    assert second.startswith("error: lunhc: ")
    assert third.startswith("error: lunch dinner: two words")
    assert fourth == "café"
    stdin(monkeypatch, "lunhc\nlunch dinner\nlunch")
    assert main(["query", file, "--json"]) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert ["suggestions" in answer for answer in answers] == [True, False, False]
    assert ["error" in answer for answer in answers] == [True, True, False]


def test_a_conversation(file, capsys, monkeypatch):
    lines = iter(
        [
            "help",
            "",
            "lunhc",
            KeyboardInterrupt,
            UnicodeDecodeError("utf-8", b"", 0, 1, ""),
            "paris ~ car",
            "quit",
            "car",
        ]
    )

    def typed(prompt):
        line = next(lines)
        if isinstance(line, str):
            return line
        raise line

    stdin(monkeypatch, "", terminal=True)
    monkeypatch.setattr("builtins.input", typed)
    assert main(["query", file]) == 0
    captured = capsys.readouterr()
    assert "king - man + woman" in captured.out  # help
    assert "error: lunhc" in captured.out
    assert "paris ~ car: " in captured.out
    assert "`quit` to end" in captured.err
    assert next(lines) == "car"


def test_a_conversation_ends_with_the_input(file, capsys, monkeypatch):
    stdin(monkeypatch, "", terminal=True)
    monkeypatch.setattr("builtins.input", lambda prompt: (_ for _ in ()).throw(EOFError))
    assert main(["query", file]) == 0


def test_bad_options(file, capsys, tmp_path):
    assert main(["query", file, "lunch", "--n", "0"]) == 2
    assert "--n 0" in capsys.readouterr().err
    assert main(["query", str(tmp_path / "none.txt"), "lunch"]) == 2
    assert "no such file" in capsys.readouterr().err
    assert main(["query", file, "caf\udce9"]) == 2  # Latin-1 on the command line
    assert "caf\ufffd" in capsys.readouterr().err
    assert main(["query", file, ""]) == 2
    assert "there is no word" in capsys.readouterr().err
