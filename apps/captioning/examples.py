"""A picture with its captions, and how captions and picture files are brought together."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from apps.core.errors import InputError

from .images import ENDINGS
from .notes import named
from .tokens import tokenise

Say = Callable[[str], None]
"""Is told what is left out, a line each."""
SIDES = frozenset(("left", "right"))


@dataclass(frozen=True)
class Example:
    """One picture with all its captions; `where` tells the place they were read from.

    Args:
        image: The picture's path, or `sample:17` for a drawn one.
        captions: As they were written.
    """

    image: str
    captions: tuple[str, ...]
    where: str = field(default="", repr=False)


@dataclass(frozen=True)
class Caption:
    """A caption as a file has it: the name of its picture, its text, and its place."""

    picture: str
    text: str
    where: str


def collect(captions: Iterable[Caption], folders: Sequence[Path], say: Say) -> dict[str, Example]:
    """Brings captions together by their picture, and finds the pictures' files.

    Args:
        captions: In any order.
        folders: Where pictures may be, the likeliest first.
        say: Told, with numbers and names, of empty captions and of captions whose picture is missing.

    Returns:
        Examples by the name that the captions' file gives the picture, in its order.

    Raises:
        InputError: When nothing is left.
    """
    texts: dict[str, list[str]] = {}
    places: dict[str, str] = {}
    empty = []
    where = ""
    for caption in captions:
        where = where or caption.where
        if tokenise(caption.text):
            texts.setdefault(caption.picture, []).append(caption.text)
            places.setdefault(caption.picture, caption.where)
        else:
            empty.append(caption.where)
    if empty:
        say(named("empty caption", empty, "left out"))
    if not texts:
        raise InputError("no caption here has any words", where or folders[0])
    found, missing = find_files(list(texts), folders)
    if not found:
        raise InputError(
            f"none of its {len(texts):,} pictures is there, {missing[next(iter(missing))]}; looked in "
            + ", ".join(map(str, folders)),
            where,
        )
    if missing:
        say(named("picture", list(missing.values()), "missing, captions left out"))
    return {name: Example(str(found[name]), tuple(texts[name]), places[name]) for name in texts if name in found}


def find_files(names: Sequence[str], folders: Sequence[Path]) -> tuple[dict[str, Path], dict[str, str]]:
    """The files of pictures: by their name, or by their name with another ending where only one file can be meant.

    Args:
        names: Of pictures, relative to one of the folders.
        folders: The likeliest first.

    Returns:
        Paths by name, and what is wrong with the names that have none.
    """
    files = list_pictures(folders)
    found = {}
    for name in names:
        path = files.get(name) or next((f / name for f in folders if os.sep in name and (f / name).is_file()), None)
        if path is not None:
            found[name] = path
    taken = set(found.values())
    by_stem: dict[str, list[Path]] = {}
    for file, path in files.items():
        by_stem.setdefault(os.path.splitext(file)[0], []).append(path)
    others: dict[str, list[str]] = {}
    for name in names:
        if name not in found:
            others.setdefault(os.path.splitext(name)[0], []).append(name)
    missing = {}
    for stem, alike in others.items():
        candidates = by_stem.get(stem, [])
        if len(candidates) == 1 and len(alike) == 1 and candidates[0] not in taken:
            found[alike[0]] = candidates[0]
            continue
        for name in alike:
            there = ", ".join(sorted(path.name for path in candidates))
            missing[name] = f"{name} ({f'which is meant of {there}?' if there else 'no such file'})"
    return found, missing


def list_pictures(folders: Iterable[Path]) -> dict[str, Path]:
    """The files of pictures in some folders by their name; of equal names that in the first folder."""
    files: dict[str, Path] = {}
    for folder in folders:
        if folder.is_dir():
            for entry in os.scandir(folder):
                if entry.name.lower().endswith(ENDINGS):
                    files.setdefault(entry.name, folder / entry.name)
    return files


def note_uncaptioned(examples: Iterable[Example], folders: Iterable[Path], say: Say) -> None:
    """Tells of the pictures in some folders that have no caption."""
    used = {example.image for example in examples}
    unused = sorted(str(path) for path in list_pictures(folders).values() if str(path) not in used)
    if unused:
        say(named("picture", unused, "without a caption left out"))


def picture_folders(root: Path, names: Iterable[str]) -> list[Path]:
    """The folders below `root` with one of these names that are there, `root` itself last."""
    return [*(root / name for name in names if (root / name).is_dir()), root]


def says_sides(example: Example) -> bool:
    """Whether a caption says left or right, so that it would be wrong of the mirrored picture."""
    return any(SIDES.intersection(tokenise(caption)) for caption in example.captions)
