"""What the model is told of a token: itself, its vector, its neighbour, the kinds of its characters, its characters.

What is learned here from training examples is one JSON object, with which `loader.Encoder` makes the features while
training as beside an ONNX or LiteRT model, and `graph` inside the SavedModel.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import groupby
from typing import Any, Literal

from apps.core.text import RESERVED, build_vocabulary

from .config import Config
from .loader import Encoder

CHARACTERS = (*RESERVED, "<start>", "<end>")
# In the syntax that Python's `re` and TensorFlow's RE2 share.
NORMAL = [("^(?:https?://|www\\.).+$", "<url>"), ("^@[^@]+$", "<user>")]
FALLBACKS = [("^[^a-z0]*#", ""), ("'s$", ""), ("^.*[-/_.'](.)", "\\1"), ("[^a-z]+", "")]
"""Applied one after the other to a word that has no vector, until there is one."""
THEMSELVES = "-.'@#&_/:"
"""Characters that are a kind of their own."""


def learn(
    sentences: Sequence[Sequence[str]],
    tags: Sequence[str],
    unit: Literal["words", "characters"],
    config: Config,
    vectors: Iterable[str] | None = None,
) -> dict[str, Any]:
    """What the features need to know, from the training sentences.

    Args:
        sentences: Their tokens.
        tags: The names of all tags, by their numbers.
        unit: What a token of raw text is.
        config: The task's knobs.
        vectors: The words of the file of vectors, in the spelling of `spelling`.

    Returns:
        The specification of an `Encoder`, as JSON.
    """
    spelling = Encoder(blank())
    counts = Counter(token for tokens in sentences for token in tokens)
    found: dict[str, Counter[str]] = {"word": Counter(), "shape": Counter(), "character": Counter()}
    for token, count in counts.items():
        found["word"][spelling.word(token)] += count
        found["shape"][spelling.shape(token)] += count
        for character in token:
            found["character"][character] += count
    if unit == "characters" and config.bigram_dim:
        found["bigram"] = Counter(
            one + other for tokens in sentences for one, other in zip(tokens, [*tokens[1:], ""], strict=True)
        )
    reads_characters = unit == "words" and config.characters != "none"
    known = {
        name: list(build_vocabulary(each, config.min_count, config.max_vocabulary)) for name, each in found.items()
    }
    known["character"] = [*CHARACTERS, *known["character"][len(RESERVED) :]] if reads_characters else []
    if vectors is not None:
        known["vector"] = list(dict.fromkeys([*RESERVED, *vectors]))
    columns = [name for name in ("word", "shape", "vector", "bigram") if name in known]
    learned = {"unit": unit, "tags": list(tags), "columns": columns, "vocabularies": list(known), **known}
    return blank() | learned | {"char_length": config.char_length if reads_characters else 0}


def blank() -> dict[str, Any]:
    """A specification without vocabularies: how words are spelled, and of what kind each character is."""
    return {
        "columns": [],
        "vocabularies": [],
        "char_length": 0,
        "fold": list(folded()),
        "kinds": list(kinds()),
        "normal": NORMAL,
        "fallbacks": FALLBACKS,
    }


def spelling(word: str) -> str:
    """A word of a file of vectors as tokens are spelled.

    Example:
        >>> spelling("Wahl1998")
        'wahl0000'
    """
    return word.translate(_table())


@cache
def _table() -> dict[int, int]:
    return str.maketrans(*folded())


@cache
def folded() -> tuple[str, str]:
    """All characters that are spelled otherwise, and how: capitals as small letters, digits of all scripts as 0.

    One by one, as what whole words become differs between the versions of Unicode that Python and TensorFlow carry.
    """
    pairs = {"İ": "i", "ς": "σ"}
    for character in map(chr, range(0x110000)):
        if unicodedata.decimal(character, None) is not None:
            pairs[character] = "0"
        elif len(small := character.lower()) == 1 and small != character:
            pairs[character] = small
    return "".join(pairs), "".join(pairs.values())


@cache
def kinds() -> tuple[list[int], str]:
    """Where in Unicode characters of another kind begin, and the kinds; capitals are of that of small letters."""
    runs = [(kind, next(run)) for kind, run in groupby(range(0x110000), lambda point: kind_of(chr(point)))]
    return [point for _, point in runs], "".join(kind for kind, _ in runs)


def kind_of(character: str) -> str:
    """The kind of a character.

    Example:
        >>> [kind_of(character) for character in "bB7京א!€"]
        ['x', 'x', 'd', 'c', 'a', 'p', 's']
    """
    if character in THEMSELVES:
        return character
    category = unicodedata.category(character)
    if category in ("Lu", "Lt", "Ll"):
        return "x"
    if category[0] == "L":
        return "c" if is_ideographic(ord(character)) else "a"
    return {"N": "d", "M": "m", "P": "p", "S": "s"}.get(category[0], "o")


def is_ideographic(point: int) -> bool:
    """Whether a code point lies where Chinese, Japanese and Korean do."""
    return 0x3005 <= point <= 0xD7FF or 0xF900 <= point <= 0xFAFF or 0x20000 <= point <= 0x3FFFF


def sizes(spec: Mapping[str, Any]) -> dict[str, int]:
    """How many ids there are of each vocabulary, and how many characters to a token."""
    return {name: len(spec[name]) for name in spec["vocabularies"]}
