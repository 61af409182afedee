"""TensorFlow Datasets as a source: `tfds:NAME`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from .errors import InputError

E = TypeVar("E")
SPLITS = (("train", "train"), ("validation", "dev"), ("dev", "dev"), ("test", "test"))
"""A split's names there, and ours."""
Convert = Callable[[Any, Iterable[dict[str, Any]], str], list[E]]


def read_tfds(name: str, convert: Convert[E]) -> dict[str, list[E]]:
    """Prepares a TensorFlow Datasets builder and converts its splits.

    Args:
        name: A builder's name as TensorFlow Datasets spells it, such as `imdb_reviews` or `glue/sst2`.
        convert: Called as `convert(features, rows, where)` for a split; returns its examples, none if the split
            has no targets.

    Returns:
        Examples by split, of those among train, dev and test that have any.

    Raises:
        InputError: For an unknown name, or a data set that cannot be downloaded or prepared.
    """
    import tensorflow_datasets as tfds

    tfds.disable_progress_bar()
    try:
        builder = tfds.builder(name)
    except (tfds.core.DatasetNotFoundError, ValueError, AssertionError) as error:  # the last for an unknown version
        raise InputError(
            f"no TensorFlow Dataset has this name ({first_line(error)}); see tensorflow.org/datasets", f"tfds:{name}"
        ) from None
    try:
        builder.download_and_prepare()
    except Exception as error:  # TFDS raises whatever its downloader, its checksums or its builder raise
        raise InputError(f"cannot be prepared: {type(error).__name__}: {first_line(error)}", f"tfds:{name}") from None
    found: dict[str, list[E]] = {}
    for split, wanted in SPLITS:
        if split in builder.info.splits and wanted not in found:
            rows = tfds.as_numpy(builder.as_dataset(split=split, shuffle_files=False))
            examples = convert(builder.info.features, rows, f"tfds:{name}/{split}")
            if examples:
                found[wanted] = examples
    if "train" not in found:
        raise InputError("the data set has no labelled train split; choose another", f"tfds:{name}")
    return found


def first_line(error: Exception) -> str:
    """The first line of an error's message, which may have none."""
    return (str(error).strip() or "no reason given").splitlines()[0]
