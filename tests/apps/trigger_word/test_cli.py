"""Bad input: one clear line, exit code 2, and nothing left behind."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from apps.core.errors import InputError
from apps.trigger_word.config import Config

from .helpers import ROOT, leftovers, options, run

Trained = Callable[[str], Path]


@pytest.mark.parametrize(
    ("option", "value", "what"),
    [
        ("zoneout", 1.0, "--zoneout: must be at least 0 and below 1"),
        ("hard-share", 1.5, "--hard-share: must be at least 0 and at most 1"),
        ("label-width", 0.0, "--label-width: must be above 0"),
        ("smoothing", 0, "--smoothing: must be 1 or more"),
        ("stream-seconds", 1.0, "--stream-seconds: must be 2 or more"),
        ("snr-high", -9.0, "--snr-high: must not be below --snr-low -3.0"),
        ("max-false-accepts-per-hour", -1.0, "--max-false-accepts-per-hour: must not be negative"),
    ],
)
def test_options_that_cannot_be_meant(option: str, value: float, what: str) -> None:
    with pytest.raises(InputError) as caught:
        Config(**{option.replace("-", "_"): value})  # type: ignore[arg-type]
    assert str(caught.value).startswith(what)


def test_a_word_that_is_named_twice_or_not_there(tmp_path: Path) -> None:
    place = tmp_path / "run"
    twice = run("train", "--run", place, *options(), "--keywords", "chime", "chime")
    assert "--keywords: must not name a word twice" in twice.error
    assert "doorknob" in run("train", "--run", place, *options(), "--keywords", "doorknob").error
    assert not place.exists()
    assert not leftovers(tmp_path)


def test_keywords_are_the_same_after_reading_them_back() -> None:
    assert Config(keywords=["b", "a"]).keywords == ("b", "a")  # type: ignore[arg-type]
    assert Config(keywords=["b", "a"]).differences(Config(keywords=("b", "a"))) == []  # type: ignore[arg-type]


def test_a_damaged_run(trained: Trained, tmp_path: Path) -> None:
    folder = shutil.copytree(trained("gru"), tmp_path / "run")
    (folder / "model.keras").write_bytes(b"junk")
    assert "this run folder is damaged" in run("evaluate", "--run", folder).error


def test_an_unknown_format(trained: Trained) -> None:
    found = run("export", "--run", trained("gru"), "--formats", "coreml")
    assert found.error == "--formats: unknown format coreml; known are savedmodel, onnx, litert, litert-int8"


def test_help_needs_no_tensorflow() -> None:
    program = (
        "import sys; from apps.core.cli import main; from apps.trigger_word.task import TriggerTask\n"
        "try: main(TriggerTask, ['train', '--help'])\n"
        "except SystemExit: pass\n"
        "assert not {'tensorflow', 'keras', 'matplotlib', 'scipy', 'sounddevice'} & set(sys.modules), sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "--max-false-accepts-per-hour" in done.stdout
