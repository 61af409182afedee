"""Raw text to tokens that know where they stand.

What a token is follows the corpora: the Penn Treebank and CoNLL for words, numbers and clitics ("Anna 's", "do n't"),
WNUT for @names, #tags, addresses and smileys. Chinese and Japanese characters are each a token of their own.

There are two steps, both of rules that RE2 takes as well as Python's `re`, without looking around: `words` finds
tokens from left to right, `CLITICS` splits off what hangs on the end of a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Literal, NamedTuple

from .characters import (
    FLAGS,
    IDEOGRAPHS,
    SPACES,
    UNSEEN,
    extends,
    grapheme,
    is_digit,
    is_letter,
    picture,
    ranges,
)

Unit = Literal["words", "characters"]
LONGEST = 200
"""Most tokens of a group of `split_sentences`."""

ABBREVIATIONS = (
    "Mr|Mrs|Ms|Dr|Prof|Rev|Hon|St|Ste|Jr|Sr|Gen|Col|Lt|Maj|Capt|Cpl|Sgt|Adm|Sen|Rep|Gov|Pres|Supt|Mt|Ft|Inc|Ltd|Corp|Co"
    "|Bros|vs|Jan|Feb|Aug|Sept|Oct|Nov|Dec|Ave|Blvd|Rd|approx|Ph\\.D|Nr|Hr|Fr|Mme|Mlle|Sra|Srta|Dra|Dott"
)
CLITICS = "^(.+?)(n['’]t|N['’]T|['’](?:s|S|m|M|d|D|re|RE|ve|VE|ll|LL))$"
"""A token that is two: a word and what hangs on it."""
ENDS = re.compile("[.!?…؟।]+")
"""What ends a sentence when a space follows."""
FULL_STOPS = frozenset("。！？｡")
"""What ends one in any case."""
CLOSERS = frozenset("\"'”’»)]}」』）")
PAUSES = frozenset(",;:，；：、،")


class Token(NamedTuple):
    """A piece of a text: `text == source[start:end]`."""

    text: str
    start: int
    end: int


@cache
def words() -> str:
    """The rule for one token of words, its alternatives in the order in which they are tried."""
    letters, digits = ranges(is_letter), ranges(is_digit)
    letter = f"[{letters}]"
    address = f'[^{SPACES}{IDEOGRAPHS}{UNSEEN}<>"]'
    address_end = f"[^{SPACES}{IDEOGRAPHS}{UNSEEN}<>\"'’”».,;:!?…)(\\]\\[}}{{]"
    plain = "[A-Za-z0-9_]"
    number = f"[{digits}]+(?:[.,:/٫٬][{digits}]+)+"
    alternatives = "|".join(
        (
            f"(?:[Hh][Tt][Tt][Pp][Ss]?://|[Ww][Ww][Ww]\\.)(?:{address}*{address_end})",
            f"{plain}[A-Za-z0-9_.+\\-]{{0,63}}@{plain}[A-Za-z0-9\\-]{{0,63}}(?:\\.[A-Za-z0-9\\-]{{1,63}})+",
            f"{plain}[A-Za-z0-9\\-]{{0,63}}\\.(?:com|org|net|edu|gov)(?:['’][sS])?",
            f"[@#][_{letters}]+",
            "[0-9#*]\ufe0f?\u20e3",
            f"(?:{letter}\\.){{2,}}(?:['’][sS])?",
            "[A-HJ-Z]\\.",
            f"(?:{ABBREVIATIONS})\\.",
            f"(?:{number}|{letter}+)(?:[\\-‐‑'’_&·׳״](?:(?:{letter}\\.){{2,}}|{letter}+))*",
            f"[{IDEOGRAPHS}]",
            f"[{FLAGS}][{FLAGS}]",
            picture(),
            "[:;=]['’]?-?[()\\[\\]/\\\\|*]+|<3+",
            "(?:\\.{2,}|-{2,}|[!?]{2,}|``|'')",
            f"[^{SPACES}]",
        )
    )
    return f"(?:{alternatives})[{extends()}]*"


@cache
def rule(unit: Unit) -> re.Pattern[str]:
    """The compiled rule for one token."""
    return re.compile(words()) if unit == "words" else grapheme()


def tokenise(text: str, unit: Unit = "words") -> list[Token]:
    """The tokens of a text; all that is between them is white space.

    Example:
        >>> [token.text for token in tokenise("Anna's in St. Louis, isn't she?")]
        ['Anna', "'s", 'in', 'St.', 'Louis', ',', 'is', "n't", 'she', '?']
        >>> [token.text for token in tokenise("张三 in 北京", "characters")]
        ['张', '三', 'i', 'n', '北', '京']
    """
    if unit == "characters":
        return [Token(match[0], *match.span()) for match in rule(unit).finditer(text) if not match[0].isspace()]
    return list(split_clitics(text))


def split_clitics(text: str) -> Iterator[Token]:
    """Tokens of words, in both steps."""
    clitic = re.compile(CLITICS)
    for match in rule("words").finditer(text):
        token, (start, end) = match[0], match.span()
        if ("'" in token or "’" in token) and (parts := clitic.match(token)):
            yield Token(parts[1], start, start + parts.end(1))
            yield Token(parts[2], start + parts.end(1), end)
        else:
            yield Token(token, start, end)


def split_sentences(tokens: Sequence[Token], longest: int = LONGEST) -> list[list[Token]]:
    """Groups of tokens to read at once: sentences, and parts of those that are longer than `longest`.

    Example:
        >>> [len(group) for group in split_sentences(tokenise("Mr. Bean slept. Then he woke up."))]
        [4, 5]
    """
    groups: list[list[Token]] = []
    group: list[Token] = []
    for token in tokens:
        if group and is_begin(group, token):
            groups.append(group)
            group = []
        group.append(token)
        if len(group) > longest:
            cut = last_pause(group, longest)
            groups.append(group[:cut])
            group = group[cut:]
    return [*groups, group] if group else groups


def is_begin(group: Sequence[Token], token: Token) -> bool:
    """Whether a token begins a sentence after those of `group`; rather not where a full stop may be of a number."""
    is_apart = token.start > group[-1].end
    if (token.text in CLOSERS and not is_apart) or token.text in FULL_STOPS or token.text[0].islower():
        return False
    if ENDS.fullmatch(token.text):
        return False
    last = len(group) - 1
    while last and group[last].text in CLOSERS:
        last -= 1
    if group[last].text in FULL_STOPS:
        return True
    after_number = group[last].text == "." and last > 0 and group[last - 1].text[-1].isdigit()
    return bool(ENDS.fullmatch(group[last].text)) and is_apart and not after_number


def last_pause(group: Sequence[Token], longest: int) -> int:
    """Where to cut what is too long: after the last comma of its second half, or at the very end."""
    pauses = [index for index in range(longest // 2, longest) if group[index].text in PAUSES]
    return pauses[-1] + 1 if pauses else longest
