"""The command line of a task, called in this process or as one of its own, and what came of it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from apps.core.cli import main
from apps.core.task import Task

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"


@dataclass(frozen=True)
class Outcome:
    """How a command line ended."""

    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The one line of error, when that is all there is of it."""
        assert self.code == 2, (self.code, self.out, self.err)
        assert "Traceback" not in self.err
        lines = [line for line in self.err.splitlines() if line.startswith("error:")]
        assert len(lines) == 1, self.err
        assert self.err.rstrip("\n").endswith(lines[0]), self.err
        return lines[0].removeprefix("error: ")

    def succeeded(self) -> Outcome:
        """Itself, when it went well."""
        assert self.code == 0, (self.code, self.out, self.err)
        return self


def as_options(named: Mapping[str, Any]) -> list[str]:
    """Values by the names of options as words of a command line."""
    words = []
    for name, value in named.items():
        option = name.replace("_", "-")
        words += [f"--{'' if value else 'no-'}{option}"] if isinstance(value, bool) else [f"--{option}", str(value)]
    return words


def call(task: type[Task], *argv: object) -> Outcome:
    """A task's command line in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(task, [str(word) for word in argv])
        except SystemExit as ended:  # tyro, for words that are no options
            code = int(ended.code or 0)
    return Outcome(code, out.getvalue(), err.getvalue())


def trained_runs(
    run: Callable[..., Outcome], folder: Path, words: Callable[[str], Sequence[object]]
) -> Callable[[str], Path]:
    """A function from a name to the run folder of that name, trained with these words when it is first asked for."""

    @cache
    def train(name: str) -> Path:
        run("train", "--run", folder / name, *words(name)).succeeded()
        return folder / name

    return train


def exported_runs(run: Callable[..., Outcome], trained: Callable[[str], Path]) -> Callable[[str], Path]:
    """The same function, of runs that are exported in all formats when they are first asked for."""

    @cache
    def export(name: str) -> Path:
        run("export", "--run", trained(name)).succeeded()
        return trained(name)

    return export


def start(task: type[Task], *argv: object, **how: Any) -> subprocess.Popen[str]:
    """A task's command line as a process of its own."""
    command = [sys.executable, "-m", f"apps.{task.name}", *map(str, argv)]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL}
    return subprocess.Popen(command, cwd=ROOT, text=True, env=environment(), **(pipes | how))


def run_process(task: type[Task], *argv: object, **how: Any) -> Outcome:
    """A task's command line as a process of its own, to its end."""
    process = start(task, *argv, **how)
    out, err = process.communicate(timeout=240)
    return Outcome(process.returncode, out or "", err or "")


def run_python(program: str, *argv: object, cwd: Path = ROOT) -> str:
    """What a Python program prints that runs in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, argv)],
        cwd=cwd,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def environment() -> dict[str, str]:
    """Without what would make TensorFlow or TFDS of the test process leak into the other."""
    return os.environ | {"PYTHONIOENCODING": "utf-8", "TF_CPP_MIN_LOG_LEVEL": "3"}


def read_json(path: Path) -> Any:
    """The content of a JSON file."""
    return json.loads(path.read_text("utf-8"))


def leftovers(folder: Path) -> list[str]:
    """What half-written files are anywhere under a folder."""
    return [str(path) for path in folder.rglob("*") if ".partial" in path.name]
