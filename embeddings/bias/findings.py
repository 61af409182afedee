"""What an audit says in words: in short, what could not be found, and what could not be measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .audit import Audit, FileAudit
from .report import labels, percent

LOW = 0.05
"""A p-value below which a difference is seldom by chance."""


def reading(audit: Audit) -> list[str]:
    """What the numbers say of each file that came after the original, a sentence or two for each."""
    before, *after = audit.files
    names = labels([file.name for file in audit.files])
    if not after:
        return list(filter(None, [_said_of_one(before)]))
    return [f"{name}: {said}" for name, file in zip(names[1:], after, strict=True) if (said := _said(before, file))]


def _said(before: FileAudit, after: FileAudit) -> str:
    parts = []
    if before.direct and after.direct:
        parts.append(
            f"direct bias along the original direction went from {before.direct.value:.3f} to {after.direct.value:.3f}"
        )
    if after.clusters:
        found = after.clusters[-1]
        parts.append(
            f"two clusters match the former sides of {percent(found.accuracy)} of the {found.n:,} most biased words "
            f"({_earlier(before, found.k)}chance 50 %)"
        )
    if best := max(after.probes, key=lambda one: one.accuracy, default=None):
        parts.append(
            f"the best probe ({best.kind}) names the side of {percent(best.accuracy)} of words that it was not trained "
            f"on (chance {percent(best.chance, 0)})"
        )
    for name, report in after.analogies.items():
        was, now = before.analogies[name].total.accuracy, report.total.accuracy
        if was is not None and now is not None:
            parts.append(f"analogies changed by {100 * (now - was):+.1f} points")
    return "; ".join(parts) + "." if parts else ""


def _earlier(before: FileAudit, k: int) -> str:
    accuracy = next((one.accuracy for one in before.clusters if one.k == k), None)
    return "" if accuracy is None else f"before {percent(accuracy)}, "


def _said_of_one(file: FileAudit) -> str:
    """Of the original alone: not what probes read, for its words were chosen so that they can."""
    parts = []
    if file.direct:
        parts.append(f"direct bias {file.direct.value:.3f} over {file.direct.n:,} professions")
    if file.weat:
        low = sum(report.p_value < LOW for report in file.weat)
        parts.append(f"{low} of {len(file.weat)} association tests have p below {LOW}")
    return "; ".join(parts) + "." if parts else ""


# What could not be found or measured


@dataclass(frozen=True)
class Missing:
    """Words of a set that some of the files have no vector for."""

    what: str
    words: tuple[str, ...]
    files: tuple[str, ...]


def missing(audit: Audit) -> list[Missing]:
    """By set, the words not found; files that lack the same ones together."""
    names = labels([file.name for file in audit.files])
    by_words: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for name, file in zip(names, audit.files, strict=True):
        for what, lacking in dict(_missing(file)).items():
            if lacking:
                by_words.setdefault((what, tuple(lacking)), []).append(name)
    return [Missing(what, lacking, tuple(files)) for (what, lacking), files in by_words.items()]


def _missing(file: FileAudit) -> Iterator[tuple[str, Sequence[str]]]:
    singles: dict[str, Any] = {
        "definitional pairs": file.direction,
        "professions": file.direct,
        "SemBias": file.sembias,
        "frequent words of the original": file.kept,
    }
    for what, one in singles.items():
        if one:
            yield what, one.missing
    for report in file.weat:
        for name, lacking in report.missing.items():
            yield f"WEAT {report.name}: {name}", lacking
    if file.rnd:
        for name, lacking in file.rnd.missing.items():
            if name != "professions":
                yield f"group {name}", lacking
    for found in file.clusters:
        yield f"the {found.k:,} most biased words of either side", found.missing
    for name, answers in file.analogies.items():
        yield name, answers.unknown
    for name, judged in file.similarity.items():
        yield name, judged.unknown


@dataclass(frozen=True)
class Unmeasured:
    """A measure that could not be taken of some of the files, and why."""

    what: str
    why: str
    files: tuple[str, ...]


def unmeasured(audit: Audit) -> list[Unmeasured]:
    """What could not be measured; files of which that is so for the same reason together."""
    names = labels([file.name for file in audit.files])
    found: dict[tuple[str, str], list[str]] = {}
    for name, file in zip(names, audit.files, strict=True):
        for reason in _reasons(file):
            found.setdefault(reason, []).append(name)
    return [Unmeasured(what, why, tuple(files)) for (what, why), files in found.items()]


def _reasons(file: FileAudit) -> Iterator[tuple[str, str]]:
    yield from file.unmeasured.items()
    for test, answers in file.analogies.items():
        if answers.total.accuracy is None:
            yield test, "each question has a word that is not among the words known"
    for test, judged in file.similarity.items():
        if judged.undefined:
            yield test, f"the rank correlation is undefined: {judged.undefined}"


def where(audit: Audit, files: Sequence[str]) -> str:
    """The files by name, or nothing when it is all of them."""
    return "" if len(files) == len(audit.files) else f" in {', '.join(files)}"
