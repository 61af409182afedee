"""Pictures of how a tagger was judged: F1 by type, and which types are taken for which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from apps.core.plots import ACCENT, INK, MUTED, SECOND, figure

from .evaluation import Judged, Score, by_type
from .spans import Span

NOTHING = "none"
MOST_TYPES = 30
"""In a picture; the most frequent ones."""
Spans = Sequence[Sequence[Span]]


def draw(judged: Judged, folder: Path) -> None:
    """`types.png` and `confusion.png`."""
    frequent = [kind for kind, _ in count(judged.gold).most_common(MOST_TYPES)]
    if frequent:
        draw_types(by_type(judged), frequent, folder / "types.png")
        draw_confusion(
            confusion(judged.gold, judged.found, sorted(frequent)), sorted(frequent), folder / "confusion.png"
        )


def count(spans: Spans) -> Counter[str]:
    """How many entities there are of each type."""
    return Counter(span.type for sentence in spans for span in sentence)


def confusion(gold: Spans, found: Spans, kinds: Sequence[str]) -> np.ndarray:
    """How many entities of each type (rows) were found as which (columns), the last row and column being none.

    A true entity meets the found one with the same tokens, or else the first one that overlaps it.
    """
    table = np.zeros((len(kinds) + 1, len(kinds) + 1), int)
    place = {kind: index for index, kind in enumerate(kinds)}
    for true, ours in zip(gold, found, strict=True):
        left = {(span.start, span.end): span for span in ours}
        for span in sorted(true, key=lambda span: (span.start, span.end) not in left):
            met = left.get((span.start, span.end)) or next((s for s in left.values() if s.overlaps(span)), None)
            if met:
                del left[met.start, met.end]
            table[place.get(span.type, -1), place.get(met.type, -1) if met else -1] += 1
        for span in left.values():
            table[-1, place.get(span.type, -1)] += 1
    table[-1, -1] = 0
    return table


def draw_types(scores: Mapping[str, Score], kinds: Sequence[str], path: Path) -> None:
    """Bars of F1, with the number of true entities behind each type."""
    with figure(path, figsize=(6, 0.35 * len(kinds) + 1.1)) as axes:
        places = np.arange(len(kinds))
        axes.barh(places, [scores[kind].f1 for kind in kinds], color=ACCENT, height=0.65)
        for y, kind in zip(places, kinds, strict=True):
            axes.text(scores[kind].f1 + 0.01, y, f"{scores[kind].f1:.3f}", va="center", fontsize=8, color=INK)
        axes.set_yticks(places, [f"{kind} ({scores[kind].gold:,})" for kind in kinds], parse_math=False)
        axes.set(title="F1 by type (true entities)", xlim=(0, 1.12))
        axes.invert_yaxis()


def draw_confusion(table: np.ndarray, kinds: Sequence[str], path: Path) -> None:
    """Counts, shaded by their share of the row; what is off the diagonal is in another colour."""
    names = [*kinds, NOTHING]
    shares = table / np.maximum(table.sum(1, keepdims=True), 1)
    size = 0.55 * len(names) + 1.8
    with figure(path, figsize=(size, size)) as axes:
        for (row, column), number in np.ndenumerate(table):
            shade = ACCENT if row == column else SECOND
            axes.add_patch(_square(column, row, shade, 0.85 * float(shares[row, column])))
            if number:
                axes.text(column, row, f"{number:,}", ha="center", va="center", fontsize=8, color=INK)
        places = np.arange(len(names))
        axes.set_xticks(places, names, rotation=45, ha="right", parse_math=False)
        axes.set_yticks(places, names, parse_math=False)
        axes.set(title="Entities: true by found", xlabel="found as", ylabel="true", aspect="equal")
        axes.set(xlim=(-0.5, len(names) - 0.5), ylim=(len(names) - 0.5, -0.5))
        axes.spines[:].set_color(MUTED)


def _square(x: int, y: int, colour: str, strength: float) -> object:
    from matplotlib.patches import Rectangle

    return Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=colour, alpha=strength, edgecolor="none")
