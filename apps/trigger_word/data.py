"""Recordings from folders, from TensorFlow Datasets and from the built-in sample, split for training and judgement."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from apps.core.errors import InputError, InputWarning
from apps.core.sources import Splits, same_source, share_of
from apps.core.tfds import read_tfds

from . import sample
from .audio import Levels, read_audio, resample
from .clips import Clip, built_in_noise, load
from .config import RATE, Config
from .layouts import Found, Kind, find

__all__ = ["Clip", "describe", "keywords_of", "load", "read_examples", "read_splits"]

TEST_SHARE = {"word": 0.2, "speech": 0.5}
DEV_SHARE = 0.1
SPLITS = ("train", "dev", "test")
NOISE_CUTS = (0.0, 0.4, 0.5, 1.0)
"""Of each recording of noise the first 40 % are for training, the next tenth for dev, the second half for test."""
SHORTEST_NOISE = 0.5
"""Seconds."""
FEWEST = 3
"""Recordings of a word, or of all other speech: one for each split."""
NEEDED = f"at least {FEWEST} are needed, to train on, to choose by and to judge by"
MOST_SPEECH = 10_000
"""Recordings of other speech that are used at most, chosen by hash, so that all fit in memory."""
SHOWN = 5


def keywords_of(clips: Iterable[Clip], config: Config) -> tuple[str, ...]:
    """The trigger words, in the order of the model's outputs: as configured, else by name."""
    return config.keywords or tuple(sorted({clip.label for clip in clips if clip.kind == "keyword"}))


def read_splits(config: Config) -> Splits[Clip]:
    """Reads the recordings that `config.data` names and splits them by a hash of their names.

    Of each word's recordings a fifth is for test and a tenth for dev, of other speech a half and a tenth; recordings
    of noise are cut into three parts.

    Raises:
        InputError: When nothing can be learned from them.
    """
    found = read_clips(config.data, config)
    speech = sum(clip.kind == "speech" for clip, _ in found)
    if speech < FEWEST:
        count = "one recording" if speech == 1 else f"{speech} recordings"
        raise InputError(f"only {count} of other speech: {NEEDED}; put some minutes of it into speech/", config.data)
    parts: dict[str, list[Clip]] = {split: [] for split in SPLITS}
    for group in groups_of(found).values():
        for split, clips in split_group(group, config.data).items():
            parts[split] += clips
    return Splits(parts["train"], parts["dev"], parts["test"])


def read_examples(source: str, config: Config) -> Sequence[Clip]:
    """The test split of the configured source or of the sample; all that another source has, if it has no test split.

    Raises:
        InputError: When the source cannot be read.
    """
    if source == "sample" or same_source(source, config.data):
        return read_splits(replace(config, data=source)).test
    found = read_clips(source, config)
    if has_test(found):
        found = [(clip, split) for clip, split in found if split == "test" or clip.kind == "noise"]
        require_words(found, source, config.keywords)
    return [clip for clip, _ in found]


Read = list[tuple[Clip, str]]
"""Clips with the splits that their source puts them into, "" for none."""


def has_test(found: Read) -> bool:
    """Whether a source names its test split."""
    return any(split == "test" for _, split in found)


def read_clips(source: str, config: Config) -> Read:
    """All usable recordings of a source."""
    if source == "sample":
        found = sample_clips()
    elif source.startswith("tfds:"):
        found = tfds_clips(source.removeprefix("tfds:"), config)
    else:
        found = usable(fewer(find(Path(source), config.keywords), source), source)
    return complete(found, source, config.keywords)


def complete(found: Read, source: str, keywords: Sequence[str]) -> Read:
    """Adds built-in noise where there is none.

    Raises:
        InputError: When there is no recording of a word, or none of anything else that is spoken.
    """
    kinds = {clip.kind for clip, _ in found}
    if "keyword" not in kinds:
        raise InputError("no usable recording of a trigger word; see the warnings above", source)
    require_words(found, source, keywords)
    if "speech" not in kinds:
        raise InputError(
            "nothing to tell the trigger word from: put recordings of other speech, some minutes of it, into speech/",
            source,
        )
    if "noise" not in kinds:
        warnings.warn(f"{source}: no recordings of noise; generated noise stands in", InputWarning, stacklevel=2)
        found = [*found, *((clip, "") for clip in built_in_noise())]
    return found


def require_words(found: Read, source: str, keywords: Sequence[str]) -> None:
    """Refuses a source without recordings of one of the words that were asked for."""
    known = {clip.label for clip, _ in found if clip.kind == "keyword"}
    if missing := [word for word in keywords if word not in known]:
        words = ", ".join(sorted(known)) or "none"
        raise InputError(f"no recordings of {missing[0]!r} here; there are some of {words}", source)


def fewer(found: Sequence[Found], source: str) -> Sequence[Found]:
    """Leaves out other speech beyond what fits in memory, and says so."""
    speech = sorted((one for one in found if one.kind == "speech"), key=lambda one: share_of(one.path.name, 1))
    left_out = set(speech[MOST_SPEECH:])
    warn_of_left_out(len(left_out), source)
    return [one for one in found if one not in left_out]


def warn_of_left_out(count: int, source: str) -> None:
    """Warns of other speech that is not used."""
    if count > 0:
        text = f"{source}: {count:,} recordings of other speech are left out; {MOST_SPEECH:,} are used at most"
        warnings.warn(text, InputWarning, stacklevel=3)


def usable(found: Iterable[Found], source: str) -> Read:
    """Clips of the files that can be read; warns of the others, with their number and the first names."""
    clips: Read = []
    skipped: list[str] = []
    clipped: list[str] = []
    for one in found:
        try:
            samples = read_audio(one.path)
        except InputError as error:
            skipped.append(str(error))
            continue
        levels = Levels.of(samples)
        if fault := unfit(levels, one.kind):
            skipped.append(f"{one.path}: {fault}")
            continue
        if levels.is_clipped:
            clipped.append(one.path.name)
        clips.append((Clip(str(one.path), one.kind, one.label, end=round(len(samples) / RATE, 4)), one.split))
    if skipped:
        warn_of_some(source, f"{len(skipped)} recordings skipped", skipped)
    if clipped:
        warn_of_some(source, f"{len(clipped)} of {len(clips)} recordings are clipped; record at a lower level", clipped)
    return clips


def unfit(levels: Levels, kind: Kind) -> str:
    """Why a recording that can be read is of no use; "" when it is."""
    if levels.is_silent:
        return "silence only; was the microphone on?"
    if kind == "noise" and levels.samples < SHORTEST_NOISE * RATE:
        return f"only {levels.samples / RATE:.2f} s of noise, which cannot be split; at least {SHORTEST_NOISE} s"
    return ""


def warn_of_some(source: str, what: str, names: Sequence[str]) -> None:
    """Warns of recordings, naming the first of them."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    warnings.warn(f"{source}: {what}: {'; '.join(names[:SHOWN])}{more}", InputWarning, stacklevel=3)


# Splits


def groups_of(found: Read) -> dict[tuple[str, str], Read]:
    """Clips that are split among themselves: of one kind and word; other words with too few of their own together."""
    groups: dict[tuple[str, str], Read] = {}
    for clip, split in found:
        groups.setdefault((clip.kind, clip.label), []).append((clip, split))
    few: Read = []
    for (kind, label), group in list(groups.items()):
        if kind == "speech" and len(group) < FEWEST and not all(split for _, split in group):
            few += groups.pop((kind, label))
    return groups | ({("few", ""): few} if few else {})


def split_group(group: Read, source: str) -> dict[str, list[Clip]]:
    """Splits the recordings of one kind and word: as their source does, else by hash, or noise in time."""
    first = group[0][0]
    if all(split for _, split in group):
        return as_listed(group, source)
    if first.kind == "noise":
        pieces = [cut(clip) for clip, _ in group]
        return {split: [piece[index] for piece in pieces] for index, split in enumerate(SPLITS)}
    if first.kind == "keyword" and len(group) < FEWEST:
        count = "one recording" if len(group) == 1 else f"{len(group)} recordings"
        raise InputError(f"only {count} of {first.label!r}: {NEEDED}; record fifty or more, of several people", source)
    return by_hash([clip for clip, _ in group], TEST_SHARE["word" if first.label else "speech"])


def as_listed(group: Read, source: str) -> dict[str, list[Clip]]:
    """Splits the recordings of one kind and word as their source does."""
    parts = {split: [clip for clip, listed in group if listed == split] for split in SPLITS}
    empty = [split for split in SPLITS if not parts[split]]
    if empty and group[0][0].kind == "keyword":
        raise InputError(f"its {empty[0]} split has no recording of {group[0][0].label!r}; choose another word", source)
    return parts


def by_hash(clips: Sequence[Clip], test_share: float) -> dict[str, list[Clip]]:
    """Splits by a hash of the file's name, the same on every machine, and at least one clip into each if there are 3.

    Recordings of one speaker, whom Speech Commands names before `_nohash_`, stay together.
    """
    shares = {clip: share_of(Path(clip.path).name.split("_nohash_")[0], 0) for clip in clips}
    ordered = sorted(clips, key=lambda clip: (shares[clip], clip.path))
    least = int(len(clips) >= FEWEST)
    test = max(sum(shares[clip] < test_share for clip in clips), least)
    dev = max(sum(test_share <= shares[clip] < test_share + DEV_SHARE for clip in clips), least)
    test = min(test, len(clips) - 1 - least)  # one is for training, whatever the hash says
    dev = min(dev, len(clips) - 1 - test)
    return {"test": ordered[:test], "dev": ordered[test : test + dev], "train": ordered[test + dev :]}


def cut(clip: Clip) -> tuple[Clip, Clip, Clip]:
    """The parts of a recording of noise for training, dev and test."""
    assert clip.end is not None
    places = [round(clip.start + share * (clip.end - clip.start), 4) for share in NOISE_CUTS]
    train, dev, test = (replace(clip, start=places[index], end=places[index + 1]) for index in range(3))
    return train, dev, test


# Sources other than folders


def sample_clips() -> Read:
    """The built-in sample: one chime as the trigger word, other chimes and babble as other speech, and noise."""
    kinds: dict[str, Kind] = {sample.KEYWORD: "keyword", "noise": "noise"}
    return [
        (clip_of_sample(path, kinds.get(name, "speech"), name if name in sample.CHIMES else ""), "")
        for name in sample.COUNTS
        for path in sample.names(name)
    ]


def clip_of_sample(path: str, kind: Kind, label: str) -> Clip:
    """A clip of the sample; of noise with its end, because that is cut into parts."""
    return Clip(path, kind, label, end=sample.NOISE_SECONDS if kind == "noise" else None)


def tfds_clips(name: str, config: Config) -> Read:
    """Recordings of one word each from TensorFlow Datasets, in Speech Commands' features."""
    if not config.keywords:
        raise InputError("which words trigger? Name them, such as `--keywords yes no`", f"tfds:{name}")
    splits = read_tfds(name, lambda features, rows, where: list(convert_tfds(features, rows, where, config)))
    return [(clip, split) for split, clips in splits.items() for clip in clips]


def convert_tfds(features: Any, rows: Iterable[dict[str, Any]], where: str, config: Config) -> Iterator[Clip]:
    """Clips from a split of a data set with `audio` and `label`; of other words as many as fit in memory."""
    names = getattr(features["label"], "names", None) if "label" in features else None
    if "audio" not in features or not names:
        raise InputError("needs the features `audio` and `label`, as speech_commands has them", where)
    if missing := [word for word in config.keywords if word not in names]:
        raise InputError(f"no recordings of {missing[0]!r} here; there are {', '.join(names)}", where)
    rate, others = getattr(features["audio"], "sample_rate", None) or RATE, 0
    for number, row in enumerate(rows, start=1):
        clip = tfds_clip(row["audio"], rate, names[row["label"]], f"{where}:{number}", config)
        others += clip.kind == "speech"
        if clip.kind != "speech" or others <= MOST_SPEECH:
            yield clip
    warn_of_left_out(others - MOST_SPEECH, where)


def tfds_clip(audio: np.ndarray, rate: int, label: str, where: str, config: Config) -> Clip:
    """One row of Speech Commands; `_silence_` is noise, `_unknown_` no word in particular."""
    kind: Kind = "keyword" if label in config.keywords else "noise" if label == "_silence_" else "speech"
    samples = audio.astype(np.int16)
    if rate != RATE:
        samples = np.clip(resample(samples.astype(np.float32), rate), -32768, 32767).astype(np.int16)
    word = "" if label.startswith("_") else label
    return Clip(where, kind, word, end=len(samples) / RATE, samples=samples)


def describe(splits: Splits[Clip], keywords: Sequence[str]) -> list[str]:
    """What there is to learn from, a line a split."""
    return [f"{split}: {describe_clips(getattr(splits, split), keywords)}" for split in SPLITS]


def describe_clips(clips: Sequence[Clip], keywords: Sequence[str]) -> str:
    """How many recordings there are of each word, of other words, of speech and of noise."""
    words = [f"{sum(clip.label == word for clip in clips)} of {word!r}" for word in keywords]
    others = sum(clip.kind == "speech" and bool(clip.label) for clip in clips)
    speech = sum(clip.kind == "speech" and not clip.label for clip in clips)
    noises = sum(clip.kind == "noise" for clip in clips)
    return ", ".join([*words, f"{others} of other words", f"{speech} of other speech", f"{noises} of noise"])
