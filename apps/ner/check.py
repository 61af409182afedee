"""`python -m apps.ner check DATA`: what to know of tagged sentences before a model is trained on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Literal

import tyro

from apps.core.errors import InputError
from apps.core.sources import Splits

from .config import Config
from .data import Example, Part, read_parts, surfaces, to_splits, unit_of
from .schemes import Scheme, broken
from .tokeniser import Unit

SHOWN = 10
"""Most places of one kind that are printed."""
RAREST = 3
"""Types that are rare in training, and places of each, that are printed."""
NAMES = ("train", "dev", "test")


def check(
    source: Annotated[tuple[str, ...], tyro.conf.Positional] = (),
    *,
    data: str | None = None,
    word_column: int = 0,
    tag_column: int = -1,
    scheme: Scheme | Literal["auto"] = "auto",
    unit: Unit | Literal["auto"] = "auto",
    seed: int = 1,
) -> None:
    """Look at tagged sentences before training: sizes, types, broken tags, sentences in two splits.

    Args:
        source: A file or folder, `tfds:NAME` or `sample`, as `train --data` takes it.
        data: The same as an option.
        word_column: The token's column in CoNLL files; negative numbers count from the end.
        tag_column: The same for the tag.
        scheme: In which the files are tagged; auto: found by their tags.
        unit: What a token of raw text is; auto: found by the data.
        seed: Draws the held-out sentences, where a split is missing, as `train --seed` does.
    """
    given = [*source, *([data] if data else [])]
    if len(given) != 1:
        raise InputError("name what to look at, once: a file or folder, tfds:NAME or sample", "check")
    config = Config(data=given[0], word_column=word_column, tag_column=tag_column, scheme=scheme, unit=unit, seed=seed)
    for line in report(read_parts(given[0], config), config):
        print(line)


def report(parts: Mapping[str, Part], config: Config) -> Iterator[str]:
    """All there is to say, a line each."""
    splits = to_splits(parts, config)
    unit = unit_of(splits, config)
    for lines in (
        sizes(splits, parts, unit),
        types(splits),
        unseen(splits),
        broken_tags(parts),
        repeated(splits),
        longest(splits, unit),
    ):
        shown = list(lines)
        if shown:
            yield from (*shown, "")


def sizes(splits: Splits[Example], parts: Mapping[str, Part], unit: Unit) -> Iterator[str]:
    """A row for each split."""
    yield from table(
        ("split", "sentences", unit, "entities", "of which not in training", "scheme"),
        [
            (
                name,
                f"{len(examples):,}",
                f"{sum(len(example.tokens) for example in examples):,}",
                f"{sum(len(example.spans) for example in examples):,}",
                "" if name == "train" else share(*count_new(splits, examples)),
                parts[name].scheme if name in parts else "held out of train",
            )
            for name in NAMES
            for examples in [getattr(splits, name)]
        ],
    )


def count_new(splits: Splits[Example], examples: Sequence[Example]) -> tuple[int, int]:
    """How many entities do not occur in training with the same words and type, and how many there are."""
    seen = set(surfaces(splits.train))
    entities = list(surfaces(examples))
    return sum(entity not in seen for entity in entities), len(entities)


def types(splits: Splits[Example]) -> Iterator[str]:
    """A row for each type, the most frequent in training first, and where the rarest are."""
    counts = {name: Counter(kind for _, kind in surfaces(getattr(splits, name))) for name in NAMES}
    order = sorted(set().union(*counts.values()), key=lambda kind: (-counts["train"][kind], kind))
    if not order:
        yield "no sentence has an entity"
        return
    yield from table(("type", *NAMES), [(kind, *(f"{counts[name][kind]:,}" for name in NAMES)) for kind in order])
    known = [kind for kind in order if counts["train"][kind]]
    yield "the rarest types in training:"
    for kind in known[: -RAREST - 1 : -1]:
        yield f"  {kind}: {counts['train'][kind]:,}  " + " ".join(map(bracket, places(splits.train, kind)[:RAREST]))


def places(examples: Sequence[Example], kind: str) -> list[str]:
    """File and line of every entity of a type."""
    return [example.place(span.start) for example in examples for span in example.spans if span.type == kind]


def unseen(splits: Splits[Example]) -> Iterator[str]:
    """Types that only dev or test have, for which training will refuse them."""
    known = {kind for _, kind in surfaces(splits.train)}
    for name in ("dev", "test"):
        examples = getattr(splits, name)
        for kind in sorted({kind for _, kind in surfaces(examples)} - known):
            found = places(examples, kind)
            yield f"type {kind} of {name} does not occur in training: {len(found):,}  {bracket(found[0])}"


def broken_tags(parts: Mapping[str, Part]) -> Iterator[str]:
    """Tags that their scheme does not allow between their neighbours."""
    for name, part in parts.items():
        found = [(example, index) for example in part.sentences for index in broken(example.tags, part.scheme)]
        if not found:
            continue
        yield f"{plural(len(found), 'broken transition')} in {name} ({part.scheme}), read as conlleval reads them:"
        yield from shorten(
            [f"  {' '.join(around(example.tags, index))}  {bracket(example.place(index))}" for example, index in found]
        )


def around(tags: Sequence[str], index: int) -> list[str]:
    """A tag between its neighbours."""
    framed = ["(begin)", *tags, "(end)"]
    return framed[index : index + 3]


def repeated(splits: Splits[Example]) -> Iterator[str]:
    """Sentences that are in more than one split."""
    first: dict[tuple[str, ...], dict[str, Example]] = {}
    for name in NAMES:
        for example in getattr(splits, name):
            first.setdefault(example.tokens, {}).setdefault(name, example)
    found = {tokens: by_split.values() for tokens, by_split in first.items() if len(by_split) > 1}
    if found:
        yield f"{plural(len(found), 'sentence')} in more than one split:"
        yield from shorten(
            [
                f"  {clip(tokens)}  " + " ".join(bracket(example.place(0)) for example in examples)
                for tokens, examples in found.items()
            ]
        )


def longest(splits: Splits[Example], unit: Unit) -> Iterator[str]:
    """The longest sentence of each split."""
    yield "the longest sentences:"
    for name in NAMES:
        example = max(getattr(splits, name), key=lambda each: len(each.tokens))
        yield f"  {name}: {len(example.tokens):,} {unit}  {clip(example.tokens)}  {bracket(example.place(0))}"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows of cells under each other, numbers to the right."""
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    for row in (header, *rows):
        first, *others = (
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join([first, *others]).rstrip()


def shorten(lines: Sequence[str]) -> list[str]:
    """The first lines, and how many more there are."""
    more = len(lines) - SHOWN
    return [*lines[:SHOWN], *([f"  … and {more:,} more"] if more > 0 else [])]


def share(part: int, whole: int) -> str:
    """A count with its percentage."""
    return f"{part:,} ({part / whole:.0%})" if whole else "0"


def clip(tokens: Sequence[str], most: int = 60) -> str:
    """The begin of a sentence."""
    text = " ".join(tokens[:most])
    return text if len(text) <= most else f"{text[:most]} …"


def plural(count: int, noun: str) -> str:
    """A count and what is counted."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def bracket(place: str) -> str:
    """File and line as the reports of other commands have them."""
    return f"[{place}]"
