"""Words in the plane."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.errors import InputError
from embeddings.pictures.projection import project, unit_length

RANDOM = np.random.default_rng(1)


def clusters(count=12):
    middles = np.eye(3, 20) * 5
    return np.concatenate([middle + RANDOM.normal(scale=0.3, size=(count, 20)) for middle in middles])


def test_pca_is_the_two_directions_of_most_variance():
    vectors = RANDOM.normal(size=(30, 8)) * [5, 3, 1, 1, 1, 1, 1, 1]
    found = project(vectors, "pca")
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    variances = np.sort(np.linalg.eigvalsh(np.cov(unit.T)))[::-1]
    np.testing.assert_allclose(found.places.var(axis=0, ddof=1), variances[:2])
    assert abs(np.corrcoef(found.places.T)[0, 1]) < 1e-9
    shares = variances / variances.sum()
    assert found.axis_labels[0] == f"1st component: {shares[0]:.0%} of the variance"
    assert found.axis_labels[1] == f"2nd component: {shares[1]:.0%} of the variance"


def test_length_does_not_count():
    vectors = RANDOM.normal(size=(9, 4))
    scaled = vectors * RANDOM.uniform(0.1, 10, size=(9, 1))
    np.testing.assert_allclose(project(vectors, "pca").places, project(scaled, "pca").places, atol=1e-12)


def test_tsne_keeps_clusters_together():
    found = project(clusters(), "tsne")
    groups = np.arange(36) // 12
    distances = np.linalg.norm(found.places[:, None] - found.places[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    assert (groups[distances.argmin(axis=1)] == groups).all()
    assert found.axis_labels == ("t-SNE by cosine, perplexity 11.7", "")


def test_a_seed_gives_the_same_picture():
    vectors = clusters(5)
    first, again, other = (project(vectors, "tsne", seed).places for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)


@pytest.mark.parametrize("method", ["pca", "tsne"])
@pytest.mark.parametrize(
    "vectors",
    [
        np.eye(3),
        np.eye(4)[[0, 0, 0, 1]],
        np.zeros((4, 3)) + np.eye(4, 3),  # one of them zero
        np.array([[1.0], [-1], [2]]),
        np.array([[1.0, 0], [-1, 0], [1, 0], [0, 0]]),
        np.full((5, 2), 3e38, np.float32) * np.array([[1], [-1], [1], [0], [0]], np.float32),
    ],
)
def test_few_and_odd_vectors_give_places(vectors, method):
    found = project(vectors, method)
    assert found.places.shape == (len(vectors), 2)
    assert np.isfinite(found.places).all()
    assert np.ptp(found.places[:, 0]) > 0


@settings(max_examples=20, deadline=None)
@given(st.integers(3, 12), st.integers(1, 4), st.integers(0, 99))
def test_any_small_set_gives_places(count, width, seed):
    vectors = np.random.default_rng(seed).integers(-2, 3, size=(count, width))
    try:
        found = project(vectors, "pca")
    except InputError:
        assert len(np.unique(unit_length(vectors).round(9), axis=0)) == 1
    else:
        assert np.isfinite(found.places).all()


@pytest.mark.parametrize(
    ("vectors", "method", "what"),
    [
        (np.eye(2), "pca", "at least 3 words .* there are 2"),
        (np.ones((4, 3)), "pca", "all 4 words point the same way"),
        (np.zeros((4, 3)), "tsne", "all 4 words point the same way"),
        (np.array([[1.0, 2], [2, 4], [0.5, 1]]), "tsne", "point the same way"),
        (np.array([[1.0, np.nan], [2, 4], [0.5, 1]]), "pca", "NaN or infinity"),
        (np.array([[1.0, np.inf], [2, 4], [0.5, 1]]), "pca", "NaN or infinity"),
        (np.eye(3), "umap", "method 'umap': is not one of pca, tsne"),
    ],
)
def test_what_cannot_be_drawn(vectors, method, what):
    with pytest.raises(InputError, match=what):
        project(vectors, method)
