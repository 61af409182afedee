"""The nearest known spellings of a word."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np

LONGEST = 60
"""Characters; nobody mistypes a longer word and means one of the others."""
FAR = 100
"""More than any distance that counts."""


def suggest(word: str, words: Sequence[str], n: int = 3) -> list[str]:
    """The known words spelt most like a word, none that is spelt quite differently.

    They are ordered by the Damerau-Levenshtein distance (insertions, deletions, substitutions, swaps of neighbours)
    when case and accents do not count; at the same distance those with the same first letter come first, as it is
    seldom mistyped; and then as the known words are.

    Args:
        word: What was asked for.
        words: The known ones, the most frequent first.
        n: How many to suggest at most.

    Returns:
        At most `n` of the known words. Words of up to 4 letters may differ in one place, of up to 7 in two,
        longer ones in three.

    Example:
        >>> suggest("qeuen", ["the", "king", "queen", "Queens"])
        ['queen', 'Queens']
    """
    folded = fold(word)
    if n < 1 or not folded or len(folded) > LONGEST:
        return []
    furthest = min(3, (len(folded) + 1) // 3) or 1
    known = fold_all(words)
    alike = np.array([row for row, one in enumerate(known) if abs(len(one) - len(folded)) <= furthest], int)
    distances = damerau_levenshtein(folded, [known[row] for row in alike])
    near = distances <= furthest
    ranked = sorted(
        (int(distance), known[row][:1] != folded[:1], row)
        for distance, row in zip(distances[near], alike[near].tolist(), strict=True)
    )
    return [words[row] for _, _, row in ranked[:n]]


def fold(text: str) -> str:
    """The text without case and accents.

    Example:
        >>> fold("Élan")
        'elan'
    """
    text = text.casefold()
    return text if text.isascii() else re.sub("[\u0300-\u036f]+", "", unicodedata.normalize("NFKD", text))


def fold_all(words: Sequence[str]) -> list[str]:
    """Each word without case and accents."""
    folded = fold("\n".join(words)).split("\n")  # all at once, which is many times as fast
    return folded if len(folded) == len(words) else [fold(word) for word in words]


def damerau_levenshtein(word: str, others: Sequence[str]) -> np.ndarray:
    """How many insertions, deletions, substitutions and swaps of neighbours part a word from each of others.

    No letter is changed twice (the optimal string alignment). With a = `word`, b = one of the others,

        d[i, j] = min(d[i-1, j] + 1,  d[i, j-1] + 1,  d[i-1, j-1] + [a_i != b_j],
                      d[i-2, j-2] + 1  where a_i = b_j-1 and a_i-1 = b_j)

    which is worked out for all the others at once.

    Args:
        word: At most 60 characters.
        others: At most `LONGEST` characters count of each.

    Returns:
        `[others]`, int8.

    Reference:
        F. J. Damerau, "A technique for computer detection and correction of spelling errors", 1964.
    """
    letters = np.array([ord(letter) for letter in word], np.uint32)
    width = min(LONGEST, max(map(len, others), default=0))
    table = np.array(others, f"U{max(1, width)}").view(np.uint32).reshape(len(others), max(1, width))
    equal = letters[:, None, None] == np.ascontiguousarray(table.T)  # [letters, width, others]
    rows = [np.broadcast_to(np.arange(width + 1, dtype=np.int8)[:, None], (width + 1, len(others)))]
    for i in range(1, len(word) + 1):
        above, row = rows[-1], np.empty((width + 1, len(others)), np.int8)
        row[0] = i
        for j in range(1, width + 1):
            best = np.minimum(above[j], row[j - 1]) + np.int8(1)
            np.minimum(best, above[j - 1] + ~equal[i - 1, j - 1], out=best)
            if i > 1 and j > 1:
                swapped = equal[i - 1, j - 2] & equal[i - 2, j - 1]
                np.minimum(best, np.where(swapped, rows[-2][j - 2] + np.int8(1), np.int8(FAR)), out=best)
            row[j] = best
        rows.append(row)
    lengths = np.minimum([len(other) for other in others], width).astype(int)
    return rows[-1][lengths, np.arange(len(others))]
