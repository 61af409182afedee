"""The whole way: train, evaluate, predict and explain."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from apps import ner
from apps.core.errors import InputError
from apps.ner import data
from apps.ner.config import Config
from apps.ner.prediction import Entity, Prediction
from apps.ner.schemes import broken
from apps.ner.tokeniser import tokenise
from embeddings import Vectors, write

from .helpers import options, read_json, run, run_python, write_conll

TEXTS = [
    "We heard that Teddy Roosevelt was a president.",
    "",
    "  \n ",
    "Jordan is hot 😀! שלום e\u0301te\u0301 🇩🇪 👨‍👩‍👧 北京大学. Don't go to St. Louis…\r\nParis Hilton\tsings. " * 9,
    "x",
]
"""Of growing and of shrinking length, empty ones and unknown words among them."""
Trained = Callable[[str], Path]


def test_a_run_folder_holds_all_that_a_run_was(trained: Trained) -> None:
    folder = trained("words")
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert {
        "config.json",
        "state.json",
        "model.keras",
        "metrics.json",
        "plots/types.png",
        "plots/confusion.png",
    } <= names
    metrics = read_json(folder / "metrics.json")
    for split in ("dev", "test"):
        assert {"f1", "precision", "recall", "f1_surface", "recall_unseen", "f1_PER"} <= set(metrics[split])
        assert 0 <= metrics[split]["f1"] <= 1


def test_another_process_loads_a_run(trained: Trained) -> None:
    """Which has none of the layers that a saved model is made of, unless loading it brings them."""
    program = "import sys; from apps import ner; print(len(ner.load(sys.argv[1])(['x'])))"
    assert run_python(program, trained("words")).split()[-1] == "1"


def test_the_built_in_sample_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "SAMPLE_SIZES", (60, 20, 20))
    monkeypatch.chdir(tmp_path)
    found = run("train", *options(**{"lstm-layers": 2})).succeeded()
    assert "60 train, 20 dev, 20 test sentences; 3 types" in found.err
    assert "missed" in run("evaluate").succeeded().err
    assert run("predict", "Teddy Roosevelt was a president.").succeeded().out.count("\n") == 1


def test_the_same_seed_gives_the_same_weights(tmp_path: Path, data_of: Callable[[str], Path]) -> None:
    weights = []
    for number, seed in ((1, 1), (2, 1), (3, 2)):
        folder = tmp_path / str(number)
        run("train", "--data", data_of("words"), "--run", folder, *options(seed=seed)).succeeded()
        weights.append(ner.load(folder).model.get_weights())
    for one, two in zip(*weights[:2], strict=True):
        np.testing.assert_array_equal(one, two)
    assert any((one != three).any() for one, three in zip(weights[0], weights[2], strict=True))


@pytest.mark.parametrize("kind", ["words", "softmax", "chinese"])
def test_answers_slice_back_and_keep_to_the_scheme(kind: str, trained: Trained) -> None:
    predictor = ner.load(trained(kind))
    answers = predictor(TEXTS)
    assert [answer.text for answer in answers] == TEXTS
    for text, answer in zip(TEXTS, answers, strict=True):
        place = 0
        for entity in answer.entities:
            assert text[entity.start : entity.end] == entity.text
            assert entity.start >= place
            assert 0 < entity.confidence <= 1
            place = entity.end
        assert broken(list(answer.tags), "IOB2") == []
        unit = "characters" if kind == "chinese" else "words"
        assert list(answer.tokens) == [token.text for token in tokenise(text, unit)]
        assert sum(tag.startswith("B-") for tag in answer.tags) == len(answer.entities)
    again = [predictor([text])[0] for text in TEXTS]
    assert [str(answer) for answer in again] == [str(answer) for answer in answers], "company changes nothing"


def test_a_model_learns_who_is_meant(trained: Trained) -> None:
    metrics = read_json(trained("words") / "metrics.json")
    assert metrics["test"]["accuracy"] > 0.5


def test_the_forms_of_an_answer(trained: Trained, tmp_path: Path) -> None:
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(["Teddy <b> slept.", "", "Paris & Rome. It rained."] * 200) + "\n", "utf-8")
    folder = trained("words")
    lines = run("predict", "--run", folder, "--file", path, "--json").succeeded().out.splitlines()
    assert [json.loads(line)["text"] for line in lines] == ["Teddy <b> slept.", "", "Paris & Rome. It rained."] * 200
    conll = run("predict", "--run", folder, "--file", path, "--format", "conll").succeeded().out
    again = tmp_path / "again.conll"
    again.write_text(conll, "utf-8")
    read = data.read_file(again, Config())
    assert [len(example.tokens) for example in read[:3]] == [6, 4, 3]
    html = run("predict", "--run", folder, "--file", path, "--format", "html").succeeded().out
    assert html.count("<p ") == 600
    assert "<b>" not in html
    assert "&amp;" in html


def test_explain_writes_a_page_and_a_picture(trained: Trained, tmp_path: Path) -> None:
    for name, first in (("why.html", b"<!doctype html>"), ("why.png", b"\x89PNG")):
        run("predict", "--run", trained("words"), TEXTS[0], "", "Größe " * 50, "--explain", tmp_path / name).succeeded()
        assert (tmp_path / name).read_bytes().startswith(first)


def test_entities_are_shown_where_they_are() -> None:
    text = "In Paris & <Rome>"
    answer = Prediction(text, (Entity("Paris", "LOC", 3, 8, 0.5), Entity("Rome", "LOC", 12, 16, 1.0)), (), ())
    assert str(answer) == "In [Paris LOC 0.50] & <[Rome LOC 1.00]>"
    page = ner.prediction.as_html(answer)
    assert ">Paris<small" in page
    assert "&lt;<mark" in page


def test_bad_input_is_one_line(trained: Trained, tmp_path: Path) -> None:
    folder = trained("words")
    assert "not UTF-8" in run("predict", "--run", folder, "\udcff").error
    other = write_conll(tmp_path / "other.conll", [(["Rex"], ["S-ANIMAL"])])
    assert "ANIMAL" in (error := run("evaluate", "--run", folder, "--data", other).error)
    assert "other.conll:1" in error
    nothing = write_conll(tmp_path / "nothing.conll", [([f"w{n}", "x"], ["O", "O"]) for n in range(60)])
    assert "entity" in run("train", "--data", nothing, "--run", tmp_path / "run").error
    assert not (tmp_path / "run").exists()
    assert "--lstm-layers" in run("train", "--lstm-layers", 3, "--run", tmp_path / "run").error
    with pytest.raises(InputError, match="string"):
        ner.load(folder)([3])


def test_a_sentence_of_ten_thousand_tokens(trained: Trained, tmp_path: Path) -> None:
    long = (["Teddy", "Roosevelt", "slept"] * 3334, ["B-PER", "E-PER", "O"] * 3334)
    short = [(["Teddy", f"w{n}"], ["S-PER", "O"]) for n in range(40)]
    path = write_conll(tmp_path / "long.conll", [long, *short])
    run("train", "--data", path, "--run", tmp_path / "run", *options()).succeeded()
    run("evaluate", "--data", path, "--run", tmp_path / "run").succeeded()
    answer = ner.load(trained("words"))(["Teddy Roosevelt was here " * 2500])[0]
    assert len(answer.tags) == 10_000
    assert all(answer.text[entity.start : entity.end] == entity.text for entity in answer.entities)


def test_vectors_are_kept_and_known_beyond_the_training_words(tmp_path: Path, data_of: Callable[[str], Path]) -> None:
    path = tmp_path / "vectors.safetensors"
    words = ["teddy", "was", "zanzibar"]
    write(path, Vectors(words, np.random.default_rng(0).normal(size=(3, 7)).astype(np.float32)))
    folder = tmp_path / "run"
    found = run("train", "--data", data_of("words"), "--run", folder, "--vectors", path, *options()).succeeded()
    assert "vectors: " in found.err
    predictor = ner.load(folder)
    assert predictor.task.encoder.spec["vector"][2:] == words
    table = predictor.model.get_layer("vector").get_weights()[0]
    assert table.shape == (5, 7)


def test_help_is_quick_to_import() -> None:
    program = "import apps.ner.task, sys; assert not {'tensorflow', 'keras', 'matplotlib'} & set(sys.modules)"
    run_python(program)
    assert sys.version_info >= (3, 11)
