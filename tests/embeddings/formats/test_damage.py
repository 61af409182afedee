"""Nothing but an error that says what and where comes of a damaged file."""

import gzip
import pickle
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from embeddings import InputError, read
from embeddings.formats.text import parse_each, parse_even

from .samples import (
    FORMATS,
    PACKERS,
    VECTORS,
    WORDS,
    assert_read,
    glove,
    keep,
    message,
    name_of,
    safetensors,
    safetensors_by_hand,
    word2vec_binary,
    word2vec_text,
)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("kind", FORMATS)
def test_not_a_finite_number(tmp_path, kind, value):
    vectors = VECTORS.copy()
    vectors[2, 1] = value
    assert "'好' holds NaN or infinity" in message(keep(tmp_path, FORMATS[kind](WORDS, vectors), name_of(kind)))


@pytest.mark.parametrize("start", ["", "3 2\n"])
@pytest.mark.parametrize("line", ["c 1", "c", "", "c 1 x", "c 1 2,5", " 1 2"])
def test_an_uneven_line(tmp_path, start, line):
    path = keep(tmp_path, f"{start}a 1 2\n{line}\nb 3 4\n".encode())
    assert message(path).startswith(f"{path}:{3 if start else 2}: ")


def test_numbers_alone(tmp_path):
    path = keep(tmp_path, b"1 2 3\n4 5 6\n")
    assert_read(path, ["1", "4"], [[2, 3], [5, 6]])
    path = keep(tmp_path, b"1 2 3\n4 5\n")
    assert message(path) == f"{path}:2: 1 numbers where 2 are expected; fetch the file again, or mend the line"


@pytest.mark.parametrize("count", [0, 1, 5, 7, 10**30])
@pytest.mark.parametrize("kind", ["text", "binary", "binary without line breaks"])
def test_a_header_that_lies_about_the_number(tmp_path, kind, count):
    raw = FORMATS[kind]()
    message(keep(tmp_path, f"{count} 4\n".encode() + raw.split(b"\n", 1)[1]))


LYING_WIDTHS = [
    (kind, width)
    for kind in ("text", "binary", "binary without line breaks")
    for width in ("0", "3", "5", "100", "1" + "0" * 9, "1" + "0" * 30, "9" * 5000)
    if (kind, width) != ("text", "3")  # which cannot be told from words with a space in them
]


@pytest.mark.parametrize(("kind", "width"), LYING_WIDTHS, ids=lambda value: value[:30])
def test_a_header_that_lies_about_the_width(tmp_path, kind, width):
    raw = FORMATS[kind](WORDS * 50, np.repeat(VECTORS, 50, axis=0))
    message(keep(tmp_path, f"300 {width}\n".encode() + raw.split(b"\n", 1)[1]))


@pytest.mark.parametrize("ending", PACKERS)
@pytest.mark.parametrize("lost", [1, 7, 15, 16, 18])
def test_a_binary_file_cut_short(tmp_path, ending, lost):
    path = keep(tmp_path, PACKERS[ending](word2vec_binary(after=b"")[:-lost]), f"a{ending}")
    assert message(path) == f"{path}: vector 6 of 6: the file is cut short; fetch it again, or write it anew"


def test_a_text_file_cut_short(tmp_path):
    path = keep(tmp_path, word2vec_text()[:-4].rsplit(b"\n", 1)[0])
    assert message(path) == (
        f"{path}: the header promises 6 vectors, the file has only 5; fetch it again, or correct its first line"
    )


@pytest.mark.parametrize("ending", [".gz", ".bz2", ".xz"])
@pytest.mark.parametrize("damage", ["cut", "flipped", "other"])
def test_a_damaged_compressed_file(tmp_path, ending, damage):
    vectors = np.random.default_rng(0).normal(size=(500, 4)).astype(np.float32)
    whole = PACKERS[ending](glove([f"w{index}" for index in range(500)], vectors))
    half = len(whole) // 2
    raw = {"cut": whole[:half], "flipped": whole[:half] + bytes(255 - b for b in whole[half:]), "other": b"the 1 2\n"}
    assert "damaged or cut short" in message(keep(tmp_path, raw[damage], f"a{ending}"))


@pytest.mark.parametrize("kind", ["text", "binary", "glove"])
def test_a_word_that_is_not_utf8(tmp_path, kind):
    said = message(keep(tmp_path, FORMATS[kind]().replace("好".encode(), b"\xe5\xa5")))
    assert r"the word b'\xe5\xa5' is not UTF-8; skip or replace such words with `on_bad_words`" in said
    assert {"text": ":4:", "binary": "vector 3 of 6", "glove": ":3:"}[kind] in said


@pytest.mark.parametrize("raw", [b"", b"0 4\n", b"\n", b"word\n", b"7\n", b"6 4\n", b"the\n1 2\n"])
def test_no_vectors(tmp_path, raw):
    message(keep(tmp_path, raw))


def test_not_a_word_vector_file(tmp_path):
    message(keep(tmp_path, bytes(range(256)) * 100))
    assert "is this a word-vector file?" in message(keep(tmp_path, b"10 10\n" + b"x" * 100_000))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"the 1 2\n",
        b"\xff" * 100,
        safetensors()[:-1],
        save({"vectors": VECTORS}),
        save({"words": np.zeros(3, np.uint8)}),
        safetensors(WORDS[:-1]),
        safetensors(WORDS, VECTORS.ravel()),
        safetensors(WORDS, VECTORS[:, :0]),
        safetensors(["a"], np.array(1, np.float32)),
        save({"vectors": VECTORS, "words": np.frombuffer(b"a\nb\n\xff\nd\ne\nf", np.uint8)}),
        safetensors([""], VECTORS[:0]),
        safetensors_by_hand({"vectors": ("BF16", [1, 1], b"\x80\x3f"), "words": ("F8_E5M2", [1], b"a")}),
        safetensors_by_hand({"vectors": ("F8_E4M3", [1, 1], b"\x00"), "words": ("U8", [1], b"a")}),
        safetensors_by_hand({"vectors": ("C64", [1, 1], bytes(8)), "words": ("U8", [1], b"a")}),
    ],
    ids=range(15),
)
def test_not_a_safetensors_file_of_vectors(tmp_path, raw):
    message(keep(tmp_path, raw, "a.safetensors"))


@pytest.mark.parametrize("name", ["none.txt", "none.bin.gz", "none.safetensors"])
def test_no_file(tmp_path, name):
    assert message(tmp_path / name) == f"{tmp_path / name}: no such file; check the path"


def test_a_folder(tmp_path):
    assert message(tmp_path) == f"{tmp_path}: is a folder where a file is expected"


@pytest.mark.parametrize(
    ("kind", "first", "second"),
    [
        ("text", ":3", ":6"),
        ("glove", ":2", ":5"),
        ("binary", ": vector 2 of 6", ": vector 5 of 6"),
        ("safetensors", ": word 2", ": word 5"),
    ],
)
def test_a_word_that_comes_twice(tmp_path, kind, first, second):
    words = ["one", "same", "two", "three", "same", "four"]
    path = keep(tmp_path, FORMATS[kind](words), name_of(kind))
    said = message(path)
    assert said.startswith(f"{path}{second}: the word 'same' comes twice, first at {path}{first}; keep the first")
    assert len(read(path, limit=4)) == 4


@pytest.mark.parametrize("kind", ["text", "glove", "binary"])
def test_an_empty_word(tmp_path, kind):
    words = ["one", "", "two", "three", "four", "five"]
    assert "the word b'' is empty; skip or replace" in message(keep(tmp_path, FORMATS[kind](words)))


def test_a_wrong_width_in_the_header_of_a_text_is_said_at_its_line(tmp_path):
    path = keep(tmp_path, word2vec_text().replace(b"6 4", b"6 5"))
    assert message(path).startswith(f"{path}:2: 4 numbers where 5 are expected")


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        (b"PK\x03\x04" + bytes(99), "is a zip archive; unpack it first"),
        (gzip.compress(glove()), "is compressed by gzip; rename it to end in .gz"),
        (PACKERS[".bz2"](glove()), "is compressed by bzip2; rename it to end in .bz2"),
        (PACKERS[".xz"](glove()), "is compressed by xz; rename it to end in .xz"),
        *((pickle.dumps(WORDS, protocol), "is a Python pickle, which is never read") for protocol in (2, 3, 4, 5)),
        (b"\x93NUMPY\x01\0v\0", "is an array without words"),
        (b"\xba\x16\x4f\x2f\x0c\0\0\0", "is a model of fastText; take the .vec file beside it"),
    ],
)
def test_files_of_other_kinds(tmp_path, raw, what):
    path = keep(tmp_path, raw)
    assert message(path).startswith(f"{path}: {what}")


def test_nothing_is_unpickled(tmp_path):
    raw = b"cos\nsystem\n(S'touch %s'\ntR." % str(tmp_path / "touched").encode()
    for name in ("a.txt", "a.bin", "a.safetensors"):
        message(keep(tmp_path, raw, name))
    assert not (tmp_path / "touched").exists()


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        (save({"vectors": VECTORS}), "has no tensor 'words', only vectors"),
        (save({"a": VECTORS}), "has no tensor 'vectors' and no 'words', only a"),
        (safetensors(WORDS[:-1]), "5 words but 6 vectors"),
        (safetensors(WORDS, VECTORS.ravel()), "6 words but 24 vectors"),
        (safetensors(WORDS, VECTORS[:, :0]), "`vectors` is float32 of shape (6, 0), not rows of numbers"),
        (safetensors(WORDS, VECTORS > 0), "`vectors` is bool of shape (6, 4), not rows of numbers"),
        (save({"vectors": VECTORS, "words": np.zeros(6)}), "`words` is float64 of shape (6,), not one row of uint8"),
        (safetensors(counts=np.ones(5, np.int64)), "`counts` is int64 of shape (5,), not 6 whole numbers"),
        (safetensors(counts=np.ones(6, np.float32)), "`counts` is float32 of shape (6,), not 6 whole numbers"),
        (safetensors(metadata={"settings": "{"}), "the `settings` in its metadata are not a JSON object"),
        (safetensors(metadata={"settings": "[1]"}), "the `settings` in its metadata are not a JSON object"),
        (safetensors(metadata={"settings": "[" * 100_000}), "the `settings` in its metadata are not a JSON object"),
        (safetensors()[:-1], "not a whole safetensors file of word vectors"),
    ],
    ids=range(13),
)
def test_what_is_wrong_with_safetensors_is_said(tmp_path, raw, what):
    path = keep(tmp_path, raw, "a.safetensors")
    assert what in message(path)


def test_compressed_safetensors(tmp_path):
    assert "read uncompressed; unpack it first" in message(keep(tmp_path, gzip.compress(safetensors()), "a.gz"))


@pytest.mark.parametrize("ending", ["", ".gz"])
@pytest.mark.parametrize("kind", ["text", "binary"])
def test_a_header_that_promises_a_million_millions_takes_no_memory(tmp_path, kind, ending):
    raw = FORMATS[kind]().replace(b"6 4", b"1000000000000 4", 1)
    path = keep(tmp_path, PACKERS[ending](raw), f"a{ending}")
    tracemalloc.start()
    try:
        message(path)
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()


def test_a_line_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr("embeddings.formats.text.LONGEST_LINE", 1000)
    monkeypatch.setattr("embeddings.formats.text.BLOCK", 100)
    monkeypatch.setattr("embeddings.formats.BLOCK", 100)
    path = keep(tmp_path, b"1" * 5000)
    assert message(path) == f"{path}:1: a line without end; is this a word-vector file?"


def test_a_file_too_large_for_memory(tmp_path, monkeypatch):
    def full(*args, **options):
        raise MemoryError

    monkeypatch.setattr("embeddings.formats._sifted", full)
    said = message(keep(tmp_path, glove()))
    assert said.endswith("does not fit into memory; read its first vectors by `limit` (--limit)")


# Whatever the bytes


@st.composite
def damaged(draw):
    """A valid file with some bytes changed, put in, or lost; its name."""
    kind = draw(st.sampled_from(sorted(FORMATS)))
    raw = bytearray(FORMATS[kind](WORDS[:3], VECTORS[:3]))
    if draw(st.booleans()) and kind not in ("glove", "safetensors"):
        numbers = st.one_of(st.integers(0, 9), st.integers(0, 10**12), st.just("9" * 5000))
        raw = bytearray(f"{draw(numbers)} {draw(numbers)}\n".encode()) + raw.split(b"\n", 1)[1]
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(raw) - 1))
        how = draw(st.integers(0, 2))
        raw[at : at + (how > 0)] = draw(st.binary(min_size=1, max_size=3) if how < 2 else st.just(b""))
        if not raw:
            break
    raw = bytes(raw[: draw(st.integers(0, len(raw)) | st.just(len(raw)))])
    ending = draw(st.sampled_from([*PACKERS, ""]))
    if kind == "safetensors" or not ending:
        return raw, name_of(kind)
    packed = bytearray(PACKERS[ending](raw))
    for _ in range(draw(st.integers(0, 2))):
        packed[draw(st.integers(0, len(packed) - 1))] ^= 1 << draw(st.integers(0, 7))
    return bytes(packed[: draw(st.integers(0, len(packed)) | st.just(len(packed)))]), f"vectors{ending}"


ANY = st.tuples(st.binary(max_size=60), st.sampled_from(["a.txt", "a.bin", "a.gz", "a.bz2", "a.xz", "a.safetensors"]))
NUMBERS = st.text("0123456789 \n-.e", max_size=60).map(lambda text: (text.encode(), "a.txt"))


@settings(deadline=None, max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(damaged() | ANY | NUMBERS, st.sampled_from(["error", "skip", "replace"]))
@example((b"3 0\na \nb \nc \n", "a.txt"), "error")
@example((b"2 1000000000000\nword ", "a.txt"), "error")
@example((b"a 1e39\n", "a.txt"), "error")
@pytest.mark.filterwarnings("ignore::embeddings.InputWarning")
def test_any_bytes_give_even_vectors_or_one_error(tmp_path_factory, file, on_bad_words):
    raw, name = file
    path = keep(tmp_path_factory.getbasetemp(), raw, name)
    try:
        got = read(path, on_bad_words=on_bad_words)
    except InputError as error:
        said = str(error)
    else:
        said = ""
        words, vectors = got.words, got.vectors
        assert vectors.shape == (len(words), vectors.shape[1])
        assert vectors.dtype == np.float32
        assert vectors.size > 0
        assert np.isfinite(vectors).all()
        assert len(set(words)) == len(words)
        assert all(isinstance(word, str) and word and "\n" not in word for word in words)
    assert said.startswith(f"{path}:") or not said


FIELDS = st.sampled_from(
    [b"1", b"-2.5", b"1e3", b"1-2", b"1+", b"", b"\t", b"3\t4", b"x", b".", b"nan", b"0x1", b"1_0", b"\r"]
)


@given(st.integers(1, 3), st.lists(st.lists(FIELDS, max_size=5), min_size=1, max_size=4))
@example(3, [[b"1\t2", b"", b"3"]])
def test_the_quick_way_to_read_lines_gives_what_the_slow_one_gives(width, rows):
    lines = [b" ".join([b"word", *row]) for row in rows]
    quick = parse_even(lines, width)
    if quick is not None:
        words, vectors = parse_each(lines, width, Path("a"), 1)
        assert quick[0] == words
        np.testing.assert_array_equal(quick[1], vectors)
