"""What remains when the direction is gone: clusters of biased words, and biased neighbours."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InputError
from ..vectors import Vectors
from .direction import Direction, check_dimensions, found_rows
from .generated import frequent_rows

LONGEST = 20
"""Letters of a word that may be chosen as biased."""


@dataclass(frozen=True)
class BiasedWords:
    """The words furthest along a direction.

    Args:
        first: Those on the positive side, the most biased first.
        second: Those on the other.
    """

    first: tuple[str, ...]
    second: tuple[str, ...]


def most_biased(
    vectors: Vectors, direction: Direction, k: int, exclude: Iterable[str] = (), most_frequent: int = 50_000
) -> BiasedWords:
    """The k most biased words of either side: those with the largest and the smallest cosine with the direction.

    Only words of letters, none of them a capital, and at most 20 letters long are chosen, as in the paper.

    Args:
        vectors: The original vectors, the most frequent word first.
        direction: Theirs.
        k: How many to a side.
        exclude: Words that are about a group by definition.
        most_frequent: How many words to choose from.

    Raises:
        InputError: When either side has fewer than k.

    Reference:
        Gonen and Goldberg 2019, Lipstick on a Pig, section 4.
    """
    if k < 1:
        raise InputError(f"must be 1 or more, not {k}", "k")
    words, bias = _biases(vectors, direction, frozenset(exclude), most_frequent)
    sides = int((bias > 0).sum()), int((bias < 0).sum())
    if min(sides) < k:
        raise InputError(
            f"{k} words to a side are needed, {sides[0]:,} and {sides[1]:,} are there; give a smaller k or more words",
            "most biased words",
        )
    order = np.argsort(-bias, kind="stable")
    return BiasedWords(tuple(words[i] for i in order[:k]), tuple(words[i] for i in order[: -k - 1 : -1]))


def _biases(
    vectors: Vectors, direction: Direction, exclude: Collection[str], most_frequent: int
) -> tuple[list[str], np.ndarray]:
    """The words that may be chosen, and the cosine of each with the direction."""
    check_dimensions(vectors, direction)
    words, rows = frequent_rows(vectors, most_frequent)
    chosen = [row for row, word in enumerate(words) if word not in exclude and is_plain(word)]
    return [words[row] for row in chosen], rows[chosen] @ direction.vector


def is_plain(word: str) -> bool:
    """Whether a word is all letters, none of them a capital, and not very long."""
    return word.isalpha() and word == word.lower() and len(word) <= LONGEST


@dataclass(frozen=True)
class ClusterReport:
    """How well two clusters of the most biased words match the two sides.

    Args:
        k: Words to a side that were asked for.
        accuracy: The share of words in the cluster of their side, by the better of the two matchings; of vectors
            without bias a little over .5.
        v_measure: From 0 (the clusters say nothing of the sides) to 1.
        n: Words found.
        missing: Words not found.
    """

    k: int
    accuracy: float
    v_measure: float
    n: int
    missing: tuple[str, ...]

    def summary(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {**self.__dict__, "missing": list(self.missing)}


def cluster_bias(vectors: Vectors, biased: BiasedWords, seed: int = 0, starts: int = 10) -> ClusterReport:
    """Clusters the most biased words in two by k-means, and compares the clusters with the sides.

    On vectors of length one.

    Args:
        vectors: The vectors to be judged, original or debiased.
        biased: The words, chosen by the original vectors.
        seed: Of the first centres.
        starts: How often k-means begins anew; the tightest clusters count.

    Raises:
        InputError: When a side has no word with a vector, or a vector has length zero or is not finite.

    Reference:
        Gonen and Goldberg 2019, Lipstick on a Pig, section 4.
    """
    from sklearn.cluster import KMeans
    from sklearn.metrics import v_measure_score

    rows, sides, missing = labelled_rows(vectors, biased)
    clusters = KMeans(2, n_init=starts, random_state=seed).fit_predict(rows)
    agreeing = float((clusters == sides).mean())
    v_measure = float(v_measure_score(sides, clusters))
    return ClusterReport(len(biased.first), max(agreeing, 1 - agreeing), v_measure, len(rows), missing)


def labelled_rows(
    vectors: Vectors, biased: BiasedWords, needed: int = 1
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """The vectors of biased words, of length one, with their sides.

    Returns:
        `[words, dimensions]`; `[words]`, 1 on the first side and 0 on the second; the words missing.

    Raises:
        InputError: When too few words of a side are found, or a vector has length zero or is not finite.
    """
    _, first, lacking = found_rows(vectors, biased.first, needed, "biased words of the first group")
    _, second, missing = found_rows(vectors, biased.second, needed, "biased words of the second group")
    sides = np.repeat([1, 0], [len(first), len(second)])
    return np.concatenate([first, second]), sides, (*lacking, *missing)


@dataclass(frozen=True)
class NeighbourReport:
    """How bias by projection goes with bias by neighbours.

    Args:
        correlation: Pearson's, None where either is the same for all words.
        p_value: Of no correlation, two-sided; None where that is undefined.
        neighbours: How many are looked at.
        words: Each word with its projection in the original and the share of its neighbours that lie on the first side.
        missing: Words not found in both.
    """

    correlation: float | None
    p_value: float | None
    neighbours: int
    words: tuple[tuple[str, float, float], ...]
    missing: tuple[str, ...]

    @property
    def n(self) -> int:
        """How many words were found."""
        return len(self.words)

    def summary(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {
            "correlation": self.correlation,
            "p_value": self.p_value,
            "neighbours": self.neighbours,
            "n": self.n,
            "words": [{"word": word, "projection": a, "share": b} for word, a, b in self.words],
            "missing": list(self.missing),
        }


def neighbour_bias(
    original: Vectors,
    judged: Vectors,
    words: Iterable[str],
    direction: Direction,
    neighbours: int = 100,
    exclude: Iterable[str] = (),
    most_frequent: int = 50_000,
    what: object = "professions",
) -> NeighbourReport:
    """Correlates the bias of words in the original with the bias of their neighbours in the judged vectors.

    The neighbours are those by cosine among the most frequent words that are all letters, without capitals, and not
    about a group by definition; each is of the side on which it lies in the original.

    Args:
        original: The vectors before debiasing, the most frequent word first.
        judged: Those after it, or the same.
        words: Such as professions.
        direction: Of the original.
        neighbours: How many to look at.
        exclude: Words that are about a group by definition; they are nobody's neighbours.
        most_frequent: How many words may be neighbours.
        what: The set's name, for errors.

    Raises:
        InputError: When fewer than three words are found, there are too few neighbours, or a vector has length zero or
            is not finite.

    Reference:
        Gonen and Goldberg 2019, Lipstick on a Pig, section 4.
    """
    around, bias = _biases(original, direction, frozenset(exclude), most_frequent)
    shared = [row for row, word in enumerate(around) if word in judged and judged[word].any()]
    around, bias = [around[row] for row in shared], bias[shared]
    if not 1 <= neighbours < len(around):
        raise InputError(f"must be from 1 to {len(around) - 1}, the words there are, not {neighbours}", "neighbours")
    both = [word for word in words if word in original and word in judged]
    found, rows, _ = found_rows(judged, both, 3, what)
    _, before, _ = found_rows(original, found, 3, what)
    _, others, _ = found_rows(judged, around, 1, "neighbours")
    shares = _shares(found, rows, around, others, bias > 0, neighbours)
    projections = before @ direction.vector
    correlation, p = _pearson(projections, shares)
    missing = tuple(word for word in dict.fromkeys(words) if word not in set(found))
    rowed = tuple(zip(found, projections.tolist(), shares.tolist(), strict=True))
    return NeighbourReport(correlation, p, neighbours, rowed, missing)


def _shares(
    words: Sequence[str], rows: np.ndarray, around: Sequence[str], others: np.ndarray, is_first: np.ndarray, count: int
) -> np.ndarray:
    """The share of each word's neighbours that are on the first side, `[words]`."""
    place = {word: column for column, word in enumerate(around)}
    cosines = rows @ others.T  # [words, around]
    for row, word in enumerate(words):
        if word in place:
            cosines[row, place[word]] = -np.inf  # nobody is their own neighbour
    nearest = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
    return is_first[nearest].mean(1)


def _pearson(a: np.ndarray, b: np.ndarray) -> tuple[float | None, float | None]:
    from scipy.stats import pearsonr

    if a.std() < 1e-12 or b.std() < 1e-12:
        return None, None
    result = pearsonr(a, b)
    return float(result.statistic), float(result.pvalue)
