"""What is exported answers as the Keras model does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from apps import ner
from apps.ner.tokeniser import tokenise

from .helpers import run_python

Trained = Callable[[str], Path]
KINDS = ["words", *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("softmax", "chinese"))]
"""Runs whose export takes a minute."""


@pytest.mark.parametrize("kind", KINDS)
def test_every_artifact_agrees(kind: str, exported: Trained) -> None:
    folder = exported(kind)
    for name in ("savedmodel/saved_model.pb", "onnx/model.onnx", "litert/model.tflite", "litert/vocabulary.json"):
        assert (folder / "export" / name).is_file()


def test_litert_needs_no_flex(exported: Trained) -> None:
    assert b"Flex" not in (exported("words") / "export" / "litert" / "model.tflite").read_bytes()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", ["onnx", "litert"])
def test_the_loader_alone_gives_the_same_tags(kind: str, form: str, exported: Trained) -> None:
    program = (
        "import sys, json; sys.path.insert(0, sys.argv[1]); from loader import Model\n"
        "print(json.dumps(Model(sys.argv[1])(json.loads(sys.argv[2]))))\n"
        "assert not {'tensorflow', 'keras', 'apps', 'layers'} & set(sys.modules)"
    )
    task = ner.load(folder := exported(kind))
    sentences = [*(list(example.tokens) for example in task.task.read_examples(task.task.config.data)[:20]), ["x"], []]
    place = folder / "export" / form
    found = json.loads(run_python(program, place, json.dumps(sentences), cwd=place).splitlines()[-1])
    names = task.task.tags
    arrays = [task.task.encoder(tokens) for tokens in sentences]
    expected = [[names[tag] for tag in tags] for tags in task.task.best_tags(task.model, arrays)]
    assert found == [tags[: len(tokens)] for tags, tokens in zip(expected, sentences, strict=True)]


@pytest.mark.parametrize("kind", KINDS)
def test_the_savedmodel_answers_for_raw_text(kind: str, exported: Trained) -> None:
    import tensorflow as tf

    predictor = ner.load(folder := exported(kind))
    unit = "characters" if kind == "chinese" else "words"
    serve = tf.saved_model.load(str(folder / "export" / "savedmodel")).signatures["serving_default"]
    texts = ["We heard that Teddy Roosevelt was a president.", "", "Don't go to St. Louis, e\u0301te\u0301 北京 😀"]
    found: Any = {name: part.numpy() for name, part in serve(text=tf.constant(texts)).items()}
    for row, text in enumerate(texts):
        tokens = tokenise(text, unit)
        arrays = [predictor.task.encoder([token.text for token in tokens])]
        tags = predictor.task.best_tags(predictor.model, arrays)[0][: len(tokens)]
        count = len(tokens)
        assert [token.decode() for token in found["tokens"][row] if token] == [token.text for token in tokens]
        assert [tag.decode() for tag in found["tags"][row][:count]] == [predictor.task.tags[tag] for tag in tags]
        places = list(zip(found["starts"][row], found["ends"][row], strict=True))[:count]
        assert places == [(token.start, token.end) for token in tokens]
        assert (found["probabilities"][row][:count] > 0).all()
