"""The vocabulary while a text is read: grows as needed, knows each word's number, bytes and count."""

from __future__ import annotations

import numpy as np

from .kernel import LONGEST_WORD, SIZE, TOKENS, TOO_LONG, USED, WRITTEN, number_words, refill


class Table:
    """Numbers words in the order of their first occurrence, and counts them.

    Args:
        words: How many to have room for at first.
        block: How many ids to have room for at first.

    Example:
        >>> table = Table()
        >>> table.number(b"to be or\\nnot to be\\n").tolist()
        [0, 1, 2, -1, 3, 0, 1, -1]
        >>> table.word(3), table.counts.tolist()
        ('not', [2, 2, 1, 1])
    """

    def __init__(self, words: int = 1 << 16, block: int = 1 << 20) -> None:
        self._slots = np.zeros(_power_of_two(2 * words), np.uint64)
        self._arena = np.empty(8 * words, np.uint8)
        self._starts = np.zeros(words + 1, np.uint64)
        self._counts = np.zeros(words, np.int64)
        self._ids = np.empty(block, np.int32)
        self._state = np.zeros(6, np.int64)

    def __len__(self) -> int:
        return int(self._state[SIZE])

    @property
    def tokens(self) -> int:
        """Words read, those too long included."""
        return int(self._state[TOKENS])

    @property
    def too_long(self) -> int:
        """Words too long to be any, which got no number."""
        return int(self._state[TOO_LONG])

    @property
    def counts(self) -> np.ndarray:
        """How often each word was read, int64 `[words]`."""
        return self._counts[: len(self)]

    def word(self, number: int) -> str:
        """The word of a number."""
        return bytes(self._arena[self._starts[number] : self._starts[number + 1]]).decode()

    def number(self, text: bytes) -> np.ndarray:
        """Numbers the words of a text.

        Args:
            text: UTF-8; it may end within a document, but only at the end of a word.

        Returns:
            int32 numbers, -1 after each line with words `[words + such lines]`; a new array at each call.
        """
        data = np.frombuffer(text, np.uint8)
        if len(self._ids) < len(data) + 1:  # each byte a word or a line's end
            self._ids = np.empty(len(data) + 1, np.int32)
        parts, at = [], 0
        while True:
            at = number_words(data, at, self._slots, self._arena, self._starts, self._counts, self._ids, self._state)
            parts.append(self._ids[: self._state[WRITTEN]].copy())
            if at == len(data):
                return np.concatenate(parts)
            self._grow()

    def _grow(self) -> None:
        """Doubles what is full."""
        size, used = len(self), int(self._state[USED])
        if size == len(self._counts):
            self._counts = _doubled(self._counts)
            self._starts = _doubled(self._starts)
        if 2 * size >= len(self._slots):
            self._slots = np.zeros(2 * len(self._slots), np.uint64)
            refill(self._slots, self._arena, self._starts, size)
        if used + LONGEST_WORD > len(self._arena):
            self._arena = _doubled(self._arena, at_least=used + LONGEST_WORD)


def _doubled(array: np.ndarray, at_least: int = 0) -> np.ndarray:
    larger = np.zeros(max(2 * len(array), at_least), array.dtype)
    larger[: len(array)] = array
    return larger


def _power_of_two(number: int) -> int:
    return 1 << max(1, (number - 1).bit_length())
