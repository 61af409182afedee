"""The results of evaluating several vector files, side by side or as rows of a CSV file."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..files import replacing
from .analogies import AnalogyReport, SectionReport
from .similarity import SimilarityReport

if TYPE_CHECKING:
    from rich.table import Table

Report = AnalogyReport | SimilarityReport
COLUMNS = ("vectors", "test", "part", "measure", "score", "known", "n", "coverage")


@dataclass(frozen=True)
class Line:
    """A number, and how many of the questions it rests on."""

    test: str
    part: str
    measure: str
    score: float | None
    known: int
    n: int

    def __str__(self) -> str:
        if self.score is None:
            return f"–  {self.known:>6,}"
        return (
            f"{100 * self.score:.1f} %  {self.known:>6,}"
            if self.measure == "accuracy"
            else f"{self.score:.3f}  {self.known:>6,}"
        )


def lines(test: str, report: Report) -> Iterator[Line]:
    """The numbers of one test; of analogies semantic and syntactic ones only where there are both."""
    if isinstance(report, SimilarityReport):
        yield Line(test, "", "spearman", report.spearman, report.known, report.n)
        return
    both = bool(report.semantic.n and report.syntactic.n)
    parts: Sequence[SectionReport] = [*report.sections, *([report.semantic, report.syntactic] if both else [])]
    for part in (*parts, report.total):
        yield Line(test, part.name, "accuracy", part.accuracy, part.known, part.n)


def table(reports: Mapping[str, Mapping[str, Report]]) -> Table:
    """A column for each vector file, with the score and how many questions were known.

    Args:
        reports: By vector file, then by test; each file has the same tests.
    """
    from rich.table import Table

    shown = Table("test", "asked", *(f"{name}: score, known" for name in reports))
    for column in shown.columns[1:]:
        column.justify = "right"
        column.overflow = "fold"
    for test in next(iter(reports.values())):
        for row in zip(*(lines(test, by_test[test]) for by_test in reports.values()), strict=True):
            is_whole = row[0].part in ("", "total")
            name = f"{test} {row[0].part}".strip() if is_whole else f"  {row[0].part}"
            shown.add_row(name, f"{row[0].n:,}", *map(str, row))
        unknown = [f"{len(by_test[test].unknown):,}" for by_test in reports.values()]
        shown.add_row("  unknown words", "", *unknown, end_section=True)
    return shown


def write_csv(path: Path, reports: Mapping[str, Mapping[str, Report]]) -> None:
    """Writes a row for each number; a score that is undefined is empty.

    Raises:
        InputError: When the folder does not exist.
    """
    with replacing(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(_rows(reports))


def _rows(reports: Mapping[str, Mapping[str, Report]]) -> Iterable[tuple[Any, ...]]:
    for name, by_test in reports.items():
        for test, report in by_test.items():
            for line in lines(test, report):
                score = "" if line.score is None else line.score
                coverage = line.known / line.n if line.n else 0.0
                yield name, test, line.part, line.measure, score, line.known, line.n, coverage
