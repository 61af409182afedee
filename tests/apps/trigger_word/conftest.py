"""Runs that several tests look at: each is trained once in a session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from unittest import mock

import pytest

from apps.trigger_word.task import TriggerTask
from tests.apps.command import Outcome, exported_runs, trained_runs

from .helpers import options, run


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A function from the name of a model to a run on the sample. Tests leave its files as they are."""
    return trained_runs(run, tmp_path_factory.mktemp("runs"), lambda model: options(model=model))


@pytest.fixture(scope="session")
def exported(trained: Callable[[str], Path]) -> Callable[[str], Path]:
    """The same, exported in all formats; what a model of 6 units loses by 8 bits is more than a user would keep."""
    real = TriggerTask.tolerance

    def run_leniently(*argv: object) -> Outcome:
        with mock.patch.object(TriggerTask, "tolerance", lambda task, kind: 2 * real(task, kind)):
            return run(*argv)

    return exported_runs(run_leniently, trained)
