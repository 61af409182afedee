"""Most biased words, their clusters, and their neighbours, on planted bias and by hand."""

import itertools
import json

import numpy as np
import pytest
from scipy.stats import pearsonr

from embeddings.bias.clusters import BiasedWords, cluster_bias, is_plain, most_biased, neighbour_bias
from embeddings.bias.direction import Direction, group_direction
from embeddings.bias.planted import planted
from embeddings.errors import InputError
from embeddings.vectors import Vectors

from .samples import along, cosine, random_vectors, unit


def without_direction(made):
    """What hard debiasing does to words that are no pair."""
    rows = made.vectors.vectors
    return Vectors(made.vectors.words, rows - np.outer(rows @ made.direction, made.direction))


def direction_of(made):
    return group_direction(made.vectors, made.sets.definitional_pairs)


# Most biased words


def test_most_biased_by_hand():
    words = ["a", "b", "c", "d", "e", "f", "Z", "x1", "zero"]
    rows = [[9, 1], [1, 1], [1, 3], [-1, 9], [-2, 1], [-9, 1], [9, 0], [-9, 0], [0, 0]]
    vectors = Vectors(words, rows)
    assert most_biased(vectors, along(1, 0), 2) == BiasedWords(("a", "b"), ("f", "e"))
    assert most_biased(vectors, along(1, 0), 2, exclude=["a"]) == BiasedWords(("b", "c"), ("f", "e"))
    assert most_biased(vectors, along(1, 0), 2, most_frequent=5) == BiasedWords(("a", "b"), ("e", "d"))
    with pytest.raises(InputError, match=r"^most biased words: 4 words to a side are needed, 3 and 3 are there"):
        most_biased(vectors, along(1, 0), 4)
    with pytest.raises(InputError, match="k: must be 1 or more"):
        most_biased(vectors, along(1, 0), 0)


def test_most_biased_are_the_planted_ones():
    made = planted(0.4)
    found = most_biased(made.vectors, direction_of(made), 100, made.sets.specific)
    assert set(found.first) <= set(made.first)
    assert set(found.second) <= set(made.second)


def test_plain_words():
    assert is_plain("naïve")
    assert is_plain("护士")
    assert not any(map(is_plain, ["", "Nurse", "x1", "a-b", "new york", "a" * 21]))


# Clusters


def best_matching(labels, sides):
    """Over both ways to name the clusters."""
    return max(
        np.mean([names[label] == side for label, side in zip(labels, sides, strict=True)]) for names in ((0, 1), (1, 0))
    )


def test_clusters_by_hand():
    vectors = Vectors(list("abcdef"), [[1, 0.1], [1, 0], [0, 1], [0, 5], [0.1, 1], [0, 1]])
    report = cluster_bias(vectors, BiasedWords(("a", "b", "c", "x"), ("d", "e", "f")))
    labels, sides = [0, 0, 1, 1, 1, 1], [0, 0, 0, 1, 1, 1]
    assert report.accuracy == pytest.approx(best_matching(labels, sides)) == pytest.approx(5 / 6)
    assert 0 < report.v_measure < 1
    assert (report.k, report.n, report.missing) == (4, 6, ("x",))
    for seed in range(8):  # k-means may name its clusters either way
        assert cluster_bias(vectors, BiasedWords(("a", "b", "c"), ("d", "e", "f")), seed).accuracy == report.accuracy
    assert json.loads(json.dumps(report.summary()))["missing"] == ["x"]


def test_clusters_remain_when_a_topic_goes_with_the_bias():
    made = planted(0.4, residual=0.6)
    biased = most_biased(made.vectors, direction_of(made), 100, made.sets.specific)
    for vectors in (made.vectors, without_direction(made)):
        report = cluster_bias(vectors, biased)
        assert report.accuracy > 0.95
        assert report.v_measure > 0.7


def test_clusters_are_gone_when_all_bias_is_along_the_direction():
    made = planted(0.7)
    biased = most_biased(made.vectors, direction_of(made), 100, made.sets.specific)
    assert cluster_bias(made.vectors, biased).accuracy == 1
    gone = cluster_bias(without_direction(made), biased)
    assert gone.accuracy < 0.65
    assert gone.v_measure < 0.05
    assert cluster_bias(without_direction(made), biased) == gone


def test_cluster_refusals():
    vectors = Vectors(["a", "b"], [[1, 0], [0, 0]])
    with pytest.raises(InputError, match=r"^biased words of the second group: none of 1 have a vector"):
        cluster_bias(vectors, BiasedWords(("a",), ("x",)))
    with pytest.raises(InputError, match=r"^biased words of the second group: the vector of 'b' has length zero"):
        cluster_bias(vectors, BiasedWords(("a",), ("b",)))


# Neighbours


def brute_force(original, judged, words, direction, count, exclude):
    around = [word for word in original.words if word not in exclude and word in judged.words]
    shares = []
    for word in words:
        others = [other for other in around if other != word]
        near = sorted(others, key=lambda other: -cosine(unit(judged, word), unit(judged, other)))[:count]
        shares.append(np.mean([unit(original, other) @ direction.vector > 0 for other in near]))
    return shares


@pytest.mark.parametrize("seed", range(3))
def test_neighbours_are_brute_force(seed):
    names = ["".join(letters) for letters in itertools.product("abcde", repeat=2)]
    original, judged = random_vectors(names, 4, seed), random_vectors(names[::-1][:22], 3, seed + 1)
    direction, words, exclude = along(1, 2, 3, 4), ["ec", "ea", "bb", "cc", "dd", "nn"], ["ab", "cc"]
    report = neighbour_bias(original, judged, words, direction, 5, exclude)
    shares = brute_force(original, judged, words[:5], direction, 5, exclude)
    projections = [unit(original, word) @ direction.vector for word in words[:5]]
    assert [share for *_, share in report.words] == pytest.approx(shares)
    assert [projection for _, projection, _ in report.words] == pytest.approx(projections)
    assert report.correlation == pytest.approx(pearsonr(projections, shares)[0])
    assert (report.n, report.missing, report.neighbours) == (5, ("nn",), 5)
    assert json.loads(json.dumps(report.summary()))["n"] == 5


def test_neighbours_tell_planted_bias():
    def correlation(made, vectors):
        report = neighbour_bias(
            made.vectors, vectors, made.sets.professions, direction_of(made), 30, made.sets.specific
        )
        return report.correlation

    topic, plain, control = planted(0.4, 0.6), planted(0.7), planted(0)
    assert correlation(topic, topic.vectors) > 0.9
    assert correlation(topic, without_direction(topic)) > 0.8
    assert correlation(plain, plain.vectors) > 0.9
    assert abs(correlation(plain, without_direction(plain))) < 0.35
    assert abs(correlation(control, control.vectors)) < 0.35


def test_neighbour_refusals():
    vectors = random_vectors("abcd", 3)
    with pytest.raises(InputError, match=r"^neighbours: must be from 1 to 3, the words there are, not 4"):
        neighbour_bias(vectors, vectors, "abc", along(1, 0, 0), 4)
    with pytest.raises(InputError, match=r"^professions: 2 of 2 have a vector and 3 are needed"):
        neighbour_bias(vectors, vectors, "abx", along(1, 0, 0), 2)
    with pytest.raises(InputError, match="the direction has 2 dimensions"):
        neighbour_bias(vectors, vectors, "abc", along(1, 0), 2)


def test_no_correlation_of_what_is_all_alike():
    vectors = Vectors(list("abcd"), np.eye(4))
    direction = Direction(np.full(4, 0.5), (1.0,), (), ())
    report = neighbour_bias(vectors, vectors, "abc", direction, 2)
    assert (report.correlation, report.p_value) == (None, None)
