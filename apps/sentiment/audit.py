"""`python -m apps.sentiment audit`: what the bias of word vectors does to the answers of a classifier that uses them.

A classifier is trained with each file of vectors, on the same data and with the same seeds, and answers template
sentences in which only the word for a person differs ("She gave a fairly good answer." and "He gave ..."). All else
being equal, so should be the answers.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console

from apps.core.cli import import_tensorflow
from apps.core.errors import InputError
from apps.core.run import RunFolder, remove
from apps.core.sources import Splits, open_binary

from .answers import Scale, ask, choose_scale, known_pairs, look_up
from .bias import Answers
from .config import Config
from .task import SentimentTask
from .templates import DEFAULT, Templates, read_templates

SETTINGS, RESULT = "audit.json", "result.json"


@dataclass(frozen=True)
class AuditConfig(Config):
    """What to train on, which model, and how; `--vectors` takes several files here."""

    vectors: Annotated[None, tyro.conf.Suppress] = None


@dataclass(frozen=True)
class Audited:
    """One file of vectors.

    Args:
        path: The file.
        accuracy: On the test split, by seed.
        coverage: What the training said of its data and vectors.
        words: Group words `unknown` to the model, those `without_vector`, and words of the templates unknown.
        answers: What its models say of the sentences.
    """

    path: str
    accuracy: tuple[float, ...]
    coverage: str
    words: Mapping[str, list[str]]
    answers: Answers


@dataclass(frozen=True)
class Result:
    """All files, the first being the one that the others are compared with."""

    config: Config
    scale: Scale
    templates: Templates
    left_out: tuple[str, ...]
    files: Mapping[str, Audited]


def audit(
    config: Annotated[AuditConfig, tyro.conf.arg(name="")] = AuditConfig(),
    *,
    vectors: tuple[str, ...] = (),
    templates: Path | None = None,
    positive: str | None = None,
    run: Path = Path("runs/sentiment_audit"),
    overwrite: bool = False,
    as_json: Annotated[bool, tyro.conf.arg(name="json")] = False,
    output: Path | None = None,
) -> None:
    """Train with each of several files of word vectors, and see how the answers depend on the group of a person.

    Args:
        config: The task's knobs.
        vectors: Files of word vectors, as `train --vectors` takes them; the others are compared with the first.
        templates: Sentences and pairs of words, in a JSON file; English sentences with women and men when not given.
        positive: The class whose probability is compared; found where it is named so, or where classes are ordered.
        run: The folder for the runs, one for each file. What was trained there with the same options and vectors is
            used again, so that an audit goes on where it was ended, asks other templates, or takes in more files.
        overwrite: Put the new audit in the place of an old one.
        as_json: Print everything as JSON.
        output: Also write a page (.html) or a picture (.png).
    """
    from . import audit_report as report

    console = Console(stderr=True)
    check(vectors, output)
    result = run_audit(config, vectors, read_templates(templates or DEFAULT), positive, Folder(run, overwrite), console)
    summary = report.summary(result)
    RunFolder(run).write(RESULT, summary)
    if output:
        (report.write_html if output.suffix == ".html" else report.write_png)(result, output)
        console.print(f"drawn in {output}", highlight=False, soft_wrap=True)
    report.show(result, console, as_json=as_json)


def check(vectors: Sequence[str], output: Path | None) -> None:
    """Raises an `InputError` for what needs no file to be seen as wrong."""
    if not vectors:
        raise InputError("name the files of word vectors to compare: --vectors BEFORE AFTER", "audit")
    if twice := [path for path in vectors if vectors.count(path) > 1]:
        raise InputError(f"{twice[0]} is given twice; name each file once", "--vectors")
    if output and output.suffix not in (".html", ".png"):
        raise InputError("must end in .html or .png", f"--output {output}")
    if output and not output.parent.is_dir():
        raise InputError("there is no such folder to write in; make it first", output.parent)


def run_audit(
    config: AuditConfig,
    paths: Sequence[str],
    templates: Templates,
    positive: str | None,
    folder: Folder,
    console: Console,
) -> Result:
    """Looks at everything that the user gave before anything is trained, then trains, and asks the sentences."""
    named = dict(zip(labels(paths), paths, strict=True))
    configs = {name: task_config(config, path) for name, path in named.items()}
    digests = {name: digest(Path(path)) for name, path in named.items()}
    folder.check(configs, digests)
    tasks = {name: SentimentTask(each) for name, each in configs.items()}
    splits = next(iter(tasks.values())).read_splits()
    notes = {name: task.prepare(splits) for name, task in tasks.items()}
    first = next(iter(tasks.values()))
    scale = choose_scale(first.labels, first.ordinal, positive)
    words = {name: look_up(task, templates) for name, task in tasks.items()}
    known, left_out = known_pairs(templates, tasks)
    folder.begin(configs, digests)
    import_tensorflow()
    audited = {}
    for name, task in tasks.items():
        console.print(f"{name}: {notes[name][-1]}", style="bold", highlight=False, markup=False)
        accuracy = train(task, splits, folder.run(name), console)
        answers = ask(task, folder.run(name), known, scale)
        audited[name] = Audited(named[name], accuracy, notes[name][-1], words[name], answers)
    return Result(next(iter(configs.values())), scale, known, tuple(left_out), audited)


def labels(paths: Sequence[str]) -> list[str]:
    """Short names for files, all different: that of the file, with its folder's or a number where they would be equal.

    Example:
        >>> labels(["a/glove.txt.gz", "b/glove.txt", "sg.safetensors"])
        ['a_glove', 'b_glove', 'sg']
    """
    stems = [Path(path).name.split(".")[0] or "vectors" for path in paths]
    longer = [
        f"{Path(path).resolve().parent.name}_{stem}" if stems.count(stem) > 1 else stem
        for path, stem in zip(paths, stems, strict=True)
    ]
    return [f"{name}_{index}" if longer.count(name) > 1 else name for index, name in enumerate(longer, start=1)]


def task_config(config: Config, path: str) -> Config:
    """The configuration of the training with one file."""
    return Config(
        **{field.name: getattr(config, field.name) for field in dataclasses.fields(Config)} | {"vectors": path}
    )


def digest(path: Path) -> str:
    """Of a file's content, so that an audit that is resumed notices another file of the same name."""
    with open_binary(path) as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()  # type: ignore[arg-type]


@dataclass(frozen=True)
class Folder:
    """The folder of an audit: a run for each file of vectors, the settings, and the result."""

    path: Path
    overwrite: bool

    def run(self, name: str) -> RunFolder:
        """The run with one of the files."""
        return RunFolder(self.path / name)

    def settings(self) -> dict[str, Any]:
        """The configuration and the digest of each file that was trained with here."""
        return RunFolder(self.path).read(SETTINGS) if (self.path / SETTINGS).is_file() and not self.overwrite else {}

    def check(self, configs: Mapping[str, Config], digests: Mapping[str, str]) -> None:
        """Raises an `InputError` when the audit cannot be made here, or not go on."""
        if RunFolder(self.path).exists and not (self.path / SETTINGS).is_file():
            raise InputError("exists and is not the folder of an audit; name another", self.path)
        settings = self.settings()
        for name in settings.keys() & configs.keys():
            otherwise = "; do the same, name another --run, or give --overwrite"
            begun = task_config(Config(**settings[name]["config"]), str(configs[name].vectors))
            if differences := configs[name].differences(begun):
                options = ", ".join("--" + option.replace("_", "-") for option in differences)
                raise InputError(f"the audit was begun with another {options}{otherwise}", self.path)
            if digests[name] != settings[name]["digest"]:
                raise InputError(f"{name} was another file when the audit was begun{otherwise}", self.path)

    def begin(self, configs: Mapping[str, Config], digests: Mapping[str, str]) -> None:
        """Keeps the settings; what is overwritten goes now."""
        settings = self.settings()
        if self.overwrite:
            remove(self.path)
        more = {name: {"config": dataclasses.asdict(configs[name]), "digest": digests[name]} for name in configs}
        RunFolder(self.path).write(SETTINGS, settings | more)


def train(task: SentimentTask, splits: Splits, run: RunFolder, console: Console) -> tuple[float, ...]:
    """Trains with every seed, unless that was done before; returns the accuracies on the test split."""
    from apps.core.training import train as train_all

    metrics = run.read("metrics.json") if run.is_finished else train_all(task, splits, run, console)
    return tuple(seed["test"]["accuracy"] for seed in metrics["seeds"])
