"""Labelled texts from files, folders, archives and TFDS."""

from __future__ import annotations

import csv
import lzma
import re
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from apps.core.errors import InputError
from apps.core.json_lines import check_whole, read_objects
from apps.core.sources import (
    LONGEST_LINE,
    Splits,
    bare_suffix,
    complete,
    decode,
    find_splits,
    read_lines,
    reader_of,
    same_source,
    to_judge,
)
from apps.core.tfds import read_tfds

from .config import Config
from .sample import generate

TEXT_COLUMNS = ("text", "text_a", "sentence", "review", "content", "document", "comment", "body", "tweet")
LABEL_COLUMNS = (
    "label",
    "labels",
    "sentiment",
    "class",
    "category",
    "stars",
    "star",
    "rating",
    "score",
    "polarity",
    "target",
)
SAMPLE_SIZES = (4000, 500, 1000)
"""Training, dev and test texts of the built-in sample."""


@dataclass(frozen=True)
class Example:
    """A text and its class; `where` tells the place it was read from."""

    text: str
    label: str
    where: str = field(default="", repr=False)


def read_splits(config: Config) -> Splits[Example]:
    """Reads the examples that `config.data` names, and holds out what splits they lack.

    Raises:
        InputError: For data that cannot be read or learned from, with file and line.
    """
    if config.data == "sample":
        return generate_splits()
    found = read_found(config.data, config)
    return complete(found, config.data, lambda example: example.text, config.seed)


def read_examples(source: str, config: Config) -> Sequence[Example]:
    """The test split of a source (its dev split where it has no test), or all of a single file."""
    if source == "sample":
        return generate_splits().test
    if same_source(source, config.data):
        return read_splits(config).test
    return to_judge(read_found(source, config))


def generate_splits() -> Splits[Example]:
    """The built-in sample; its texts all differ, so none is in two splits."""
    train, dev, test = SAMPLE_SIZES
    examples = [Example(*pair) for pair in generate(train + dev + test, seed=0)]
    return Splits(examples[:train], examples[train : train + dev], examples[train + dev :])


def read_found(source: str, config: Config) -> dict[str, list[Example]]:
    """The splits that a source has."""
    if source.startswith("tfds:"):
        return read_tfds(
            source.removeprefix("tfds:"), lambda features, rows, where: convert_tfds(features, rows, where, config)
        )
    path = Path(source)
    if path.is_dir() and any((path / split).is_dir() for split in ("train", "test")):
        return group_by_split(read_folders(path), path)
    if re.search(r"\.(tar(\.\w+)?|tgz)$", path.name):
        return group_by_split(read_archive(path), path)
    if path.is_dir():
        files = find_splits(path, tuple(READERS))
        return {split: read_file(file, config) for split, file in files.items()}
    return {"train": read_file(path, config)}


def read_file(path: Path, config: Config) -> list[Example]:
    """Reads one file of labelled texts by the reader for its ending."""
    reader = reader_of(path, READERS)
    examples = list(reader(path, config))
    if not examples:
        raise InputError("the file is empty; it should hold labelled texts", path)
    if unlabelled := next((example for example in examples if not example.label.strip()), None):
        raise InputError("the label is blank; give the text a class or leave it out", unlabelled.where)
    if not any(example.text.strip() for example in examples):
        raise InputError("all its texts are blank; is the text column the right one?", path)
    return examples


def read_label_text(path: Path, config: Config) -> Iterator[Example]:
    """Lines of `label text`."""
    for number, line in read_lines(path):
        if line.strip():
            label, *text = line.split(maxsplit=1)
            yield Example("".join(text).strip(), label, f"{path}:{number}")


def read_table(path: Path, config: Config) -> Iterator[Example]:
    """TSV or CSV with a header. In TSV a quotation mark is a character like any other, as its writers mean it."""
    is_tsv = bare_suffix(path) == ".tsv"
    csv.field_size_limit(LONGEST_LINE)
    rows = csv.reader(
        (line.replace("\r", " ") + "\n" for _, line in read_lines(path)),
        delimiter="\t" if is_tsv else ",",
        quoting=csv.QUOTE_NONE if is_tsv else csv.QUOTE_MINIMAL,
        strict=True,
    )
    header: list[str] = []
    text = label = begun = 0
    while True:
        begun = rows.line_num + 1  # the row's first line: quoted fields may hold line breaks
        where = f"{path}:{begun}"
        try:
            row = next(rows, None)
        except csv.Error as error:
            reason = f"not readable as {'TSV' if is_tsv else 'CSV'} ({error})"
            raise InputError(f"{reason}; is a quotation mark not closed, or not doubled?", where) from None
        if row is None:
            return
        if not row:
            continue
        if not header:
            header = row
            text, label = (header.index(name) for name in choose_columns(header, config, where))
        elif len(row) != len(header):
            raise InputError(f"{len(row)} fields where the header has {len(header)}; quote or mend it", where)
        else:
            yield Example(row[text], row[label].strip(), where)


def read_jsonl(path: Path, config: Config) -> Iterator[Example]:
    """A JSON object a line."""
    columns: tuple[str, str] | None = None
    for where, row in read_objects(path):
        columns = columns or choose_columns(list(row), config, where)
        missing = [column for column in columns if row.get(column) is None]
        if missing:
            raise InputError(f"the field {missing[0]!r} is missing", where)
        text, label = (str(row[column]) for column in columns)
        check_whole(text + label, where)
        yield Example(text, label, where)


READERS: dict[str, Callable[[Path, Config], Iterator[Example]]] = {
    ".txt": read_label_text,
    ".tsv": read_table,
    ".csv": read_table,
    ".jsonl": read_jsonl,
}


def choose_columns(names: Sequence[str], config: Config, where: str) -> tuple[str, str]:
    """The text's and the label's column among `names`: as configured, or by their usual names."""
    chosen = []
    for kind, wanted, usual in (
        ("text", config.text_column, TEXT_COLUMNS),
        ("label", config.label_column, LABEL_COLUMNS),
    ):
        candidates = [wanted] if wanted else [name for name in usual if name in names]
        if not candidates or candidates[0] not in names:
            looked_for = repr(wanted) if wanted else "one of " + ", ".join(usual)
            raise InputError(
                f"no {kind} column: looked for {looked_for}, found {', '.join(map(repr, names)) or 'nothing'}; "
                f"name it with --{kind}-column",
                where,
            )
        chosen.append(candidates[0])
    return chosen[0], chosen[1]


def read_folders(root: Path) -> Iterator[tuple[str, Example]]:
    """Folders as in aclImdb, `SPLIT/CLASS/NAME.txt`; yields (split, example). `unsup` has no classes."""
    for path in sorted(root.glob("*/*/*.txt")):
        split, label = path.parts[-3:-1]
        if label != "unsup":
            yield split, Example(decode(path.read_bytes(), str(path)), label, str(path))


def read_archive(path: Path) -> Iterator[tuple[str, Example]]:
    """The same from a tar archive of such folders, in sorted order."""
    found = []
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                parts = PurePosixPath(member.name).parts[-3:]
                if member.isfile() and len(parts) == 3 and parts[2].endswith(".txt") and parts[1] != "unsup":
                    file = archive.extractfile(member)
                    assert file is not None
                    where = f"{path}:{member.name}"
                    found.append((parts[0], Example(decode(file.read(), where), parts[1], where)))
    except FileNotFoundError:
        raise InputError("no such file; check the path", path) from None
    except (tarfile.TarError, EOFError, OSError, lzma.LZMAError, zlib.error) as error:
        reason = str(error).partition("\n")[0].rstrip(":")
        raise InputError(f"the archive is damaged or cut short ({reason}); fetch it again", path) from None
    return iter(sorted(found, key=lambda item: item[1].where))


def group_by_split(found: Iterable[tuple[str, Example]], where: Path) -> dict[str, list[Example]]:
    """Puts (split, example) pairs into lists by split."""
    splits: dict[str, list[Example]] = {}
    for split, example in found:
        splits.setdefault({"valid": "dev", "validation": "dev"}.get(split, split), []).append(example)
    if not splits:
        raise InputError("no texts in folders train/CLASS/NAME.txt", where)
    return splits


def convert_tfds(features: Any, rows: Iterable[dict[str, Any]], where: str, config: Config) -> list[Example]:
    """Examples from a TFDS split; none when its labels are hidden, as in the test splits of GLUE."""
    text, label = choose_columns(list(features), config, where)
    if np.dtype(features[text].np_dtype).kind != "O":
        raise InputError(f"the feature {text!r} is not text; name another with --text-column", where)
    names = getattr(features[label], "names", None)
    examples = []
    for number, row in enumerate(rows, start=1):
        value = row[label]
        if names and value < 0:
            return []
        shown = names[value] if names else value.decode() if isinstance(value, bytes) else str(value)
        examples.append(Example(row[text].decode(), shown, f"{where}:{number}"))
    return examples
