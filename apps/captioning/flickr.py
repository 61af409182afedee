"""Flickr8k and Flickr30k as their files come: a token file of captions, lists of the splits' pictures, and pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from apps.core.errors import InputError
from apps.core.sources import read_lines

from .examples import Caption, Example, Say, collect, note_uncaptioned, picture_folders
from .notes import named

TOKEN_FILES = ("*8k.token.txt", "*30k.token.txt", "*.token.txt", "*.token")
FOLDERS = ("images", "Images", "Flicker8k_Dataset", "Flickr8k_Dataset", "flickr30k-images")
LISTS = {"train": "*train[Ii]mages.txt", "dev": "*dev[Ii]mages.txt", "test": "*test[Ii]mages.txt"}


def find_token_file(folder: Path) -> Path | None:
    """The token file in a folder: lines of `NAME.jpg#NUMBER<TAB>CAPTION`."""
    return next((path for pattern in TOKEN_FILES for path in sorted(folder.glob(pattern))), None)


def read_flickr(path: Path, say: Say) -> dict[str, list[Example]]:
    """Reads a token file, its pictures, and the lists of pictures beside it.

    Returns:
        Examples by split; all are `train` when there are no lists.

    Raises:
        InputError: For a line that is none of a token file, and a picture that is in two splits.
    """
    folders = picture_folders(path.parent, FOLDERS)
    captions = list(read_token_file(path))
    examples = collect(captions, folders, say)
    named_in = read_lists(path.parent)
    if not named_in:
        note_uncaptioned(examples.values(), folders, say)
        return {"train": list(examples.values())}
    if unlisted := [name for name in examples if name not in named_in]:
        say(named("picture", unlisted, "in no list of a split left out"))
    known = {caption.picture for caption in captions}
    if uncaptioned := [f"{name} ({where})" for name, (_, where) in named_in.items() if name not in known]:
        say(named("picture", uncaptioned, "without a caption left out"))
    splits: dict[str, list[Example]] = {split: [] for split, _ in named_in.values()}
    for name, (split, _) in named_in.items():
        if name in examples:
            splits[split].append(examples[name])
    return splits


def read_token_file(path: Path) -> Iterator[Caption]:
    """The captions of a token file."""
    for number, line in read_lines(path):
        where = f"{path}:{number}"
        if not line.strip():
            continue
        name, tab, text = line.partition("\t")
        picture, mark, _ = name.rpartition("#")
        if not tab or not mark or not picture:
            raise InputError("expected NAME.jpg#NUMBER, a tab and a caption", where)
        yield Caption(picture, text.strip(), where)


def read_lists(folder: Path) -> dict[str, tuple[str, str]]:
    """The split of each picture, and the place in the list that tells it."""
    found: dict[str, tuple[str, str]] = {}
    for split, pattern in LISTS.items():
        for path in sorted(folder.glob(pattern)):
            for number, line in read_lines(path):
                name, where = line.strip(), f"{path}:{number}"
                if name in found and found[name][0] != split:
                    raise InputError(
                        f"{name} is in the {found[name][0]} split as well ({found[name][1]}); take it out of one", where
                    )
                if name:
                    found[name] = (split, where)
    return found
