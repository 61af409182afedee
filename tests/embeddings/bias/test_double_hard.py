"""Double-hard debiasing: the component found by clustering is taken out before hard debiasing."""

import numpy as np
import pytest

from embeddings import InputError, Vectors
from embeddings.bias.double_hard import clustering_accuracy, decentred, double_hard, principal_components
from embeddings.bias.hard import hard
from embeddings.bias.space import bias_space, unit_rows

from .words import SETS, neutral, planted


def entangled():
    """Sides that show in the second component of all vectors too, as they do in that of frequency."""
    vectors = planted()
    rows = vectors.vectors.copy()
    rows[22:, 3] += np.where(np.arange(400) % 2, -1, 1) * np.linalg.norm(rows[22:], axis=1)
    rows[22:, 5] += np.random.default_rng(1).normal(size=400) * 0.6 * np.linalg.norm(vectors.vectors[22:], axis=1)
    return Vectors(vectors.words, rows)


def test_principal_components():
    from sklearn.decomposition import PCA

    vectors = planted().vectors
    mean, axes = principal_components(vectors, 4)
    expected = PCA(4).fit(vectors.astype(np.float64))
    np.testing.assert_allclose(mean, expected.mean_, atol=1e-5)
    np.testing.assert_allclose(np.abs(np.sum(axes * expected.components_, 1)), 1, atol=1e-4)


def test_the_component_that_holds_the_sides_is_taken_out():
    vectors = entangled()
    after = double_hard(vectors, SETS, candidates=5)
    record = after.settings["debias"]
    accuracies = record["cluster_accuracies"]
    assert len(accuracies) == 5
    assert record["removed_component"] == 1 + int(np.argmin(accuracies))
    _, axes = principal_components(vectors.vectors, 5)
    assert abs(axes[record["removed_component"] - 1][3]) > 0.8  # where the sides were planted
    assert min(accuracies) < 0.65 < sorted(accuracies)[1]


def test_nothing_is_left_along_it_and_along_the_bias():
    vectors = entangled()
    after = double_hard(vectors, SETS, candidates=5)
    mean, axes = principal_components(vectors.vectors, 5)
    axis = axes[after.settings["debias"]["removed_component"] - 1]
    np.testing.assert_allclose(unit_rows(after) @ axis, 0, atol=2e-6)
    left = decentred(vectors, mean, axis)
    direction = bias_space(left, unit_rows(left), SETS).basis[0]
    np.testing.assert_allclose(neutral(after) @ direction, 0, atol=1e-6)


def test_it_is_hard_debiasing_of_vectors_without_mean_and_component():
    vectors = entangled()
    after = double_hard(vectors, SETS, candidates=5, lengths="unit")
    rows = vectors.vectors.astype(np.float64)
    centred = rows - rows.mean(0)
    number = after.settings["debias"]["removed_component"]
    u = np.linalg.svd(centred, full_matrices=False)[2][number - 1]
    expected = hard(Vectors(vectors.words, centred - np.outer(centred @ u, u)), SETS, lengths="unit")
    np.testing.assert_allclose(after.vectors, expected.vectors, atol=2e-5)


def test_specific_words_are_not_clustered_and_those_too_rare_are_not():
    record = double_hard(entangled(), SETS, candidates=1, most_frequent=122).settings["debias"]
    assert 40 <= record["words_per_side"] <= 50
    record = double_hard(entangled(), SETS, [f"w{n}" for n in range(0, 400, 2)][:150], candidates=1).settings["debias"]
    assert record["words_per_side"] <= 56


def test_clustering_accuracy():
    """Held to k-means over the debiased words, written out."""
    from sklearn.cluster import KMeans

    vectors = entangled()
    mean, axes = principal_components(vectors.vectors, 1)
    sides = np.stack([np.arange(22, 222, 2), np.arange(23, 223, 2)])
    left = decentred(vectors, mean, axes[0])
    debiased = hard(left, SETS, lengths="unit").vectors[sides.ravel()]
    found = KMeans(2, n_init=10, random_state=0).fit_predict(debiased)
    agreement = np.mean(found == np.repeat([0, 1], 100))
    got = clustering_accuracy(vectors, SETS, mean, axes[0], sides, 1, 0)
    assert got == pytest.approx(max(agreement, 1 - agreement), abs=0.011)


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"candidates": 0}, "candidates: must be 1 or more, not 0"),
        ({"most_frequent": 30}, r"only \d neutral words lie to a side, 10 needed"),
    ],
)
def test_what_cannot_be_done(options, what):
    with pytest.raises(InputError, match=what):
        double_hard(planted(), SETS, **options)
