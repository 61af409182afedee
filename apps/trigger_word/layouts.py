"""Where in a folder the recordings of trigger words, of other speech and of noise are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from apps.core.errors import InputError

from .audio import ENDINGS

Kind = Literal["keyword", "speech", "noise"]
KEYWORD_FOLDERS = ("wake_words", "keywords")
SPEECH_FOLDERS = ("speech", "other")
NOISE_FOLDERS = ("noise", "_background_noise_")
LISTS = {"testing_list.txt": "test", "validation_list.txt": "dev"}
"""Speech Commands names the files of these splits; all others are for training."""


@dataclass(frozen=True)
class Found:
    """A sound file in a folder of data.

    Args:
        path: Where it is.
        kind: What it is for.
        label: The word spoken, if it is a recording of one word.
        split: The split that the data put it into; "" when they leave it open.
    """

    path: Path
    kind: Kind
    label: str = ""
    split: str = ""


def find(folder: Path, keywords: Sequence[str]) -> list[Found]:
    """Lists a folder's recordings, sorted by path.

    Known are `wake_words/WORD/` (or `keywords/WORD/`) beside `speech/` and `noise/`; the same with the words' folders
    beside those two; and Speech Commands: a folder a word, `_background_noise_` and lists of the splits' files.

    Args:
        folder: The folder.
        keywords: The words that trigger. Other words are other speech; none named means all of them, where words
            have a place apart.

    Raises:
        InputError: When there is no such folder, no word in it, or none of those named.
    """
    if not folder.is_dir():
        known = "`--data` takes `sample`, a folder, or tfds:speech_commands"
        raise InputError(f"{'is a file, not a folder' if folder.exists() else 'no such folder'}; {known}", folder)
    words = word_folders(folder)
    if not words:
        raise InputError("no folder of recordings of a word here; put them into wake_words/WORD/", folder)
    if missing := [word for word in keywords if word not in words]:
        raise InputError(f"no recordings of {missing[0]!r} here; there are {', '.join(sorted(words))}", folder)
    if not keywords and all(name not in below(folder) for name in (*KEYWORD_FOLDERS, *SPEECH_FOLDERS)):
        raise InputError(
            f"which words trigger? Name them, such as `--keywords {min(words)}`; the others are other speech", folder
        )
    splits = listed_splits(folder)
    found = []
    for word, path in words.items():
        kind: Kind = "keyword" if not keywords or word in keywords else "speech"
        found += [Found(file, kind, word, splits.get(file, "train" if splits else "")) for file in sounds(path)]
    for kind, names in (("speech", SPEECH_FOLDERS), ("noise", NOISE_FOLDERS)):
        found += [Found(file, kind) for name in names for file in sounds(folder / name)]
    return sorted(found, key=lambda one: one.path)


def below(folder: Path) -> dict[str, Path]:
    """The folders in a folder, by name, but for hidden ones."""
    return {path.name: path for path in sorted(folder.iterdir()) if path.is_dir() and not path.name.startswith(".")}


def word_folders(folder: Path) -> dict[str, Path]:
    """The folders that hold recordings of one word each, by word."""
    places = below(folder)
    apart = [places[name] for name in KEYWORD_FOLDERS if name in places]
    if apart:
        words = {word: path for place in apart for word, path in below(place).items()}
    else:
        words = {word: path for word, path in places.items() if word not in (*SPEECH_FOLDERS, *NOISE_FOLDERS)}
    return {word: path for word, path in words.items() if any(sounds(path))}


def sounds(folder: Path) -> Iterator[Path]:
    """The sound files anywhere below a folder."""
    return (path for path in sorted(folder.rglob("*")) if path.suffix.lower() in ENDINGS and path.is_file())


def listed_splits(folder: Path) -> dict[Path, str]:
    """The splits of the files that Speech Commands' lists name; none unless both lists are there."""
    if not all((folder / name).is_file() for name in LISTS):
        return {}
    return {
        folder / line.strip(): split
        for name, split in LISTS.items()
        for line in (folder / name).read_text("utf-8", errors="replace").splitlines()
    }
