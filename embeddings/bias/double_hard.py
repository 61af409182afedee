"""Double-hard debiasing: takes out a component that tells frequency before hard debiasing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import InputError
from ..vectors import Vectors
from .groups import WordSets
from .hard import neutral_words, neutralise_and_equalise, with_equal_lengths
from .space import Lengths, bias_space, finished, most_biased, second_moments, unit_rows, without
from .specific import How, specific_words

MOST_FREQUENT = 50_000
PER_SIDE = 500
CANDIDATES = 20
FEWEST = 10


def double_hard(
    vectors: Vectors,
    sets: WordSets,
    specific: Sequence[str] | How | None = None,
    components: int = 1,
    candidates: int = CANDIDATES,
    per_side: int = PER_SIDE,
    most_frequent: int = MOST_FREQUENT,
    lengths: Lengths = "keep",
    seed: int = 0,
) -> Vectors:
    """Hard debiasing of vectors without their mean and without one principal component.

    For each of the first principal components u of all vectors: `w' = w - mean - (u^T (w - mean)) u`, hard debiasing of
    the most biased words, and k-means with two clusters. The u after which the clusters agree least with the words'
    former sides is the one that is taken out of all words.

    Args:
        vectors: Stay as they are.
        sets: As `hard` has them.
        specific: Which words are not neutralised, as `hard` has it.
        components: Dimensions of the bias subspace.
        candidates: How many principal components are tried; all where there are fewer.
        per_side: The most biased words of each side that are clustered; specific words are not among them.
        most_frequent: Only among so many words they are looked for.
        lengths: As `hard` has it.
        seed: Of k-means.

    Returns:
        New vectors, with a record of what was done as `settings["debias"]`.

    Raises:
        InputError: As `hard` does, and for too few biased words.

    Reference:
        Wang et al. 2020, Double-Hard Debias: Tailoring Word Embeddings for Gender Bias Mitigation.
    """
    if candidates < 1:
        raise InputError(f"must be 1 or more, not {candidates}", "candidates")
    rows = unit_rows(vectors)
    space = bias_space(vectors, rows, sets, components)
    kept = specific_words(vectors, rows, sets, specific)
    neutral = neutral_words(vectors, sets, kept)
    sides = most_biased(rows, space.basis[0], neutral[(neutral < most_frequent) & rows[neutral].any(1)], per_side)
    if sides.shape[1] < FEWEST:
        raise InputError(f"only {sides.shape[1]} neutral words lie to a side, {FEWEST} needed; give more vectors")
    mean, axes = principal_components(vectors.vectors, candidates)
    accuracies = [clustering_accuracy(vectors, sets, mean, axis, sides, components, seed) for axis in axes]
    chosen = int(np.argmin(accuracies))
    without_axis = decentred(vectors, mean, axes[chosen])
    rows = unit_rows(without_axis)
    space = bias_space(without_axis, rows, sets, components)
    rows, pairs, record = neutralise_and_equalise(without_axis, rows, sets, space, kept)
    record |= {
        "removed_component": chosen + 1,
        "cluster_accuracies": [round(one, 4) for one in accuracies],
        "words_per_side": sides.shape[1],
        "most_frequent": most_frequent,
        "seed": seed,
    }
    record = {"method": "double-hard", "groups": sets.name, **space.record(), **record}
    result = finished(vectors, rows, lengths, record)
    return result if lengths == "unit" else with_equal_lengths(result, pairs)


def principal_components(vectors: np.ndarray, number: int) -> tuple[np.ndarray, np.ndarray]:
    """The mean `[dimensions]` and the first principal components `[number, dimensions]` of vectors."""
    mean = vectors.mean(0, dtype=np.float64)
    _, axes = np.linalg.eigh(second_moments(vectors, mean))
    return mean, axes.T[::-1][:number]


def decentred(vectors: Vectors, mean: np.ndarray, axis: np.ndarray, indices: Sequence[int] | None = None) -> Vectors:
    """The vectors less their mean, and less what then lies along an axis; those of length zero stay.

    Args:
        vectors: All words.
        mean: `[dimensions]`.
        axis: `[dimensions]`, of length one.
        indices: Only these words.
    """
    some = np.arange(len(vectors)) if indices is None else np.asarray(indices)
    rows = vectors.vectors[some]
    left = without(rows - mean.astype(np.float32), axis[None])
    left[np.flatnonzero(~np.any(rows, axis=1))] = 0
    return Vectors([vectors.words[row] for row in some], left)


def clustering_accuracy(
    vectors: Vectors, sets: WordSets, mean: np.ndarray, axis: np.ndarray, sides: np.ndarray, components: int, seed: int
) -> float:
    """How well two clusters tell the sides of biased words after hard debiasing without an axis.

    Args:
        vectors: All words.
        sets: Word sets, of which `definitional_pairs` are used.
        mean: `[dimensions]`.
        axis: `[dimensions]`, of length one.
        sides: The words' indices, `[2, number]`.
        components: Dimensions of the bias subspace.
        seed: Of k-means.

    Returns:
        From 0.5 for no agreement to 1.
    """
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    in_pairs = {vectors.index[word] for pair in sets.definitional_pairs for word in pair if word in vectors}
    some = decentred(vectors, mean, axis, [*sides.ravel(), *sorted(in_pairs)])
    rows = unit_rows(some)
    space = bias_space(some, rows, sets, components)
    debiased = without(rows[: sides.size], space.basis)
    debiased /= np.maximum(np.linalg.norm(debiased, axis=1, keepdims=True), np.finfo(np.float32).tiny)
    with threadpool_limits(1):  # for so few words threads take five times as long
        found = KMeans(2, n_init=10, random_state=seed).fit_predict(debiased)
    agreement = float((found == np.repeat([0, 1], sides.shape[1])).mean())
    return max(agreement, 1 - agreement)
