"""Pictures whose encoder is trained along."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from apps.captioning.pictures import Pixels

from .making import noise, save, write


def test_broken_pictures_are_named_in_one_line(tmp_path: Path) -> None:
    good = str(save(tmp_path / "good.png", noise(8, 8)))
    broken = str(write(tmp_path / "broken.png", "no picture"))
    out = io.StringIO()
    pictures = Pixels([good, broken], 8, Console(file=out, width=80))
    assert good in pictures
    assert broken not in pictures
    (line,) = out.getvalue().splitlines()
    assert line.startswith(f"1 picture cannot be used: {broken}: is not a picture")
