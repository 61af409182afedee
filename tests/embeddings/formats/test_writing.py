"""What is written is read again, here and by gensim; what could not be is refused."""

import gzip
import os

import numpy as np
import pytest
from gensim.models import KeyedVectors
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from embeddings import InputError, Vectors, read, write

from .samples import VECTORS, WORDS, assert_read

NAMES = [
    (name + ending, format)
    for name, format in [("a.txt", None), ("a.vec", None), ("a.bin", None), ("a.any", "glove"), ("a.any", "binary")]
    for ending in ("", ".gz", ".bz2", ".xz")
] + [("a.safetensors", None), ("a.any", "safetensors")]
# What gensim can read: no white space that ends a word there.
LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters=" \n")
NUMBERS = st.floats(width=32, allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(("name", "format"), NAMES)
def test_what_is_written_is_read(tmp_path, name, format):
    path = tmp_path / name
    words = [*WORDS[:-1], "no\xa0break"]
    write(path, Vectors(words, VECTORS), format)
    assert_read(path, words)
    assert [entry.name for entry in tmp_path.iterdir()] == [name]
    write(path, Vectors(["other"], VECTORS[:1].astype(np.float64)), format)
    assert_read(path, ["other"], VECTORS[:1])


def test_a_compressed_file_is_compressed(tmp_path):
    write(tmp_path / "a.txt.gz", Vectors(WORDS, VECTORS))
    assert gzip.decompress((tmp_path / "a.txt.gz").read_bytes()).startswith(b"6 4\nthe 0.333333343 0 1 -0\n")


def test_safetensors_keep_counts_and_settings(tmp_path):
    path = tmp_path / "a.safetensors"
    write(path, Vectors(WORDS, VECTORS, [9, 8, 7, 6, 5, 4], {"window": 5, "wörter": [True, None]}))
    got = read(path)
    assert got.counts.tolist() == [9, 8, 7, 6, 5, 4]
    assert got.settings == {"window": 5, "wörter": [True, None]}
    write(path, Vectors(WORDS, VECTORS))
    assert read(path).counts is None
    assert read(path).settings == {}


def some(data, words):
    row = st.lists(NUMBERS, min_size=2, max_size=2)
    return Vectors(words, np.array([data.draw(row) for _ in words], np.float32))


@settings(deadline=None)
@given(
    words=st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n"), min_size=1, max_size=5),
        min_size=1,
        max_size=5,
        unique=True,
    ),
    data=st.data(),
    name=st.sampled_from(["any.safetensors", "any.txt"]),
)
def test_any_words_and_numbers_come_back(tmp_path_factory, words, data, name):
    vectors = some(data, words)
    path = tmp_path_factory.getbasetemp() / name
    write(path, vectors)
    assert_read(path, words, vectors.vectors)


@settings(deadline=None)
@given(
    words=st.lists(st.text(LETTERS, min_size=1, max_size=5), min_size=1, max_size=5, unique=True),
    data=st.data(),
    format=st.sampled_from(["binary", "glove"]),
)
def test_words_without_spaces_come_back_from_every_format(tmp_path_factory, words, data, format):
    vectors = some(data, ["first", *(word for word in words if word != "first")])
    path = tmp_path_factory.getbasetemp() / "any"
    write(path, vectors, format)
    assert_read(path, vectors.words, vectors.vectors)


@settings(deadline=None)
@given(
    words=st.lists(st.text(LETTERS, min_size=1, max_size=5), min_size=1, max_size=5, unique=True),
    data=st.data(),
    format=st.sampled_from(["binary", "text", "glove"]),
)
def test_gensim_reads_what_is_written(tmp_path_factory, words, data, format):
    vectors = some(data, ["first", *(word for word in words if word != "first")])
    path = tmp_path_factory.getbasetemp() / "any"
    write(path, vectors, format)
    keyed = KeyedVectors.load_word2vec_format(path, binary=format == "binary", no_header=format == "glove")
    assert keyed.index_to_key == vectors.words
    np.testing.assert_array_equal(keyed.vectors, vectors.vectors)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    words=st.lists(st.text(LETTERS, min_size=1, max_size=5), min_size=1, max_size=5, unique=True),
    data=st.data(),
    format=st.sampled_from(["binary", "text", "glove"]),
)
def test_what_gensim_writes_is_read(tmp_path_factory, words, data, format):
    vectors = some(data, ["first", *(word for word in words if word != "first")])
    path = tmp_path_factory.getbasetemp() / "any"
    vectors.to_gensim().save_word2vec_format(path, binary=format == "binary", write_header=format != "glove")
    assert_read(path, vectors.words, vectors.vectors)


# What cannot be written


@pytest.mark.parametrize("name", ["a.safetensors", "a.txt", "a.bin"])
@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["a", "b\nc"], "the word 'b\\\\nc' is empty or holds a line break; leave it out"),
        (["a", ""], "the word '' is empty or holds a line break; leave it out"),
        (["a", "a"], "the word 'a' comes twice; leave one out"),
        (["a", "b\ud800"], "has no UTF-8 form; leave it out"),
    ],
)
def test_words_that_could_not_be_read_leave_the_old_file(tmp_path, name, words, what):
    path = tmp_path / name
    write(path, Vectors(WORDS, VECTORS))
    with pytest.raises(InputError, match=what) as caught:
        write(path, Vectors(words, VECTORS[:2]))
    assert str(caught.value).startswith(f"{path}: ")
    assert_read(path)
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("vectors", "format", "what"),
    [
        (Vectors(["a", "b c"], VECTORS[:2]), "binary", "no words with spaces, such as 'b c'; choose"),
        (Vectors(["b c", "a"], VECTORS[:2]), "glove", "cannot begin with the word 'b c'; choose"),
        (Vectors(["7", "a"], np.ones((2, 1))), "glove", "cannot begin with the word '7'; choose"),
        (Vectors(["\ufeffa"], VECTORS[:1]), "glove", "cannot begin with the word"),
        (Vectors(["a"], [[np.nan]]), "text", "the vector of 'a' holds NaN or infinity"),
        (Vectors(["a"], [[1.0]], settings={"a": object()}), "safetensors", "have no JSON form"),
        (Vectors(["a"], [[1.0]], settings={"a": np.nan}), "safetensors", "have no JSON form"),
        (Vectors([], np.ones((0, 3))), "text", "there are no vectors to write"),
        (Vectors(["a"], np.ones((1, 0))), "text", "there are no vectors to write"),
        (Vectors(["a"], [[1.0]]), "pickle", "there is no format 'pickle'; choose one of text, binary, glove, safe"),
    ],
)
def test_what_a_format_cannot_keep(tmp_path, vectors, format, what):
    with pytest.raises(InputError, match=what) as caught:
        write(tmp_path / "a", vectors, format)
    assert str(caught.value).startswith(f"{tmp_path / 'a'}")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a", "a.foo", "a.gz", "a.foo.gz", "a.safetensors.gz"])
def test_an_ending_that_names_no_format(tmp_path, name):
    with pytest.raises(InputError, match=r"names no format; end the file in \.txt or \.vec|leave out the last ending"):
        write(tmp_path / name, Vectors(WORDS, VECTORS))
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_to(tmp_path):
    vectors = Vectors(WORDS, VECTORS)
    with pytest.raises(InputError, match="there is no such folder to write in; make it first"):
        write(tmp_path / "none" / "a.txt", vectors)
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(InputError, match="is a folder; name a file"):
        write(tmp_path / "a.txt", vectors)


@pytest.mark.parametrize("format", ["text", "binary", "glove"])
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has a disk that is always full")
def test_a_full_disk_is_named(tmp_path, format):
    path = tmp_path / "a"
    path.symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left") as caught:
        write(path, Vectors(WORDS, VECTORS), format)
    assert caught.value.filename == str(path)


@pytest.mark.parametrize("name", ["v.safetensors", "v.bin", "v.txt"])
def test_files_are_as_readable_as_any_other(tmp_path, name):
    (tmp_path / "other").touch()
    write(tmp_path / name, Vectors(["a"], np.ones((1, 2))))
    assert (tmp_path / name).stat().st_mode == (tmp_path / "other").stat().st_mode
