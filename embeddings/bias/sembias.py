"""SemBias: which of four pairs of words is most like `he - she`?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..files import read_lines
from ..vectors import Vectors
from .direction import rows_of
from .groups import Pair, find

UNSEEN = 40
"""The last lines of the authors' file: pairs that were not seen in training GN-GloVe."""
KINDS = ("definition", "none", "none", "stereotype")
"""What the pairs of a line are, in the file's order."""


@dataclass(frozen=True)
class Question:
    """Four pairs: one that differs by definition, two that do not, one that differs by stereotype."""

    pairs: tuple[Pair, Pair, Pair, Pair]


@dataclass(frozen=True)
class Counts:
    """How often each kind of pair was the one most like the group's direction.

    Args:
        n: Questions asked.
        known: Questions of which all words have a vector; only these are judged.
        definition: Of the known ones.
        stereotype: The same.
        none: The same.
    """

    n: int
    known: int
    definition: int
    stereotype: int
    none: int

    def share(self, kind: str) -> float | None:
        """The share of a kind among the known questions, None when there are none."""
        return getattr(self, kind) / self.known if self.known else None

    def summary(self) -> dict[str, Any]:
        """As JSON takes it."""
        kinds = ("definition", "stereotype", "none")
        return {"n": self.n, "known": self.known, **{kind: self.share(kind) for kind in kinds}}


@dataclass(frozen=True)
class SemBiasReport:
    """The answers to all questions, and to those whose pairs were unseen.

    Args:
        total: Of all questions.
        unseen: Of the last ones.
        pair: The words whose difference is the direction.
        missing: The words without a vector; questions with one are left out.
    """

    total: Counts
    unseen: Counts
    pair: Pair
    missing: tuple[str, ...]

    def summary(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {
            "total": self.total.summary(),
            "unseen": self.unseen.summary(),
            "pair": list(self.pair),
            "missing": list(self.missing),
        }


def read_sembias(path: str | Path) -> tuple[Question, ...]:
    """Reads the authors' file: on each line `definition none none stereotype`, pairs written as `king:queen`.

    Args:
        path: The file, UTF-8, also as .gz, .bz2 or .xz. Pairs are parted by tabs or spaces, empty lines passed over.

    Raises:
        InputError: With file and line, for a line that is not four pairs, or a file without a question.
    """
    questions = []
    for number, line in read_lines(path):
        if line.strip():
            questions.append(_question(line, f"{path}:{number}"))
    if not questions:
        raise InputError("holds no questions; a line is four pairs such as `king:queen<TAB>cup:lid<TAB>...`", path)
    return tuple(questions)


def _question(line: str, where: str) -> Question:
    pairs = [tuple(field.split(":")) for field in line.split()]
    if len(pairs) != 4 or not all(len(pair) == 2 and all(pair) for pair in pairs):
        raise InputError(f"not four pairs such as `king:queen`: {line.strip()!r:.80}; correct the line", where)
    one, two, three, four = ((pair[0], pair[1]) for pair in pairs)
    return Question((one, two, three, four))


def evaluate_sembias(
    vectors: Vectors, questions: Sequence[Question], pair: Pair = ("he", "she"), unseen: int = UNSEEN
) -> SemBiasReport:
    """Finds in each question the pair whose difference is most like that of the groups.

        `argmax_(a, b) cos(u_he - u_she, u_a - u_b)`,   u of length one

    Args:
        vectors: The vectors to be judged.
        questions: As `read_sembias` gives them. Those with an unknown word are left out.
        pair: The words whose difference is the direction, in the order of the questions' pairs.
        unseen: How many of the last questions are judged by themselves as well.

    Raises:
        InputError: When a word of the pair is missing, no question is known, or a vector has length zero or is not
            finite.

    Example:
        >>> rows = [[1, 0], [0, 1], [2, 1], [1, 2], [1, 1], [1, -1]]
        >>> vectors = Vectors(["he", "she", "king", "queen", "a", "b"], rows)
        >>> questions = [Question((("king", "queen"), ("a", "b"), ("b", "a"), ("a", "king")))]
        >>> evaluate_sembias(vectors, questions).total
        Counts(n=1, known=1, definition=1, stereotype=0, none=0)

    Reference:
        Zhao et al. 2018, Learning Gender-Neutral Word Embeddings, section 4.2.
    """
    asked = list(dict.fromkeys(word for question in questions for two in question.pairs for word in two))
    find(vectors, pair, 2, "SemBias, the words of the direction")
    found, missing = find(vectors, asked, 1, "SemBias")
    rows = rows_of(vectors, found, "SemBias")
    index = {word: row for row, word in enumerate(found)}
    he, she = rows_of(vectors, pair, "SemBias")
    if not (he - she).any():
        raise InputError(f"{pair[0]!r} and {pair[1]!r} have the same vector, so there is no direction", "SemBias")
    known = [all(word in index for two in one.pairs for word in two) for one in questions]
    if not any(known):
        raise InputError(f"none of the {len(questions)} questions has vectors for all its words", "SemBias")
    answers = [
        _answer(one, rows, index, he - she) if is_known else "" for one, is_known in zip(questions, known, strict=True)
    ]
    return SemBiasReport(_counts(answers), _counts(answers[max(0, len(answers) - unseen) :]), pair, tuple(missing))


def _answer(question: Question, rows: np.ndarray, index: dict[str, int], direction: np.ndarray) -> str:
    """The kind of the pair most like the direction; of pairs alike the first."""
    differences = np.stack([rows[index[a]] - rows[index[b]] for a, b in question.pairs])  # [4, dimensions]
    norms = np.linalg.norm(differences, axis=1)
    along = differences @ direction / np.where(norms > 0, norms, 1)  # words with the same vector differ in no way
    return KINDS[int(np.argmax(along))]


def _counts(answers: Sequence[str]) -> Counts:
    kinds = ("definition", "stereotype", "none")
    return Counts(len(answers), sum(map(bool, answers)), *(answers.count(kind) for kind in kinds))
