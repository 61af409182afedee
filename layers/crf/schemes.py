"""Which tag may follow which, by the scheme in which chunks are written as tags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

Scheme = Literal["IOB1", "IOB2", "BIOES", "IOBES", "BMES"]
Allowed = tuple[np.ndarray, np.ndarray, np.ndarray]
PREFIXES = {"IOB1": "BIO", "IOB2": "BIO", "BIOES": "BIOES", "BMES": "BMESO"}


def allowed_transitions(tags: Sequence[str], scheme: Scheme) -> Allowed:
    """Which tags a scheme allows after which, at the start and at the end.

    A tag is `O`, or a prefix with the type of a chunk, such as `B-PER`; a prefix alone is a chunk without a type.

    - IOB1: chunks of `I`; `B` begins one only where it touches a chunk of the same type before it.
    - IOB2: every chunk begins with `B` and goes on with `I`.
    - BIOES (or IOBES): chunks of two and more are `B I* E`, chunks of one are `S`.
    - BMES: the same with `M` for `I`, for example for word segmentation (then usually without `O`).

    Args:
        tags: The tags by their numbers.
        scheme: "IOB1", "IOB2", "BIOES", "IOBES" (another name for it) or "BMES".

    Returns:
        Three boolean arrays: `[tags, tags]`, whether the second may follow the first; `[tags]`, whether a sequence may
        start with it; `[tags]`, whether it may end with it.

    Raises:
        ValueError: For an unknown scheme, a tag that is not of the scheme, or one given twice.

    Example:
        >>> transitions, start, end = allowed_transitions(["O", "B-PER", "I-PER"], "IOB2")
        >>> transitions.astype(int)
        array([[1, 1, 0],
               [1, 1, 1],
               [1, 1, 1]])
        >>> start, end
        (array([ True,  True, False]), array([ True,  True,  True]))

    Reference:
        Ramshaw and Marcus (1995), Text Chunking using Transformation-Based Learning; Tjong Kim Sang and Veenstra
        (1999), Representing Text Chunks; Ratinov and Roth (2009), Design Challenges in Named Entity Recognition.
    """
    scheme = "BIOES" if scheme == "IOBES" else scheme
    if scheme not in PREFIXES:
        raise ValueError(f"scheme must be one of IOB1, IOB2, BIOES, IOBES and BMES, not {scheme!r}")
    parts = [_parts(tag, scheme) for tag in tags]
    if len(set(parts)) < len(parts):
        twice = next(tag for tag in tags if list(tags).count(tag) > 1)
        raise ValueError(f"tags must differ, but {twice!r} is given twice")
    follows = _follows_iob if scheme in ("IOB1", "IOB2") else _follows_bioes
    outside = ("O", "")  # before the start and after the end, nothing is open
    transitions = np.array([[follows(one, other, scheme) for other in parts] for one in parts], bool)
    start = np.array([follows(outside, tag, scheme) for tag in parts], bool)
    end = np.array([follows(tag, outside, scheme) for tag in parts], bool)
    return transitions, start, end


def _parts(tag: str, scheme: str) -> tuple[str, str]:
    """The prefix, with `I` for the `M` of BMES, and the type."""
    prefix, _, kind = tag.partition("-")
    if prefix not in PREFIXES[scheme] or len(prefix) != 1 or (prefix == "O" and tag != "O"):
        known = ", ".join(sorted(PREFIXES[scheme]))
        raise ValueError(f"tags must begin with one of {known} in the scheme {scheme}, such as 'B-PER', not {tag!r}")
    return ("I" if prefix == "M" else prefix), kind


def _follows_iob(one: tuple[str, str], other: tuple[str, str], scheme: str) -> bool:
    inside_same = one[0] != "O" and one[1] == other[1]
    needs_it = "I" if scheme == "IOB2" else "B"
    return inside_same if other[0] == needs_it else True


def _follows_bioes(one: tuple[str, str], other: tuple[str, str], scheme: str) -> bool:
    open_before, goes_on = one[0] in "BI", other[0] in "IE"
    return open_before == goes_on and (not open_before or one[1] == other[1])
