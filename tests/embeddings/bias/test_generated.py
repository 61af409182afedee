"""Generated analogies against every pair of a few words."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.bias import generated
from embeddings.bias.direction import group_direction
from embeddings.bias.generated import Analogy, frequent_rows, generate_analogies
from embeddings.errors import InputError
from embeddings.vectors import Vectors

from .samples import along, cosine, random_vectors, unit


def brute_force(vectors, g, words, furthest):
    """All pairs by their score, then those of which no word was used on its side."""
    scored = []
    for x in words:
        for y in words:
            difference = unit(vectors, x) - unit(vectors, y)
            if x != y and np.linalg.norm(difference) <= furthest and difference @ g > 0:
                scored.append((cosine(g, difference), x, y))
    ranked, first, second = [], set(), set()
    for score, x, y in sorted(scored, reverse=True):
        if x not in first and y not in second:
            first.add(x)
            second.add(y)
            ranked.append((x, y, score))
    return ranked


@given(st.integers(0, 10**6), st.floats(0.5, 1.6), st.integers(3, 40))
@settings(max_examples=25, deadline=None)
def test_is_brute_force(seed, furthest, block):
    words = [f"w{i}" for i in range(24)]
    vectors = random_vectors(words, 4, seed)
    direction = group_direction(vectors, [("w0", "w1")])
    expected = brute_force(vectors, direction.vector, words[:20], furthest)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generated, "BLOCK", block)
        found = generate_analogies(vectors, direction, 10, 20, furthest)
    assert [(one.first, one.second) for one in found] == [(x, y) for x, y, _ in expected[:10]]
    np.testing.assert_allclose([one.score for one in found], [score for *_, score in expected[:10]], atol=1e-4)


def test_only_the_best_are_kept(monkeypatch):
    words = [f"w{i}" for i in range(60)]
    vectors = random_vectors(words, 4)
    direction = group_direction(vectors, [("w0", "w1")])
    expected = generate_analogies(vectors, direction, 3)
    monkeypatch.setattr(generated, "KEPT", 40)
    monkeypatch.setattr(generated, "BLOCK", 7)
    assert [one.first for one in generate_analogies(vectors, direction, 3)] == [one.first for one in expected]


def test_by_hand():
    vectors = Vectors(["queen", "king", "far"], [[0.6, 0.8], [-0.3, 0.954], [-1, 0]])
    found = generate_analogies(vectors, along(1, 0))
    assert [(one.first, one.second) for one in found] == [("queen", "king")]
    assert Analogy("a", "b", 0.5).summary() == {"first": "a", "second": "b", "score": 0.5}


def test_words_alike_and_empty_ones_pair_with_none():
    vectors = Vectors(["a", "b", "zero", "nan"], [[0.6, 0.8], [1.2, 1.6], [0, 0], [np.nan, 1]])
    assert generate_analogies(vectors, along(1, 0)) == ()
    assert frequent_rows(vectors, 4)[0] == ["a", "b"]


@pytest.mark.parametrize("name", ["number", "most_frequent", "furthest"])
def test_refusals(name):
    with pytest.raises(InputError, match=f"{name}: must be more than 0, not 0"):
        generate_analogies(random_vectors("abc"), along(*range(8)), **{name: 0})
    with pytest.raises(InputError, match="fewer than two words"):
        generate_analogies(Vectors(["a", "b"], [[0, 0], [1, 0]]), along(1, 0))
