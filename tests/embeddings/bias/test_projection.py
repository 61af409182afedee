"""Direct bias against the paper's formula, by hand, and on planted bias."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.bias.direction import group_direction
from embeddings.bias.planted import planted
from embeddings.bias.projection import direct_bias
from embeddings.errors import InputError
from embeddings.vectors import Vectors

from .samples import along, cosine, random_vectors


@given(st.integers(0, 10**6), st.floats(0.1, 4))
@settings(max_examples=30, deadline=None)
def test_is_the_papers_formula(seed, strictness):
    vectors = random_vectors("abcdef", seed=seed)
    direction = group_direction(vectors, [("a", "b"), ("c", "d")])
    cosines = {word: cosine(vectors[word].astype(float), direction.vector) for word in "cdef"}
    report = direct_bias(vectors, ["f", "c", "x", "e", "d", "f"], direction, strictness)
    assert report.value == pytest.approx(np.mean([abs(one) ** strictness for one in cosines.values()]), abs=1e-6)
    assert dict(report.projections) == pytest.approx(cosines, abs=1e-6)
    assert [word for word, _ in report.projections] == sorted(cosines, key=cosines.get, reverse=True)
    assert (report.n, report.missing) == (4, ("x",))


def test_by_hand():
    vectors = Vectors(["nurse", "baker", "clerk"], [[6, 8], [-1, 0], [0, 2]])
    report = direct_bias(vectors, ["clerk", "baker", "nurse"], along(1, 0))
    assert report.value == pytest.approx((0.6 + 1 + 0) / 3)
    assert [word for word, _ in report.projections] == ["nurse", "clerk", "baker"]
    assert direct_bias(vectors, vectors.words, along(1, 0), 2).value == pytest.approx((0.36 + 1) / 3)
    assert direct_bias(vectors, vectors.words, along(1, 0), 0).value == pytest.approx(2 / 3)
    assert json.loads(json.dumps(report.summary()))["projections"][1] == {"word": "clerk", "projection": 0.0}


@pytest.mark.parametrize("strength", [0.0, 0.2, 0.5])
def test_planted_bias_is_measured_as_it_is(strength):
    made = planted(strength)
    direction = group_direction(made.vectors, made.sets.definitional_pairs)
    assert direction.vector @ made.direction == pytest.approx(1, abs=1e-6)
    biased = direct_bias(made.vectors, made.first, direction)
    assert biased.value == pytest.approx(strength, abs=1e-6)
    assert {round(one, 5) for _, one in biased.projections} == {strength}
    assert direct_bias(made.vectors, made.sets.professions, direction).value == pytest.approx(
        strength * 2 / 3, abs=1e-6
    )


def test_refusals():
    vectors = Vectors(["a", "b"], [[1, 0], [0, 0]])
    with pytest.raises(InputError, match=r"^professions: 1 of 2 have a vector and 2 are needed; missing: x"):
        direct_bias(vectors, ["a", "x"], along(1, 0), needed=2)
    with pytest.raises(InputError, match=r"^professions: the vector of 'b' has length zero"):
        direct_bias(vectors, ["a", "b"], along(1, 0))
    with pytest.raises(InputError, match="strictness: must be 0 or more, not -1"):
        direct_bias(vectors, ["a"], along(1, 0), -1)
    with pytest.raises(InputError, match="strictness"):
        direct_bias(vectors, ["a"], along(1, 0), float("nan"))
