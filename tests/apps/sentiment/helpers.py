"""Small data, small models, and the command line called in process or as a process of its own."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apps.core.cli import main
from apps.sentiment.sample import generate
from apps.sentiment.task import SentimentTask

ROOT = Path(__file__).parents[3]
DATA = ROOT.parent / "shared" / "data" / "sentiment"
SMALL = {
    "epochs": 1,
    "batch-size": 16,
    "units": 3,
    "embedding-dim": 4,
    "min-count": 1,
    "learning-rate": 0.01,
    "seed": 1,
}
"""Options under which a model trains in a second, whatever the defaults are."""


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


def options(**given: Any) -> list[str]:
    """`SMALL` with other values as words of a command line."""
    named = SMALL | {name.replace("_", "-"): value for name, value in given.items()}
    return [word for name, value in named.items() for word in (f"--{name}", str(value))]


def run(*argv: object) -> Outcome:
    """The command line in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(SentimentTask, [str(word) for word in argv])
        except SystemExit as ended:  # tyro, for words that are no options
            code = int(ended.code or 0)
    return Outcome(code, out.getvalue(), err.getvalue())


def start(*argv: object, **how: Any) -> subprocess.Popen[str]:
    """The command line as a process of its own."""
    command = [sys.executable, "-m", "apps.sentiment", *map(str, argv)]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL}
    return subprocess.Popen(command, cwd=ROOT, text=True, env=environment(), **(pipes | how))


def run_process(*argv: object, **how: Any) -> Outcome:
    """The command line as a process of its own, to its end."""
    process = start(*argv, **how)
    out, err = process.communicate(timeout=120)
    return Outcome(process.returncode, out or "", err or "")


def run_python(program: str, *argv: object, cwd: Path = ROOT) -> str:
    """What a Python program prints that runs in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, argv)],
        cwd=cwd,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def environment() -> dict[str, str]:
    """Without what would make TensorFlow or TFDS of the test process leak into the other."""
    return os.environ | {"PYTHONIOENCODING": "utf-8", "TF_CPP_MIN_LOG_LEVEL": "3"}


def write_reviews(path: Path, size: int, seed: int = 7, classes: int = 5) -> Path:
    """A TSV file of the sample's reviews, the stars taken modulo the number of classes (2 to 7)."""
    rows = [(str((int(stars) + index // 5 * 5) % classes + 1), text) for index, (text, stars) in numbered(size, seed)]
    path.write_text("label\ttext\n" + "".join(f"{label}\t{text}\n" for label, text in rows), "utf-8")
    return path


def numbered(size: int, seed: int) -> Iterator[tuple[int, tuple[str, str]]]:
    """Reviews with their numbers."""
    return enumerate(generate(size, seed))


def read_json(path: Path) -> Any:
    """The content of a JSON file."""
    return json.loads(path.read_text("utf-8"))


def leftovers(folder: Path) -> list[str]:
    """What half-written files are anywhere under a folder."""
    return [str(path) for path in folder.rglob("*") if ".partial" in path.name]
