"""The command line of the word vectors; each command is loaded when it is the one to run."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TextIO

import tyro
from rich.console import Console

from .errors import InputError, InputWarning

COMMANDS = {
    "train": ("commands.train:train", "Train word2vec or GloVe vectors on a corpus."),
    "query": ("commands.query:query", "Ask for neighbours, analogies, similarities and the odd one out."),
    "evaluate": ("commands.evaluate:evaluate", "Judge vectors by analogies and by word similarity."),
    "plot": ("commands.plot:plot", "Draw words, as PCA or t-SNE places them."),
    "projector": ("commands.projector:projector", "Write files for the TensorBoard projector."),
    "convert": ("commands.convert:convert", "Write a vector file in another format."),
    "info": ("commands.info:info", "Say what is in a vector file."),
    "audit": ("commands.audit:audit", "Measure bias in vectors, before and after it was reduced."),
    "debias": ("commands.debias:debias", "Reduce bias in vectors, and record what was done."),
}
"""By name: `module:function` within this package, and what the list of commands says of it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line.

    Args:
        argv: The words after the program's name; those of the process when None.

    Returns:
        The exit code: 0, 2 when something the user gave cannot be used, 130 when interrupted.
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    console = Console(stderr=True)
    try:
        with notes(console):
            run(argv)
        sys.stdout.flush()
    except InputError as error:
        complain(console, error)
        return 2
    except KeyboardInterrupt as error:
        console.print(str(error) or "interrupted", style="red", highlight=False, markup=False, soft_wrap=True)
        return 130
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python tries again to write what would not be taken
        if not isinstance(error, BrokenPipeError):  # `query ... | head`
            complain(console, InputError(error.strerror or str(error), error.filename or "standard output"))
            return 2
    return 0


def run(argv: Sequence[str]) -> None:
    """Runs the command that the words name; loads no other."""
    tyro.extras.subcommand_cli_from_dict(
        {name: load(target) if name in argv[:1] else stand_in(help) for name, (target, help) in COMMANDS.items()},
        args=argv,
        prog=f"python -m {__package__}",
        description="Word vectors: train, query, judge, draw and convert them.",
        config=(tyro.conf.FlagCreatePairsOff,),
    )


def load(target: str) -> Callable[..., Any]:
    """The function of `module:function`."""
    module, function = target.split(":")
    return getattr(importlib.import_module(f".{module}", __package__), function)


def stand_in(help: str) -> Callable[[], None]:
    """What the list of commands shows of a command that is not the one to run."""

    def command() -> None:
        pass

    command.__doc__ = help
    return command


@contextlib.contextmanager
def notes(console: Console) -> Iterator[None]:
    """Prints each `InputWarning` as one line."""

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if issubclass(category, InputWarning):
            said = " ".join(str(message).splitlines())
            console.print(f"note: {said}", highlight=False, markup=False, soft_wrap=True)
        else:
            others(message, category, filename, lineno, file, line)

    with warnings.catch_warnings():
        others, warnings.showwarning = warnings.showwarning, show
        warnings.simplefilter("always", InputWarning)
        yield


def complain(console: Console, error: InputError) -> None:
    """Prints an error as one line."""
    line = " ".join(str(error).splitlines())
    console.print(f"error: {line}", style="red", highlight=False, markup=False, soft_wrap=True)
