"""A tagged sentence, wherever it was read from."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from .schemes import spans_of
from .spans import Span


@dataclass(frozen=True)
class Example:
    """A sentence and its entities.

    Args:
        tokens: Words or characters.
        tags: Of each token, in the scheme BIOES.
        where: File and line of the first token.
        text: The raw text, where the source has it; it may hold more than this sentence.
        starts: Where in `text` each token begins.
        lines: The line of each token, in a file that has a line for each.
    """

    tokens: tuple[str, ...]
    tags: tuple[str, ...]
    where: str = field(default="", repr=False)
    text: str | None = field(default=None, repr=False)
    starts: tuple[int, ...] = field(default=(), repr=False)
    lines: tuple[int, ...] = field(default=(), repr=False)

    @cached_property
    def spans(self) -> list[Span]:
        """The entities."""
        return spans_of(self.tags, "BIOES")

    def place(self, index: int) -> str:
        """File and line of a token.

        Example:
            >>> Example(("a", "b"), ("O", "O"), "train.conll:7", lines=(7, 8)).place(1)
            'train.conll:8'
        """
        return f"{self.where.rpartition(':')[0]}:{self.lines[index]}" if self.lines else self.where
