"""What the model is told of a token."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.ner import loader
from apps.ner.features import CHARACTERS, spelling
from apps.ner.loader import END, PAD, START, UNKNOWN, Encoder

from .helpers import encoder_for

SENTENCES = [["Obama", "lives", "in", "Berlin", "since", "2008"], ["BERLIN", "'s", "U.S.", "embassy"]]


def column(encoder: Encoder, name: str, tokens: list[str]) -> list[int]:
    return encoder(tokens)[:, encoder.columns.index(name)].tolist()


def test_words_are_spelled_small_and_digits_alike() -> None:
    encoder = encoder_for(SENTENCES)
    words = column(encoder, "word", ["Berlin", "berlin", "BERLIN", "1999", "2008", "Paris", "٢٠٠٨"])
    assert words[0] == words[1] == words[2]
    assert words[3] == words[4] == words[6]
    assert words[5] == UNKNOWN
    assert PAD not in words


def test_links_and_users_are_alike() -> None:
    encoder = encoder_for([["http://a.b/c", "@anna"]])
    assert column(encoder, "word", ["https://t.co/X1y", "@Bob"]) == column(encoder, "word", ["http://a.b/c", "@anna"])
    assert encoder.word("@") == "@"


@pytest.mark.parametrize(
    ("token", "shape"),
    [
        ("Berlin", "Xx"),
        ("BERLIN", "X"),
        ("iPhone", "xXx"),
        ("U.S.", "X.X."),
        ("2008", "d"),
        ("B-52", "X-d"),
        ("!!!", "p"),
        ("#Tag", "#Xx"),
        ("北京", "c"),
        ("Ötzi", "Xx"),
        ("שלום", "a"),
        ("€", "s"),
        ("İ", "X"),
    ],
)
def test_the_shape_is_the_runs_of_kinds(token: str, shape: str) -> None:
    assert encoder_for([["a"]]).shape(token) == shape


def test_characters_stand_between_start_and_end_and_long_tokens_keep_both_ends() -> None:
    encoder = encoder_for([["abcdefgh"]], char_length=6)
    ids = {character: encoder.ids["character"][character] for character in "abcdefgh"}
    assert encoder.spec["character"][: len(CHARACTERS)] == list(CHARACTERS)
    assert encoder.characters("ab") == [START, ids["a"], ids["b"], END, PAD, PAD]
    assert encoder.characters("abcdefgh") == [START, ids["a"], ids["b"], ids["g"], ids["h"], END]
    assert encoder.characters("az")[2] == UNKNOWN


def test_a_character_is_seen_with_the_next_one() -> None:
    encoder = encoder_for([list("北京大学"), list("大学")], unit="characters")
    one, two = column(encoder, "bigram", list("北京大学")), column(encoder, "bigram", list("大学"))
    assert one[2:] == two
    assert column(encoder, "bigram", list("京北")) == [UNKNOWN, UNKNOWN]
    assert encoder.width == len(encoder.columns), "single characters have none in them"


def test_a_word_without_a_vector_has_that_of_its_letters_or_last_part() -> None:
    encoder = encoder_for(SENTENCES, vectors=["berlin", "born", "us", "art"])
    ids = encoder.ids["vector"]
    tokens = ["Berlin", "#Berlin", "Berlin's", "German-born", "U.S.", "Nowhere", "art/art"]
    names = ["berlin", "berlin", "berlin", "born", None, None, "art"]
    assert column(encoder, "vector", tokens) == [ids[name] if name else UNKNOWN for name in names]


def test_rare_words_are_unknown() -> None:
    encoder = encoder_for([["a", "b", "a"]], min_count=2)
    assert column(encoder, "word", ["a", "b"]) == [2, UNKNOWN]


@settings(deadline=None)
@given(st.lists(st.text(min_size=1), max_size=8), st.sampled_from(["words", "characters"]))
def test_any_tokens_have_features_that_are_the_same_after_json_and_in_any_company(tokens: list[str], unit: str) -> None:
    encoder = encoder_for([["Obama", "lives"]], unit=unit)
    again = Encoder(json.loads(json.dumps(encoder.spec)))
    features = encoder(tokens)
    assert features.shape == (max(len(tokens), 1), encoder.width)
    assert features.dtype == np.int32
    assert ((features[:, 0] != PAD) == bool(tokens)).all()
    np.testing.assert_array_equal(again([*tokens, "x"])[: len(tokens) - 1], features[: len(tokens) - 1][: len(tokens)])
    sizes = [len(encoder.spec[name]) for name in encoder.columns] + [len(encoder.spec["character"])] * (
        encoder.width - len(encoder.columns)
    )
    assert (features < np.array(sizes)).all()


def test_more_tokens_than_are_kept_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    encoder, other = encoder_for(SENTENCES), encoder_for(SENTENCES)
    monkeypatch.setattr(loader, "MOST_KEPT", 3)
    for tokens in [*SENTENCES, *([f"t{number}" for number in range(2000)], *SENTENCES)]:
        np.testing.assert_array_equal(encoder(tokens), np.concatenate([other([token]) for token in tokens]))


def test_a_word_of_a_file_of_vectors_is_spelled_as_tokens_are() -> None:
    assert spelling("Wahl1998") == encoder_for(SENTENCES).word("Wahl1998")
