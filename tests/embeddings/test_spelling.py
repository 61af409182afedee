"""The nearest known spellings."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings import suggest
from embeddings.spelling import damerau_levenshtein, fold

TYPOS = """recieve receive, definately definitely, seperate separate, accomodate accommodate, thier their, wierd weird,
 goverment government, becuase because, freind friend, neccessary necessary, occured occurred, untill until,
 tommorow tomorrow, beleive believe, qeen queen, londn london, prais paris, mathemtics mathematics,
 einstien einstein, shakespere shakespeare, teh the"""
PAIRS = [pair.split() for pair in TYPOS.split(",")]
KNOWN = ["the", "been", "seen", "movement", "operate", *(right for _, right in PAIRS[:-1]), "wired", "tier"]


def distance(a, b):
    """The recurrence of the docstring, a cell at a time."""
    cells = {}
    for i in range(len(a) + 1):
        for j in range(len(b) + 1):
            if not i or not j:
                cells[i, j] = i + j
                continue
            cells[i, j] = min(cells[i - 1, j] + 1, cells[i, j - 1] + 1, cells[i - 1, j - 1] + (a[i - 1] != b[j - 1]))
            if i > 1 and j > 1 and a[i - 2 : i] == b[j - 2 : j][::-1]:
                cells[i, j] = min(cells[i, j], cells[i - 2, j - 2] + 1)
    return cells[len(a), len(b)]


@pytest.mark.parametrize(("typo", "right"), PAIRS)
def test_real_typing_mistakes(typo, right):
    assert suggest(typo, KNOWN)[0] == right
    assert suggest(typo.upper(), KNOWN)[0] == right


SHORT = st.text("abcé\0", max_size=6)


@given(SHORT, st.lists(SHORT, max_size=5))
def test_the_distance_is_that_of_the_recurrence(word, others):
    found = damerau_levenshtein(word, others)
    assert found.tolist() == [distance(word, other) for other in others]


@given(st.text(max_size=6), st.lists(st.text(max_size=6), max_size=6, unique=True), st.integers(-1, 4))
def test_any_words(word, words, n):
    found = suggest(word, words, n)
    assert len(found) == len(set(found)) <= max(n, 0)
    assert set(found) <= set(words)
    if word in words and fold(word) and n > 0:
        assert fold(found[0]) == fold(word)


def test_case_and_accents_do_not_count():
    words = ["paris", "Zürich", "ÉCOLE", "straße", "北京"]
    assert suggest("PARIS", words)[0] == "paris"
    assert suggest("zurich", words)[0] == "Zürich"
    assert suggest("ecole", words)[0] == "ÉCOLE"
    assert suggest("Strasse", words)[0] == "straße"
    assert suggest("北平", words) == ["北京"]


def test_the_order():
    assert suggest("cat", ["bat", "cart", "cut", "dog", "rat"], n=9) == ["cart", "cut", "bat", "rat"]


@pytest.mark.parametrize("word", ["", "\u0301", "xyzzy", "a" * 5000])
def test_nothing_alike(word):
    assert suggest(word, ["the", "king", "queen"]) == []
    assert suggest(word, []) == []


def test_many_words():
    random = np.random.default_rng(0)
    words = ["".join(letters) for letters in random.choice(list("etaoinshrdlu"), (20_000, 7))]
    assert suggest(words[77][::-1][::-1] + "q", [*words, "zzz"])[0] == words[77]
