"""Probes read what is there, guess where nothing is, and never see the words that they are tested on."""

import json

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

from embeddings.bias import probes
from embeddings.bias.clusters import BiasedWords
from embeddings.bias.planted import planted
from embeddings.bias.probes import KINDS, probe
from embeddings.errors import InputError
from embeddings.vectors import Vectors

from .samples import random_vectors


def sides(made, k=90):
    return BiasedWords(made.first[:k], made.second[:k])


def test_all_probes_read_planted_bias():
    made = planted(0.6, dimensions=20)
    reports = probe(made.vectors, sides(made))
    assert [report.kind for report in reports] == list(KINDS)
    for report in reports:
        assert report.accuracy > 0.95
        assert (report.n, report.chance, len(report.folds)) == (180, 0.5, 5)
        assert json.loads(json.dumps(report.summary()))["kind"] == report.kind


def test_all_probes_guess_on_the_control():
    made = planted(0, dimensions=20, words=900)
    for report in probe(made.vectors, sides(made, 300), seed=3):
        assert abs(report.accuracy - 0.5) < 0.08
        assert report.accuracy == pytest.approx(np.mean(report.folds))
        assert report.std == pytest.approx(np.std(report.folds, ddof=1))
        assert report.std > 0


def test_only_probes_that_are_not_linear_read_a_bias_that_is_not():
    random = np.random.default_rng(0)
    rows = random.choice([-1.0, 1.0], (300, 2))
    rows = np.column_stack([rows + 0.2 * random.normal(size=rows.shape), np.ones(300)])
    names = [f"w{i}" for i in range(300)]
    same = rows[:, 0] * rows[:, 1] > 0
    biased = BiasedWords(
        *(tuple(name for name, one in zip(names, same, strict=True) if one == side) for side in (1, 0))
    )
    logistic, svm, mlp = probe(Vectors(names, rows), biased)
    assert logistic.accuracy < 0.65
    assert svm.accuracy > 0.95
    assert mlp.accuracy > 0.95


def test_words_are_tested_once_by_a_probe_that_has_not_seen_them(monkeypatch):
    made = planted(0.3)
    log = []

    class Recorder(ClassifierMixin, BaseEstimator):
        def fit(self, rows, sides):
            assert abs(sides.mean() - 0.5) < 0.02
            self.classes_ = [0, 1]
            self.seen = {row.tobytes() for row in rows}
            return self

        def score(self, rows, sides):
            tested = {row.tobytes() for row in rows}
            assert not tested & self.seen
            log.extend(tested)
            return 1.0

    # Scaling would make the same word's rows differ from fold to fold.
    monkeypatch.setattr("sklearn.preprocessing.StandardScaler", lambda: "passthrough")
    monkeypatch.setattr(probes, "_classifier", lambda kind, seed: Recorder())
    probe(made.vectors, sides(made, 50), ["logistic"])
    assert len(log) == len(set(log)) == 100


@pytest.mark.parametrize("kind", ["logistic", "mlp"])
def test_the_seed_decides(kind):
    made = planted(0, dimensions=10)
    again = [probe(made.vectors, sides(made, 30), [kind], 3, seed) for seed in (1, 1, 2)]
    assert again[0] == again[1]
    assert again[0] != again[2]


def test_unequal_sides_and_missing_words():
    made = planted(0.2)
    (report,) = probe(made.vectors, BiasedWords((*made.first[:30], "X"), made.second[:10]), ["logistic"])
    assert (report.chance, report.n, report.missing) == (0.75, 40, ("X",))


def test_refusals():
    vectors = random_vectors("abcdef")
    biased = BiasedWords(("a", "b", "c"), ("d", "e", "f"))
    with pytest.raises(InputError, match=r"^biased words of the first group: 3 of 3 have a vector and 5 are needed"):
        probe(vectors, biased)
    with pytest.raises(InputError, match="'tree' is no kind of probe"):
        probe(vectors, biased, ["tree"], 2)
    with pytest.raises(InputError, match="folds: must be 2 or more, not 1"):
        probe(vectors, biased, folds=1)
    with pytest.raises(InputError, match="'a' is on both sides"):
        probe(vectors, BiasedWords(("a", "b"), ("a", "c")), folds=2)
