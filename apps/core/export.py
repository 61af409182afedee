"""Exports a run: writes each format, compares it with the Keras model on real examples, keeps it only if they agree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.console import Console

from .errors import InputError
from .predictor import Predictor
from .run import replacing

CHECKED = 100
"""Examples to compare on."""


def export(predictor: Predictor, formats: Sequence[str], data: str | None, console: Console) -> None:
    """Writes the run's model in the given formats to its `export/` folder.

    Args:
        predictor: The run.
        formats: Some of its task's formats.
        data: Examples to check on; the run's own when None.
        console: Where to say how large the differences are.

    Raises:
        InputError: For an unknown format, or an artifact that differs from the Keras model: it is not kept.
    """
    task = predictor.task
    if unknown := sorted(set(formats) - set(task.formats)):
        raise InputError(f"unknown format {', '.join(unknown)}; known are {', '.join(task.formats)}", "--formats")
    examples = task.read_examples(data or task.config.data)[:CHECKED]
    expected = list(task.model_outputs(predictor.model, examples))
    for kind in formats:
        path = predictor.run.export / kind
        with replacing(path) as folder:
            folder.mkdir()
            task.write_artifact(kind, predictor.model, folder)
            outputs = task.artifact_outputs(kind, folder, examples)
            differences = [np.max(np.abs(a - b)) for a, b in zip(expected, outputs, strict=True)]
            difference = float(np.max(differences))  # NaN if any is, unlike Python's max
            if not difference <= (most := task.tolerance(kind)):
                raise InputError(
                    f"differs from the Keras model by {difference:.1e}, more than {most:.0e}; it was not kept",
                    path,
                )
        console.print(
            f"{kind:<11} {path}  largest difference from Keras on {len(examples)} examples: {difference:.1e}",
            highlight=False,
            soft_wrap=True,
        )
