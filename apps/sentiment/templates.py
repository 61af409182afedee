"""Template sentences for `audit`: sentences with a gap, and pairs of words of two groups to put into it.

A file of templates is one JSON object; all but `name` and `language` has to be there:

    {
      "name": "gender",                                      the file's name if there is none
      "language": "en",
      "groups": ["female", "male"],                          of each pair's first and second word
      "slots": {"subject": "{}", "possessive": "{}'s"},      how plain words are written in each gap
      "pairs": {                                             by kind, as they are to be reported
        "pronouns": [{"subject": ["she", "he"], "possessive": ["her", "his"]}],     a form for each slot
        "nouns": [["my mother", "my father"], ...],                                 the same words in all of them
        "names": "gender"       the first names of word sets, paired in their order; shipped ones or a path from here
      },
      "templates": {"neutral": ["{subject} works on the third floor.", ...], ...}   by tone, the names are free
    }
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apps.core.errors import InputError
from apps.core.json_lines import check_whole
from apps.core.sources import decode, open_binary
from embeddings.bias.groups import load_groups

DEFAULT = Path(__file__).with_name("templates.json")
KEYS = ("groups", "slots", "pairs", "templates")
GAP = re.compile(r"\{([^{}]*)\}")

Forms = Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class Pair:
    """A word of each group, as they are written in each slot."""

    kind: str
    forms: Forms

    def __str__(self) -> str:
        return "/".join(next(iter(self.forms.values())))


@dataclass(frozen=True)
class Template:
    """A sentence with one gap or more.

    Example:
        >>> template = Template("neutral", "{subject} asked for {possessive} coat.")
        >>> template.fill(Pair("pronouns", {"subject": ("she", "he"), "possessive": ("her", "his")}), side=1)
        'He asked for his coat.'
    """

    tone: str
    text: str

    @property
    def slots(self) -> list[str]:
        """The gaps' slots, in their order."""
        return GAP.findall(self.text)

    def fill(self, pair: Pair, side: int) -> str:
        """The sentence with the words of one side of a pair, 0 or 1, in its gaps."""
        text = GAP.sub(lambda gap: pair.forms[gap[1]][side], self.text)
        return text[:1].upper() + text[1:]


@dataclass(frozen=True)
class Templates:
    """What a file of templates holds."""

    name: str
    groups: tuple[str, str]
    pairs: tuple[Pair, ...]
    templates: tuple[Template, ...]


def read_templates(path: Path = DEFAULT) -> Templates:
    """Reads a file of templates.

    Raises:
        InputError: When it is not in the format, with the place and what is expected there.

    Example:
        >>> shipped = read_templates()
        >>> shipped.groups, str(shipped.pairs[0]), len(shipped.templates)
        (('female', 'male'), 'she/he', 32)
    """
    content = read_json(path)
    if not isinstance(content, dict) or (missing := [key for key in KEYS if key not in content]):
        what = f"{', '.join(map(repr, missing))} missing" if isinstance(content, dict) else "not a JSON object"
        raise InputError(f"{what}; a file of templates has the keys {', '.join(KEYS)}", path)
    if unknown := [key for key in content if key not in (*KEYS, "name", "language")]:
        raise InputError(f"unknown key {unknown[0]!r}; the keys are name, language, {', '.join(KEYS)}", path)
    groups = two_words(content["groups"], f"{path}: groups")
    slots = read_slots(content["slots"], path)
    return Templates(
        str(content.get("name") or path.name.split(".")[0]),
        groups,
        tuple(read_pairs(content["pairs"], slots, groups, path)),
        tuple(read_sentences(content["templates"], slots, path)),
    )


def read_json(path: Path) -> Any:
    """The content of a JSON file in which no key stands twice."""

    def distinct(entries: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in entries]
        if twice := [key for key in keys if keys.count(key) > 1]:
            raise InputError(f"{twice[0]!r} stands there twice; join the two", path)
        return dict(entries)

    with open_binary(path) as file:
        text = decode(file.read(), str(path))
    try:
        content = json.loads(text, object_pairs_hook=distinct)
    except json.JSONDecodeError as error:
        raise InputError(f"not JSON ({error.msg}); see apps/sentiment/README.md", f"{path}:{error.lineno}") from None
    except RecursionError:
        raise InputError("nested too deeply to be a file of templates", path) from None
    check_whole(json.dumps(content, ensure_ascii=False), path)
    return content


def read_slots(value: Any, path: Path) -> dict[str, str]:
    """How plain words are written in each slot."""
    where = f"{path}: slots"
    if not isinstance(value, dict) or not value:
        raise InputError('expected at least one slot, such as {"subject": "{}"}', where)
    for name, form in value.items():
        if not name.strip() or set(name) & set("{}"):
            raise InputError(f"{name!r} cannot be the name of a slot", where)
        if not isinstance(form, str) or form.count("{}") != 1 or set(form.replace("{}", "")) & set("{}"):
            raise InputError(f'{name!r} should say where the word goes by one {{}}, such as "{{}}\'s"', where)
    return value


def read_pairs(value: Any, slots: Mapping[str, str], groups: tuple[str, str], path: Path) -> Iterator[Pair]:
    """The pairs of every kind."""
    seen: set[tuple[tuple[str, str], ...]] = set()
    for kind, named in by_name(value, "pairs", path):
        pairs = read_names(named, groups, f"{path}: pairs: {kind}", path) if isinstance(named, str) else named
        if not isinstance(pairs, list) or not pairs:
            raise InputError("expected a list of pairs, or the name of word sets", f"{path}: pairs: {kind}")
        for number, given in enumerate(pairs, start=1):
            where = f"{path}: pairs: {kind}: {number}"
            forms = read_forms(given, slots, where)
            if tuple(forms.values()) in seen:
                raise InputError("the pair stands there twice; keep one", where)
            seen.add(tuple(forms.values()))
            yield Pair(kind, forms)


def read_forms(given: Any, slots: Mapping[str, str], where: str) -> Forms:
    """A pair's words in each slot, from plain words or from a form for each slot."""
    if not isinstance(given, dict):
        first, second = two_words(given, where)
        return {slot: (form.replace("{}", first), form.replace("{}", second)) for slot, form in slots.items()}
    if set(given) != set(slots):
        raise InputError(
            f"has forms for {', '.join(given) or 'no slot'}; expected one for each of {', '.join(slots)}", where
        )
    return {slot: two_words(given[slot], f"{where}: {slot}") for slot in slots}


def read_names(name: str, groups: tuple[str, str], where: str, path: Path) -> list[list[str]]:
    """First names of word sets, paired in their order."""
    beside = path.parent / name
    names = load_groups(beside if beside.is_file() or beside.is_dir() else name).names
    if set(names) != set(groups):
        found = f"are of {' and '.join(names)}" if names else "are missing"
        raise InputError(f"the first names of the word sets {name!r} {found}, not of {' and '.join(groups)}", where)
    first, second = (names[group] for group in groups)
    if len(first) != len(second):
        counts = f"{len(first)} {groups[0]} and {len(second)} {groups[1]} names"
        raise InputError(f"{counts} cannot be paired; give as many of each", where)
    return [
        [one[:1].upper() + one[1:], other[:1].upper() + other[1:]] for one, other in zip(first, second, strict=True)
    ]


def read_sentences(value: Any, slots: Mapping[str, str], path: Path) -> Iterator[Template]:
    """The sentences of every tone."""
    seen: set[str] = set()
    for tone, sentences in by_name(value, "templates", path):
        if not isinstance(sentences, list) or not sentences:
            raise InputError("expected a list of sentences", f"{path}: templates: {tone}")
        for number, text in enumerate(sentences, start=1):
            where = f"{path}: templates: {tone}: {number}"
            if not isinstance(text, str):
                raise InputError(f"expected a sentence, not {json.dumps(text)[:40]}", where)
            known = " or ".join(f"{{{slot}}}" for slot in slots)
            template = Template(tone, text)
            if not template.slots or set(GAP.sub("", text)) & set("{}"):
                raise InputError(f"{text!r} has no slot, or a brace that is none; it should hold {known}", where)
            if unknown := [slot for slot in template.slots if slot not in slots]:
                raise InputError(f"the slot {{{unknown[0]}}} is not one of `slots`; it should be {known}", where)
            if text in seen:
                raise InputError("the sentence stands there twice; keep one", where)
            seen.add(text)
            yield template


def by_name(value: Any, key: str, path: Path) -> Iterator[tuple[str, Any]]:
    """The entries of an object that has to have some."""
    if not isinstance(value, dict) or not value:
        raise InputError('expected an object of lists, such as {"name": [...]}', f"{path}: {key}")
    yield from value.items()


def two_words(value: Any, where: str) -> tuple[str, str]:
    """Two strings that differ."""
    if (
        not isinstance(value, list)
        or len(value) != 2
        or not all(isinstance(word, str) and word.strip() for word in value)
    ):
        raise InputError(f"expected two words, not {json.dumps(value, ensure_ascii=False)[:60]}", where)
    if value[0].casefold() == value[1].casefold():
        raise InputError(f"both are {value[0]!r}; the two have to differ", where)
    return value[0], value[1]
