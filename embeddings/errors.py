"""The one error a user is meant to read."""

from __future__ import annotations


class InputError(ValueError):
    """Something the user gave cannot be used: says what is wrong, where, and what to do.

    The command line prints it as a single line and exits with code 2.

    Args:
        what: What is wrong and what to do about it.
        where: A place such as `reviews.tsv:17`, put in front.

    Example:
        >>> print(InputError("the line is empty; remove it", "reviews.tsv:17"))
        reviews.tsv:17: the line is empty; remove it
    """

    def __init__(self, what: str, where: object = None) -> None:
        super().__init__(f"{where}: {what}" if where else what)


class VectorFileError(InputError):
    """The content of a word-vector file cannot be used."""


class InputWarning(UserWarning):
    """Something the user gave was used in part only: says what was left out. The command line prints it as a line."""
