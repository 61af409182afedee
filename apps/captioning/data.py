"""Captioned pictures from the built-in sample, folders, files and TFDS."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from apps.core.errors import InputError
from apps.core.sources import Splits, bare_suffix, hold_out, same_source

from . import coco, flickr, tables
from .examples import Example, Say
from .notes import show
from .sample import sample_captions
from .tokens import tokenise

if TYPE_CHECKING:
    from .config import Config

__all__ = ["Example", "read_examples", "read_splits", "tokenise"]

SAMPLE_SIZES = (10_000, 300, 300)
"""Training, dev and test pictures of the built-in sample."""


def read_splits(config: Config, say: Say = show) -> Splits[Example]:
    """Reads the examples that `config.data` names, and holds out what splits they lack.

    Args:
        config: Names the data.
        say: Told what is left out: empty captions, missing pictures, pictures without a caption.

    Raises:
        InputError: For data that cannot be read or learned from.
    """
    if config.data == "sample":
        return sample_splits()
    found = read_found(config.data, config, say)
    if "train" not in found:
        raise InputError("there is nothing to train on here; expected a train split", config.data)
    splits = hold_out(
        found["train"], found.get("dev"), found.get("test"), lambda example: Path(example.image).name, config.seed
    )
    for name in ("train", "dev", "test"):
        if not getattr(splits, name):
            raise InputError(f"too few pictures: none is left for {name}; add some", config.data)
    return splits


def read_examples(source: str, config: Config, say: Say = show) -> Sequence[Example]:
    """The test split of a source (its dev split where it has no test), or all of a single file."""
    if source == "sample":
        return sample_splits().test
    if same_source(source, config.data):
        return read_splits(config, say).test
    found = read_found(source, config, say)
    return found.get("test") or found.get("dev") or found["train"]


def sample_splits() -> Splits[Example]:
    """The built-in sample; no two of its pictures are alike."""
    examples = [
        Example(f"sample:{index}", (caption,), f"sample:{index}")
        for index, caption in enumerate(sample_captions(sum(SAMPLE_SIZES)))
    ]
    train, dev, _ = SAMPLE_SIZES
    return Splits(examples[:train], examples[train : train + dev], examples[train + dev :])


def read_found(source: str, config: Config, say: Say) -> dict[str, list[Example]]:
    """The splits that a source has."""
    if source.startswith("tfds:"):
        from .features import cache_folder
        from .tfds import read_captioned

        return read_captioned(source.removeprefix("tfds:"), cache_folder(config) / "tfds", say)
    path = Path(source)
    if path.is_dir():
        return read_folder(path, say)
    if not path.exists():
        raise InputError("no such file; `--data` takes `sample`, a file or folder, or tfds:NAME", path)
    if bare_suffix(path) == ".json":
        return {"train": coco.read_coco(path, say)}
    if path.name.endswith((".token", ".token.txt")):
        return flickr.read_flickr(path, say)
    if bare_suffix(path) in tables.SUFFIXES:
        return tables.read_tables({"train": path}, say)
    raise InputError("unknown ending; known are .json (COCO), .token.txt (Flickr8k), .csv and .tsv", path)


def read_folder(path: Path, say: Say) -> dict[str, list[Example]]:
    """The splits in a folder, in whichever of the known forms it is."""
    if token_file := flickr.find_token_file(path):
        return flickr.read_flickr(token_file, say)
    if files := coco.find_coco_files(path):
        return {split: coco.read_coco(file, say) for split, file in files.items()}
    return tables.read_tables(tables.find_tables(path), say)
