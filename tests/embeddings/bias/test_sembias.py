"""SemBias against its formula, the file's form, and what is missing."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.bias.sembias import Counts, Question, evaluate_sembias, read_sembias
from embeddings.errors import InputError
from embeddings.vectors import Vectors

from .samples import cosine, random_vectors, unit

REAL = Path(__file__).parents[4] / "shared" / "data" / "embeddings" / "bias" / "sembias.txt"
LINE = "king:queen\tcup:lid\tdog:cat\tdoctor:nurse"
WORDS = ["he", "she", "king", "queen", "cup", "lid", "dog", "cat", "doctor", "nurse"]


def keep(folder, text):
    path = folder / "sembias.txt"
    path.write_text(text, "utf-8")
    return path


def test_read(tmp_path):
    (one, two) = read_sembias(keep(tmp_path, f"{LINE}\n\na:b c:d e:f g:h\n"))
    assert one == Question((("king", "queen"), ("cup", "lid"), ("dog", "cat"), ("doctor", "nurse")))
    assert two.pairs[3] == ("g", "h")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "sembias.txt: holds no questions"),
        (f"{LINE}\nking:queen cup:lid dog:cat\n", "sembias.txt:2: not four pairs such as"),
        ("a:b c:d e:f g:h i:j\n", "sembias.txt:1: not four pairs"),
        ("a:b c:d e:f g\n", "sembias.txt:1: not four pairs"),
        ("a:b c:d e:f g:\n", "sembias.txt:1: not four pairs"),
        ("a:b c:d e:f g:h:i\n", "sembias.txt:1: not four pairs"),
    ],
)
def test_bad_files(tmp_path, text, said):
    with pytest.raises(InputError) as caught:
        read_sembias(keep(tmp_path, text))
    assert str(caught.value).removeprefix(f"{tmp_path}/").startswith(said)


@given(st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_is_the_pair_with_the_largest_cosine(seed):
    vectors = random_vectors(WORDS, 5, seed)
    pairs = tuple(tuple(pair.split(":")) for pair in LINE.split())
    direction = unit(vectors, "he") - unit(vectors, "she")
    cosines = [cosine(direction, unit(vectors, a) - unit(vectors, b)) for a, b in pairs]
    kind = ["definition", "none", "none", "stereotype"][int(np.argmax(cosines))]
    report = evaluate_sembias(vectors, [Question(pairs)])
    assert getattr(report.total, kind) == 1
    assert report.total.definition + report.total.stereotype + report.total.none == 1


def test_questions_are_counted_the_last_ones_also_by_themselves(tmp_path):
    rows = np.array([[1, 0, 0], [-1, 0, 0], [1, 2, 0], [-1, 2, 0], [0, 1, 1], [0, -1, 1], [0, 1, 0], [0, 0, 1]])
    vectors = Vectors(["he", "she", "king", "queen", "cup", "lid", "dog", "cat"], rows)
    known = "king:queen cup:lid dog:cat cat:dog"
    stereotype = "dog:cat cup:lid cat:dog king:queen"
    none = "queen:king dog:cat king:queen cup:lid"
    unknown = "king:queen cup:lid dog:cat doctor:nurse"
    questions = read_sembias(keep(tmp_path, "\n".join([known, stereotype, none, known, unknown, stereotype])))
    report = evaluate_sembias(vectors, questions, unseen=2)
    assert report.total == Counts(n=6, known=5, definition=2, stereotype=2, none=1)
    assert report.unseen == Counts(n=2, known=1, definition=0, stereotype=1, none=0)
    assert report.missing == ("doctor", "nurse")
    assert evaluate_sembias(vectors, questions).unseen == report.total  # fewer than 40
    summary = json.loads(json.dumps(report.summary()))
    assert summary["total"] == {"n": 6, "known": 5, "definition": 0.4, "stereotype": 0.4, "none": 0.2}
    assert evaluate_sembias(vectors, questions[4:], unseen=0).unseen.summary()["definition"] is None


def test_words_with_the_same_vector_differ_in_no_way():
    vectors = Vectors(["he", "she", "a", "b", "c"], [[1, 0], [-1, 0], [1, 1], [1, 1], [0, 1]])
    report = evaluate_sembias(vectors, [Question((("a", "b"), ("c", "a"), ("c", "a"), ("c", "a")))])
    assert report.total.definition == 1


def test_refusals():
    questions = [Question((("king", "queen"),) * 4)]
    with pytest.raises(InputError, match=r"^SemBias, the words of the direction: 1 of 2 have .*missing: they"):
        evaluate_sembias(random_vectors(WORDS), questions, ("he", "they"))
    with pytest.raises(InputError, match=r"^SemBias: none of 2 have a vector"):
        evaluate_sembias(random_vectors(["he", "she"]), questions)
    with pytest.raises(InputError, match=r"^SemBias: none of the 1 questions has vectors for all"):
        evaluate_sembias(random_vectors(["he", "she", "king"]), questions)
    with pytest.raises(InputError, match=r"'he' and 'she' have the same vector"):
        evaluate_sembias(Vectors(WORDS, np.ones((10, 3))), questions)


@pytest.mark.realdata
@pytest.mark.skipif(not REAL.is_file(), reason=f"{REAL} is not there")
def test_the_authors_file():
    questions = read_sembias(REAL)
    assert len(questions) == 440
    assert len({one.pairs[0] for one in questions[:400]}) == 20
    assert len({one.pairs[0] for one in questions[400:]}) == 2
    assert len({one.pairs[3] for one in questions}) == 20  # stereotypes
