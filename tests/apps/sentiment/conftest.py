"""Runs that several tests look at: each is trained once in a session."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from .helpers import options, run, write_reviews


@pytest.fixture(scope="session")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of 160 reviews of 1 to 5 stars."""
    return write_reviews(tmp_path_factory.mktemp("data") / "reviews.tsv", 160)


@pytest.fixture(scope="session")
def trained(reviews: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A function from the name of a model to a run in which it was trained. Tests leave its files as they are."""
    folder = tmp_path_factory.mktemp("runs")

    @cache
    def train(model: str) -> Path:
        path = folder / model
        run("train", "--data", reviews, "--run", path, *options(model=model)).succeeded()
        return path

    return train


@pytest.fixture(scope="session")
def exported(trained: Callable[[str], Path]) -> Callable[[str], Path]:
    """The same, exported in all formats."""

    @cache
    def export(model: str) -> Path:
        path = trained(model)
        run("export", "--run", path).succeeded()
        return path

    return export
