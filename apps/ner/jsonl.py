"""JSON lines of texts whose entities are spans of characters, as spaCy, doccano and Prodigy write them.

{"text": "Anna slept.", "spans": [[0, 4, "PER"]]} or {"text": ..., "entities": [{"start": 0, "end": 4, "label": "PER"}]}
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from apps.core.errors import InputError
from apps.core.json_lines import check_whole, read_objects

from .characters import cuts, is_ideograph
from .config import Config
from .examples import Example
from .schemes import tags_of
from .spans import Span
from .tokeniser import Token, Unit, split_sentences, tokenise

FIELDS = ("spans", "entities", "label", "labels")
NAMES = {"start": ("start", "start_offset"), "end": ("end", "end_offset"), "type": ("label", "type")}
REFUSED = ("reject", "ignore")
"""Answers of Prodigy for texts that are not to be learned from."""


def read_jsonl(path: Path, config: Config) -> Iterator[Example]:
    """The sentences of all texts of a file, tagged in BIOES.

    Raises:
        InputError: With file and line, for spans that overlap, leave the text or cut a character.
    """
    records = [read_record(row, where) for where, row in read_objects(path) if row.get("answer") not in REFUSED]
    unit = config.unit if config.unit != "auto" else usual_unit(text for text, _, _ in records)
    for text, spans, where in records:
        yield from to_examples(text, spans, unit, where)


def usual_unit(texts: Iterator[str]) -> Unit:
    """Characters where at least half of what is written is Chinese or Japanese."""
    total = ideographs = 0
    for text in texts:
        total += sum(not character.isspace() for character in text)
        ideographs += sum(map(is_ideograph, text))
    return "characters" if total and ideographs >= total / 2 else "words"


def read_record(row: dict[str, Any], where: str) -> tuple[str, list[Span], str]:
    """A text, its spans in characters and in order, and where it stands."""
    text = row.get("text")
    if not isinstance(text, str):
        raise InputError("the field 'text' is missing or is no text", where)
    check_whole(text, where)
    given = next((row[name] for name in FIELDS if isinstance(row.get(name), list)), None)
    if given is None:
        raise InputError(f"no spans; expected a list in one of the fields {', '.join(FIELDS)}", where)
    spans = sorted(trim(read_span(each, where), text, where) for each in given)
    for one, other in pairwise(spans):
        if one.overlaps(other):
            raise InputError(f"the spans {show(one, text)} and {show(other, text)} overlap; keep one", where)
    return text, spans, where


def read_span(given: Any, where: str) -> Span:
    """A span of characters from `[start, end, type]` or from an object."""
    if isinstance(given, dict):
        given = [next((given[name] for name in names if name in given), None) for names in NAMES.values()]
    if isinstance(given, list) and len(given) == 3:
        start, end, kind = given
        if type(start) is int and type(end) is int and isinstance(kind, str) and kind.strip():
            check_whole(kind, where)
            return Span(start, end, "_".join(kind.split()))
    raise InputError(
        f"a span must be [start, end, type] or an object with start, end and label, not {str(given)[:80]}", where
    )


def trim(span: Span, text: str, where: str) -> Span:
    """A span without the white space around it.

    Raises:
        InputError: When it leaves the text, is empty, or cuts a character.
    """
    if not 0 <= span.start < span.end <= len(text):
        raise InputError(
            f"the span [{span.start}, {span.end}, {span.type!r}] is empty or out of range: "
            f"the text has {len(text)} characters",
            where,
        )
    inside = text[span.start : span.end]
    start, end = span.start + len(inside) - len(inside.lstrip()), span.start + len(inside.rstrip())
    if start >= end:
        raise InputError(f"the span {show(span, text)} holds only white space; leave it out", where)
    for border in (start, end):
        if cuts(text, border):
            raise InputError(
                f"the span {show(span, text)} cuts a character: what is seen as one goes on at {border}", where
            )
    return Span(start, end, span.type)


def show(span: Span, text: str) -> str:
    """A span for an error's message."""
    return f"[{span.start}, {span.end}, {span.type!r}] {text[span.start : span.end][:40]!r}"


def to_examples(text: str, spans: Sequence[Span], unit: Unit, where: str) -> Iterator[Example]:
    """The sentences of a text; none ends within an entity."""
    borders = sorted({border for span in spans for border in (span.start, span.end)})
    groups = [list(split_at(group, borders)) for group in split_sentences(tokenise(text, unit))]
    for group in join(groups, spans):
        starts = {token.start: index for index, token in enumerate(group)}
        ends = {token.end: index + 1 for index, token in enumerate(group)}
        inside = [Span(starts[span.start], ends[span.end], span.type) for span in spans if span.start in starts]
        yield Example(
            tuple(token.text for token in group),
            tuple(tags_of(inside, len(group), "BIOES")),
            where,
            text,
            tuple(token.start for token in group),
        )


def split_at(tokens: Sequence[Token], borders: Sequence[int]) -> Iterator[Token]:
    """Tokens, each in parts where an entity begins or ends inside it."""
    remaining = iter([*borders, -1])
    border = next(remaining)
    for token in tokens:
        start = token.start
        while 0 <= border < token.end:
            if border > start:
                yield Token(token.text[start - token.start : border - token.start], start, border)
                start = border
            border = next(remaining)
        yield Token(token.text[start - token.start :], start, token.end)


def join(groups: Sequence[list[Token]], spans: Sequence[Span]) -> Iterator[list[Token]]:
    """Groups of tokens, those joined between which an entity goes on."""
    open_group: list[Token] = []
    remaining = iter([*spans, None])
    span = next(remaining)
    for group in groups:
        open_group += group
        end = open_group[-1].end
        while span and span.end <= end:
            span = next(remaining)
        if not (span and span.start < end):
            yield open_group
            open_group = []
    if open_group:
        yield open_group
