"""The matrix of counts, cut into tiles.

The words are dealt out to groups like cards, by falling frequency, so that all groups are alike. The counts of a word
of group A beside one of group B are the tile (A, B). The rows of two groups fit into a core's own cache, and tiles
that share no group touch no row in common: they can be worked on at once, in any order, with the same result.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

GROUP = 1024
"""Words of a group: 1,024 rows of 100 numbers and of their roots, twice, are what a cache of 1 to 2 MB mostly holds."""
LARGEST_GROUP = 4096
"""For large vocabularies: what 12 bits tell apart, so that a pair of words and their distance take 4 bytes."""
MANY_WORDS = 250_000
FEWEST_GROUPS = 16
LONGEST_WINDOW = 255
"""The distances that are left 8 bits."""


@dataclass(frozen=True)
class Tiling:
    """How words are dealt out: word w, by falling frequency, is the (w // groups)th of group w % groups.

    Args:
        words: How many.
    """

    words: int

    @property
    def groups(self) -> int:
        """How many groups: it depends on nothing but the vocabulary, so that results do not either."""
        size = GROUP if self.words <= MANY_WORDS else LARGEST_GROUP
        return max(FEWEST_GROUPS, -(-self.words // size))

    @property
    def size(self) -> int:
        """Words of a group; the last ones may have one fewer."""
        return -(-self.words // self.groups)

    @property
    def rows(self) -> np.ndarray:
        """The row of each word, in matrices in which the rows of a group lie together: int64 `[words]`.

        Example:
            >>> Tiling(20).rows[[0, 1, 16, 17]]
            array([0, 2, 1, 3])
        """
        word = np.arange(self.words)
        return word % self.groups * self.size + word // self.groups

    def tile(self, first: int, second: int, symmetric: bool) -> int:
        """The number of a tile; of a symmetric matrix those with `first <= second` are numbered alone."""
        if not symmetric:
            return first * self.groups + second
        return first * self.groups - first * (first - 1) // 2 + second - first

    def tiles(self, symmetric: bool) -> int:
        """How many tiles are numbered."""
        return self.groups * (self.groups + 1) // 2 if symmetric else self.groups**2
