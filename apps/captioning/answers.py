"""What the captioner is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from apps.core.errors import InputError

from .images import find_pictures, load_picture, to_pixels
from .notes import named, show


@dataclass(frozen=True)
class Answer:
    """A picture's caption.

    Args:
        image: The picture's name.
        caption: Empty for a picture that cannot be read.
        score: Log probability of the caption, divided by its length as the search does; None for such a picture.
        error: What is wrong with a picture that cannot be read.
    """

    image: str
    caption: str
    score: float | None
    error: str = ""

    def __str__(self) -> str:
        return f"{self.image}\terror: {self.error}" if self.error else f"{self.image}\t{self.caption}"


@dataclass(frozen=True)
class Picture:
    """A picture that was read.

    Args:
        name: Its path, or what else it is known by.
        pixels: As the encoder takes them `[size, size, 3]`, uint8; None for one that cannot be read.
        error: Why.
    """

    name: str
    pixels: np.ndarray | None
    error: str = ""


def as_picture(given: Any, size: int, name: str = "") -> Picture:
    """Reads a path, or takes an array of pixels `[height, width, 3]`, uint8, as it is.

    Raises:
        InputError: For anything else.
    """
    if isinstance(given, Picture):
        return given
    if isinstance(given, np.ndarray):
        if given.ndim != 3 or given.shape[2] != 3 or given.dtype != np.uint8 or not given.size:
            raise InputError(
                f"pixels must be uint8 [height, width, 3], not {given.dtype} {list(given.shape)}", name or "predict"
            )
        return Picture(name or "pixels", to_pixels(given, size))
    if not isinstance(given, str | Path):
        raise InputError(f"a picture must be a path or an array, not {type(given).__name__}", "predict")
    try:
        return Picture(str(given), to_pixels(load_picture(str(given)), size))
    except InputError as error:
        return Picture(str(given), None, str(error).removeprefix(f"{given}: "))


def read_pictures(given: Iterable[str], size: int) -> Iterator[Picture]:
    """Reads the pictures of files and folders; at the end says how many cannot be read.

    Raises:
        InputError: When all that is given is folders without pictures; after the last, when none can be read.
    """
    broken, count = [], 0
    for name in find_pictures(given):
        picture = as_picture(name, size)
        count += 1
        if picture.error:
            broken.append(f"{picture.name}: {picture.error}")
        yield picture
    if broken:
        line = named("picture", broken, "cannot be read")
        if len(broken) == count:
            raise InputError(line, "predict")
        show(line)


def split_readable(pictures: Sequence[Picture]) -> tuple[list[int], np.ndarray | None]:
    """The places of those that were read, and their pixels `[pictures, size, size, 3]`."""
    places = [place for place, picture in enumerate(pictures) if picture.pixels is not None]
    return places, np.stack([pictures[place].pixels for place in places]) if places else None  # type: ignore[misc]
