"""Runs that several tests look at: each is trained once in a session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.apps.command import exported_runs, trained_runs

from .helpers import options, run, write_reviews


@pytest.fixture(scope="session")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of 160 reviews of 1 to 5 stars."""
    return write_reviews(tmp_path_factory.mktemp("data") / "reviews.tsv", 160)


@pytest.fixture(scope="session")
def trained(reviews: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A function from the name of a model to a run in which it was trained. Tests leave its files as they are."""
    return trained_runs(run, tmp_path_factory.mktemp("runs"), lambda model: ["--data", reviews, *options(model=model)])


@pytest.fixture(scope="session")
def exported(trained: Callable[[str], Path]) -> Callable[[str], Path]:
    """The same, exported in all formats."""
    return exported_runs(run, trained)
