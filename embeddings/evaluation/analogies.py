"""Analogies: a is to b as c is to which word?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from ..errors import InputError
from .questions import Question, Section
from .solving import SCORES, Method, solve
from .vocabulary import most_frequent_words, spellings


@dataclass(frozen=True)
class SectionReport:
    """What became of the questions of a section: those whose four words are all known are judged."""

    name: str
    correct: tuple[Question, ...]
    incorrect: tuple[Question, ...]
    unanswerable: tuple[Question, ...]

    @property
    def is_syntactic(self) -> bool:
        """Whether it asks for grammatical forms, which Google's set marks by `gram` in front."""
        return self.name.startswith("gram")

    @property
    def n(self) -> int:
        """Questions asked."""
        return self.known + len(self.unanswerable)

    @property
    def known(self) -> int:
        """Questions of which all four words have a vector."""
        return len(self.correct) + len(self.incorrect)

    @property
    def accuracy(self) -> float | None:
        """The share of known questions answered correctly, None when none is known."""
        return len(self.correct) / self.known if self.known else None

    @property
    def coverage(self) -> float:
        """The share of questions that are known."""
        return self.known / self.n if self.n else 0.0

    def summary(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {
            "accuracy": self.accuracy,
            "correct": len(self.correct),
            "known": self.known,
            "n": self.n,
            "coverage": self.coverage,
        }


@dataclass(frozen=True)
class AnalogyReport:
    """What became of a set of analogies.

    Attributes:
        sections: One report for each section, in the order asked.
        unknown: The distinct words without a vector, as they are written in the questions.
        repeated: Questions that had been asked before; they count each time.
    """

    sections: tuple[SectionReport, ...]
    unknown: tuple[str, ...]
    repeated: int

    @property
    def total(self) -> SectionReport:
        """All sections together."""
        return _together("total", self.sections)

    @property
    def semantic(self) -> SectionReport:
        """The sections about the world."""
        return _together("semantic", (one for one in self.sections if not one.is_syntactic))

    @property
    def syntactic(self) -> SectionReport:
        """The sections about grammatical forms."""
        return _together("syntactic", (one for one in self.sections if one.is_syntactic))

    def summary(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {
            "total": self.total.summary(),
            "semantic": self.semantic.summary(),
            "syntactic": self.syntactic.summary(),
            "sections": [{"name": one.name, **one.summary()} for one in self.sections],
            "unknown": list(self.unknown),
            "repeated": self.repeated,
        }


def evaluate_analogies(
    vectors: Any, questions: Sequence[Section], most_frequent: int | None = 30_000, method: Method = "3cosadd"
) -> AnalogyReport:
    """Judges vectors by analogies. With unit vectors u the answer to a : b = c : ? is

        3CosAdd:  argmax_w  cos(u_w, u_b + u_c - u_a)
        3CosMul:  argmax_w  s(w, b) s(w, c) / (s(w, a) + 10^-6),   s(v, w) = (1 + cos(u_v, u_w)) / 2

    over all words but a, b and c. The lists of correct and incorrect questions are exactly those of gensim's
    `evaluate_word_analogies`: case is ignored (of several spellings the most frequent counts), and questions with an
    unknown word are left out.

    Args:
        vectors: `KeyedVectors` or `Vectors`, the most frequent word first.
        questions: As `read_questions` gives them.
        most_frequent: How many words are known, and can be answers; all when None.
        method: `3cosadd` or `3cosmul`.

    Returns:
        The correct, incorrect and unanswerable questions of each section.

    Raises:
        InputError: When `most_frequent` is less than one, or the method is another.

    Example:
        >>> from gensim.models import KeyedVectors
        >>> vectors = KeyedVectors(3)
        >>> words = ["man", "king", "woman", "queen", "apple"]
        >>> vectors.add_vectors(words, [[1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 1, 1], [-1, 0, 0]])
        >>> report = evaluate_analogies(vectors, [Section("royal", (("man", "king", "woman", "queen"),))])
        >>> print(report.total.accuracy)
        1.0

    References:
        Mikolov et al. 2013, Efficient Estimation of Word Representations in Vector Space;
        Levy and Goldberg 2014, Linguistic Regularities in Sparse and Explicit Word Representations.
    """
    if method not in SCORES:
        raise InputError(f"is unknown; one of {', '.join(SCORES)}", f"method {method}")
    words = most_frequent_words(vectors, most_frequent)
    asked = [question for section in questions for question in section.questions]
    distinct = dict.fromkeys(chain.from_iterable(asked))
    found = spellings(words.index_to_key, {word.upper() for word in distinct})
    known = [question for question in dict.fromkeys(map(_upper, asked)) if all(word in found for word in question)]
    verdicts = dict(zip(known, solve(words, known, found, method), strict=True))
    return AnalogyReport(
        sections=tuple(_report(section, verdicts) for section in questions),
        unknown=tuple(word for word in distinct if word.upper() not in found),
        repeated=len(asked) - len(set(map(_upper, asked))),
    )


def _upper(question: Question) -> Question:
    a, b, c, d = question
    return a.upper(), b.upper(), c.upper(), d.upper()


def _report(section: Section, verdicts: dict[Question, bool]) -> SectionReport:
    sorted_by: dict[bool | None, list[Question]] = {True: [], False: [], None: []}
    for question in section.questions:
        sorted_by[verdicts.get(_upper(question))].append(question)
    return SectionReport(section.name, *map(tuple, sorted_by.values()))


def _together(name: str, sections: Iterable[SectionReport]) -> SectionReport:
    sections = list(sections)
    return SectionReport(
        name,
        tuple(chain.from_iterable(one.correct for one in sections)),
        tuple(chain.from_iterable(one.incorrect for one in sections)),
        tuple(chain.from_iterable(one.unanswerable for one in sections)),
    )
