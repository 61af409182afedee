"""INLP: projects the vectors until no linear classifier tells the groups apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..vectors import Vectors
from .groups import WordSets
from .space import LEAST, Lengths, bias_space, finished, most_biased, unit_rows

PER_SIDE = 7500
MOST_FREQUENT = 150_000
FEWEST = 20
NEUTRAL = 0.03
"""The largest cosine with the direction that a neutral word has."""
HELD_OUT = 0.3


@dataclass(frozen=True)
class NullSpace:
    """What is left when the directions that classifiers use are taken out.

    Args:
        projection: P, `[dimensions, dimensions]`: symmetric, `P P = P`.
        accuracies: Of each classifier on words held out, when it was trained.
        chance: The accuracy of always answering the most frequent class.
    """

    projection: np.ndarray
    accuracies: list[float]
    chance: float

    @property
    def rank(self) -> int:
        """Dimensions left."""
        return round(float(np.trace(self.projection)))


def inlp(
    vectors: Vectors,
    sets: WordSets,
    classifiers: int = 35,
    per_side: int | None = None,
    neutral: bool = False,
    most_frequent: int = MOST_FREQUENT,
    stop_at_chance: bool = False,
    lengths: Lengths = "keep",
    seed: int = 0,
) -> Vectors:
    """Projects all words onto the null space of classifiers that tell the most biased words' sides.

    Iterated null-space projection: `W_i` is a linear support-vector machine trained on `P_(i-1) x`, and `P_i` projects
    onto the intersection of the null spaces of `W_1 .. W_i`. Words of both sides are taken as they lie along the first
    direction of the definitional pairs. All words are projected, also those that are about a group by definition.
    Other classifiers than linear ones can still tell the sides.

    Args:
        vectors: Stay as they are.
        sets: Word sets, of which `definitional_pairs` are used.
        classifiers: How many; each takes a dimension, or with neutral words up to three. Fewer are used when nothing is
            left to learn from.
        per_side: Biased words of each side to train on; 7,500 when None, or a tenth of the words if that is fewer.
        neutral: Also learn from as many words that lie across the direction, as a third class.
        most_frequent: Only among so many words they are looked for.
        stop_at_chance: Train no more classifiers when one is not better than chance on words held out, by two standard
            errors; that one is not used.
        lengths: `keep` gives each vector its former length; `unit` length one.
        seed: Which words are held out, and which neutral ones are taken.

    Returns:
        New vectors, with a record of what was done as `settings["debias"]`.

    Raises:
        InputError: For too few words found, more classifiers than dimensions, vectors of length zero in pairs, NaN.

    Reference:
        Ravfogel et al. 2020, Null It Out: Guarding Protected Attributes by Iterative Nullspace Projection.
    """
    _check(vectors, classifiers, per_side, neutral)
    rows = unit_rows(vectors)
    space = bias_space(vectors, rows, sets)
    chosen, classes = training_words(rows, space.basis[0], per_side, neutral, most_frequent, seed)
    space_left = null_space(rows[chosen], classes, classifiers, stop_at_chance, seed)
    record = {
        "method": "inlp",
        "groups": sets.name,
        **space.record(),
        "classifiers": len(space_left.accuracies),
        "accuracies": [round(one, 4) for one in space_left.accuracies],
        "chance": round(space_left.chance, 4),
        "dimensions_left": space_left.rank,
        "words_per_class": int((classes == 0).sum()),
        "neutral": neutral,
        "most_frequent": most_frequent,
        "stop_at_chance": stop_at_chance,
        "seed": seed,
    }
    return finished(vectors, rows @ space_left.projection.astype(np.float32), lengths, record)


def _check(vectors: Vectors, classifiers: int, per_side: int | None, neutral: bool) -> None:
    most = (vectors.dimensions - 1) // (3 if neutral else 1)
    if not 1 <= classifiers <= most:
        each = "each takes 3 dimensions" if neutral else "each takes a dimension"
        raise InputError(
            f"must be from 1 to {most} for vectors of {vectors.dimensions} numbers, not {classifiers}: {each}",
            "--classifiers",
        )
    if per_side is not None and per_side < FEWEST:
        raise InputError(f"{FEWEST} words of each side are needed at least, not {per_side}", "--per-side")


def training_words(
    rows: np.ndarray, direction: np.ndarray, per_side: int | None, neutral: bool, most_frequent: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """The words to train on, and their classes.

    Args:
        rows: `[words, dimensions]`, of length one.
        direction: `[dimensions]`.
        per_side: Words of a class at most.
        neutral: Whether there is a third class.
        most_frequent: Words to choose from.
        seed: Of the choice of neutral words.

    Returns:
        Indices and classes: 0 and 1 for the sides, 2 for neutral words.

    Raises:
        InputError: When there are too few.
    """
    eligible = np.flatnonzero(rows[:most_frequent].any(1))
    sides = most_biased(rows, direction, eligible, per_side or min(PER_SIDE, len(eligible) // 10))
    groups = [*sides]
    if neutral:
        across = np.abs(rows[eligible] @ direction.astype(rows.dtype)) < NEUTRAL
        others = np.setdiff1d(eligible[across], sides)
        number = min(sides.shape[1], len(others))
        groups.append(np.random.default_rng(seed).choice(others, number, replace=False))
    fewest = min(len(group) for group in groups)
    if fewest < FEWEST:
        raise InputError(f"only {fewest} words to a class of {len(eligible)}, {FEWEST} needed; give more vectors")
    return np.concatenate(groups), np.repeat(np.arange(len(groups)), [len(group) for group in groups])


def null_space(
    rows: np.ndarray, classes: np.ndarray, classifiers: int, stop_at_chance: bool = False, seed: int = 0
) -> NullSpace:
    """Trains classifiers, each on what those before have left, and projects onto what all leave.

    Args:
        rows: `[words, dimensions]`.
        classes: `[words]`.
        classifiers: How many at most.
        stop_at_chance: Whether to end before when one is not better than chance.
        seed: Of the words held out.

    Example:
        >>> rows = np.random.default_rng(0).normal(size=(200, 5))
        >>> left = null_space(rows, (rows[:, 0] > 0).astype(int), classifiers=2)
        >>> left.rank, bool(np.abs(left.projection[0, 0]) < 0.2)
        (3, True)
    """
    from sklearn.model_selection import train_test_split
    from sklearn.svm import LinearSVC

    rows = rows.astype(np.float64)
    train, held_out = train_test_split(np.arange(len(rows)), test_size=HELD_OUT, stratify=classes, random_state=seed)
    chance = float(np.bincount(classes[held_out]).max() / len(held_out))
    enough = chance + 2 * np.sqrt(chance * (1 - chance) / len(held_out))
    spaces: list[np.ndarray] = []
    accuracies: list[float] = []
    projection = np.eye(rows.shape[1])
    for _ in range(classifiers):
        left = rows @ projection  # [words, dimensions]
        classifier = LinearSVC(dual=False).fit(left[train], classes[train])
        accuracy = float(classifier.score(left[held_out], classes[held_out]))
        if stop_at_chance and accuracy <= enough:
            break
        space = row_space(classifier.coef_ @ projection)
        if not space.any():  # it answers the same for all words: nothing is left to learn from
            break
        spaces.append(space)
        accuracies.append(accuracy)
        projection = intersection_of_null_spaces(spaces)
    return NullSpace(projection, accuracies, chance)


def row_space(weights: np.ndarray) -> np.ndarray:
    """The projection onto the row space of a matrix, `[dimensions, dimensions]`.

    Args:
        weights: `[directions, dimensions]`.
    """
    _, sizes, axes = np.linalg.svd(np.atleast_2d(weights), full_matrices=False)
    basis = axes[sizes > LEAST * max(sizes[0], LEAST)]
    return basis.T @ basis


def intersection_of_null_spaces(spaces: Sequence[np.ndarray]) -> np.ndarray:
    """The projection onto what all row spaces leave: `P = I - P_R(Q)`, where Q is the sum of their projections.

    A product of projections would not be one when their directions are not quite orthogonal.

    Args:
        spaces: Projections onto row spaces, `[dimensions, dimensions]` each.
    """
    return np.eye(len(spaces[0])) - row_space(np.sum(spaces, axis=0))
