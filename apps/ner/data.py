"""Tagged sentences from files, folders and TFDS."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from apps.core.errors import InputError
from apps.core.sources import Splits, complete, find_splits, reader_of, same_source, to_judge
from apps.core.tfds import read_tfds

from .characters import is_ideograph
from .columns import read_columns
from .config import Config
from .examples import Example
from .jsonl import read_jsonl
from .sample import generate
from .schemes import Scheme, convert, detect_scheme, parse_all
from .tokeniser import Unit

__all__ = ["Example", "Part", "check_types", "read_examples", "read_parts", "read_splits", "surfaces", "unit_of"]

SAMPLE_SIZES = (2000, 300, 500)
"""Training, dev and test sentences of the built-in sample."""
TOKEN_FEATURES = ("tokens", "words")
TAG_FEATURES = ("ner", "tags", "ner_tags", "labels")

Reader = Callable[[Path, Config], Iterator[Example]]
COLUMN_ENDINGS = (".conll", ".txt", ".tsv", ".bio", ".iob", ".iob2", ".bioes", ".bmes", ".bilou", ".ner")
READERS: dict[str, Reader] = {".jsonl": read_jsonl, **dict.fromkeys(COLUMN_ENDINGS, read_columns)}


@dataclass(frozen=True)
class Part:
    """What one file or split holds.

    Args:
        sentences: With tags as they stand there.
        scheme: In which these are written.
    """

    sentences: Sequence[Example]
    scheme: Scheme

    def examples(self) -> list[Example]:
        """The sentences, tagged in BIOES."""
        return [replace(each, tags=tuple(convert(each.tags, self.scheme, "BIOES"))) for each in self.sentences]


def read_splits(config: Config) -> Splits[Example]:
    """Reads the examples that `config.data` names, and holds out what splits they lack.

    Raises:
        InputError: For data that cannot be read or learned from, with file and line.
    """
    return to_splits(read_parts(config.data, config), config)


def to_splits(parts: Mapping[str, Part], config: Config) -> Splits[Example]:
    """The three splits. What is held out is drawn by whole texts, where sentences come from such."""
    found = {split: part.examples() for split, part in parts.items()}
    return complete(found, config.data, lambda example: example.text or " ".join(example.tokens), config.seed)


def read_examples(source: str, config: Config) -> Sequence[Example]:
    """The test split of a source (its dev split where it has no test), or all of a single file."""
    if same_source(source, config.data):
        return read_splits(config).test
    return to_judge({split: part.examples() for split, part in read_parts(source, config).items()})


def read_parts(source: str, config: Config) -> dict[str, Part]:
    """The splits that a source has, a single file as `train`."""
    if source == "sample":
        return generate_parts()
    if source.startswith("tfds:"):
        found = read_tfds(source.removeprefix("tfds:"), convert_tfds)
        return {split: to_part(sentences, config) for split, sentences in found.items()}
    path = Path(source)
    files = find_splits(path, tuple(READERS)) if path.is_dir() else {"train": path}
    return {split: to_part(read_file(file, config), config) for split, file in files.items()}


def generate_parts() -> dict[str, Part]:
    """The built-in sample; its sentences all differ, so none is in two splits."""
    sizes = dict(zip(("train", "dev", "test"), SAMPLE_SIZES, strict=True))
    return {
        split: Part(
            [Example(*each, where=f"sample/{split}:{number}") for number, each in enumerate(sentences, start=1)],
            "BIOES",
        )
        for split, sentences in generate(sizes, seed=0).items()
    }


def read_file(path: Path, config: Config) -> list[Example]:
    """Reads one file by the reader for its ending."""
    sentences = list(reader_of(path, READERS)(path, config))
    if not sentences:
        raise InputError("the file is empty; it should hold sentences whose entities are tagged", path)
    return sentences


def to_part(sentences: Sequence[Example], config: Config) -> Part:
    """Sentences with their scheme, as it is configured or found by the tags."""

    def place(row: int, column: int) -> str:
        return sentences[row].place(column)

    if config.scheme == "auto":
        return Part(sentences, detect_scheme((each.tags for each in sentences), place))
    for tag, (row, column) in first_places(sentences).items():
        try:
            parse_all([tag], config.scheme)
        except InputError as error:
            raise InputError(str(error), place(row, column)) from None
    return Part(sentences, config.scheme)


def first_places(sentences: Sequence[Example]) -> dict[str, tuple[int, int]]:
    """Sentence and position of the first token with each tag."""
    found: dict[str, tuple[int, int]] = {}
    for row, each in enumerate(sentences):
        for column, tag in enumerate(each.tags):
            found.setdefault(tag, (row, column))
    return found


def convert_tfds(features: Any, rows: Iterable[dict[str, Any]], where: str) -> list[Example]:
    """Sentences of a TFDS split; none when its tags are hidden."""
    token_name, tag_name = (
        next((name for name in names if name in features), "") for names in (TOKEN_FEATURES, TAG_FEATURES)
    )
    names = getattr(getattr(features[tag_name], "feature", None), "names", None) if tag_name else None
    if not token_name or names is None:
        raise InputError(
            f"has no tokens with tags: looked for {' or '.join(TOKEN_FEATURES)} and for classes in "
            f"{', '.join(TAG_FEATURES)}, found {', '.join(features)}; choose another data set",
            where,
        )
    examples = []
    for number, row in enumerate(rows, start=1):
        if any(tag < 0 for tag in row[tag_name]):
            return []
        tokens = tuple(token.decode() for token in row[token_name])
        if tokens:
            examples.append(Example(tokens, tuple(names[tag] for tag in row[tag_name]), f"{where}:{number}"))
    return examples


def check_types(examples: Iterable[Example], known: Collection[str]) -> None:
    """Raises an `InputError` at the first entity whose type does not occur in training."""
    for example in examples:
        for span in example.spans:
            if span.type not in known:
                there = ", ".join(sorted(known)[:10])
                raise InputError(
                    f"the entity type {span.type!r} does not occur in training (there: {there})",
                    example.place(span.start),
                )


def surfaces(examples: Iterable[Example]) -> Iterator[tuple[str, str]]:
    """Words and type of every entity."""
    return ((span.surface(example.tokens), span.type) for example in examples for span in example.spans)


def unit_of(splits: Splits[Example], config: Config) -> Unit:
    """What a token is: characters when nearly all tokens are single ones and most of these Chinese or Japanese."""
    if config.unit != "auto":
        return config.unit
    total = single = ideographs = 0
    for example in splits.train:
        total += len(example.tokens)
        single += sum(len(token) == 1 for token in example.tokens)
        ideographs += sum(len(token) == 1 and is_ideograph(token) for token in example.tokens)
    return "characters" if single > 0.9 * total and ideographs > 0.4 * total else "words"
