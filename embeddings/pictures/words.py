"""Which words a picture or the projector shows: those named, those of groups, the unknown ones reported."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError, InputWarning
from ..files import DAMAGE, damaged, decode, open_binary

if TYPE_CHECKING:
    from ..vectors import Vectors

Groups = Mapping[str, Sequence[str]]
LOOKED_UP = 10
"""How many unknown words are reported with the spellings nearest to them; the rest is counted."""


@dataclass(frozen=True)
class Chosen:
    """The words to show.

    Args:
        words: Distinct words.
        ranks: `[words]`: the row of each among all vectors, ascending: the most frequent word first.
        vectors: `[words, dimensions]`.
        group_of: The group of each word that is in one.
    """

    words: list[str]
    ranks: np.ndarray
    vectors: np.ndarray
    group_of: dict[str, str]

    @cached_property
    def index(self) -> dict[str, int]:
        """The place of each word among those chosen."""
        return {word: index for index, word in enumerate(self.words)}


def choose(vectors: Vectors, words: Iterable[str] = (), groups: Groups | None = None) -> Chosen:
    """Finds the vectors of words and of groups of words; warns of those that have none.

    Raises:
        InputError: When none of the words has a vector.
    """
    group_of: dict[str, str] = {}
    for name, members in (groups or {}).items():
        for word in members:
            if group_of.setdefault(word, name) != name:
                warn(f"{word!r} is in the groups {group_of[word]!r} and {name!r}; shown in the first")
    wanted = list(dict.fromkeys([*words, *group_of]))
    unknown = [word for word in wanted if word not in vectors]
    ranks = np.array(sorted(vectors.index[word] for word in wanted if word in vectors), np.int64)
    if unknown and not len(ranks):
        raise InputError(f"none of the {len(wanted)} words has a vector: {describe(unknown, vectors.words)}")
    if unknown:
        warn(
            f"{len(unknown)} of {len(wanted)} words have no vector and are left out: {describe(unknown, vectors.words)}"
        )
    return Chosen([vectors.words[rank] for rank in ranks], ranks, vectors.vectors[ranks], group_of)


def describe(unknown: Sequence[str], known: Sequence[str]) -> str:
    """The unknown words, each with the known ones nearest to it in spelling."""
    from ..spelling import suggest

    parts = []
    for word in unknown[:LOOKED_UP]:
        nearest = suggest(word, known)
        parts.append(f"{word!r} (did you mean {' or '.join(map(repr, nearest))}?)" if nearest else repr(word))
    if len(unknown) > LOOKED_UP:
        parts.append(f"and {len(unknown) - LOOKED_UP} more")
    return ", ".join(parts)


def warn(message: str) -> None:
    """Warns the caller of the package's function."""
    warnings.warn(message, InputWarning, stacklevel=4)


def nearest_words(vectors: Vectors, word: str, count: int) -> list[str]:
    """A word and those nearest to it by cosine.

    Args:
        vectors: Where to look.
        word: The word.
        count: How many beside it.

    Returns:
        The word, then the others, the nearest first.

    Raises:
        InputError: When the word has no vector.
    """
    if word not in vectors:
        raise InputError(f"has no vector: {describe([word], vectors.words)}", "--near")
    middle = vectors.index[word]
    norms = vectors.norms()
    cosine = vectors.vectors @ vectors[word] / np.where(norms > 0, norms, np.inf)
    cosine[middle] = np.inf
    count = min(count + 1, len(cosine))
    return [vectors.words[rank] for rank in np.argsort(-cosine, kind="stable")[:count]]


def split_pairs(pairs: Iterable[str], known: Iterable[str]) -> list[tuple[str, str]]:
    """Splits `king:queen` in two words; of several colons the one that leaves two known words.

    Raises:
        InputError: When there is no colon, or no word on a side of it.

    Example:
        >>> split_pairs(["king:queen", "10:30:noon"], {"10:30", "noon"})
        [('king', 'queen'), ('10:30', 'noon')]
    """
    known = frozenset(known)
    found = []
    for pair in pairs:
        ways = [(pair[:at], pair[at + 1 :]) for at in range(1, len(pair) - 1) if pair[at] == ":"]
        if not ways:
            raise InputError("is not two words with a colon between, such as king:queen", f"--pairs {pair}")
        found.append(max(ways, key=lambda way: (way[0] in known) + (way[1] in known)))
    return found


def read_groups(path: Path) -> dict[str, list[str]]:
    """Reads groups of words: a JSON object `{"name of a group": ["word", ...], ...}`.

    Args:
        path: The file.

    Returns:
        The words of each group.

    Raises:
        InputError: When the file is not that, or a group stands in it twice or without words.
    """
    with open_binary(path) as file:
        try:
            text = decode(file.read(), path)
        except DAMAGE as error:
            raise damaged(error, path) from None
    try:
        entries = json.loads(text, object_pairs_hook=list)  # pairs, so that a name given twice is noticed
    except (json.JSONDecodeError, RecursionError) as error:
        where = f"{path}:{error.lineno}" if isinstance(error, json.JSONDecodeError) else path
        raise InputError(f"not JSON ({error}); {EXPECTED}", where) from None
    if not text.lstrip().startswith("{"):
        raise InputError(f"not a JSON object; {EXPECTED}", path)
    groups: dict[str, list[str]] = {}
    for name, words in entries:
        if name in groups:
            raise InputError(f"the group {name!r} stands there twice; join the two", path)
        groups[name] = check_words(words, f"{path}: group {name!r}")
    if not groups:
        raise InputError(f"no groups in it; {EXPECTED}", path)
    return groups


EXPECTED = 'expected {"group": ["word", "word"], "another group": ["word"]}'


def check_words(words: Any, where: str) -> list[str]:
    """The words of a group, or an error."""
    if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
        raise InputError('is not a list of words such as ["word", "word"]', where)
    return words
