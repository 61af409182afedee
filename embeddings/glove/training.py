"""GloVe's vectors, and an iteration over all pairs."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor

import numpy as np

from ..kernels.rows import lanes, matrix
from .counting import Pairs
from .kernels import train_tile
from .tiles import Tiling

PARTS = ("", "_roots", "_biases")
"""Of what is learned for either side."""


class GloVe:
    """Vectors of words and of contexts, fitted to counts.

    Args:
        pairs: The counts.
        words: Of the vocabulary.
        dimensions: Of the vectors.
        symmetric: Whether the counts are.
        x_max, alpha: Of the weight of a count, `min(1, (x / x_max) ** alpha)`.
        rate: Learning rate.
        seed: Of the first values.
    """

    def __init__(
        self,
        pairs: Pairs,
        words: int,
        dimensions: int,
        symmetric: bool,
        x_max: float,
        alpha: float,
        rate: float,
        seed: int,
    ) -> None:
        self.pairs, self.tiling, self.symmetric = pairs, Tiling(words), symmetric
        self.x_max, self.alpha, self.rate = np.float32(x_max), np.float32(alpha), np.float32(rate)
        self.dimensions, self.seed = dimensions, seed
        random = np.random.default_rng(seed)
        self.arrays: dict[str, np.ndarray] = {}
        for side in ("words", "contexts"):
            rows = self.tiling.groups * self.tiling.size
            vectors, roots = matrix(rows, dimensions), matrix(rows, dimensions)
            vectors[self.tiling.rows, :dimensions] = (random.random((words, dimensions), np.float32) - 0.5) / dimensions
            roots[:] = 1
            biases = np.zeros((rows, 2), np.float32)
            biases[self.tiling.rows, 0] = (random.random(words, np.float32) - 0.5) / dimensions
            biases[:, 1] = 1
            self.arrays |= {side: vectors, f"{side}_roots": roots, f"{side}_biases": biases}

    @property
    def pairs_to_train(self) -> int:
        """Steps of an iteration."""
        entries = len(self.pairs.entries)
        if not self.symmetric:
            return entries
        diagonal = (self.tiling.tile(group, group, True) for group in range(self.tiling.groups))
        return 2 * entries - sum(_same(self.entries(tile)) for tile in diagonal)

    def train(self, iteration: int, pool: Executor, on_pairs: Callable[[int, float, int], None]) -> None:
        """One step for each pair, twice that where counts are symmetric: each word is once the context.

        In a round each group of words meets another group of contexts: no two of its tiles share a row.

        Args:
            iteration: Its number, which decides on the order of the rounds.
            pool: Of threads.
            on_pairs: Told of pairs that were trained on, of the sum of their losses, and again of their number.
        """
        groups = self.tiling.groups
        for shift in np.random.default_rng([self.seed, iteration]).permutation(groups).tolist():
            tiles = [(group, (group + shift) % groups) for group in range(groups)]
            for pairs, loss in pool.map(lambda tile: self.train_tile(*tile), tiles):
                on_pairs(pairs, loss, pairs)

    def train_tile(self, group: int, context_group: int) -> tuple[int, float]:
        """Trains the words of one group beside the contexts of another.

        Returns:
            How many pairs, and the sum of their losses.
        """
        if not self.symmetric or group < context_group:
            return self.train_side("words", group, "contexts", context_group)
        # Of a symmetric matrix only one half is kept, in which the word comes second here.
        pairs, loss = self.train_side("contexts", context_group, "words", group)
        if group == context_group:
            more, further = self.train_side("words", group, "contexts", group, skip_equal=True)
            return pairs + more, loss + further
        return pairs, loss

    def train_side(
        self, first: str, first_group: int, second: str, second_group: int, skip_equal: bool = False
    ) -> tuple[int, float]:
        """Trains on a tile as it is kept, the first words' vectors taken from `first`."""
        tile = self.tiling.tile(first_group, second_group, self.symmetric)
        entries = self.entries(tile)
        size = self.tiling.size
        return train_tile(
            lanes(self.dimensions),
            *(self.arrays[first + part] for part in PARTS), first_group * size,
            *(self.arrays[second + part] for part in PARTS), second_group * size,
            entries, skip_equal, self.rate, self.x_max, self.alpha,
        )  # fmt: skip

    def entries(self, tile: int) -> np.ndarray:
        """The pairs of a tile."""
        return np.array(self.pairs.entries[self.pairs.starts[tile] : self.pairs.starts[tile + 1]])

    def vectors(self) -> np.ndarray:
        """Of each word the sum of its two vectors, as a word and as a context: float32 `[words, dimensions]`."""
        rows = self.tiling.rows
        return (self.arrays["words"][rows] + self.arrays["contexts"][rows])[:, : self.dimensions]


def _same(entries: np.ndarray) -> int:
    """How many are pairs of a word with itself, on the diagonal."""
    return int(np.count_nonzero((entries >> np.uint64(16)) & np.uint64(0xFFFF) == entries & np.uint64(0xFFFF)))
