"""How good a classifier is: metrics, and the pictures of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score

from .data import Example

BINS = 10


@dataclass(frozen=True)
class Judged:
    """What a model says of labelled examples.

    Args:
        examples: What was judged.
        labels: The classes by index.
        targets: Right classes, `[examples]`.
        probabilities: `[examples, classes]`.
    """

    examples: Sequence[Example]
    labels: Sequence[str]
    targets: np.ndarray
    probabilities: np.ndarray

    @property
    def answers(self) -> np.ndarray:
        """The most probable classes, `[examples]`."""
        return self.probabilities.argmax(1)

    def most_wrong(self, count: int) -> np.ndarray:
        """Indices of the wrong answers, those given the least probability of being right first."""
        right = self.probabilities[np.arange(len(self.targets)), self.targets]
        wrong = np.flatnonzero(self.answers != self.targets)
        return wrong[np.argsort(right[wrong], kind="stable")][:count]


def metrics(judged: Judged, ordinal: bool) -> dict[str, float]:
    """Accuracy, macro F1 and expected calibration error; of ordered classes the mean absolute error too."""
    targets, answers = judged.targets, judged.answers
    found = {
        "accuracy": float(accuracy_score(targets, answers)),
        "macro_f1": float(
            f1_score(targets, answers, average="macro", labels=range(len(judged.labels)), zero_division=0)
        ),
        "ece": expected_calibration_error(judged.probabilities, targets),
    }
    if ordinal:
        values = np.array([float(label) for label in judged.labels])
        found["mae"] = float(np.abs(values[targets] - values[answers]).mean())
    return found


def reliability(probabilities: np.ndarray, targets: np.ndarray) -> list[tuple[float, float, float]]:
    """For each of ten equal bins of confidence that is not empty: (mean confidence, accuracy, share of examples)."""
    confidence = probabilities.max(1)
    right = probabilities.argmax(1) == targets
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return [
        (float(confidence[inside].mean()), float(right[inside].mean()), float(inside.mean()))
        for index in range(BINS)
        for inside in [bins == index]
        if inside.any()
    ]


def expected_calibration_error(probabilities: np.ndarray, targets: np.ndarray) -> float:
    r"""The gap between confidence and accuracy, averaged over bins of confidence.

    .. math:: \mathrm{ECE} = \sum_b \frac{n_b}{n} |\mathrm{acc}_b - \mathrm{conf}_b|

    Args:
        probabilities: `[examples, classes]`.
        targets: Right classes, `[examples]`.

    Reference:
        Guo et al. (2017), On Calibration of Modern Neural Networks, equation 3.

    Example:
        >>> expected_calibration_error(np.array([[0.75, 0.25]] * 4), np.array([0, 0, 0, 1]))
        0.0
    """
    return sum(
        share * abs(accuracy - confidence) for confidence, accuracy, share in reliability(probabilities, targets)
    )


def draw(judged: Judged, folder: Path) -> None:
    """Confusion matrix and calibration, as PNG."""
    from apps.core.plots import ACCENT, MUTED, SECOND, figure

    counts = confusion_matrix(judged.targets, judged.answers, labels=range(len(judged.labels)))
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    size = max(3.2, 1.6 + 0.55 * len(judged.labels))
    with figure(folder / "confusion.png", figsize=(size, size)) as axes:
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for (row, column), count in np.ndenumerate(counts):
            axes.text(
                column,
                row,
                f"{count}",
                ha="center",
                va="center",
                color="white" if shares[row, column] > 0.5 else "black",
            )
        axes.set(title="Confusion, examples", xlabel="answered", ylabel="right")
        axes.set_xticks(range(len(judged.labels)), judged.labels, parse_math=False)
        axes.set_yticks(range(len(judged.labels)), judged.labels, parse_math=False)
        axes.spines[:].set_visible(False)
    confidence, accuracy, share = zip(*reliability(judged.probabilities, judged.targets), strict=True)
    error = expected_calibration_error(judged.probabilities, judged.targets)
    with figure(folder / "calibration.png", figsize=(4, 3.6)) as axes:
        axes.plot([0, 1], [0, 1], "--", color=MUTED, linewidth=1, label="perfectly calibrated")
        axes.bar(confidence, share, width=0.04, color=SECOND, alpha=0.4, label="share of examples")
        axes.plot(confidence, accuracy, color=ACCENT, marker="o", label="accuracy")
        axes.set(title=f"Calibration, ECE {error:.3f}", xlabel="confidence", xlim=(0, 1.02), ylim=(0, 1.02))
        axes.legend(loc="upper left", fontsize=8)
