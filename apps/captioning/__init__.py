"""Captioning: any picture to a sentence that says what is on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apps.core.predictor import Predictor


def load(run: str | Path) -> Predictor:
    """Loads a trained run.

    Args:
        run: The run folder.

    Returns:
        A function from a list of pictures, paths or arrays `[height, width, 3]`, to a list of `Answer`, one each.

    Raises:
        InputError: When the folder is not a finished run.
    """
    from apps.core.predictor import Predictor

    from .task import CaptioningTask

    return Predictor(CaptioningTask, run)
