"""A run that is killed at any moment resumes, and ends where an unbroken one ends."""

from __future__ import annotations

import csv
import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from apps import sentiment
from apps.core.training import load_arrays

from .helpers import leftovers, options, read_json, run, run_process, start, write_reviews

EPOCHS = 6


def rows_of(folder: Path) -> list[dict[str, str]]:
    with open(folder / "history.csv", newline="") as file:
        return [{name: value for name, value in row.items() if name != "seconds"} for row in csv.DictReader(file)]


def without_seconds(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_seconds(inner) for name, inner in value.items() if name != "seconds"}
    return [without_seconds(inner) for inner in value] if isinstance(value, list) else value


def check_same(folder: Path, unbroken: Path) -> None:
    assert rows_of(folder) == rows_of(unbroken)
    assert without_seconds(read_json(folder / "metrics.json")) == without_seconds(read_json(unbroken / "metrics.json"))
    assert read_json(folder / "state.json") == read_json(unbroken / "state.json")
    for name in ("best.npz", "last.npz"):  # the second holds the optimizer and the random generators as well
        for one, two in zip(*(load_arrays(each / "checkpoints" / name)[0] for each in (folder, unbroken)), strict=True):
            np.testing.assert_array_equal(one, two)
    weights = (sentiment.load(each).model.get_weights() for each in (folder, unbroken))
    for one, two in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, two)
    assert not leftovers(folder)
    assert {path.name for path in folder.iterdir()} == {path.name for path in unbroken.iterdir()}


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_reviews(tmp_path_factory.mktemp("data") / "reviews.tsv", 400)


@pytest.fixture(scope="module")
def unbroken(many: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    runs: dict[str, Path] = {}
    place = tmp_path_factory.mktemp("unbroken")

    def train(model: str) -> Path:
        if model not in runs:
            argv = ["train", "--data", many, "--run", place / model, *options(model=model, epochs=EPOCHS, ema=0.9)]
            run(*argv).succeeded()
            runs[model] = place / model
        return runs[model]

    return train


def begun(folder: Path) -> bool:
    return (folder / "config.json").exists()


def first_checkpoint(folder: Path) -> bool:
    return (folder / "checkpoints" / "last.npz").exists()


def late(folder: Path) -> bool:
    history = folder / "history.csv"
    if not history.exists() or len(history.read_text().splitlines()) < 4:
        return False
    time.sleep(random.random() * 0.1)
    return True


@pytest.mark.parametrize(
    ("model", "moment"),
    [
        ("attention", first_checkpoint),
        pytest.param("average", begun, marks=pytest.mark.slow),
        pytest.param("average", late, marks=pytest.mark.slow),
    ],
)
def test_a_killed_process_resumes_to_the_same_end(
    model: str, moment: Callable[[Path], bool], tmp_path: Path, many: Path, unbroken: Callable[[str], Path]
) -> None:
    folder = tmp_path / "run"
    process = start("train", "--data", many, "--run", folder, *options(model=model, epochs=EPOCHS, ema=0.9))
    while not moment(folder):
        assert process.poll() is None, process.communicate()
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert not (folder / "metrics.json").exists()
    assert "continue it with `train --resume`" in run("predict", "--run", folder, "text").error
    done = len(rows_of(folder)) if (folder / "history.csv").exists() else 0
    assert done < EPOCHS
    resume = run_process if moment is late else run
    found = resume("train", "--run", folder, "--resume").succeeded()
    if moment is not begun:
        assert "resumed after epoch " in found.err
    check_same(folder, unbroken(model))


def test_every_state_that_a_kill_can_leave_resumes(
    tmp_path: Path, reviews: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keeps the run folder as it is before each single write comes to its place, the new file half written."""
    folder, kept = tmp_path / "run", tmp_path / "kept"
    replace = os.replace
    states: list[Path] = []

    def keep(source: Any, target: Any) -> None:
        if ".partial" not in str(Path(target).parent) and Path(target).is_relative_to(folder):
            state = kept / f"{len(states):02}-{Path(target).name}"
            shutil.copytree(folder, state)
            partial = state / Path(source).relative_to(folder)
            if partial.is_file():
                partial.write_bytes(partial.read_bytes()[: partial.stat().st_size // 2])
            states.append(state)
        replace(source, target)

    argv = ["train", "--data", reviews, *options(model="average", epochs=2, ema=0.9)]
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", keep)
        run(*argv, "--run", folder).succeeded()
    names = [state.name.split("-")[1] for state in states]
    assert names[:3] == ["config.json", "data.json", "state.json"]
    assert names.count("last.npz") == names.count("history.csv") == 2
    assert names[-3:] == ["model.keras", "plots", "metrics.json"]
    # Before its configuration is written nothing was begun: --resume says so, and the run can simply be started.
    first, *others = states
    assert "there is no run here to resume" in run("train", "--resume", "--run", first).error
    run(*argv, "--run", first).succeeded()
    check_same(first, folder)
    for state in others:
        run("train", "--resume", "--run", state).succeeded()
        check_same(state, folder)


def test_several_seeds_go_on_where_they_were(tmp_path: Path, reviews: Path) -> None:
    """The first seed is done, the second has one epoch behind it."""
    argv = ["train", "--data", reviews, "--seeds", 2, *options(model="average", epochs=2)]
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    run(*argv, "--run", whole).succeeded()
    shutil.copytree(whole, broken)
    for name in ("metrics.json", "model.keras", "history.csv", "seeds/2/metrics.json", "seeds/2/model.keras"):
        (broken / name).unlink()
    done = (broken / "seeds" / "1" / "model.keras").stat().st_mtime_ns
    found = run("train", "--resume", "--run", broken).succeeded()
    assert "resumed after epoch 2" in found.err
    assert (broken / "seeds" / "1" / "model.keras").stat().st_mtime_ns == done
    assert without_seconds(read_json(broken / "metrics.json")) == without_seconds(read_json(whole / "metrics.json"))
    assert rows_of(broken) == rows_of(whole)
