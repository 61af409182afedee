"""Words that are about a group by definition, such as `mother`: debiasing leaves them as they are."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ..errors import InputError, InputWarning
from ..files import read_lines
from ..vectors import Vectors
from .groups import WordSets, find

TRAINING = 26_377
"""The most frequent words, which the classifier learns from: as many as the paper has."""
FEWEST_SEEDS = 10
FOLDS = 3
USABLE = 0.5
"""F1 below which a learned list is not to be trusted; the paper's has 0.63."""

How = Literal["learned", "listed"]


@dataclass(frozen=True)
class Specific:
    """The specific words of a vocabulary.

    Args:
        words: Those found.
        source: `learned` from seed words, `listed` in the word sets, or `given`.
        listed: How many words the list, or that of seed words, has.
        missing: Those of them that are not in the vocabulary.
        f1: Of telling seed words held out from other words, when learned.
    """

    words: frozenset[str]
    source: str
    listed: int
    missing: list[str]
    f1: float | None = None

    def record(self) -> dict[str, Any]:
        """What to keep of it, as JSON has it."""
        record = {"source": self.source, "listed": self.listed, "words": len(self.words), "missing": self.missing}
        return record if self.f1 is None else {**record, "f1": round(self.f1, 3)}


def specific_words(
    vectors: Vectors, rows: np.ndarray, sets: WordSets, specific: Sequence[str] | How | None = None
) -> Specific:
    """The words that debiasing is to leave as they are.

    Args:
        vectors: To find the words in.
        rows: Their vectors, `[words, dimensions]`, of length one.
        sets: Word sets, of which `specific` and `specific_seed` are used.
        specific: A list to be taken as it is; `listed` in the word sets; `learned` from the seed words by a classifier.
            When None, listed if there is a list, else learned if there are seed words.

    Raises:
        InputError: When the word sets lack what is asked for, or too few words are found.
    """
    if specific is None:
        specific = "learned" if sets.specific_seed and not sets.specific else "listed"
    if specific == "learned":
        seed = sets.specific_seed or sets.specific
        if not seed:
            raise InputError("has no `specific_seed` to learn from; add some, or give a list of words", sets.name)
        return learn_specific(vectors, rows, seed)
    if isinstance(specific, str) and specific != "listed":
        raise InputError(f"give `learned`, `listed` or a list of words, not {specific!r}", "specific")
    return _listed(vectors, sets.specific, "listed") if specific == "listed" else _listed(vectors, specific, "given")


def _listed(vectors: Vectors, words: Sequence[str], source: str) -> Specific:
    found, missing = find(vectors, words, 1 if words else 0, "specific words")
    return Specific(frozenset(found), source, len(words), missing)


def learn_specific(vectors: Vectors, rows: np.ndarray, seed: Sequence[str], training: int = TRAINING) -> Specific:
    """Generalises seed words to the whole vocabulary by a linear support-vector machine (Bolukbasi 2016).

    Among the most frequent words, the seed words in any case are told from all others; every word on their side, and
    every seed word, is specific. How well that works hangs on the vectors: small ones may yield no further words, or
    hundreds of wrong ones, so that the list is tried on seed words held out.

    Args:
        vectors: The vocabulary, the most frequent word first.
        rows: Their vectors, `[words, dimensions]`, of length one.
        seed: Specific words to begin with.
        training: How many words to learn from; seed words beyond them are added.

    Raises:
        InputError: When too few seed words are found, or nothing else is.

    Reference:
        Bolukbasi et al. 2016, Man is to Computer Programmer as Woman is to Homemaker?, appendix on learning
        gender-specific words.
    """
    seeds = set(seed)
    is_seed = np.array(
        [word in seeds or (row < training and word.lower() in seeds) for row, word in enumerate(vectors.words)]
    )
    _, missing = find(vectors, seed, FEWEST_SEEDS if is_seed.sum() < FEWEST_SEEDS else 0, "seed words")
    chosen = np.flatnonzero(is_seed | (np.arange(len(vectors)) < training))
    if len(chosen) < 2 * is_seed.sum():
        raise InputError("are most of the words; give vectors with more other words", "seed words")
    is_specific, f1 = _classify(rows, chosen, is_seed)
    if f1 < USABLE:
        warnings.warn(
            f"specific words: learned from seed words with an F1 of only {f1:.2f} on those held out; "
            f"{(is_specific & ~is_seed).sum():,} words were added to {is_seed.sum():,}; a list may do better",
            InputWarning,
            stacklevel=2,
        )
    words = frozenset(word for word, kept in zip(vectors.words, is_specific | is_seed, strict=True) if kept)
    return Specific(words, "learned", len(seed), missing, f1)


def _classify(rows: np.ndarray, chosen: np.ndarray, is_seed: np.ndarray) -> tuple[np.ndarray, float]:
    """Which words lie on the seed words' side, `[words]`, and the F1 of that on words held out."""
    from sklearn.metrics import f1_score
    from sklearn.model_selection import cross_val_predict
    from sklearn.svm import LinearSVC

    # In the primal nothing is drawn at random, and it is quick where words outnumber dimensions.
    classifier = LinearSVC(C=1.0, dual=False)
    classes = is_seed[chosen]
    f1 = f1_score(classes, cross_val_predict(classifier, rows[chosen], classes, cv=FOLDS), zero_division=0)
    classifier.fit(rows[chosen], classes)
    return rows @ classifier.coef_[0].astype(rows.dtype) > -classifier.intercept_[0], float(f1)


def read_specific(path: Path) -> list[str]:
    """Reads a list of words: a JSON list, or a word a line.

    Raises:
        InputError: For another content, or no word.
    """
    lines = list(read_lines(path))
    text = "\n".join(line for _, line in lines)
    if text.lstrip()[:1] not in ("[", "{"):
        words = [line.strip() for _, line in lines if line.strip()]
    else:
        words = _from_json(text, path)
    if not words:
        raise InputError("no words in it; give a word a line, or a JSON list of words", path)
    return list(dict.fromkeys(words))


def _from_json(text: str, path: Path) -> list[str]:
    try:
        words = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(
            f"is not JSON ({error.msg}); mend it, or give a word a line", f"{path}:{error.lineno}"
        ) from None
    except RecursionError:
        words = None
    if not isinstance(words, list) or not all(isinstance(word, str) and word for word in words):
        raise InputError('a JSON list of words is expected, such as ["mother", "father"]', path)
    return words
