"""Pictures of an evaluation: what was said, and how long it was."""

from __future__ import annotations

import textwrap
from pathlib import Path

import numpy as np

from apps.core.plots import ACCENT, MUTED, SECOND, figure

from .images import load_picture, to_pixels
from .judgement import Judged
from .tokens import tokenise

COLUMNS, SIDE = 4, 160
"""Of the gallery: pictures beside each other, and their width in pixels."""


def draw(judged: Judged, folder: Path) -> None:
    """`gallery.png`, the best, middling and worst captions by CIDEr-D, and `lengths.png`."""
    folder.mkdir(parents=True, exist_ok=True)
    draw_gallery(judged, folder / "gallery.png")
    draw_lengths(judged, folder / "lengths.png")


def draw_gallery(judged: Judged, path: Path) -> None:
    """Rows of pictures with what the model says of them."""
    order = judged.cider.argsort(kind="stable")[::-1]
    middle = max((len(order) - COLUMNS) // 2, 0)
    rows = {"best": order[:COLUMNS], "middling": order[middle : middle + COLUMNS], "worst": order[-COLUMNS:]}
    with figure(path, len(rows), COLUMNS, figsize=(11, 9.5), squeeze=False) as axes:
        for line, (title, indices) in zip(axes, rows.items(), strict=True):
            for place in line:
                place.axis("off")
            for place, index in zip(line, indices, strict=False):
                place.imshow(to_pixels(load_picture(judged.examples[index].image), SIDE))
                said = textwrap.fill(judged.captions[index] or "(nothing)", 32)
                place.set_title(f"{said}\n({title}, CIDEr-D {judged.cider[index]:.2f})", fontsize=8, weight="normal")


def draw_lengths(judged: Judged, path: Path) -> None:
    """How many words captions and references have."""
    ours = [len(caption.split()) for caption in judged.captions]
    theirs = [len(tokenise(caption)) for example in judged.examples for caption in example.captions]
    bins = np.arange(max([*ours, *theirs]) + 2) - 0.5
    with figure(path, figsize=(6, 3)) as axes:
        axes.hist(theirs, bins, density=True, color=MUTED, label="people's captions")
        axes.hist(ours, bins, density=True, color=ACCENT, histtype="step", linewidth=2, label="the model's")
        axes.axvline(float(np.mean(ours)), color=SECOND, linewidth=1)
        axes.set(title="Length of captions", xlabel="words", ylabel="share")
        axes.legend()
