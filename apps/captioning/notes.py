"""What the user is told of data that are left out while the rest goes on."""

from __future__ import annotations

import sys
from collections.abc import Collection

NAMED = 3
"""Of what is left out, so many are named."""


def named(thing: str, names: Collection[str], what: str) -> str:
    """Counts and names what is left out.

    Example:
        >>> named("picture", ["a.jpg", "b.jpg", "c.jpg", "d.jpg"], "without a caption")
        '4 pictures without a caption: a.jpg; b.jpg; c.jpg; and 1 more'
    """
    shown = [*list(names)[:NAMED], *([f"and {len(names) - NAMED:,} more"] if len(names) > NAMED else [])]
    return f"{len(names):,} {thing}{'' if len(names) == 1 else 's'} {what}: {'; '.join(shown)}"


def show(line: str) -> None:
    """Prints a line to standard error."""
    print(f"note: {line}", file=sys.stderr)
