"""How a text becomes words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from ..errors import InputError

Tokens = Literal["whitespace", "words", "characters"]
OnBadBytes = Literal["error", "skip", "replace"]


@dataclass(frozen=True)
class Rules:
    """What counts as a word, and which words are kept.

    Raises:
        InputError: For a value that cannot be meant, naming the option.
    """

    lower: bool = False
    """Lower-case the text."""
    tokens: Tokens = "whitespace"
    """What a token is: whatever white space separates; words (letters and digits with apostrophes inside, no
    punctuation); or the same with each Chinese or Japanese character on its own."""
    min_count: int = 5
    """Words that are rarer are left out."""
    max_words: int | None = None
    """Most words to keep, the most frequent ones."""
    on_bad_bytes: OnBadBytes = "error"
    """Bytes that are not UTF-8, and NULs: refuse the text, skip them, or put U+FFFD in the place of each."""

    def __post_init__(self) -> None:
        """Refuses what cannot be meant, naming the option."""
        for name, choices in (("tokens", get_args(Tokens)), ("on_bad_bytes", get_args(OnBadBytes))):
            self._require(name, getattr(self, name) in choices, f"must be one of {', '.join(choices)}")
        self._require("min_count", self.min_count >= 1, "must be 1 or more")
        self._require("max_words", self.max_words is None or self.max_words >= 1, "must be 1 or more")

    def _require(self, name: str, is_right: bool, what: str) -> None:
        if not is_right:
            raise InputError(f"{what}, not {getattr(self, name)}", "--" + name.replace("_", "-"))
