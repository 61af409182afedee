"""A text of a TensorFlow Datasets builder as a corpus: `tfds:NAME[/config][:split][#feature]`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import reduce
from operator import getitem
from typing import Any

import numpy as np

from ..errors import InputError

NAME = re.compile(r"tfds:(?P<name>[^:#]+(:\d+\.[\d*]+\.[\d*]+)?)(:(?P<split>[^#]+))?(#(?P<feature>.+))?")
BLOCK = 1 << 20


def read_tfds(source: str) -> Iterator[bytes]:
    """Yields blocks of lines, an example a line; line breaks within one become spaces.

    Args:
        source: `tfds:imdb_reviews`, `tfds:imdb_reviews:train+unsupervised#text`; the split is `train` when none is
            named, the feature the only text, or the one called `text`. A sequence of texts is joined by spaces.

    Raises:
        InputError: For an unknown name, split or feature, or a data set that cannot be downloaded or prepared.
    """
    match = NAME.fullmatch(source)
    if not match:
        raise InputError("should read tfds:NAME[/config][:split][#feature]", source)
    builder = _prepared(match["name"], source)
    path = _feature(builder.info.features, match["feature"], source)
    lines, size = [], 0
    for row in _rows(builder, match["split"] or "train", source):
        lines.append(_line(reduce(getitem, path, row)))
        size += len(lines[-1])
        if size >= BLOCK:
            yield b"".join(lines)
            lines, size = [], 0
    yield b"".join(lines)


def _prepared(name: str, source: str) -> Any:
    import tensorflow_datasets as tfds

    tfds.disable_progress_bar()
    try:
        builder = tfds.builder(name)
    except (tfds.core.DatasetNotFoundError, ValueError, AssertionError) as error:  # the last for an unknown version
        raise InputError(
            f"no TensorFlow Dataset has this name ({_first_line(error)}); see tensorflow.org/datasets", source
        ) from None
    try:
        builder.download_and_prepare()
    except Exception as error:  # TFDS raises whatever its downloader, its checksums or its builder raise
        raise InputError(f"cannot be prepared: {type(error).__name__}: {_first_line(error)}", source) from None
    return builder


def _rows(builder: Any, split: str, source: str) -> Iterator[Any]:
    import tensorflow_datasets as tfds

    try:
        dataset = builder.as_dataset(split=split, shuffle_files=False)
    except (ValueError, KeyError, AssertionError) as error:
        splits = ", ".join(builder.info.splits)
        raise InputError(f"no split {split!r}; it has {splits} ({_first_line(error)})", source) from None
    yield from tfds.as_numpy(dataset)


def _feature(features: Any, wanted: str | None, source: str) -> tuple[str, ...]:
    """The path to the text feature among the nested features."""
    found = {"/".join(path): path for path in _texts(features)}
    if wanted is None:
        if len(found) == 1:
            return next(iter(found.values()))
        wanted = "text"
    if wanted in found:
        return found[wanted]
    if not found:
        raise InputError("the data set has no text feature; choose another", source)
    raise InputError(f"name one of its texts by #FEATURE: {', '.join(sorted(found))}", source)


def _texts(features: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths to strings, and to flat sequences of strings."""
    if hasattr(features, "items"):
        for name, feature in features.items():
            yield from _texts(feature, (*path, name))
    elif features.np_dtype == np.dtype(object) and len(features.shape) <= 1:
        yield path


def _line(value: Any) -> bytes:
    text = value if isinstance(value, bytes) else b" ".join(value)
    return text.replace(b"\r\n", b" ").replace(b"\n", b" ") + b"\n"


def _first_line(error: Exception) -> str:
    return (str(error).strip() or "no reason given").splitlines()[0]
