"""Captions of pictures that were read, by a Keras model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .answers import Picture, split_readable
from .decoding import Found, say

if TYPE_CHECKING:
    from .task import CaptioningTask


def caption(task: CaptioningTask, model: Any, pictures: Sequence[Picture]) -> list[Found | None]:
    """What is found for each picture; None for those that cannot be read."""
    found: list[Found | None] = [None] * len(pictures)
    places, pixels = split_readable(pictures)
    if pixels is not None:
        for place, one in zip(places, say(model, [task.features(pixels)], task.search), strict=True):
            found[place] = one
    return found
