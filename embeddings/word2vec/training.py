"""word2vec's vectors, and an epoch over a corpus."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor

import numpy as np

from ..kernels.random import first_state
from ..kernels.rows import lanes, matrix
from .kernels import cbow, skip_gram
from .outputs import outputs, room

PIECE = 20_000
"""Tokens that a thread takes at a time; the learning rate falls from one piece to the next."""
LEAST = 1e-4
"""Share of the learning rate that is left in the end."""


class Word2Vec:
    """Vectors of words, and the rows of the output side, trained by stochastic gradient descent.

    Args:
        ids: Documents one after the other, each ended by -1; int32.
        counts: Of the words, falling; int64 `[words]`.
        architecture: `skipgram` or `cbow`.
        loss: `negative`, `hierarchical` or `softmax`.
        dimensions: Of the vectors.
        window: Words to either side, at most.
        negatives: Words drawn for a window; of use to the loss `negative` alone.
        sample: Words more frequent than this share of the text are passed over at random; 0 for none.
        rate: Learning rate to begin with; it falls evenly.
        epochs: In all.
        seed: Of every random number.
    """

    def __init__(
        self,
        ids: np.ndarray,
        counts: np.ndarray,
        architecture: str,
        loss: str,
        dimensions: int,
        window: int,
        negatives: int,
        sample: float,
        rate: float,
        epochs: int,
        seed: int,
    ) -> None:
        self.ids, self.window, self.rate, self.epochs, self.seed = ids, window, rate, epochs, seed
        self.architecture, self.dimensions = architecture, dimensions
        self.keep = shares_to_keep(counts, sample)
        self.outputs = outputs(loss, counts, negatives)
        self.borders = cut(ids, PIECE)
        self.arrays = {"words": matrix(len(counts), dimensions), "outputs": matrix(len(counts), dimensions)}
        random = np.random.default_rng(seed).random((len(counts), dimensions), np.float32)
        self.arrays["words"][:, :dimensions] = (random - 0.5) / dimensions

    def train(self, epoch: int, pool: Executor, on_tokens: Callable[[int, float, int], None]) -> None:
        """One pass over the corpus. Threads change the same matrices without waiting for each other (Niu et al. 2011).

        Args:
            epoch: Its number, from 0.
            pool: Of threads; with one the result is the same each time.
            on_tokens: Told of tokens that were trained on, of the sum of the losses that were looked at, and of how
                many these were.
        """
        for tokens, loss, judged in pool.map(
            lambda piece: self.train_piece(epoch, piece), range(len(self.borders) - 1)
        ):
            on_tokens(tokens, loss, judged)

    def train_piece(self, epoch: int, piece: int) -> tuple[int, float, int]:
        """Trains on one piece of the corpus."""
        ids = np.array(self.ids[self.borders[piece] : self.borders[piece + 1]])
        pieces = len(self.borders) - 1
        left = 1 - (epoch * pieces + piece) / (self.epochs * pieces)
        rate = np.float32(self.rate * max(left, LEAST))
        state = first_state(self.seed, epoch, piece)
        words, out, chosen = self.arrays["words"], self.arrays["outputs"], room(self.outputs, self.dimensions)
        before = lanes(self.dimensions), words, out, ids, self.keep, self.outputs, chosen
        if self.architecture == "cbow":
            loss, judged = cbow(*before, matrix(3, self.dimensions), self.window, rate, state)
        else:
            loss, judged = skip_gram(*before, self.window, rate, state)
        return len(ids), loss, judged

    def vectors(self) -> np.ndarray:
        """The words' vectors, float32 `[words, dimensions]`."""
        return self.arrays["words"][:, : self.dimensions]


def shares_to_keep(counts: np.ndarray, sample: float) -> np.ndarray:
    r"""In how many of 2^32 cases an occurrence of a word is trained on, uint64 `[words]`.

    .. math:: \min(1, \sqrt{t / f} + t / f)

    for a word's share f of the text and the threshold t: the rule of word2vec's program, not that of its paper.
    """
    ratio = sample * counts.sum() / counts if sample else np.ones(len(counts))
    return (np.minimum(np.sqrt(ratio) + ratio, 1) * 2**32).astype(np.uint64)


def cut(ids: np.ndarray, size: int) -> list[int]:
    """Where pieces of about `size` tokens begin, and where the last one ends: after documents, where those allow."""
    borders = [0]
    while borders[-1] < len(ids):
        piece = ids[borders[-1] : borders[-1] + size]
        ends = np.flatnonzero(piece < 0)
        at_end = borders[-1] + size >= len(ids)
        borders.append(len(ids) if at_end else borders[-1] + (int(ends[-1]) + 1 if len(ends) else size))
    return borders
