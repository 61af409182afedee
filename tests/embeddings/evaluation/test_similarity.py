"""Word similarity: gensim's numbers, and never without what they rest on."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings import Vectors
from embeddings.errors import InputError
from embeddings.evaluation import evaluate_similarity, read_pairs

from .samples import keep, keyed, random_vectors

DATA = Path(__file__).parents[4] / "shared/data/embeddings/evaluation"
WORDS = ["the", "US", "us", "king", "King", "ß", "好", "a", "b", "c"]
pairs_of_words = st.tuples(
    st.sampled_from([*WORDS, "unknown", "A", "SS"]), st.sampled_from([*WORDS, "THE"]), st.integers(0, 9).map(float)
)


@pytest.mark.filterwarnings("ignore:An input array is constant")
@settings(max_examples=40, deadline=None)
@given(st.lists(pairs_of_words, min_size=3, max_size=30), st.integers(1, 12), st.integers(0, 9))
def test_the_numbers_are_gensims(tmp_path_factory, pairs, most_frequent, seed):
    vectors = random_vectors(WORDS, 3, seed)
    report = evaluate_similarity(vectors, pairs, most_frequent)
    path = keep(tmp_path_factory.getbasetemp(), "".join(f"{a}\t{b}\t{score}\n" for a, b, score in pairs))
    try:
        _, (expected, _), unknown = vectors.evaluate_word_pairs(path, restrict_vocab=most_frequent)
    except ValueError:  # too few known pairs for a correlation
        assert report.known < 2
        assert report.spearman is None
        return
    assert report.n == len(pairs)
    assert report.coverage == pytest.approx(1 - unknown / 100)
    if np.isnan(expected):
        assert report.spearman is None
        assert report.undefined
    else:
        assert report.spearman == expected
        assert not report.undefined


def test_unknown_words_and_repeated_pairs():
    pairs = [("cat", "Dog", 1.0), ("dog", "CAT", 2.0), ("cat", "unicorn", 3.0), ("griffin", "unicorn", 4.0)]
    report = evaluate_similarity(keyed(["cat", "dog"], [[1, 0], [0, 1]]), pairs)
    assert (report.n, report.known, report.coverage) == (4, 2, 0.5)
    assert report.unknown == ("unicorn", "griffin")
    assert report.repeated == 1
    assert json.loads(json.dumps(report.summary()))["unknown"] == ["unicorn", "griffin"]


@pytest.mark.parametrize(
    ("pairs", "why"),
    [
        ([], "no known pairs"),
        ([("x", "a", 1.0)], "no known pairs"),
        ([("a", "b", 1.0)], "1 known pair,"),
        ([("a", "b", 1.0), ("a", "c", 1.0)], "people's scores"),
        ([("a", "b", 1.0), ("b", "a", 2.0)], "the vectors' similarities"),
    ],
)
def test_an_undefined_correlation_says_why(pairs, why):
    report = evaluate_similarity(random_vectors("abc"), pairs)
    assert report.spearman is None
    assert report.undefined.startswith(why)
    assert report.summary()["undefined"] == report.undefined


def test_vectors_of_this_package_and_zero_vectors():
    vectors = Vectors(["a", "b", "c"], np.array([[1, 0], [0, 0], [1, 1]], np.float32))
    report = evaluate_similarity(vectors, [("a", "b", 1.0), ("a", "c", 2.0)])
    assert report.spearman == pytest.approx(1)


def test_no_words_are_an_error():
    with pytest.raises(InputError, match="most frequent 0"):
        evaluate_similarity(random_vectors("abc"), [("a", "b", 1.0)], 0)


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["MEN-TR-3k", "RW-STANFORD", "SIMLEX-999", "WS-353-ALL", "WS-353-REL", "WS-353-SIM"])
def test_the_fields_own_files(name):
    path = DATA / f"EN-{name}.txt"
    if not path.is_file():
        pytest.skip("needs ../shared/data")
    pairs = read_pairs(path)
    words = sorted({word for a, b, _ in pairs for word in (a, b)})
    vectors = random_vectors(words[::2] + words[1::3])
    report = evaluate_similarity(vectors, pairs)
    _, (expected, _), _ = vectors.evaluate_word_pairs(path)
    assert report.spearman == expected
    assert report.n == len(path.read_text().splitlines())
