"""Holds the guides to the code: snippets run, pictures and links lead somewhere."""

import doctest
import re
from pathlib import Path

import keras
import pytest

ROOT = Path(__file__).parent.parent
PAGES = (
    *("README.md", "docs/layers.md", "docs/embeddings.md", "docs/bias.md"),
    *(str(path.relative_to(ROOT)) for path in sorted((ROOT / "apps").glob("*/README.md"))),
)
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
SNIPPET = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def text(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


def broken_links(page: str) -> list[str]:
    """Links of a page to files, pictures and headings that are not there."""
    broken = []
    for link in LINK.findall(FENCED.sub("", text(page))):
        path, _, heading = link.partition("#")
        target = (ROOT / page).parent / path if path else ROOT / page
        if "://" not in link and not (target.exists() and (not heading or heading in anchors(target))):
            broken.append(link)
    return broken


def anchors(page: Path) -> set[str]:
    """What GitHub lets one link to in a page: its headings, in its own spelling."""
    headings = HEADING.findall(FENCED.sub("", page.read_text("utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="the snippets are written for TensorFlow")
def test_the_snippets_of_the_guide_run():
    failed, tried = doctest.testfile(str(ROOT / "docs/layers.md"), module_relative=False, optionflags=doctest.FAIL_FAST)
    assert tried > 0
    assert not failed


@pytest.mark.parametrize("page", PAGES)
def test_snippets_without_results_are_python(page):
    for snippet in SNIPPET.findall(text(page)):
        if not snippet.startswith(">>>"):
            compile(snippet, page, "exec")


@pytest.mark.parametrize("page", PAGES)
def test_pictures_and_links_lead_somewhere(page):
    assert not broken_links(page)


def test_links_are_found():
    assert "docs/layers.md" in LINK.findall(text("README.md"))


def test_every_layer_is_in_the_guide():
    import layers

    missing = [name for name in layers.__all__ if f"`{name}" not in text("docs/layers.md")]
    assert not missing


def test_every_picture_can_be_drawn(tmp_path):
    from docs.plots.__main__ import FIGURES

    quick = {"layers_pooling.png": {"updates": 1}}
    for name, draw in FIGURES.items():
        draw(tmp_path / name, **quick.get(name, {}))
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")


def test_every_picture_that_is_drawn_is_shown():
    from docs.plots.__main__ import FIGURES

    drawn = {path.name for path in (ROOT / "docs/images").glob("layers_*.png")}
    assert drawn == set(FIGURES)
    assert drawn == set(re.findall(r"images/(layers_\w+\.png)", text("docs/layers.md")))
