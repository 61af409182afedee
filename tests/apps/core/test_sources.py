"""Reading files, splitting examples, and what is said of files that cannot be used."""

import bz2
import contextlib
import gzip
import io
import lzma
import sys
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.errors import InputError
from apps.core.sources import Splits, bare_suffix, find_splits, hold_out, open_binary, read_lines, same_source, share_of

PACKERS = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}
KEYS = st.lists(st.text(alphabet="abcd", max_size=6), max_size=60)


def lines(path):
    return list(read_lines(path))


def message(path):
    """What reading the file raises, for people."""
    with pytest.raises(InputError) as caught:
        lines(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# Files


@pytest.mark.parametrize("ending", PACKERS)
def test_lines(tmp_path, ending):
    path = tmp_path / f"a.txt{ending}"
    path.write_bytes(PACKERS[ending]("\ufeffGrüße\r\n\n好\u2028\x0b\x85 \nlast\r".encode()))
    assert lines(path) == [(1, "Grüße"), (2, ""), (3, "好\u2028\x0b\x85 "), (4, "last")]


@pytest.mark.parametrize("ending", PACKERS)
def test_an_empty_file_has_no_lines(tmp_path, ending):
    path = tmp_path / f"a.txt{ending}"
    path.write_bytes(PACKERS[ending](b""))
    assert lines(path) == []


def test_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO("a\nä\n".encode())))
    assert lines("-") == [(1, "a"), (2, "ä")]
    assert not sys.stdin.buffer.closed


def test_not_utf8(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"fine\nfine\ncaf\xe9\n")
    said = message(path)
    assert said.startswith(f"{path}:3: byte 4 is not UTF-8")
    assert "iconv" in said


def test_a_line_too_long(tmp_path, monkeypatch):
    monkeypatch.setattr("embeddings.files.LONGEST_LINE", 100)
    path = tmp_path / "a.txt"
    path.write_bytes(b"a" * 99 + b"\n" + b"b" * 100 + b"\n")
    assert message(path).startswith(f"{path}:2: the line is longer than 100 bytes")
    path.write_bytes(b"a" * 99 + b"\n" + b"b" * 100)
    assert len(lines(path)) == 2


@pytest.mark.parametrize("ending", [".gz", ".bz2", ".xz"])
@pytest.mark.parametrize("damage", ["cut", "flipped", "other", "tail"])
def test_a_damaged_compressed_file(tmp_path, ending, damage):
    whole = PACKERS[ending]("\n".join(f"line {number * 7919}" for number in range(500)).encode())
    raw = {
        "cut": whole[: len(whole) // 2],
        "flipped": whole[: len(whole) // 2] + bytes(255 - byte for byte in whole[len(whole) // 2 :]),
        "other": b"this is no compressed file\n",
        "tail": whole[:-3],
    }[damage]
    path = tmp_path / f"a.txt{ending}"
    path.write_bytes(raw)
    said = message(path)
    assert "the file is damaged or cut short" in said
    assert said.startswith(f"{path}:")
    assert said.removeprefix(f"{path}:").split(":")[0].isdigit()


@settings(deadline=None, max_examples=150)
@given(data=st.data(), ending=st.sampled_from([".gz", ".bz2", ".xz"]))
def test_no_damage_gives_another_error(tmp_path_factory, data, ending):
    raw = bytearray(PACKERS[ending](b"one line\nand another\n" * 3))
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / f"damaged.txt{ending}"
    path.write_bytes(raw[: data.draw(st.integers(0, len(raw)))])
    with contextlib.suppress(InputError):
        assert all(isinstance(line, str) for _, line in lines(path))


def test_no_file(tmp_path):
    assert message(tmp_path / "none.txt") == f"{tmp_path / 'none.txt'}: no such file; check the path"
    assert message(tmp_path / "none.gz") == f"{tmp_path / 'none.gz'}: no such file; check the path"


def test_a_folder_is_no_file(tmp_path):
    assert "is a folder" in message(tmp_path)


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").touch()
    assert "cannot be read" in message(tmp_path / "file" / "train.txt")


def test_a_file_is_opened_by_its_ending(tmp_path):
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b"\xff"))
    with open_binary(path) as file:
        assert file.read() == b"\xff"


@pytest.mark.parametrize(
    ("name", "suffix"), [("a.tsv", ".tsv"), ("a.tsv.xz", ".tsv"), ("a.b.csv.gz", ".csv"), ("a.gz", ""), ("a", "")]
)
def test_bare_suffix(tmp_path, name, suffix):
    assert bare_suffix(tmp_path / name) == suffix


# Folders


def folder_of(folder, *names):
    for name in names:
        (folder / name).touch()
    return folder


@pytest.mark.parametrize("dev", ["dev.tsv", "valid.tsv", "validation.tsv", "dev.tsv.gz"])
def test_find_splits(tmp_path, dev):
    folder_of(tmp_path, "train.tsv", dev, "test.tsv.xz", "README.md", "training.tsv", "test.md", "train.txt")
    found = {split: path.name for split, path in find_splits(tmp_path, [".tsv", ".csv"]).items()}
    assert found == {"train": "train.tsv", "dev": dev, "test": "test.tsv.xz"}


def test_a_train_file_is_enough(tmp_path):
    (folder_of(tmp_path, "train.csv") / "dev.csv").mkdir()
    assert find_splits(tmp_path, [".csv"]) == {"train": tmp_path / "train.csv"}


@pytest.mark.parametrize("names", [(), ("train.docx",), ("training.tsv",)])
def test_without_any_split(tmp_path, names):
    with pytest.raises(
        InputError, match=r"no train, dev or test file here; expected train\.\* ending in \.tsv"
    ) as caught:
        find_splits(folder_of(tmp_path, *names), [".tsv"])
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize("twice", [("dev.tsv", "valid.tsv"), ("test.tsv", "test.tsv.gz")])
def test_two_candidates_for_a_split(tmp_path, twice):
    with pytest.raises(InputError, match=f"{twice[0]} and {twice[1]} both look like the (dev|test) split"):
        find_splits(folder_of(tmp_path, "train.tsv", *twice), [".tsv"])


# The split by hash


def test_the_hash_is_the_same_on_every_machine():
    assert share_of("a fine film", 1) == 0.9210533818623974
    assert share_of("好", 2**40) == 0.2564581068157979


@settings(deadline=None)
@given(KEYS, KEYS, st.integers(0, 2**32))
def test_hold_out_is_disjoint_and_stable(keys, more, seed):
    before = hold_out(keys, None, None, str, seed)
    assert sorted([*before.train, *before.dev, *before.test]) == sorted(keys)
    assert not set(before.train) & set(before.dev)
    assert not set(before.train) & set(before.test)
    assert not set(before.dev) & set(before.test)
    after = hold_out([*more, *keys], None, None, str, seed)
    for split in ("train", "dev", "test"):
        kept = getattr(before, split)
        now = getattr(after, split)
        assert now[len(now) - len(kept) :] == kept


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcdefghij"), st.integers(0, 9)), max_size=60), st.integers(0, 99))
def test_equal_texts_stay_together(examples, seed):
    splits = hold_out(examples, None, None, lambda example: example[0], seed)
    texts = [{text for text, _ in part} for part in (splits.train, splits.dev, splits.test)]
    assert sum(map(len, texts)) == len(set().union(*texts))


def test_a_tenth_each():
    splits = hold_out(range(5000), None, None, str, seed=7)
    assert len(splits.dev) == pytest.approx(500, abs=80)
    assert len(splits.test) == pytest.approx(500, abs=80)
    assert list(splits.train) == sorted(splits.train)


def test_the_seed_draws_the_split():
    assert hold_out(range(100), None, None, str, 1).dev != hold_out(range(100), None, None, str, 2).dev


def test_splits_that_there_are_stay():
    whole = hold_out(range(1000), None, None, str, 1)
    assert hold_out(range(1000), ["d"], ["t"], str, 1) == Splits(list(range(1000)), ["d"], ["t"])
    one = hold_out(range(1000), ["d"], None, str, 1)
    assert one == Splits(sorted([*whole.train, *whole.dev]), ["d"], whole.test)
    other = hold_out(range(1000), None, ["t"], str, 1)
    assert other == Splits(sorted([*whole.train, *whole.test]), whole.dev, ["t"])
    assert hold_out(range(1000), [], None, str, 1).dev == []


def test_the_fingerprint_sees_every_change():
    parts = [
        Splits(["a", "b"], ["c"], ["d"]),
        Splits(["b", "a"], ["c"], ["d"]),
        Splits(["a"], ["b", "c"], ["d"]),
        Splits(["a", "b"], ["c", "d"], []),
        Splits(["a", "b"], ["c"], ["D"]),
        Splits(["ab"], ["c"], ["d"]),
        Splits([("a", "b")], ["c"], ["d"]),
    ]
    assert len({splits.fingerprint() for splits in parts}) == len(parts)
    assert parts[0].fingerprint() == Splits(("a", "b"), ("c",), ("d",)).fingerprint()
    assert parts[0].fingerprint() == "b888072fc7d1b9e51f8b45352fb0ee43"


def test_a_byte_order_mark_is_one_where_the_file_begins_alone(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("\ufeffone\n\ufefftwo\n".encode())
    assert [line for _, line in read_lines(path)] == ["one", "\ufefftwo"]


def test_one_source_is_known_however_it_is_spelled(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    for spelling in ("a", "a/", "./a", "b/../a", str(tmp_path / "a")):
        assert same_source(spelling, "a")
        assert same_source("a", spelling)
    assert same_source("tfds:imdb", "tfds:imdb")
    for other in ("b", "c", "tfds:a"):
        assert not same_source(other, "a")
        assert not same_source("a", other)
    assert not same_source("missing", "./missing")
