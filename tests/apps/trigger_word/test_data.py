"""Every layout of recordings, their splits, and every way in which there can be too little."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from apps.core.errors import InputError
from apps.core.sources import Splits
from apps.trigger_word import data
from apps.trigger_word.config import RATE, Config
from apps.trigger_word.data import Clip, describe, keywords_of, load, read_examples, read_splits

from .recordings import DATA, silence, told, tone, write, write_folder, write_words


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two words, other speech and noise. Tests leave it as it is."""
    return write_folder(tmp_path_factory.mktemp("data"), {"chime": 20, "falling": 10}, speech=8, noise=2)


def config(folder: Path, **options: object) -> Config:
    return Config(data=str(folder), **options)  # type: ignore[arg-type]


def everything(splits: Splits[Clip]) -> list[Clip]:
    return [*splits.train, *splits.dev, *splits.test]


def count(clips: object) -> Counter[tuple[str, str]]:
    return Counter((clip.kind, clip.label) for clip in clips)  # type: ignore[attr-defined]


def error_of(folder: Path, **options: object) -> str:
    with pytest.raises(InputError) as caught, told():
        read_splits(config(folder, **options))
    assert str(caught.value).startswith(f"{folder}: ")
    return str(caught.value).removeprefix(f"{folder}: ")


def test_every_word_triggers_unless_some_are_named(folder: Path) -> None:
    splits = read_splits(config(folder))
    assert count(everything(splits))["keyword", "chime"] == 20
    assert count(everything(splits))["keyword", "falling"] == 10
    assert keywords_of(splits.train, config(folder)) == ("chime", "falling")
    named = read_splits(config(folder, keywords=("falling",)))
    assert count(everything(named))["keyword", "falling"] == 10
    assert count(everything(named))["speech", "chime"] == 20
    both = config(folder, keywords=("falling", "chime"))
    assert keywords_of(read_splits(both).train, both) == ("falling", "chime"), "in the order given"


def test_no_recording_is_in_two_splits(folder: Path) -> None:
    splits = read_splits(config(folder))
    clips = everything(splits)
    assert len(set(clips)) == len(clips) == 30 + 8 + 3 * 2
    for split in (splits.train, splits.dev, splits.test):
        assert {clip.kind for clip in split} == {"keyword", "speech", "noise"}
    assert 2 <= count(splits.test)["keyword", "chime"] <= 8
    assert 2 <= count(splits.test)["speech", ""] <= 6


def test_parts_of_a_noise_follow_each_other(folder: Path) -> None:
    splits = read_splits(config(folder))
    for path in {clip.path for clip in splits.train if clip.kind == "noise"}:
        parts = [next(clip for clip in split if clip.path == path) for split in (splits.train, splits.dev, splits.test)]
        assert [(part.start, part.end) for part in parts] == [(0.0, 1.2), (1.2, 1.5), (1.5, 3.0)]
        assert [len(load(part)) for part in parts] == [19_200, 4_800, 24_000]


def test_splits_stay_when_recordings_are_added_or_moved(folder: Path, tmp_path: Path) -> None:
    before = read_splits(config(folder))
    shutil.copytree(folder, tmp_path / "data")
    write_words(tmp_path / "data" / "wake_words" / "turning", "turning", 5)
    write(tmp_path / "data/wake_words/chime/more.wav", tone(1))
    after = read_splits(config(tmp_path / "data"))
    for split in ("train", "dev", "test"):
        names = {Path(clip.path).name for clip in getattr(before, split)}
        assert names <= {Path(clip.path).name for clip in getattr(after, split)}
    assert before.fingerprint() == read_splits(config(folder, seed=9)).fingerprint()


def test_a_handful_of_recordings_is_enough(tmp_path: Path) -> None:
    splits = read_splits(config(write_folder(tmp_path, {"chime": 3}, speech=3)))
    assert [count(split)["keyword", "chime"] for split in (splits.train, splits.dev, splits.test)] == [1, 1, 1]
    assert [count(split)["speech", ""] for split in (splits.train, splits.dev, splits.test)] == [1, 1, 1]


@pytest.mark.parametrize("speech", [3, 4, 5])
def test_other_speech_is_left_to_train_on_whatever_its_names(
    speech: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data, "share_of", lambda name, seed: 0.0)  # all of it for test
    splits = read_splits(config(write_folder(tmp_path, {"chime": 3}, speech=speech)))
    assert [count(split)["speech", ""] for split in (splits.train, splits.dev, splits.test)] == [1, 1, speech - 2]


def test_other_words_of_few_recordings_are_split_together(tmp_path: Path) -> None:
    root = write_folder(tmp_path, {"chime": 4, "falling": 1, "turning": 2, "begun": 1}, speech=0)
    splits = read_splits(config(root, keywords=("chime",)))
    found = [sum(clip.kind == "speech" for clip in split) for split in (splits.train, splits.dev, splits.test)]
    assert min(found) >= 1
    assert sum(found) == 4


@pytest.mark.parametrize(("speech", "what"), [(1, "only one recording of"), (2, "only 2 recordings of")])
def test_too_little_other_speech(speech: int, what: str, tmp_path: Path) -> None:
    message = error_of(write_folder(tmp_path, {"chime": 4}, speech=speech))
    assert message.startswith(f"{what} other speech: at least 3 are needed")


def test_words_beside_speech_and_noise(folder: Path, tmp_path: Path) -> None:
    for word in ("chime", "falling"):
        shutil.copytree(folder / "wake_words" / word, tmp_path / word)
    for kind in ("speech", "noise"):
        shutil.copytree(folder / kind, tmp_path / kind)
    assert count(everything(read_splits(config(tmp_path)))) == count(everything(read_splits(config(folder))))


def test_speech_commands(tmp_path: Path) -> None:
    for word, number in (("yes", 6), ("no", 4), ("cat", 4)):
        for index in range(number):
            write(tmp_path / word / f"{index // 2:08x}_nohash_{index % 2}.wav", tone(1.0, frequency=300 + 9 * index))
    write(tmp_path / "_background_noise_" / "tap.wav", tone(10, frequency=90))
    assert error_of(tmp_path).startswith("which words trigger? Name them, such as `--keywords cat`")
    unlisted = read_splits(config(tmp_path, keywords=("yes",)))
    assert count(everything(unlisted))["keyword", "yes"] == 6
    (tmp_path / "testing_list.txt").write_text("yes/00000000_nohash_0.wav\nno/00000001_nohash_1.wav\n")
    (tmp_path / "validation_list.txt").write_text("yes/00000001_nohash_0.wav\ncat/00000000_nohash_0.wav\n")
    splits = read_splits(config(tmp_path, keywords=("yes",)))
    assert count(splits.test) == {("keyword", "yes"): 1, ("speech", "no"): 1, ("noise", ""): 1}
    assert count(splits.dev) == {("keyword", "yes"): 1, ("speech", "cat"): 1, ("noise", ""): 1}
    assert count(splits.train) == {
        ("keyword", "yes"): 4, ("speech", "no"): 3, ("speech", "cat"): 3, ("noise", ""): 1,
    }  # fmt: skip
    assert count(read_examples(str(tmp_path), Config(keywords=("yes",)))) == count(splits.test)
    assert "its dev split has no recording of 'no'" in error_of(tmp_path, keywords=("no",))


def test_speakers_stay_together(tmp_path: Path) -> None:
    write_folder(tmp_path, {}, speech=4)
    for index in range(40):
        write(tmp_path / "wake_words" / "yes" / f"{index // 2:08x}_nohash_{index % 2}.wav", tone(0.5))
    splits = read_splits(config(tmp_path))
    speakers = [
        {Path(clip.path).name[:8] for clip in split if clip.label} for split in (splits.train, splits.dev, splits.test)
    ]
    assert sum(len(names) for names in speakers) == len(set.union(*speakers)) == 20


def test_a_trained_model_is_judged_on_all_of_another_folder(folder: Path) -> None:
    own = read_examples(str(folder), config(folder))
    assert count(own) == count(read_splits(config(folder)).test)
    other = read_examples(str(folder), Config(keywords=("chime",)))
    assert count(other) == {
        ("keyword", "chime"): 20, ("speech", "falling"): 10, ("speech", ""): 8, ("noise", ""): 2,
    }  # fmt: skip
    with pytest.raises(InputError, match="no recordings of 'computer' here; there are chime, falling"):
        read_examples(str(folder), Config(keywords=("computer",)))


def test_another_spelling_of_the_same_folder_is_judged_on_its_test_split(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = read_splits(config(folder)).test
    for other in (f"{folder}/", f"{folder}/noise/..", f"{folder.parent}/./{folder.name}"):
        assert count(read_examples(other, config(folder))) == count(test)
    monkeypatch.chdir(folder.parent)
    assert count(read_examples(folder.name, config(folder))) == count(test)


def test_the_sample_has_not_every_word() -> None:
    with pytest.raises(InputError, match="sample: no recordings of 'computer' here; there are some of chime"):
        read_examples("sample", Config(data="recordings", keywords=("computer",)))


def test_the_sample_needs_no_files() -> None:
    splits = read_splits(Config())
    assert keywords_of(splits.train, Config()) == ("chime",)
    assert 70 < count(splits.train)["keyword", "chime"] < 100
    assert count(splits.test)["speech", "falling"] > 2
    assert read_examples("sample", Config()) == splits.test
    assert describe(splits, ("chime",))[0].startswith(f"train: {count(splits.train)['keyword', 'chime']} of 'chime', ")
    assert [len(load(clip)) for clip in splits.dev if clip.kind == "noise"] == [4 * RATE] * 6


# What cannot be used


def test_bad_recordings_are_skipped_counted_and_named(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "data")
    words = tmp_path / "data" / "wake_words" / "chime"
    (words / "empty.wav").touch()
    (words / "damaged.flac").write_bytes(b"fLaC" + bytes(99))
    write(words / "short.wav", tone(0.01))
    write(words / "silent.wav", silence(0.5))
    write(words / "nan.wav", np.full(RATE, np.nan, np.float32), subtype="FLOAT")
    write(words / "loud.wav", np.clip(9 * tone(0.5), -1, 1))
    write(tmp_path / "data" / "noise" / "moment.wav", tone(0.2))
    with told() as texts:
        splits = read_splits(config(tmp_path / "data"))
    assert count(everything(splits))["keyword", "chime"] == 21, "the clipped one can be used"
    skipped, clipped = texts
    assert skipped.startswith(f"{tmp_path / 'data'}: 6 recordings skipped: ")
    for what in ("moment.wav: only 0.20 s of noise", "empty.wav: the file is empty", "damaged.flac: not readable as"):
        assert what in skipped
    assert skipped.endswith(" and 1 more")
    assert clipped.endswith(": 1 of 41 recordings are clipped; record at a lower level: loud.wav"), clipped


def test_other_speech_that_does_not_fit_is_left_out_and_counted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "MOST_SPEECH", 5)
    with told() as texts:
        splits = read_splits(config(folder))
    assert count(everything(splits))["speech", ""] == 5
    assert texts == [f"{folder}: 3 recordings of other speech are left out; 5 are used at most"]


@pytest.mark.parametrize(("number", "what"), [(1, "only one recording of 'chime'"), (2, "only 2 recordings of")])
def test_too_few_recordings(number: int, what: str, tmp_path: Path) -> None:
    message = error_of(write_folder(tmp_path, {"chime": number}))
    assert message.startswith(what)
    assert "at least 3 are needed" in message


def test_nothing_to_tell_the_word_from(tmp_path: Path) -> None:
    message = error_of(write_folder(tmp_path, {"chime": 5}, speech=0))
    assert message.startswith("nothing to tell the trigger word from: put recordings of other speech")


def test_without_noise_generated_noise_stands_in(tmp_path: Path) -> None:
    with told() as texts:
        splits = read_splits(config(write_folder(tmp_path, {"chime": 5}, noise=0)))
    assert texts == [f"{tmp_path}: no recordings of noise; generated noise stands in"]
    for split in (splits.train, splits.dev, splits.test):
        noises = [load(clip) for clip in split if clip.kind == "noise"]
        assert len(noises) == 3
        assert all(0.05 < noise.std() < 0.2 for noise in noises)


def spoil(word: Path) -> None:
    for path in word.iterdir():
        path.write_bytes(b"")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (shutil.rmtree, "no such folder; `--data` takes `sample`, a folder"),
        (lambda root: shutil.rmtree(root / "wake_words"), "no folder of recordings of a word here"),
        (lambda root: spoil(root / "wake_words" / "chime"), "no usable recording of a trigger word"),
    ],
)
def test_folders_without_words(change: Callable[[Path], None], what: str, tmp_path: Path) -> None:
    root = write_folder(tmp_path / "data", {"chime": 3}, speech=1)
    change(root)
    assert error_of(root).startswith(what)


def test_a_file_instead_of_a_folder(tmp_path: Path) -> None:
    assert error_of(write(tmp_path / "a.wav", tone(1))).startswith("is a file, not a folder; `--data` takes")


def test_a_word_that_is_not_there(folder: Path) -> None:
    assert error_of(folder, keywords=("computer",)) == "no recordings of 'computer' here; there are chime, falling"


@pytest.mark.realdata
@pytest.mark.skipif(not DATA.exists(), reason="no ../shared/data/trigger_word")
def test_the_real_recordings() -> None:
    with told() as texts:
        splits = read_splits(config(DATA, keywords=("computer",)))
    assert count(everything(splits))["keyword", "computer"] == 411
    assert 70 <= count(splits.test)["keyword", "computer"] <= 95
    assert 90 <= count(splits.test)["speech", ""] <= 115
    assert len(texts) == 1
    assert " of 1324 recordings are clipped" in texts[0]
