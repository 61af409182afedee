"""Answers many analogy questions at once, by products of blocks of questions with all words; as gensim one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from .questions import Question

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

Method = Literal["3cosadd", "3cosmul"]
BLOCK = 1 << 25
"""Bytes of scores to a block of questions."""
LOOKED_AT = 5
"""How many answers gensim looks through for one that is not a word of the question in another case."""


def solve(words: KeyedVectors, questions: list[Question], found: dict[str, list[int]], method: Method) -> list[bool]:
    """Whether each question is answered correctly.

    Args:
        words: The words that can be answers.
        questions: Upper-cased, of known words only.
        found: Where the words of the questions stand among `words`, as `spellings` gives it.
        method: A key of `SCORES`.
    """
    words.fill_norms()
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # what comes of it is settled one by one
        units = (words.vectors / words.norms[:, None]).astype(np.float32)  # [words, dimensions]
        silent = np.flatnonzero(~words.vectors.any(axis=1))  # not a number in `units`; never an answer
        size = max(1, BLOCK // (units.itemsize * len(units)))
        verdicts: list[bool] = []
        for start in range(0, len(questions), size):
            verdicts += _solve_block(words, units, silent, questions[start : start + size], found, method)
    return verdicts


def _solve_block(
    words: KeyedVectors,
    units: np.ndarray,
    silent: np.ndarray,
    questions: list[Question],
    found: dict[str, list[int]],
    method: Method,
) -> list[bool]:
    """Compares the score of the expected word with that of the best other one.

    Rounding differs between one large product and gensim's many small ones. Where it could decide, gensim is asked.
    """
    indices = np.array([[found[word][0] for word in question[:3]] for question in questions])  # [questions, 3]
    scores, rounding = SCORES[method](units, *indices.T)  # [questions, words], [questions] or a number
    scores[:, silent] = -np.inf
    scores[_places([question[:3] for question in questions], found)] = -np.inf
    rows, columns = _places([question[3:] for question in questions], found)
    expected = np.full(len(questions), -np.inf, np.float32)
    np.maximum.at(expected, rows, scores[rows, columns])
    scores[rows, columns] = -np.inf
    lead = expected - scores.max(axis=1)  # [questions]; NaN where nothing can be said
    verdicts = (lead > 0).tolist()
    # In gensim's eyes the other spellings of the question's words are answers, if there are enough of them.
    crowded = [sum(len(found[word]) - 1 for word in set(question[:3])) >= LOOKED_AT for question in questions]
    for row in np.flatnonzero(~(np.abs(lead) > rounding) | crowded):
        verdicts[row] = _ask_gensim(words, questions[row], indices[row], method)
    return verdicts


def _places(groups: Sequence[Sequence[str]], found: dict[str, list[int]]) -> tuple[list[int], list[int]]:
    """Rows and columns of the scores of each question's words, in all their spellings."""
    places = [(row, column) for row, group in enumerate(groups) for word in group for column in found[word]]
    return [row for row, _ in places], [column for _, column in places]


def _ask_gensim(words: KeyedVectors, question: Question, indices: np.ndarray, method: Method) -> bool:
    """Whether gensim finds the expected word, its ties and all."""
    a, b, c = (words.index_to_key[index] for index in indices)
    ask = words.most_similar if method == "3cosadd" else words.most_similar_cosmul
    answers = [word.upper() for word, _ in ask(positive=[b, c], negative=[a], topn=LOOKED_AT)]
    others = [answer for answer in answers if answer not in question[:3]]
    return [*others, *answers[-1:]][:1] == [question[3]]


# Scoring: both return the scores and how much less than the true difference of two of them rounding may leave. Of an
# inner product of unit vectors of n numbers it is at most n/2 eps; it counts for two scores, here and in gensim.


def _cos_add(units: np.ndarray, a: np.ndarray, b: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, float]:
    queries = units[b] + units[c] - units[a]  # [questions, dimensions]
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    return queries @ units.T, 4 * _error(units)


def _cos_mul(units: np.ndarray, a: np.ndarray, b: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    distinct, places = np.unique([a, b, c], return_inverse=True)  # questions side by side share their words
    a, b, c = places.reshape(3, -1)
    similar = (1 + units[distinct] @ units.T) / 2  # [distinct, words]
    scores = similar[b]
    scores *= similar[c]
    similar += np.float32(1e-6)
    scores /= similar[a]
    largest = 1 / np.fmin.reduce(similar, axis=1)[a]  # [questions]; of 1 / (s + 10^-6), which magnifies errors
    return scores, 4 * _error(units) * (2 * largest + largest**2)


def _error(units: np.ndarray) -> float:
    return (units.shape[1] / 2 + 8) * float(np.finfo(units.dtype).eps)


SCORES: dict[str, Any] = {"3cosadd": _cos_add, "3cosmul": _cos_mul}
