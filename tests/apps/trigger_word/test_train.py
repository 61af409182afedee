"""The whole way: train, evaluate, predict, explain, export, and use what was exported."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from apps import trigger_word
from apps.core.training import load_arrays
from apps.trigger_word import TriggerDetector
from apps.trigger_word.config import RATE
from apps.trigger_word.detector import KerasScorer
from apps.trigger_word.training_data import whole_steps

from .helpers import MODELS, leftovers, options, read_json, run, sounds

Trained = Callable[[str], Path]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of sounds, stereo, 24 bits, 44.1 kHz."""
    path = tmp_path_factory.mktemp("sounds") / "a recording.wav"
    samples = np.interp(np.arange(2 * 44_100) / 44_100, np.arange(2 * RATE) / RATE, sounds(2.0))
    soundfile.write(path, np.stack([samples, samples], 1), 44_100, subtype="PCM_24")
    return path


def history(folder: Path) -> list[dict[str, str]]:
    with open(folder / "history.csv", newline="") as file:
        return [{name: value for name, value in row.items() if name != "seconds"} for row in csv.DictReader(file)]


# Training


def test_a_run_folder_holds_all_that_a_run_was(trained: Trained) -> None:
    folder = trained("gru")
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    names = {name for name in names if not name.startswith(("tensorboard/", "export/"))}
    assert names == {
        *("config.json", "data.json", "state.json", "model.keras", "history.csv", "metrics.json"),
        *("checkpoints/best.npz", "checkpoints/last.npz", "plots/learning_curves.png", "plots/det.png"),
    }
    state = read_json(folder / "state.json")
    assert state["keywords"] == ["chime"]
    assert 0 < state["thresholds"]["chime"] < 1, "fitted to the development stream"
    assert not leftovers(folder)


def test_the_same_seed_gives_the_same_numbers_twice(trained: Trained, tmp_path: Path) -> None:
    first, again = trained("gru"), tmp_path / "again"
    run("train", "--run", again, *options(model="gru")).succeeded()
    assert history(again) == history(first)
    for one, two in zip(*(load_arrays(path / "checkpoints" / "best.npz")[0] for path in (first, again)), strict=True):
        np.testing.assert_array_equal(one, two)
    assert read_json(again / "state.json") == read_json(first / "state.json")


def test_a_run_that_was_ended_goes_on_as_if_it_were_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hard negatives depend on the model as it was; the second epoch finds the same ones."""
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    given = options(epochs=2, model="depthwise")
    run("train", "--run", whole, *given).succeeded()
    from apps.core import training

    epoch_of, calls = training.train_epoch, []

    def interrupted(*arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return epoch_of(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(training, "train_epoch", interrupted)
        assert run("train", "--run", broken, *given).code == 130
    run("train", "--run", broken, "--resume").succeeded()
    assert history(broken) == history(whole)
    assert read_json(broken / "state.json") == read_json(whole / "state.json")


# Use


def test_evaluate_gives_the_metrics_of_the_run(trained: Trained, tmp_path: Path) -> None:
    found = run("evaluate", "--run", trained("gru"), "--output", tmp_path / "pictures").succeeded()
    assert json.loads(found.out) == pytest.approx(read_json(trained("gru") / "metrics.json")["test"], abs=1e-6)
    assert "chime: " in found.err
    assert {path.name for path in (tmp_path / "pictures").iterdir()} == {"det.png"}


def fire_easily(folder: Path, to: Path) -> Path:
    """A copy of a run whose detector fires at everything."""
    shutil.copytree(folder, to, ignore=shutil.ignore_patterns("export"))
    state = read_json(to / "state.json")
    (to / "state.json").write_text(json.dumps(state | {"thresholds": {"chime": 0.02}}))
    return to


def test_predict_names_the_words_in_a_file(trained: Trained, recording: Path, tmp_path: Path) -> None:
    folder = fire_easily(trained("gru"), tmp_path / "run")
    line = run("predict", "--run", folder, recording).succeeded().out
    path, *events = line.rstrip("\n").split("\t")
    assert path == str(recording)
    assert events
    assert events[0].split()[1] == "chime"
    (answer,) = trigger_word.load(folder)([recording])
    assert answer.seconds == pytest.approx(2.0, abs=0.01)
    assert [f"{e['time']:.2f} {e['keyword']} {e['score']:.3f}" for e in answer.events] == events
    listed = tmp_path / "files.txt"
    listed.write_text(f"{recording}\n\n{recording}\n")
    rows = [json.loads(row) for row in run("predict", "--run", folder, "--file", listed, "--json").out.splitlines()]
    assert [row["path"] for row in rows] == [str(recording)] * 2
    assert rows[0]["events"] == [dict(event) for event in answer.events]


def test_predict_for_what_is_no_sound(trained: Trained, tmp_path: Path) -> None:
    assert "no such file" in run("predict", "--run", trained("gru"), tmp_path / "none.wav").error
    (tmp_path / "junk.wav").write_bytes(b"junk" * 99)
    assert "junk.wav: " in run("predict", "--run", trained("gru"), tmp_path / "junk.wav").error


def test_pictures(trained: Trained, recording: Path, tmp_path: Path) -> None:
    folder = fire_easily(trained("gru"), tmp_path / "run")
    run("predict", "--run", folder, recording, "--explain", tmp_path / "why.png").succeeded()
    assert (tmp_path / "why.png").read_bytes().startswith(b"\x89PNG")
    run("predict", "--run", folder, recording, recording, "--explain", tmp_path / "why.html").succeeded()
    page = (tmp_path / "why.html").read_text("utf-8")
    assert page.count("<img") == 2
    assert "chime at" in page
    many = run("predict", "--run", folder, *[recording] * 9, "--explain", tmp_path / "many.png")
    assert "a picture holds 8 files at most" in many.error
    assert not (tmp_path / "many.png").exists()


# Export


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("kind", ["onnx", "litert", "litert-int8"])
def test_what_was_exported_hears_a_stream_as_the_run_does(model: str, kind: str, exported: Trained) -> None:
    folder = exported(model) / "export" / kind
    whole = KerasScorer(trigger_word.load(exported(model)).model)(whole_steps(sounds(2.0)))
    detector, scores = TriggerDetector(folder), []
    for start in range(0, 2 * RATE, 1000):
        detector.feed(sounds(2.0)[start : start + 1000])
        scores.append(detector.recent)
    differences = np.abs(np.concatenate(scores) - whole)
    assert differences.max() < (0.15 if kind == "litert-int8" else 1e-5)
    assert differences.mean() < (0.03 if kind == "litert-int8" else 1e-6)
    assert detector.spec["thresholds"] == read_json(exported(model) / "state.json")["thresholds"]


def test_a_savedmodel_takes_raw_samples(exported: Trained) -> None:
    import tensorflow as tf

    serve = tf.saved_model.load(str(exported("gru") / "export" / "savedmodel")).signatures["serving_default"]
    found = serve(samples=tf.constant(np.stack([sounds(1.0), sounds(1.0, seed=1)])))["scores"].numpy()
    model = trigger_word.load(exported("gru")).model
    for row, seed in zip(found, (0, 1), strict=True):
        np.testing.assert_allclose(row, KerasScorer(model)(whole_steps(sounds(1.0, seed))), atol=1e-5)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("kind", ["litert", "litert-int8"])
def test_a_litert_model_needs_no_flex_operations(model: str, kind: str, exported: Trained) -> None:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(exported(model) / "export" / kind / "model.tflite"))
    operations = {detail["op_name"] for detail in interpreter._get_ops_details()}
    assert operations
    assert not {name for name in operations if name.startswith("Flex") or name in ("CUSTOM", "WHILE")}
    if (model, kind) == ("depthwise", "litert-int8"):
        kept = {detail["dtype"].__name__ for detail in interpreter.get_tensor_details()}
        assert kept <= {"int8", "int32"}, "a microcontroller has no floats"


@pytest.mark.parametrize("kind", ["onnx", "litert"])
def test_the_loader_needs_neither_keras_nor_the_project(kind: str, exported: Trained, tmp_path: Path) -> None:
    folder = shutil.copytree(exported("gru") / "export" / kind, tmp_path / kind)
    soundfile.write(tmp_path / "a.wav", sounds(2.0), RATE, subtype="PCM_16")
    spec = read_json(folder / "detector.json")
    (folder / "detector.json").write_text(json.dumps(spec | {"thresholds": {"chime": 0.02}}))
    program = (
        "import runpy, sys; sys.argv = ['loader.py', sys.argv[1]]; runpy.run_path('loader.py', run_name='__main__');"
    )
    program += "assert not {'keras', 'tensorflow', 'apps'} & set(sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "a.wav"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    times, words, _ = zip(*(line.split("\t") for line in done.stdout.splitlines()), strict=True)
    assert set(words) == {"chime"}
    assert 0 < float(times[0]) < 2


def test_a_damaged_artifact_is_not_kept(trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from apps.trigger_word import artifacts

    folder = shutil.copytree(trained("gru"), tmp_path / "run", ignore=shutil.ignore_patterns("export"))
    real = artifacts.run_artifact
    monkeypatch.setattr(artifacts, "run_artifact", lambda *given: real(*given) + 0.01)
    assert "differs from the Keras model" in run("export", "--run", folder, "--formats", "onnx").error
    assert not (folder / "export" / "onnx").exists()
