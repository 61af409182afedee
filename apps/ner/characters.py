"""What kind of character is which, and where one that a reader sees begins.

Classes are written as ranges between square brackets, in the syntax that Python's `re` and TensorFlow's RE2 share.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache

PLANES = 0x20000
"""Further planes hold ideographs, and above them tags and variation selectors, which `EXTENDS` names."""
SPACES = "\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
IDEOGRAPHS = "\u3005-\u3007\u3021-\u3029\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
"""Written without spaces between words: Chinese and Japanese."""
PICTOGRAPHS = (
    "\xa9\xae\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u25fe\u2600-\u27bf\u2934\u2935"
    "\u2b05-\u2b55\u3030\u303d\u3297\u3299\U0001f000-\U0001f1e5\U0001f200-\U0001f3fa\U0001f400-\U0001faff"
)
FLAGS = "\U0001f1e6-\U0001f1ff"
"""Letters of which two make a flag."""
TONES = "\U0001f3fb-\U0001f3ff"
JOINER = "\u200d"
UNSEEN = "\u200b\u200e\u200f\u061c\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff"
"""Marks of direction and width, which belong to no word."""


@cache
def ranges(belongs: Callable[[str], bool]) -> str:
    """The characters of which `belongs` holds, as ranges for between square brackets; unassigned ones go along."""
    found: list[list[int]] = []
    is_open = False
    for code in range(PLANES):
        character = chr(code)
        if unicodedata.category(character) in ("Cn", "Cs", "Co"):
            continue
        if belongs(character):
            if is_open:
                found[-1][1] = code
            else:
                found.append([code, code])
        is_open = belongs(character)
    return "".join(escape(first) + (f"-{escape(last)}" if last > first else "") for first, last in found)


def escape(code: int) -> str:
    """A character as it stands between square brackets."""
    return "\\" + chr(code) if chr(code) in "\\]^-[&~|" else chr(code)


def is_mark(character: str) -> bool:
    """Whether it sits on the character before it: accents, vowel signs, variation selectors."""
    return unicodedata.category(character)[0] == "M" or "\u1160" <= character <= "\u11ff" or character in "\u200c\u200d"


_IDEOGRAPH, _PICTOGRAPH = re.compile(f"[{IDEOGRAPHS}]"), re.compile(f"[{PICTOGRAPHS}{FLAGS}{TONES}]")


def is_ideograph(character: str) -> bool:
    """Whether it is written without spaces between words."""
    return bool(_IDEOGRAPH.match(character))


def is_letter(character: str) -> bool:
    """Whether words are made of it: letters, digits and what sits on them, but no ideographs and no pictures."""
    kind = unicodedata.category(character)[0] in "LMN" or character in "\xad\u200c\u200d"
    return kind and not _IDEOGRAPH.match(character) and not _PICTOGRAPH.match(character)


def is_digit(character: str) -> bool:
    """Whether it is a decimal digit of any script."""
    return unicodedata.category(character) == "Nd"


def extends() -> str:
    """Class of what sits on the character before it; emoji have skin tones and tags besides."""
    return ranges(is_mark) + TONES + "\U000e0020-\U000e007f\U000e0100-\U000e01ef"


def picture() -> str:
    """Rule of a pictograph with what sits on it and the further ones that U+200D joins to it."""
    on_it = extends().replace(f"\u200c-{JOINER}", "\u200c")
    return f"[{PICTOGRAPHS}](?:[{on_it}]*{JOINER}[{PICTOGRAPHS}])*[{extends()}]*"


@cache
def grapheme() -> re.Pattern[str]:
    """One character as a reader sees it, by the main rules of Unicode's annex 29.

    Pictographs joined by U+200D, pairs of flag letters, a line end of two characters, white space, on which nothing
    sits, or any other character with what sits on it.
    """
    on_it = f"[{extends()}]*"
    return re.compile(f"\r\n|[{SPACES}]|[{FLAGS}]{{2}}{on_it}|{picture()}|.{on_it}", re.DOTALL)


def cuts(text: str, index: int) -> bool:
    """Whether a border before `text[index]` cuts a character as a reader sees it.

    Example:
        >>> cuts("ne\u0301e", 2), cuts("ne\u0301e", 3), cuts("\U0001f468\u200d\U0001f469", 1)
        (True, False, True)
    """
    if not 0 < index < len(text):
        return False
    begun = max(0, index - 1)
    while begun and (is_mark(text[begun]) or text[begun - 1] == JOINER or _PICTOGRAPH.match(text[begun])):
        begun -= 1
    for match in grapheme().finditer(text, begun):
        if match.end() >= index:
            return match.end() > index
    return False
