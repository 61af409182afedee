"""Inference in the CRF is what its definition says, by brute force over every tag sequence."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.crf import (
    edge_marginals,
    k_best,
    log_likelihood,
    log_partition,
    marginals,
    sample,
    score,
    viterbi,
)
from tests.layers import harness
from tests.layers.crf.brute_force import Chains, random_chains

SEEDS = st.integers(0, 2**32 - 1)
METHODS = ("scan", "associative")
few = settings(
    parent=harness.tried, max_examples=6 if keras.backend.backend() == "tensorflow" else 2
)  # of five rows each


def numpy_of(*tensors: Any) -> list[np.ndarray]:
    return [harness.to_numpy(tensor) for tensor in tensors]


@few
@given(SEEDS, st.booleans(), st.sampled_from(METHODS))
def test_the_partition_is_the_sum_over_all_sequences(seed: int, forbid: bool, method: str) -> None:
    chains = random_chains(seed, forbid=forbid)
    (actual,) = numpy_of(log_partition(chains.potentials(), method))
    np.testing.assert_allclose(actual, chains.log_partition(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", [(2, 1, 2), (2, 5, 4)])
def test_the_partition_of_other_shapes(method: str, shape: tuple[int, int, int]) -> None:
    chains = random_chains(5, shape)
    (actual,) = numpy_of(log_partition(chains.potentials(), method))
    np.testing.assert_allclose(actual, chains.log_partition(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_large_scores_and_dead_ends_are_exact_in_float32(method: str) -> None:
    for seed in range(5):
        chains = random_chains(seed, (3, 5, 3), scale=100.0)
        actual, inside = numpy_of(log_partition(chains.potentials(), method), marginals(chains.potentials(), method))
        np.testing.assert_allclose(actual, chains.log_partition(), rtol=1e-5, atol=1e-4)
        np.testing.assert_allclose(inside[0], chains.marginals(0), atol=1e-3)


@few
@given(SEEDS)
def test_scores_are_the_sums_along_the_sequence(seed: int) -> None:
    chains = random_chains(seed, forbid=False)
    tags = np.random.default_rng(seed).integers(0, chains.size, chains.mask.shape)
    potentials = chains.potentials()
    expected = [chains.score(chains.emissions[b][m], tags[b][m]) for b, m in enumerate(chains.mask)]
    anything = np.where(chains.mask, tags, np.random.default_rng(seed).integers(-9, 9, tags.shape))
    actual, likelihood = numpy_of(score(potentials, anything), log_likelihood(potentials, anything))
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(likelihood, expected - chains.log_partition(), rtol=1e-4, atol=1e-5)


@few
@given(SEEDS, st.booleans(), st.sampled_from(METHODS))
def test_viterbi_finds_the_best_sequence(seed: int, forbid: bool, method: str) -> None:
    chains = random_chains(seed, forbid=forbid)
    tags, best = numpy_of(*viterbi(chains.potentials(), method))
    for b, mask in enumerate(chains.mask):
        paths, scores = chains.paths(b)
        np.testing.assert_array_equal(tags[b][mask], paths[scores.argmax()])
        np.testing.assert_allclose(best[b], scores.max(), rtol=1e-5, atol=1e-5)


@few
@given(SEEDS, st.integers(1, 30))
def test_k_best_are_the_k_best_in_order(seed: int, k: int) -> None:
    chains = random_chains(seed, (3, 3, 3))
    tags, best = numpy_of(*k_best(chains.potentials(), k))
    assert tags.shape == (3, k, 3)
    for b, mask in enumerate(chains.mask):
        paths, scores = chains.paths(b)
        order = [place for place in np.argsort(-scores) if np.isfinite(scores[place])]
        known = min(k, len(order))
        np.testing.assert_allclose(best[b, :known], scores[order][:k], rtol=1e-5, atol=1e-5)
        np.testing.assert_array_equal(tags[b, :known][:, mask], paths[order][:k])
        assert (best[b, known:] == -np.inf).all()


@few
@given(SEEDS, st.booleans(), st.sampled_from(METHODS))
def test_marginals_are_sums_over_all_sequences(seed: int, forbid: bool, method: str) -> None:
    chains = random_chains(seed, forbid=forbid)
    tags, edges = numpy_of(marginals(chains.potentials(), method), edge_marginals(chains.potentials(), method))
    for b, mask in enumerate(chains.mask):
        np.testing.assert_allclose(tags[b][mask], chains.marginals(b), atol=1e-5)
    np.testing.assert_allclose(edges.sum((2, 3)), 1, rtol=1e-5)
    np.testing.assert_allclose(edges[:, 1:].sum(3), tags[:, :-1], atol=1e-5)


def test_masked_steps_repeat_the_last_real_one_and_begin_with_tag_zero() -> None:
    chains = random_chains(0, (1, 5, 3), forbid=False)
    chains = Chains(chains.emissions, np.array([[False, True, False, True, False]]), *rest(chains))
    tags, some, draws = numpy_of(
        viterbi(chains.potentials())[0], marginals(chains.potentials()), sample(chains.potentials(), 9, 0)
    )
    for one in (tags, *draws.swapaxes(0, 1)):
        assert one[0, 0] == 0
        assert (one[0, 2], one[0, 4]) == (one[0, 1], one[0, 3])
    np.testing.assert_allclose(some[0, [0, 2, 4]], [[1, 0, 0], some[0, 1], some[0, 3]], atol=1e-6)


def rest(chains: Chains) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return chains.transitions, chains.start, chains.end


def test_holes_change_nothing_but_their_place() -> None:
    chains = random_chains(1, (1, 6, 3))
    mask = np.array([[True, False, True, True, False, True]])
    holes, cut = Chains(chains.emissions, mask, *rest(chains)), chains.emissions[:, mask[0]]
    whole = Chains(cut, np.ones((1, 4), bool), *rest(chains))
    for one, other in ((holes, whole),):
        np.testing.assert_allclose(
            *numpy_of(log_partition(one.potentials()), log_partition(other.potentials())), rtol=1e-5
        )
        (tags,), (expected,) = numpy_of(viterbi(one.potentials())[0]), numpy_of(viterbi(other.potentials())[0])
        np.testing.assert_array_equal(tags[mask], expected[0])


def test_samples_have_the_exact_frequencies() -> None:
    chains, draws = random_chains(3, (3, 3, 3)), 20_000
    (tags,) = numpy_of(sample(chains.potentials(), draws, seed=1))  # [batch, draws, time]
    for b, mask in enumerate(chains.mask):
        paths, scores = chains.paths(b)
        drawn, counts = np.unique(tags[b][:, mask], axis=0, return_counts=True)
        frequency = {tuple(path): count / draws for path, count in zip(drawn, counts, strict=True)}
        expected = np.exp(scores - chains.log_partition()[b])
        actual = np.array([frequency.pop(tuple(path), 0.0) for path in paths])
        assert not frequency
        assert (actual[expected == 0] == 0).all()
        assert (abs(actual - expected) < 5 * np.sqrt(expected / draws) + 1e-9).all()


def test_samples_follow_the_seed() -> None:
    potentials = random_chains(0).potentials()
    one, same, other = numpy_of(*(sample(potentials, 50, seed) for seed in (1, 1, 2)))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()
    generator = keras.random.SeedGenerator(0)
    assert (numpy_of(sample(potentials, 50, generator))[0] != numpy_of(sample(potentials, 50, generator))[0]).any()


def test_a_legal_sequence_however_bad_beats_a_forbidden_one() -> None:
    emissions = np.array([[[-5e4, 5e4], [-5e4, 5e4]]], "float32")
    scores = np.zeros((2, 2)), np.array([0.0, -np.inf]), np.zeros(2)
    scores[0][0, 1] = -np.inf
    potentials = Chains(emissions, np.ones((1, 2), bool), *scores).potentials()
    tags, ranked, draws = numpy_of(viterbi(potentials)[0], k_best(potentials, 2)[1], sample(potentials, 20, 0))
    assert (tags == 0).all()
    assert (draws == 0).all()
    np.testing.assert_array_equal(ranked, [[-1e5, -np.inf]])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("forbid", [False, True])
def test_the_gradient_of_the_partition_is_the_edges_marginals(method: str, forbid: bool) -> None:
    potentials = harness.to_numpy(random_chains(4, forbid=forbid).potentials())
    weights = np.array([1.0, 2.0, -3.0, 0.5, 4.0], "float32")  # what comes from above

    def loss(values: list[Any]) -> Any:
        return keras.ops.sum(log_partition(values[0], method) * harness.to_tensor(weights))

    (slopes,) = harness.gradients(loss, [potentials])
    expected = harness.to_numpy(edge_marginals(potentials)) * weights.reshape(-1, 1, 1, 1)
    np.testing.assert_allclose(slopes, expected, atol=1e-5)


def test_the_gradient_of_the_likelihood_is_the_finite_difference() -> None:
    dtype, step, tolerance = ("float64", 1e-6, 1e-6) if keras.backend.backend() == "tensorflow" else harness.COARSE
    potentials = harness.to_numpy(random_chains(4, forbid=False).potentials()).astype(dtype)
    tags = np.array([[0, 2, 1, 1]] * 5)
    real = abs(potentials) < 1e8
    direction = np.where(real, np.random.default_rng(0).normal(size=potentials.shape), 0)

    def loss(values: list[Any]) -> Any:
        return keras.ops.sum(log_likelihood(values[0], tags))

    (slopes,) = harness.gradients(loss, [potentials])
    assert np.isfinite(slopes).all()
    ahead, behind = (
        float(harness.to_numpy(loss([harness.to_tensor((potentials + sign * step * direction).astype(dtype))])))
        for sign in (1, -1)
    )
    np.testing.assert_allclose(
        (ahead - behind) / (2 * step), (slopes * direction).sum(), rtol=tolerance, atol=tolerance
    )


def test_in_a_compiled_graph_of_open_sizes_all_is_the_same() -> None:
    tf = pytest.importorskip("tensorflow")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("a TensorFlow graph")
    chains = random_chains(2)

    def everything(potentials: Any) -> list[Any]:
        found = [f(potentials, method) for f in (log_partition, marginals) for method in METHODS]
        return [
            *found,
            *viterbi(potentials),
            *k_best(potentials, 4),
            score(potentials, tf.zeros_like(potentials[:, :, 0, 0])),
        ]

    spec = [tf.TensorSpec((None, None, 3, 3))]
    expected = numpy_of(*everything(chains.potentials()))
    for compiled in (False, True):
        graph = tf.function(everything, input_signature=spec, jit_compile=compiled)
        harness.assert_same(numpy_of(*graph(chains.potentials())), expected)


@pytest.mark.parametrize("shape", [(2, 3, 3), (2, 3, 3, 4), (2, 3, 1, 1), (2, 0, 3, 3)])
@pytest.mark.parametrize(
    "function", [log_partition, marginals, viterbi, lambda p: k_best(p, 1), lambda p: sample(p, 1)]
)
def test_other_shapes_are_refused(function: Any, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"potentials must be \[batch, time, tags, tags\]"):
        function(np.zeros(shape, "float32"))


def test_bad_arguments_are_refused() -> None:
    potentials = np.zeros((1, 2, 3, 3), "float32")
    with pytest.raises(ValueError, match="method must be 'scan' or 'associative', not 'tree'"):
        log_partition(potentials, "tree")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="k must be a whole number of at least 1, not 0"):
        k_best(potentials, 0)
    with pytest.raises(ValueError, match=r"n must be a whole number of at least 1, not 1\.5"):
        sample(potentials, 1.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"tags must be \[batch, time\] like the potentials, \(1, 2\), not \(1, 3\)"):
        score(potentials, np.zeros((1, 3), int))


@pytest.mark.parametrize("tag", [3, -1])
def test_a_tag_outside_the_range_is_refused(tag: int) -> None:
    with pytest.raises(ValueError, match=rf"tags must be from 0 to 2 at real steps, not {tag} \(example 0, step 1\)"):
        score(np.zeros((1, 2, 3, 3), "float32"), np.array([[0, tag]]))
