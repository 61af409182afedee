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
from apps.trigger_word import TriggerDetector, loader
from apps.trigger_word.answers import SILENCE
from apps.trigger_word.config import RATE
from apps.trigger_word.detector import KerasScorer
from apps.trigger_word.features import STRIDE, log_mel
from apps.trigger_word.training_data import whole_steps
from tests.apps.command import run_python

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
    both = run("predict", "--run", trained("gru"), tmp_path / "junk.wav", tmp_path / "none.wav").error
    assert both.startswith("predict: none of the 2 sound files can be read: ")


def test_a_bad_file_does_not_keep_the_others_from_being_heard(
    trained: Trained, recording: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "empty.wav"
    empty.touch()
    listed = tmp_path / "files.txt"
    listed.write_text(f"{recording}\n{empty}\n{recording}\n")
    found = run("predict", "--run", trained("gru"), recording, empty, recording).succeeded()
    lines = [line.split("\t")[:2] for line in found.out.splitlines()]
    assert [line[0] for line in lines] == [str(recording), str(empty), str(recording)]
    assert lines[1][1] == "error: the file is empty; record it anew or remove it"
    assert f"note: 1 of 3 sound files cannot be read: {empty}: the file is empty" in found.err
    picture = tmp_path / "why.html"
    found = run("predict", "--run", trained("gru"), "--file", listed, "--json", "--explain", picture).succeeded()
    rows = [json.loads(line) for line in found.out.splitlines()]
    assert [bool(row["error"]) for row in rows] == [False, True, False]
    assert picture.read_text("utf-8").count("<img") == 2


def test_nothing_to_draw(trained: Trained, tmp_path: Path) -> None:
    blank = tmp_path / "blank.txt"
    blank.write_text("\n\n")
    found = run("predict", "--run", trained("gru"), "--file", blank, "--explain", tmp_path / "why.png")
    assert "there is no sound file to draw" in found.error


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


LONG = """
import resource, sys
import numpy as np
sys.path.insert(0, sys.argv[1])
from loader import TriggerDetector

rng = np.random.default_rng(0)
minute = (rng.standard_normal(960_000) * 3000).astype(np.int16)
detector, peaks = TriggerDetector(sys.argv[1]), []
for hour in range(8):
    for _ in range(60):
        start = 0
        while start < len(minute):
            end = start + int(rng.integers(1, 32_000))
            detector.feed(minute[start:end])
            start = end
    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
fresh = TriggerDetector(sys.argv[1])
fresh.feed(minute)
drift = np.abs(detector.trigger.smooth - fresh.trigger.smooth).max()
print(detector.steps, peaks[-1] - peaks[0], drift)
"""


@pytest.mark.slow
def test_eight_hours_take_no_more_memory_than_one_and_do_not_drift(exported: Trained) -> None:
    """In chunks of up to two seconds; the last minute is heard as one that nothing came before."""
    steps, grown, drift = map(float, run_python(LONG, exported("gru") / "export" / "litert").split())
    frames = (8 * 3600 * 16_000 - 512) // 160 + 1
    assert steps == frames // 3
    assert grown < 2, "megabytes"
    assert drift < 1e-3


def test_a_savedmodel_takes_raw_samples(exported: Trained) -> None:
    import tensorflow as tf

    serve = tf.saved_model.load(str(exported("gru") / "export" / "savedmodel")).signatures["serving_default"]
    found = serve(samples=tf.constant(np.stack([sounds(1.0), sounds(1.0, seed=1)])))["scores"].numpy()
    model = trigger_word.load(exported("gru")).model
    for row, seed in zip(found, (0, 1), strict=True):
        np.testing.assert_allclose(row, KerasScorer(model)(whole_steps(sounds(1.0, seed))), atol=1e-5)


@pytest.mark.parametrize("model", MODELS)
def test_a_savedmodel_takes_as_few_samples_as_there_are(model: str, exported: Trained) -> None:
    import tensorflow as tf

    serve = tf.saved_model.load(str(exported(model) / "export" / "savedmodel")).signatures["serving_default"]
    samples = sounds(1.0)[None, :]
    whole = serve(samples=tf.constant(samples))["scores"].numpy()
    for size in (0, 100, 512, 511 + 2 * 160, 512 + 2 * 160, 512 + 7 * 160, 512 + 8 * 160):
        steps = log_mel.count(size) // STRIDE
        found = serve(samples=tf.constant(samples[:, :size]))["scores"].numpy()
        np.testing.assert_allclose(found, whole[:, :steps], atol=1e-5)


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


def test_the_loader_says_what_is_wrong_with_a_file(exported: Trained, tmp_path: Path) -> None:
    script = exported("gru") / "export" / "onnx" / "loader.py"
    sound = tmp_path / "a.wav"
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("no sound at all, only words")
    soundfile.write(sound, sounds(1.0), 8000, subtype="PCM_16")
    for words, what in (
        ([], "usage: python loader.py FILE.wav"),
        (["missing.wav"], "error: missing.wav: cannot be read as WAV (No such file or directory)"),
        (["empty.wav"], "error: empty.wav: cannot be read as WAV (the file is empty)"),
        (["text.wav"], "error: text.wav: cannot be read as WAV (file does not start with RIFF id)"),
        (["a.wav"], "error: a.wav: must be of 16000 Hz, one channel and 16 bits"),
    ):
        done = subprocess.run(
            [sys.executable, script, *words], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (2, what + "\n")


def test_the_loader_hears_what_predict_hears_and_silence_at_the_end(tmp_path: Path) -> None:
    samples = np.round(sounds(0.35) * 32767).astype(np.int16)
    soundfile.write(tmp_path / "a.wav", samples, RATE, subtype="PCM_16")
    heard = np.concatenate(list(loader.chunks(str(tmp_path / "a.wav"), RATE)))
    np.testing.assert_array_equal(heard[: len(samples)], samples)
    assert not heard[len(samples) :].any()
    assert len(heard) == len(samples) + len(SILENCE)
    content = (tmp_path / "a.wav").read_bytes()
    (tmp_path / "a.wav").write_bytes(content[:1001])
    assert len(np.concatenate(list(loader.chunks(str(tmp_path / "a.wav"), RATE)))) == (1001 - 44) // 2 + len(SILENCE)


def test_a_damaged_artifact_is_not_kept(trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from apps.trigger_word import artifacts

    folder = shutil.copytree(trained("gru"), tmp_path / "run", ignore=shutil.ignore_patterns("export"))
    real = artifacts.run_artifact
    monkeypatch.setattr(artifacts, "run_artifact", lambda *given: real(*given) + 0.01)
    assert "differs from the Keras model" in run("export", "--run", folder, "--formats", "onnx").error
    assert not (folder / "export" / "onnx").exists()
