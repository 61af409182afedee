"""Named entities: finds names in any text and tells of what type each is."""

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
        A function from a list of texts to a list of `Prediction`, one each.

    Raises:
        InputError: When the folder is not a finished run.
    """
    from apps.core.predictor import Predictor

    from .task import NerTask

    return Predictor(NerTask, run)
