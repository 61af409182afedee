"""A trained run, ready to answer."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from .errors import InputError
from .run import RunFolder
from .task import Task


class Predictor:
    """Answers with the model of a finished run.

    Args:
        task_class: The task the run belongs to.
        folder: The run folder.

    Raises:
        InputError: When the folder is not a finished run of this task.
    """

    def __init__(self, task_class: type[Task], folder: str | Path) -> None:
        import keras

        import layers  # noqa: F401  registers the layers that the saved model is made of, as the next line does

        importlib.import_module(f"{task_class.__module__.rpartition('.')[0]}.model")

        self.run = RunFolder(folder).require_finished()
        self.task = task_class(self.run.read_config(task_class.config_class))
        try:
            self.task.restore(self.run.read("state.json"))
            self.model = keras.models.load_model(self.run.model, compile=False)
        except InputError:
            raise
        except Exception as error:  # whatever the readers of zip, HDF5 and JSON raise for damaged content
            reason = str(error).strip().partition("\n")[0] or type(error).__name__
            raise InputError(f"this run folder is damaged ({reason}); train anew", self.run.path) from None

    def __call__(self, inputs: list[Any]) -> list[Any]:
        """Answers for a list of inputs, one for each."""
        return self.task.predict(self.model, inputs)
