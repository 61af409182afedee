"""The decoder: what flows where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.patches import FancyBboxPatch

from apps.core.plots import ACCENT, INK, SECOND, figure

from .style import PALE, WIDTH, bare


def decoder(path: Path) -> None:
    """What flows where in the two orders."""
    with figure(path, 1, 2, figsize=(WIDTH, 3.9)) as panels:
        flow(panels[0], 'order="bahdanau": attend, then step')
        flow(panels[1], 'order="luong": step, then attend')


def flow(axes: Any, title: str) -> None:
    """One order, from the inputs below to the outputs above."""
    bare(axes, title)
    axes.set(xlim=(0, 10), ylim=(0.5, 10))
    first, second = ("attend", "cell") if "bahdanau" in title else ("cell", "attend")
    box(axes, 5, 3.4, first)
    box(axes, 5, 5.9, second)
    box(axes, 5, 8.2, "tanh(W [c; h])", fill="white")
    name(axes, 5, 9.7, r"output $\tilde h_i$")
    arrow(axes, (5, 8.7), (5, 9.4))
    if first == "attend":
        name(axes, 5, 1.0, r"state $h_{i-1}$")
        name(axes, 1.0, 5.9, "input $x_i$\nstate $h_{i-1}$")
        arrow(axes, (5, 1.35), (5, 2.85), "query")
        arrow(axes, (2.3, 5.9), (3.4, 5.9))
        arrow(axes, (5, 3.95), (5, 5.35), "$c_i$")
        arrow(axes, (5, 6.45), (5, 7.65), "$h_i$")
        arrow(axes, (6.6, 3.4), (6.7, 8.2), "$c_i$", bend=0.7, shift=(1.05, 0))
        name(axes, 1.1, 3.4, "memory", box=True)
        arrow(axes, (2.2, 3.4), (3.4, 3.4))
    else:
        name(axes, 3.6, 1.0, r"state $h_{i-1}$")
        name(axes, 7.3, 1.0, r"[input $x_i$; $\tilde h_{i-1}$]")
        arrow(axes, (3.9, 1.35), (4.6, 2.85))
        arrow(axes, (6.8, 1.35), (5.5, 2.85))
        arrow(axes, (5, 3.95), (5, 5.35), "query $h_i$")
        arrow(axes, (5, 6.45), (5, 7.65), "$c_i$")
        arrow(axes, (6.6, 3.4), (6.7, 8.2), "$h_i$", bend=0.7, shift=(1.05, 0))
        name(axes, 1.1, 5.9, "memory", box=True)
        arrow(axes, (2.2, 5.9), (3.4, 5.9))


def box(axes: Any, x: float, y: float, text: str, fill: str = PALE) -> None:
    """A labelled box around a place."""
    axes.add_patch(
        FancyBboxPatch(
            (x - 1.6, y - 0.5), 3.2, 1.0, boxstyle="round,pad=0,rounding_size=0.2", fc=fill, ec=ACCENT, lw=1.4
        )
    )
    axes.text(x, y, text, ha="center", va="center", color=INK, fontsize=10)


def name(axes: Any, x: float, y: float, text: str, box: bool = False) -> None:
    """What goes in or comes out."""
    frame = {"boxstyle": "round,pad=0.4", "fc": "#fdf1e3", "ec": SECOND} if box else None
    axes.text(x, y, text, ha="center", va="center", color=INK, fontsize=10, bbox=frame)


def arrow(
    axes: Any,
    start: tuple[float, float],
    end: tuple[float, float],
    text: str = "",
    bend: float = 0.0,
    shift: tuple[float, float] = (0.2, 0),
) -> None:
    """An arrow, with a word beside it."""
    style = {"arrowstyle": "-|>", "color": INK, "lw": 1.2, "connectionstyle": f"arc3,rad={bend}"}
    axes.annotate("", end, start, arrowprops={**style, "shrinkA": 0, "shrinkB": 0})
    x, y = ((a + b) / 2 + s for a, b, s in zip(start, end, shift, strict=True))
    axes.text(x, y, text, color=INK, fontsize=9, va="center")
