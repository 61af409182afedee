"""Holds the house that DESIGN.md describes: who imports whom, what lies where, what is pinned."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("layers", "embeddings", "apps")
TOP_LEVEL = {
    *PACKAGES,
    *("tests", "benchmarks", "docs", ".ci"),
    *("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "Makefile", "pyproject.toml"),
    *("requirements.txt", "requirements-dev.txt", "requirements-backends.txt", ".gitignore"),
}
REQUIREMENTS = {"requirements.txt": "keras", "requirements-dev.txt": "pytest", "requirements-backends.txt": "torch"}
"""Each file, one package in it."""
BELOW = {"requirements-dev.txt": "-r requirements.txt", "requirements-backends.txt": "-r requirements-dev.txt"}
ROOMS = ("README.md", "config.py", "data.py", "model.py", "task.py", "sample.py", "__main__.py")
LARGEST_FILE = 1_000_000
HEAVY = {"keras", "tensorflow", "tf_keras", "jax", "torch"}
HOUSE = {*PACKAGES, "tests", "benchmarks"}
PINNED = re.compile(r"[a-z0-9][a-z0-9.-]*==[0-9][^\s;*]*( ; .+)?")


# Who imports whom


@dataclass(frozen=True)
class Import:
    """One imported name, `module` in full (`apps.core.run.replacing`)."""

    line: int
    module: str
    relative: bool
    when: str  # "load" (with the module), "call" (inside a function), "typing" (never)


def imports(source: str, path: str) -> Iterator[Import]:
    """Every import of a module of the repository, wherever it stands."""
    package = path.split("/")[:-1]

    def visit(node: ast.AST, when: str) -> Iterator[Import]:
        if isinstance(node, ast.Import):
            for name in node.names:
                yield Import(node.lineno, name.name, False, when)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            start = ".".join([*base, *([node.module] if node.module else [])])
            for name in node.names:
                yield Import(node.lineno, f"{start}.{name.name}", node.level > 0, when)
        elif isinstance(node, ast.If) and ast.unparse(node.test).split(".")[-1] == "TYPE_CHECKING":
            for child in node.body:
                yield from visit(child, "typing")
            for child in node.orelse:
                yield from visit(child, when)
        else:
            inside = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            for child in ast.iter_child_nodes(node):
                yield from visit(child, "call" if inside and when == "load" else when)

    yield from visit(ast.parse(source, path), "load")


def home(module: str) -> str:
    """The package within which imports are relative: `layers`, `embeddings`, `apps.core` or `apps.TASK`."""
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "apps" else parts[0]


def broken_rules(source: str, path: str) -> list[str]:
    """A line, with file and line number, for every import that the house forbids."""
    here = home(".".join(Path(path).parent.parts))
    found = []
    for one in imports(source, path):
        there, top = home(one.module), one.module.split(".")[0]
        why = None
        if one.relative and there != here:
            why = "a relative import leaves the package"
        elif not one.relative and there == here:
            why = "imports within a package are relative"
        elif here == "layers" and not one.relative and top not in {"keras", "numpy", *sys.stdlib_module_names}:
            why = "layers import keras and numpy, nothing else"
        elif here == "embeddings" and top in HOUSE - {"embeddings"}:
            why = "embeddings know nothing of layers and apps"
        elif here == "embeddings" and top in HEAVY and (top != "keras" or one.when == "load"):
            why = "embeddings load neither keras nor tensorflow"
        elif here.startswith("apps") and top in {"tests", "benchmarks"}:
            why = "apps import nothing from tests and benchmarks"
        elif here == "apps.core" and top == "apps" and there != "apps.core":
            why = "the core knows no task"
        elif here.startswith("apps.") and top == "apps" and there not in (here, "apps.core"):
            why = "one task never imports another"
        if why:
            found.append(f"{path}:{one.line}: imports {one.module}: {why}")
    return found


def modules(*packages: str) -> list[Path]:
    return sorted(path for package in packages for path in (ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("package", PACKAGES)
def test_import_rules(package):
    files = modules(package)
    assert files, f"no modules in {package}"
    broken = [
        line for path in files for line in broken_rules(path.read_text("utf-8"), path.relative_to(ROOT).as_posix())
    ]
    assert not broken, "\n" + "\n".join(broken)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("layers/crf.py", "import tensorflow as tf"),
        ("layers/crf.py", "def f():\n    import scipy"),
        ("layers/attention/mean.py", "from layers.attention import masking"),
        ("layers/attention/mean.py", "from ...embeddings import formats"),
        ("layers/crf.py", "from embeddings import read_vectors"),
        ("layers/crf.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch"),
        ("embeddings/train.py", "import keras"),
        ("embeddings/train.py", "class A:\n    from keras import ops"),
        ("embeddings/train.py", "try:\n    import tensorflow\nexcept ImportError:\n    pass"),
        ("embeddings/train.py", "def f():\n    import tensorflow"),
        ("embeddings/train.py", "def f():\n    from layers import CRF"),
        ("embeddings/train.py", "from apps.core.errors import InputError"),
        ("embeddings/train.py", "from embeddings.formats import read_vectors"),
        ("apps/core/cli.py", "def f():\n    from apps.sentiment import load"),
        ("apps/core/cli.py", "from apps import sentiment"),
        ("apps/core/cli.py", "from ..sentiment import load"),
        ("apps/core/cli.py", "import apps.core.run"),
        ("apps/core/cli.py", "from .. import core, ner"),
        ("apps/ner/task.py", "from apps.sentiment.data import Example"),
        ("apps/ner/task.py", "import apps.sentiment"),
        ("apps/ner/task.py", "from ..core.run import RunFolder"),
        ("apps/ner/task.py", "from apps.ner import data"),
        ("apps/ner/task.py", "def f():\n    import tests.layers.harness"),
        ("apps/__init__.py", "from .sentiment import load"),
    ],
)
def test_a_forbidden_import_is_found_with_its_line(path, source):
    lines = source.splitlines()
    number = next(index for index, line in enumerate(lines, 1) if "import" in line and "typing" not in line)
    broken = broken_rules(source, path)
    assert broken
    assert broken[0].startswith(f"{path}:{number}: ")


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("layers/crf.py", "from __future__ import annotations\nimport math\nimport keras\nfrom keras import ops"),
        ("layers/attention/mean.py", "from .masking import check_mask\nfrom ..crf import CRF\nimport numpy as np"),
        ("embeddings/train.py", "import numba\nfrom .formats import read_vectors\ndef f():\n    import keras"),
        (
            "apps/core/cli.py",
            "import tensorflow as tf\nfrom layers import CRF\nfrom embeddings import x\nfrom . import run",
        ),
        ("apps/ner/task.py", "from apps.core.task import Task\nfrom apps.core import artifacts\nfrom .data import x"),
        ("apps/__init__.py", "import os"),
    ],
)
def test_an_allowed_import_is_not(path, source):
    assert broken_rules(source, path) == []


def loaded(code: str) -> set[str]:
    """The top-level modules that a new Python has loaded after running the code in the repository's root."""
    code += "\nimport sys\nprint('\\n'.join(sorted({name.split('.')[0] for name in sys.modules})))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_embeddings_load_neither_keras_nor_tensorflow():
    now = loaded("import embeddings")
    assert "embeddings" in now
    assert not now & {*HEAVY, "apps", "layers"}


def test_the_loader_of_exported_models_stands_alone():
    now = loaded(
        "import importlib.util\n"
        "spec = importlib.util.spec_from_file_location('loader', 'apps/core/loader.py')\n"
        "module = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(module)\n"
        "assert module.tokenise('A b', {'rules': [], 'max_length': 9, 'max_sentences': 0}) == [['a', 'b']]\n"
    )
    assert "numpy" in now
    assert not now & {*HEAVY, "apps", "layers", "embeddings"}


# What lies where


def tracked() -> list[Path]:
    """The files that git tracks and that are there, relative to the root."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [Path(name) for name in listed.split("\0") if name and (ROOT / name).is_file()]


def test_only_the_house_lies_at_the_top():
    files = tracked()
    assert files
    strangers = sorted(str(path) for path in files if path.parts[0] not in TOP_LEVEL)
    assert not strangers, f"not in DESIGN.md's house: {', '.join(strangers)}"


def test_no_large_file_is_tracked():
    large = [f"{path}: {size:,} bytes" for path in tracked() if (size := (ROOT / path).stat().st_size) > LARGEST_FILE]
    assert not large, "\n" + "\n".join(large)


def tasks() -> list[str]:
    found = sorted(path.parent.name for path in (ROOT / "apps").glob("*/__init__.py"))
    return [name for name in found if name != "core"]


@pytest.mark.parametrize("task", tasks())
def test_every_task_has_the_same_rooms(task):
    missing = [f"apps/{task}/{room}" for room in ROOMS if not (ROOT / "apps" / task / room).is_file()]
    assert not missing, f"missing: {', '.join(missing)}"


def test_there_are_tasks():
    assert "sentiment" in tasks()


def test_tests_mirror_the_tree():
    folders = {path.parent.relative_to(ROOT / "tests") for path in (ROOT / "tests").rglob("test_*.py")}
    astray = sorted(f"tests/{folder}" for folder in folders if not (ROOT / folder).is_dir())
    assert not astray, f"test folders without a counterpart: {', '.join(astray)}"
    packages = {
        path.parent.relative_to(ROOT)
        for path in modules(*PACKAGES)
        if path.name not in ("__init__.py", "__main__.py") and path.parent != ROOT / "apps"
    }
    untested = sorted(map(str, packages - folders))
    assert not untested, f"packages without a folder of tests: {', '.join(untested)}"


# What is pinned


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_requirements_are_pinned(name):
    lines = (ROOT / name).read_text("utf-8").splitlines()
    wrong = [
        f"{name}:{number}: {line}"
        for number, line in enumerate(lines, 1)
        if not PINNED.fullmatch(line) and line != BELOW.get(name)
    ]
    assert not wrong, "not of the form `package==version`:\n" + "\n".join(wrong)
    assert any(line.startswith(REQUIREMENTS[name] + "==") for line in lines)


@pytest.mark.parametrize(
    "line",
    ["numpy", "numpy>=2.0", "numpy==2.*", "--index-url https://example.org", "-i x", "a @ https://x.org/a.whl", "-e ."],
)
def test_a_loose_requirement_is_noticed(line):
    assert not PINNED.fullmatch(line)
