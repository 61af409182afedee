"""Pictures of words: each a point with its label, groups in colours, arrows between pairs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError
from ..files import replacing
from .labels import Placement, place_labels
from .projection import Method, Projection, project
from .style import INK, MUTED, STYLE, choose_fonts, look, no_word_of_missing_glyphs, readable
from .words import Chosen, Groups, choose, warn

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..vectors import Vectors

MOST_WORDS = 1000
MOST_GROUPS = 49
LONGEST_LABEL = 40
"""Characters; the rest of a longer word is cut off."""
POINT, GAP = 2.2, 3.5
"""Half the size of a marker, and how near its label may come; in points, as are all lengths here but a figure's."""
PADDING = 1.0
"""Around each label, because renderers differ in how wide they draw a word."""
SMALLEST, LARGEST = 6.5, 36.0
"""Width of a figure in inches; one for many words is larger, so that their labels have room."""
GROWTH = 1.2
BESIDE, COMFORT = 0.8, 1.4
"""A figure grows up to this many times until that share of the labels stands right beside their points."""
ENDINGS = (".png", ".svg", ".pdf")


def plot_words(
    vectors: Vectors,
    words: Iterable[str] = (),
    *,
    groups: Groups | None = None,
    pairs: Sequence[tuple[str, str]] = (),
    method: Method = "pca",
    marked: Iterable[str] = (),
    seed: int = 1,
    title: str = "",
    axes: Axes | None = None,
    font: Path | None = None,
    dpi: float = 150,
) -> Figure:
    """Draws words as points with labels that do not overlap.

    Warns (`InputWarning`) of words without a vector, of labels left out for want of room, the least frequent first,
    and of characters that no installed font has.

    Args:
        vectors: Words and their vectors, the most frequent first.
        words: What to draw.
        groups: The words of each group, drawn too, in the group's colour; the legend names the groups.
        pairs: From which word to which arrows go; drawn too.
        method: `pca` (keeps differences: for analogies) or `tsne` (keeps neighbours: for groups and many words).
        marked: Words to print in bold.
        seed: Of t-SNE.
        title: Above the picture.
        axes: Where to draw; a new figure, large enough for the labels, when None.
        font: A font file for characters that the default font lacks; the installed ones are searched when None.
        dpi: Of a new figure.

    Returns:
        The figure.

    Raises:
        InputError: When there are fewer than 3 words with vectors, more than 1,000, or all vectors are alike.

    Example:
        >>> from embeddings.vectors import Vectors
        >>> vectors = Vectors(["man", "woman", "king", "queen"], np.float32([[0, 1], [1, 1], [0, 2], [1, 2]]))
        >>> figure = plot_words(vectors, pairs=[("man", "woman"), ("king", "queen")])
        >>> sorted(text.get_text() for text in figure.axes[0].texts if text.get_text())
        ['king', 'man', 'queen', 'woman']
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    if groups and len(groups) > MOST_GROUPS:
        raise InputError(f"{len(groups)} groups cannot be told apart; draw at most {MOST_GROUPS}")
    chosen = choose(vectors, [*words, *(word for pair in pairs for word in pair)], groups)
    if len(chosen.words) > MOST_WORDS:
        raise InputError(
            f"a picture of {len(chosen.words):,} words cannot be read; draw at most {MOST_WORDS:,}, or use `projector`"
        )
    projection = project(chosen.vectors, method, seed)
    labels = [drawable(word) for word in chosen.words]
    families, missing = choose_fonts([*labels, *(groups or {}), title], font)
    if missing:
        warn_of_missing(missing, labels)
    pairs = [pair for pair in pairs if pair[0] in chosen.index and pair[1] in chosen.index]
    style: Any = STYLE | {"font.family": families, "font.size": 9 if len(labels) <= 150 else 8}
    with mpl.rc_context(style), no_word_of_missing_glyphs():
        own = axes is None
        if axes is None:
            axes = Figure(dpi=dpi, layout="constrained").add_subplot()
        picture = Picture(axes, chosen, labels, projection, list(groups or {}), pairs, frozenset(marked))
        picture.draw(title)
        left_out = picture.label(grow=own)
    if left_out:
        warn(f"there was no room for the labels of {left_out} of {len(labels)} words; draw fewer words")
    return picture.figure


class Picture:
    """A picture in the making."""

    def __init__(
        self,
        axes: Axes,
        chosen: Chosen,
        labels: list[str],
        projection: Projection,
        groups: list[str],
        pairs: list[tuple[str, str]],
        marked: frozenset[str],
    ) -> None:
        self.axes, self.chosen, self.labels, self.projection = axes, chosen, labels, projection
        self.groups, self.pairs, self.marked = groups, pairs, marked
        self.figure: Any = axes.get_figure(root=True)

    def draw(self, title: str) -> None:
        """Draws all but the labels."""
        axes, places = self.axes, self.projection.places
        axes.set(xticks=[], yticks=[])
        axes.set_xlabel(self.projection.axis_labels[0])
        axes.set_ylabel(self.projection.axis_labels[1])
        axes.set_title(title, parse_math=False, wrap=True)
        looks = [self.look_of(word) for word in self.chosen.words]
        for colour, marker in dict.fromkeys(looks):
            ours = places[[look == (colour, marker) for look in looks]]
            axes.plot(*ours.T, marker, color=colour, markersize=2 * POINT, markeredgewidth=0, zorder=2)
        for start, end in self.ends_of_pairs():
            arrow = {"arrowstyle": "-|>", "color": MUTED, "shrinkA": GAP, "shrinkB": GAP, "linewidth": 0.9}
            axes.annotate("", end, start, arrowprops=arrow, zorder=1)
        if self.groups:
            self.draw_legend()

    def look_of(self, word: str) -> tuple[str, str]:
        """Colour and marker: by group, or else by the end of an arrow that the word is at."""
        if word in self.chosen.group_of:
            return look(self.groups.index(self.chosen.group_of[word]))
        if self.groups:
            return MUTED, "o"
        return look(int(any(word == end for _, end in self.pairs) or word in self.marked))

    def ends_of_pairs(self) -> np.ndarray:
        """`[pairs, 2, 2]`: where each arrow starts and ends."""
        rows = [[self.chosen.index[word] for word in pair] for pair in self.pairs]
        return self.projection.places[np.array(rows, np.int64).reshape(-1, 2)]

    def draw_legend(self) -> None:
        """Names the groups that have words in the picture, right of it."""
        from matplotlib.lines import Line2D

        shown = {self.chosen.group_of[word] for word in self.chosen.words if word in self.chosen.group_of}
        handles, names = [], []
        for index, name in enumerate(self.groups):
            if name in shown:
                colour, marker = look(index)
                handles.append(Line2D([], [], color=colour, marker=marker, linestyle="", markersize=3 * POINT))
                names.append(drawable(name))
        legend = self.axes.legend(
            handles, [" "] * len(names), loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0, handletextpad=0.2
        )
        for text, name in zip(legend.get_texts(), names, strict=True):
            text.set_parse_math(False)
            text.set_text(name)  # here, because a legend has its own mind about names that begin with `_`

    def label(self, grow: bool) -> int:
        """Draws the labels.

        Args:
            grow: Enlarge the figure until there is room.

        Returns:
            How many were left out.
        """
        sizes = self.measure() + 2 * PADDING  # [words, 2]
        width = max(SMALLEST, np.sqrt(8 * sizes.prod(axis=1).sum()) / 72)
        start = width
        spans = np.ptp(self.projection.places, axis=0)
        shape = float(np.clip(spans[1] / max(spans[0], 1e-12), 0.6, 1))
        while True:
            if grow:
                self.figure.set_size_inches(width, width * shape)
            frame = self.settle()
            points, lines = self.in_points(self.projection.places), self.in_points(self.ends_of_pairs())
            placement = place_labels(points, sizes, frame, GAP, lines.reshape(-1, 4))
            comfortable = np.isnan(placement.leaders[:, 0]).mean() > BESIDE or width >= COMFORT * start
            if not grow or width * GROWTH > LARGEST or (placement.is_placed.all() and comfortable):
                break
            width *= GROWTH
        if grow:
            self.figure.set_layout_engine("none")  # what is placed stays
        self.write(points, placement)
        return int((~placement.is_placed).sum())

    def measure(self) -> np.ndarray:
        """`[words, 2]`: width and height of each label."""
        text = self.axes.text(0, 0, "", parse_math=False)
        sizes = []
        for word, label in zip(self.chosen.words, self.labels, strict=True):
            text.set(text=label, fontweight="bold" if word in self.marked else "normal")
            extent = text.get_window_extent()
            sizes.append((extent.width, extent.height))
        text.remove()
        return np.array(sizes) * 72 / self.figure.dpi

    def settle(self) -> tuple[float, float]:
        """Lays the figure out and sets the limits of the axes, one scale for both; returns the room inside."""
        self.figure.draw_without_rendering()
        frame = self.axes.bbox.size * 72 / self.figure.dpi
        low, high = self.projection.places.min(axis=0), self.projection.places.max(axis=0)
        margin = np.minimum([36, 18], frame / 4)
        scale = ((high - low) / (frame - 2 * margin)).max()
        left, bottom = (low + high - scale * frame) / 2
        right, top = (low + high + scale * frame) / 2
        self.axes.set(xlim=(left, right), ylim=(bottom, top))
        return frame[0], frame[1]

    def in_points(self, places: np.ndarray) -> np.ndarray:
        """`[places, 2]`: places in the plane as points (1/72 inch) from the lower left corner of the axes."""
        pixels = self.axes.transData.transform(places.reshape(-1, 2)) - self.axes.bbox.min
        return pixels * 72 / self.figure.dpi

    def write(self, points: np.ndarray, placement: Placement) -> None:
        """Writes the labels that have a place."""
        grouped = bool(self.groups) or bool(self.pairs)
        for index in np.flatnonzero(placement.is_placed):
            word, (left, bottom, right, top) = self.chosen.words[index], placement.boxes[index]
            leader = placement.leaders[index, :2]
            arrow = None
            if not np.isnan(leader[0]):
                at = tuple((leader - (left, bottom)) / (right - left, top - bottom))
                arrow = {
                    "arrowstyle": "-",
                    "color": MUTED,
                    "linewidth": 0.5,
                    "shrinkA": 0,
                    "shrinkB": POINT,
                    "relpos": at,
                }
            self.axes.annotate(
                self.labels[index],
                self.projection.places[index],
                (left + PADDING - points[index, 0], bottom + PADDING - points[index, 1]),
                textcoords="offset points",
                ha="left",
                va="bottom",
                color=readable(self.look_of(word)[0]) if grouped else INK,
                fontweight="bold" if word in self.marked else "normal",
                arrowprops=arrow,
                parse_math=False,
                zorder=3,
            )


def drawable(word: str) -> str:
    """A word as it can be drawn: on one line, not longer than can be read."""
    shown = "".join(letter if letter.isprintable() else " " if letter.isspace() else "\ufffd" for letter in word)
    return shown if len(shown) <= LONGEST_LABEL else shown[: LONGEST_LABEL - 1] + "…"


def warn_of_missing(missing: set[str], labels: Sequence[str]) -> None:
    """Says that characters are drawn as boxes; an error when that leaves no word to read."""
    some = " ".join(sorted(missing)[:10]) + (f" and {len(missing) - 10} more" if len(missing) > 10 else "")
    remedy = (
        "install one that has them (for Chinese, Noto Sans CJK: `apt-get install fonts-noto-cjk`) "
        "or name a font file by --font"
    )
    if all(missing & set(label) for label in labels):
        raise InputError(f"no installed font has the characters {some}; {remedy}")
    warn(f"no installed font has the characters {some}, which are drawn as boxes; {remedy}")


def save(figure: Figure, path: Path) -> None:
    """Keeps a figure as PNG, SVG or PDF by its ending; the same figure gives the same file.

    Raises:
        InputError: For another ending, or when there is no such folder.
    """
    import matplotlib as mpl

    check_output(path)
    undated: dict[str, Any] = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
    ending = path.suffix.lower()
    with mpl.rc_context(STYLE), no_word_of_missing_glyphs(), replacing(path) as partial:
        figure.savefig(partial, format=ending[1:], metadata=undated.get(ending))


def check_output(path: Path) -> None:
    """Raises an `InputError` unless a picture can be kept there."""
    if path.suffix.lower() not in ENDINGS:
        raise InputError(f"is not a kind of picture that can be written; end it in {', '.join(ENDINGS)}", path)
    if path.is_dir():
        raise InputError("is a folder; name a file to write", path)
    if not path.parent.is_dir():
        raise InputError("there is no such folder to write in; make it first", path.parent)
