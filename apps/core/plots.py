"""Pictures that every task shares, and the style of all."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib import font_manager

INK, MUTED, ACCENT, SECOND = "#1f2933", "#9aa5b1", "#2563a8", "#d9822b"
STYLE: dict[str, Any] = {
    "figure.dpi": 130,
    "figure.constrained_layout.use": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
}
# Fonts with Chinese and Japanese characters, which the one that comes with matplotlib lacks; used where there are any.
IDEOGRAPHIC_FONTS = {
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Droid Sans Fallback",
}


def fonts(first: str = "DejaVu Sans") -> list[str]:
    """A font family and those to fall back on for characters that it lacks."""
    return [first, *sorted(IDEOGRAPHIC_FONTS & set(font_manager.get_font_names()))]


@contextmanager
def figure(path: Path, *panels: Any, **options: Any) -> Iterator[Any]:
    """Gives the axes of a new figure in the house style and keeps it as PNG at the end.

    Args:
        path: Where to.
        *panels: As for `matplotlib.pyplot.subplots`: rows, columns.
        **options: The same.
    """
    from .run import replacing

    style: Any = STYLE | {"font.family": fonts()}
    with plt.rc_context(style):
        drawn, axes = plt.subplots(*panels, **options)
        try:
            yield axes
            with replacing(path) as partial, warnings.catch_warnings():
                warnings.filterwarnings("ignore", "Glyph", UserWarning)  # what no font here has is drawn as a box
                drawn.savefig(partial, format="png")
        finally:
            plt.close(drawn)


def learning_curves(history: Sequence[Mapping[str, float]], metric: str, path: Path) -> None:
    """The training loss and the dev metric by epoch, the chosen epoch marked."""
    epochs = [row["epoch"] for row in history]
    scores = [row["dev_" + metric] for row in history]
    best = max(range(len(scores)), key=scores.__getitem__)
    with figure(path, 1, 2, figsize=(8, 3)) as (left, right):
        left.plot(epochs, [row["loss"] for row in history], color=ACCENT, marker="o", markersize=3)
        left.set(title="Training loss", xlabel="epoch", ylim=(0, None))
        right.plot(epochs, scores, color=ACCENT, marker="o", markersize=3)
        right.plot(epochs[best], scores[best], "o", color=SECOND)
        right.annotate(
            f"kept: {scores[best]:.4f}",
            (epochs[best], scores[best]),
            (0, -14),
            textcoords="offset points",
            color=SECOND,
            ha="center",
        )
        right.set(title=f"Dev {metric}", xlabel="epoch")
        right.margins(y=0.25)
        for axes in (left, right):
            axes.xaxis.get_major_locator().set_params(integer=True)
