"""The planted bias is as large as it is said to be."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.bias.planted import DEFINITE, planted
from embeddings.errors import InputError


@given(
    st.floats(0, 0.7), st.floats(0, 0.7), st.integers(24, 90), st.integers(1, 4), st.integers(3, 9), st.integers(0, 99)
)
@settings(max_examples=30, deadline=None)
def test_cosines(strength, residual, words, pairs, dimensions, seed):
    made = planted(strength, residual, words, pairs, dimensions, seed)
    vectors = made.vectors
    assert len(vectors) == len(set(vectors.words)) == words + 2 * pairs
    np.testing.assert_allclose(vectors.norms(), 1, atol=1e-5)
    along = dict(zip(vectors.words, vectors.vectors @ made.direction, strict=True))
    assert [along[word] for word in made.first] == pytest.approx([strength] * len(made.first), abs=1e-5)
    assert [along[word] for word in made.second] == pytest.approx([-strength] * len(made.second), abs=1e-5)
    for a, b in made.sets.definitional_pairs:
        assert (along[a], along[b]) == (pytest.approx(DEFINITE, abs=1e-5), pytest.approx(-DEFINITE, abs=1e-5))
        np.testing.assert_allclose(vectors[a] - vectors[b], 2 * DEFINITE * made.direction, atol=1e-5)
    neutral = set(vectors.words) - {*made.first, *made.second, *made.sets.specific}
    assert [along[word] for word in neutral] == pytest.approx([0] * len(neutral), abs=1e-5)
    means = [np.mean([vectors[word] for word in side], 0) for side in (made.first, made.second)]
    if dimensions > 8 and words > 80:
        assert np.linalg.norm(means[0] - means[1]) / 2 == pytest.approx(np.hypot(strength, residual), abs=0.3)


def test_the_seed_decides():
    a, b, c = planted(0.3, seed=1), planted(0.3, seed=1), planted(0.3, seed=2)
    np.testing.assert_array_equal(a.vectors.vectors, b.vectors.vectors)
    assert (a.vectors.vectors != c.vectors.vectors).any()


@pytest.mark.parametrize(
    "wrong",
    [
        {"strength": -0.1},
        {"strength": 1.1},
        {"strength": float("nan")},
        {"strength": 0.8, "residual": 0.7},
        {"strength": 0.1, "words": 23},
        {"strength": 0.1, "pairs": 0},
        {"strength": 0.1, "dimensions": 2},
    ],
)
def test_refusals(wrong):
    with pytest.raises(InputError):
        planted(**wrong)
