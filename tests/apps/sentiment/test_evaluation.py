"""The metrics against definitions written out slowly, and cases known by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from apps.sentiment.data import Example
from apps.sentiment.evaluation import Judged, draw, expected_calibration_error, metrics, reliability


def judged(targets: list[int], probabilities: list[list[float]] | np.ndarray, labels: str = "123") -> Judged:
    array = np.asarray(probabilities, np.float32)
    names = list(labels)[: array.shape[1]]
    return Judged([Example(f"t{i}", names[t]) for i, t in enumerate(targets)], names, np.array(targets), array)


def slow_ece(probabilities: np.ndarray, targets: np.ndarray) -> float:
    total = 0.0
    for tenth in range(10):
        inside = [
            index
            for index, row in enumerate(probabilities)
            if tenth / 10 <= max(row) < (tenth + 1) / 10 or (tenth == 9 and max(row) >= 1)
        ]
        if inside:
            right = [float(np.argmax(probabilities[index]) == targets[index]) for index in inside]
            sure = [float(max(probabilities[index])) for index in inside]
            total += len(inside) / len(targets) * abs(sum(right) / len(inside) - sum(sure) / len(inside))
    return total


def slow_macro_f1(targets: np.ndarray, answers: np.ndarray, classes: int) -> float:
    scores = []
    for one in range(classes):
        hits = sum(t == a == one for t, a in zip(targets, answers, strict=True))
        wrong = sum((t == one) != (a == one) for t, a in zip(targets, answers, strict=True))
        scores.append(2 * hits / (2 * hits + wrong) if hits + wrong else 0.0)
    return sum(scores) / classes


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("classes", [2, 3, 7])
def test_metrics_are_their_definitions(seed: int, classes: int) -> None:
    random = np.random.default_rng(seed)
    probabilities = random.dirichlet(np.full(classes, 0.4), 200)
    targets = random.integers(0, classes, 200)
    found = metrics(judged(list(targets), probabilities, "1234567"), ordinal=True)
    answers = probabilities.argmax(1)
    assert found["accuracy"] == pytest.approx((answers == targets).mean())
    assert found["macro_f1"] == pytest.approx(slow_macro_f1(targets, answers, classes))
    assert found["mae"] == pytest.approx(np.abs(answers - targets).mean())
    assert expected_calibration_error(probabilities, targets) == pytest.approx(slow_ece(probabilities, targets))


def test_calibration_known_by_hand() -> None:
    def error(confidence: float, right: list[bool]) -> float:
        rows = np.array([[confidence, 1 - confidence]] * len(right))
        return expected_calibration_error(rows, np.array([0 if each else 1 for each in right]))

    assert error(1.0, [True] * 4) == 0
    assert error(1.0, [False] * 4) == 1
    assert error(0.75, [True, True, True, False]) == pytest.approx(0)
    assert error(0.8, [True, False]) == pytest.approx(0.3)
    # Two bins that are off in opposite ways do not cancel: half the examples by .4 each way.
    rows = np.array([[0.9, 0.1]] * 2 + [[0.6, 0.4]] * 2)
    assert expected_calibration_error(rows, np.array([0, 1, 0, 0])) == pytest.approx(0.4)


def test_reliability_has_the_bins_that_are_not_empty() -> None:
    rows = np.array([[0.95, 0.05], [0.55, 0.45], [0.65, 0.35], [0.62, 0.38]])
    found = reliability(rows, np.array([0, 1, 0, 1]))
    np.testing.assert_allclose(found, [(0.55, 0, 0.25), (0.635, 0.5, 0.5), (0.95, 1, 0.25)])


def test_macro_f1_counts_a_class_that_never_occurs() -> None:
    """The model knows three classes; a test split without one of them, never answered either, scores zero for it."""
    found = metrics(judged([0, 1], [[1, 0, 0], [0, 1, 0]]), ordinal=False)
    assert found["macro_f1"] == pytest.approx(2 / 3)
    assert "mae" not in found


def test_mae_is_in_the_classes_own_numbers() -> None:
    half_stars = Judged([Example("", "")] * 2, ["1", "2.5", "5"], np.array([0, 2]), np.eye(3)[[1, 2]])
    assert metrics(half_stars, ordinal=True)["mae"] == pytest.approx(0.75)


def test_the_most_wrong_come_in_order_and_right_answers_never() -> None:
    rows = [[0.6, 0.4], [0.1, 0.9], [0.01, 0.99], [0.3, 0.7], [0.45, 0.55]]
    found = judged([0, 0, 0, 1, 0], rows)
    assert list(found.most_wrong(5)) == [2, 1, 4]
    assert list(found.most_wrong(2)) == [2, 1]
    assert list(judged([0], [[0.9, 0.1]]).most_wrong(5)) == []


def test_pictures_of_one_wrong_class_and_of_many(tmp_path: Path) -> None:
    many = np.eye(30)[np.arange(60) % 30]
    names = [rf"class <{index}> $\x$" for index in range(30)]
    cases = (judged([0, 0], [[0.2, 0.8]] * 2), Judged([Example("", "")] * 60, names, np.arange(60) % 30, many))
    for number, case in enumerate(cases):
        folder = tmp_path / str(number)
        folder.mkdir()
        draw(case, folder)
        assert {path.name for path in folder.iterdir()} == {"confusion.png", "calibration.png"}
        assert all(path.read_bytes().startswith(b"\x89PNG") for path in folder.iterdir())
