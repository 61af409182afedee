"""The built-in data: right captions, seen in the picture."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest
from scipy import ndimage

from apps.captioning.config import Config
from apps.captioning.data import SAMPLE_SIZES, read_examples, read_splits
from apps.captioning.images import load_picture
from apps.captioning.sample import COLOURS, RADII, Group, Scene, draw_scene, sample_captions, sample_scene

GROUP = r"(a|two|three) (?:(small|large) )?(red|green|blue|yellow) (circle|square|triangle)(s?)"
CAPTION = re.compile(rf"{GROUP}(?: (above|below|to the left of|to the right of) {GROUP})?")
NUMBER = {"a": 1, "two": 2, "three": 3}
SCENES = 150

Blob = tuple[str, float, float, int]


def blobs(picture: np.ndarray) -> list[Blob]:
    """Colour, x, y and area of each shape that can be seen in a picture, by its pixels alone."""
    palette = np.array([*COLOURS.values(), (228, 228, 228)], float)
    nearest = ((picture[..., None, :].astype(float) - palette) ** 2).sum(-1).argmin(-1)  # [height, width]
    found = []
    for index, colour in enumerate(COLOURS):
        labelled, count = ndimage.label(nearest == index)
        for label in range(1, count + 1):
            ys, xs = np.nonzero(labelled == label)
            if len(ys) > 18:
                found.append((colour, float(xs.mean()), float(ys.mean()), len(ys)))
    return found


def groups_of(caption: str) -> list[tuple[int, str, str, str]]:
    """Number, size, colour and shape of the groups that a caption speaks of."""
    found = CAPTION.fullmatch(caption)
    assert found, caption
    parts = [found.groups()[:5], found.groups()[6:]]
    for number, _, _, _, plural in filter(all_of_it, parts):
        assert (NUMBER[number] > 1) == (plural == "s"), caption
    return [(NUMBER[n], size or "", colour, shape) for n, size, colour, shape, _ in filter(all_of_it, parts)]


def all_of_it(part: tuple[str, ...]) -> bool:
    return part[0] is not None


def test_captions_are_grammatical_and_begin_with_the_smaller_group() -> None:
    for caption in sample_captions(500):
        groups = groups_of(caption)
        if len(groups) == 2:
            assert groups[0][0] <= groups[1][0]
            if groups[0][0] == groups[1][0]:
                assert " above " in caption or " left of " in caption


@pytest.mark.parametrize("index", range(SCENES))
def test_the_caption_is_what_can_be_seen(index: int) -> None:
    caption = sample_captions(index + 1)[index]
    groups = groups_of(caption)
    seen = blobs(load_picture(f"sample:{index}"))
    assert Counter(blob[0] for blob in seen) == Counter(
        colour for number, _, colour, _ in groups for _ in range(number)
    )
    if len(groups) == 2 and groups[0][2] != groups[1][2]:
        one, other = ([blob for blob in seen if blob[0] == group[2]] for group in groups)
        dx = np.mean([blob[1] for blob in one]) - np.mean([blob[1] for blob in other])
        dy = np.mean([blob[2] for blob in one]) - np.mean([blob[2] for blob in other])
        relation = CAPTION.fullmatch(caption).group(6)  # type: ignore[union-attr]
        apart = {"above": -dy, "below": dy, "to the left of": -dx, "to the right of": dx}[relation]
        assert apart > 8
        assert apart > min(abs(dx), abs(dy)), "no other relation fits better"
    for number, size, colour, shape in groups:
        of_colour = [blob for blob in seen if blob[0] == colour]
        if len(of_colour) == number:
            share = {"circle": np.pi, "square": 2.0, "triangle": 1.3}[shape]
            for blob in of_colour:
                radius = (blob[3] / share) ** 0.5
                assert RADII[size][0] - 1.1 < radius < RADII[size][1] + 1.1


def test_the_same_number_gives_the_same_picture() -> None:
    first = [load_picture(f"sample:{index}") for index in range(20)]
    assert all(
        (picture == load_picture(f"sample:{index}")).all()
        and picture.shape == (64, 64, 3)
        and picture.dtype == np.uint8
        for index, picture in enumerate(first)
    )
    assert len({picture.tobytes() for picture in first}) == 20
    assert sample_scene(7) == sample_scene.__wrapped__(7)


def test_the_same_scene_is_drawn_in_many_ways() -> None:
    scene = Scene(Group(1, "", "red", "circle"))
    assert len({draw_scene(scene, seed).tobytes() for seed in range(10)}) == 10


def test_the_first_pictures_are_as_they_were_when_the_readme_was_written() -> None:
    assert sample_captions(4) == [
        "a large red triangle below two small blue circles",
        "three small green circles",
        "a red circle",
        "a small yellow triangle above a large green circle",
    ]


def test_splits() -> None:
    splits = read_splits(Config())
    assert tuple(map(len, (splits.train, splits.dev, splits.test))) == SAMPLE_SIZES
    images = [example.image for part in (splits.train, splits.dev, splits.test) for example in part]
    assert len(set(images)) == sum(SAMPLE_SIZES)
    assert all(len(example.captions) == 1 for example in splits.train)
    assert read_examples("sample", Config()) == splits.test
    words = {word for example in splits.train for word in example.captions[0].split()}
    assert words >= {word for example in splits.test for word in example.captions[0].split()}
    new = sum(example.captions not in {one.captions for one in splits.train} for example in splits.test)
    assert new > 60, "many captions of the test are not to be learned by heart"
