"""The parts of a file of word sets: each function gives what the content means, or says what is wrong with it.

All take the content as JSON has it and the place to name in an error.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ..errors import InputError

Pair = tuple[str, str]
Lists = dict[str, tuple[str, ...]]
Test = tuple[str, Lists, Lists]

SHOWN = 12
"""Words that an error names; the rest is counted."""


def text(value: Any, where: str) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise InputError('expected a text such as "gender"', where)
    return value


def words(value: Any, where: str) -> tuple[str, ...]:
    """A list of words, each once."""
    if not isinstance(value, list) or not value:
        raise InputError('expected a list of words such as ["she", "woman"], at least one', where)
    for word in value:
        if not isinstance(word, str) or not word or word != word.strip():
            raise InputError(f"{word!r} is not a word; expected a text without spaces around it", where)
    return tuple(dict.fromkeys(value))


def pairs(value: Any, where: str) -> tuple[Pair, ...]:
    """A list of pairs of words, each once."""
    if not isinstance(value, list) or not value:
        raise InputError('expected a list of pairs such as [["she", "he"], ["woman", "man"]], at least one', where)
    found = []
    for number, pair in enumerate(value, 1):
        here = f"{where}, pair {number}"
        if not isinstance(pair, list) or len(pair) != 2:
            raise InputError(f'{json.dumps(pair, ensure_ascii=False)} is not two words such as ["she", "he"]', here)
        if len(words(pair, here)) != 2:
            raise InputError(f"{pair[0]!r} stands on both sides; a pair has two words", here)
        found.append((pair[0], pair[1]))
    return tuple(dict.fromkeys(found))


def two_lists(value: Any, where: str) -> Lists:
    """Two named lists of words that share none."""
    if not isinstance(value, dict) or len(value) != 2:
        raise InputError('expected two sets of words such as {"female": ["she"], "male": ["he"]}', where)
    lists = {name: words(content, f"{where}: {name!r}") for name, content in value.items()}
    check_distinct(lists, where)
    return lists


def check_distinct(lists: Lists, where: str) -> None:
    """Refuses a word that is in both of two lists."""
    (a, first), (b, second) = lists.items()
    if both := [word for word in first if word in second]:
        raise InputError(f"{', '.join(map(repr, both[:SHOWN]))} in both {a!r} and {b!r}; leave it in one", where)


def weat_test(value: Any, where: str) -> Test:
    """The name, targets and attributes of a WEAT test."""
    if not isinstance(value, dict) or value.keys() != {"name", "targets", "attributes"}:
        raise InputError("expected an object with the keys name, targets, attributes", where)
    name = text(value["name"], f"{where}: name")
    here = f"{where} {name!r}: "
    return (name, two_lists(value["targets"], here + "targets"), two_lists(value["attributes"], here + "attributes"))


def weat_tests(value: Any, where: str) -> tuple[Test, ...]:
    """WEAT tests, each with a name of its own."""
    if not isinstance(value, list) or not value:
        raise InputError("expected a list of tests, each with name, targets and attributes", where)
    found = tuple(weat_test(test, f"{where}, test {number}") for number, test in enumerate(value, 1))
    names = [name for name, *_ in found]
    if twice := [name for name in names if names.count(name) > 1]:
        raise InputError(f"two tests are called {twice[0]!r}; name each differently", where)
    return found


def listed(what: str, words: Sequence[str]) -> str:
    """The first few words, for an error: `missing: a, b and 3 more`."""
    if not words:
        return f"{what}: none, so give more words"
    more = f" and {len(words) - SHOWN} more" if len(words) > SHOWN else ""
    return f"{what}: {', '.join(words[:SHOWN])}{more}"
