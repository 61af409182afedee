"""Association of words with groups: WEAT, relative norm distance, relational inner product."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InputError
from ..vectors import Vectors
from .direction import SMALLEST, found_rows, pair_halves, principal, rows_of
from .groups import Pair, WeatTest, find

EXACT = 200_000
"""So many splits are all gone through; of more a sample is."""
CHUNK = 10_000
"""Splits that are drawn at once."""


@dataclass(frozen=True)
class WeatReport:
    """What a word-embedding association test found.

    Args:
        name: The test's.
        effect_size: From -2 to 2; positive when the first targets go with the first attributes. None where all
            targets are associated alike.
        statistic: `S(X, Y, A, B)`.
        p_value: One-sided; of having at least this statistic when targets are split by chance.
        p_error: The standard error of the p-value, 0 when it is exact.
        splits: How many were counted.
        is_exact: Whether those are all there are.
        n: Words found in each set, by its name.
        missing: Words not found in each set.
    """

    name: str
    effect_size: float | None
    statistic: float
    p_value: float
    p_error: float
    splits: int
    is_exact: bool
    n: dict[str, int]
    missing: dict[str, tuple[str, ...]]

    def summary(self) -> dict[str, Any]:
        """As JSON takes it."""
        missing = {name: list(words) for name, words in self.missing.items()}
        return {**self.__dict__, "n": dict(self.n), "missing": missing}


def weat(vectors: Vectors, test: WeatTest, seed: int = 0, samples: int = 100_000, needed: int = 2) -> WeatReport:
    """The word-embedding association test: do two sets of targets differ in which attributes they go with?

        `s(w) = mean_(a in A) cos(w, a) - mean_(b in B) cos(w, b)`
        `S(X, Y, A, B) = sum_(x in X) s(x) - sum_(y in Y) s(y)`
        `d = (mean_(x in X) s(x) - mean_(y in Y) s(y)) / std_(w in X and Y) s(w)`
        `p = P(S(X_i, Y_i, A, B) >= S(X, Y, A, B))` over the splits of X and Y together into sets of their sizes

    The standard deviation is that of the words as they are (divided by n); with n - 1, d would be
    `sqrt(1 - 1/n)` times as large. The split that is given counts among them, so p is never 0; of a sample it is
    `(1 + count) / (1 + samples)`.

    Args:
        vectors: The vectors to be judged; cosines take care of lengths.
        test: The sets X, Y (targets) and A, B (attributes).
        seed: Of the sample, which is drawn where there are more than `EXACT` splits.
        samples: Its size.
        needed: How many words of each set must be found.

    Raises:
        InputError: When too few words are found, or a vector has length zero or is not finite.

    Example:
        >>> vectors = Vectors(["a", "b", "x", "y"], [[1, 0], [0, 1], [0.8, 0.6], [0.6, 0.8]])
        >>> test = WeatTest("tiny", {"X": ("x",), "Y": ("y",)}, {"A": ("a",), "B": ("b",)})
        >>> report = weat(vectors, test, needed=1)
        >>> round(report.statistic, 6), round(report.effect_size, 6), report.p_value, report.splits
        (0.4, 2.0, 0.5, 2)

    Reference:
        Caliskan et al. 2017, Semantics derived automatically from language corpora contain human-like biases.
    """
    if samples < 1:
        raise InputError(f"must be 1 or more, not {samples}", "samples")
    sets = {**test.targets, **test.attributes}
    if len(sets) < 4:
        raise InputError("a target and an attribute set have the same name; name each differently", f"WEAT {test.name}")
    found = {name: find(vectors, words, needed, f"WEAT {test.name}: {name!r}") for name, words in sets.items()}
    x, y, a, b = (rows_of(vectors, words, f"WEAT {test.name}: {name!r}") for name, (words, _) in found.items())
    s = associations(np.concatenate([x, y]), a, b)  # [targets]
    spread = s.std()
    difference = s[: len(x)].mean() - s[len(x) :].mean()
    p, error, splits, is_exact = permutation_p(s, len(x), seed, samples)
    return WeatReport(
        test.name,
        float(difference / spread) if spread > SMALLEST**2 else None,
        float(s[: len(x)].sum() - s[len(x) :].sum()),
        p,
        error,
        splits,
        is_exact,
        {name: len(words) for name, (words, _) in found.items()},
        {name: tuple(missing) for name, (_, missing) in found.items()},
    )


def associations(rows: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """`s(w, A, B)` of each row.

    Args:
        rows: `[words, dimensions]`, like the others of length one.
        a: `[attributes, dimensions]`.
        b: The same.
    """
    return (rows @ a.T).mean(1) - (rows @ b.T).mean(1)


def permutation_p(s: np.ndarray, size: int, seed: int, samples: int) -> tuple[float, float, int, bool]:
    """How likely a split into sets of the same sizes has at least the statistic of the one given.

    Args:
        s: Associations of the words, those of the first set first, `[words]`.
        size: Of the first set.
        seed: Of the sample.
        samples: Splits to draw where there are more than `EXACT`.

    Returns:
        The p-value, its standard error, the number of splits, and whether those are all.
    """
    # The sum over all words is the same in each split, so that of the first set alone decides.
    least = s[:size].sum() - 1e-12 * np.abs(s).sum()
    splits = math.comb(len(s), size)
    if splits <= EXACT:
        chosen = itertools.chain.from_iterable(itertools.combinations(range(len(s)), size))
        indices = np.fromiter(chosen, np.int64, splits * size).reshape(splits, size)
        return float((s[indices].sum(1) >= least).mean()), 0.0, splits, True
    random = np.random.default_rng(seed)
    count = 0
    for start in range(0, samples, CHUNK):
        drawn = random.permuted(np.broadcast_to(s, (min(CHUNK, samples - start), len(s))), axis=1)
        count += int((drawn[:, :size].sum(1) >= least).sum())
    p = (1 + count) / (1 + samples)
    return p, math.sqrt(p * (1 - p) / samples), samples, False


@dataclass(frozen=True)
class Score:
    """A mean over words, with each word's part in it.

    Args:
        mean: Of the words' values.
        words: Each word with its value, the highest first.
        n: Words or pairs found in each set, by its name.
        missing: Words not found in each set.
    """

    mean: float
    words: tuple[tuple[str, float], ...]
    n: dict[str, int]
    missing: dict[str, tuple[str, ...]]

    def summary(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {
            "mean": self.mean,
            "words": [{"word": word, "value": value} for word, value in self.words],
            "n": dict(self.n),
            "missing": {name: list(words) for name, words in self.missing.items()},
        }


def relative_norm_distance(
    vectors: Vectors,
    first: Sequence[str],
    second: Sequence[str],
    words: Iterable[str],
    needed: int = 1,
    what: tuple[str, str, str] = ("first group", "second group", "words"),
) -> Score:
    """Which of two groups words are nearer to.

        `1/|M| sum_(m in M) |m - g_1| - |m - g_2|`

    where `g` is the mean of a group's vectors; all vectors have length one before that mean is taken. Negative when the
    words are nearer to the first group. The paper's sum is the mean times n.

    Args:
        vectors: The vectors to be judged.
        first: Words of the first group.
        second: Words of the second.
        words: M.
        needed: How many words of each must be found.
        what: The three sets' names.

    Raises:
        InputError: When too few words are found, or a vector has length zero or is not finite.

    Example:
        >>> vectors = Vectors(["she", "he", "nurse"], [[3, 0], [0, 1], [2, 0]])
        >>> round(relative_norm_distance(vectors, ["she"], ["he"], ["nurse"]).mean, 6)
        -1.414214

    Reference:
        Garg et al. 2018, Word embeddings quantify 100 years of gender and ethnic stereotypes.
    """
    found = [found_rows(vectors, each, needed, name) for each, name in zip((first, second, words), what, strict=True)]
    g = [rows.mean(0) for _, rows, _ in found[:2]]
    names, rows, _ = found[2]
    values = np.linalg.norm(rows - g[0], axis=1) - np.linalg.norm(rows - g[1], axis=1)
    n = {name: len(one[0]) for name, one in zip(what, found, strict=True)}
    return _score(names, values, n, {name: one[2] for name, one in zip(what, found, strict=True)})


def ripa(
    vectors: Vectors,
    pairs: Iterable[Pair],
    words: Iterable[str],
    needed: int = 1,
    unit: bool = False,
    what: tuple[str, str] = ("definitional pairs", "words"),
) -> Score:
    """The relational inner product association of words.

        `beta(w; b) = <w, b>`,   b: the first principal component of `{x - y}` over the pairs, of length one

    positive when the word goes with the first words of the pairs. The vectors keep their lengths, as in the paper:
    there the product is what skip-gram has learnt of the two words' probabilities near w.

    Args:
        vectors: The vectors to be judged.
        pairs: Pairs that differ in the group alone.
        words: w.
        needed: How many pairs and how many words must be found.
        unit: Gives the vectors length one first, so that vectors of different training can be compared; then it is the
            projection that `direct_bias` reports.
        what: The two sets' names.

    Raises:
        InputError: When too few are found, a vector has length zero or is not finite, or the pairs do not differ.

    Example:
        >>> vectors = Vectors(["she", "he", "nurse"], [[2, 1], [-2, 1], [3, 4]])
        >>> round(ripa(vectors, [("she", "he")], ["nurse"]).mean, 6)
        3.0

    Reference:
        Ethayarajh et al. 2019, Understanding Undesirable Word Embedding Associations.
    """
    halves, used, missing = pair_halves(vectors, pairs, needed, what[0], unit)
    b, _ = principal(halves, what[0])
    found, lacking = find(vectors, words, needed, what[1])
    values = rows_of(vectors, found, what[1], unit) @ b
    n = {what[0]: len(used), what[1]: len(found)}
    return _score(found, values, n, {what[0]: missing, what[1]: tuple(lacking)})


def _score(words: Sequence[str], values: np.ndarray, n: dict[str, int], missing: dict[str, tuple[str, ...]]) -> Score:
    order = np.argsort(-values, kind="stable")
    return Score(float(values.mean()), tuple((words[i], float(values[i])) for i in order), n, missing)
