"""Pictures as a model takes them: features from the cache, or pixels for the small network."""

from __future__ import annotations

import abc
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from apps.core.errors import InputError

from .features import FeatureStore, features_of
from .images import load_picture, to_pixels
from .notes import named

if TYPE_CHECKING:
    from rich.console import Console

    from .config import Config

BATCH = 50
"""Pictures that captions are searched for at once."""
KEPT_BYTES = 1 << 30
"""Pixels of so many bytes are kept in memory; more are read anew each time."""


class Pictures(abc.ABC):
    """Pictures by their names, those that can be read."""

    @abc.abstractmethod
    def __contains__(self, image: str) -> bool:
        """Whether the picture can be read."""

    @abc.abstractmethod
    def gather(self, images: Sequence[str], mirrored: np.ndarray | None = None) -> np.ndarray:
        """Pictures as the model takes them, `[pictures, ...]`, some with left and right exchanged (`[pictures]`)."""

    def batches(self, images: Sequence[str], size: int = BATCH) -> Iterator[np.ndarray]:
        """The same, so many at a time."""
        for start in range(0, len(images), size):
            yield self.gather(images[start : start + size])


class Features(Pictures):
    """Features, and where mirrored pictures are wanted theirs.

    Args:
        plain: Of the pictures as they are.
        mirrored: Of those with left and right exchanged, or None.
    """

    def __init__(self, plain: FeatureStore, mirrored: FeatureStore | None = None) -> None:
        self.plain, self.mirrored = plain, mirrored

    def __contains__(self, image: str) -> bool:
        """Whether the picture can be read."""
        return image in self.plain

    def gather(self, images: Sequence[str], mirrored: np.ndarray | None = None) -> np.ndarray:
        """Features `[pictures, places, channels]`, float16."""
        if mirrored is None or self.mirrored is None:
            return self.plain.gather(images)
        stores = (self.plain, self.mirrored)
        return np.stack([stores[int(turn)][image] for image, turn in zip(images, mirrored, strict=True)])


class Pixels(Pictures):
    """Pixels, kept in memory if they are few.

    Args:
        images: The names of pictures; all are read once, and those that cannot be are left out.
        size: Width and height to bring them to.
        console: Told of broken pictures.
    """

    def __init__(self, images: Sequence[str], size: int, console: Console) -> None:
        self.size = size
        names = list(dict.fromkeys(images))
        kept = len(names) * size * size * 3 <= KEPT_BYTES
        self.pixels: dict[str, np.ndarray | None] = {}
        broken = []
        with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
            for name, found in zip(names, pool.map(self.attempt, names), strict=True):
                if isinstance(found, InputError):
                    broken.append(str(found))
                else:
                    self.pixels[name] = found if kept else None
        if broken:
            line = named("picture", broken, "cannot be used")
            console.print(line, style="yellow", highlight=False, markup=False, soft_wrap=True)

    def attempt(self, image: str) -> np.ndarray | InputError:
        """A picture's pixels, or what is wrong with it."""
        try:
            return to_pixels(load_picture(image), self.size)
        except InputError as error:
            return error

    def __contains__(self, image: str) -> bool:
        """Whether the picture can be read."""
        return image in self.pixels

    def __getitem__(self, image: str) -> np.ndarray:
        """A picture's pixels, `[size, size, 3]`, uint8."""
        kept = self.pixels[image]
        return to_pixels(load_picture(image), self.size) if kept is None else kept

    def gather(self, images: Sequence[str], mirrored: np.ndarray | None = None) -> np.ndarray:
        """Pixels `[pictures, size, size, 3]`, uint8."""
        turned = np.zeros(len(images), bool) if mirrored is None else mirrored
        return np.stack(
            [self[image][:, ::-1] if turn else self[image] for image, turn in zip(images, turned, strict=True)]
        )


def open_pictures(images: Sequence[str], config: Config, console: Console, turned: Sequence[str] = ()) -> Pictures:
    """The pictures that a model of this configuration takes.

    Args:
        images: Their names.
        config: Says which encoder there is.
        console: Told of progress and of broken pictures.
        turned: Those that are wanted mirrored as well.
    """
    if config.is_small:
        return Pixels(images, config.pixels, console)
    plain = features_of(images, config, console)
    wanted = [image for image in turned if image in plain]
    return Features(plain, features_of(wanted, config, console, mirrored=True) if wanted else None)
