"""Texts with their entities coloured by type and shaded by how probable they are: a page or a picture."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from pathlib import Path

from apps.core.errors import InputError
from apps.core.run import write_text

from .prediction import Entity, Prediction, as_html, colour, pieces

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Entities</title>
<style>
 body {{ font: 16px/1.9 system-ui, sans-serif; color: #1f2933; max-width: 50rem; margin: 2rem auto; padding: 0 1rem }}
 article {{ border-top: 1px solid #d5dbe1; padding: .4rem 0 }}
 table {{ font-size: .85rem; border-spacing: 1rem 0; color: #52606d; line-height: 1.5 }} td {{ text-align: left }}
</style>
<h1>Entities</h1>
<p>The number is the probability of exactly this entity, from its first to its last token and of this type, over all
that the sentence might hold; the paler the colour, the smaller it is.</p>
{articles}
</html>
"""
LINE_WIDTH = 108
"""Characters to a line of the picture."""
MOST_ROWS = 1500
"""Lines of a picture; matplotlib draws none higher than 65,535 dots."""
Piece = tuple[str, Entity | None]


def write_html(answers: Sequence[Prediction], path: Path) -> None:
    """One page for all, in a single file."""
    write_text(path, PAGE.format(articles="\n".join(map(article, answers))))


def article(answer: Prediction) -> str:
    """A text and the list of its entities."""
    rows = "".join(
        f"<tr><td>{entity.confidence:.3f}<td>{html.escape(entity.type)}<td>{entity.start}–{entity.end}"
        f"<td>{html.escape(entity.text)}"
        for entity in answer.entities
    )
    return f"<article>{as_html(answer)}<table>{rows}</table></article>"


def write_png(answers: Sequence[Prediction], path: Path) -> None:
    """The same as a picture, the numbers behind the entities."""
    from apps.core.plots import INK, figure, fonts

    lines = [line for answer in answers for line in [*wrap(answer), []]]
    if len(lines) > MOST_ROWS:
        raise InputError("too many texts or words for one picture; explain fewer, or write .html", path)
    with figure(path, figsize=(10, 0.3 * len(lines) + 0.2)) as axes:
        axes.set(xlim=(0, LINE_WIDTH + 2), ylim=(len(lines) + 0.3, -0.3))
        axes.axis("off")
        options = {"fontsize": 10, "color": INK, "family": fonts("DejaVu Sans Mono"), "va": "center"}
        for y, line in enumerate(lines):
            x = 1.0
            for word, entity in line:
                box = None if entity is None else {"facecolor": colour(entity.type), "edgecolor": "none", "alpha": 0.8}
                axes.text(
                    x, y + 0.5, word, bbox=box and {**box, "boxstyle": "square,pad=0.2"}, parse_math=False, **options
                )
                x += width(word) + 1


def wrap(answer: Prediction) -> list[list[Piece]]:
    """Words and entities laid out in lines."""
    lines: list[list[Piece]] = [[]]
    used = 0
    for piece in words(answer):
        if used + width(piece[0]) > LINE_WIDTH and lines[-1]:
            lines.append([])
            used = 0
        lines[-1].append(piece)
        used += width(piece[0]) + 1
    return lines


def words(answer: Prediction) -> Iterator[Piece]:
    """The words between entities, and each entity with its type and number."""
    for part, entity in pieces(answer.text, answer.entities):
        if entity is None:
            yield from ((word[start : start + 50], None) for word in part.split() for start in range(0, len(word), 50))
        else:
            yield f"{' '.join(part.split())[:80]} {entity.type} {entity.confidence:.2f}", entity


def width(word: str) -> int:
    """A word's width in letters; Chinese and Japanese characters are as wide as two."""
    return sum(2 if ord(letter) > 0x2E80 else 1 for letter in word)
