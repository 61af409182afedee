"""Scores against the papers' equations in numpy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from layers.attention import (
    AdditiveScore,
    Attention,
    ConcatScore,
    DotScore,
    GeneralScore,
    LocationScore,
    ScaledDotScore,
    Score,
    get_score,
)
from tests.layers import harness
from tests.layers.attention.adapters import randomized

Array = np.ndarray


def dot(w: dict[str, Array], q: Array, k: Array) -> float:
    return q @ k


def scaled(w: dict[str, Array], q: Array, k: Array) -> float:
    return q @ k / np.sqrt(len(q))


def general(w: dict[str, Array], q: Array, k: Array) -> float:
    return q @ w["kernel"] @ k


def additive(w: dict[str, Array], q: Array, k: Array) -> float:
    return w["vector"][:, 0] @ np.tanh(w["query_kernel"].T @ q + w["key_kernel"].T @ k + w.get("bias", 0))


def normalized(w: dict[str, Array], q: Array, k: Array) -> float:
    """Raffel et al. (2017), equation 16 without the scalar r."""
    return w["gain"] * additive({**w, "vector": w["vector"] / np.linalg.norm(w["vector"])}, q, k)


def concat(w: dict[str, Array], q: Array, k: Array) -> float:
    return w["vector"][:, 0] @ np.tanh(w["kernel"].T @ np.concatenate([q, k]))


@pytest.mark.parametrize(
    ("score", "equation", "sizes"),
    [
        (DotScore(), dot, (4, 4)),
        (ScaledDotScore(), scaled, (4, 4)),
        (GeneralScore(), general, (2, 4)),
        (AdditiveScore(3), additive, (2, 4)),
        (AdditiveScore(use_bias=False), additive, (2, 4)),
        (AdditiveScore(3, normalize=True), normalized, (2, 4)),
        (ConcatScore(3), concat, (2, 4)),
    ],
)
def test_it_is_the_paper_s_equation(
    score: Score, equation: Callable[[dict[str, Array], Array, Array], float], sizes: tuple[int, int]
) -> None:
    rng = np.random.default_rng(0)
    query, key = (rng.normal(size=(2, time, size)).astype("float32") for time, size in zip((3, 5), sizes, strict=True))
    score(query, key)
    randomized(score)
    w = {variable.name: harness.to_numpy(variable).astype("float64") for variable in score.variables}
    expected = [[[equation(w, q, k) for k in ks] for q in qs] for qs, ks in zip(query, key, strict=True)]
    np.testing.assert_allclose(harness.to_numpy(score(query, key)), expected, rtol=1e-4, atol=1e-5)
    assert score.compute_output_shape(query.shape, key.shape) == (2, 3, 5)


def test_the_initializer_makes_no_two_weights_alike() -> None:
    score = AdditiveScore(3)
    score.build((None, None, 3), (None, None, 3))
    assert np.abs(harness.to_numpy(score.query_kernel) - harness.to_numpy(score.key_kernel)).max() > 1e-3


@pytest.mark.parametrize("name", ["dot", "scaled_dot", "general", "additive", "concat", "location"])
def test_a_score_has_a_name_and_a_whole_config(name: str) -> None:
    score = get_score(name)
    assert get_score(score) is score
    again = type(score).from_config(score.get_config())
    assert again.get_config() == score.get_config()


@pytest.mark.parametrize("score", [DotScore, ScaledDotScore])
def test_products_of_different_sizes_are_refused(score: type[Score]) -> None:
    with pytest.raises(ValueError, match=r"query and key must have one size, not 2 and 3; use GeneralScore"):
        score()(np.ones((1, 1, 2), "float32"), np.ones((1, 1, 3), "float32"))


@pytest.mark.parametrize("shape", [(1, 2), (1, 2, None), (1, 1, 2, 2)])
def test_inputs_of_other_axes_are_refused(shape: tuple[int | None, ...]) -> None:
    with pytest.raises(ValueError, match=r"AdditiveScore: key must be \[batch, time, features\]"):
        AdditiveScore(2).build((1, 2, 3), shape)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: get_score("cosine"), "score must be one of 'dot', .* or a Score, not 'cosine'"),
        (lambda: get_score(3), "score must be one of .*, not 3"),
        (lambda: AdditiveScore(0), "units must be a whole number of at least 1, not 0"),
        (lambda: ConcatScore(2.5), "units must be a whole number of at least 1, not 2.5"),
        (lambda: LocationScore(2, filters=0), "filters must be a whole number of at least 1, not 0"),
        (lambda: LocationScore(2, kernel_size=4), "kernel_size must be odd"),
        (lambda: Attention(LocationScore(2)).score(*np.ones((2, 1, 1, 2), "float32")), "LocationScore needs the alig"),
    ],
)
def test_bad_use_is_refused(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_the_scaled_product_does_not_overflow_in_float16() -> None:
    """40 x 40 x 64 lies beyond float16's 65504, and what it is divided down to within."""
    many = np.full((1, 1, 64), 40, "float16")
    np.testing.assert_allclose(harness.to_numpy(ScaledDotScore(dtype="float16")(many, many)), [[[12800]]], rtol=1e-3)


def test_the_gain_begins_at_one_over_the_root_of_the_units() -> None:
    """Raffel et al. (2017), section 2.4."""
    score = AdditiveScore(16, normalize=True)
    score.build((None, None, 2), (None, None, 3))
    assert float(harness.to_numpy(score.gain)) == pytest.approx(0.25)
