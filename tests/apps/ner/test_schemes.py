"""Every scheme written, read, recognised and converted; broken tags read as conlleval reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import InputError
from apps.ner.schemes import LETTERS, Scheme, broken, convert, detect_scheme, spans_of, strict_spans_of, tags_of
from apps.ner.spans import Span
from layers.crf import allowed_transitions

SCHEMES: tuple[Scheme, ...] = ("IOB1", "IOB2", "BIOES", "BMES")
TYPES = ("PER", "LOC", "B-x")


@st.composite
def sentences(draw: st.DrawFn, types: tuple[str, ...] = TYPES) -> tuple[list[Span], int]:
    """Spans that do not overlap, and the length of the sentence they are in."""
    spans, length = [], 0
    for gap, size, kind in draw(
        st.lists(st.tuples(st.integers(0, 2), st.integers(1, 4), st.sampled_from(types)), max_size=6)
    ):
        spans.append(Span(length + gap, length + gap + size, kind))
        length += gap + size
    return spans, length + draw(st.integers(0, 2))


schemes = st.sampled_from(SCHEMES)
any_tags = st.lists(st.sampled_from(["O", *(f"{letter}-{kind}" for letter in "BIES" for kind in "XY")]), max_size=9)


def conlleval(tags: list[str]) -> list[Span]:
    """The Perl script's startOfChunk and endOfChunk, with S as seqeval adds it, rule by rule."""
    spans, start = [], -1
    before, kind_before = "O", ""
    for index, tag in enumerate([*tags, "O"]):
        letter, _, kind = tag.partition("-")
        pair, changed = before + letter, kind_before != kind
        end = pair in ("BB", "BO", "BS", "IB", "IO", "IS") or before in "ES" or (before != "O" and changed)
        start_here = letter in "BS" or pair in ("EE", "EI", "SE", "SI", "OE", "OI") or (letter != "O" and changed)
        if end and start >= 0:
            spans.append(Span(start, index, kind_before))
            start = -1
        if start_here:
            start = index
        before, kind_before = letter, kind
    return spans


@given(sentences(), schemes, schemes)
def test_conversions_round_trip(sentence: tuple[list[Span], int], source: Scheme, target: Scheme) -> None:
    spans, length = sentence
    tags = tags_of(spans, length, source)
    assert len(tags) == length
    assert spans_of(tags, source) == strict_spans_of(tags, source) == spans
    assert broken(tags, source) == []
    there = convert(tags, source, target)
    assert there == tags_of(spans, length, target)
    assert convert(there, target, source) == tags


@given(any_tags)
def test_broken_tags_are_read_as_conlleval_reads_them(tags: list[str]) -> None:
    assert spans_of(tags, "BIOES") == conlleval(tags)


@given(any_tags, schemes)
def test_what_is_broken_is_what_the_crf_forbids(tags: list[str], scheme: Scheme) -> None:
    letters = {"IOB1": "BIBI", "IOB2": "BIBI", "BIOES": "BIES", "BMES": "BMES"}[scheme]
    tags = [tag.replace(tag[0], letters["BIES".index(tag[0])], 1) if tag != "O" else tag for tag in tags]
    names = ["O", *(f"{letter}-{kind}" for letter in dict.fromkeys(letters) for kind in "XY")]
    allowed, start, end = allowed_transitions(names, scheme)
    ids = [names.index(tag) for tag in tags]
    expected = {index for index in range(1, len(ids)) if not allowed[ids[index - 1]][ids[index]]}
    if ids:
        expected |= {0} if not start[ids[0]] else set()
        expected |= {len(ids) - 1} if not end[ids[-1]] else set()
    assert broken(tags, scheme) == sorted(expected)
    assert bool(expected) or strict_spans_of(tags, scheme) == spans_of(tags, scheme)


@given(st.lists(sentences(), max_size=4), schemes)
def test_a_recognised_scheme_gives_the_same_spans(sample: list[tuple[list[Span], int]], scheme: Scheme) -> None:
    rows = [tags_of(spans, length, scheme) for spans, length in sample]
    found = detect_scheme(rows)
    assert [spans_of(tags, found) for tags in rows] == [spans for spans, _ in sample]
    assert not any(broken(tags, found) for tags in rows)


@pytest.mark.parametrize(
    ("rows", "scheme"),
    [
        ("B-P I-P O; O", "IOB2"),
        ("B-P; O", "IOB2"),
        ("O O", "IOB2"),
        ("I-P I-P O; I-L", "IOB1"),
        ("I-P B-P I-P", "IOB1"),
        ("I-P O; B-P I-P", "IOB2"),
        ("B-P E-P", "BIOES"),
        ("S-P O", "BIOES"),
        ("B-P I-P E-P; S-P", "BIOES"),
        ("B-P I-P L-P; U-P", "BIOES"),
        ("B-P M-P E-P; S-P", "BMES"),
        ("B-P M-P E-P; W-P", "BMES"),
        ("B I O; O", "IOB2"),
        ("S-P; S-P; S-P; B-P E-P; B-P O", "BIOES"),
    ],
)
def test_recognised(rows: str, scheme: Scheme) -> None:
    assert detect_scheme([row.split() for row in rows.split("; ")]) == scheme


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("B-P M-P E-P; B-P I-P E-P", "1:1: the schemes are mixed: I- and M-"),
        ("B-P L-P; B-P E-P", "1:1: the schemes are mixed: E- and L-"),
        ("B-P I-P O; S-P; B-P E-P", "0:0: the schemes are mixed: this entity does not end"),
        ("B-P O; B-P I-P; B-L; O S-P", "3:1: the schemes are mixed: this entity ends"),
        ("O; O X-P", "1:1: no scheme allows the tag 'X-P'"),
        ("O; O PER", "1:1: no scheme allows the tag 'PER'"),
        ("B-", "0:0: no scheme allows the tag 'B-'"),
        ("O-P", "0:0: no scheme allows the tag 'O-P'"),
        ("b-P", "0:0: no scheme allows the tag 'b-P'"),
    ],
)
def test_refused(rows: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        detect_scheme([row.split() for row in rows.split("; ")], lambda row, column: f"{row}:{column}")
    assert str(caught.value).startswith(message)


def test_broken_by_hand() -> None:
    tags = ["O", "I-P", "I-L", "B-L", "I-L", "I-P"]
    assert spans_of(tags, "IOB2") == [Span(1, 2, "P"), Span(2, 3, "L"), Span(3, 5, "L"), Span(5, 6, "P")]
    assert strict_spans_of(tags, "IOB2") == [Span(3, 5, "L")]
    assert broken(tags, "IOB2") == [1, 2, 5]
    assert broken(tags, "IOB1") == []
    assert strict_spans_of(["B-P", "I-P"], "IOB1") == []
    assert strict_spans_of(["B-P", "O", "S-P"], "BIOES") == [Span(2, 3, "P")]
    assert broken(["B-P"], "BIOES") == [0]


def test_letters_of_another_scheme_are_refused() -> None:
    for scheme, tag in (("IOB2", "S-P"), ("BMES", "I-P"), ("BIOES", "M-P")):
        assert tag[0] not in LETTERS[scheme]  # type: ignore[index]
        with pytest.raises(InputError, match=f"the tag '{tag}' is none of {scheme}"):
            spans_of([tag], scheme)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no scheme allows"):
        spans_of(["Q-P"], "IOB2")


@pytest.mark.parametrize("spans", [[Span(0, 2, "P"), Span(1, 3, "P")], [Span(2, 4, "P")], [Span(1, 1, "P")]])
def test_spans_that_cannot_be_written(spans: list[Span]) -> None:
    with pytest.raises(InputError, match="overlaps another or leaves the sentence"):
        tags_of(spans, 3, "BIOES")
