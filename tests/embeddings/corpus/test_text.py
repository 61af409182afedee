"""Raw text becomes words: the same whatever the blocks, and the same as plain Python finds."""

import re
import sys
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from embeddings.corpus import text as module
from embeddings.corpus.rules import Rules
from embeddings.corpus.text import Normaliser
from embeddings.errors import InputError

PIECES = [
    *(
        "a",
        "B",
        "é",
        "É",
        "word",
        "Σ",
        "ΑΣ",
        "İ",
        "ß",
        "好",
        "ー",
        "カ",
        "한글",
        "हिन्दी",
        "می‌خواهم",
        "😀",
        "9",
        "_",
        "e\u0301",
    ),
    *(" ", "  ", "\n", "\r\n", "\t", "\xa0", "\u3000", "\u2028", "\x85", "\x1c", "\u200b", "\ufeff"),
    *("'", "’", ".", ",", "。", "・", "-", "\x00", "\x1b"),
]
TEXTS = st.lists(st.sampled_from(PIECES) | st.characters(exclude_categories=["Cs"]), max_size=40).map("".join)
RULES = st.builds(Rules, lower=st.booleans(), tokens=st.sampled_from(["whitespace", "words", "characters"]))


CJK_NAMES = (
    *("CJK UNIFIED", "CJK COMPAT", "IDEOGRAPHIC", "VERTICAL IDEOGRAPHIC", "HANGZHOU"),
    *("HIRAGANA", "KATAKANA", "HALFWIDTH KATAKANA", "HENTAIGANA"),
)


def is_mark(character):
    return unicodedata.category(character)[0] == "M"


def is_cjk(character):
    name = unicodedata.name(character, "")
    return character.isalnum() and name.startswith(CJK_NAMES)


def words_of(line, tokens):
    """Words of a line, found character by character."""
    words, joiner = [""], ""
    is_single = is_cjk if tokens == "characters" else lambda character: False
    for character in line.replace("’", "'"):
        single = is_single(character)
        if character.isalnum() and not single:
            fits = words[-1] and not is_single(words[-1][0])
            words += [] if fits or not words[-1] else [""]
            words[-1] += (joiner if fits else "") + character
        elif single:
            words += [character]
        elif is_mark(character) and words[-1] and not joiner:
            words[-1] += character
        elif character in "'\u200c\u200d" and words[-1] and not joiner and not is_single(words[-1][0]):
            joiner = character
            continue
        elif words[-1]:
            words += [""]
        joiner = ""
    return [word for word in words if word]


def reference(text, rules):
    """The words of each line that has any."""
    lines = (text.lower() if rules.lower else text).split("\n")
    found = [line.split() if rules.tokens == "whitespace" else words_of(line, rules.tokens) for line in lines]
    return [words for words in found if words]


def blocks_of(raw, sizes):
    at = 0
    for size in sizes:
        yield raw[at : at + size]
        at += size
    yield raw[at:]


def normalised(raw, rules, sizes=()):
    """The words of each line, read in blocks of these sizes."""
    text = b" ".join(Normaliser(rules)("a.txt", blocks_of(raw, sizes))).decode()
    return [words for line in text.split("\n") if (words := line.split())]


@settings(deadline=None, max_examples=300)
@given(TEXTS, RULES, st.lists(st.integers(0, 9), max_size=20))
@example("don’t 'quote' rock''n roll o'er. l’É", Rules(lower=True, tokens="words"), [3, 1])
@example("我爱NLP和Kaggle's 2024年。コーヒーを", Rules(tokens="characters"), [1, 1, 1])
@example("ΟΔΟΣ ΣΑΣ.", Rules(lower=True), [4])
def test_the_same_words_as_in_plain_python(text, rules, sizes):
    text = text.replace("\0", "").lstrip("\ufeff")
    assert normalised(text.encode(), rules, sizes) == reference(text, rules)


@pytest.mark.parametrize("tokens", ["words", "characters"])
def test_words_in_ascii(tokens):
    # Has a way of its own, for speed.
    every = "".join(map(chr, range(1, 128)))
    text = f"{every} It's a 'dog' x'' ''y a'b'c''d snake_case\n{every[::-1]}"
    for lower in (False, True):
        rules = Rules(lower=lower, tokens=tokens)
        assert normalised(text.encode(), rules) == reference(text, rules)


def test_letters_of_every_script_stay_together():
    rules = Rules(tokens="words")
    for word in ("हिन्दी", "می‌خواهم", "e\u0301te\u0301", "한글", "ไทยที่", "l'été", "Ὀδυσσεύς"):
        assert normalised(f"({word}) {word}!".encode(), rules) == [[word, word]]


def test_a_byte_order_mark_is_dropped_at_the_start_only():
    for sizes in ([], [1], [1, 1, 1]):
        assert normalised(b"\xef\xbb\xbfa \xef\xbb\xbfb", Rules(), sizes) == [["a", "\ufeffb"]]
        assert normalised(b"\xef\xbb\xbf", Rules(), sizes) == []


def test_a_text_without_spaces_is_cut_where_a_word_ends(monkeypatch):
    monkeypatch.setattr(module, "LONGEST_PIECE", 50)
    for text in ("\t".join(["éa", "b", "好好"] * 60), "\u3000".join(["éa", "b"] * 60), "é\u2028b\r" * 60):
        for size in (1, 7, 60):
            assert normalised(text.encode(), Rules(), [size] * 200) == reference(text, Rules())
    text = "我们喜欢，don’t.हिन्दी。e\u0301tude’s、" * 20
    for tokens in ("words", "characters"):
        rules = Rules(tokens=tokens)
        for size in (1, 7, 60):
            pieces = list(Normaliser(rules)("a", blocks_of(text.encode(), [size] * 2000)))
            assert normalised(text.encode(), rules, [size] * 2000) == reference(text, rules)
            assert max(map(len, pieces)) < 200


@pytest.mark.parametrize("tokens", ["whitespace", "words", "characters"])
def test_a_word_without_end_does_not_fill_the_memory(monkeypatch, tokens):
    monkeypatch.setattr(module, "LONGEST_PIECE", 5000)
    for raw in (b"a" * 100_000, "é".encode() * 50_000, b"\x80" * 100_000):
        pieces = list(Normaliser(Rules(tokens=tokens, on_bad_bytes="replace"))("a", blocks_of(raw, [999] * 100)))
        assert max(map(len, pieces)) < 30_000


# What is no text


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        (b"\xff", "1:1"),
        (b"ab \xe9t\xe9 \n", "1:4"),
        (b"one\ntwo words\n\ncaf\xc3\xa9 \xc3", "4:7"),
        (b"one\ntwo words and more\xed\xa0\x80", "2:19"),
        (b"\xef\xbb\xbfab\xc0", "1:6"),
        (b"one two\nthree\0four", "2:6"),
        (b"a\n" * 10 + b"b c d \xf0\x9f\x98 \n", "11:7"),
    ],
)
@pytest.mark.parametrize("sizes", [[], [1] * 40, [5, 2, 9]])
def test_what_is_not_utf8_is_refused_with_its_place(raw, place, sizes):
    with pytest.raises(InputError, match=r"is not UTF-8|NUL") as caught:
        normalised(raw, Rules(), sizes)
    assert str(caught.value).startswith(f"a.txt:{place}: ")
    assert "--on-bad-bytes" in str(caught.value)


@settings(deadline=None)
@given(st.binary(max_size=40) | TEXTS.map(str.encode), RULES, st.lists(st.integers(0, 5), max_size=20))
def test_any_bytes(raw, rules, sizes):
    for choice, put in (("skip", ""), ("replace", "\ufffd")):
        kept = Rules(lower=rules.lower, tokens=rules.tokens, on_bad_bytes=choice)
        normaliser = Normaliser(kept)
        got = b" ".join(normaliser("a", blocks_of(raw, sizes))).decode()
        text = raw.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
        bad = re.findall("[\udc80-\udcff\0]", text)
        expected = reference(re.sub("[\udc80-\udcff\0]", put, text), kept)
        assert [words for line in got.split("\n") if (words := line.split())] == expected
        assert normaliser.bad_bytes == len(bad)


def test_every_white_space_is_known():
    from embeddings.corpus.table import Table

    for code in [*range(1, 0xD800), *range(0xE000, sys.maxunicode + 1)]:
        character = chr(code)
        if character.isspace() or code % 97 == 0:
            table = Table(8, 8)
            ids = table.number(f"a{character}b".encode()).tolist()
            assert len(table) == (2 if character.isspace() else 1), hex(code)
            assert ids == ([0, -1, 1] if character == "\n" else list(range(len(table))))
