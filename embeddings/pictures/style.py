"""Colours, markers and fonts of the pictures of words."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import InputError

INK, MUTED = "#1f2933", "#9aa5b1"
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#5B5B5B")
"""Told apart with any colour vision: Okabe and Ito 2008, without yellow, which is too pale for print."""
MARKERS = "os^DvPX"
STYLE: Any = {
    "axes.edgecolor": "#d5dbe1",
    "axes.labelcolor": "#52606d",
    "axes.labelsize": 8,
    "axes.linewidth": 0.8,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "legend.fontsize": 9,
    "legend.frameon": False,
    "svg.hashsalt": "seqsuite",  # the same picture, the same file
    "text.color": INK,
}
DEFAULT_FONT = "DejaVu Sans"
KNOWN_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans SC",
    "Source Han Sans SC",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Droid Sans Fallback",
    "PingFang SC",
    "Hiragino Sans GB",
    "Microsoft YaHei",
    "SimHei",
    "Arial Unicode MS",
)
"""Fonts with Chinese characters, asked before all others that are installed."""


def look(group: int) -> tuple[str, str]:
    """Colour and marker of a group; no two of the first 49 groups look the same."""
    return COLOURS[group % len(COLOURS)], MARKERS[(group + group // len(COLOURS)) % len(MARKERS)]


def readable(colour: str) -> tuple[float, float, float]:
    """A colour as dark as small letters on white must be (contrast of 4.5 to 1 or more).

    Reference:
        Web Content Accessibility Guidelines 2.1, 1.4.3.
    """
    from matplotlib.colors import to_rgb

    red, green, blue = to_rgb(colour)
    while contrast_to_white((red, green, blue)) < 4.5:
        red, green, blue = 0.95 * red, 0.95 * green, 0.95 * blue
    return red, green, blue


def contrast_to_white(rgb: Iterable[float]) -> float:
    """The ratio of luminances, 1 to 21."""
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in rgb)
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


@contextmanager
def no_word_of_missing_glyphs() -> Iterator[None]:
    """Keeps matplotlib from warning of each missing character each time; `choose_fonts` knows them all."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")
        yield


def choose_fonts(texts: Iterable[str], font: Path | None = None) -> tuple[list[str], set[str]]:
    """Fonts that together have the characters of the texts.

    Args:
        texts: What is to be drawn.
        font: A font file to use for what the default font lacks.

    Returns:
        The font families, the first that has a character draws it; and the characters that none has.

    Raises:
        InputError: When the font file cannot be used.
    """
    from matplotlib import font_manager

    missing = {character for text in texts for character in text if not character.isspace()}
    own = [add_font(font)] if font else []
    # A family's upright font of normal weight comes last here, and so is the one that is kept.
    entries = sorted(font_manager.fontManager.ttflist, key=lambda entry: (entry.style == "normal", entry.weight == 400))
    installed = {entry.name: entry.fname for entry in entries}
    first = [name for name in (DEFAULT_FONT, *own, *KNOWN_FONTS) if name in installed]
    chosen = []
    for name in dict.fromkeys([*first, *sorted(installed)]):
        if not missing:
            break
        if found := drawn_by(installed[name], missing):
            chosen.append(name)
            missing -= found
    return chosen or [DEFAULT_FONT], missing


def add_font(path: Path) -> str:
    """Makes a font file known to matplotlib.

    Returns:
        The name of its family.
    """
    from matplotlib import font_manager

    try:
        name = font_manager.get_font(str(path)).family_name
        if name not in font_manager.get_font_names():
            font_manager.fontManager.addfont(str(path))
        return name
    except FileNotFoundError:
        raise InputError("no such file; check the path", path) from None
    except (OSError, RuntimeError) as error:
        raise InputError(f"is not a font file that can be used ({error})", path) from None


def drawn_by(path: str, characters: Iterable[str]) -> set[str]:
    """Those of the characters that a font has; none for a font without outlines, such as coloured emoji."""
    from matplotlib import font_manager

    try:
        font = font_manager.get_font(path)
    except (OSError, RuntimeError):
        return set()
    return {character for character in characters if font.get_char_index(ord(character))} if font.scalable else set()
