"""Explanations are what they say they are."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from apps.core.errors import InputError
from apps.core.text import RESERVED
from apps.sentiment.config import Config
from apps.sentiment.explain import Explanation, explain, wrap, write_html, write_png
from apps.sentiment.task import Prediction, SentimentTask

TEXT = "The soup was not good. I liked the bread!"


def make(name: str, labels: tuple[str, ...] = ("bad", "good")) -> tuple[SentimentTask, Any]:
    task = SentimentTask(Config(model=name, units=3, embedding_dim=5, max_sentences=4))  # type: ignore[arg-type]
    task.labels = list(labels)
    task.encoder = task.new_encoder((*RESERVED, "the", "soup", "was", "not", "good", ".", "i", "bread"))
    model = task.build()
    random = np.random.default_rng(0)
    model.set_weights([random.normal(0, 1, array.shape) for array in model.get_weights()])
    return task, model


@pytest.fixture(scope="module", params=["average", "attention", "hierarchical"])
def task_and_model(request: pytest.FixtureRequest) -> tuple[SentimentTask, Any]:
    return make(request.param)


@pytest.fixture(scope="module")
def attentive() -> Callable[[str], Explanation]:
    task, model = make("attention")
    return lambda text: explain(task, model, text)


def test_influence_is_what_leaving_the_word_out_changes(task_and_model: tuple[SentimentTask, Any]) -> None:
    task, model = task_and_model
    found = explain(task, model, TEXT)
    words = TEXT.lower().replace(".", " .").replace("!", " !").split()
    assert list(found.words) == words
    full = task.predict(model, [TEXT])[0]
    assert found.prediction == full
    # Each word but a full stop can be left out of the raw text without moving a sentence's end.
    for index, word in enumerate(words):
        if word not in ".!":
            shorter = " ".join(words[:index] + words[index + 1 :])
            without = task.predict(model, [shorter])[0].probabilities[full.label]
            assert found.influence[index] == pytest.approx(full.confidence - without, abs=1e-6)
    assert np.abs(found.influence).max() > 1e-3


def test_attention_is_the_models_and_sums_to_one(task_and_model: tuple[SentimentTask, Any]) -> None:
    task, model = task_and_model
    found = explain(task, model, TEXT)
    if task.config.model == "average":
        assert found.attention is None
    else:
        assert found.attention is not None
        assert found.attention.shape == (len(found.words),)
        assert (found.attention > 0).all()
        assert found.attention.sum() == pytest.approx(1, abs=1e-6)
        assert found.attention.std() > 1e-3
    assert found.breaks == ({6} if task.config.model == "hierarchical" else set())


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_a_text_without_words(text: str, task_and_model: tuple[SentimentTask, Any], tmp_path: Path) -> None:
    task, model = task_and_model
    found = explain(task, model, text)
    assert list(found.words) == []
    assert sum(found.prediction.probabilities.values()) == pytest.approx(1, abs=1e-6)
    write_html([found], tmp_path / "out.html")
    assert "no words" in (tmp_path / "out.html").read_text("utf-8")
    write_png([found], tmp_path / "out.png")


def test_html_escapes_what_texts_and_classes_hold(tmp_path: Path) -> None:
    text = "<script>alert('x')</script> & \"more\""
    task, model = make("attention", ("<b>1</b>", "&2"))
    task.encoder = task.new_encoder((*RESERVED, "<script>", "</script>"))
    found = explain(task, model, text)
    named = Explanation(
        found.prediction, [*found.words[1:], "<script>alert(1)</script>"], found.attention, found.influence
    )
    write_html([found, named], tmp_path / "out.html")
    page = (tmp_path / "out.html").read_text("utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "&lt;b&gt;1&lt;/b&gt;" in page
    assert "&amp;2" in page


def test_html_shows_every_word_with_both_numbers(attentive: Callable[[str], Explanation], tmp_path: Path) -> None:
    found = attentive(TEXT)
    write_html([found], tmp_path / "out.html")
    page = (tmp_path / "out.html").read_text("utf-8")
    assert page.count("<span") == 2 * len(found.words)
    assert found.attention is not None
    for word, weight, change in zip(found.words, found.attention, found.influence, strict=True):
        assert f'title="attention {weight:.3f}">{word}</span>' in page
        assert f'title="without it the answer changes by {-change:+.3f}">{word}</span>' in page


def test_the_strongest_word_has_the_strongest_colour(tmp_path: Path) -> None:
    prediction = Prediction("a b c", "good", 0.9, {"good": 0.9, "bad": 0.1})
    shown = Explanation(prediction, ["a", "b", "c"], np.array([0.7, 0.3, 0.0]), np.array([0.2, -0.4, 0.0]))
    write_html([shown], tmp_path / "out.html")
    page = (tmp_path / "out.html").read_text("utf-8")
    spans = re.findall(r'<span style="background:rgb\((.*?)\)".*?>(.*?)</span>', page)
    pale_amber = "255,222,162"
    assert spans[:3] == [("255,178,38", "a"), (pale_amber, "b"), ("255,255,255", "c")]
    assert spans[3:] == [("153,191,242", "a"), ("230,64,64", "b"), ("255,255,255", "c")]


def test_png_of_hostile_and_chinese_words(attentive: Callable[[str], Explanation], tmp_path: Path) -> None:
    write_png([attentive(r"the $\soup$ {was} 很好 _^ \\ 😀"), attentive(TEXT)], tmp_path / "out.png")
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in tmp_path.iterdir()] == ["out.png"]


def test_more_than_a_picture_can_hold_is_refused(attentive: Callable[[str], Explanation], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="too many texts or words for one picture"):
        write_png([attentive("the soup")] * 400, tmp_path / "out.png")
    assert not list(tmp_path.iterdir())


def test_lines_break_at_the_margin_and_before_sentences() -> None:
    cells = [("x" * 10, None, "")] * 20
    assert [len(line) for line in wrap(cells, frozenset())] == [9, 9, 2]
    assert [len(line) for line in wrap(cells, frozenset({3}))] == [3, 9, 8]
    assert len(wrap([("好" * 60, None, "")] * 2, frozenset())) == 2
