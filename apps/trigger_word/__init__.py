"""Trigger words: a detector that listens all day, from a handful of recordings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from apps.core.predictor import Predictor

    from .detector import TriggerDetector

__all__ = ["TriggerDetector", "load"]


def load(run: str | Path) -> Predictor:
    """Loads a trained run.

    Args:
        run: The run folder.

    Returns:
        A function from a list of sound files to a list of `Heard`, one each.

    Raises:
        InputError: When the folder is not a finished run.
    """
    from apps.core.predictor import Predictor

    from .task import TriggerTask

    return Predictor(TriggerTask, run)


def __getattr__(name: str) -> Any:
    """`TriggerDetector`, imported only when it is asked for."""
    if name == "TriggerDetector":
        from .detector import TriggerDetector

        return TriggerDetector
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
