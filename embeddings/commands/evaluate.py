"""`python -m embeddings evaluate`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro
from rich.console import Console

from ..errors import InputError
from ..evaluation import AnalogyReport, evaluate_analogies, evaluate_similarity, read_pairs, read_questions
from ..evaluation.table import Report, table, write_csv

Test = Callable[[Any], Report]


def evaluate(
    files: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="FILE [FILE ...]")],
    *,
    analogies: tuple[Path, ...] = (),
    similarity: tuple[Path, ...] = (),
    most_frequent: int = 30_000,
    method: Literal["3cosadd", "3cosmul"] = "3cosadd",
    unknown: bool = False,
    as_json: Annotated[bool, tyro.conf.arg(name="json")] = False,
    output: Path | None = None,
) -> None:
    """Judge vectors by analogies and by word similarity, several files side by side.

    The numbers are those of gensim's `evaluate_word_analogies` and `evaluate_word_pairs`: case is ignored, the words
    of a question are no answers to it, and what holds an unknown word is left out, and counted beside each number.

    Args:
        files: The vectors, in any format that `convert` knows, the most frequent words first.
        analogies: Files such as questions-words.txt: lines of four words, sections that begin with a colon; `sample`
            for the questions of the sample corpus.
        similarity: Files such as WordSim-353, SimLex-999, MEN or Rare Words: lines of two words and a number, with
            tabs, commas or spaces between them; a line with the columns' names may stand above.
        most_frequent: For analogies only so many words of each file are known. (For similarity it is 300,000.)
        method: How analogies are solved.
        unknown: List the unknown words.
        as_json: Print everything as JSON.
        output: Also write the numbers to this CSV file.
    """
    _check(files, output)
    tests = dict(_tests(analogies, similarity, most_frequent, method))
    reports = {str(file): _judge(file, tests) for file in files}
    if output:
        write_csv(output, reports)
    if as_json:
        summaries = {file: {test: one.summary() for test, one in found.items()} for file, found in reports.items()}
        print(json.dumps(summaries, indent=1, ensure_ascii=False))
    else:
        # Cut to the usual 80 columns, a table would lose its numbers in a pipe.
        Console(width=None if sys.stdout.isatty() else 80 + 40 * len(files)).print(table(reports))
    for note in _notes(reports, unknown and not as_json):
        print(note, file=sys.stderr)


def _check(files: tuple[Path, ...], output: Path | None) -> None:
    if not files:
        raise InputError("name a file of vectors to judge", "evaluate")
    if len(set(files)) < len(files):
        raise InputError("a file of vectors is given twice; name each once", "evaluate")
    if output and output.suffix != ".csv":
        raise InputError("must end in .csv", f"--output {output}")
    if output and not output.parent.is_dir():
        raise InputError("there is no such folder to write in; make it first", output.parent)


def _tests(
    analogies: tuple[Path, ...], similarity: tuple[Path, ...], most_frequent: int, method: Any
) -> Iterator[tuple[str, Test]]:
    """Reads every test, so that a mistake in one is found before the first vectors are."""
    paths = (*analogies, *similarity)
    if not paths:
        raise InputError(
            "say what to judge by: --analogies questions-words.txt (or `sample`), --similarity FILE ...", "evaluate"
        )
    if most_frequent < 1:
        raise InputError("at least one word is needed; give a larger number", f"--most-frequent {most_frequent}")
    names = [path.name for path in paths]
    for index, path in enumerate(paths):
        name = path.name if names.count(path.name) == 1 else str(path)
        if path in paths[:index]:
            raise InputError("is given twice; name each test once", path)
        yield name, _analogies(path, most_frequent, method) if index < len(analogies) else _similarity(path)


def _analogies(path: Path, most_frequent: int, method: Any) -> Test:
    questions = read_questions(path)
    return lambda vectors: evaluate_analogies(vectors, questions, most_frequent, method)


def _similarity(path: Path) -> Test:
    pairs = read_pairs(path)
    return lambda vectors: evaluate_similarity(vectors, pairs)


def _judge(file: Path, tests: Mapping[str, Test]) -> dict[str, Report]:
    from ..formats import load

    vectors = load(file)
    return {name: test(vectors) for name, test in tests.items()}


def _notes(reports: Mapping[str, Mapping[str, Report]], list_unknown: bool) -> Iterator[str]:
    """What the numbers alone would not tell."""
    for file, by_test in reports.items():
        for test, report in by_test.items():
            where = f"{file}: {test}: "
            if isinstance(report, AnalogyReport):
                if report.total.accuracy is None:
                    yield f"{where}no question can be answered: each has a word that is not among the words known"
            elif report.undefined:
                yield f"{where}the rank correlation is undefined: {report.undefined}"
            if list_unknown and report.unknown:
                yield f"{where}unknown: {' '.join(report.unknown)}"
    for test, report in next(iter(reports.values())).items():
        if report.repeated:
            yield f"{test}: {report.repeated:,} repeated, counted each time as is usual"
