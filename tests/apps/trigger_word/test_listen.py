"""The microphone, played by a file, and every way in which there is none."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from apps.trigger_word import detector, listen
from apps.trigger_word.config import RATE
from apps.trigger_word.loader import StreamDetector

from .helpers import run, sounds, spec


class PortAudioError(Exception):
    """As sounddevice has it."""


def package(open_stream: Callable[..., Any]) -> ModuleType:
    """Something that passes for sounddevice."""
    module: Any = ModuleType("sounddevice")
    module.PortAudioError, module.InputStream = PortAudioError, open_stream
    return module


class Player:
    """An input stream that gives its samples as soon as it is entered."""

    status = ""
    samples = np.round(sounds(2.0) * 32767).astype(np.int16)
    opened: dict[str, Any]

    def __init__(self, **how: Any) -> None:
        Player.opened, self.give = how, how["callback"]

    def __enter__(self) -> Player:
        for start in range(0, len(self.samples), Player.opened["blocksize"]):
            block = self.samples[start : start + Player.opened["blocksize"], None]
            self.give(block, len(block), None, self.status)
        return self

    def __exit__(self, *_: object) -> None:
        pass


@pytest.fixture
def hears_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    """A detector for loudness in place of that of a run, and no waiting."""
    scorer = lambda features: np.repeat((features.reshape(-1, 3 * 40).mean(1) > -6)[:, None], 2, 1) * 0.9  # noqa: E731
    monkeypatch.setattr(detector, "TriggerDetector", lambda run: StreamDetector(spec(refractory=9.0), scorer))
    monkeypatch.setattr(listen, "WAIT", 0.05)


@pytest.mark.usefixtures("hears_noise")
def test_words_are_printed_as_they_are_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", package(Player))
    found = run("listen", "--device", "3")
    assert "listening for “a” or “b”" in found.out
    lines = [line.split() for line in found.out.splitlines() if line.endswith("0.600")]
    assert [word for _, word, _ in lines] == ["a", "b"]
    assert "has given nothing for" in found.error, "the player is at its end"
    assert Player.opened["samplerate"] == RATE
    assert (Player.opened["channels"], Player.opened["dtype"], Player.opened["device"]) == (1, "int16", 3)


@pytest.mark.usefixtures("hears_noise")
def test_it_ends_after_the_seconds_that_it_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", package(Player))
    run("listen", "--seconds", "0").succeeded()


@pytest.mark.usefixtures("hears_noise")
def test_no_device(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: Any) -> None:
        raise PortAudioError("Error querying device -1")

    monkeypatch.setitem(sys.modules, "sounddevice", package(refuse))
    assert run("listen").error.startswith("listen: no microphone can be opened (Error querying device -1); connect one")


@pytest.mark.usefixtures("hears_noise")
def test_a_device_that_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(Player):
        def __enter__(self) -> Player:
            raise PortAudioError("Unanticipated host error")

    monkeypatch.setitem(sys.modules, "sounddevice", package(Broken))
    assert run("listen").error.startswith("listen: no microphone can be opened (Unanticipated host error); connect one")


@pytest.mark.usefixtures("hears_noise")
def test_lost_samples_are_noted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    class Busy(Player):
        status = "input overflow"

    monkeypatch.setitem(sys.modules, "sounddevice", package(Busy))
    assert run("listen").out.count("note: samples were lost (input overflow)") == 1


@pytest.mark.usefixtures("hears_noise")
def test_an_interrupt_ends_it_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "sounddevice", package(Player))
    monkeypatch.setattr(listen, "next_block", interrupt)
    assert not run("listen").succeeded().err


def test_no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    assert "install it with `pip install sounddevice`" in run("listen").error


def test_no_library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')")
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    assert "the library PortAudio is missing (PortAudio library not found)" in run("listen").error


def test_no_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", package(Player))
    assert "no such run" in run("listen", "--run", tmp_path / "none").error


def test_the_meter_shows_level_and_scores() -> None:
    quiet = listen.meter(np.zeros(100, np.int16), {"computer": 0.0}).plain
    loud = listen.meter(np.full(100, 32767, np.int16), {"computer": 1.0}).plain
    assert "█" not in quiet
    assert loud.count("█") == 2 * listen.BAR
    assert "computer" in loud
