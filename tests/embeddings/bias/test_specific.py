"""Which words are about a group by definition."""

import dataclasses

import numpy as np
import pytest

from embeddings import InputError, InputWarning, Vectors
from embeddings.bias.space import unit_rows
from embeddings.bias.specific import learn_specific, read_specific, specific_words

from .words import SETS, planted


def separable():
    """s0 .. s39 on one side, o0 .. o159 on the other."""
    random = np.random.default_rng(0)
    rows = random.normal(size=(200, 8))
    rows[:, 0] = np.where(np.arange(200) < 40, 4, -4)
    order = random.permutation(200)
    words = np.array([*(f"s{n}" for n in range(40)), *(f"o{n}" for n in range(160))])
    return Vectors([*words[order]], rows[order])


def test_seed_words_are_generalised():
    vectors = separable()
    some = [word for word in vectors.words if word[0] == "s"][:30]
    learned = learn_specific(vectors, unit_rows(vectors), [*some, "absent"], training=150)
    assert {word for word in vectors.words[150:] if word[0] == "s"} <= learned.words
    assert learned.words <= {word for word in vectors.words if word[0] == "s"}
    assert learned.missing == ["absent"]
    assert learned.f1 > 0.6


def test_the_classifier_is_the_paper_s():
    """Trained on the first words, and on seed words."""
    from sklearn.svm import LinearSVC

    vectors = separable()
    seed = [f"s{n}" for n in range(0, 40, 2)]
    learned = learn_specific(vectors, unit_rows(vectors), seed, training=100)
    rows, is_seed = unit_rows(vectors), np.array([word in seed for word in vectors.words])
    chosen = is_seed | (np.arange(200) < 100)
    predicted = LinearSVC(dual=False).fit(rows[chosen], is_seed[chosen]).predict(rows)
    assert learned.words == {word for word, a, b in zip(vectors.words, predicted, is_seed, strict=True) if a or b}


def test_seed_words_count_in_any_case_among_the_frequent():
    words = [word.upper() if row % 2 else word for row, word in enumerate(separable().words)]
    vectors = dataclasses.replace(separable(), words=words)
    seed = [word.lower() for word in words if word[0] in "sS"]
    learned = learn_specific(vectors, unit_rows(vectors), seed, training=200)
    assert learned.words == {word for word in words if word[0] in "sS"}


def test_rare_words_are_seeds_only_as_they_are_written():
    words = [f"{word}x" for word in separable().words]
    words[:20], words[-2:] = [f"seed{row}" for row in range(20)], ["SEED1", "seed20"]
    vectors = Vectors(words, np.random.default_rng(0).normal(size=(200, 8)))
    with pytest.warns(InputWarning):
        learned = learn_specific(vectors, unit_rows(vectors), [f"seed{row}" for row in range(21)], training=150)
    assert "seed20" in learned.words
    assert "SEED1" not in learned.words


def test_what_cannot_be_learned_is_said():
    vectors = planted()
    seed = [f"w{number}" for number in range(0, 60, 5)]
    with pytest.warns(InputWarning, match=r"F1 of only 0.\d\d on those held out; 0 words were added to 12"):
        learned = learn_specific(vectors, unit_rows(vectors), seed)
    assert learned.words == set(seed)


def test_too_few_seed_words():
    with pytest.raises(InputError, match=r"seed words: 2 of 3 have a vector and 10 are needed; missing: absent"):
        learn_specific(planted(), unit_rows(planted()), ["w1", "w2", "absent"])
    vectors = separable()
    with pytest.raises(InputError, match="are most of the words"):
        learn_specific(vectors, unit_rows(vectors), vectors.words[:150])


@pytest.mark.filterwarnings("ignore::embeddings.InputWarning")
@pytest.mark.parametrize(
    ("specific", "listed", "seed", "source"),
    [
        (None, ("w1",), (), "listed"),
        (None, ("w1",), tuple(f"w{n}" for n in range(20)), "listed"),
        (None, (), tuple(f"w{n}" for n in range(20)), "learned"),
        (None, (), (), "listed"),
        ("learned", tuple(f"w{n}" for n in range(20)), (), "learned"),
        ("listed", ("w1",), (), "listed"),
        (["w3"], ("w1",), (), "given"),
    ],
)
def test_which_list(specific, listed, seed, source):
    sets = dataclasses.replace(SETS, specific=listed, specific_seed=seed)
    assert specific_words(planted(), unit_rows(planted()), sets, specific).source == source


@pytest.mark.parametrize(
    ("specific", "what"),
    [
        ("learned", "planted: has no `specific_seed`"),
        ("other", "give `learned`, `listed` or a list"),
        (["absent", "none"], "specific words: none of 2 have a vector"),
    ],
)
def test_bad_lists(specific, what):
    sets = dataclasses.replace(SETS, specific=())
    with pytest.raises(InputError, match=what):
        specific_words(planted(), unit_rows(planted()), sets, specific)


@pytest.mark.parametrize("text", ["mother\n father \n\nmother\n", '["mother", "father"]', '\n[\n"mother","father"]'])
def test_reading(tmp_path, text):
    (tmp_path / "a").write_text(text)
    assert read_specific(tmp_path / "a") == ["mother", "father"]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "no words in it"),
        ("[]", "no words in it"),
        ("[1]", "a JSON list of words is expected"),
        ('{"specific": ["a"]}', "a JSON list of words is expected"),
        ('["a",\n"b"', "a:2: is not JSON"),
        ("[" * 100_000, "a JSON list of words is expected"),
    ],
)
def test_bad_files(tmp_path, text, what):
    (tmp_path / "a").write_text(text)
    with pytest.raises(InputError, match=what):
        read_specific(tmp_path / "a")
