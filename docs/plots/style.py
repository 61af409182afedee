"""What the pictures share: sizes, colours, axes without ticks."""

from __future__ import annotations

from typing import Any

from keras import ops
from matplotlib.colors import LinearSegmentedColormap

from apps.core.plots import ACCENT

PALE, SOFT = "#eef2f7", "#cbd5e1"
BLUES = LinearSegmentedColormap.from_list("house", ["#ffffff", "#a9c5e6", ACCENT, "#0d2c54"])
WIDTH = 7.4  # inches


def array(tensor: Any) -> Any:
    """A numpy array."""
    return ops.convert_to_numpy(tensor)


def bare(axes: Any, title: str, x: str = "", y: str = "") -> None:
    """A title and names of the axes, no ticks, no frame."""
    axes.set_title(title, fontsize=10)
    axes.set_xlabel(x, fontsize=9)
    axes.set_ylabel(y, fontsize=9)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
