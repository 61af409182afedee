"""Word-vector files are read by what they hold, whatever their name."""

import codecs
import inspect
import time

import numpy as np
import pytest

from embeddings import InputError, InputWarning, iterate_vectors, load, read
from embeddings.formats import recognise

from .samples import (
    FORMATS,
    PACKERS,
    VECTORS,
    WORDS,
    assert_read,
    glove,
    keep,
    name_of,
    safetensors,
    word2vec_binary,
    word2vec_text,
)


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


def test_a_byte_order_mark_is_no_part_of_the_file(tmp_path):
    for raw in (word2vec_text(), glove()):
        assert_read(keep(tmp_path, codecs.BOM_UTF8 + raw))


def test_empty_lines_at_the_end(tmp_path):
    for raw in (word2vec_text(), glove()):
        assert_read(keep(tmp_path, raw + b"\n\n \n"))


@pytest.fixture
def small_blocks(monkeypatch):
    for name in ("embeddings.formats.BLOCK", "embeddings.formats.text.BLOCK", "embeddings.formats.binary.BLOCK"):
        monkeypatch.setattr(name, 1000)
    monkeypatch.setattr("embeddings.formats.tensors.ROWS", 100)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("kind", FORMATS)
def test_a_file_of_many_blocks_some_with_odd_words(tmp_path, kind):
    vectors = np.random.default_rng(0).normal(size=(900, 7)).astype(np.float32)
    between = "_" if "binary" in kind else " "
    words = [f"a{between}{index}" if index % 100 == 99 else f"word{index}" for index in range(900)]
    path = keep(tmp_path, FORMATS[kind](words, vectors), name_of(kind))
    assert_read(path, words, vectors)
    assert read(path, limit=777).words == words[:777]
    assert [word for word, _ in iterate_vectors(path)] == words


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize(
    ("kind", "place"),
    [("text", ":802"), ("glove", ":801"), ("binary", ": vector 801 of 900"), ("safetensors", ": word 801")],
)
def test_places_and_rows_are_right_after_words_left_out(tmp_path, kind, place):
    vectors = np.random.default_rng(0).normal(size=(900, 7)).astype(np.float32)
    words = [f"w{index // 2 if index % 30 == 1 else index}" for index in range(900)]  # some come twice
    path = keep(tmp_path, FORMATS[kind](words, vectors), name_of(kind))
    with pytest.warns(InputWarning, match="30 words left out that came before"):
        got = read(path, on_bad_words="skip")
    assert got.words == list(dict.fromkeys(words))
    np.testing.assert_array_equal(got.vectors, [vectors[words.index(word)] for word in got.words])
    vectors[800, 3] = np.nan
    path = keep(tmp_path, FORMATS[kind](words, vectors), name_of(kind))
    with pytest.raises(InputError) as caught:
        read(path, on_bad_words="skip")
    assert str(caught.value).startswith(f"{path}{place}: the vector of 'w800' holds NaN")


@pytest.mark.parametrize("kind", FORMATS)
def test_the_format_is_recognised_whatever_the_ending(tmp_path, kind):
    path = keep(tmp_path, FORMATS[kind](), "vectors.dat")
    assert recognise(path) == kind.split()[0]
    assert_read(path)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("limit", [1, 4, 6, 7])
def test_only_the_first(tmp_path, kind, limit):
    path = keep(tmp_path, FORMATS[kind](), name_of(kind))
    got = read(path, limit=limit)
    assert got.words == WORDS[:limit]
    np.testing.assert_array_equal(got.vectors, VECTORS[:limit])
    with pytest.raises(InputError, match="limit 0: give how many"):
        read(path, limit=0)


def test_counts_and_settings_of_safetensors(tmp_path):
    counts = np.arange(6, dtype=np.int64)[::-1].copy()
    raw = safetensors(metadata={"settings": '{"window": 5}', "other": "x"}, counts=counts)
    got = read(keep(tmp_path, raw, "a.safetensors"), limit=4)
    assert got.counts.tolist() == [5, 4, 3, 2]
    assert got.settings == {"window": 5}


def test_gensim_gets_words_vectors_and_counts(tmp_path):
    counts = np.arange(6, dtype=np.int32)[::-1].copy()
    keyed = load(keep(tmp_path, safetensors(counts=counts), "a.safetensors"))
    assert keyed.index_to_key == WORDS
    assert keyed.get_vecattr("the", "count") == 5
    assert keyed.get_vecattr("12", "count") == 0
    np.testing.assert_array_equal(keyed["好"], VECTORS[2])
    assert keyed.most_similar("the", topn=2)[0][0] in WORDS
    keyed.add_vectors(["new"], np.ones((1, 4), np.float32))
    assert "new" in keyed
    without = load(keep(tmp_path, word2vec_text()))
    assert "count" not in without.expandos


# Words unfit for use


def bad(kind):
    """A file with a word that is not UTF-8, an empty one, and one that comes twice."""
    raw = [b"one", b"\xe5\xa5x", b"two", b"", b"one", b"three"]
    if kind == "safetensors":
        return safetensors(b"\n".join(raw))
    whole = FORMATS[kind]([f"={row}=" for row in range(6)], VECTORS)
    for row, word in enumerate(raw):
        whole = whole.replace(b"=%d=" % row, word, 1)
    return whole


@pytest.mark.parametrize("kind", FORMATS)
def test_bad_words_are_skipped_and_counted(tmp_path, kind):
    path = keep(tmp_path, bad(kind), name_of(kind))
    with pytest.warns(InputWarning, match="2 words not UTF-8 or empty left out, 1 word left out that came before") as w:
        got = read(path, on_bad_words="skip")
    assert str(w[0].message).startswith(f"{path}: ")
    assert w[0].filename == __file__
    assert got.words == ["one", "two", "three"]
    np.testing.assert_array_equal(got.vectors, VECTORS[[0, 2, 5]])


@pytest.mark.parametrize("kind", FORMATS)
def test_bad_words_are_replaced_and_counted(tmp_path, kind):
    path = keep(tmp_path, bad(kind), name_of(kind))
    with pytest.warns(InputWarning, match="2 words not UTF-8 or empty replaced, 1 word left out that came before"):
        got = read(path, on_bad_words="replace")
    assert got.words == ["one", "\ufffdx", "two", "\ufffd", "three"]
    np.testing.assert_array_equal(got.vectors, VECTORS[[0, 1, 2, 3, 5]])


def test_counts_stay_with_their_words(tmp_path):
    path = keep(tmp_path, safetensors(b"a\n\nb", VECTORS[:3], counts=np.array([7, 8, 9])), "a.safetensors")
    with pytest.warns(InputWarning):
        assert read(path, on_bad_words="skip").counts.tolist() == [7, 9]


def test_iterating_skips_them_too_but_remembers_no_words(tmp_path):
    iterator = iterate_vectors(keep(tmp_path, bad("text")), on_bad_words="skip")
    assert inspect.isgenerator(iterator)
    with pytest.warns(InputWarning, match="2 words not UTF-8 or empty left out$"):
        assert [word for word, _ in iterator] == ["one", "two", "one", "three"]


def test_no_such_choice(tmp_path):
    with pytest.raises(ValueError, match="on_bad_words must be"):
        read(keep(tmp_path, glove()), on_bad_words="ignore")


def test_a_large_text_file_is_read_quickly(tmp_path):
    vectors = np.random.default_rng(0).normal(size=(8000, 100)).astype(np.float32)
    path = keep(tmp_path, word2vec_text([f"w{row}" for row in range(8000)], vectors))
    began = time.process_time()
    read(path)
    assert time.process_time() - began < 1, "a number at a time takes several seconds"
