"""Spans as tags, one a token: IOB1, IOB2, BIOES and BMES, recognised, read, written and converted.

Reference:
    Ramshaw & Marcus (1995) for IOB1; the reading of broken tags is that of the CoNLL shared tasks' `conlleval`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from apps.core.errors import InputError

from .spans import Span

Scheme = Literal["IOB1", "IOB2", "BIOES", "BMES"]
LETTERS: dict[Scheme, str] = {"IOB1": "BI", "IOB2": "BI", "BIOES": "BIESLU", "BMES": "BMESW"}
"""What tags begin with, besides O: BILOU writes the last L and a single one U, BMEWO a single one W."""
ROLES = {"B": "B", "I": "I", "M": "I", "E": "E", "L": "E", "S": "S", "U": "S", "W": "S", "O": "O"}
"""What a letter means, in the letters of BIOES."""
MOST_MIXED = 0.2
"""Share of entities that may end otherwise than the rest before a file counts as one of mixed schemes."""
Place = tuple[int, int]
Where = Callable[[int, int], str]
"""A sequence's and a tag's index -> the place to name in an error."""
Tag = tuple[str, str]
"""Role and type."""

OUTSIDE: Tag = ("O", "")


@lru_cache(maxsize=10_000)
def parse(tag: str) -> Tag:
    """Role and type of a tag of any scheme.

    Example:
        >>> parse("M-NAME"), parse("U-PER"), parse("O")
        (('I', 'NAME'), ('S', 'PER'), ('O', ''))

    Raises:
        InputError: For a tag that no scheme allows.
    """
    letter, dash, kind = tag.partition("-")
    if letter not in ROLES or (bool(dash) != bool(kind)) or (letter == "O" and dash):
        raise InputError(f"no scheme allows the tag {tag!r}; tags are O, or B, I, M, E or S with a type, such as B-PER")
    return ROLES[letter], kind


def parse_all(tags: Sequence[str], scheme: Scheme) -> list[Tag]:
    """Roles and types.

    Raises:
        InputError: For a tag that the scheme does not have.
    """
    for tag in tags:
        if tag[:1] not in LETTERS[scheme] and tag != "O":
            parse(tag)
            raise InputError(f"the tag {tag!r} is none of {scheme}, whose tags begin with {', '.join(LETTERS[scheme])}")
    return [parse(tag) for tag in tags]


def starts(before: Tag, tag: Tag) -> bool:
    """Whether an entity starts at `tag`, by conlleval's rules: also where its type changes, or one goes on after O."""
    return tag[0] in "BS" or (tag[0] != "O" and (before[0] in "OES" or before[1] != tag[1]))


def ends(tag: Tag, after: Tag) -> bool:
    """Whether an entity ends with `tag`, by the same rules."""
    return tag[0] in "ES" or (tag[0] != "O" and (after[0] in "OBS" or tag[1] != after[1]))


def chunks(tags: Sequence[Tag]) -> Iterator[Span]:
    """The entities that conlleval reads out of tags, however broken."""
    start = 0
    for index, (before, tag, after) in enumerate(zip([OUTSIDE, *tags], tags, [*tags[1:], OUTSIDE], strict=False)):
        if starts(before, tag):
            start = index
        if ends(tag, after):
            yield Span(start, index + 1, tag[1])


def spans_of(tags: Sequence[str], scheme: Scheme) -> list[Span]:
    """Entities, read from broken tags as conlleval does.

    Example:
        >>> spans_of(["I-PER", "I-PER", "I-LOC"], "IOB2")
        [Span(start=0, end=2, type='PER'), Span(start=2, end=3, type='LOC')]

    Raises:
        InputError: For a tag that the scheme does not have.
    """
    return list(chunks(parse_all(tags, scheme)))


def strict_spans_of(tags: Sequence[str], scheme: Scheme) -> list[Span]:
    """Entities whose tags are those that the scheme would write; those with broken tags are left out.

    Example:
        >>> strict_spans_of(["O", "I-PER", "B-LOC", "I-LOC"], "IOB2")
        [Span(start=2, end=4, type='LOC')]
    """
    parsed = parse_all(tags, scheme)
    found = list(chunks(parsed))
    kept, before = [], None
    for span in found:
        if parsed[span.start : span.end] == list(span_tags(span, before, scheme)):
            kept.append(span)
        before = span
    return kept


def span_tags(span: Span, before: Span | None, scheme: Scheme) -> Iterator[Tag]:
    """The roles of a span's tokens, given the span before it in the sentence."""
    last = span.end - span.start - 1
    touches = before is not None and before.end == span.start and before.type == span.type
    for index in range(last + 1):
        if scheme in ("BIOES", "BMES"):
            role = "S" if last == 0 else "B" if index == 0 else "E" if index == last else "I"
        else:
            role = "B" if index == 0 and (scheme == "IOB2" or touches) else "I"
        yield role, span.type


def tags_of(spans: Iterable[Span], length: int, scheme: Scheme) -> list[str]:
    """Tags of spans that do not overlap.

    Example:
        >>> tags_of([Span(0, 2, "PER"), Span(3, 4, "LOC")], 4, "BIOES")
        ['B-PER', 'E-PER', 'O', 'S-LOC']

    Args:
        spans: In any order.
        length: How many tokens the sentence has.
        scheme: In which to write them.

    Raises:
        InputError: When spans overlap, or leave the sentence.
    """
    tags = ["O"] * length
    before: Span | None = None
    for span in sorted(spans):
        if not (before.end if before else 0) <= span.start < span.end <= length:
            raise InputError(f"the span {span} overlaps another or leaves the sentence of {length} tokens; correct it")
        for index, (role, kind) in enumerate(span_tags(span, before, scheme), start=span.start):
            tags[index] = f"{'M' if role == 'I' and scheme == 'BMES' else role}-{kind}"
        before = span
    return tags


def convert(tags: Sequence[str], source: Scheme, target: Scheme) -> list[str]:
    """The same entities in another scheme.

    Example:
        >>> convert(["I-PER", "I-PER", "B-PER"], "IOB1", "BIOES")
        ['B-PER', 'E-PER', 'S-PER']
    """
    return tags_of(spans_of(tags, source), len(tags), target)


def broken(tags: Sequence[str], scheme: Scheme) -> list[int]:
    """Positions of tags that may not follow the one before, and of a last one that may not end a sentence.

    Example:
        >>> broken(["B-PER", "I-LOC", "O"], "IOB2")
        [1]
    """
    parsed = parse_all(tags, scheme)
    found = [
        index
        for index, (before, tag) in enumerate(zip([OUTSIDE, *parsed], parsed, strict=False))
        if not follows(before, tag, scheme)
    ]
    if parsed and not follows(parsed[-1], OUTSIDE, scheme) and found[-1:] != [len(tags) - 1]:
        found.append(len(tags) - 1)
    return found


def follows(before: Tag, tag: Tag, scheme: Scheme) -> bool:
    """Whether `tag` may come after `before`."""
    same = before[1] == tag[1] and before[0] != "O"
    if scheme == "IOB1":
        return tag[0] != "B" or same
    if scheme == "IOB2":
        return tag[0] != "I" or same
    is_open = before[0] in "BI"
    return is_open == (tag[0] in "IE") and (same or not is_open)


@dataclass
class Evidence:
    """What the tags of a file tell about their scheme.

    Args:
        letters: Letter -> place (row, column) of the first tag that begins with it.
        ended: Places of the entities whose last tag says that they end there, E or S.
        unended: Places of those whose last tag does not.
        begun: How many entities that touch none of their type begin with B, and with I.
    """

    letters: dict[str, Place] = field(default_factory=dict)
    ended: list[Place] = field(default_factory=list)
    unended: list[Place] = field(default_factory=list)
    begun: Counter[str] = field(default_factory=Counter)

    def add(self, row: int, tags: Sequence[str], parsed: Sequence[Tag]) -> None:
        """Looks at a sentence."""
        for column, tag in enumerate(tags):
            self.letters.setdefault(tag[0], (row, column))
        for span in chunks(parsed):
            if not span.start or parsed[span.start - 1][1] != span.type:
                self.begun[parsed[span.start][0]] += 1
            (self.ended if parsed[span.end - 1][0] in "ES" else self.unended).append((row, span.start))

    def mixed(self) -> tuple[str, Place] | None:
        """What of the tags is of another scheme than the rest, and where it is first seen."""
        for one, others in (("M", "ILU"), ("L", "EMSW"), ("U", "EMSW"), ("W", "ILU")):
            for other in others:
                if one in self.letters and other in self.letters:
                    return f"{other}- and {one}- are never in one scheme", self.letters[other]
        if len(self.unended) > MOST_MIXED * (len(self.ended) + len(self.unended)) and self.ended:
            if len(self.ended) < len(self.unended):
                return "this entity ends with E or S as most do not", self.ended[0]
            return "this entity does not end with E or S as most do", self.unended[0]
        return None

    def scheme(self) -> Scheme:
        """The most common scheme that fits."""
        if "M" in self.letters:
            return "BMES"
        if self.ended:
            return "BIOES"
        return "IOB1" if self.begun["I"] and not self.begun["B"] else "IOB2"


def detect_scheme(sequences: Iterable[Sequence[str]], where: Where = lambda *_: "") -> Scheme:
    """The scheme of all tags of a file, by their letters and by how entities begin and end.

    Where several fit, the entities are the same in each; then it is the most common: BIOES rather than BMES unless
    there is an M, IOB2 rather than IOB1 unless I begins every entity that touches no other of its type.

    Args:
        sequences: Tags of each sentence.
        where: Names the place of a sequence's tag for an error.

    Raises:
        InputError: For a tag that no scheme allows, and for entities of different schemes.
    """
    evidence = Evidence()
    for row, tags in enumerate(sequences):
        parsed = []
        for column, tag in enumerate(tags):
            try:
                parsed.append(parse(tag))
            except InputError as error:
                raise InputError(str(error), where(row, column)) from None
        evidence.add(row, tags, parsed)
    if found := evidence.mixed():
        what, place = found
        raise InputError(
            f"the schemes are mixed: {what}; convert the file, or name the scheme with --scheme", where(*place)
        )
    return evidence.scheme()
