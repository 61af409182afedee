"""The built-in data: drawn scenes of one to three coloured shapes, each with the one caption that is right.

A scene is a group of equal shapes, or two groups of which one lies above, below or beside the other. Which group the
caption begins with can be seen: that of fewer shapes, of equally many the upper or left one.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

SIZE = 64
"""Width and height of a picture."""
COLOURS = {"red": (214, 45, 40), "green": (40, 150, 60), "blue": (40, 80, 205), "yellow": (235, 200, 40)}
SHAPES = ("circle", "square", "triangle")
RADII = {"small": (4.6, 5.6), "": (7.8, 8.8), "large": (11.5, 13.0)}
NUMBERS = ("", "a", "two", "three")
RELATIONS = {"above": "below", "to the left of": "to the right of"}
"""What one group is to the other, and the other to the one."""
ONE_GROUP = 0.35
"""Share of scenes of a single group."""
SEED = 0
SMOOTHING = 4
"""Pictures are drawn so many times as large and made smaller, for smooth edges."""


@dataclass(frozen=True)
class Group:
    """Equal shapes."""

    number: int
    size: str
    colour: str
    shape: str

    def __str__(self) -> str:
        plural = "s" if self.number > 1 else ""
        return " ".join(filter(None, (NUMBERS[self.number], self.size, self.colour, self.shape + plural)))


@dataclass(frozen=True)
class Scene:
    """A group, or two: the first lies above the second, or to its left."""

    first: Group
    second: Group | None = None
    relation: str = ""

    @property
    def caption(self) -> str:
        """What is right to say of it.

        Example:
            >>> Scene(Group(2, "small", "blue", "square"), Group(1, "", "red", "circle"), "above").caption
            'a red circle below two small blue squares'
        """
        if self.second is None:
            return str(self.first)
        if self.second.number < self.first.number:
            return f"{self.second} {RELATIONS[self.relation]} {self.first}"
        return f"{self.first} {self.relation} {self.second}"


def sample_captions(size: int) -> list[str]:
    """The captions of the first `size` scenes."""
    return [scene.caption for scene in sample_scenes(size)]


def draw_sample(index: int) -> np.ndarray:
    """The picture of one scene, `[64, 64, 3]`, uint8."""
    return draw_scene(sample_scene(index), index)


def sample_scenes(size: int) -> list[Scene]:
    """The first `size` scenes."""
    return [sample_scene(index) for index in range(size)]


@lru_cache(maxsize=16_384)
def sample_scene(index: int) -> Scene:
    """One scene; the same number gives the same scene."""
    draw = random.Random(f"{SEED} scene {index}")
    if draw.random() < ONE_GROUP:
        return Scene(draw_group(draw, draw.randint(1, 3)))
    first, second = draw.choice(((1, 1), (1, 2), (2, 1)))
    one, other = draw_group(draw, first), draw_group(draw, second)
    while (one.size, one.colour, one.shape) == (other.size, other.colour, other.shape):
        other = draw_group(draw, second)
    return Scene(one, other, draw.choice(list(RELATIONS)))


def draw_group(draw: random.Random, number: int) -> Group:
    """A group of `number` shapes; only a single one is large."""
    sizes = list(RADII) if number == 1 else ["small", ""]
    return Group(number, draw.choice(sizes), draw.choice(list(COLOURS)), draw.choice(SHAPES))


# Drawing


def draw_scene(scene: Scene, seed: int) -> np.ndarray:
    """Draws a scene; places, sizes, angles, colours and the background vary with the seed.

    Returns:
        `[64, 64, 3]`, uint8.
    """
    from PIL import Image, ImageDraw

    draw = random.Random(f"{SEED} picture {seed}")
    grey = draw.randint(205, 250)
    background = tuple(grey + draw.randint(-8, 5) for _ in range(3))
    image = Image.new("RGB", (SIZE * SMOOTHING,) * 2, background)
    canvas = ImageDraw.Draw(image)
    is_row = scene.relation == "above" or (not scene.relation and draw.random() < 0.5)
    for group, (along, across) in zip((scene.first, scene.second), spans(scene, draw), strict=False):
        assert group is not None
        for x, y, radius in places(group, along, across, is_row, draw):
            colour = tuple(min(255, max(0, value + draw.randint(-20, 20))) for value in COLOURS[group.colour])
            outline = corners(group.shape, x, y, radius, draw.uniform(-0.12, 0.12))
            canvas.polygon([(SMOOTHING * a, SMOOTHING * b) for a, b in outline], fill=colour)
    pixels = np.asarray(image.resize((SIZE, SIZE), Image.Resampling.BOX), np.float32)
    noise = np.random.default_rng([SEED, seed]).normal(0.0, 5.0, pixels.shape)
    return np.clip(np.round(pixels + noise), 0, 255).astype(np.uint8)


Span = tuple[float, float]


def spans(scene: Scene, draw: random.Random) -> list[tuple[Span, Span]]:
    """Where each group lies: from and to along the line on which groups follow each other, and across it."""
    if scene.second is None:
        return [((0, SIZE), (0, SIZE))]
    groups = (scene.first, scene.second)
    needed = [2 * RADII[group.size][1] + 2 for group in groups]
    cut = draw.uniform(max(needed[0], 22), SIZE - max(needed[1], 22))
    # A single shape stays near the middle of the other group, so that it is not beside and above it at once.
    has_pair = scene.first.number + scene.second.number > 2
    middle = draw.uniform(28, 36) if has_pair else draw.uniform(18, 46)
    across = [
        (0.0, float(SIZE)) if group.number > 1 else (max(0, middle - half), min(SIZE, middle + half))
        for group, half in zip(groups, [size / 2 + 4 for size in needed], strict=True)
    ]
    return [((0, cut), across[0]), ((cut, SIZE), across[1])]


def places(
    group: Group, along: Span, across: Span, is_row: bool, draw: random.Random
) -> list[tuple[float, float, float]]:
    """The centre and radius of each shape of a group, which lie side by side across.

    Args:
        group: The shapes.
        along: From and to, in pixels: y of a row, x of a column.
        across: The other.
        is_row: Whether across is from left to right.
        draw: Draws the places.
    """
    start, end = across
    share = (end - start) / group.number
    found = []
    for index in range(group.number):
        radius = draw.uniform(*RADII[group.size])
        margin = radius + 1
        place = draw.uniform(start + index * share + margin, start + (index + 1) * share - margin)
        depth = draw.uniform(along[0] + margin, along[1] - margin)
        found.append((place, depth, radius) if is_row else (depth, place, radius))
    return found


def corners(shape: str, x: float, y: float, radius: float, turn: float) -> list[tuple[float, float]]:
    """The outline of a shape around (x, y), turned a little."""
    sides = {"circle": 48, "square": 4, "triangle": 3}[shape]
    start = turn + (math.pi / 4 if shape == "square" else -math.pi / 2)
    angles = [start + 2 * math.pi * side / sides for side in range(sides)]
    return [(x + radius * math.cos(angle), y + radius * math.sin(angle)) for angle in angles]
