"""Captions to words, as the captioning field counts them: small letters, contractions apart, no punctuation."""

from __future__ import annotations

import re
import unicodedata

ENDINGS = ("n't", "'s", "'m", "'re", "'ve", "'ll", "'d")
"""What the Penn Treebank splits from the word before it."""
_ENDING = re.compile(f"({'|'.join(ENDINGS)})(?![^\\W_])")


class _Blanks(dict[int, int]):
    """A blank for each character of punctuation, other than hyphens and apostrophes, and for each symbol."""

    def __missing__(self, code: int) -> int:
        is_dropped = unicodedata.category(chr(code))[0] in "PSC" and chr(code) not in "-'"
        self[code] = 32 if is_dropped else code
        return self[code]


_blanks = _Blanks({ord("’"): ord("'"), ord("‐"): ord("-"), ord("‑"): ord("-")})


def tokenise(caption: str) -> list[str]:
    """The words of a caption.

    The rules are those of the Penn Treebank, whose punctuation is then dropped, as COCO's evaluation does it. The
    words of a model and those that it is judged by are the same.

    Reference:
        Chen et al. (2015), Microsoft COCO Captions: Data Collection and Evaluation Server, section 3.

    Example:
        >>> tokenise("A tri-colored dog doesn't chase the boy's ball .")
        ['a', 'tri-colored', 'dog', 'does', "n't", 'chase', 'the', 'boy', "'s", 'ball']
    """
    text = unicodedata.normalize("NFKC", caption.lower()).lower().translate(_blanks).replace("--", " ")
    words = _ENDING.sub(r" \1 ", text).split()
    if "-" not in text and "'" not in text:
        return words
    stripped = (word if word in ENDINGS else word.strip("-'") for word in words)
    return [word for word in stripped if word]
