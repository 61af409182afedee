"""CIDEr-D: how alike a caption and its references are in what they say that others do not."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .tokens import tokenise

ORDER = 4
SIGMA = 6.0
CACHED = 100_000
"""References whose vectors are kept."""

Words = Sequence[str]


@dataclass(frozen=True)
class Vector:
    """A caption's tf-idf weights, by order of n-gram, their norms, and its length in words."""

    weights: tuple[dict[str, float], ...]
    norms: tuple[float, ...]
    length: int


class Cider:
    r"""CIDEr-D, by the document frequencies of some pictures' references.

    .. math:: \mathrm{CIDEr\text{-}D}(c, S) = \frac{10}{4 |S|} \sum_{n=1}^4 \sum_{s \in S} e^{-(l_c - l_s)^2 / 2
              \sigma^2} \frac{\min(g^n(c), g^n(s)) \cdot g^n(s)}{\|g^n(c)\| \|g^n(s)\|}

    where :math:`g^n` holds the count of each n-gram times the logarithm of the share of pictures in whose references
    it occurs, and :math:`\sigma = 6`.

    Args:
        references: Of each picture, its captions as they were written.

    Reference:
        Vedantam, Zitnick and Parikh (2015), CIDEr: Consensus-based Image Description Evaluation, equations 1, 4, 5;
        as in COCO's evaluation, words are not stemmed.

    Example:
        >>> cider = Cider([["A dog runs."], ["A cat sleeps here."], ["Two birds."]])
        >>> cider.scores([["a", "dog", "runs"], ["a", "dog"]], [["A dog runs!"], ["A cat sleeps here."]]).round(2)
        array([7.5 , 0.17])
    """

    def __init__(self, references: Iterable[Sequence[str]]) -> None:
        frequencies: Counter[str] = Counter()
        pictures = 0
        for captions in references:
            pictures += 1
            frequencies.update({gram for caption in captions for grams in count(tokenise(caption)) for gram in grams})
        self.unseen = math.log(max(pictures, 1))
        self.rarity = {gram: self.unseen - math.log(number) for gram, number in frequencies.items()}
        self._reference = lru_cache(maxsize=CACHED)(lambda caption: self.vector(tokenise(caption)))

    def scores(self, generated: Sequence[Words | str], references: Sequence[Sequence[str]]) -> np.ndarray:
        """The score of each caption, 10 at most.

        Args:
            generated: A caption each, as words or as a text.
            references: Its picture's captions, as they were written.

        Returns:
            `[captions]`, float64.
        """
        found = np.zeros(len(generated))
        for index, (caption, others) in enumerate(zip(generated, references, strict=True)):
            vector = self.vector(tokenise(caption) if isinstance(caption, str) else caption)
            alike = sum(similarity(vector, self._reference(other)) for other in others)
            found[index] = 10 / ORDER * alike / len(others)
        return found

    def vector(self, words: Words) -> Vector:
        """The weights of a caption's n-grams."""
        rarity, unseen = self.rarity, self.unseen
        weights = tuple(
            {gram: number * rarity.get(gram, unseen) for gram, number in grams.items()} for grams in count(words)
        )
        norms = tuple(math.sqrt(sum(weight * weight for weight in order.values())) for order in weights)
        return Vector(weights, norms, len(words))


def count(words: Words) -> list[dict[str, int]]:
    """How often each n-gram occurs, by order; an n-gram is its words with blanks between."""
    orders = []
    grams = list(words)
    for order in range(ORDER):
        if order:
            grams = [f"{gram} {word}" for gram, word in zip(grams, words[order:], strict=False)]
        counts: dict[str, int] = {}
        for gram in grams:
            counts[gram] = counts.get(gram, 0) + 1
        orders.append(counts)
    return orders


def similarity(caption: Vector, reference: Vector) -> float:
    """The sum over orders of the clipped cosine, less for unequal lengths."""
    total = 0.0
    for mine, theirs, my_norm, their_norm in zip(
        caption.weights, reference.weights, caption.norms, reference.norms, strict=True
    ):
        shared = sum(min(mine[gram], theirs[gram]) * theirs[gram] for gram in mine.keys() & theirs.keys())
        if shared:
            total += shared / (my_norm * their_norm)
    return total * math.exp(-((caption.length - reference.length) ** 2) / (2 * SIGMA**2))
