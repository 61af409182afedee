"""Runs that several tests look at: each is trained once in a session."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from unittest import mock

import pytest

from apps.trigger_word.task import TriggerTask

from .helpers import options, run


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A function from the name of a model to a run on the sample. Tests leave its files as they are."""
    folder = tmp_path_factory.mktemp("runs")

    @cache
    def train(model: str) -> Path:
        path = folder / model
        run("train", "--run", path, *options(model=model)).succeeded()
        return path

    return train


@pytest.fixture(scope="session")
def exported(trained: Callable[[str], Path]) -> Callable[[str], Path]:
    """The same, exported in all formats; what a model of 6 units loses by 8 bits is more than a user would keep."""
    real = TriggerTask.tolerance

    @cache
    def export(model: str) -> Path:
        path = trained(model)
        with mock.patch.object(TriggerTask, "tolerance", lambda task, kind: 2 * real(task, kind)):
            run("export", "--run", path).succeeded()
        return path

    return export
