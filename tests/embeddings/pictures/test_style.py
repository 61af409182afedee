"""Colours that can be read and told apart; fonts that have the characters."""

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import font_manager

from embeddings.errors import InputError
from embeddings.pictures import style
from embeddings.pictures.style import choose_fonts, contrast_to_white, look, readable


def make_font(path, characters, family="Seqsuite Test"):
    """A font in which each character is a square."""
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for corner in ((0, 800), (800, 800), (800, 0)):
        pen.lineTo(corner)
    pen.closePath()
    names = {ord(character): f"u{ord(character)}" for character in characters}
    glyphs = [".notdef", *names.values()]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(glyphs)
    builder.setupCharacterMap(names)
    builder.setupGlyf(dict.fromkeys(glyphs, pen.glyph()))
    builder.setupHorizontalMetrics(dict.fromkeys(glyphs, (900, 0)))
    builder.setupHorizontalHeader(ascent=900, descent=-200)
    builder.setupNameTable({"familyName": family, "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=900, usWinAscent=900, usWinDescent=200)
    builder.setupPost()
    builder.save(path)
    return path


@pytest.fixture
def only_dejavu(monkeypatch):
    """As on a machine without fonts but those that come with matplotlib."""
    fonts = [entry for entry in font_manager.fontManager.ttflist if entry.name.startswith("DejaVu")]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", fonts)


def test_small_letters_have_contrast():
    assert contrast_to_white((0, 0, 0)) == pytest.approx(21)
    assert contrast_to_white((1, 1, 1)) == pytest.approx(1)
    for colour in (*style.COLOURS, style.MUTED):
        assert contrast_to_white(readable(colour)) >= 4.5


def test_no_two_groups_look_the_same():
    looks = [look(group) for group in range(49)]
    assert len(set(looks)) == 49
    assert len({colour for colour, _ in looks[:7]}) == len({marker for _, marker in looks[:7]}) == 7


def test_the_default_font_where_it_has_all(only_dejavu):
    assert choose_fonts(["café", "naïve", "Ωμέγα", "два слова"]) == (["DejaVu Sans"], set())
    assert choose_fonts([]) == (["DejaVu Sans"], set())


def test_characters_that_no_font_has(only_dejavu):
    assert choose_fonts(["好", "a b"]) == (["DejaVu Sans"], {"好"})


def test_a_font_file_fills_in(only_dejavu, tmp_path):
    path = make_font(tmp_path / "test.ttf", "好中")
    assert choose_fonts(["a", "好中国"], path) == (["DejaVu Sans", "Seqsuite Test"], {"国"})


def test_an_installed_font_fills_in(only_dejavu, tmp_path):
    font_manager.fontManager.addfont(str(make_font(tmp_path / "test.ttf", "好", "Ours")))
    assert choose_fonts(["好"]) == (["Ours"], set())
    assert choose_fonts(["a好"]) == (["DejaVu Sans", "Ours"], set())


def test_what_is_no_font(tmp_path):
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"not a font")
    with pytest.raises(InputError, match=r"broken\.ttf: is not a font file"):
        choose_fonts(["a"], broken)
    with pytest.raises(InputError, match=r"none\.ttf: no such file"):
        choose_fonts(["a"], tmp_path / "none.ttf")
    with pytest.raises(InputError, match="is not a font file"):
        choose_fonts(["a"], tmp_path)
