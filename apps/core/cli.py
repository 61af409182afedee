"""The command line that every task has: train, evaluate, predict and export, made from the task's configuration."""

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro
from rich.console import Console
from rich.table import Table

from embeddings.cli import complain, notes

from .errors import InputError
from .run import RunFolder, remove
from .task import Task

BATCH = 256
"""Inputs that `predict` reads ahead and answers together, so that files of any size can be predicted for."""


def main(task_class: type[Task], argv: Sequence[str] | None = None) -> int:
    """Runs a task's command line.

    Args:
        task_class: The task.
        argv: The words after the program's name; those of the process when None.

    Returns:
        The exit code: 0, 2 when something the user gave cannot be used, 130 when interrupted.
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    console = Console(stderr=True)
    try:
        with notes(console):
            commands = Commands(task_class, argv, console)
            tyro.extras.subcommand_cli_from_dict(
                {
                    "train": commands.train_command(),
                    "evaluate": commands.evaluate,
                    "predict": commands.predict_command(),
                    "export": commands.export,
                    **task_class.more_commands(),
                },
                args=argv,
                prog=f"python -m apps.{task_class.name}",
                description=task_class.__doc__,
                config=(tyro.conf.FlagCreatePairsOff,),
            )
        sys.stdout.flush()
    except InputError as error:
        complain(console, error)
        return 2
    except KeyboardInterrupt:
        console.print("interrupted; `train --resume` goes on with a run that was begun", style="red")
        return 130
    except OSError as error:
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), 1
        )  # or Python tries again to write what standard output would not take
        if not isinstance(error, BrokenPipeError):  # `predict ... | head`
            complain(console, InputError(error.strerror or str(error), error.filename or "standard output"))
            return 2
    return 0


class Commands:
    """The four commands of every task, as functions that tyro makes a command line of."""

    def __init__(self, task_class: type[Task], argv: Sequence[str], console: Console) -> None:
        self.task_class, self.argv, self.console = task_class, argv, console
        self.place = Path("runs") / task_class.name

    def train_command(self) -> Callable[..., None]:
        """`train`, whose defaults are those of the run when one is resumed."""
        resumed = self.config_to_resume()
        defaults = resumed or self.task_class.config_class()
        config_type: Any = Annotated[self.task_class.config_class, tyro.conf.arg(name="")]

        def train(
            config: config_type = defaults,
            *,
            run: Path = self.place,
            resume: bool = False,
            overwrite: bool = False,
        ) -> None:
            """Train a model, evaluate it, and keep everything in a run folder.

            Args:
                config: The task's knobs.
                run: The run folder to make.
                resume: Go on with a run that was ended before it was done, with its own options.
                overwrite: Put the new run in the place of an old one.
            """
            if resume and resumed and (differences := config.differences(resumed)):
                names = ", ".join("--" + name.replace("_", "-") for name in differences)
                raise InputError(f"the run was begun with another {names}; leave it out to resume, or train anew", run)
            self.train(config, RunFolder(run), resume, overwrite)

        return train

    def config_to_resume(self) -> Any:
        """The configuration of the run that `--resume` names, None when nothing is to be resumed."""
        if "--resume" not in self.argv:
            return None
        place = self.place
        for index, word in enumerate(self.argv):
            if word == "--run" and index + 1 < len(self.argv):
                place = Path(self.argv[index + 1])
            elif word.startswith("--run="):
                place = Path(word.removeprefix("--run="))
        run = RunFolder(place)
        if not run.is_run:
            raise InputError("there is no run here to resume", place)
        return run.read_config(self.task_class.config_class)

    def train(self, config: Any, run: RunFolder, resume: bool, overwrite: bool) -> None:
        """Reads the data, and only when they can be used touches the run folder."""
        if resume and overwrite:
            raise InputError("goes on with a run, and --overwrite replaces one; give one of them", "--resume")
        if run.exists and not (resume or overwrite):
            raise InputError("exists already; name another folder, or give --resume or --overwrite", run.path)
        if run.exists and not run.is_run:
            raise InputError("exists and is not a run folder; name another", run.path)
        if resume and run.is_finished:
            self.console.print(f"{run.path} is finished already", highlight=False, soft_wrap=True)
            self.show(run.read("metrics.json"))
            return
        task = self.task_class(config)
        splits = task.read_splits()
        notes = task.prepare(splits)
        for note in notes:
            self.console.print(note, highlight=False, markup=False, soft_wrap=True)
        if overwrite:
            remove(run.path)
        is_new = not run.exists
        try:
            import_tensorflow()
            from .training import train

            metrics = train(task, splits, run, self.console)
        except InputError:
            if is_new and not run.checkpoint.exists() and not (run.path / "seeds").exists():
                remove(run.path)
            raise
        self.show(metrics)
        self.console.print(f"kept in {run.path}", highlight=False, soft_wrap=True)

    def evaluate(self, *, run: Path | None = None, data: str | None = None, output: Path | None = None) -> None:
        """Judge a trained model on its own test examples or on others.

        Args:
            run: The run folder; where `train` puts it when not given.
            data: Other labelled data, as `train --data` takes them; of a folder the test split is used.
            output: A folder for the pictures.
        """
        predictor = self.load(run)
        examples = predictor.task.read_examples(data or predictor.task.config.data)
        evaluation = predictor.task.evaluate(predictor.model, examples)
        for line in predictor.task.report(evaluation):
            self.console.print(line, highlight=False, markup=False, soft_wrap=True)
        if output:
            predictor.task.draw(evaluation, output)
        print(json.dumps(evaluation.metrics, indent=1))

    def predict_command(self) -> Callable[..., None]:
        """`predict`, with the forms of answers that the task has."""
        names = tuple(self.task_class.answer_formats)
        format_type: Any = Annotated[Literal[names], tyro.conf.arg(name="format")]

        def predict(
            inputs: Annotated[tuple[str, ...], tyro.conf.Positional] = (),
            *,
            run: Path | None = None,
            file: str | None = None,
            form: format_type = names[0],
            as_json: Annotated[bool, tyro.conf.arg(name="json")] = False,
            explain: Path | None = None,
        ) -> None:
            """Answer for what is given here or in a file, in the order in which it is given.

            Args:
                inputs: What to answer for.
                run: The run folder; where `train` puts it when not given.
                file: Read what to answer for from a file, `-` for standard input.
                form: How to print an answer.
                as_json: Print a JSON object a line, as `--format jsonl` does.
                explain: Also write a page (.html) or a picture (.png) that shows why.
            """
            self.predict(inputs, run, file, "jsonl" if as_json else form, explain)

        return predict

    def predict(
        self, inputs: tuple[str, ...], run: Path | None, file: str | None, form: str, explain: Path | None
    ) -> None:
        """Prints an answer for each input."""
        if bool(inputs) == bool(file):
            raise InputError("give what to predict for, or --file FILE (`-` for standard input)", "predict")
        if explain and explain.suffix not in (".html", ".png"):
            raise InputError("must end in .html or .png", f"--explain {explain}")
        predictor = self.load(run)
        show = predictor.task.answer_formats[form]
        stream = predictor.task.read_inputs(inputs, file)
        shown: list[Any] = []
        while batch := list(islice(stream, BATCH)):
            for answer in predictor(batch):
                print(show(answer))
            if explain:
                shown += batch
        if explain:
            predictor.task.explain(predictor.model, shown, explain)
            self.console.print(f"explained in {explain}", highlight=False, soft_wrap=True)

    def export(self, *, run: Path | None = None, formats: tuple[str, ...] = (), data: str | None = None) -> None:
        """Write the model in the formats it is served in, each checked against the Keras model.

        Args:
            run: The run folder, as for `predict`; the artifacts go to its `export/`.
            formats: Which; all when none is named.
            data: Examples to check on; the run's own data when not given.
        """
        from .export import export

        predictor = self.load(run)
        export(predictor, formats or predictor.task.formats, data, self.console)

    def load(self, run: Path | None) -> Any:
        """The run's predictor."""
        RunFolder(run or self.place).require_finished()  # before the seconds that TensorFlow takes to import
        import_tensorflow()
        from .predictor import Predictor

        return Predictor(self.task_class, run or self.place)

    def show(self, metrics: Mapping[str, Any]) -> None:
        """Prints the metrics of a run as a table; one that could not be measured on a split has a dash."""
        spread = metrics.get("std")

        def cell(split: str, name: str) -> str:
            if name not in metrics[split]:
                return "–"
            return f"{metrics[split][name]:.4f}" + (f" ± {spread[split][name]:.4f}" if spread else "")

        table = Table("metric", "dev", "test")
        for name in {**metrics["dev"], **metrics["test"]}:
            table.add_row(name, cell("dev", name), cell("test", name))
        Console().print(table)


def import_tensorflow() -> None:
    """Imports TensorFlow without what it prints on the way, which no setting of its own keeps it from printing."""
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
        try:
            import tensorflow as tf

            tf.constant(0)
            tf.get_logger().setLevel("ERROR")
        finally:
            os.dup2(kept, 2)
            os.close(kept)
