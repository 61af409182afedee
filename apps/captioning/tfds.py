"""Captioned pictures from TensorFlow Datasets, such as `tfds:coco_captions`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from apps.core.errors import InputError
from apps.core.run import replacing
from apps.core.tfds import read_tfds

from .examples import Example, Say
from .notes import named
from .tokens import tokenise

CAPTION_FEATURES = ("captions", "caption", "annotations", "sentences", "text")
TEXT_FIELDS = ("text", "caption", "raw")


def read_captioned(name: str, folder: Path, say: Say) -> dict[str, list[Example]]:
    """Prepares a builder, and writes its pictures to files once.

    Args:
        name: Of the builder, as `coco_captions`.
        folder: For the pictures, which are named by their content.
        say: Told of pictures without a caption.

    Raises:
        InputError: For an unknown builder, or one that has no pictures or no captions.
    """

    def convert(features: Any, rows: Iterable[dict[str, Any]], where: str) -> list[Example]:
        image, caption = choose_features(features, where)
        examples, empty = [], []
        for number, row in enumerate(rows, start=1):
            captions = tuple(text for text in texts(row[caption]) if tokenise(text))
            place = f"{where}:{number}"
            if captions:
                examples.append(Example(str(keep(row[image], folder)), captions, place))
            else:
                empty.append(place)
        if empty and examples:
            say(named("picture", empty, "without a caption left out"))
        return examples

    return read_tfds(name, convert)


def choose_features(features: Any, where: str) -> tuple[str, str]:
    """The features that hold the picture and its captions."""
    names = list(features)
    caption = next((name for name in CAPTION_FEATURES if name in names), None)
    if "image" not in names or caption is None:
        raise InputError(
            f"no captioned pictures: looked for `image` and one of {', '.join(CAPTION_FEATURES)}; found "
            + ", ".join(names),
            where,
        )
    return "image", caption


def texts(value: Any) -> Iterator[str]:
    """The captions in a feature: a text, several, or a sequence of records with one each."""
    if isinstance(value, dict):
        value = next((value[name] for name in TEXT_FIELDS if name in value), ())
    for text in np.atleast_1d(value):
        yield text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)


def keep(picture: np.ndarray, folder: Path) -> Path:
    """The file of a picture, named by its content; it is written when it is not there yet."""
    from PIL import Image

    array = np.ascontiguousarray(picture)
    digest = hashlib.blake2b(repr(array.shape).encode() + array.tobytes(), digest_size=16).hexdigest()
    path = folder / digest[:2] / f"{digest}.webp"
    if not path.exists():
        with replacing(path) as partial:
            image = Image.fromarray(array.squeeze(-1) if array.shape[-1] == 1 else array)
            image.save(partial, "WEBP", lossless=True, quality=0, method=0)
    return path
