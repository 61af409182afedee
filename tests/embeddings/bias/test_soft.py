"""Soft debiasing against its objective, written out over all words."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime, minimize

from embeddings import InputError
from embeddings.bias.soft import objective, soft, soft_transform
from embeddings.bias.space import bias_space, unit_rows

from .words import SETS, neutral, planted


def written_out(transform, words, neutral_words, basis, lambda_):
    """`|(TW)^T (TW) - W^T W|^2 + lambda |(TN)^T (TB)|^2`, words as columns."""
    tw, tn, tb = transform @ words, transform @ neutral_words, transform @ basis
    return np.sum((tw.T @ tw - words.T @ words) ** 2) + lambda_ * np.sum((tn.T @ tb) ** 2)


def tiny(seed, neutral_words=None):
    """W, N and B with words as columns, and lambda."""
    random = np.random.default_rng(seed)
    dimensions = random.integers(2, 6)
    words = random.normal(size=(dimensions, dimensions + random.integers(2, 10)))
    basis = np.linalg.qr(random.normal(size=(dimensions, random.integers(1, 3))))[0]
    some = words[:, : neutral_words or -1]
    return words, some, basis, 10 ** random.uniform(-1, 3)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_objective_and_its_gradient(seed):
    words, some, basis, lambda_ = tiny(seed)
    transform = np.random.default_rng(seed).normal(size=(len(words), len(words)))
    value, gradient = objective(transform, words @ words.T, some @ some.T, basis, lambda_)
    np.testing.assert_allclose(value, written_out(transform, words, some, basis, lambda_), rtol=1e-9)
    expected = approx_fprime(
        transform.ravel(), lambda flat: written_out(flat.reshape(transform.shape), words, some, basis, lambda_)
    )
    np.testing.assert_allclose(gradient.ravel(), expected, rtol=1e-3, atol=1e-5 * np.abs(expected).max())


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([None, 1, 2]))
def test_no_other_map_does_better(seed, neutral_words):
    """A general minimiser, from several starts, finds nothing lower; with few neutral words X must be kept positive."""
    words, some, basis, lambda_ = tiny(seed, neutral_words)
    arguments = words @ words.T, some @ some.T, basis, lambda_
    found = soft_transform(*arguments)
    np.testing.assert_allclose(found, found.T, atol=1e-9)
    value = written_out(found, words, some, basis, lambda_)
    random = np.random.default_rng(seed)
    for spread in (0.1, 0.5):
        start = np.eye(len(words)) + spread * random.normal(size=found.shape)
        other = minimize(
            lambda flat: written_out(flat.reshape(found.shape), words, some, basis, lambda_),
            start.ravel(),
            jac=lambda flat: objective(flat.reshape(found.shape), *arguments)[1].ravel(),
        )
        assert value <= other.fun * 1.01 + 1e-6 * np.sum((words.T @ words) ** 2)


def test_the_transform_where_the_linear_system_has_no_root(monkeypatch):
    """A case in which descent is needed; what the clipped root gives is worse."""
    import importlib

    module = importlib.import_module("embeddings.bias.soft")
    better = 0
    for seed in range(60):
        words, some, basis, lambda_ = tiny(seed, 1)
        arguments = words @ words.T, some @ some.T, basis, lambda_
        found = written_out(soft_transform(*arguments), words, some, basis, lambda_)
        with monkeypatch.context() as patch:
            patch.setattr(module, "_descend", lambda start, *rest: start)
            clipped = written_out(soft_transform(*arguments), words, some, basis, lambda_)
        assert found <= clipped * (1 + 1e-3) + 1e-6
        better += found < clipped * 0.99
    assert better > 0


@pytest.mark.parametrize("components", [1, 2])
def test_it_lowers_the_objective_and_the_bias(components):
    vectors = planted()
    rows = unit_rows(vectors)
    basis = bias_space(vectors, rows, SETS, components).basis
    after = [soft(vectors, SETS, strength=strength, components=components) for strength in (0, 0.01, 0.1, 1, 1e4)]
    left = [np.abs(neutral(one) @ basis[0]).mean() for one in after]
    assert left == sorted(left, reverse=True)
    assert left[0] > 0.3
    assert left[-1] < 0.01


def test_the_record_holds_the_paper_s_lambda():
    vectors = planted()
    record = soft(vectors, SETS, strength=0.5).settings["debias"]
    assert record["neutral"] == len(vectors) - 20 - 2
    np.testing.assert_allclose(record["lambda"], 0.5 * len(vectors) ** 2 / record["neutral"])


def test_strength_0_changes_nothing():
    np.testing.assert_allclose(soft(planted(), SETS, strength=0).vectors, planted().vectors, atol=1e-5)


def test_a_control_without_bias_changes_little():
    vectors = planted(strength=0)
    assert np.sum(neutral(vectors) * neutral(soft(vectors, SETS)), 1).mean() > 0.98


@pytest.mark.parametrize("strength", [-0.1, float("nan"), float("inf")])
def test_bad_strength(strength):
    with pytest.raises(InputError, match="--strength: must be 0 or more"):
        soft(planted(), SETS, strength=strength)


def test_no_neutral_words():
    with pytest.raises(InputError, match="every word is specific"):
        soft(planted(), SETS, specific=planted().words)
