"""Every way in which labelled texts come, and every way in which they can be wrong."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from apps.core.errors import InputError
from apps.core.sources import Splits
from apps.sentiment.config import Config
from apps.sentiment.data import Example, read_examples, read_splits

PAIRS = [(f"text number {index}", "pos" if index % 3 else "neg") for index in range(60)]
FORMATS: dict[str, Callable[[list[tuple[str, str]]], str]] = {
    ".txt": lambda pairs: "".join(f"{label} {text}\n" for text, label in pairs),
    ".tsv": lambda pairs: "label\ttext\n" + "".join(f"{label}\t{text}\n" for text, label in pairs),
    ".csv": lambda pairs: "text,label\n" + "".join(f'"{text}",{label}\n' for text, label in pairs),
    ".jsonl": lambda pairs: "".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in pairs),
}
COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
}


def everything(splits: Splits[Example]) -> list[Example]:
    return [*splits.train, *splits.dev, *splits.test]


def read(path: Path, **options: object) -> list[tuple[str, str]]:
    """All (text, label) pairs of a single file, in its order."""
    return [(example.text, example.label) for example in read_examples(str(path), Config(**options))]  # type: ignore


def error_of(path: Path, **options: object) -> str:
    with pytest.raises(InputError) as caught:
        read(path, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def make(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("compression", COMPRESS)
@pytest.mark.parametrize("ending", FORMATS)
def test_every_format_compressed_or_not(ending: str, compression: str, tmp_path: Path) -> None:
    content = COMPRESS[compression](FORMATS[ending](PAIRS).encode())
    assert read(make(tmp_path / f"data{ending}{compression}", content)) == PAIRS


@pytest.mark.parametrize("ending", FORMATS)
def test_byte_order_mark_and_windows_line_ends_are_no_part_of_the_data(ending: str, tmp_path: Path) -> None:
    content = "\ufeff" + FORMATS[ending](PAIRS).replace("\n", "\r\n")
    assert read(make(tmp_path / f"data{ending}", content)) == PAIRS


@pytest.mark.parametrize("ending", FORMATS)
def test_the_last_line_needs_no_end_and_blank_lines_are_nothing(ending: str, tmp_path: Path) -> None:
    content = FORMATS[ending](PAIRS[:2]).rstrip("\n").replace("\n", "\n\n")
    assert read(make(tmp_path / f"data{ending}", content)) == PAIRS[:2]


def test_label_text_lines_split_at_the_first_white_space(tmp_path: Path) -> None:
    path = make(tmp_path / "data.txt", "pos  a  fine film \nneg\ta dull one\n3\n\n")
    assert read(path) == [("a  fine film", "pos"), ("a dull one", "neg"), ("", "3")]


def test_csv_fields_hold_quotes_commas_and_line_breaks(tmp_path: Path) -> None:
    path = make(tmp_path / "data.csv", 'label,text\npos,"He said ""fine"", and\nwent home."\nneg,dull\n')
    assert read(path) == [('He said "fine", and\nwent home.', "pos"), ("dull", "neg")]


def test_tsv_quotation_marks_are_characters_like_any_other(tmp_path: Path) -> None:
    path = make(tmp_path / "data.tsv", 'label\ttext\npos\t"fine\nneg\the said "no" twice"\n')
    assert read(path) == [('"fine', "pos"), ('he said "no" twice"', "neg")]


@pytest.mark.parametrize("ending", [".tsv", ".csv"])
def test_an_old_line_end_inside_a_text_is_white_space(ending: str, tmp_path: Path) -> None:
    separator = "\t" if ending == ".tsv" else ","
    path = make(tmp_path / f"data{ending}", f"label{separator}text\npos{separator}fine\rfilm\n")
    assert read(path) == [("fine film", "pos")]


def test_columns_are_found_by_their_usual_names_or_named(tmp_path: Path) -> None:
    rows = [{"review": "a", "stars": 5, "note": "x"}, {"review": "b", "stars": 1.5, "note": "y"}]
    path = make(tmp_path / "data.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    assert read(path) == [("a", "5"), ("b", "1.5")]
    assert read(path, text_column="note") == [("x", "5"), ("y", "1.5")]
    table = make(tmp_path / "data.csv", "a,b,text\n1,2,3\n")
    assert read(table, text_column="b", label_column="a") == [("2", "1")]


def test_chinese_is_read_as_it_stands(tmp_path: Path) -> None:
    path = make(tmp_path / "data.tsv", "label\ttext_a\n1\t房间很大，服务也好。\n")
    assert read(path) == [("房间很大，服务也好。", "1")]


def test_an_example_knows_its_file_and_line(tmp_path: Path) -> None:
    path = make(tmp_path / "data.csv", 'label,text\npos,"two\nlines"\nneg,dull\n')
    places = [example.where for example in read_examples(str(path), Config())]
    assert places == [f"{path}:2", f"{path}:4"]


# Splits


def test_a_single_file_is_split_by_content(tmp_path: Path) -> None:
    path = make(tmp_path / "data.tsv", FORMATS[".tsv"]([(f"text {index}", "pn"[index % 2]) for index in range(2000)]))
    splits = read_splits(Config(data=str(path)))
    assert len(everything(splits)) == 2000
    assert 1500 < len(splits.train) < 1700
    assert 150 < len(splits.dev) < 250
    again, other = read_splits(Config(data=str(path))), read_splits(Config(data=str(path), seed=2))
    assert again == splits
    assert other.dev != splits.dev
    assert read_examples(str(path), Config(data=str(path))) == splits.test, "a run's own file gives its own test split"


def test_equal_texts_are_never_in_two_splits(tmp_path: Path) -> None:
    pairs = [(f"text {index % 100}", "p") for index in range(1000)]
    splits = read_splits(Config(data=str(make(tmp_path / "data.tsv", FORMATS[".tsv"](pairs)))))
    train, dev, test = ({example.text for example in part} for part in (splits.train, splits.dev, splits.test))
    assert not train & dev
    assert not train & test
    assert not dev & test


@pytest.mark.parametrize("dev", ["dev", "valid", "validation"])
def test_a_folder_of_splits(dev: str, tmp_path: Path) -> None:
    make(tmp_path / "train.tsv", FORMATS[".tsv"](PAIRS[:30]))
    make(tmp_path / f"{dev}.csv", FORMATS[".csv"](PAIRS[30:45]))
    make(tmp_path / "test.jsonl.gz", gzip.compress(FORMATS[".jsonl"](PAIRS[45:]).encode()))
    make(tmp_path / "README.md", "not data")
    splits = read_splits(Config(data=str(tmp_path)))
    assert [len(part) for part in (splits.train, splits.dev, splits.test)] == [30, 15, 15]
    assert [example.text for example in read_examples(str(tmp_path), Config())] == [text for text, _ in PAIRS[45:]]


def test_what_a_folder_lacks_is_held_out(tmp_path: Path) -> None:
    make(tmp_path / "train.tsv", FORMATS[".tsv"]([(f"text {index}", "p") for index in range(500)]))
    make(tmp_path / "test.tsv", FORMATS[".tsv"](PAIRS))
    splits = read_splits(Config(data=str(tmp_path)))
    assert len(splits.test) == 60
    assert len(splits.train) + len(splits.dev) == 500
    assert 25 < len(splits.dev) < 80


# aclImdb

IMDB = {
    f"{split}/{label}/{number}_{rating}.txt": f"{split} {label} {number}, très bien"
    for split in ("train", "test")
    for label, rating in (("pos", 9), ("neg", 2), ("unsup", 0))
    for number in range(30)
}


def imdb_folder(root: Path) -> Path:
    for name, text in IMDB.items():
        make(root / name, text)
    make(root / "train" / "urls_pos.txt", "http://example.org")
    return root


def imdb_archive(path: Path, **changed: bytes) -> Path:
    mode = {".gz": "w:gz", ".tgz": "w:gz", ".xz": "w:xz", ".tar": "w"}[path.suffix]
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, content in {**{name: text.encode() for name, text in reversed(IMDB.items())}, **changed}.items():
            member = tarfile.TarInfo(f"aclImdb/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def check_imdb(data: Path) -> None:
    splits = read_splits(Config(data=str(data)))
    assert len(splits.test) == 60
    assert len(splits.train) + len(splits.dev) == 60
    assert {example.label for example in everything(splits)} == {"pos", "neg"}
    assert sorted(example.text for example in everything(splits)) == sorted(
        text for name, text in IMDB.items() if "unsup" not in name
    )


def test_imdb_folders(tmp_path: Path) -> None:
    check_imdb(imdb_folder(tmp_path / "aclImdb"))


@pytest.mark.parametrize("ending", [".tar", ".tar.gz", ".tgz", ".tar.xz"])
def test_imdb_archives(ending: str, tmp_path: Path) -> None:
    check_imdb(imdb_archive(tmp_path / f"aclImdb{ending}"))


def test_folder_and_archive_give_the_same_splits(tmp_path: Path) -> None:
    """Sorted by name, whatever their order in the archive, so that training from either is the same."""
    from_folder = read_splits(Config(data=str(imdb_folder(tmp_path / "aclImdb"))))
    from_archive = read_splits(Config(data=str(imdb_archive(tmp_path / "aclImdb.tar.gz"))))
    for name in ("train", "dev", "test"):
        assert [e.text for e in getattr(from_folder, name)] == [e.text for e in getattr(from_archive, name)]


def test_imdb_errors_name_the_file(tmp_path: Path) -> None:
    folder = imdb_folder(tmp_path / "aclImdb")
    make(folder / "train/pos/3_9.txt", b"caf\xe9")
    assert error_of(folder).startswith(f"{folder}/train/pos/3_9.txt: byte 4 is not UTF-8")
    archive = imdb_archive(tmp_path / "bad.tar.gz", **{"train/pos/x.txt": b"\xff"})
    assert error_of(archive).startswith(f"{archive}:aclImdb/train/pos/x.txt: byte 1 is not UTF-8")


def test_damaged_archives(tmp_path: Path) -> None:
    archive = imdb_archive(tmp_path / "aclImdb.tar.gz")
    whole = archive.read_bytes()
    for content in (whole[: len(whole) // 2], b"", b"no archive at all", whole[:50] + bytes(200) + whole[250:]):
        assert error_of(make(archive, content)).startswith(f"{archive}: ")
    assert "no such file" in error_of(tmp_path / "missing.tar.gz")
    with tarfile.open(tmp_path / "empty.tar", "w"):
        pass
    assert "train/CLASS/NAME.txt" in error_of(tmp_path / "empty.tar")


# Errors, each with its place


@pytest.mark.parametrize(
    ("name", "content", "line", "what"),
    [
        ("data.tsv", "label\ttext\npos\tfine\npos\ta\tb\n", 3, "3 fields where the header has 2"),
        ("data.csv", "label,text\npos,fine\nneg\n", 3, "1 fields where the header has 2"),
        ("data.csv", 'label,text\npos,"a\nb"\nneg,"never closed\nx\n', 4, "is a quotation mark not closed"),
        ("data.csv", 'label,text\npos,"fine" film\n', 2, "not doubled"),
        ("data.tsv", "\nstars\tbody text\n5\tfine\n", 2, "no text column: looked for one of text, text_a"),
        ("data.csv", "text,mood\nfine,5\n", 1, "no label column"),
        ("data.tsv", "label\ttext\npos\tfine\n\tdull\n", 3, "the label is blank"),
        ("data.tsv", b"label\ttext\npos\tfine\nneg\tcaf\xe9\n", 3, "byte 8 is not UTF-8"),
        ("data.txt", b"pos fine\nneg caf\xe9\n", 2, "byte 8 is not UTF-8"),
        ("data.txt", b"\xff\xfep\x00o\x00s\x00", 1, "byte 1 is not UTF-8"),
        ("data.txt", "pos fine\npos " + "a" * 2_000_000, 2, "longer than 1,000,000 bytes"),
        ("data.csv", "label,text\npos," + "a" * 2_000_000, 2, "longer than 1,000,000 bytes"),
        ("data.csv", 'label,text\npos,"' + ("a" * 99 + "\n") * 20_000 + '"\n', 2, "field larger than field limit"),
        ("data.jsonl", '{"text": "a", "label": 1}\n{"text": "a", "label"\n', 2, "not JSON"),
        ("data.jsonl", '{"text": "a", "label": 1}\n' + "[" * 500_000 + "\n", 2, "not JSON"),
        ("data.jsonl", "[1, 2]\n", 1, "not a JSON object"),
        ("data.jsonl", '{"text": "a", "label": 1}\n{"text": "a"}\n', 2, "the field 'label' is missing"),
        ("data.jsonl", '{"text": "a", "label": 1}\n{"text": null, "label": 1}\n', 2, "the field 'text' is missing"),
        ("data.jsonl", '{"text": "a \\ud83d", "label": 1}\n', 1, "holds half a character"),
        ("data.jsonl", '{"text": "a", "label": ""}\n', 1, "the label is blank"),
        ("data.jsonl", '{"words": "a", "label": 1}\n', 1, "no text column"),
    ],
)
def test_errors_say_file_and_line(name: str, content: str | bytes, line: int, what: str, tmp_path: Path) -> None:
    path = make(tmp_path / name, content)
    message = error_of(path)
    assert message.startswith(f"{path}:{line}: ")
    assert what in message


def test_a_column_that_is_named_but_missing(tmp_path: Path) -> None:
    path = make(tmp_path / "data.csv", "label,text\npos,fine\n")
    message = error_of(path, text_column="review")
    assert message == (
        f"{path}:1: no text column: looked for 'review', found 'label', 'text'; name it with --text-column"
    )


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("content", ["", "\n", " \n\n" * 3])
def test_empty_files(content: str, ending: str, tmp_path: Path) -> None:
    path = make(tmp_path / f"data{ending}", content if ending != ".tsv" else content.replace(" ", ""))
    if ending == ".csv" and " " in content:
        assert "no text column" in error_of(path)
    else:
        assert error_of(path) == f"{path}: the file is empty; it should hold labelled texts"


@pytest.mark.parametrize("ending", FORMATS)
def test_only_blank_texts(ending: str, tmp_path: Path) -> None:
    path = make(tmp_path / f"data{ending}", FORMATS[ending]([(" ", "pos"), ("", "neg")]))
    assert error_of(path) == f"{path}: all its texts are blank; is the text column the right one?"


@pytest.mark.parametrize("compression", [".gz", ".bz2", ".xz"])
def test_compressed_files_that_are_cut_or_junk(compression: str, tmp_path: Path) -> None:
    whole = COMPRESS[compression](FORMATS[".tsv"](PAIRS).encode())
    path = tmp_path / f"data.tsv{compression}"
    for content in (whole[:-20], whole[:80] + bytes(20) + whole[100:], b"junk" * 40):
        assert "is damaged or cut short" in error_of(make(path, content))


def test_paths_that_hold_no_data(tmp_path: Path) -> None:
    assert "no such file" in error_of(tmp_path / "missing.tsv")
    assert "no such file" in error_of(tmp_path / "missing")
    assert "unknown ending" in error_of(make(tmp_path / "data.xlsx", "x"))
    (tmp_path / "folder.tsv").mkdir()
    assert "no train, dev or test file here" in error_of(tmp_path / "folder.tsv")
    make(tmp_path / "two" / "train.tsv", "")
    make(tmp_path / "two" / "train.csv", "")
    assert "both look like the train split" in error_of(tmp_path / "two")


def test_a_test_file_alone_is_judged_on_but_not_trained_on(tmp_path: Path) -> None:
    make(tmp_path / "test.txt", "pos fine\nneg dull\n")
    assert [example.label for example in read_examples(str(tmp_path), Config())] == ["pos", "neg"]
    with pytest.raises(InputError, match="nothing to train on here"):
        read_splits(Config(data=str(tmp_path)))


def test_too_few_examples_to_hold_any_out(tmp_path: Path) -> None:
    path = make(tmp_path / "data.txt", "pos fine\n")
    with pytest.raises(InputError, match="too few examples: none is left for"):
        read_splits(Config(data=str(path)))
