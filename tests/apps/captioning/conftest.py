"""Runs that several tests look at: each is trained once in a session."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from apps.captioning import data
from tests.apps.command import trained_runs

from .helpers import options, run

SIZES = (24, 8, 8)


@pytest.fixture(scope="session")
def small_sample() -> Iterator[None]:
    """A sample of few pictures."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data, "SAMPLE_SIZES", SIZES)
        yield


@pytest.fixture(scope="session")
def trained(small_sample: None, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A function from the name of a model to a run in which it was trained. Tests leave its files as they are."""
    return trained_runs(run, tmp_path_factory.mktemp("runs"), lambda model: options(model=model))
