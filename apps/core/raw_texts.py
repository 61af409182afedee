"""Texts to predict for, as users give them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from .errors import InputError
from .json_lines import HALF_CHARACTER
from .sources import read_lines


def read_texts(given: Sequence[str], file: str | None) -> Iterator[str]:
    """The texts of the command line, or one a line of a file.

    Raises:
        InputError: For words of the command line that are not UTF-8.
    """
    if any(HALF_CHARACTER.search(text) for text in given):
        raise InputError("a text is not UTF-8; convert it, or give it in a file", "predict")
    return iter(given) if file is None else (line for _, line in read_lines(file))


def check_texts(inputs: Sequence[Any]) -> None:
    """Raises an `InputError` for what is no text."""
    if wrong := [text for text in inputs if not isinstance(text, str)]:
        raise InputError(f"a text must be a string, not {type(wrong[0]).__name__}", "predict")
