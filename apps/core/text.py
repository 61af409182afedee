"""Text to ids: the tokeniser's rules and the vocabulary, kept together with the model as one encoder.

The tokeniser is a list of regular-expression rules in the syntax that Python's `re` and TensorFlow's RE2 share. The
same list runs while training and beside an ONNX or LiteRT model (`loader`) and inside the SavedModel (`text_graph`);
a property test holds the two implementations to the same tokens.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from . import loader

PAD, UNKNOWN = 0, 1
RESERVED = ("<pad>", "<unknown>")
Unit = Literal["words", "characters"]

# Letters whose case differs between the Unicode versions that Python and TensorFlow carry; so does the rule that
# tells where a sigma is final.
_UNSETTLED_CASE = "[\u2c2f\u2c5f\ua7c0\ua7c1\ua7d0-\ua7d9\U00010570-\U000105bf]"
_SPACES = "[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+"
# Written without spaces between words, so that each character is a token: Chinese and Japanese.
_IDEOGRAPHS = "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_PICTOGRAPHS = "\u2600-\u27bf\U0001f000-\U0001faff"
_PUNCTUATION = (
    "!-/:-@\\[-`{-~\xa1-\xbf\u2010-\u205e\u20a0-\u20cf\u3001-\u3004\u3008-\u303f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40"
)

# NUL goes with them: TensorFlow ends a text there when it makes letters small.
SETTLED_CASE = [("\\x00", "\ufffd"), (_UNSETTLED_CASE, "\ufffd"), ("\u03c2", "\u03c3")]
"""What is done to a text after its letters were made small, so that Python and TensorFlow agree on it."""
_CLEAN = [("<br */?>", " "), *SETTLED_CASE, (_SPACES, " ")]
_WORDS = [
    ("\u2019", "'"),
    # Contractions as the Penn Treebank splits them, and so the Stanford data: do n't, it 's. Their apostrophe hides
    # as \u02bc from the rule for quotation marks.
    ("n't\\b", " n\u02bct"),
    ("'(s|m|re|ve|ll|d)\\b", " \u02bc\\1"),
    ("-lrb-", "("),
    ("-rrb-", ")"),
    ("\\.\\.+", " \u2026 "),
    (f"([{_PUNCTUATION}{_IDEOGRAPHS}{_PICTOGRAPHS}])", " \\1 "),
    ("\u02bc", "'"),
]
_CHARACTERS = [("([^ ])", "\\1 ")]
# A sentence ends after its full stops and what closes them.
_SENTENCES = [("([.!?\u2026\u3002\uff01\uff1f](?: +[.!?\u2026\u3002\uff01\uff1f\"')\u201d])*)", "\\1\n")]


@dataclass(frozen=True)
class TextEncoder:
    """Raw text to token ids.

    Args:
        tokens: The vocabulary by id; 0 is padding and 1 any unknown token.
        unit: Whether tokens are words (each Chinese or Japanese character is a word) or characters.
        max_length: Most tokens of a text, or of a sentence; of a longer one both ends are kept.
        max_sentences: 0 for a flat sequence; otherwise the text is split into at most so many sentences.

    Example:
        >>> encoder = TextEncoder((*RESERVED, "not", "good"), max_length=8)
        >>> encoder.encode("Isn't GOOD, not good!")
        array([1, 1, 3, 1, 2, 3, 1], dtype=int32)
    """

    tokens: tuple[str, ...]
    unit: Unit = "words"
    max_length: int = 400
    max_sentences: int = 0

    @cached_property
    def ids(self) -> dict[str, int]:
        """Token -> id."""
        return {token: index for index, token in enumerate(self.tokens)}

    @cached_property
    def spec(self) -> dict[str, Any]:
        """Everything that `loader` needs to do the same, as JSON."""
        words = _WORDS if self.unit == "words" else _CHARACTERS
        return {
            "tokens": list(self.tokens),
            "unit": self.unit,
            "rules": [*_CLEAN, *words, *(_SENTENCES if self.max_sentences else [])],
            "max_length": self.max_length,
            "max_sentences": self.max_sentences,
        }

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> TextEncoder:
        """The encoder that `spec` describes."""
        return cls(tuple(spec["tokens"]), spec["unit"], spec["max_length"], spec["max_sentences"])

    def tokenise(self, text: str) -> list[list[str]]:
        """A text's sentences, each a list of tokens; at most one sentence when `max_sentences` is 0."""
        return loader.tokenise(text, self.spec)

    def encode(self, text: str) -> np.ndarray:
        """Ids `[time]`, or `[sentences, time]` when `max_sentences` is set; at least one (padding) position."""
        return self.encode_tokens(self.tokenise(text))

    def encode_tokens(self, sentences: Sequence[Sequence[str]]) -> np.ndarray:
        """Ids of what `tokenise` gave."""
        return loader.encode(sentences, self.ids, self.spec)[0]


def build_vocabulary(
    counts: Mapping[str, int], min_count: int, max_size: int, more: Iterable[str] = ()
) -> tuple[str, ...]:
    """The tokens that occur `min_count` times or more, the most frequent first, then those of `more`.

    Args:
        counts: How often each token occurs.
        min_count: Rarer tokens become unknown, unless `more` has them.
        max_size: Most tokens kept, reserved ones included.
        more: Further tokens to know, such as those for which there are vectors.
    """
    frequent = sorted((t for t, n in counts.items() if n >= min_count), key=lambda t: (-counts[t], t))
    return tuple(list(dict.fromkeys([*RESERVED, *frequent, *more]))[:max_size])


def pad(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """Stacks arrays of unequal shapes, filling with zeros behind.

    Example:
        >>> pad([np.array([3, 4]), np.array([5])])
        array([[3, 4],
               [5, 0]])
    """
    shape = np.max([array.shape for array in arrays], axis=0)
    batch = np.zeros((len(arrays), *shape), arrays[0].dtype)
    for row, array in zip(batch, arrays, strict=True):
        row[tuple(slice(size) for size in array.shape)] = array
    return batch
