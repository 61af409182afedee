"""Pages and drawings of where the model looked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from PIL import Image

from apps.captioning import explain
from apps.captioning.answers import Answer
from apps.captioning.explain import Explanation, rows_of, write_html, write_png
from apps.core.errors import InputError

from .making import noise


def explanation(name: str, caption: str = "a dog on <grass> $x$ and more words", error: str = "") -> Explanation:
    if error:
        return Explanation(Answer(name, "", None, error), None, (), None)
    words = caption.split()
    attention = np.full((len(words), 2, 2), 0.25, np.float32)
    return Explanation(Answer(name, caption, -1.0), noise(9, 9), words, attention)


SOME = [explanation("folder/a.png"), explanation("b.jpg", error="is not a picture"), explanation("$c$.png", "")]


@pytest.fixture
def texts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is written into drawings."""
    found: list[str] = []

    def kept(method: Any) -> Any:
        def write(axes: Axes, *given: Any, **how: Any) -> Any:
            found.extend(one for one in given if isinstance(one, str) and one)
            return method(axes, *given, **how)

        return write

    for name in ("text", "set_title"):
        monkeypatch.setattr(Axes, name, kept(getattr(Axes, name)))
    return found


def test_a_drawing_names_every_picture_as_a_page_does(texts: list[str], tmp_path: Path) -> None:
    write_png(SOME, tmp_path / "a.png")
    write_html(SOME, tmp_path / "a.html")
    assert [text for text in texts if "\n" in text] == [
        "a dog on <grass> $x$ and more words\nfolder/a.png",
        "cannot be read: is not a picture\nb.jpg",
        "(nothing)\n$c$.png",
    ]
    assert [text for text in texts if "\n" not in text] == SOME[0].answer.caption.split()
    page = (tmp_path / "a.html").read_text("utf-8")
    for text in ("folder/a.png", "cannot be read: is not a picture", "b.jpg", "(nothing)", "$c$.png"):
        assert text in page
    assert page.count("<img") == 10
    width, height = Image.open(tmp_path / "a.png").size
    assert 1200 < width < 1300
    assert 800 < height < 1000, "three rows of panels and three of text"


def test_long_names_are_broken() -> None:
    row, *panels = rows_of(explanation("folder/" * 40 + "a.png"))
    lines = row.text.split("\n")
    assert max(map(len, lines)) <= explain.LINE
    assert "".join(lines[1:]) == "folder/" * 40 + "a.png"
    assert [len(row.panels) for row in panels] == [6, 3]


def test_too_much_for_one_drawing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="too many pictures for one drawing"):
        write_png([SOME[0]] * 200, tmp_path / "a.png")
    assert not list(tmp_path.iterdir())
