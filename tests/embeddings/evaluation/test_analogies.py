"""Analogies: the very questions that gensim calls correct and incorrect, whatever the ties, cases and zero vectors."""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from embeddings import Vectors
from embeddings.errors import InputError
from embeddings.evaluation import Section, evaluate_analogies, read_questions, solving

from .samples import keep, keyed, random_vectors

GOOGLE = Path(__file__).parents[4] / "shared/data/embeddings/evaluation/questions-words.txt"
WORDS = ["a", "b", "c", "d", "A", "B", "e", "f", "D", "ß", "SS", "é", "É", "g", "h", "i"]
METHODS = ["3cosadd", "3cosmul"]


def upper(questions):
    return [tuple(word.upper() for word in question) for question in questions]


def gensims(vectors, path, most_frequent):
    """By section its name, and the correct and incorrect questions."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        _, sections = vectors.evaluate_word_analogies(path, restrict_vocab=most_frequent)
    return [(one["section"], one["correct"], one["incorrect"]) for one in sections[:-1]]


def by_cosmul(vectors, sections, most_frequent):
    """What gensim's evaluation would be if it had 3CosMul."""
    kept = keyed(vectors.index_to_key[:most_frequent], vectors.vectors[:most_frequent])
    first = {word.upper(): word for word in reversed(kept.index_to_key)}
    found = []
    for section in sections:
        answered = {True: [], False: []}
        for a, b, c, d in upper(section.questions):
            if not {a, b, c, d} <= set(first):
                continue
            with np.errstate(all="ignore"):
                best = kept.most_similar_cosmul([first[b], first[c]], [first[a]], topn=5)
            predicted = None
            for word, _ in best:
                predicted = word.upper()
                if predicted not in {a, b, c}:
                    break
            answered[predicted == d].append((a, b, c, d))
        found.append((section.name, answered[True], answered[False]))
    return found


def ours(vectors, sections, most_frequent, method="3cosadd"):
    report = evaluate_analogies(vectors, sections, most_frequent, method)
    return [(one.name, upper(one.correct), upper(one.incorrect)) for one in report.sections]


def write(folder, sections):
    lines = [f": {one.name}\n" + "".join(" ".join(question) + "\n" for question in one.questions) for one in sections]
    return keep(folder, "".join(lines))


def planted(count=60, dimensions=12, noise=0.8, seed=0):
    """A vector of zeros, and words that differ by the same vector, more or less: some of the questions are solved."""
    draw = np.random.default_rng(seed)
    stems = draw.normal(size=(count, dimensions))
    forms = stems + draw.normal(size=dimensions) + noise * draw.normal(size=stems.shape)
    words = ["silent", *(f"stem{index}" for index in range(count)), *(f"form{index}" for index in range(count))]
    questions = [
        (f"stem{one}", f"form{one}", f"Stem{other}", f"form{other}")
        for one in range(count)
        for other in range(count)
        if one != other
    ]
    return keyed(words, np.concatenate([np.zeros((1, dimensions)), stems, forms])), (
        Section("gram1", tuple(questions)),
    )


words_asked = st.sampled_from([*WORDS[:10], "é", "unknown"])
asked = st.lists(st.tuples(*[words_asked] * 4), max_size=12).map(tuple)


@settings(max_examples=80, deadline=None)
@given(
    questions=st.lists(asked, min_size=1, max_size=3).filter(any),
    numbers=st.lists(st.integers(-1, 1), min_size=32, max_size=32),
    count=st.integers(1, 16),
    most_frequent=st.integers(1, 18),
)
@example(questions=[(("a", "b", "c", "a"),)], numbers=[1, 0] * 16, count=5, most_frequent=9)  # the answer is asked
def test_ties_cases_and_zero_vectors_as_in_gensim(tmp_path_factory, questions, numbers, count, most_frequent):
    sections = tuple(Section(f"part {index}", part) for index, part in enumerate(questions))
    vectors = keyed(WORDS[:count], np.reshape(numbers, (16, 2))[:count])
    path = write(tmp_path_factory.getbasetemp(), sections)
    assert ours(vectors, sections, most_frequent) == gensims(vectors, path, most_frequent)
    assert ours(vectors, sections, most_frequent, "3cosmul") == by_cosmul(vectors, sections, most_frequent)


def test_enough_other_spellings_crowd_out_the_answer(tmp_path):
    words = ["abc", "d", "e", "x", "Abc", "aBc", "abC", "ABc", "AbC", "y"]
    sections = (Section("part", (("abc", "d", "e", "x"), ("d", "abc", "e", "x"), ("abc", "d", "abc", "abc"))),)
    for seed in range(20):
        vectors = random_vectors(words, 2, seed)
        vectors.vectors[4:9] = vectors.vectors[0] + 0.01 * vectors.vectors[4:9]
        assert ours(vectors, sections, None) == gensims(vectors, write(tmp_path, sections), None)


@pytest.mark.parametrize("method", METHODS)
def test_many_questions_in_blocks(tmp_path, monkeypatch, method):
    vectors, sections = planted()
    expected = (
        by_cosmul(vectors, sections, 100) if method == "3cosmul" else gensims(vectors, write(tmp_path, sections), 100)
    )
    assert 200 < len(expected[0][1]) < len(expected[0][1] + expected[0][2]) - 200
    calls = []
    ask_gensim = solving._ask_gensim
    monkeypatch.setattr(solving, "_ask_gensim", lambda *given: calls.append(1) or ask_gensim(*given))
    assert ours(vectors, sections, 100, method) == expected
    assert len(calls) < 20  # only where rounding could decide
    for block in (1, 7 * 4 * 100):
        monkeypatch.setattr(solving, "BLOCK", block)
        assert ours(vectors, sections, 100, method) == expected


@pytest.mark.parametrize("method", METHODS)
def test_where_rounding_could_decide_gensim_is_asked(monkeypatch, method):
    """The expected word and a rival with the same vector: whatever is faster must not decide."""
    vectors = random_vectors(["a", "b", "c", "d", "rival", *"efgh"], 50)
    vectors.vectors[3] = vectors.vectors[4] = vectors.vectors[1] + vectors.vectors[2] - vectors.vectors[0]
    for told in (True, False):
        monkeypatch.setattr(solving, "_ask_gensim", lambda *given, told=told: told)
        report = evaluate_analogies(vectors, [Section("one", (("a", "b", "c", "d"),))], method=method)
        assert report.total.accuracy == told


def test_the_report():
    vectors = keyed(
        ["man", "king", "woman", "queen", "apple"], [[1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 1, 1], [-1, 0, 0]]
    )
    right, wrong, unknown = (
        ("Man", "king", "woman", "queen"),
        ("man", "king", "woman", "apple"),
        ("man", "king", "x", "Y"),
    )
    sections = (Section("royal", (right, wrong, unknown, right)), Section("gram1", (right,)), Section("none", ()))
    report = evaluate_analogies(vectors, sections)
    royal, gram, none = report.sections
    assert (royal.correct, royal.incorrect, royal.unanswerable) == ((right, right), (wrong,), (unknown,))
    assert (royal.n, royal.known, royal.accuracy, royal.coverage) == (4, 3, 2 / 3, 0.75)
    assert (none.n, none.known, none.accuracy, none.coverage) == (0, 0, None, 0.0)
    assert report.semantic.accuracy == 2 / 3
    assert report.syntactic.accuracy == gram.accuracy == 1
    assert (report.total.n, report.total.accuracy) == (5, 0.75)
    assert report.unknown == ("x", "Y")
    assert report.repeated == 2
    summary = json.loads(json.dumps(report.summary(), allow_nan=False))
    assert summary["total"] == {"accuracy": 0.75, "correct": 3, "known": 4, "n": 5, "coverage": 0.8}
    assert [one["name"] for one in summary["sections"]] == ["royal", "gram1", "none"]


def test_nothing_known_is_no_number():
    report = evaluate_analogies(random_vectors("abc"), [Section("one", (("x", "a", "b", "c"),))])
    assert report.total.accuracy is None
    assert report.total.n == 1
    assert report.unknown == ("x",)


def test_vectors_of_this_package():
    vectors, sections = planted(10)
    made = Vectors(vectors.index_to_key, vectors.vectors)
    assert evaluate_analogies(made, sections) == evaluate_analogies(vectors, sections)


def test_the_vectors_stay_as_they_are():
    vectors, sections = planted(5)
    before = vectors.vectors.copy()
    evaluate_analogies(vectors, sections, 8)
    assert np.array_equal(vectors.vectors, before)
    assert len(vectors.index_to_key) == 11


def test_bad_settings_are_errors():
    with pytest.raises(InputError, match="most frequent -1"):
        evaluate_analogies(random_vectors("abc"), [], -1)
    with pytest.raises(InputError, match="one of 3cosadd, 3cosmul"):
        evaluate_analogies(random_vectors("abc"), [], method="guess")


@pytest.mark.realdata
def test_googles_questions(tmp_path):
    if not GOOGLE.is_file():
        pytest.skip("needs ../shared/data")
    sections = read_questions(GOOGLE)
    assert [len(sections), sum(len(section.questions) for section in sections)] == [14, 19544]
    words = list(dict.fromkeys(word for section in sections for question in section.questions for word in question))
    vectors = random_vectors(words[::2] + words[1::2], 10)
    # Every section, but not every question: gensim takes them one by one.
    some = tuple(Section(section.name, section.questions[::4]) for section in sections)
    assert ours(vectors, some, 600) == gensims(vectors, write(tmp_path, some), 600)
