"""The little language of questions, and answers with gensim's numbers."""

import json

import numpy as np
import pytest
from gensim.models import KeyedVectors
from hypothesis import given
from hypothesis import strategies as st

from embeddings.errors import InputError
from embeddings.query import Answer, Query, UnknownWordError, ask, parse

WORDS = ["king", "queen", "man", "woman", "paris", "london", "new york", "-", "+", "?", "e-mail", "'s", "zero", "好"]


# gensim says so of vectors of zeros
pytestmark = pytest.mark.filterwarnings("ignore:invalid value encountered in divide")


@pytest.fixture(scope="module")
def vectors():
    made = KeyedVectors(6)
    numbers = np.random.default_rng(0).normal(size=(len(WORDS), 6)).astype(np.float32)
    numbers[WORDS.index("zero")] = 0
    made.add_vectors(WORDS, numbers)
    return made


@pytest.mark.parametrize(
    ("question", "query"),
    [
        ("king", Query("neighbours", ("king",))),
        ("king - man + woman", Query("sum", ("king", "man", "woman"), ("+", "-", "+"))),
        ("- man +  king", Query("sum", ("man", "king"), ("-", "+"))),
        ("+ king", Query("sum", ("king",), ("+",))),
        ("paris ~ london", Query("similarity", ("paris", "london"))),
        ("a b c", Query("odd one out", ("a", "b", "c"))),
        ('"new york" ~ "-"', Query("similarity", ("new york", "-"))),
        ("e-mail + 's - c++", Query("sum", ("e-mail", "'s", "c++"), ("+", "+", "-"))),
        ('"help"', Query("neighbours", ("help",))),
        ('5" a "b', Query("odd one out", ('5"', "a", '"b'))),
    ],
)
def test_parsing(question, query):
    assert parse(question) == query


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("", "there is no word"),
        ("- +", "there is no word"),
        ("~", "there is no word"),
        ("king queen", "put `~` between them"),
        ("king ~", "`~` stands between two words"),
        ("~ king queen", "`~` stands between two words"),
        ("king queen ~", "`~` stands between two words"),
        ("a ~ b ~ c", "`~` stands between two words"),
        ("a ~ b + c", "`~` stands between two words"),
        ("a - b c", "`+` or `-` is missing before `c`"),
        ("a b - c", "`+` or `-` is missing before `b`"),
        ("a - - b", "a word is missing before `-`"),
        ("a + b -", "a word is missing after `-`"),
    ],
)
def test_what_has_no_form(question, said):
    with pytest.raises(InputError) as caught:
        parse(question)
    assert said in str(caught.value)


@given(st.text("ab+-~ \"'?", max_size=12))
def test_any_line_is_a_query_or_an_error(question):
    try:
        query = parse(question)
    except InputError:
        return
    assert query.words
    assert len(query.signs) == (len(query.words) if query.kind == "sum" else 0)


def test_answers_are_gensims(vectors):
    assert ask(vectors, "paris", 3).words == tuple(vectors.most_similar("paris", topn=3))
    assert ask(vectors, "paris", 3, "3cosmul").words == tuple(vectors.most_similar("paris", topn=3))
    asked = "king - man + woman"
    expected = vectors.most_similar(["king", "woman"], ["man"], topn=4)
    assert ask(vectors, asked, 4) == Answer(asked, "sum", tuple(expected))
    expected = vectors.most_similar_cosmul(["king", "woman"], ["man"], topn=4)
    assert ask(vectors, asked, 4, "3cosmul").words == tuple(expected)
    assert ask(vectors, "paris ~ london").value == vectors.similarity("paris", "london")
    odd = ask(vectors, "king queen man paris")
    assert odd.value == vectors.doesnt_match(["king", "queen", "man", "paris"])
    assert {word for word, _ in odd.words} == {"king", "queen", "man", "paris"}


def test_a_known_word_is_itself(vectors):
    for word in ("new york", "-", "?", "+"):
        assert ask(vectors, f" {word} ", 2).words == tuple(vectors.most_similar(word, topn=2))


def test_unknown_words_bring_suggestions(vectors):
    with pytest.raises(UnknownWordError) as caught:
        ask(vectors, "kinng - man + zzzzzzzz")
    assert caught.value.suggestions["kinng"][0] == "king"
    assert caught.value.suggestions["zzzzzzzz"] == []
    assert "did you mean king" in str(caught.value)
    assert "'zzzzzzzz' is unknown" in str(caught.value)


@pytest.mark.parametrize(
    ("question", "method", "said"),
    [
        ("zero", "3cosadd", "'zero' is all zeros"),
        ("king + zero", "3cosmul", "'zero' is all zeros"),
        ("king - king", "3cosadd", "cancel out"),
        ("king + man + paris - man - king - paris", "3cosadd", "cancel out"),
        ("- man", "3cosmul", "needs a word with `+`"),
    ],
)
def test_questions_without_an_answer(vectors, question, method, said):
    with pytest.raises(InputError) as caught:
        ask(vectors, question, method=method)
    assert said in str(caught.value)
    assert str(caught.value).startswith(f"{question}: ")


def test_numbers_of_words(vectors):
    with pytest.raises(InputError, match="--n 0"):
        ask(vectors, "king", 0)
    with np.errstate(invalid="ignore"):
        everything = [word for word, _ in ask(vectors, "king", 1000).words]
    assert sorted(everything) == sorted(set(WORDS) - {"king", "zero"})  # what has no direction is like nothing


def test_how_answers_look(vectors):
    assert str(Answer("a", "neighbours", (("好", 0.5), ("bcd", -0.25)))) == "a\n  好    0.5000\n  bcd  -0.2500"
    assert str(Answer("a ~ b", "similarity", value=0.0)) == "a ~ b: 0.0000"
    assert str(Answer("a b c", "odd one out", (("a", 1.0),), "c")) == "a b c: c\n  a   1.0000"


def test_answers_as_json(vectors):
    assert ask(vectors, "paris", 1).summary().keys() == {"question", "kind", "words"}
    odd = json.loads(json.dumps(ask(vectors, "king queen paris").summary()))
    assert odd["kind"] == "odd one out"
    assert odd["odd_one_out"] in odd["question"].split()
    assert ask(vectors, "king ~ 好").summary().keys() == {"question", "kind", "similarity"}
