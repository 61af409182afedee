"""Every way in which captioned pictures come, and every way in which they can be wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from apps.captioning.config import Config
from apps.captioning.data import Example, read_examples, read_splits
from apps.core.errors import InputError
from apps.core.sources import Splits

from .making import noise, save, write, write_flickr


def read(path: Path, **options: Any) -> tuple[Splits[Example], list[str]]:
    notes: list[str] = []
    return read_splits(Config(data=str(path), **options), notes.append), notes


def everything(path: Path) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    """The captions of all pictures of a single file, by the picture's path below the file's folder."""
    notes: list[str] = []
    root = path if path.is_dir() else path.parent
    found = read_examples(str(path), Config(), notes.append)
    return {Path(one.image).relative_to(root).as_posix(): one.captions for one in found}, notes


def error_of(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# Flickr8k


@pytest.mark.parametrize("ending", [".jpg", ".webp"])
def test_flickr8k(ending: str, tmp_path: Path) -> None:
    splits, notes = read(write_flickr(tmp_path, ending=ending))
    assert notes == []
    assert [len(part) for part in (splits.train, splits.dev, splits.test)] == [26, 2, 2]
    assert splits.dev[1] == Example(
        str(tmp_path / "images" / f"1_a{ending}"),
        ("A dog number 1 runs 0 .", "A dog number 1 runs 1 ."),
        f"{tmp_path / 'Flickr8k.token.txt'}:3",
    )
    assert read(tmp_path / "Flickr8k.token.txt")[0] == splits
    assert read_examples(str(tmp_path), Config()) == splits.test


def test_without_lists_a_tenth_is_held_out(tmp_path: Path) -> None:
    write_flickr(tmp_path, pictures=100)
    for path in tmp_path.glob("*Images.txt"):
        path.unlink()
    splits, _ = read(tmp_path)
    assert 1 < len(splits.dev) < 20
    assert len(splits.train) + len(splits.dev) + len(splits.test) == 100
    assert read(tmp_path)[0] == splits
    assert read(tmp_path, seed=2)[0] != splits


def test_pictures_and_captions_without_the_other(tmp_path: Path) -> None:
    folder = write_flickr(tmp_path)
    for index in (10, 11, 12, 13):
        (folder / "images" / f"{index}_a.jpg").unlink()
    save(folder / "images" / "more.jpg")
    with (folder / "Flickr8k.token.txt").open("a") as file:
        file.write("20_a.jpg#2\t . \n21_a.jpg#2\t\nunlisted.jpg#0\tA cat .\n")
    save(folder / "images" / "unlisted.jpg")
    with (folder / "Flickr_8k.trainImages.txt").open("a") as file:
        file.write("more.jpg\n\n")
    splits, notes = read(folder)
    token, train = folder / "Flickr8k.token.txt", folder / "Flickr_8k.trainImages.txt"
    assert notes == [
        f"2 empty captions left out: {token}:61; {token}:62",
        "4 pictures missing, captions left out: 10_a.jpg (no such file); 11_a.jpg (no such file); "
        "12_a.jpg (no such file); and 1 more",
        "1 picture in no list of a split left out: unlisted.jpg",
        f"1 picture without a caption left out: more.jpg ({train}:27)",
    ]
    assert len(splits.train) == 22
    assert all(len(example.captions) == 2 for example in splits.train)


def test_a_picture_with_only_empty_captions_has_none(tmp_path: Path) -> None:
    write(tmp_path / "a.token.txt", "".join(f"{n}.png#0\t{'A dog' if n else '...'}\n" for n in range(40)))
    for index in range(40):
        save(tmp_path / f"{index}.png", noise(2, 2))
    _, notes = read(tmp_path)
    assert notes == [
        f"1 empty caption left out: {tmp_path / 'a.token.txt'}:1",
        f"1 picture without a caption left out: {tmp_path / '0.png'}",
    ]


def test_names_that_differ_only_in_their_ending(tmp_path: Path) -> None:
    for name in ("a.jpg", "a.png", "b.png", "b.webp", "c.webp", "d.JPG", "e.png"):
        save(tmp_path / "images" / name, noise(2, 2))
    names = ["a.jpg", "a.png", "b.jpg", "c.jpg", "c.png", "d.jpg", "e.jpg", "e.png"]
    write(tmp_path / "x.token.txt", "".join(f"{name}#0\tThis is {name[0]} {name[2:]}\n" for name in names))
    found, notes = everything(tmp_path)
    assert found == {
        "images/a.jpg": ("This is a jpg",),
        "images/a.png": ("This is a png",),
        "images/d.JPG": ("This is d jpg",),
        "images/e.png": ("This is e png",),
    }
    assert notes[0] == (
        "4 pictures missing, captions left out: b.jpg (which is meant of b.png, b.webp?); "
        "c.jpg (which is meant of c.webp?); c.png (which is meant of c.webp?); and 1 more"
    )


def test_errors_of_flickr8k(tmp_path: Path) -> None:
    folder = write_flickr(tmp_path)
    token = folder / "Flickr8k.token.txt"
    good = token.read_text()
    for line in ("no tab here", "name.jpg\tno number", "#0\tno name"):
        token.write_text(good + line + "\n")
        assert error_of(folder) == f"{token}:61: expected NAME.jpg#NUMBER, a tab and a caption"
    token.write_bytes(good.encode() + b"0_a.jpg#2\t\xff\n")
    assert error_of(folder).startswith(f"{token}:61: byte 11 is not UTF-8")
    token.write_text("")
    assert "no caption here has any words" in error_of(folder)
    token.write_text(good)
    write(folder / "Flickr_8k.devImages.txt", "0_a.jpg\n9_a.jpg\n")
    assert error_of(folder) == (
        f"{folder}/Flickr_8k.devImages.txt:2: 9_a.jpg is in the train split as well "
        f"({folder}/Flickr_8k.trainImages.txt:6); take it out of one"
    )
    for path in (folder / "images").iterdir():
        path.unlink()
    assert "none of its 30 pictures is there, 0_a.jpg (no such file); looked in" in error_of(folder)


# COCO


def coco(names: list[str], captions: list[tuple[int, str]]) -> dict[str, Any]:
    return {
        "info": {},
        "images": [{"id": index, "file_name": name} for index, name in enumerate(names)],
        "annotations": [{"id": 7, "image_id": image, "caption": caption} for image, caption in captions],
    }


def write_coco(folder: Path, split: str, pictures: int, place: str) -> Path:
    names = [f"COCO_{split}_{index:04}.jpg" for index in range(pictures)]
    captions = [(index, f"Dog {index} says {number}.") for number in range(2) for index in range(pictures)]
    for name in names:
        save(folder / place / name, noise(2, 2))
    return write(folder / "annotations" / f"captions_{split}.json", json.dumps(coco(names, captions)))


@pytest.mark.parametrize("place", ["{}", "images/{}", "images", "."])
def test_coco(place: str, tmp_path: Path) -> None:
    for split, pictures in (("train2014", 50), ("val2014", 5)):
        path = write_coco(tmp_path, split, pictures, place.format(split))
    write(tmp_path / "annotations" / "instances_val2014.json", "{}")
    splits, notes = read(tmp_path)
    assert notes == []
    assert len(splits.dev) == 5
    assert len(splits.train) + len(splits.test) == 50
    assert splits.dev[2].captions == ("Dog 2 says 0.", "Dog 2 says 1.")
    assert splits.dev[2].where == f"{path}:annotations[2]"
    assert read_examples(str(path), Config()) == splits.dev, "a file by itself"
    assert read_examples(str(tmp_path / "annotations"), Config())


def test_coco_pictures_and_captions_without_the_other(tmp_path: Path) -> None:
    path = write_coco(tmp_path, "val2017", 4, "val2017")
    (tmp_path / "val2017" / "COCO_val2017_0000.jpg").unlink()
    save(tmp_path / "val2017" / "more.jpg")
    path.write_text(path.read_text().replace("Dog 1 says 0.", ""))
    found, notes = everything(path.rename(tmp_path / "captions_val2017.json"))
    assert found == {
        "val2017/COCO_val2017_0001.jpg": ("Dog 1 says 1.",),
        "val2017/COCO_val2017_0002.jpg": ("Dog 2 says 0.", "Dog 2 says 1."),
        "val2017/COCO_val2017_0003.jpg": ("Dog 3 says 0.", "Dog 3 says 1."),
    }
    assert notes == [
        f"1 empty caption left out: {tmp_path}/captions_val2017.json:annotations[1]",
        "1 picture missing, captions left out: COCO_val2017_0000.jpg (no such file)",
        f"1 picture without a caption left out: {tmp_path}/val2017/more.jpg",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is not JSON, or cut short"),
        ("[]", "expected an object with the lists `images` and `annotations`"),
        ({"images": []}, "expected an object with the lists"),
        ({"images": [{"id": 1}], "annotations": []}, ":images[0]: the field 'file_name' is missing or of another kind"),
        ({"images": [], "annotations": [{}]}, ":annotations[0]: the field 'image_id' is missing"),
        (coco(["a.jpg"], [(0, "a"), (5, "b")]), ":annotations[1]: there is no picture with the id 5"),
        (
            {"images": [{"id": 1, "file_name": "a"}], "annotations": [{"image_id": 1, "caption": 3}]},
            "'caption' is missing",
        ),
        (coco([], []), "no caption here has any words"),
    ],
)
def test_errors_of_coco(content: Any, message: str, tmp_path: Path) -> None:
    path = write(tmp_path / "captions_train.json", content if isinstance(content, str) else json.dumps(content))
    assert message in error_of(path)
    assert message in error_of(tmp_path)


def test_two_files_for_a_split(tmp_path: Path) -> None:
    for year in (2014, 2017):
        write_coco(tmp_path, f"train{year}", 2, "images")
    assert "captions_train2014.json and captions_train2017.json are both for train; keep one" in error_of(tmp_path)


# Tables


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("captions.csv", 'image,caption\na.png,A dog\nb.png,"""Big"" cat,\nasleep"\na.png,The dog\n'),
        ("captions.txt", 'image,caption\na.png,A dog\nb.png,"""Big"" cat,\nasleep"\na.png,The dog\n'),
        (
            "x.csv",
            '\ufeffNumber;File_Name;Text\r\n1;a.png;A dog\r\n\r\n2;b.png;"""Big"" cat,\nasleep"\r\n3;a.png;The dog',
        ),
        ("x.csv", 'image_name| number| comment\na.png| 0| A dog\nb.png|1| "Big" cat, asleep\na.png| 0| The dog\n'),
        ("x.csv", 'image,caption\na.png,A dog,\nb.png,"""Big"" cat, asleep",,\na.png,The dog\n'),
        ("x.tsv", 'caption\timage\nA dog\ta.png\n"Big" cat, asleep\tb.png\nThe dog\ta.png\n'),
    ],
)
def test_tables(name: str, text: str, tmp_path: Path) -> None:
    for picture in ("a.png", "b.png", "c.png"):
        save(tmp_path / "images" / picture, noise(2, 2))
    path = write(tmp_path / name, text)
    found, notes = everything(path)
    assert {key: [" ".join(one.split()) for one in value] for key, value in found.items()} == {
        "images/a.png": ["A dog", "The dog"],
        "images/b.png": ['"Big" cat, asleep'],
    }
    assert notes == [f"1 picture without a caption left out: {tmp_path}/images/c.png"]
    assert everything(tmp_path)[0] == found


def test_tables_of_splits_and_pictures_in_folders_of_their_own(tmp_path: Path) -> None:
    for split in ("train", "valid", "test"):
        rows = "".join(f"{split}/{index}.png,A dog {index}\n" for index in range(30))
        write(tmp_path / f"{split}.csv", "image,caption\n" + rows)
        for index in range(30):
            save(tmp_path / split / f"{index}.png", noise(2, 2))
    splits, notes = read(tmp_path)
    assert notes == []
    assert [len(part) for part in (splits.train, splits.dev, splits.test)] == [30, 30, 30]
    assert splits.test[3].image == str(tmp_path / "test/3.png")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ":1: no column of the picture: looked for one of image, "),
        ("image,words\n", ":1: no column of the caption: looked for one of caption, captions, text, "),
        ("image,caption\na.png\n", ":2: 1 cells where the header has 2"),
        (
            "image,caption\na.png,a dog\na.png,a dog, a cat and 1\n",
            ":3: 3 cells where the header has 2; quote the caption",
        ),
        ("image|caption\na.png|a | b\n", ":2: 3 cells where the header has 2; take '|' out of the caption"),
        ("image,caption\n\n,A dog\n", ":3: the row names no picture"),
        ('image,caption\na.png,"A dog\n', ":2: cannot be read as a table (unexpected end of data)"),
        ("image,caption\na.png,\n", ":2: no caption here has any words"),
        ("image,caption\nz.png,A dog\n", ":2: none of its 1 pictures is there, z.png (no such file); looked in"),
    ],
)
def test_errors_of_tables(text: str, message: str, tmp_path: Path) -> None:
    save(tmp_path / "a.png")
    path = write(tmp_path / "captions.csv", text)
    assert error_of(path).startswith(f"{path}{message}")


# What is none of these


def test_other_sources(tmp_path: Path) -> None:
    assert error_of(tmp_path / "none").endswith("no such file; `--data` takes `sample`, a file or folder, or tfds:NAME")
    assert "no captions here; expected Flickr8k.token.txt, captions_*.json, or a CSV file" in error_of(tmp_path)
    assert "unknown ending; known are .json (COCO)" in error_of(write(tmp_path / "a.xml", ""))
    write(tmp_path / "a.csv", "")
    write(tmp_path / "b.csv", "")
    assert "no train, dev or test file here" in error_of(tmp_path)


def test_too_few_pictures(tmp_path: Path) -> None:
    write(tmp_path / "captions.csv", "image,caption\na.png,A dog\n")
    save(tmp_path / "a.png")
    assert "too few pictures: none is left for" in error_of(tmp_path)
