"""Word vectors as a Keras layer; Keras is imported when one is made, and only then."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import InputError
from .formats import iterate_vectors
from .vectors import Vectors, embedding_matrix

if TYPE_CHECKING:
    import keras
    from gensim.models import KeyedVectors


@dataclass(frozen=True)
class Coverage:
    """Which words of a vocabulary have a vector.

    Args:
        known: Those that do, in the order of the vocabulary.
        unknown: Those that do not.
    """

    known: list[str]
    unknown: list[str]

    def __str__(self) -> str:
        total = len(self.known) + len(self.unknown)
        return f"{len(self.known):,} of {total:,} words have a vector ({len(self.known) / max(1, total):.1%})"


def keras_embedding(
    vectors: Vectors | KeyedVectors | str | Path,
    vocabulary: Sequence[str] | Mapping[str, int],
    *,
    mask_zero: bool = False,
    trainable: bool = True,
    seed: int = 0,
    name: str | None = None,
) -> keras.layers.Embedding:
    """An embedding layer that begins with word vectors.

    Words without a vector begin with numbers drawn from the normal distribution that the vocabulary's known vectors
    have, so that the layers above meet numbers alike in size.

    Args:
        vectors: The word vectors, or the path of a file of them, of which only the wanted words are kept in memory.
        vocabulary: The words in the order of their ids, or the id of each word. A row that belongs to no word is zero.
        mask_zero: Whether id 0 is padding: its row is then zero, whatever its word, and Keras masks it.
        trainable: Whether training changes the vectors.
        seed: Of the drawing.
        name: Of the layer.

    Returns:
        A built `keras.layers.Embedding`, of a row for each id.

    Raises:
        InputError: When the vocabulary is empty or its ids cannot be rows, none of its words has a vector, or the file
            cannot be used.

    Example:
        >>> vectors = Vectors(["film", "good"], [[1.0, 2.0], [3.0, 4.0]])
        >>> layer = keras_embedding(vectors, ["", "[UNK]", "good", "film"], mask_zero=True)
        >>> tuple(layer(np.array([[3, 2, 0]])).shape)
        (1, 3, 2)
    """
    rows = _words_by_row(vocabulary)
    words = [word for word in rows if word is not None]
    known = _known(vectors, set(words))
    if not known:
        raise InputError(
            "none of the vocabulary's words has a vector in it; is it the right language and case?",
            vectors if isinstance(vectors, str | Path) else "vectors",
        )
    matrix = np.zeros((len(rows), len(next(iter(known.values())))), np.float32)  # [ids, dimensions]
    matrix[[row for row, word in enumerate(rows) if word is not None]] = embedding_matrix(known, words, seed)
    if mask_zero:
        matrix[0] = 0

    import keras

    layer = keras.layers.Embedding(*matrix.shape, mask_zero=mask_zero, trainable=trainable, name=name)
    layer.build(None)
    layer.set_weights([matrix])
    return layer


def coverage(vectors: Vectors | KeyedVectors | str | Path, vocabulary: Sequence[str] | Mapping[str, int]) -> Coverage:
    """Which words of a vocabulary have a vector, that is, were not drawn by `keras_embedding`.

    Args:
        vectors: As `keras_embedding` has it.
        vocabulary: As well.

    Example:
        >>> print(coverage(Vectors(["film", "good"], np.eye(2)), ["", "good", "film", "soup"]))
        2 of 4 words have a vector (50.0%)
    """
    words = list(vocabulary)
    known = _known(vectors, set(words))
    return Coverage([word for word in words if word in known], [word for word in words if word not in known])


def _known(vectors: Vectors | KeyedVectors | str | Path, wanted: Collection[str]) -> dict[str, np.ndarray]:
    """The vectors of the wanted words, in the order of their source."""
    if not isinstance(vectors, str | Path):
        pairs: Any = vectors if isinstance(vectors, Vectors) else Vectors.from_gensim(vectors)
        return {word: row for word, row in zip(pairs.words, pairs.vectors, strict=True) if word in wanted}
    known: dict[str, np.ndarray] = {}
    for word, row in iterate_vectors(vectors):
        if word in wanted:
            known.setdefault(word, row.copy())  # or the row would keep its whole block in memory
    return known


def _words_by_row(vocabulary: Sequence[str] | Mapping[str, int]) -> list[str | None]:
    """The word of each id, None where no word has it."""
    if isinstance(vocabulary, str | bytes):
        raise InputError("give a list of words or a dict of their ids, not a single string", "vocabulary")
    if not isinstance(vocabulary, Mapping):
        rows: list[str | None] = list(vocabulary)
        if unfit := [word for word in rows if not isinstance(word, str)]:
            raise InputError(f"{unfit[0]!r} is not a word; give strings", "vocabulary")
    else:
        rows = [None] * (max(map(_row, vocabulary.values()), default=-1) + 1)
        for word, row in vocabulary.items():
            if rows[row] is not None:
                raise InputError(f"{rows[row]!r} and {word!r} have the same id, {row}", "vocabulary")
            rows[row] = word
    if not rows:
        raise InputError("is empty; give it at least one word", "vocabulary")
    return rows


def _row(number: Any) -> int:
    if not isinstance(number, int | np.integer) or number < 0:
        raise InputError(f"the id {number!r} is not a whole number from 0 on", "vocabulary")
    return int(number)
