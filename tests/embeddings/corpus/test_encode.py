"""A text encoded on disk, beside `collections.Counter` and `str.split`."""

import bz2
import gzip
import io
import lzma
import os
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.corpus import Corpus, Progress, Rules, encode, fingerprint, sample_corpus, sources
from embeddings.corpus.kernel import LONGEST_WORD, scan_word
from embeddings.corpus.table import Table
from embeddings.errors import InputError

module = sys.modules[encode.__module__]

PACKERS = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}
TEXT = "the cat sat\nthe mat\n\n  \nthe end of the cat"


def reference(lines, rules):
    """Words, counts and documents of lines of words."""
    seen = Counter(word for line in lines for word in line if len(word.encode()) <= LONGEST_WORD)
    kept = [(word, count) for word, count in seen.most_common(rules.max_words) if count >= rules.min_count]
    ids = {word: number for number, (word, _) in enumerate(kept)}
    documents = [[ids[word] for word in line if word in ids] for line in lines]
    return kept, [document for document in documents if document]


def documents_of(corpus):
    ends = np.flatnonzero(corpus.ids == -1)
    assert ends[-1] == len(corpus.ids) - 1
    return [part[:-1].tolist() for part in np.split(np.asarray(corpus.ids), ends + 1)[:-1]]


def assert_encoded(corpus, lines, rules):
    kept, documents = reference(lines, rules)
    assert list(zip(corpus.words, corpus.counts.tolist(), strict=True)) == kept
    assert documents_of(corpus) == documents
    assert corpus.tokens == sum(map(len, lines))
    assert corpus.kept == sum(map(len, documents))
    assert corpus.documents == len(documents)
    assert (corpus.ids.dtype, corpus.counts.dtype) == (np.int32, np.int64)


def keep(folder, text=TEXT, name="a.txt"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return str(path)


def message(source, folder, rules=None):
    """What the error says; nothing is left behind."""
    with pytest.raises(InputError) as caught:
        encode(source, rules or Rules(min_count=1), folder / "corpus")
    assert not (folder / "corpus").exists()
    return str(caught.value)


WORDS = st.sampled_from(["a", "b", "B", "é", "ab", "ba", "好", "x" * 9, "x" * LONGEST_WORD, "x" * (LONGEST_WORD + 1)])
LINES = st.lists(st.lists(WORDS | st.text("abcdef", min_size=1, max_size=3), max_size=12), max_size=12)


@settings(deadline=None, max_examples=100)
@given(LINES, st.sampled_from([1, 2, 3]), st.sampled_from([None, 1, 3]), st.integers(1, 40), st.data())
def test_like_a_counter(tmp_path_factory, lines, min_count, max_words, block, data):
    folder = tmp_path_factory.mktemp("encode")
    rules = Rules(min_count=min_count, max_words=max_words)
    space = data.draw(st.sampled_from([" ", "  ", "\t", "\u3000 ", " \r"]))
    source = keep(folder, "\n".join(space.join(line) for line in lines))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources, "BLOCK", block)
        patch.setattr(module, "IDS_AT_ONCE", 3)
        patch.setattr(module, "Table", lambda: Table(1, 1))
        if reference(lines, rules)[0]:
            assert_encoded(encode(source, rules, folder / "corpus"), lines, rules)
        else:
            assert "no word" in message(source, folder, rules)


@pytest.mark.parametrize("pair", [("w425981", "w018168"), ("w290121", "w365738")])
def test_words_are_told_apart_when_a_small_table_sees_the_same_of_their_hashes(pair):
    first, second = (scan_word(np.frombuffer(word.encode(), np.uint8), np.uint64(0))[1] for word in pair)
    assert (first ^ second) >> 32 == (first ^ second) & 3 == 0  # or look for another pair
    assert Table(2, 8).number(" ".join(pair + pair).encode()).tolist() == [0, 1, 0, 1]


# Where texts come from


@pytest.mark.parametrize("ending", PACKERS)
def test_compressed_files(tmp_path, ending):
    source = keep(tmp_path, PACKERS[ending](TEXT.encode()), f"a.txt{ending}")
    lines = [line.split() for line in TEXT.split("\n")]
    assert_encoded(encode(source, Rules(min_count=2), tmp_path / "corpus"), lines, Rules(min_count=2))


def test_a_folder(tmp_path):
    for name in ("b.txt", "a/2.txt", "a/10.txt", ".hidden", ".git/config", "a/.x"):
        keep(tmp_path, name, f"texts/{name}")
    (tmp_path / "texts/c.txt.gz").write_bytes(gzip.compress(b"c.txt.gz"))
    (tmp_path / "texts/loop").symlink_to(tmp_path / "texts")
    corpus = encode(str(tmp_path / "texts"), Rules(min_count=1), tmp_path / "corpus")
    assert corpus.words == ["a/10.txt", "a/2.txt", "b.txt", "c.txt.gz"]
    assert corpus.documents == 4


def test_a_corpus_kept_beside_its_texts_is_not_one_of_them(tmp_path):
    keep(tmp_path, "a b")
    for _ in range(2):
        assert encode(str(tmp_path), Rules(min_count=1), tmp_path / "run/corpus").words == ["a", "b"]


def test_a_glob(tmp_path):
    for name in ("b.txt", "a.txt", "c.md", "d/e.txt", "[1].txt"):
        keep(tmp_path, name, name)
    (tmp_path / "x.txt").mkdir()
    words = {source: encode(str(tmp_path / source), Rules(min_count=1), tmp_path / "z/corpus").words
             for source in ("?.txt", "**/*.txt", "[1].txt")}  # fmt: skip
    assert words["?.txt"] == ["a.txt", "b.txt"]
    assert words["**/*.txt"] == ["[1].txt", "a.txt", "b.txt", "d/e.txt"]
    assert words["[1].txt"] == ["[1].txt"]


def test_standard_input(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a b\na")))
    seen = []
    corpus = encode("-", Rules(min_count=1), tmp_path / "corpus", seen.append)
    assert corpus.words == ["a", "b"]
    assert seen[-1] == Progress(share=None, tokens=3, types=2)


def test_the_sample(tmp_path):
    corpus = encode("sample", Rules(), tmp_path / "corpus")
    assert corpus.documents == sum(1 for _ in sample_corpus())


def test_a_file_that_is_named_like_no_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    keep(tmp_path, "a b", "sample")
    assert encode("./sample", Rules(min_count=1), tmp_path / "corpus").words == ["a", "b"]


def test_progress(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "BLOCK", 100)
    lines = "\n".join(f"word{number % 7}" for number in range(100))
    for name, raw in (("a.txt", lines.encode()), ("b.gz", gzip.compress(lines.encode()))):
        keep(tmp_path, raw, f"texts/{name}")
    seen = []
    encode(str(tmp_path / "texts"), Rules(), tmp_path / "corpus", seen.append)
    shares = [one.share for one in seen]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert 0 < shares[0] < 0.5
    assert seen[-1].tokens == 200
    assert seen[-1].types == 7


# Opened again


def test_opened_again(tmp_path):
    rules = Rules(lower=True, tokens="words", min_count=1, max_words=2, on_bad_bytes="skip")
    first = encode(keep(tmp_path, TEXT.encode() + b"\xff \0"), rules, tmp_path / "corpus")
    again = Corpus.open(tmp_path / "corpus")
    assert again.ids.tolist() == first.ids.tolist()
    assert again.counts.tolist() == first.counts.tolist()
    assert again.rules == rules
    assert (again.bad_bytes, again.too_long) == (2, 0)
    for name in ("words", "tokens", "kept", "documents", "fingerprint", "source"):
        assert getattr(again, name) == getattr(first, name)


def test_words_come_back_whatever_they_hold(tmp_path):
    text = "\x1b[0m \ufeff \u200b e\u0301 😀 a\x7fb \x00".replace("\x00", "x")
    assert encode(keep(tmp_path, text), Rules(min_count=1), tmp_path / "corpus").words == text.split()


@pytest.mark.parametrize("name", ["corpus.json", "ids.bin", "vocabulary.txt"])
@pytest.mark.parametrize("raw", [None, b"", b"{}", b"[]", b"\xff", b"a 1\n"])
def test_an_incomplete_or_damaged_corpus_is_refused(tmp_path, name, raw):
    encode(keep(tmp_path), Rules(min_count=1), tmp_path / "corpus")
    (tmp_path / "corpus" / name).unlink() if raw is None else (tmp_path / "corpus" / name).write_bytes(raw)
    with pytest.raises(InputError, match="encode it"):
        Corpus.open(tmp_path / "corpus")


def test_fingerprints(tmp_path):
    source, folder = keep(tmp_path), tmp_path / "corpus"
    first = fingerprint(source, Rules(), folder)
    assert fingerprint(source, Rules(), folder) == first
    assert fingerprint(source, Rules(lower=True), folder) != first
    os.utime(source, (1, 1))
    assert fingerprint(source, Rules(), folder) != first
    assert fingerprint(keep(tmp_path, "other"), Rules(), folder) != first
    inside = fingerprint(str(tmp_path), Rules(), folder)
    keep(tmp_path, "x", "corpus/ids.bin")
    assert fingerprint(str(tmp_path), Rules(), folder) == inside
    keep(tmp_path, "x", "new.txt")
    assert fingerprint(str(tmp_path), Rules(), folder) != inside


# What cannot be used


@pytest.mark.parametrize("text", ["", "\n\n", " \t\u3000\n"])
def test_an_empty_corpus(tmp_path, text):
    source = keep(tmp_path, text)
    assert message(source, tmp_path) == f"{source}: there are no words in it"


def test_no_word_frequent_enough(tmp_path):
    said = message(keep(tmp_path), tmp_path, Rules(min_count=9))
    assert "no word occurs 9 times" in said
    assert "('the') 4;" in said
    assert "--min-count" in said


@pytest.mark.parametrize("source", ["", "none.txt", "none*.txt", "none/*", "empty", "tfds:", "tfds:nosuchset"])
def test_a_source_that_is_not_there(tmp_path, monkeypatch, source):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    said = message(source, tmp_path)
    assert said.startswith(f"{source or 'the corpus'}: ")


@pytest.mark.parametrize("ending", [".gz", ".bz2", ".xz"])
@pytest.mark.parametrize("damage", ["cut", "flipped", "other"])
def test_a_damaged_file(tmp_path, ending, damage):
    rng = np.random.default_rng(0)
    whole = PACKERS[ending](" ".join(map(str, rng.integers(0, 10**9, 3000))).encode())
    half = len(whole) // 2
    raw = {"cut": whole[:half], "flipped": whole[:half] + bytes(255 - b for b in whole[half:]), "other": b"the cat\n"}
    source = keep(tmp_path, raw[damage], f"a{ending}")
    said = message(source, tmp_path)
    assert said.startswith(f"{source}, after ")
    assert "damaged or cut short" in said


def test_a_file_that_is_no_text(tmp_path):
    keep(tmp_path, "a b", "texts/a.txt")
    picture = keep(tmp_path, b"\x89PNG\r\n\x1a\n\0\0", "texts/b.png")
    assert message(str(tmp_path / "texts"), tmp_path).startswith(f"{picture}:1:1: byte 0x89 is not UTF-8")
    wide = keep(tmp_path, "wide".encode("utf-16-le"), "wide.txt")
    assert message(wide, tmp_path).startswith(f"{wide}:1:2: a NUL byte")


@pytest.mark.parametrize(
    ("option", "knobs"),
    [
        ("--min-count", {"min_count": 0}),
        ("--max-words", {"max_words": 0}),
        ("--tokens", {"tokens": "letters"}),
        ("--on-bad-bytes", {"on_bad_bytes": "ignore"}),
    ],
)
def test_rules_that_cannot_be_meant(option, knobs):
    with pytest.raises(InputError, match=f"^{option}: must be"):
        Rules(**knobs)


def test_a_folder_that_is_a_file(tmp_path):
    source = keep(tmp_path)
    with pytest.raises(InputError, match="is a file"):
        encode(source, Rules(), tmp_path / "a.txt")
    assert (tmp_path / "a.txt").read_text() == TEXT


# Failures on the way


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt(), MemoryError()])
@pytest.mark.parametrize("place", ["renumber", "write_vocabulary", "write_facts", "choose"])
def test_a_failure_leaves_nothing_that_looks_complete(tmp_path, monkeypatch, failure, place):
    source, folder = keep(tmp_path), tmp_path / "corpus"
    encode(source, Rules(min_count=1), folder)

    def fail(*args, **kwargs):
        raise failure

    monkeypatch.setattr(module, place, fail)
    with pytest.raises(type(failure)):
        encode(source, Rules(min_count=1), folder)
    assert list(folder.iterdir()) == []
    with pytest.raises(InputError):
        Corpus.open(folder)


def test_while_encoded_anew_it_is_not_complete(tmp_path):
    source, folder, seen = keep(tmp_path), tmp_path / "corpus", []
    for _ in range(2):
        encode(source, Rules(min_count=1), folder, lambda _: seen.append((folder / "corpus.json").exists()))
    assert seen
    assert not any(seen)


def test_a_failure_in_the_middle_of_the_text(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "BLOCK", 10)
    source, folder = keep(tmp_path, "a b\n" * 1000), tmp_path / "new/corpus"

    def interrupt(progress):
        if progress.tokens > 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        encode(source, Rules(), folder, interrupt)
    assert not folder.exists()
    assert encode(source, Rules(), folder).tokens == 2000


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_a_full_disk(tmp_path):
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "ids.bin").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        encode(keep(tmp_path), Rules(min_count=1), folder)
    assert list(folder.iterdir()) == []


@pytest.mark.realdata
def test_the_wikipedia_corpus(tmp_path):
    source = Path(__file__).parents[4] / "shared/data/embeddings/enwiki14_100m.txt.xz"
    if not source.exists():
        pytest.skip(f"needs {source}")
    corpus = encode(str(source), Rules(), tmp_path)
    assert (corpus.tokens, len(corpus.words), corpus.documents) == (17_242_926, 79_747, 34_257)
