"""The tokeniser's rules, the limits, the vocabulary and padding."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.core.text import PAD, RESERVED, UNKNOWN, TextEncoder, build_vocabulary, pad

CALM = settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
WORDS = TextEncoder(RESERVED)
CHARACTERS = TextEncoder(RESERVED, unit="characters")
SENTENCES = TextEncoder(RESERVED, max_sentences=10)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("A Fine film", "a fine film"),
        ("don't isn't CAN'T won’t", "do n't is n't ca n't wo n't"),
        ("it's I'm we're they've he'll she'd", "it 's i 'm we 're they 've he 'll she 'd"),
        ("does n't , it 's", "does n't , it 's"),
        ("dogs' 'quoted' rock'n'roll 'sss", "dogs ' ' quoted ' rock ' n ' roll ' sss"),
        # As the Stanford Sentiment Treebank and SST-2 of GLUE have it.
        ("-LRB- it 's n't , ... well -- fun ! -RRB-", "( it 's n't , … well - - fun ! )"),
        ("(yes) -lrb- yes -rrb-", "( yes ) ( yes )"),
        ("wait.. what... no…", "wait … what … no …"),
        ("one.two.", "one . two ."),
        ("good<br />bad<BR>so<br/>so", "good bad so so"),
        ("< br >", "< br >"),
        ("$3.50, 50% #tag @you a_b", "$ 3 . 50 , 50 % # tag @ you a _ b"),
        ("“well” — ¿qué?", "“ well ” — ¿ qué ?"),
        ("我喜欢iPhone手机。很好！", "我 喜 欢 iphone 手 机 。 很 好 ！"),
        ("とてもGOODだ", "と て も good だ"),
        ("한국어 영화", "한국어 영화"),
        ("so good😀😀 ☕ok👍", "so good 😀 😀 ☕ ok 👍"),
        ("naïve Ångström ΟΔΟΣ", "naïve ångström οδοσ"),
        ("tab\tline\nbreak\r\nwide\u3000no-break\xa0zero\x85next", "tab line break wide no - break zero next"),
        ("end\0of", "end\ufffdof"),
    ],
)
def test_words(text, tokens):
    assert WORDS.tokenise(text) == [tokens.split(" ")]


def test_characters():
    assert CHARACTERS.tokenise("Hé <br /> it's\n你😀") == [["h", "é", "i", "t", "'", "s", "你", "😀"]]


@pytest.mark.parametrize("encoder", [WORDS, CHARACTERS, SENTENCES])
@pytest.mark.parametrize("text", ["", " ", "\n\t\u3000", "<br /><br />"])
def test_nothing_gives_one_padding_position(encoder, text):
    assert encoder.tokenise(text) == []
    ids = encoder.encode(text)
    assert ids.dtype == np.int32
    assert ids.tolist() == ([[PAD]] if encoder.max_sentences else [PAD])


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("It was good. It was bad.", ["it was good .", "it was bad ."]),
        ('He said "Stop." Then left. Why?! Ok...', ['he said " stop . "', "then left .", "why ? !", "ok …"]),
        ("(Fine.) Good", ["( fine . )", "good"]),
        ("好。坏！真的？是", ["好 。", "坏 ！", "真 的 ？", "是"]),
        ("a line\nbreak is no end", ["a line break is no end"]),
        ("no end", ["no end"]),
        ("... ! ?", ["… ! ?"]),
    ],
)
def test_sentences(text, sentences):
    assert SENTENCES.tokenise(text) == [sentence.split() for sentence in sentences]


def test_a_flat_encoder_splits_no_sentences():
    assert WORDS.tokenise("One. Two.") == [["one", ".", "two", "."]]


@pytest.mark.parametrize(
    ("limit", "kept"), [(1, "a"), (2, "ag"), (3, "abg"), (4, "abfg"), (6, "abcefg"), (7, "abcdefg")]
)
def test_max_length_keeps_both_ends(limit, kept):
    assert TextEncoder(RESERVED, max_length=limit).tokenise("a b c d e f g") == [list(kept)]
    assert TextEncoder(RESERVED, "characters", limit).tokenise("abcdefg") == [list(kept)]


def test_max_length_holds_for_each_sentence():
    encoder = TextEncoder(RESERVED, max_length=2, max_sentences=9)
    assert encoder.tokenise("a b c. d. e f!") == [["a", "."], ["d", "."], ["e", "!"]]


@pytest.mark.parametrize(("limit", "kept"), [(1, "a"), (2, "ae"), (3, "abe"), (5, "abcde")])
def test_max_sentences_keeps_both_ends(limit, kept):
    encoder = TextEncoder(RESERVED, max_sentences=limit)
    assert [sentence[0] for sentence in encoder.tokenise("a. b. c. d. e.")] == list(kept)


def test_ids():
    encoder = TextEncoder((*RESERVED, "good", "not", "."), max_sentences=3)
    assert encoder.encode("Not good at all. Good").tolist() == [[3, 2, UNKNOWN, UNKNOWN, 4], [2, PAD, PAD, PAD, PAD]]
    assert dataclasses.replace(encoder, max_sentences=0).encode("Not good.").tolist() == [3, 2, 4]


@pytest.mark.parametrize("encoder", [WORDS, TextEncoder((*RESERVED, "é", "。"), "characters", 7, 5)])
def test_the_spec_is_json_and_gives_the_encoder_back(encoder):
    spec = json.loads(json.dumps(encoder.spec))
    again = TextEncoder.from_spec(spec)
    assert again == encoder
    assert again.spec == encoder.spec


@CALM
@given(st.text(), st.integers(1, 6), st.integers(0, 4), st.sampled_from(["words", "characters"]))
def test_what_every_text_gives(text, max_length, max_sentences, unit):
    encoder = TextEncoder(RESERVED, unit, max_length, max_sentences)
    sentences = encoder.tokenise(text)
    assert len(sentences) <= max(max_sentences, 1)
    assert all(0 < len(sentence) <= max_length for sentence in sentences)
    assert all(token == "".join(token.split()) != "" for sentence in sentences for token in sentence)
    ids = encoder.encode(text)
    shape = (max(len(sentences), 1), max([1, *map(len, sentences)]))
    assert ids.shape == (shape if max_sentences else shape[1:])
    assert np.count_nonzero(ids) == sum(map(len, sentences))


@CALM
@given(st.text(alphabet="ab'.!我 n t s\u2019😀é(", max_size=30))
def test_tokenising_tokens_changes_nothing(text):
    tokens = [token for sentence in WORDS.tokenise(text) for token in sentence]
    again = [token for sentence in WORDS.tokenise(" ".join(tokens)) for token in sentence]
    assert again == tokens


def test_vocabulary_is_ordered_by_frequency_then_by_name():
    counts = {"b": 3, "a": 3, "rare": 1, "most": 9}
    assert build_vocabulary(counts, 1, 100) == (*RESERVED, "most", "a", "b", "rare")
    assert build_vocabulary(dict(reversed(counts.items())), 1, 100) == (*RESERVED, "most", "a", "b", "rare")


def test_vocabulary_limits():
    counts = {"a": 3, "b": 2, "c": 1}
    assert build_vocabulary(counts, 2, 100) == (*RESERVED, "a", "b")
    assert build_vocabulary(counts, 1, 4) == (*RESERVED, "a", "b")
    assert build_vocabulary(counts, 9, 100) == RESERVED


def test_vocabulary_takes_more_tokens_behind_and_once():
    assert build_vocabulary({"a": 3, "b": 1}, 2, 100, more=["z", "a", "b"]) == (*RESERVED, "a", "z", "b")
    assert build_vocabulary({"a": 3}, 1, 4, more=["x", "y"]) == (*RESERVED, "a", "x")


def test_a_token_that_looks_reserved_stays_single():
    tokens = build_vocabulary({"<pad>": 5, "<unknown>": 5, "a": 1}, 1, 100)
    assert tokens == (*RESERVED, "a")


@pytest.mark.parametrize("unit", ["words", "characters"])
@pytest.mark.parametrize("text", ["<pad>", "<unknown>"])
def test_no_text_gives_a_reserved_token(unit, text):
    assert PAD not in TextEncoder(RESERVED, unit).encode(text)


@CALM
@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), min_size=1, max_size=5))
def test_pad(shapes):
    arrays = [np.full(shape, index + 1, np.int32) for index, shape in enumerate(shapes)]
    batch = pad(arrays)
    assert batch.dtype == np.int32
    assert batch.shape == (len(shapes), max(a for a, _ in shapes), max(b for _, b in shapes))
    for row, array in zip(batch, arrays, strict=True):
        np.testing.assert_array_equal(row[: array.shape[0], : array.shape[1]], array)
        assert row.sum() == array.sum()
