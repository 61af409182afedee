"""JSON lines, whatever their fields are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .errors import InputError
from .sources import read_lines

HALF_CHARACTER = re.compile("[\ud800-\udfff]")
"""What JSON can hold, and so can words of the command line that are not UTF-8, but no text file."""


def read_objects(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The JSON objects of a file, one a line, each with its file and line.

    Raises:
        InputError: With file and line, for what is not JSON or no object.
    """
    for number, line in read_lines(path):
        where = f"{path}:{number}"
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InputError(f"not JSON ({error})", where) from None
        if not isinstance(row, dict):
            raise InputError("not a JSON object; every line must be one", where)
        yield where, row


def check_whole(text: str, where: object) -> None:
    """Raises an `InputError` for half a character."""
    if HALF_CHARACTER.search(text):
        raise InputError(r"holds half a character (an escape such as \ud83d without its other half); mend it", where)
