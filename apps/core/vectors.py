"""Word vectors from a file as the start of an embedding, for any task with words."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np

from embeddings import iterate_vectors
from embeddings.vectors import embedding_matrix

from .errors import InputError


@dataclass(frozen=True)
class WordVectors:
    """Vectors for some of the words of a file.

    Args:
        vectors: The vectors by word, in the order of the file.
        dimensions: Their size.
    """

    vectors: dict[str, np.ndarray]
    dimensions: int

    def matrix(self, vocabulary: Sequence[str], seed: int) -> np.ndarray:
        """First values of an embedding: `[words, dimensions]`; words without a vector are drawn alike in spread.

        Row 0, padding, is zero.
        """
        matrix = embedding_matrix(self.vectors, vocabulary, seed)
        matrix[0] = 0  # also where a file has a vector for a word of that name
        return matrix


def load_word_vectors(
    path: str, wanted: Collection[str], more: int = 0, key: Callable[[str], str] = str
) -> WordVectors:
    """Reads the vectors of the wanted words, and of the file's first (as a rule its most frequent) words.

    Args:
        path: word2vec text or binary, GloVe text, or safetensors.
        wanted: Words of the task.
        more: How many of the file's first words to take besides.
        key: The task's spelling of a word of the file, such as all in small letters; of those that are spelled alike
            the first one counts.

    Raises:
        InputError: When the file cannot be used, or none of the wanted words is in it.
    """
    kept: dict[str, np.ndarray] = {}
    dimensions = 0
    try:
        for index, (spelling, vector) in enumerate(iterate_vectors(path)):
            dimensions, word = len(vector), key(spelling)
            if word in wanted or index < more:
                kept.setdefault(word, vector.copy())  # or each would keep the block that it was read in
    except InputError as error:
        raise InputError(str(error), "--vectors") from None
    if not any(word in kept for word in wanted):
        raise InputError("none of the words of the data has a vector in it; is it the right language and case?", path)
    return WordVectors(kept, dimensions)


def coverage(vectors: Collection[str], counts: dict[str, int]) -> str:
    """How many of the words, and of their occurrences, have a vector, as a line to print."""
    known = [word for word in counts if word in vectors]
    types, running = len(known) / len(counts), sum(counts[word] for word in known) / sum(counts.values())
    return f"vectors: {len(known):,} of {len(counts):,} words have one ({types:.1%}), of the running text {running:.1%}"
