"""Probes: can a classifier read from a word's vector which side it was on?"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ..errors import InputError
from ..vectors import Vectors
from .clusters import BiasedWords, labelled_rows

Kind = Literal["logistic", "rbf-svm", "mlp"]
KINDS: tuple[Kind, ...] = ("logistic", "rbf-svm", "mlp")


@dataclass(frozen=True)
class ProbeReport:
    """How often a classifier was right about words that it had not seen.

    Args:
        kind: Of the classifier.
        accuracy: The mean over the folds.
        std: Over the folds, with n - 1.
        folds: The accuracy of each.
        chance: The accuracy of always naming the side with more words.
        n: Words found.
        missing: Words not found.
    """

    kind: Kind
    accuracy: float
    std: float
    folds: tuple[float, ...]
    chance: float
    n: int
    missing: tuple[str, ...]

    def summary(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {**self.__dict__, "folds": list(self.folds), "missing": list(self.missing)}


def probe(
    vectors: Vectors, biased: BiasedWords, kinds: Iterable[Kind] = KINDS, folds: int = 5, seed: int = 0
) -> tuple[ProbeReport, ...]:
    """Trains classifiers to tell the sides of the most biased words, and tests them on others of those words.

    Cross-validation over words in folds with as many of either side: no word is trained on and tested on. Vectors have
    length one; each dimension is then brought to mean 0 and variance 1 of the words trained on.

    Where the debiasing learned from the same words (INLP), it has seen those that are tested on, too.

    Args:
        vectors: The vectors to be judged, original or debiased.
        biased: The words, chosen by the original vectors.
        kinds: `logistic`: regression with an L2 penalty; `rbf-svm`: a support-vector machine with Gaussian kernel;
            `mlp`: a network with one hidden layer of 100 units.
        folds: Into how many parts the words are split.
        seed: Of the folds and the network.

    Returns:
        A report for each kind.

    Raises:
        InputError: When a side has fewer words than there are folds, or a vector has length zero or is not finite.

    Reference:
        Gonen and Goldberg 2019, Lipstick on a Pig, section 4; Ravfogel et al. 2020, Null It Out.
    """
    kinds = tuple(kinds)
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        raise InputError(f"{unknown[0]!r} is no kind of probe; the kinds are {', '.join(KINDS)}", "kinds")
    if folds < 2:
        raise InputError(f"must be 2 or more, not {folds}", "folds")
    if twice := set(biased.first) & set(biased.second):
        raise InputError(f"{min(twice)!r} is on both sides; leave it on one", "biased words")
    rows, sides, missing = labelled_rows(vectors, biased, needed=folds)
    chance = float(max(sides.mean(), 1 - sides.mean()))
    reports = []
    for kind in kinds:
        scores = _accuracies(kind, rows, sides, folds, seed)
        mean, std = float(scores.mean()), float(scores.std(ddof=1))
        reports.append(ProbeReport(kind, mean, std, tuple(scores.tolist()), chance, len(rows), missing))
    return tuple(reports)


def _accuracies(kind: Kind, rows: np.ndarray, sides: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """The accuracy on each fold of a classifier trained on the others, `[folds]`."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    splits = StratifiedKFold(folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        classifier = make_pipeline(StandardScaler(), _classifier(kind, seed))
        return cross_val_score(classifier, rows, sides, cv=splits, error_score="raise")


def _classifier(kind: Kind, seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.neural_network import MLPClassifier
    from sklearn.svm import SVC

    if kind == "logistic":
        return LogisticRegression(max_iter=1000)
    if kind == "rbf-svm":
        return SVC(kernel="rbf")
    return MLPClassifier((100,), max_iter=200, random_state=seed)
