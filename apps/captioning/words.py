"""The words that captions are made of, as numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

PAD, UNKNOWN, START, END = range(4)
SPECIAL = ("<pad>", "<unknown>", "<start>", "<end>")


class Vocabulary:
    """Words and their numbers.

    Args:
        words: All words, without the special ones.

    Example:
        >>> vocabulary = Vocabulary(["a", "dog"])
        >>> vocabulary.encode(["a", "zebra"], 5)
        array([4, 1, 3], dtype=int32)
        >>> vocabulary.decode([4, 5, 3, 3])
        'a dog'
    """

    def __init__(self, words: Iterable[str]) -> None:
        self.words = tuple(words)
        self.tokens = (*SPECIAL, *self.words)
        self.ids = {token: index for index, token in enumerate(self.tokens)}

    @classmethod
    def of(cls, captions: Iterable[Sequence[str]], min_count: int) -> Vocabulary:
        """The words of tokenised captions that occur often enough, the most frequent first."""
        counts = Counter(word for caption in captions for word in caption)
        ordered = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
        return cls(word for word, count in ordered if count >= min_count)

    def __len__(self) -> int:
        return len(self.tokens)

    def encode(self, words: Sequence[str], max_length: int) -> np.ndarray:
        """The numbers of the first `max_length` words and of the end."""
        return np.array([*(self.ids.get(word, UNKNOWN) for word in words[:max_length]), END], np.int32)

    def decode(self, ids: Iterable[int]) -> str:
        """The words up to the end."""
        return " ".join(self.tokens[index] for index in until_end(ids))


def until_end(ids: Iterable[int]) -> list[int]:
    """The numbers before the first end."""
    kept = []
    for index in ids:
        if index == END:
            break
        kept.append(int(index))
    return kept


def shifted(captions: np.ndarray) -> np.ndarray:
    """What is put in to get given words out: the same, one step later, from the start on.

    Args:
        captions: `[..., time]`, each with its end, 0 after it.

    Example:
        >>> shifted(np.array([[4, 5, 3, 0]]))
        array([[2, 4, 5, 0]])
    """
    before = np.roll(captions, 1, axis=-1)
    before[..., 0] = np.where(captions[..., 0] == PAD, PAD, START)
    return np.where(captions == PAD, PAD, before)
