"""Pictures of an audit: professions along the direction, the most biased words, what the pairs have in common."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError
from ..pictures.plot import drawable
from ..pictures.projection import project
from ..pictures.style import MARKERS, MUTED, STYLE, choose_fonts, look, no_word_of_missing_glyphs
from .audit import Audit, FileAudit
from .report import labels, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

A_SIDE = 12
"""Professions drawn of either side."""
COMPONENTS = 10
ACROSS = 3
"""Panels beside each other."""
DPI = 150


def professions(audit: Audit) -> Figure | None:
    """The professions that lean most to either side in the original, and where they lie in each file.

    None when no professions were measured in the original.
    """
    original = audit.files[0].direct
    if original is None:
        return None
    projections = original.projections
    shown = projections if len(projections) <= 2 * A_SIDE else (*projections[:A_SIDE], *projections[-A_SIDE:])
    chosen = [word for word, _ in shown]
    with _styled([*chosen, *audit.sets.groups]):
        axes = _figure(7, 1.2 + 0.23 * len(chosen)).add_subplot()
        _dots(axes, audit.files, chosen)
        axes.axvline(0, color=MUTED, linewidth=0.8, zorder=0)
        axes.grid(axis="y", color="#eef1f4", linewidth=0.8)
        axes.set_axisbelow(True)
        axes.set_yticks(range(len(chosen)), [drawable(word) for word in chosen])
        axes.invert_yaxis()
        for text in axes.get_yticklabels():
            text.set_parse_math(False)
        first, second = map(drawable, audit.sets.groups)
        axes.set_xlabel(f"←  {second}      cosine with the direction of the original      {first}  →", parse_math=False)
        axes.set_title("Professions along the direction")
        return axes.get_figure(root=True)


def _dots(axes: Axes, files: Sequence[FileAudit], chosen: Sequence[str]) -> None:
    """A row for each word, and in it a point for each file, the first on top."""
    names = labels([file.name for file in files])
    for index, file in enumerate(files):
        if file.direct is None:
            continue
        places = dict(file.direct.projections)
        found = [(places[word], row) for row, word in enumerate(chosen) if word in places]
        colour, marker = look(index)
        offset = 0.5 * (index + 0.5) / len(files) - 0.25 if len(files) > 2 else 0.0
        if found:
            x, y = np.array(found, float).T
            axes.plot(x, y + offset, marker, color=colour, markersize=4.5, markeredgewidth=0, zorder=20 - index)
    limit = 1.08 * max(abs(value) for value in axes.get_xlim())
    axes.set_xlim(-limit, limit)
    axes.set_ylim(-0.7, len(chosen) - 0.3)
    _legend(axes, names if len(names) > 1 else [], loc="best")


def most_biased(audit: Audit, seed: int = 0) -> Figure | None:
    """The most biased words of either side, as t-SNE places them by each file's vectors; None when there are none.

    Reference:
        Gonen and Goldberg 2019, Lipstick on a Pig, figure 1.
    """
    files = [file for file in audit.files if file.drawn and len(file.drawn[0]) >= 3]
    if not files:
        return None
    names = dict(zip(audit.files, labels([file.name for file in audit.files]), strict=True))
    with _styled([*audit.sets.groups, *names.values()]):
        columns = min(ACROSS, len(files))
        rows = -(-len(files) // columns)
        figure = _figure(3.1 * columns, 3.2 * rows + 0.4)
        for index, file in enumerate(files):
            _panel(figure.add_subplot(rows, columns, index + 1), file, names[file], seed)
        sides = [f"{name} side in the original" for name in audit.sets.groups]
        _legend(figure, sides, loc="outside lower center", ncols=2, markers="oo")
        return figure


def _panel(axes: Axes, file: FileAudit, name: str, seed: int) -> None:
    axes.set(xticks=[], yticks=[])
    axes.set_title(drawable(name), fontsize=10, parse_math=False)
    rows, sides = file.drawn or (np.empty((0, 2)), np.empty(0))
    try:
        places = project(rows, "tsne", seed).places
    except InputError as error:
        axes.text(0.5, 0.5, str(error), ha="center", va="center", wrap=True, parse_math=False, transform=axes.transAxes)
        return
    order = np.random.default_rng(seed).permutation(len(places))  # or one side would always lie on top
    colours = [look(0 if side else 1)[0] for side in sides[order]]
    axes.scatter(places[order, 0], places[order, 1], s=7, c=colours, linewidths=0, alpha=0.75)
    found = next((one for one in file.clusters if one.n == len(rows)), None)
    if found:
        axes.set_xlabel(f"{len(rows):,} words; two clusters match {percent(found.accuracy)}")


def explained(audit: Audit) -> Figure | None:
    """The shares of the pairs' variance that their principal components explain; None when no pair was found."""
    files = [file for file in audit.files if file.direction]
    if not files:
        return None
    names = dict(zip(audit.files, labels([file.name for file in audit.files]), strict=True))
    with _styled(list(names.values())):
        axes = _figure(7, 3.4).add_subplot()
        for file in files:
            colour, marker = look(audit.files.index(file))
            shares = file.direction.explained[:COMPONENTS] if file.direction else ()
            axes.plot(range(1, len(shares) + 1), shares, marker=marker, color=colour, markersize=5, linewidth=1.2)
        axes.set_xticks(range(1, COMPONENTS + 1))
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.0f} %")
        axes.grid(axis="y", color="#eef1f4", linewidth=0.8)
        axes.set_xlabel("principal component of the definitional pairs")
        axes.set_title("What the pairs have in common: variance by component")
        _legend(axes, list(names.values()) if len(names) > 1 else [], loc="best")
        return axes.get_figure(root=True)


def png(figure: Figure) -> bytes:
    """A figure as a PNG."""
    import matplotlib as mpl

    with mpl.rc_context(STYLE), no_word_of_missing_glyphs():
        content = io.BytesIO()
        figure.savefig(content, format="png", dpi=DPI)
    return content.getvalue()


def data_url(figure: Figure) -> str:
    """A figure as it can stand in a page."""
    return "data:image/png;base64," + base64.b64encode(png(figure)).decode()


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=DPI, layout="constrained")


def _styled(texts: Sequence[str]) -> Any:
    """The style of all pictures, with fonts that have the characters of texts."""
    import matplotlib as mpl

    families, _ = choose_fonts(texts)
    style: Any = {
        **STYLE, "font.family": families, "font.size": 9, "xtick.color": "#52606d", "ytick.color": "#1f2933",
        "axes.spines.top": False, "axes.spines.right": False,
    }  # fmt: skip
    return mpl.rc_context(style)


def _legend(target: Axes | Figure, names: Sequence[str], markers: str = MARKERS, **where: Any) -> None:
    """Names what is drawn in the looks 0, 1, ...; nothing without names."""
    from matplotlib.lines import Line2D

    if not names:
        return
    handles = [
        Line2D([], [], color=look(index)[0], marker=markers[index % len(markers)], linestyle="", markersize=6)
        for index in range(len(names))
    ]
    legend = target.legend(handles, [" "] * len(names), **where)
    for text, name in zip(legend.get_texts(), names, strict=True):
        text.set_parse_math(False)
        text.set_text(drawable(name))  # here, because a legend has its own mind about names that begin with `_`
