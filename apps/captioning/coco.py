"""COCO captions: JSON files of pictures and annotations, and folders of pictures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from apps.core.errors import InputError
from apps.core.sources import decode, open_binary

from .examples import Caption, Example, Say, collect, note_uncaptioned, picture_folders

SPLIT_NAMES = {"train": "train", "val": "dev", "dev": "dev", "test": "test"}
"""How the files' names begin after `captions_`, and our splits."""


def find_coco_files(folder: Path) -> dict[str, Path]:
    """The files `captions_SPLIT*.json` by split, in a folder or in its folder `annotations`.

    Raises:
        InputError: When there are two for one split.
    """
    found: dict[str, Path] = {}
    for path in sorted([*folder.glob("captions_*.json"), *folder.glob("annotations/captions_*.json")]):
        split = next(
            (ours for name, ours in SPLIT_NAMES.items() if path.stem[len("captions_") :].startswith(name)), None
        )
        if split in found:
            raise InputError(f"{found[split].name} and {path.name} are both for {split}; keep one", folder)
        if split is not None:
            found[split] = path
    return found


def read_coco(path: Path, say: Say) -> list[Example]:
    """Reads one JSON file and finds its pictures.

    They may be in `train2014`, `images/train2014` or `images` (for `captions_train2014.json`), beside the file, or
    beside the folder `annotations` that it is in.

    Raises:
        InputError: For what is not JSON, or lacks what COCO's captions have.
    """
    root = path.parent.parent if path.parent.name == "annotations" else path.parent
    name = path.stem.removeprefix("captions_")
    folders = picture_folders(root, (name, f"images/{name}", "images"))
    examples = collect(read_captions(path), folders, say)
    note_uncaptioned(examples.values(), folders[:1] if folders[0].name == name else (), say)
    return list(examples.values())


def read_captions(path: Path) -> Iterator[Caption]:
    """The captions of a JSON file."""
    with open_binary(path) as file:
        try:
            content = json.loads(decode(file.read(), path))
        except ValueError as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"is not JSON, or cut short ({error}); fetch it again", path) from None
        except OSError as error:
            raise InputError(f"the file is damaged or cut short ({error}); fetch it again", path) from None
    if not isinstance(content, dict) or not all(
        isinstance(content.get(key), list) for key in ("images", "annotations")
    ):
        raise InputError("expected an object with the lists `images` and `annotations`, as COCO's captions have", path)
    names = {
        take(image, "id", (int, str), f"{path}:images[{index}]"): take(
            image, "file_name", (str,), f"{path}:images[{index}]"
        )
        for index, image in enumerate(content["images"])
    }
    for index, annotation in enumerate(content["annotations"]):
        where = f"{path}:annotations[{index}]"
        picture = take(annotation, "image_id", (int, str), where)
        if picture not in names:
            raise InputError(f"there is no picture with the id {picture!r} under `images`", where)
        yield Caption(names[picture], take(annotation, "caption", (str,), where), where)


def take(item: Any, key: str, types: tuple[type, ...], where: str) -> Any:
    """A field of a JSON object, or an error that names what is wrong."""
    if not isinstance(item, dict) or not isinstance(item.get(key), types):
        raise InputError(f"the field {key!r} is missing or of another kind", where)
    return item[key]
