"""Small data, small models, and the command line called in process or as a process of its own."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apps.core.cli import main
from apps.ner.config import Config
from apps.ner.features import learn
from apps.ner.loader import Encoder
from apps.ner.sample import generate
from apps.ner.schemes import convert
from apps.ner.task import NerTask

ROOT = Path(__file__).parents[3]
DATA = ROOT.parent / "shared" / "data" / "ner"
SMALL = {
    "epochs": 1,
    "batch-size": 16,
    "units": 3,
    "embedding-dim": 4,
    "shape-dim": 2,
    "bigram-dim": 2,
    "char-dim": 3,
    "char-units": 4,
    "learning-rate": 0.01,
    "seed": 1,
}
"""Options under which a model trains in a second, whatever the defaults are."""
CHINESE = "张三李四王五赵六在北京上海广州工作，毕业于清华大学。任公司经理"


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
            code = main(NerTask, [str(word) for word in argv])
        except SystemExit as ended:  # tyro, for words that are no options
            code = int(ended.code or 0)
    return Outcome(code, out.getvalue(), err.getvalue())


def run_python(program: str, *argv: object, cwd: Path = ROOT) -> str:
    """What a Python program prints that runs in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, argv)],
        cwd=cwd,
        env=os.environ | {"PYTHONIOENCODING": "utf-8", "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def write_conll(path: Path, sentences: Sequence[tuple[Sequence[str], Sequence[str]]]) -> Path:
    """A file of tokens and IOB2 tags, from tokens and BIOES tags."""
    blocks = [
        "".join(f"{token}\t{tag}\n" for token, tag in zip(tokens, convert(tags, "BIOES", "IOB2"), strict=True))
        for tokens, tags in sentences
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(blocks), "utf-8")
    return path


def write_sample(folder: Path, sizes: dict[str, int]) -> Path:
    """A folder with the sample's sentences."""
    for split, sentences in generate(sizes, seed=3).items():
        write_conll(folder / f"{split}.conll", sentences)
    return folder


def write_chinese(folder: Path) -> Path:
    """A folder of sentences by character, with persons and organisations."""
    for split, size, first in (("train", 40, 0), ("dev", 10, 40), ("test", 10, 50)):
        sentences = []
        for number in range(first, first + size):
            name = CHINESE[number % 4 * 2 : number % 4 * 2 + 2]
            rest = CHINESE[8 + number % 3 * 2 : 8 + number % 3 * 2 + 3 + number % 7]
            tokens = [*name, *rest, *"清华大学", "。"]
            sentences.append((tokens, ["B-PER", "E-PER", *["O"] * len(rest), "B-ORG", "I-ORG", "I-ORG", "E-ORG", "O"]))
        write_conll(folder / f"{split}.conll", sentences)
    return folder


def encoder_for(sentences: Sequence[Sequence[str]], unit: Any = "words", vectors: Any = None, **knobs: Any) -> Encoder:
    """An encoder that has learned from sentences, with the tags of two types."""
    tags = ["O", *(f"{prefix}-{kind}" for kind in ("LOC", "PER") for prefix in "BIES")]
    return Encoder(learn(sentences, tags, unit, Config(**knobs), vectors))


def read_json(path: Path) -> Any:
    """The content of a JSON file."""
    return json.loads(path.read_text("utf-8"))
