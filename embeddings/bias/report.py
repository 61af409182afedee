"""An audit as a table: a row for each number, with what it means and what it rests on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from .audit import Audit, FileAudit
from .direction import Direction
from .sembias import Counts

if TYPE_CHECKING:
    from rich.table import Table

NONE = "–"
ALONG, TESTS, REMAINS, COSTS = "Along the direction", "Association tests", "What can still be read", "What it costs"
INTRODUCTIONS = {
    ALONG: "Pairs such as she and he differ in the group and in little else. The direction that they share tells to "
    "which side a word leans, and how far.",
    TESTS: "Tests that compare sets of words, by how near their vectors are.",
    REMAINS: "The words that leaned most to either side in the original are looked at again: can one still tell from "
    "their vectors to which side they belonged? In the original one can, because that is how they were chosen.",
    COSTS: "What the vectors are still good for.",
}
PROBES = {
    "logistic": "A straight line between the sides (logistic regression)",
    "rbf-svm": "A curved one (support-vector machine, Gaussian kernel)",
    "mlp": "A small neural network (one hidden layer)",
}


@dataclass(frozen=True)
class Cell:
    """A number of one file, and what it rests on."""

    text: str = NONE
    n: str = ""


@dataclass(frozen=True)
class Row:
    """One measure of all files.

    Args:
        section: Which part of the table it is in.
        name: The measure's.
        help: What it means, for a reader who does not know the papers.
        without: What would be read where there is nothing to find.
        cells: One for each file.
    """

    section: str
    name: str
    help: str
    without: str
    cells: tuple[Cell, ...]


def rows(audit: Audit) -> list[Row]:
    """All measures that could be taken of at least one file, in order."""
    made = [*_along(audit), *_weat(audit), *_sembias(audit), *_remains(audit), *_costs(audit)]
    return [row for row in made if any(cell.text != NONE for cell in row.cells)]


def _row(
    audit: Audit, section: str, name: str, help: str, without: str, cell: Callable[[FileAudit], Cell | None]
) -> Row:
    return Row(section, name, help, without, tuple(cell(file) or Cell() for file in audit.files))


def _along(audit: Audit) -> Iterator[Row]:
    first, second = list(audit.sets.groups)
    yield _row(
        audit, ALONG, "pairs: first component",
        "How much of what tells the two words of a pair apart lies in one direction. With no direction in common it "
        "would be little more than 1 / n.",
        NONE,
        lambda one: _pairs_cell(one.direction) if one.direction else None,
    )  # fmt: skip
    yield _row(
        audit, ALONG, "pairs: still the same direction?",
        "The cosine of that component with the original one: 1 the same, near 0 quite another.",
        NONE,
        lambda one: None if one.turned is None else Cell(decimal(one.turned), ""),
    )  # fmt: skip
    yield _row(
        audit, ALONG, "direct bias",
        "How far professions lie off the middle, on average, along the direction of the original: 0 not at all, 1 as "
        "far as can be. Hard debiasing takes out just this.",
        "0",
        lambda one: Cell(f"{one.direct.value:.4f}", words(one.direct.n)) if one.direct else None,
    )  # fmt: skip
    yield _row(
        audit, ALONG, "direct bias, own direction",
        "The same along the first component of the pairs in these very vectors, whichever that is now.",
        "0",
        lambda one: Cell(f"{one.direct_own.value:.4f}", words(one.direct_own.n)) if one.direct_own else None,
    )  # fmt: skip
    yield _row(
        audit, ALONG, "relative norm distance",
        f"Whether professions are nearer to the words of “{first}” (below 0) or to those of “{second}” (above 0).",
        "0",
        lambda one: Cell(f"{one.rnd.mean:+.4f}", words(one.rnd.n["professions"])) if one.rnd else None,
    )  # fmt: skip
    yield _row(
        audit, ALONG, "RIPA, mean size",
        "Like direct bias, but with vectors of the lengths that they have: only for files of one training.",
        "0",
        lambda one: Cell(
            f"{sum(abs(value) for _, value in one.ripa.words) / len(one.ripa.words):.4f}", words(len(one.ripa.words))
        ) if one.ripa else None,
    )  # fmt: skip


def _pairs_cell(direction: Direction) -> Cell:
    return Cell(percent(direction.explained[0]), f"{len(direction.pairs_used)} pairs")


def _weat(audit: Audit) -> Iterator[Row]:
    for name in dict.fromkeys(report.name for file in audit.files for report in file.weat):
        some = next(report for file in audit.files for report in file.weat if report.name == name)
        x, y, a, b = some.n
        help = (
            f"Whether “{x}” go with “{a}”, and “{y}” with “{b}”: the effect size, from -2 (the reverse) to 2. p: how "
            f"likely at least as much is when “{x}” and “{y}” are mixed at random"
            + ("." if some.is_exact else f", from {some.splits:,} random mixtures.")
        )
        cell = partial(_weat_cell, name=name)
        yield _row(audit, TESTS, f"WEAT {name}", help, "0", cell)


def _weat_cell(file: FileAudit, name: str) -> Cell | None:
    report = next((one for one in file.weat if one.name == name), None)
    if report is None:
        return None
    x, y, a, b = report.n.values()
    size = NONE if report.effect_size is None else f"{report.effect_size:+.2f}"
    return Cell(f"{size} ({p_value(report.p_value)})", f"{x}+{y}, {a}+{b}")


def _sembias(audit: Audit) -> Iterator[Row]:
    help = (
        "Of four pairs of words, the one most like he and she: differs by definition (king and queen) / by stereotype "
        "(doctor and nurse) / in another way. Shares of the questions."
    )
    yield _row(
        audit, TESTS, "SemBias", help, NONE, lambda one: _counts_cell(one.sembias.total) if one.sembias else None
    )
    yield _row(
        audit, TESTS, "SemBias, last 40", "The same for the questions that its authors kept apart, the last ones.",
        NONE, lambda one: _counts_cell(one.sembias.unseen) if one.sembias else None,
    )  # fmt: skip


def _counts_cell(counts: Counts) -> Cell:
    shares = [counts.share(kind) for kind in ("definition", "stereotype", "none")]
    if not counts.known:
        return Cell()
    return Cell(" / ".join(f"{100 * (share or 0):.1f}" for share in shares) + " %", of(counts.known, counts.n))


def _remains(audit: Audit) -> Iterator[Row]:
    heaps = (
        "Words are put in two heaps by nearness alone: how many are in the heap of their side. (V: how much one tells "
        "of the other, from 0 to 1.)"
    )
    for index, k in enumerate(audit.biased):
        yield _row(
            audit, REMAINS, f"clusters, {k:,} a side",
            "The same with more words." if index else heaps,
            "50 %",
            partial(_cluster_cell, k=k),
        )  # fmt: skip
    yield _row(
        audit, REMAINS, "neighbours of professions",
        "Whether professions that leaned to a side in the original still have neighbours of that side: a correlation, "
        "from -1 to 1.",
        "0",
        lambda one: Cell(decimal(one.neighbours.correlation), words(one.neighbours.n)) if one.neighbours else None,
    )  # fmt: skip
    for kind, help in PROBES.items():
        chance = next((one.chance for file in audit.files for one in file.probes if one.kind == kind), 0.5)
        yield _row(
            audit, REMAINS, f"{kind} probe", f"{help} names the side of words that it was not trained on.",
            percent(chance, 0), partial(_probe_cell, kind=kind),
        )  # fmt: skip


def _cluster_cell(file: FileAudit, k: int) -> Cell | None:
    report = next((one for one in file.clusters if one.k == k), None)
    return Cell(f"{percent(report.accuracy)} (V {report.v_measure:.2f})", words(report.n)) if report else None


def _probe_cell(file: FileAudit, kind: str) -> Cell | None:
    report = next((one for one in file.probes if one.kind == kind), None)
    return Cell(f"{100 * report.accuracy:.1f} ± {100 * report.std:.1f} %", words(report.n)) if report else None


def _costs(audit: Audit) -> Iterator[Row]:
    before = "as before"
    for name in audit.files[0].analogies:
        yield _row(
            audit, COSTS, f"analogies {name}",
            "Questions such as: king is to queen as man is to …? answered correctly.", before,
            partial(_analogy_cell, name=name),
        )  # fmt: skip
    for name in audit.files[0].similarity:
        yield _row(
            audit, COSTS, f"similarity {name}",
            "Whether pairs of words are alike in the order in which people find them so: a rank correlation.",
            before, partial(_similarity_cell, name=name),
        )  # fmt: skip
    yield _row(
        audit, COSTS, "neighbours kept",
        "How many of its 10 nearest neighbours a frequent word still has, on average.",
        "100 %", lambda one: Cell(percent(one.kept.share), words(one.kept.n)) if one.kept else None,
    )  # fmt: skip


def _analogy_cell(file: FileAudit, name: str) -> Cell:
    total = file.analogies[name].total
    return Cell(NONE if total.accuracy is None else percent(total.accuracy), of(total.known, total.n))


def _similarity_cell(file: FileAudit, name: str) -> Cell:
    report = file.similarity[name]
    return Cell(decimal(report.spearman), of(report.known, report.n))


# Numbers for people


def percent(share: float, digits: int = 1) -> str:
    """A share as per cent."""
    return f"{100 * share:.{digits}f} %"


def decimal(value: float | None) -> str:
    """Three decimals, or a dash."""
    return NONE if value is None else f"{value:.3f}"


def words(n: int) -> str:
    """A number of words."""
    return f"{n:,} words"


def of(known: int, n: int) -> str:
    """How many of all."""
    return f"{known:,} of {n:,}"


def p_value(p: float) -> str:
    """A p-value, not more exact than it is.

    Example:
        >>> p_value(0.03124), p_value(1e-5)
        ('p = .031', 'p < .001')
    """
    return "p < .001" if p < 0.001 else f"p = {p:.3f}".replace("0.", ".")


def labels(names: Sequence[str]) -> list[str]:
    """Short names of files that tell them apart.

    Example:
        >>> labels(["a/before.bin", "a/after.bin"]), labels(["a/x.bin", "b/x.bin"])
        (['before', 'after'], ['a/x.bin', 'b/x.bin'])
    """
    stems = [Path(name).name.split(".")[0] or name for name in names]
    return stems if len(set(stems)) == len(stems) else list(names)


def table(audit: Audit) -> Table:
    """For the terminal: a column for each file; n is that of the first file, and stands beside others that differ."""
    from rich.table import Table
    from rich.text import Text

    names = labels([file.name for file in audit.files])
    shown = Table("measure", "n")
    shown.columns[0].overflow = "fold"
    for name in (*names, "with nothing to find"):
        shown.add_column(Text(name), justify="right", overflow="fold")
    section = ""
    for row in rows(audit):
        if row.section != section:
            if section:
                shown.add_section()
            section = row.section
            shown.add_row(Text(section, "bold"))
        n = next((cell.n for cell in row.cells if cell.n), "")
        cells = [cell.text if cell.n in (n, "") else f"{cell.text} [{cell.n}]" for cell in row.cells]
        shown.add_row(*map(Text, (f"  {row.name}", n, *cells, row.without)))
    return shown
