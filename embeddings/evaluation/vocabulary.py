"""The words that an evaluation knows: the most frequent ones, whatever their case."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import InputError

if TYPE_CHECKING:
    from gensim.models import KeyedVectors


def most_frequent_words(vectors: Any, number: int | None) -> KeyedVectors:
    """The first `number` words, with their vectors; nothing is copied.

    Args:
        vectors: `KeyedVectors` or `Vectors`, the most frequent word first.
        number: How many; all when None.

    Raises:
        InputError: When it is less than one.
    """
    from gensim.models import KeyedVectors

    if number is not None and number < 1:
        raise InputError("at least one word is needed; give a larger number", f"most frequent {number}")
    words = vectors.index_to_key if isinstance(vectors, KeyedVectors) else vectors.words
    kept = KeyedVectors(vectors.vectors.shape[1], dtype=vectors.vectors.dtype)
    kept.vectors = vectors.vectors[:number]
    kept.index_to_key = list(words[:number])
    kept.key_to_index = {word: index for index, word in enumerate(kept.index_to_key)}
    return kept


def spellings(words: Sequence[str], wanted: Collection[str]) -> dict[str, list[int]]:
    """Where each wanted word stands among the words, in every case that it is written in.

    Args:
        words: The known words, the most frequent first.
        wanted: Upper-cased words.

    Returns:
        For each that is known its indices, the most frequent spelling first.

    Example:
        >>> spellings(["us", "paris", "US"], {"US", "LONDON"})
        {'US': [0, 2]}
    """
    found: dict[str, list[int]] = {}
    for index, word in enumerate(words):
        if (upper := word.upper()) in wanted:
            found.setdefault(upper, []).append(index)
    return found
