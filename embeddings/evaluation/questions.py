"""Analogy questions in the format of Google's `questions-words.txt`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError
from ..files import read_lines

Question = tuple[str, str, str, str]
"""a, b, c and the answer d: a is to b as c is to d."""


@dataclass(frozen=True)
class Section:
    """Questions of one kind."""

    name: str
    questions: tuple[Question, ...]


def read_questions(path: str | Path) -> tuple[Section, ...]:
    """Reads analogy questions: lines of four words, below lines such as `: capital-world` that begin a section.

    Args:
        path: The file, UTF-8, also as .gz, .bz2 or .xz; `sample` for those of the sample corpus. Empty lines are
            passed over; questions before the first section go into one named after the file.

    Returns:
        The sections in the file's order, also those without a question.

    Raises:
        InputError: With file and line, for a line of fewer or more words, a section without a name, or a file
            without a question.
    """
    sections: list[tuple[str, list[Question]]] = []
    for number, line in _sample_lines() if str(path) == "sample" else read_lines(path):
        words = line.split()
        if line.startswith(":"):
            sections.append((_section_name(line, f"{path}:{number}"), []))
        elif words:
            if not sections:
                sections.append((Path(path).name.split(".")[0], []))
            sections[-1][1].append(_question(words, f"{path}:{number}"))
    if not any(questions for _, questions in sections):
        raise InputError("holds no question; it should have lines of four words such as `king queen man woman`", path)
    return tuple(Section(name, tuple(questions)) for name, questions in sections)


def _sample_lines() -> Iterator[tuple[int, str]]:
    from ..corpus import questions

    return enumerate(questions().splitlines(), 1)


def _section_name(line: str, where: str) -> str:
    name = line.lstrip(": ").strip()
    if not name:
        raise InputError("the section has no name; write one after the colon, as in `: capital-world`", where)
    return name


def _question(words: list[str], where: str) -> Question:
    if len(words) != 4:
        raise InputError(f"{len(words)} words where a question has four; correct the line or remove it", where)
    a, b, c, d = words
    return a, b, c, d
