"""Blocks of bytes, cut anywhere, become text of words parted by white space."""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache

from ..errors import InputError
from .kernel import LONGEST_WORD
from .rules import Rules

LONGEST_PIECE = 1 << 22
"""Bytes without a space or a line's end after which a text is cut at whatever else ends a word."""
BAD = re.compile("[\udc80-\udcff\0]")
"""How `surrogateescape` shows bytes that are not UTF-8; and NULs."""
CJK = (
    "\u3005\u3007\u3021-\u3029\u3038-\u303b\u3041-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\uff66-\uff9f\U0001aff0-\U0001b16f\U00020000-\U0003ffff"
)
"""Characters that are words of their own: Chinese and Japanese ones."""
JOINERS = "'\u200c\u200d"
"""Belong to a word when they stand inside it: the apostrophe, and what Persian and Indian scripts write."""
STRAY_APOSTROPHE = re.compile(rb"(?<![0-9A-Za-z])'|'(?![0-9A-Za-z])")
KEPT = (string.ascii_letters + string.digits + "'\n").encode()
ASCII_WORDS = bytes(byte if byte in KEPT else ord(" ") for byte in range(256))
"""A translation of ASCII that leaves words, and at their ends apostrophes."""


class Normaliser:
    """Makes words parted by white space of raw text, by the rules, and counts the bytes that are no text.

    Args:
        rules: The rules.

    Example:
        >>> normaliser = Normaliser(Rules(lower=True, tokens="words"))
        >>> list(normaliser("a.txt", [b"It's", b" a d", b"og!\\nYes"]))
        [b"it's a ", b'dog \\n', b'yes', b'\\n']
    """

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.bad_bytes = 0

    def __call__(self, name: str, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """Yields pieces of UTF-8, each of which ends where a word does; the last one ends the document.

        Args:
            name: The text's name, for errors.
            blocks: Its bytes.

        Raises:
            InputError: With line and byte, for bytes that are no UTF-8 text, unless the rules say otherwise.
        """
        line, byte = 1, 1
        for number, piece in enumerate(self._pieces(blocks)):
            skipped = 3 if number == 0 and piece.startswith(b"\xef\xbb\xbf") else 0  # the byte-order mark
            yield self._normalised(piece[skipped:] if skipped else piece, name, line, byte + skipped)
            if ends := piece.count(b"\n"):
                line, byte = line + ends, len(piece) - piece.rfind(b"\n")
            else:
                byte += len(piece)
        yield b"\n"

    def _pieces(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """Cuts at white space, or in its absence at the end of a word, and never inside a character."""
        rest = b""
        for block in blocks:
            end = max(block.rfind(b" "), block.rfind(b"\n")) + 1
            if end:
                yield rest + block[:end]
                rest = block[end:]
                continue
            rest += block
            if len(rest) > LONGEST_PIECE:
                end = self._end_of_word(rest)
                yield rest[:end]
                rest = rest[end:]
        if rest:
            yield rest

    def _end_of_word(self, raw: bytes) -> int:
        """Where the last word ends that certainly does; in one too long to be any, before its last character."""
        end = len(raw)
        while end > len(raw) - 4 and raw[end - 1] & 0xC0 == 0x80:
            end -= 1
        end -= 1
        tail = raw[max(0, end - 4 * LONGEST_WORD) : end].decode("utf-8", "surrogateescape")
        breaks = [match.start() for match in _breaks(self.rules.tokens).finditer(tail)]
        return end - len(tail[breaks[-1] :].encode("utf-8", "surrogateescape")) if breaks else end

    def _normalised(self, piece: bytes, name: str, line: int, byte: int) -> bytes:
        rules = self.rules
        if piece.isascii() and b"\0" not in piece:
            piece = piece.lower() if rules.lower else piece
            return piece if rules.tokens == "whitespace" else _ascii_words(piece)
        text = self._decoded(piece, name, line, byte)
        if rules.lower:
            text = text.lower()
        if rules.tokens != "whitespace":
            text = " ".join(_words(rules.tokens).findall(text.replace("\u2019", "'")))
        return text.encode()

    def _decoded(self, piece: bytes, name: str, line: int, byte: int) -> str:
        text = piece.decode("utf-8", "surrogateescape")
        bad = BAD.search(text)
        if not bad:
            return text
        if self.rules.on_bad_bytes == "error":
            before = text[: bad.start()].encode("utf-8", "surrogateescape")
            ends = before.count(b"\n")
            byte = len(before) - before.rfind(b"\n") if ends else byte + len(before)
            raise InputError(_what_is_bad(bad[0]), f"{name}:{line + ends}:{byte}")
        text, count = BAD.subn("" if self.rules.on_bad_bytes == "skip" else "\ufffd", text)
        self.bad_bytes += count
        return text


def _what_is_bad(character: str) -> str:
    if character == "\0":
        return (
            "a NUL byte, so this is no UTF-8 text; leave the file out, convert it (iconv), or give --on-bad-bytes skip"
        )
    return (
        f"byte 0x{ord(character) & 0xFF:02x} is not UTF-8; convert the file, for example with "
        "`iconv -f latin1 -t utf-8`, or give --on-bad-bytes skip"
    )


def _ascii_words(text: bytes) -> bytes:
    text = text.translate(ASCII_WORDS)
    return STRAY_APOSTROPHE.sub(b" ", text) if b"'" in text else text


@cache
def _marks() -> str:
    """The combining marks, which Python's `\\w` leaves out."""
    return "".join(
        chr(code) for code in (*range(0x20000), *range(0xE0100, 0xE01F0)) if unicodedata.category(chr(code))[0] == "M"
    )


@cache
def _words(tokens: str) -> re.Pattern[str]:
    """Finds words, and ends of lines."""
    marks = _marks()
    letter = rf"[^\W_{CJK}]" if tokens == "characters" else r"[^\W_]"
    part = f"{letter}+(?:[{marks}]+{letter}*)*"
    word = f"{part}(?:[{JOINERS}]{part})*"
    return re.compile(rf"\n|(?=\w)[{CJK}][{marks}]*|{word}" if tokens == "characters" else rf"\n|{word}")


@cache
def _breaks(tokens: str) -> re.Pattern[str]:
    """Finds characters before which no word goes on."""
    if tokens == "whitespace":
        return re.compile(r"\s")
    outside = rf"(?![{_marks()}{JOINERS}\u2019])[\W_]"
    return re.compile(rf"{outside}|[{CJK}]" if tokens == "characters" else outside)
