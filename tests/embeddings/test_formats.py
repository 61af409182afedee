"""Word-vector files: what is written is read back, and nothing else but an error comes of a damaged one."""

import bz2
import gzip
import json
import lzma
import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from embeddings import VectorFileError, iterate_vectors, read_vectors, write_vectors

PACKERS = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}
WORDS = ["the", "naïve", "好", "😀", "'s", "12"]
VECTORS = np.array([[(-1) ** row * (row + 1) / 3, row * 1e-7, 2.0**row, -0.0] for row in range(6)], np.float32)


def word2vec_text(words=WORDS, vectors=VECTORS):
    return f"{len(words)} {vectors.shape[1]}\n".encode() + glove(words, vectors)


def glove(words=WORDS, vectors=VECTORS):
    rows = zip(words, vectors.tolist(), strict=True)
    return "".join(f"{word} {' '.join(map(repr, row))}\n" for word, row in rows).encode()


def word2vec_binary(words=WORDS, vectors=VECTORS, after=b"\n"):
    """As word2vec.c writes it; gensim and others leave out the line break `after` each vector."""
    rows = zip(words, vectors, strict=True)
    body = b"".join(word.encode() + b" " + struct.pack(f"<{len(row)}f", *row) + after for word, row in rows)
    return f"{len(words)} {vectors.shape[1]}\n".encode() + body


def safetensors(words=WORDS, vectors=VECTORS):
    return save({"vectors": vectors, "words": np.frombuffer("\n".join(words).encode(), np.uint8)})


def safetensors_by_hand(tensors):
    """A file whose header says for each name: type, shape, bytes."""
    header, body = {}, b""
    for name, (kind, shape, raw) in tensors.items():
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [len(body), len(body) + len(raw)]}
        body += raw
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


FORMATS = {
    "text": word2vec_text,
    "binary": word2vec_binary,
    "binary without line breaks": lambda words=WORDS, vectors=VECTORS: word2vec_binary(words, vectors, b""),
    "glove": glove,
    "safetensors": safetensors,
}


def keep(folder, raw, name="vectors.txt"):
    path = folder / name
    path.write_bytes(raw)
    return path


def name_of(kind):
    return "vectors.safetensors" if kind == "safetensors" else "vectors.txt"


def assert_read(path, words=WORDS, vectors=VECTORS):
    got_words, got = read_vectors(path)
    assert got_words == list(words)
    assert got.dtype == np.float32
    np.testing.assert_array_equal(got, vectors)


def message(path):
    with pytest.raises(VectorFileError) as caught:
        read_vectors(path)
    assert str(caught.value).startswith(f"{path}:")
    return str(caught.value)


# Reading


@pytest.mark.parametrize("kind", FORMATS)
def test_reading(tmp_path, kind):
    assert_read(keep(tmp_path, FORMATS[kind](), name_of(kind)))


@pytest.mark.parametrize("ending", PACKERS)
@pytest.mark.parametrize("kind", [kind for kind in FORMATS if kind != "safetensors"])
def test_reading_compressed_files(tmp_path, kind, ending):
    assert_read(keep(tmp_path, PACKERS[ending](FORMATS[kind]()), f"vectors{ending}"))


@pytest.mark.parametrize("kind", ["text", "glove", "safetensors"])
def test_words_may_hold_spaces(tmp_path, kind):
    # glove.840B has ". . ." and "at name@domain.com" among others.
    words = ["new york", ". . .", "no\xa0break", "a\tb", "1 2", "end"]
    if kind == "glove":
        words = ["end", *words[:-1]]  # the first line tells the width
    assert_read(keep(tmp_path, FORMATS[kind](words), name_of(kind)), words)


def test_a_binary_file_of_many_blocks(tmp_path):
    vectors = np.random.default_rng(0).normal(size=(3000, 100)).astype(np.float32)
    words = [f"word{index}" for index in range(3000)]
    assert_read(keep(tmp_path, word2vec_binary(words, vectors)), words, vectors)


def test_binary_vectors_that_look_like_text(tmp_path):
    vectors = np.frombuffer(b" \n 1\n\n 2\n\n 3 4 \n", "<f4").reshape(2, 2)
    assert_read(keep(tmp_path, word2vec_binary(["a", "b"], vectors)), ["a", "b"], vectors)


@pytest.mark.parametrize("kind", FORMATS)
def test_one_vector_of_one_number(tmp_path, kind):
    path = keep(tmp_path, FORMATS[kind](["word"], np.array([[0.5]], np.float32)), name_of(kind))
    assert_read(path, ["word"], [[0.5]])


def test_windows_line_ends_and_a_missing_last_one(tmp_path):
    for raw in (word2vec_text(), glove()):
        assert_read(keep(tmp_path, raw.replace(b"\n", b"\r\n")))
        assert_read(keep(tmp_path, raw.rstrip()))
        assert_read(keep(tmp_path, raw.replace(b"\n", b" \n")))


@pytest.mark.parametrize("kind", FORMATS)
def test_iterating_gives_the_same_one_by_one(tmp_path, kind):
    iterator = iterate_vectors(keep(tmp_path, FORMATS[kind](), name_of(kind)))
    word, vector = next(iterator)
    assert word == WORDS[0]
    assert vector.dtype == np.float32
    assert vector.tolist() == VECTORS[0].tolist()
    assert [word for word, _ in iterator] == WORDS[1:]


def test_other_numbers_in_safetensors(tmp_path):
    for kind in (np.float16, np.float64, np.int8):
        vectors = np.array([[1, -2], [3, 0]], kind)
        assert_read(keep(tmp_path, safetensors(["a", "b"], vectors), "a.safetensors"), ["a", "b"], vectors)


# Writing


@pytest.mark.parametrize("name", ["a.safetensors", "a.txt", "a.vec", "a.txt.gz", "a.txt.bz2", "a.txt.xz"])
def test_what_is_written_is_read(tmp_path, name):
    path = tmp_path / name
    words = [*WORDS[:-1], "new york"]
    write_vectors(path, words, VECTORS)
    assert_read(path, words)
    assert [entry.name for entry in tmp_path.iterdir()] == [name]
    write_vectors(path, ["other"], VECTORS[:1].astype(np.float64))
    assert_read(path, ["other"], VECTORS[:1])


def test_a_compressed_file_is_compressed(tmp_path):
    write_vectors(tmp_path / "a.txt.gz", WORDS, VECTORS)
    assert gzip.decompress((tmp_path / "a.txt.gz").read_bytes()) == word2vec_text()


@settings(deadline=None)
@given(
    words=st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5), min_size=1, max_size=5),
    data=st.data(),
    ending=st.sampled_from([".safetensors", ".txt"]),
)
def test_any_words_and_numbers_come_back(tmp_path_factory, words, data, ending):
    words = [word.replace("\n", "n") for word in words]
    row = st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=3, max_size=3)
    vectors = np.array([data.draw(row) for _ in words], np.float32)
    path = tmp_path_factory.getbasetemp() / f"any{ending}"
    write_vectors(path, words, vectors)
    assert_read(path, words, vectors)


@pytest.mark.parametrize("name", ["a.safetensors", "a.txt"])
@pytest.mark.parametrize("words", [["a"], ["a", "b\nc"], ["a", ""]])
def test_what_cannot_be_written_leaves_the_old_file(tmp_path, name, words):
    path = tmp_path / name
    write_vectors(path, WORDS, VECTORS)
    with pytest.raises(ValueError, match=r"words but|line break"):
        write_vectors(path, words, VECTORS[:2])
    assert_read(path)
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["a.safetensors", "a.txt"])
def test_a_failure_while_writing_leaves_the_old_file(tmp_path, name):
    path = tmp_path / name
    write_vectors(path, WORDS, VECTORS)
    with pytest.raises((TypeError, ValueError, UnicodeEncodeError)):
        write_vectors(path, ["a", "\ud800"], VECTORS[:2])
    assert_read(path)
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


# Errors


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
    assert message(path) == f"{path}:2: 1 numbers where 2 are expected"


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
    assert message(path) == f"{path}: vector 6 of 6: the file is cut short"


def test_a_text_file_cut_short(tmp_path):
    path = keep(tmp_path, word2vec_text()[:-4].rsplit(b"\n", 1)[0])
    assert message(path) == f"{path}: the header promises 6 vectors, the file has 5; cut short?"


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
    assert said.endswith(r"the word b'\xe5\xa5' is not UTF-8")
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
    with pytest.raises(FileNotFoundError):
        read_vectors(tmp_path / name)


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
@given(damaged() | ANY | NUMBERS)
@example((b"3 0\na \nb \nc \n", "a.txt"))
@example((b"2 1000000000000\nword ", "a.txt"))
@example((b"a 1e39\n", "a.txt"))
def test_any_bytes_give_even_vectors_or_one_error(tmp_path_factory, file):
    raw, name = file
    path = keep(tmp_path_factory.getbasetemp(), raw, name)
    try:
        words, vectors = read_vectors(path)
    except VectorFileError as error:
        said = str(error)
    else:
        said = ""
        assert vectors.shape == (len(words), vectors.shape[1])
        assert vectors.dtype == np.float32
        assert vectors.size > 0
        assert np.isfinite(vectors).all()
        assert all(isinstance(word, str) for word in words)
    assert said.startswith(f"{path}:") or not said
