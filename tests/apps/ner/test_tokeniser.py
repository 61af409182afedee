"""Tokens of raw text, and where they stand."""

from __future__ import annotations

import re
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.ner.characters import PICTOGRAPHS, SPACES, cuts, grapheme, is_mark
from apps.ner.tokeniser import CLITICS, LONGEST, Token, Unit, rule, split_sentences, tokenise, words

UNITS: tuple[Unit, ...] = ("words", "characters")
PIECES = (
    *("Anna", "isn't", "O'Brien", "U.S.", "10:30", "1,000.50", "https://x.org/a?b=c.", "@bob", "#win", "a@b.org", ":)"),
    *(
        "!!",
        "...",
        "'s",
        "’s",
        "n't",
        "«",
        "`",
        "\u0301",
        "e\u0301",
        "\ufe0f",
        "\u200d",
        "👩‍👩‍👧",
        "👍🏽",
        "🇩🇪",
        "🇫",
        "1️⃣",
    ),
    *("北京", "東", "カ", "서울", "שלום", "مرحبا", "हिन्दी", "ไทย", "\u200f", "\u200b", "\ufeff", "\x00", "\U000e0067"),
    *(
        " ",
        "  ",
        "\t",
        "\n",
        "\r\n",
        "\xa0",
        "\u3000",
        "\x85",
        "\x1c",
        "x",
        "X",
        "1",
        ".",
        ",",
        "-",
        "&",
        "_",
        "@",
        "#",
    ),
)
texts = st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=14).map("".join))


def words_of(text: str, unit: Unit = "words") -> list[str]:
    return [token.text for token in tokenise(text, unit)]


@given(texts, st.sampled_from(UNITS))
def test_slices_give_tokens_and_only_white_space_is_lost(text: str, unit: Unit) -> None:
    place = 0
    for token in tokenise(text, unit):
        assert token.text == text[token.start : token.end] != ""
        assert not re.search(f"[{SPACES}]", token.text)
        assert text[place : token.start].strip() == ""
        assert place <= token.start
        place = token.end
    assert text[place:].strip() == ""


@given(texts, st.sampled_from(UNITS))
def test_no_token_begins_or_ends_within_a_character(text: str, unit: Unit) -> None:
    borders = {border for token in tokenise(text, unit) for border in (token.start, token.end)}
    # A mark after white space has nothing to sit on, and a name may be written with a flag letter at its end.
    inside = {match.end() for match in grapheme().finditer(text)} | {0}
    for border in borders - inside:
        assert text[border - 1].isspace() or not is_mark(text[border])


@given(texts)
def test_cuts_are_the_inner_places_of_characters(text: str) -> None:
    borders = {match.end() for match in grapheme().finditer(text)} | {0}
    for index in range(len(text) + 1):
        assert cuts(text, index) == (index not in borders)


@given(texts, st.integers(1, 5))
def test_sentences_are_all_tokens_in_order(text: str, longest: int) -> None:
    tokens = tokenise(text)
    groups = split_sentences(tokens, longest)
    assert [token for group in groups for token in group] == tokens
    assert all(1 <= len(group) <= longest for group in groups)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I'm sure they're Anna's.", "I 'm sure they 're Anna 's ."),
        ("Don’t! CAN'T? we'll he'd I've", "Do n’t ! CA N'T ? we 'll he 'd I 've"),
        ("O'Brien's rock'n'roll, the boys' room", "O'Brien 's rock'n'roll , the boys ' room"),
        ("German-born AT&T ex-U.S. J.K. Rowling's", "German-born AT&T ex-U.S. J.K. Rowling 's"),
        ("Mr. Smith met George W. Bush in St. Louis, U.S.'s.", "Mr. Smith met George W. Bush in St. Louis , U.S. 's ."),
        ("$1,000.50 (50%) at 10:30 a.m. on 26/11/2004", "$ 1,000.50 ( 50 % ) at 10:30 a.m. on 26/11/2004"),
        ("It is I. In 1990, 3.", "It is I . In 1990 , 3 ."),
        ("RT @bob_x: #Win http://t.co/a1?b=c&d. :) <3", "RT @bob_x : #Win http://t.co/a1?b=c&d . :) <3"),
        ("(www.foo.de), me@foo.co.uk; Amazon.com's", "( www.foo.de ) , me@foo.co.uk ; Amazon.com 's"),
        ("No!!! -- really...", "No !!! -- really ..."),
        ("Sony/Bud and/or", "Sony / Bud and / or"),
        ("我爱北京，2003年。", "我 爱 北 京 ， 2003 年 。"),
        ("東京タワー", "東 京 タ ワ ー"),
        ("看https://x.cn/a吧", "看 https://x.cn/a 吧"),
        ("한국어, 서울에서", "한국어 , 서울에서"),
        ("שלום, עולם!", "שלום , עולם !"),
        ("مرحبا، العالم؟", "مرحبا ، العالم ؟"),
        ("में लिखा।", "में लिखा ।"),
        ("ne\u0301e cafe\u0301s", "ne\u0301e cafe\u0301s"),
        ("hi👍🏽👩‍👩‍👧🇩🇪🇫🇷1️⃣ok", "hi 👍🏽 👩‍👩‍👧 🇩🇪 🇫🇷 1️⃣ ok"),
        ("\u200fשם\u200f x", "\u200f שם \u200f x"),
        ("x \ufe0f y", "x \ufe0f y"),
        ("", ""),
        (" \n\t\u3000", ""),
    ],
)
def test_words(text: str, expected: str) -> None:
    assert words_of(text) == expected.split(" " if expected else None)


def test_characters() -> None:
    assert words_of("x \u0301y", "characters") == ["x", "\u0301", "y"]
    assert words_of("张三 e\u0301x 👩‍👩‍👧🇩🇪🇫🇷\r\n2.5", "characters") == [
        *("张", "三", "e\u0301", "x", "👩‍👩‍👧", "🇩🇪", "🇫🇷", "2", ".", "5")
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mr. Bean slept. Then he woke up.", ["Mr. Bean slept .", "Then he woke up ."]),
        ('"Go!" she said. "Why?" Nobody knew', ['" Go ! " she said .', '" Why ? "', "Nobody knew"]),
        ("Am 3. Oktober in Bonn. Dann", ["Am 3 . Oktober in Bonn .", "Dann"]),
        ("version 2.5 of x.Y", ["version 2.5 of x . Y"]),
        ("他来了。她走了！好", ["他 来 了 。", "她 走 了 ！", "好"]),
        ("well... no", ["well ... no"]),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    groups = split_sentences(tokenise(text))
    assert [" ".join(token.text for token in group) for group in groups] == expected


def test_long_sentences_are_cut_at_a_comma() -> None:
    text = "word " * 150 + ", " + "word " * 150
    assert [len(group) for group in split_sentences(tokenise(text))] == [151, 150]
    assert [len(group) for group in split_sentences(tokenise("word " * 450))] == [LONGEST, LONGEST, 50]


def test_letters_stay_together_and_punctuation_apart_in_every_script() -> None:
    for code in range(0x80, 0x20000):
        character = chr(code)
        kind = unicodedata.category(character)
        if kind in ("Lu", "Ll", "Nd") and not re.match(f"[{PICTOGRAPHS}]", character):
            assert words_of(f"a{character}b") == [f"a{character}b"], hex(code)
        elif kind[0] in "PS" and character not in "‐‑’·׳״":
            assert len(words_of(f"a{character}b")) == 3 or "\U0001f3fb" <= character <= "\U0001f3ff", hex(code)


def test_re2_reads_the_same_rules() -> None:
    tf = pytest.importorskip("tensorflow")
    text = " ".join(PIECES) + "".join(PIECES).replace("\n", " ")
    marked = tf.strings.regex_replace(text, f"({words()})", "\n\\1\n").numpy().decode()
    pieces = [piece for piece in marked.split("\n") if piece.strip()]
    assert pieces == [match[0] for match in rule("words").finditer(text)]
    assert tf.strings.regex_replace("isn't", CLITICS, "\\1 \\2").numpy() == b"is n't"


@pytest.mark.parametrize("text", ["a.b" * 30_000, "a-" * 40_000, "'" * 80_000, "👩‍" * 20_000, "http://((" * 9_000])
def test_no_text_takes_long(text: str) -> None:
    begun = time.process_time()
    tokens = tokenise(text)
    split_sentences(tokens)
    assert time.process_time() - begun < 5
    assert all(isinstance(token, Token) for token in tokens)
