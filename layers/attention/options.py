"""What an `Attention` can be told, and what of it does not go together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..checks import check_not_negative, check_whole

if TYPE_CHECKING:
    from .attention import Attention

KNOWN = {
    "window": ("global", "local_m", "local_p"),
    "selection": ("soft", "hard", "reinforce", "monotonic"),
    "coverage": (None, "sum", "fertility"),
}
MEANT_FOR = (  # an argument, its default, and the option that it is for
    ("noise", 1.0, "selection", "monotonic"),
    ("bias", -1.0, "selection", "monotonic"),
    ("fertility", 2.0, "coverage", "fertility"),
)


def check_options(attention: Attention) -> None:
    """Raises a `ValueError` for what is unknown, and for what does not go together."""
    for argument, known in KNOWN.items():
        if getattr(attention, argument) not in known:
            raise ValueError(f"{argument} must be one of {known}, not {getattr(attention, argument)!r}")
    check_window(attention)
    if attention.coverage and not attention.score.has_hidden_layer:
        raise ValueError(
            f"coverage={attention.coverage!r} cannot be combined with {type(attention.score).__name__}, which has no "
            "hidden layer to add it to; use an AdditiveScore, ConcatScore or LocationScore"
        )
    for argument, default, option, needed in MEANT_FOR:
        chosen = getattr(attention, option)
        if getattr(attention, argument) != default and chosen != needed:
            raise ValueError(f"{argument} cannot be combined with {option}={chosen!r}, only {needed!r}")
    for argument in ("coverage_penalty", "noise"):
        check_not_negative(argument, getattr(attention, argument))
    if not attention.fertility > 0:
        raise ValueError(f"fertility must be positive, not {attention.fertility!r}")


def check_window(attention: Attention) -> None:
    """Raises a `ValueError` for a window without a width, and for one that a selection has no use for."""
    window, width = attention.window, attention.width
    if window == "global":
        if width is not None:
            raise ValueError("width cannot be combined with window='global', which has no edge; choose a local window")
        return
    check_whole("width", width)
    if attention.selection == "monotonic":
        raise ValueError(
            f"window={window!r} cannot be combined with selection='monotonic', which finds its own way "
            "through the memory; use window='global'"
        )
