"""Where the model looked: each picture once a word of its caption, with the attention over it."""

from __future__ import annotations

import base64
import html
import io
import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from apps.core.errors import InputError
from apps.core.run import write_text

from .answers import Answer, Picture
from .captioner import caption

if TYPE_CHECKING:
    from .task import CaptioningTask

COLUMNS = 6
"""Pictures beside each other."""
LINE = 115
"""Letters in a line of a drawing."""
MOST_INCHES = 480
"""Height of a drawing; matplotlib draws none higher than 65,535 dots."""
SIDE = 160
"""Width of a picture on a page, in pixels."""
DIMMED = 0.25
"""Share of its light that is left to a place without any attention."""


@dataclass(frozen=True)
class Explanation:
    """A picture, its caption, and where the model looked at each word.

    Args:
        answer: The caption.
        picture: Its pixels `[size, size, 3]`; None for one that cannot be read.
        words: The caption's words.
        attention: Over a square of places, `[words, side, side]`; None for a model without attention.
    """

    answer: Answer
    picture: np.ndarray | None
    words: Sequence[str]
    attention: np.ndarray | None

    @property
    def title(self) -> str:
        """The caption, or why there is none."""
        answer = self.answer
        return f"cannot be read: {answer.error}" if answer.error else answer.caption or "(nothing)"

    def panels(self) -> list[tuple[str, np.ndarray]]:
        """The picture as it is, and once a word with its attention: titles and pixels `[SIDE, SIDE, 3]`."""
        if self.picture is None:
            return []
        plain = resized(self.picture)
        if self.attention is None:
            return [("", plain)]
        return [("", plain), *zip(self.words, (shade(plain, one) for one in self.attention), strict=True)]


def explain(task: CaptioningTask, model: Any, pictures: Sequence[Picture]) -> list[Explanation]:
    """The captions of pictures and their attention.

    Raises:
        InputError: When there is no picture.
    """
    if not pictures:
        raise InputError("there is nothing to explain; give some pictures", "predict --explain")
    explanations = []
    for picture, found in zip(pictures, caption(task, model, pictures), strict=True):
        answer = task.answer(picture, found)
        attention = None if found is None else as_squares(found.attention)
        explanations.append(Explanation(answer, picture.pixels, answer.caption.split(), attention))
    return explanations


def as_squares(attention: np.ndarray) -> np.ndarray | None:
    """Attention `[words, places]` as `[words, side, side]`; None where there are no places."""
    side = math.isqrt(attention.shape[1])
    return attention.reshape(-1, side, side) if side else None


def resized(pixels: np.ndarray) -> np.ndarray:
    """A picture as wide as it is shown, `[SIDE, SIDE, 3]`."""
    from .images import to_pixels

    return to_pixels(pixels, SIDE)


def shade(pixels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """A picture in the light of its attention: the likeliest place is as it is, others are darker.

    Args:
        pixels: `[SIDE, SIDE, 3]`, uint8.
        weights: `[side, side]`.
    """
    from PIL import Image

    relative = (weights / max(float(weights.max()), 1e-9)).astype(np.float32)
    light = Image.fromarray(relative).resize(pixels.shape[1::-1], Image.Resampling.BICUBIC)
    share = DIMMED + (1 - DIMMED) * np.clip(np.asarray(light), 0, 1)  # [SIDE, SIDE]
    return (pixels * share[..., None]).astype(np.uint8)


PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Where the model looked</title>
<style>
 body {{ font: 16px/1.6 system-ui, sans-serif; color: #1f2933; max-width: 64rem; margin: 2rem auto; padding: 0 1rem }}
 article {{ border-top: 1px solid #d5dbe1; padding: .8rem 0 1.2rem }}
 h2 {{ font-size: 1.1rem; margin: .3rem 0 }}
 small {{ color: #52606d; font-weight: 400 }}
 figure {{ display: inline-block; margin: .3rem .3rem 0 0; text-align: center }}
 img {{ display: block; border-radius: .25em }}
</style>
<h1>Where the model looked</h1>
<p>The brighter a part of the picture, the more of what the model saw for that word came from there.</p>
{articles}
</html>
"""


def write_html(explanations: Sequence[Explanation], path: Path) -> None:
    """One page for all, in a single file."""
    articles = []
    for one in explanations:
        parts = [f"<h2>{html.escape(one.title)} <small>{html.escape(one.answer.image)}</small></h2>"]
        for word, pixels in one.panels():
            image = f'<img width="{SIDE}" height="{SIDE}" alt="" src="data:image/jpeg;base64,{as_jpeg(pixels)}">'
            parts.append(f"<figure>{image}<figcaption>{html.escape(word) or '&nbsp;'}</figcaption></figure>")
        articles.append("<article>" + "\n".join(parts) + "</article>")
    write_text(path, PAGE.format(articles="\n".join(articles)))


def as_jpeg(pixels: np.ndarray) -> str:
    """A picture as a JPEG file, in base 64."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=85)
    return base64.b64encode(file.getvalue()).decode()


def write_png(explanations: Sequence[Explanation], path: Path) -> None:
    """The same as one picture.

    Raises:
        InputError: When there is too much for one.
    """
    from apps.core.plots import figure

    rows = [row for one in explanations for row in rows_of(one)]
    heights = [row.height for row in rows]
    if sum(heights) > MOST_INCHES:
        raise InputError("too many pictures for one drawing; explain fewer, or write .html", path)
    size = {"figsize": (1.6 * COLUMNS, sum(heights)), "height_ratios": heights}
    with figure(path, len(rows), COLUMNS, squeeze=False, **size) as axes:
        for line, row in zip(axes, rows, strict=True):
            for place in line:
                place.axis("off")
            # Left out of the layout, in which a text would have to fit into the first column.
            line[0].text(0, 0, row.text, fontsize=9, parse_math=False).set_in_layout(False)
            for place, (word, pixels) in zip(line, row.panels, strict=False):
                place.imshow(pixels)
                place.set_title(word, fontsize=10, parse_math=False)


@dataclass(frozen=True)
class Row:
    """A row of a drawing: text, or panels beside each other; its height in inches."""

    height: float
    text: str = ""
    panels: Sequence[tuple[str, np.ndarray]] = ()


def rows_of(one: Explanation) -> list[Row]:
    """An explanation as rows: its title with the picture's name, then its panels."""
    text = [*textwrap.wrap(one.title, LINE), *textwrap.wrap(one.answer.image, LINE)]
    panels = one.panels()
    drawn = [Row(1.8, panels=panels[start : start + COLUMNS]) for start in range(0, len(panels), COLUMNS)]
    return [Row(0.2 + 0.17 * len(text), "\n".join(text)), *drawn]
