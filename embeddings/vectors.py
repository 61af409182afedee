"""Word vectors as data: the words in their order, a row for each, and what else is known of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from gensim.models import KeyedVectors


@dataclass(frozen=True, eq=False)
class Vectors:
    """Words and their vectors.

    Args:
        words: Distinct, as a rule the most frequent first.
        vectors: `[words, dimensions]`; kept as float32.
        counts: How often each word occurs, `[words]`; kept as int64. None when unknown.
        settings: How the vectors were made, as JSON has it.

    Raises:
        ValueError: When the parts differ in length.

    Example:
        >>> vectors = Vectors(["king", "queen"], [[0.5, 1.0], [0.5, -1.0]])
        >>> len(vectors), vectors.dimensions, vectors["queen"].tolist(), "prince" in vectors
        (2, 2, [0.5, -1.0], False)
    """

    words: list[str]
    vectors: np.ndarray
    counts: np.ndarray | None = None
    settings: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        vectors = np.asarray(self.vectors, np.float32)
        if vectors.ndim != 2 or len(vectors) != len(self.words):
            raise ValueError(f"{len(self.words)} words but vectors of shape {vectors.shape}; give each word one row")
        object.__setattr__(self, "words", list(self.words))
        object.__setattr__(self, "vectors", vectors)
        if self.counts is not None:
            counts = np.asarray(self.counts, np.int64)
            if counts.shape != (len(self.words),):
                raise ValueError(f"{len(self.words)} words but counts of shape {counts.shape}; give each word one")
            object.__setattr__(self, "counts", counts)

    @property
    def dimensions(self) -> int:
        """Numbers to a vector."""
        return self.vectors.shape[1]

    @cached_property
    def index(self) -> dict[str, int]:
        """The row of each word."""
        return {word: row for row, word in enumerate(self.words)}

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self.index

    def __getitem__(self, word: str) -> np.ndarray:
        return self.vectors[self.index[word]]

    def norms(self) -> np.ndarray:
        """The lengths of the vectors, `[words]`, float64: squares of large float32 numbers would overflow."""
        return np.sqrt(np.einsum("wd,wd->w", self.vectors, self.vectors, dtype=np.float64))

    def normalised(self) -> Vectors:
        """The same, every vector of length one; zero vectors stay zero."""
        norms = self.norms()[:, None].astype(np.float32)
        return dataclasses.replace(self, vectors=self.vectors / np.where(norms > 0, norms, 1))

    def to_gensim(self) -> KeyedVectors:
        """As gensim's `KeyedVectors`; the counts, when known, are its `count` attributes."""
        from gensim.models import KeyedVectors

        keyed = KeyedVectors(self.dimensions)
        keyed.index_to_key = list(self.words)
        keyed.key_to_index = dict(self.index)
        keyed.vectors = self.vectors
        if self.counts is not None:
            keyed.allocate_vecattrs(["count"], [np.int64])
            keyed.expandos["count"][:] = self.counts
        return keyed

    @classmethod
    def from_gensim(cls, keyed: KeyedVectors) -> Vectors:
        """The words and vectors of gensim's `KeyedVectors`, with their counts if it has them."""
        return cls(list(keyed.index_to_key), keyed.vectors, keyed.expandos.get("count"))


def embedding_matrix(known: Mapping[str, np.ndarray], vocabulary: Sequence[str], seed: int) -> np.ndarray:
    """First values of an embedding: the known vectors, and for the other words some alike in mean and spread.

    Each number of an unknown word is drawn from the normal distribution that has the mean and the standard deviation
    of the known vectors in that dimension.

    Args:
        known: Vectors `[dimensions]` by word, at least one.
        vocabulary: The words in the order of the rows.
        seed: Of the drawing.

    Returns:
        `[words, dimensions]`, float32.

    Example:
        >>> embedding_matrix({"a": np.ones(2), "b": np.zeros(2)}, ["b", "new", "a"], seed=1)[[0, 2]].tolist()
        [[0.0, 0.0], [1.0, 1.0]]
    """
    rows = np.stack(list(known.values()))  # [known, dimensions]
    random = np.random.default_rng(seed)
    spread = rows.std(0) + 1e-8
    matrix = random.normal(rows.mean(0), spread, (len(vocabulary), rows.shape[1])).astype(np.float32)
    for row, word in enumerate(vocabulary):
        if word in known:
            matrix[row] = known[word]
    return matrix
