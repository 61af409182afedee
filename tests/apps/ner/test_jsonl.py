"""Texts with spans of characters, as several annotation tools write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import InputError
from apps.ner.config import Config
from apps.ner.data import Example, read_parts
from apps.ner.jsonl import to_examples
from apps.ner.spans import Span
from apps.ner.tokeniser import tokenise

TEXT = "Anna Bär met Bob in Oslo."


def write(path: Path, *rows: Any) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def read(tmp_path: Path, *rows: Any, **options: Any) -> list[Example]:
    return read_parts(str(write(tmp_path / "data.jsonl", *rows)), Config(**options))["train"].examples()


def found(example: Example) -> list[tuple[str, str]]:
    """Entities as the text has them."""
    assert example.text is not None
    return [
        (
            example.text[example.starts[span.start] : example.starts[span.end - 1] + len(example.tokens[span.end - 1])],
            span.type,
        )
        for span in example.spans
    ]


@pytest.mark.parametrize(
    "row",
    [
        {"spans": [[0, 8, "PER"], [13, 16, "PER"], [20, 24, "LOC"]]},
        {"label": [[20, 24, "LOC"], [0, 8, "PER"], [13, 16, "PER"]]},
        {"labels": [[0, 8, "PER"], [13, 16, "PER"], [20, 24, "LOC"]], "id": 7},
        {
            "spans": [
                {"start": 0, "end": 8, "label": "PER", "token_start": 0},
                {"start": 13, "end": 16, "label": "PER"},
                {"start": 20, "end": 24, "label": "LOC"},
            ],
            "answer": "accept",
        },
        {
            "entities": [
                {"id": 1, "start_offset": 0, "end_offset": 8, "label": "PER"},
                {"start_offset": 13, "end_offset": 16, "type": "PER"},
                {"start_offset": 20, "end_offset": 24, "label": "LOC"},
            ],
            "relations": [],
        },
        {"entities": [[0, 9, "PER"], [12, 17, "PER"], [20, 24, "LOC"]]},
    ],
)
def test_all_forms(row: dict[str, Any], tmp_path: Path) -> None:
    (example,) = read(tmp_path, {"text": TEXT, **row})
    assert example.tokens == ("Anna", "Bär", "met", "Bob", "in", "Oslo", ".")
    assert example.tags == ("B-PER", "E-PER", "O", "S-PER", "O", "S-LOC", "O")
    assert found(example) == [("Anna Bär", "PER"), ("Bob", "PER"), ("Oslo", "LOC")]
    assert example.where.endswith("data.jsonl:1")


def test_a_token_is_split_where_an_entity_begins_or_ends(tmp_path: Path) -> None:
    row = {"text": "The Oslo-Bonn2 line", "spans": [[4, 8, "LOC"], [9, 13, "LOC"]]}
    (example,) = read(tmp_path, row)
    assert example.tokens == ("The", "Oslo", "-", "Bonn", "2", "line")
    assert found(example) == [("Oslo", "LOC"), ("Bonn", "LOC")]


def test_sentences_know_their_place_in_the_text_and_none_ends_in_an_entity(tmp_path: Path) -> None:
    text = "I saw Who? Me! again. Bob saw it."
    first, second = read(tmp_path, {"text": text, "spans": [[6, 14, "FILM"], [22, 25, "PER"]]})
    assert found(first) == [("Who? Me!", "FILM")]
    assert found(second) == [("Bob", "PER")]
    assert first.text == second.text == text


def test_empty_texts_and_refused_ones_are_left_out(tmp_path: Path) -> None:
    rows = [{"text": "", "spans": []}, {"text": "x", "spans": [], "answer": "reject"}, {"text": "y", "spans": []}]
    assert [example.tokens for example in read(tmp_path, *rows)] == [("y",)]
    with pytest.raises(InputError, match="the file is empty"):
        read(tmp_path, rows[0])


def test_types_have_no_white_space(tmp_path: Path) -> None:
    assert read(tmp_path, {"text": "Bob", "spans": [[0, 3, "first name"]]})[0].tags == ("S-first_name",)


def test_the_unit(tmp_path: Path) -> None:
    chinese = {"text": "张三去了 IBM 北京", "spans": [[5, 8, "ORG"]]}
    english = {"text": "IBM in 北京 has opened", "spans": [[0, 3, "ORG"]]}
    assert read(tmp_path, chinese)[0].tokens == tuple("张三去了IBM北京")
    assert read(tmp_path, english)[0].tokens == ("IBM", "in", "北", "京", "has", "opened")
    assert read(tmp_path, chinese, unit="words")[0].tokens == (*"张三去了", "IBM", *"北京")
    assert read(tmp_path, english, unit="characters")[0].tokens[:3] == tuple("IBM")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"spans": []}, "the field 'text' is missing"),
        ({"text": 3, "spans": []}, "the field 'text' is missing"),
        ({"text": "a"}, "no spans; expected a list in one of the fields spans, entities"),
        ({"text": "a", "label": "PER"}, "no spans"),
        (
            {"text": "ab cd", "spans": [[0, 2, "X"], [1, 4, "Y"]]},
            "the spans [0, 2, 'X'] 'ab' and [1, 4, 'Y'] 'b c' overlap",
        ),
        (
            {"text": "ab", "spans": [[0, 2, "X"], [0, 2, "X"]]},
            "the spans [0, 2, 'X'] 'ab' and [0, 2, 'X'] 'ab' overlap",
        ),
        ({"text": "ab", "spans": [[0, 3, "X"]]}, "the span [0, 3, 'X'] is empty or out of range: the text has 2"),
        ({"text": "ab", "spans": [[-1, 1, "X"]]}, "the span [-1, 1, 'X'] is empty or out of range"),
        ({"text": "ab", "spans": [[1, 1, "X"]]}, "the span [1, 1, 'X'] is empty or out of range"),
        ({"text": "a   b", "spans": [[1, 3, "X"]]}, "the span [1, 3, 'X'] '  ' holds only white space"),
        ({"text": "e\u0301a", "spans": [[0, 1, "X"]]}, "the span [0, 1, 'X'] 'e' cuts a character"),
        ({"text": "👩‍👧 x", "spans": [[0, 2, "X"]]}, "the span [0, 2, 'X'] '👩\\u200d' cuts a character"),
        ({"text": "🇩🇪", "spans": [[1, 2, "X"]]}, "the span [1, 2, 'X'] '🇪' cuts a character"),
        ({"text": "👍🏽", "spans": [[0, 1, "X"]]}, "the span [0, 1, 'X'] '👍' cuts a character"),
        ({"text": "a\ud83d", "spans": []}, "holds half a character"),
        ({"text": "ab", "spans": [[0, 1, "\ud83d"]]}, "holds half a character"),
        ({"text": "ab", "spans": [[0, 1]]}, "a span must be [start, end, type]"),
        ({"text": "ab", "spans": [[0, 1.0, "X"]]}, "a span must be [start, end, type]"),
        ({"text": "ab", "spans": [[False, True, "X"]]}, "a span must be [start, end, type]"),
        ({"text": "ab", "spans": [[0, 1, " "]]}, "a span must be [start, end, type]"),
        ({"text": "ab", "spans": [{"start": 0, "label": "X"}]}, "a span must be [start, end, type]"),
        ({"text": "ab", "spans": ["X"]}, "a span must be [start, end, type]"),
        ([1], "not a JSON object"),
    ],
)
def test_refused(row: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, {"text": "fine", "spans": []}, row)
    where, _, said = str(caught.value).partition(": ")
    assert where == f"{tmp_path}/data.jsonl:2"
    assert said.startswith(message)


def test_not_json(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    path.write_text('{"text": "a", "spans": []}\n{"text": \n')
    with pytest.raises(InputError, match=r"data\.jsonl:2: not JSON"):
        read_parts(str(path), Config())


@st.composite
def marked(draw: st.DrawFn) -> tuple[str, list[Span]]:
    """A text made of pieces, some of which are entities."""
    text, spans = "", []
    for piece, kind, gap in draw(
        st.lists(
            st.tuples(
                st.sampled_from(
                    ["Bob", "St. Ives", "U.S.", "e\u0301", "北京", "👩‍👧", "it's", "9", "?", "Ann!", "שלום"]
                ),
                st.sampled_from(["", "PER", "LOC"]),
                st.sampled_from(["", " ", ". ", "-", " \n"]),
            ),
            max_size=8,
        )
    ):
        if kind:
            spans.append(Span(len(text), len(text) + len(piece), kind))
        text += piece + gap
    return text, spans


@given(marked(), st.sampled_from(["words", "characters"]))
def test_every_span_comes_back_exactly(sample: tuple[str, list[Span]], unit: Any) -> None:
    text, spans = sample
    examples = list(to_examples(text, spans, unit, "x:1"))
    assert [item for example in examples for item in found(example)] == [
        (text[span.start : span.end], span.type) for span in spans
    ]
    assert "".join(token for example in examples for token in example.tokens) == "".join(text.split())
    assert len(tokenise(text, unit)) <= sum(len(example.tokens) for example in examples)
