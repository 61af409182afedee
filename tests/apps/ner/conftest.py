"""Runs that several tests look at: each is trained once in a session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.apps.command import exported_runs, trained_runs

from .helpers import options, run, write_chinese, write_sample

KINDS: dict[str, dict[str, Any]] = {
    "words": {"batch-size": 8, "epochs": 4, "recall-bias": 0.5},
    "softmax": {"decoder": "softmax", "characters": "lstm", "lstm-layers": 2, "zoneout": 0.1, "weight-drop": 0.2},
    "chinese": {},
}
"""Options of the runs."""


@pytest.fixture(scope="session")
def data_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A function from the name of a run to its data."""
    folder = tmp_path_factory.mktemp("data")
    english = write_sample(folder / "english", {"train": 120, "dev": 30, "test": 40})
    chinese = write_chinese(folder / "chinese")
    return lambda kind: chinese if kind == "chinese" else english


@pytest.fixture(scope="session")
def trained(data_of: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A function from one of `KINDS` to a run. Tests leave its files as they are."""
    return trained_runs(
        run, tmp_path_factory.mktemp("runs"), lambda kind: ["--data", data_of(kind), *options(**KINDS[kind])]
    )


@pytest.fixture(scope="session")
def exported(trained: Callable[[str], Path]) -> Callable[[str], Path]:
    """The same, exported in all formats."""
    return exported_runs(run, trained)
