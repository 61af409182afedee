"""Word sets: the words of two groups of people, and those to look for bias with.

A file of word sets is one JSON object. Only `groups` or `definitional_pairs` has to be there:

    {
      "name": "gender",                     the file's name if there is none
      "language": "en",
      "groups": {"female": ["she", ...], "male": ["he", ...]},      two; the first is the positive side of the direction
      "definitional_pairs": [["woman", "man"], ...],                differ in the group; the first group's word first
      "equalize_pairs": [["queen", "king"], ...],                   made alike in all but the group
      "specific": ["mother", "beard", ...],                         about a group by definition: left as they are
      "specific_seed": ["mother", ...],                             a few of those, to learn the others from
      "professions": ["nurse", ...],                                should be about neither group
      "names": {"female": ["emily", ...], "male": ["thomas", ...]}, first names
      "weat": [{"name": "career/family",
                "targets": {"male names": ["thomas", ...], "female names": ["emily", ...]},
                "attributes": {"career": ["job", ...], "family": ["home", ...]}}, ...]
    }

A word that a list repeats counts once. Where `groups` is missing, they are the two sides of the definitional pairs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from importlib import resources
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..files import DAMAGE, damaged, decode, open_binary
from ..vectors import Vectors
from . import parts
from .parts import Lists, Pair, listed

EXPECTED = (
    'expected a JSON object such as {"groups": {"female": ["she"], "male": ["he"]}, '
    '"definitional_pairs": [["she", "he"]]}'
)


@dataclass(frozen=True)
class WeatTest:
    """Two sets of target words and two of attributes, each by its name."""

    name: str
    targets: Lists
    attributes: Lists


@dataclass(frozen=True)
class WordSets:
    """What a file of word sets holds; what it lacks is empty."""

    name: str
    language: str = ""
    groups: Lists = field(default_factory=dict)
    definitional_pairs: tuple[Pair, ...] = ()
    equalize_pairs: tuple[Pair, ...] = ()
    specific: tuple[str, ...] = ()
    specific_seed: tuple[str, ...] = ()
    professions: tuple[str, ...] = ()
    names: Lists = field(default_factory=dict)
    weat: tuple[WeatTest, ...] = ()

    def sizes(self) -> dict[str, int | dict[str, int]]:
        """How many words, pairs or tests each part has, as JSON takes it; empty parts are left out."""
        lists = {part.name: getattr(self, part.name) for part in fields(self) if part.name not in ("name", "language")}
        return {
            name: {key: len(words) for key, words in part.items()} if isinstance(part, dict) else len(part)
            for name, part in lists.items()
            if part
        }


def load_groups(name_or_path: str | Path) -> WordSets:
    """Reads word sets: shipped ones by name, or those of a file or of all `.json` files in a folder.

    Bolukbasi's files (`definitional_pairs`, `equalize_pairs`, `gender_specific_*`, `professions`) and Caliskan's
    `weat.json` are read as they are; of the latter the tests with two sets of targets.

    Args:
        name_or_path: Such as `gender`, or a path.

    Returns:
        The word sets.

    Raises:
        InputError: When there is no such file or name, or it is not what the format asks for: says where and what.

    Example:
        >>> sets = load_groups("gender")
        >>> list(sets.groups), sets.definitional_pairs[0], sets.weat[0].name
        (['female', 'male'], ('woman', 'man'), 'career/family')

    Reference:
        Bolukbasi et al. 2016, Man is to Computer Programmer as Woman is to Homemaker?; Caliskan et al. 2017,
        Semantics derived automatically from language corpora contain human-like biases.
    """
    path = Path(name_or_path)
    if path.is_dir():
        return _read_folder(path)
    if path.exists() or path.suffix or len(path.parts) > 1:
        return _read_file(path)
    shipped = shipped_groups()
    if str(name_or_path) not in shipped:
        raise InputError(
            f"no word sets of this name and no such file; shipped are: {', '.join(shipped)}", name_or_path or "''"
        )
    with resources.as_file(_shipped() / f"{name_or_path}.json") as file:
        return _read_file(file)


def shipped_groups() -> list[str]:
    """The names of the word sets that come with the package."""
    return sorted(Path(file.name).stem for file in _shipped().iterdir() if file.name.endswith(".json"))


def _shipped() -> Any:
    return resources.files(__package__) / "data"


def find(
    vectors: Vectors, words: Iterable[str], needed: int = 1, what: object = "the words"
) -> tuple[list[str], list[str]]:
    """Which words have a vector, and which have none.

    Args:
        vectors: Where to look; a word is found as it is written.
        words: What to look for; a repeated word counts once.
        needed: How many must be found.
        what: The set's name, for the error.

    Returns:
        The words found and the words missing, in their order.

    Raises:
        InputError: When too few are found.

    Example:
        >>> find(Vectors(["she", "he"], [[1.0], [-1.0]]), ["she", "her", "he"])
        (['she', 'he'], ['her'])
    """
    wanted = list(dict.fromkeys(words))
    found = [word for word in wanted if word in vectors]
    missing = [word for word in wanted if word not in vectors]
    if len(found) < needed:
        raise InputError(
            f"{len(found) or 'none'} of {len(wanted)} have a vector and {needed} "
            f"{'is' if needed == 1 else 'are'} needed; {listed('missing', missing)}",
            what,
        )
    return found, missing


# Reading


def _read_folder(folder: Path) -> WordSets:
    """All word sets of a folder as one, named like the folder."""
    files = sorted(folder.glob("*.json"))
    if not files:
        raise InputError("a folder without .json files; give a file of word sets", folder)
    joined = WordSets(folder.resolve().name)
    for file in files:
        joined = _joined(joined, _read_file(file, sides=False), file)
    return _with_groups(joined, folder)


def _joined(one: WordSets, other: WordSets, where: Path) -> WordSets:
    """Both as one: lists follow one another, groups and names can be in one of them only."""
    both: dict[str, Any] = {"language": one.language or other.language}
    for part in fields(WordSets)[2:]:
        a, b = getattr(one, part.name), getattr(other, part.name)
        if isinstance(a, dict) and a and b:
            raise InputError(f"{part.name!r} is also in another file of the folder; keep one of the two", where)
        both[part.name] = (a or b) if isinstance(a, dict) else (*a, *(each for each in b if each not in a))
    return replace(one, **both)


def _read_file(path: Path, sides: bool = True) -> WordSets:
    content = _read_json(path)
    if isinstance(content, list):
        sets = _from_bolukbasi(content, path)
    elif not isinstance(content, dict):
        raise InputError(EXPECTED, path)
    elif content and all(isinstance(value, dict) and "method" in value for value in content.values()):
        sets = _from_caliskan(content, path)
    else:
        sets = _from_object(content, path)
    return _with_groups(sets, path) if sides else sets


def _read_json(path: Path) -> Any:
    with open_binary(path) as file:
        try:
            text = decode(file.read(), path)
        except DAMAGE as error:
            raise damaged(error, path) from None

    def distinct(entries: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in entries]
        if twice := [key for key in keys if keys.count(key) > 1]:
            raise InputError(f"{twice[0]!r} stands there twice; join the two", path)
        return dict(entries)

    try:
        return json.loads(text, object_pairs_hook=distinct)
    except json.JSONDecodeError as error:
        raise InputError(f"not JSON ({error.msg}); {EXPECTED}", f"{path}:{error.lineno}") from None
    except InputError:
        raise
    except (RecursionError, ValueError) as error:  # nested too deeply, a number of thousands of digits
        raise InputError(f"not JSON as it is used here ({error}); {EXPECTED}", path) from None


def _from_object(content: dict[str, Any], path: Path) -> WordSets:
    known = [part.name for part in fields(WordSets)]
    if unknown := [key for key in content if key not in known]:
        raise InputError(f"unknown key {unknown[0]!r}; the keys are {', '.join(known)}", path)
    if not content.keys() & {"groups", "definitional_pairs"}:
        raise InputError(f"neither `groups` nor `definitional_pairs` is in it; {EXPECTED}", path)
    values: dict[str, Any] = {"name": path.name.split(".")[0]}
    for key, value in content.items():
        values[key] = READERS[key](value, f"{path}: {key}")
    return WordSets(**values)


def _from_bolukbasi(content: list[Any], path: Path) -> WordSets:
    """A list of pairs, of words, or of words with two scores; the file's name tells what it is for."""
    name = path.name.split(".")[0]
    part: dict[str, Any]
    if content and all(isinstance(one, list) and len(one) == 3 for one in content):
        part = {"professions": parts.words([one[0] for one in content], str(path))}
    elif content and all(isinstance(one, str) for one in content):
        part = {"specific_seed" if "seed" in name else "specific": parts.words(content, str(path))}
    else:
        part = {"equalize_pairs" if "equalize" in name else "definitional_pairs": parts.pairs(content, str(path))}
    return WordSets(name, "en", **part)


def _from_caliskan(content: dict[str, Any], path: Path) -> WordSets:
    tests = []
    for name, test in content.items():
        if test["method"] != "weat":  # WEFAT has one set of targets
            continue
        keys = [test.get(key) for key in ("X_key", "Y_key", "A_key", "B_key")]
        if not all(isinstance(key, str) and key in test for key in keys):
            raise InputError(f"X_key, Y_key, A_key and B_key should each name a list of {name!r}", path)
        x, y, a, b = ((str(key), test[str(key)]) for key in keys)
        given = {"name": name, "targets": dict([x, y]), "attributes": dict([a, b])}
        tests.append(WeatTest(*parts.weat_test(given, f"{path}: test")))
    return WordSets(path.name.split(".")[0], "en", weat=tuple(tests))


def _with_groups(sets: WordSets, where: Path) -> WordSets:
    """Where groups are not named, they are the sides of the pairs, each named like its first word.

    Raises:
        InputError: When a pair has the words of the groups the wrong way round, or a word is in both groups.
    """
    if sets.groups:
        (a, first), (b, second) = sets.groups.items()
        for one, other in sets.definitional_pairs:
            if one in second or other in first:
                raise InputError(
                    f"definitional_pairs: [{one!r}, {other!r}] should have the word of {a!r} first, then of {b!r}",
                    where,
                )
    if sets.groups or not sets.definitional_pairs:
        return sets
    first, second = (tuple(dict.fromkeys(side)) for side in zip(*sets.definitional_pairs, strict=True))
    groups = {first[0]: first, second[0]: second}
    parts.check_distinct(groups, f"{where}: definitional_pairs")
    return replace(sets, groups=groups)


def _weat(value: Any, where: str) -> tuple[WeatTest, ...]:
    return tuple(WeatTest(*test) for test in parts.weat_tests(value, where))


READERS: dict[str, Any] = {
    "name": parts.text,
    "language": parts.text,
    "groups": parts.two_lists,
    "definitional_pairs": parts.pairs,
    "equalize_pairs": parts.pairs,
    "specific": parts.words,
    "specific_seed": parts.words,
    "professions": parts.words,
    "names": parts.two_lists,
    "weat": _weat,
}
