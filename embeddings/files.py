"""Files as users have them: plain or compressed, UTF-8, replaced in one step."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import lzma
import os
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from .errors import InputError

COMPRESSED: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
DAMAGE = (EOFError, lzma.LZMAError, zlib.error, OSError)
"""What reading from a file of `open_binary` raises when the file, or the disk under it, is damaged."""
LONGEST_LINE = 1_000_000


def open_binary(path: Path) -> IO[bytes]:
    """Opens a file for reading bytes, decompressing .gz, .bz2 and .xz.

    What is read from it may still raise one of `DAMAGE`; `damaged` makes an error for the user of that.

    Raises:
        InputError: When there is no such file, it is a folder, or it may not be read.
    """
    try:
        if path.is_dir():
            raise InputError("is a folder where a file is expected", path)
        return COMPRESSED.get(path.suffix, open)(path, "rb")
    except FileNotFoundError:
        raise InputError("no such file; check the path", path) from None
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror or error})", path) from None


def damaged(error: BaseException, where: object) -> InputError:
    """The error to raise for one of `DAMAGE`."""
    return InputError(f"the file is damaged or cut short ({error}); fetch it again", where)


def decode(raw: bytes, where: object, begins: bool = True) -> str:
    """Decodes UTF-8, dropping a byte-order mark where a file begins, or says at which byte it fails."""
    try:
        return raw.decode("utf-8-sig" if begins else "utf-8")
    except UnicodeDecodeError as error:
        raise InputError(
            f"byte {error.start + 1} is not UTF-8; convert the file, for example with `iconv -f latin1 -t utf-8`", where
        ) from None


def read_lines(path: Path | str) -> Iterator[tuple[int, str]]:
    """Yields (line number, line) of a UTF-8 text file, compressed or not; a byte-order mark is dropped.

    Args:
        path: The file, `-` for standard input.

    Raises:
        InputError: With file and line, for bytes that are not UTF-8, a line over a million bytes,
            or a damaged compressed file.
    """
    with contextlib.nullcontext(sys.stdin.buffer) if path == "-" else open_binary(Path(path)) as file:
        number = 0
        try:
            while raw := file.readline(LONGEST_LINE + 1):
                number += 1
                if len(raw) > LONGEST_LINE:
                    raise InputError(
                        f"the line is longer than {LONGEST_LINE:,} bytes; put one text on a line", f"{path}:{number}"
                    )
                yield number, decode(raw, f"{path}:{number}", begins=number == 1).rstrip("\r\n")
        except DAMAGE as error:
            raise damaged(error, f"{path}:{number + 1}") from None


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Gives a path beside `path` to write a file to, which replaces `path` at the end.

    When that fails, or is interrupted, `path` is as it was before and nothing else is left.

    Raises:
        InputError: When the folder to write in does not exist, or `path` is a folder.
        OSError: When it cannot be written, naming `path`.
    """
    if path.is_dir():
        raise InputError("is a folder; name a file to write", path)
    if not path.parent.is_dir():
        raise InputError("there is no such folder to write in; make it first", path.parent)
    is_replaced = not path.exists() or path.is_file()  # /dev/null and /dev/stdout are written to as they are
    partial = path.with_name(path.name + ".partial") if is_replaced else path
    try:
        yield partial
        if is_replaced:
            os.replace(partial, path)
    except OSError as error:
        if not isinstance(error, BrokenPipeError) and error.filename in (None, str(partial), partial):
            error.filename = str(path)
        raise
    finally:
        if is_replaced:
            partial.unlink(missing_ok=True)
