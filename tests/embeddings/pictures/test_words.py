"""Which words are shown."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.errors import InputError, InputWarning
from embeddings.pictures.words import choose, nearest_words, read_groups, split_pairs
from embeddings.vectors import Vectors

WORDS = ["the", "king", "queen", "paris", "france"]
VECTORS = Vectors(WORDS, np.arange(10).reshape(5, 2))


def test_words_and_groups_in_the_order_of_the_vectors():
    chosen = choose(VECTORS, ["paris", "the", "paris"], {"people": ["queen", "king"], "places": ["france"]})
    assert chosen.words == WORDS
    assert chosen.ranks.tolist() == [0, 1, 2, 3, 4]
    np.testing.assert_array_equal(chosen.vectors, VECTORS.vectors)
    assert chosen.group_of == {"queen": "people", "king": "people", "france": "places"}
    assert choose(VECTORS, ["france", "king"]).ranks.tolist() == [1, 4]


def test_unknown_words_are_left_out_with_nearest_spellings():
    with pytest.warns(InputWarning, match=r"2 of 3 words .* left out: 'qeuen' \(did you mean 'queen'\?\), 'zzzzzz'"):
        assert choose(VECTORS, ["king", "qeuen", "zzzzzz"]).words == ["king"]


def test_many_unknown_words_are_counted():
    with pytest.warns(InputWarning, match="14 of 15 .* and 4 more$"):
        choose(VECTORS, ["king", *(f"zzzzzz{index}" for index in range(14))])


def test_no_known_word():
    with pytest.raises(InputError, match=r"none of the 1 words has a vector: 'qeuen' \(did you mean 'queen'"):
        choose(VECTORS, ["qeuen"])


def test_a_word_of_two_groups():
    with pytest.warns(InputWarning, match="'king' is in the groups 'a' and 'b'"):
        assert choose(VECTORS, groups={"a": ["king"], "b": ["king", "queen"]}).group_of["king"] == "a"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        choose(VECTORS, groups={"a": ["king", "king"]})


def test_nearest_words_by_cosine():
    vectors = Vectors(["a", "b", "c", "zero", "d"], [[1, 0], [9, 1], [-1, 0], [0, 0], [0, 1]])
    assert nearest_words(vectors, "a", 2) == ["a", "b", "zero"]
    assert nearest_words(vectors, "a", 99) == ["a", "b", "zero", "d", "c"]
    assert nearest_words(vectors, "zero", 1) == ["zero", "a"]
    with pytest.raises(InputError, match=r"--near: has no vector: 'B'.*'b'"):
        nearest_words(vectors, "B", 2)


def test_pairs():
    assert split_pairs(["king:queen", "a:b:c", "::x"], ["b:c"]) == [("king", "queen"), ("a", "b:c"), (":", "x")]
    for wrong in ("king", "king:", ":queen", ":", ""):
        with pytest.raises(InputError, match="is not two words with a colon"):
            split_pairs([wrong], [])


# Files of groups


def groups_of(folder, text):
    path = folder / "groups.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_groups(path)


def test_a_file_of_groups(tmp_path):
    found = groups_of(tmp_path, '\ufeff{"royal": ["king", "queen"], "地方": ["paris"]}')
    assert found == {"royal": ["king", "queen"], "地方": ["paris"]}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "groups.json:1: not JSON"),
        ('{"a": ["b"],\n}', "groups.json:2: not JSON"),
        ('["a"]', "not a JSON object; expected"),
        ("[]", "not a JSON object; expected"),
        ('[["a", ["b"]]]', "not a JSON object; expected"),
        ("3", "not a JSON object"),
        ("{}", "no groups in it"),
        ('{"a": []}', "group 'a': is not a list of words"),
        ('{"a": "king"}', "group 'a': is not a list of words"),
        ('{"a": {"b": ["c"]}}', "group 'a': is not a list of words"),
        ('{"a": {}}', "group 'a': is not a list of words"),
        ('{"a": ["b", 3]}', "group 'a': is not a list of words"),
        ('{"a": ["b"], "a": ["c"]}', "group 'a' stands there twice"),
        (b'{"\xff": ["b"]}', "not UTF-8"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_a_file_that_is_not_one_of_groups(tmp_path, text, what):
    with pytest.raises(InputError, match=what):
        groups_of(tmp_path, text)


def test_no_file_of_groups(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_groups(tmp_path / "none.json")
    with pytest.raises(InputError, match="is a folder"):
        read_groups(tmp_path)


@settings(max_examples=50)
@given(st.text('{}[]":,ab\n 1', max_size=20))
def test_any_text_gives_groups_or_an_error(tmp_path_factory, text):
    try:
        found = groups_of(tmp_path_factory.getbasetemp(), text)
    except InputError:
        return
    assert all(isinstance(word, str) for words in found.values() for word in words)
