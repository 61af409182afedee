"""The run folder: everything a run was and made, every file written in one step.

config.json   the task's configuration          history.csv   a row an epoch
state.json    what it learned from its data     metrics.json  dev and test metrics; its presence ends the run
model.keras   the chosen model                  plots/ tensorboard/ checkpoints/ export/ seeds/
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .errors import InputError

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextlib.contextmanager
def write_errors(path: Path) -> Iterator[None]:
    """Turns what goes wrong while writing `path` into an error that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_SPACE or any(os.strerror(number) in str(error) for number in _NO_SPACE):
            raise InputError(
                "the disk is full; free some space and run again (training goes on with --resume)", path
            ) from None
        raise InputError(f"cannot be written ({error.strerror or error}); choose another place", path) from None


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Gives a temporary path beside `path` to write a file or folder to, which replaces `path` at the end.

    Raises:
        InputError: When it cannot be written; `path` is then as it was before and nothing else is left.
    """
    partial = path.with_name(f".partial-{path.name}")
    with write_errors(path):
        if path.is_char_device():  # /dev/null or /dev/stdout: written to, never replaced
            yield path
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            remove(partial)
            yield partial
            if partial.is_dir():
                remove(path)
            os.replace(partial, path)
        finally:
            remove(partial)


def remove(path: Path) -> None:
    """Removes a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            path.unlink()


def write_text(path: Path, text: str) -> None:
    """Writes a UTF-8 text file in one step."""
    with replacing(path) as partial:
        partial.write_text(text, "utf-8")


def write_json(path: Path, value: Any) -> None:
    """Writes JSON in one step; what has no JSON form (NaN included) is an error."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n")


class RunFolder:
    """Reads and writes the parts of one run.

    Args:
        path: The folder; it is made when first written to.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.model = self.path / "model.keras"
        self.checkpoint = self.path / "checkpoints" / "last.npz"
        self.best = self.path / "checkpoints" / "best.npz"
        self.plots = self.path / "plots"
        self.export = self.path / "export"
        self.tensorboard = self.path / "tensorboard"

    def seed(self, seed: int) -> RunFolder:
        """The run of one of several seeds."""
        return RunFolder(self.path / "seeds" / str(seed))

    @property
    def exists(self) -> bool:
        """Whether there is something at the path other than an empty folder, or one whose first file was cut short."""
        if not self.path.is_dir():
            return self.path.exists()
        return any(not path.name.startswith(".partial-") for path in self.path.iterdir())

    @property
    def is_run(self) -> bool:
        """Whether a run was begun here."""
        return (self.path / "config.json").is_file()

    @property
    def is_finished(self) -> bool:
        """Whether the run was trained to its end."""
        return (self.path / "metrics.json").is_file()

    def require_finished(self) -> RunFolder:
        """Returns itself, or raises an `InputError` when this is not a finished run."""
        if not self.exists:
            raise InputError("no such run; train one with `train --run ...`", self.path)
        if not self.is_run:
            raise InputError("this is not a run folder (it has no config.json)", self.path)
        if not self.is_finished:
            raise InputError("this run was not finished; continue it with `train --resume`", self.path)
        return self

    def read(self, name: str) -> Any:
        """The content of one of the JSON files."""
        path = self.path / name
        try:
            return json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            raise InputError("is missing; this run folder is damaged, train again", path) from None
        except (ValueError, OSError) as error:
            raise InputError(f"cannot be read ({error}); this run folder is damaged, train again", path) from None

    def write(self, name: str, value: Any) -> None:
        """Writes one of the JSON files in one step."""
        write_json(self.path / name, value)

    def read_config(self, config_class: type) -> Any:
        """The configuration, as an instance of the task's dataclass."""
        values = self.read("config.json")
        known = {field.name for field in dataclasses.fields(config_class)}
        path = self.path / "config.json"
        if not isinstance(values, dict) or set(values) - known:
            raise InputError("is not the configuration of such a task", path)
        try:
            return config_class(**values)
        except (TypeError, ValueError) as error:
            raise InputError(f"is not the configuration of such a task ({error})", path) from None
