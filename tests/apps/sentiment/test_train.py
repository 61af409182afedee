"""The whole way: train, evaluate, predict, explain, export, and use what was exported."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from apps import sentiment
from apps.core import artifacts
from apps.core.training import load_arrays
from apps.sentiment import data
from embeddings import Vectors, write

from .helpers import leftovers, options, read_json, run, run_python, write_reviews

MODELS = ("average", "lstm", "attention", "hierarchical")
TEXTS = [
    "The soup was good.",
    "",
    "I expected terrible soup, but it was wonderful. " * 9,
    "Wow",
    "很好 😀 <br /> …",
    "The soup was not good but awful. We went on a Monday!",
    "  \n ",
]
"""Of growing and of shrinking length, empty ones and unknown words among them."""

Trained = Callable[[str], Path]


def history(folder: Path) -> list[dict[str, str]]:
    with open(folder / "history.csv", newline="") as file:
        return [{name: value for name, value in row.items() if name != "seconds"} for row in csv.DictReader(file)]


def without_seconds(metrics: Any) -> Any:
    if isinstance(metrics, dict):
        return {name: without_seconds(value) for name, value in metrics.items() if name != "seconds"}
    return [without_seconds(value) for value in metrics] if isinstance(metrics, list) else metrics


# Training


def test_a_run_folder_holds_all_that_a_run_was(trained: Trained, reviews: Path) -> None:
    folder = trained("attention")
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    events = {name for name in names if name.startswith("tensorboard/events")}
    assert len(events) == 1
    assert names - events - {name for name in names if name.startswith("export/")} == {
        "config.json",
        "data.json",
        "state.json",
        "model.keras",
        "history.csv",
        "metrics.json",
        "checkpoints/best.npz",
        "checkpoints/last.npz",
        "plots/learning_curves.png",
        "plots/confusion.png",
        "plots/calibration.png",
    }
    config = read_json(folder / "config.json")
    assert (config["data"], config["model"], config["units"]) == (str(reviews), "attention", 3)
    metrics = read_json(folder / "metrics.json")
    for split in ("dev", "test"):
        assert set(metrics[split]) == {"accuracy", "macro_f1", "ece", "mae"}
        assert 0 <= metrics[split]["accuracy"] <= 1
        assert 0 <= metrics[split]["mae"] <= 4
    assert [seed["seed"] for seed in metrics["seeds"]] == [1]
    assert metrics["seconds"] > 0
    rows = history(folder)
    assert [row["epoch"] for row in rows] == ["1"]
    assert float(rows[0]["dev_accuracy"]) == metrics["dev"]["accuracy"]


def test_the_built_in_sample_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "SAMPLE_SIZES", (120, 30, 40))
    monkeypatch.chdir(tmp_path)
    found = run("train", *options(model="average")).succeeded()
    assert "120 train, 30 dev, 40 test texts; 5 ordered classes" in found.err
    assert "kept in runs/sentiment" in found.err
    assert "[sample]" in run("evaluate").succeeded().err
    assert run("predict", "The soup was awful.").succeeded().out.count("\n") == 1


def test_the_same_seed_gives_the_same_numbers_twice(tmp_path: Path, trained: Trained, reviews: Path) -> None:
    first, again, other = trained("lstm"), tmp_path / "again", tmp_path / "other"
    run("train", "--data", reviews, "--run", again, *options(model="lstm")).succeeded()
    assert history(again) == history(first)
    assert without_seconds(read_json(again / "metrics.json")) == without_seconds(read_json(first / "metrics.json"))
    for name in ("best.npz", "last.npz"):
        for one, two in zip(*(load_arrays(path / "checkpoints" / name)[0] for path in (first, again)), strict=True):
            np.testing.assert_array_equal(one, two)
    run("train", "--data", reviews, "--run", other, *options(model="average", seed=2)).succeeded()
    assert history(other) != history(trained("average"))


def test_several_seeds_give_mean_and_standard_deviation(tmp_path: Path, reviews: Path) -> None:
    folder = tmp_path / "run"
    found = run("train", "--data", reviews, "--run", folder, "--seeds", 2, *options(model="average", epochs=2, seed=4))
    assert "±" in found.succeeded().out
    metrics = read_json(folder / "metrics.json")
    each = [read_json(folder / "seeds" / seed / "metrics.json") for seed in ("4", "5")]
    assert [seed["seed"] for seed in metrics["seeds"]] == [4, 5]
    for split in ("dev", "test"):
        for name, mean in metrics[split].items():
            values = [one[split][name] for one in each]
            assert mean == pytest.approx(np.mean(values))
            assert metrics["std"][split][name] == pytest.approx(np.std(values, ddof=1), abs=1e-4)
    assert each[0]["test"] != each[1]["test"]
    best = max(("4", "5"), key=lambda seed: read_json(folder / "seeds" / seed / "metrics.json")["dev"]["accuracy"])
    assert (folder / "model.keras").read_bytes() == (folder / "seeds" / best / "model.keras").read_bytes()
    assert (folder / "plots" / "learning_curves.png").exists()
    run("predict", "--run", folder, "text").succeeded()


@pytest.mark.parametrize(("classes", "ordinal"), [(2, False), (3, True), (7, True)])
def test_any_number_of_classes(classes: int, ordinal: bool, tmp_path: Path) -> None:
    path = write_reviews(tmp_path / "reviews.tsv", 200, classes=classes)
    found = run("train", "--data", path, "--run", tmp_path / "run", *options(model="average")).succeeded()
    assert f"{classes} {'ordered ' if ordinal else ''}classes" in found.err
    metrics = read_json(tmp_path / "run" / "metrics.json")
    assert ("mae" in metrics["test"]) == ordinal
    answer = sentiment.load(tmp_path / "run")(["text"])[0]
    assert list(answer.probabilities) == [str(number + 1) for number in range(classes)]


def test_named_classes_out_of_balance_and_out_of_order(tmp_path: Path) -> None:
    """One text in twenty is of the second class; and numbers are no order when told so."""
    path = tmp_path / "reviews.txt"
    path.write_text("".join(f"{10 if n % 20 == 0 else 9} a text of number {n}\n" for n in range(400)), "utf-8")
    for ordinal in ("yes", "no"):
        folder = tmp_path / ordinal
        run("train", "--data", path, "--run", folder, "--ordinal", ordinal, *options(model="average")).succeeded()
        test = read_json(folder / "metrics.json")["test"]
        assert test["accuracy"] > 0.8
        assert test["macro_f1"] < 0.6, "it shows that the rare class is never found"
        assert ("mae" in test) == (ordinal == "yes")
    assert sentiment.load(folder)([""])[0].probabilities.keys() == {"9", "10"}
    assert list(read_json(folder / "state.json")["labels"]) == ["9", "10"], "by value, not by spelling"


@pytest.mark.parametrize("ending", [".txt", ".safetensors"])
def test_vectors_start_the_embedding_and_coverage_is_told(ending: str, tmp_path: Path, reviews: Path) -> None:
    words = ["the", "soup", "never-in-the-data", "wonderful"]
    vectors = np.random.default_rng(0).normal(size=(4, 6)).astype(np.float32)
    write(tmp_path / f"vectors{ending}", Vectors(words, vectors))
    found = run(
        *("train", "--data", reviews, "--run", tmp_path / "run", "--vectors", tmp_path / f"vectors{ending}"),
        *options(model="average", learning_rate=1e-9),
    ).succeeded()
    assert "vectors: 3 of " in found.err
    predictor = sentiment.load(tmp_path / "run")
    table = predictor.model.get_layer("embedding").get_weights()[0]
    tokens = predictor.task.encoder.tokens
    assert "never-in-the-data" in tokens, "a word of the vectors may come when it is used"
    for word, vector in zip(words, vectors, strict=True):
        np.testing.assert_allclose(table[tokens.index(word)], vector, atol=1e-5)
    assert table.shape == (len(tokens), 6)
    np.testing.assert_allclose(table[0], 0, atol=1e-5)


def test_every_seed_starts_from_the_vectors(tmp_path: Path, reviews: Path) -> None:
    vectors = np.random.default_rng(0).normal(size=(2, 6)).astype(np.float32)
    write(tmp_path / "vectors.txt", Vectors(["the", "soup"], vectors))
    run(
        *("train", "--data", reviews, "--run", tmp_path / "run", "--vectors", tmp_path / "vectors.txt", "--seeds", "2"),
        *options(model="average", learning_rate=1e-9),
    ).succeeded()
    for seed in ("1", "2"):
        predictor = sentiment.load(tmp_path / "run" / "seeds" / seed)
        assert predictor.task.config.seed == int(seed)
        table = predictor.model.get_layer("embedding").get_weights()[0]
        np.testing.assert_allclose(table[predictor.task.encoder.ids["soup"]], vectors[1], atol=1e-5)


def test_chinese_by_character(tmp_path: Path) -> None:
    path = tmp_path / "reviews.tsv"
    path.write_text(
        "label\ttext\n" + "".join(f"{n % 2}\t房间{'很' if n % 2 else '不'}好{n}\n" for n in range(200)), "utf-8"
    )
    found = run("train", "--data", path, "--run", tmp_path / "run", "--unit", "characters", *options(model="average"))
    assert found.succeeded()
    assert {"房", "间", "很", "不", "好"} <= set(read_json(tmp_path / "run" / "state.json")["tokens"])


# Use


def test_evaluate_gives_the_metrics_of_the_run(trained: Trained, tmp_path: Path) -> None:
    folder = trained("attention")
    found = run("evaluate", "--run", folder, "--output", tmp_path / "pictures").succeeded()
    expected = read_json(folder / "metrics.json")["test"]
    assert json.loads(found.out) == pytest.approx(expected, abs=1e-6)
    assert found.err.startswith("the most wrong:\n")
    assert "reviews.tsv:" in found.err
    assert {path.name for path in (tmp_path / "pictures").iterdir()} == {"confusion.png", "calibration.png"}


def test_evaluate_on_other_data(trained: Trained, tmp_path: Path) -> None:
    other = write_reviews(tmp_path / "other.tsv", 30, seed=99)
    answers = sentiment.load(trained("average"))([line.split("\t")[1] for line in other.read_text().splitlines()[1:]])
    right = [line.split("\t")[0] for line in other.read_text().splitlines()[1:]]
    accuracy = np.mean([answer.label == label for answer, label in zip(answers, right, strict=True)])
    found = run("evaluate", "--run", trained("average"), "--data", other).succeeded()
    assert json.loads(found.out)["accuracy"] == pytest.approx(accuracy)


def test_predictions_are_the_same_from_everywhere(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = trained("attention")
    texts = [text for text in TEXTS if "\n" not in text]
    file = tmp_path / "texts.txt"
    file.write_text("".join(text + "\n" for text in texts), "utf-8")
    given = run("predict", "--run", folder, "--json", *texts).succeeded().out
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(file.read_bytes())))
    assert run("predict", "--run", folder, "--json", "--file", "-").succeeded().out == given
    assert run("predict", "--run", folder, "--json", "--file", file).succeeded().out == given
    rows = [json.loads(line) for line in given.splitlines()]
    assert [row["text"] for row in rows] == texts
    for row, answer in zip(rows, sentiment.load(folder)(texts), strict=True):
        assert row["label"] == answer.label == max(row["probabilities"], key=row["probabilities"].get)
        assert row["confidence"] == row["probabilities"][row["label"]]
        assert row["probabilities"] == pytest.approx(answer.probabilities, abs=1e-6)
        assert sum(row["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    lines = run("predict", "--run", folder, *texts).succeeded().out.splitlines()
    assert lines[0] == f"{rows[0]['label']}\t{rows[0]['confidence']:.4f}\tThe soup was good."


@pytest.mark.parametrize("model", MODELS)
def test_an_empty_text_gets_an_answer(model: str, trained: Trained) -> None:
    empty, blank, unknown = sentiment.load(trained(model))(["", " \t ", "zzz"])
    assert empty.probabilities == pytest.approx(blank.probabilities)
    for answer in (empty, blank, unknown):
        assert sum(answer.probabilities.values()) == pytest.approx(1, abs=1e-5)
    assert unknown.probabilities != pytest.approx(empty.probabilities, abs=1e-6), "an unknown word is no padding"
    assert sentiment.load(trained(model))([]) == []


def test_more_texts_than_one_reading(trained: Trained, tmp_path: Path) -> None:
    file = tmp_path / "texts.txt"
    file.write_text("".join(f"text {number}\n" for number in range(600)))
    lines = run("predict", "--run", trained("average"), "--file", file).succeeded().out.splitlines()
    assert [line.split("\t")[2] for line in lines] == [f"text {number}" for number in range(600)]


def test_explanations_are_written(trained: Trained, tmp_path: Path) -> None:
    folder = trained("attention")
    found = run("predict", "--run", folder, "--explain", tmp_path / "out.html", *TEXTS[:2]).succeeded()
    assert "explained in" in found.err
    page = (tmp_path / "out.html").read_text("utf-8")
    assert page.count("<article>") == 2
    assert 'title="attention 0.' in page
    assert 'title="without it the answer changes by ' in page
    run("predict", "--run", folder, "--explain", tmp_path / "out.png", *TEXTS[:2]).succeeded()
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.html", "out.png"]


# Export

LOADED = """
import json, sys
sys.modules.update(keras=None, tensorflow=None)
import importlib.util
answers = {}
for folder in sys.argv[2:]:
    spec = importlib.util.spec_from_file_location("loader", folder + "/loader.py")
    loader = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loader)
    model = loader.Model(folder)
    answers[folder] = [(label, p.tolist()) for label, p in model(json.loads(sys.argv[1]))]
    assert len({p for p in sys.modules if p.split(".")[0] in ("apps", "layers")}) == 0
print(json.dumps(answers))
"""
SERVED = """
import json, sys
import tensorflow as tf
sys.modules.update(keras=None)
texts = json.loads(sys.argv[1])
answers = {}
for folder in sys.argv[2:]:
    serve = tf.saved_model.load(folder).signatures["serving_default"]
    found = serve(text=tf.constant([text.encode() for text in texts]))
    labels = [label.decode() for label in found["label"].numpy()]
    answers[folder] = list(zip(labels, found["probabilities"].numpy().tolist()))
    nothing = serve(text=tf.constant([b"", b" "]))["probabilities"].numpy()
    assert abs(nothing - found["probabilities"].numpy()[texts.index("")]).max() < 1e-5
    bad = serve(text=tf.constant([b"caf\\xe9 \\xff", b""]))["probabilities"].numpy()
    assert bad.shape[0] == 2 and abs(bad.sum(1) - 1).max() < 1e-5
print(json.dumps(answers))
"""


def check_answers(folder: Path, answers: list[tuple[str, list[float]]]) -> None:
    for (label, probabilities), expected in zip(answers, sentiment.load(folder)(TEXTS), strict=True):
        assert label == expected.label
        np.testing.assert_allclose(probabilities, list(expected.probabilities.values()), atol=1e-5)


LONG_TO_EXPORT = [model if model == "attention" else pytest.param(model, marks=pytest.mark.slow) for model in MODELS]


@pytest.mark.parametrize("model", LONG_TO_EXPORT)
def test_a_model_is_served_from_onnx_and_litert_without_keras(model: str, exported: Trained, tmp_path: Path) -> None:
    """Several texts in one session, of growing and of shrinking length, and empty ones."""
    folders = [str(exported(model) / "export" / kind) for kind in ("onnx", "litert")]
    answers = json.loads(run_python(LOADED, json.dumps(TEXTS), *folders, cwd=tmp_path))
    for folder in folders:
        check_answers(exported(model), answers[folder])


@pytest.mark.parametrize("model", LONG_TO_EXPORT)
def test_a_model_is_served_from_a_savedmodel_on_raw_strings(model: str, exported: Trained, tmp_path: Path) -> None:
    folder = str(exported(model) / "export" / "savedmodel")
    answers = json.loads(run_python(SERVED, json.dumps(TEXTS), folder, cwd=tmp_path))
    check_answers(exported(model), answers[folder])


def test_artifacts_hold_what_they_need_and_nothing_else(exported: Trained) -> None:
    folder = exported("attention") / "export"
    assert {path.name for path in folder.iterdir()} == {"savedmodel", "onnx", "litert"}
    assert {path.name for path in (folder / "onnx").iterdir()} == {"model.onnx", "vocabulary.json", "loader.py"}
    assert {path.name for path in (folder / "litert").iterdir()} == {"model.tflite", "vocabulary.json", "loader.py"}
    assert (folder / "savedmodel" / "saved_model.pb").exists()


def test_export_says_how_large_the_difference_is(trained: Trained, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(trained("average"), tmp_path / "run", ignore=shutil.ignore_patterns("export")))
    found = run("export", "--run", folder, "--formats", "onnx").succeeded()
    assert "largest difference from Keras on 15 examples: " in found.err
    assert float(found.err.split()[-1]) <= 1e-5
    assert [path.name for path in (folder / "export").iterdir()] == ["onnx"]


@pytest.mark.parametrize(
    ("kind", "wrong"), [("savedmodel", 3e-5), ("onnx", 3e-5), ("litert", 3e-5), ("onnx", float("nan"))]
)
def test_an_artifact_that_differs_is_refused_and_the_old_one_kept(
    kind: str, wrong: float, exported: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(exported("average"), tmp_path / "run"))
    (folder / "export" / kind / "mark").write_text("the old one")
    right = artifacts.run

    def perturbed(*argv: Any) -> Any:
        for number, output in enumerate(right(*argv)):
            yield output + (wrong if number == 3 else 0)

    monkeypatch.setattr(artifacts, "run", perturbed)
    found = run("export", "--run", folder, "--formats", kind)
    assert (
        f"export/{kind}: differs from the Keras model by {wrong:.1e}, more than 1e-05; it was not kept" in found.error
    )
    assert (folder / "export" / kind / "mark").read_text() == "the old one"
    assert not leftovers(folder)
