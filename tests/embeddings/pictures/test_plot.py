"""Pictures: what is drawn is all there, and no label lies on another."""

import warnings
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from embeddings.errors import InputError, InputWarning
from embeddings.pictures import plot_words, save
from embeddings.vectors import Vectors

from .test_style import make_font, only_dejavu  # noqa: F401

ROYAL = Vectors(["man", "woman", "king", "queen", "apple"], [[0, 1, 0], [1, 1, 0], [0, 2, 1], [1, 2, 1], [-1, 0, 3]])


def random_vectors(words, seed=0):
    return Vectors(words, np.random.default_rng(seed).normal(size=(len(words), 4)))


def labels_of(figure):
    return [text for text in figure.axes[0].texts if text.get_text()]


def shown(figure):
    return sorted(text.get_text() for text in labels_of(figure))


def check_labels(figure, dpi=None):
    """Draws the figure, then looks where each text came to stand."""
    figure.set_dpi(dpi or figure.dpi)
    figure.draw_without_rendering()
    axes = figure.axes[0]
    boxes = [Text.get_window_extent(text) for text in labels_of(figure)]
    for box in boxes:
        assert axes.bbox.x0 <= box.x0 and box.x1 <= axes.bbox.x1  # noqa: PT018
        assert axes.bbox.y0 <= box.y0 and box.y1 <= axes.bbox.y1  # noqa: PT018
    for one, other in combinations(boxes, 2):
        assert one.x1 <= other.x0 or other.x1 <= one.x0 or one.y1 <= other.y0 or other.y1 <= one.y0


@settings(max_examples=8, deadline=None)
@given(
    words=st.lists(st.text("aWj$_^好\n .", min_size=1, max_size=50), min_size=3, max_size=20, unique=True),
    coincident=st.integers(0, 20),
    seed=st.integers(0, 99),
)
def test_drawn_labels_are_disjoint_and_inside(words, coincident, seed):
    vectors = random_vectors(words, seed).vectors
    vectors[1 : min(coincident, len(words) - 1)] = vectors[0]
    words[0] = words[0] + "x"  # a word that can be drawn
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        figure = plot_words(Vectors(words, vectors), words, title="$x^2")
        check_labels(figure)
    assert len(figure.axes[0].texts) == len(words)


def test_many_words_in_a_larger_figure():
    words = [f"word{index}" for index in range(200)]
    vectors = random_vectors(words)
    figure = plot_words(vectors, words)
    check_labels(figure)
    assert len(labels_of(figure)) == 200
    assert figure.get_size_inches()[0] > plot_words(vectors, words[:10]).get_size_inches()[0]


def test_words_all_in_two_places():
    words = [f"word{index}" for index in range(60)]
    figure = plot_words(Vectors(words, np.eye(2)[np.arange(60) % 2]), words)
    check_labels(figure)
    assert len(labels_of(figure)) == 60


def test_labels_left_out_are_those_of_the_least_frequent_words():
    words = [f"word{index}" for index in range(150)]
    axes = Figure(figsize=(2, 2)).add_subplot()
    with pytest.warns(InputWarning, match=r"no room for the labels of \d+ of 150 words"):
        figure = plot_words(random_vectors(words), words, axes=axes)
    assert figure is axes.figure
    check_labels(figure)
    drawn = len(labels_of(figure))
    assert 5 < drawn < 100
    assert set(words[:5]) <= set(shown(figure))


def test_another_resolution_moves_no_label_onto_another():
    words = [f"word{index}" for index in range(60)]
    figure = plot_words(random_vectors(words), words)
    check_labels(figure, dpi=72)
    check_labels(figure, dpi=300)


def test_labels_stand_at_their_points():
    figure = plot_words(ROYAL, ROYAL.words)
    places = {tuple(place) for line in figure.axes[0].lines for place in line.get_xydata().round(6)}
    assert {tuple(np.round(text.xy, 6)) for text in labels_of(figure)} == places
    assert len(places) == 5
    figure.draw_without_rendering()
    axes, per_point = figure.axes[0], figure.dpi / 72
    for text in labels_of(figure):
        box, point = Text.get_window_extent(text), axes.transData.transform(text.xy)
        distance = np.linalg.norm(np.clip(point, box.min, box.max) - point) / per_point
        assert text.arrow_patch or distance < 7


def test_mathematics_is_drawn_as_it_stands():
    words = ["$x^2$", "$", "a_b", r"\frac{a}{b}", "_"]
    figure = plot_words(random_vectors(words), words, groups={"_": ["_"], "$g$": ["$"]}, title=r"$\bad{")
    check_labels(figure)
    assert shown(figure) == sorted(words)
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == ["_", "$g$"]
    assert not any(text.get_parse_math() for text in figure.findobj(Text) if text.get_text() and "$" in text.get_text())


def test_odd_words_are_drawn_on_one_line():
    words = ["a\nb", "c\td", "e\x00f", "w" * 100]
    figure = plot_words(random_vectors(words), words)
    assert shown(figure) == sorted(["a b", "c d", "e\ufffdf", "w" * 39 + "…"])


def test_groups_have_colours_and_a_legend():
    figure = plot_words(ROYAL, ["apple"], groups={"men": ["man", "king"], "women": ["woman", "queen"]})
    colours = {text.get_text(): text.get_color() for text in labels_of(figure)}
    assert colours["man"] == colours["king"] != colours["woman"] == colours["queen"] != colours["apple"]
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == ["men", "women"]
    legend, axes = figure.axes[0].get_legend().get_window_extent(), figure.axes[0].bbox
    assert legend.x0 >= axes.x1
    assert legend.x1 <= figure.bbox.x1


def test_a_group_without_known_words_is_not_in_the_legend():
    with pytest.warns(InputWarning, match="1 of 5 words"):
        figure = plot_words(ROYAL, groups={"none": ["zzzzzz"], "all": ["man", "woman", "king", "queen"]})
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == ["all"]


def test_arrows_run_between_pairs():
    figure = plot_words(ROYAL, ["apple"], pairs=[("man", "woman"), ("king", "queen"), ("king", "king")])
    places = {text.get_text(): np.array(text.xy) for text in labels_of(figure)}
    arrows = [(text.xyann, text.xy) for text in figure.axes[0].texts if not text.get_text()]
    for (start, end), pair in zip(arrows, [("man", "woman"), ("king", "queen"), ("king", "king")], strict=True):
        np.testing.assert_allclose([start, end], [places[word] for word in pair])
    assert {text.get_text() for text in labels_of(figure)} == set(ROYAL.words)


def test_a_pair_of_an_unknown_word_is_left_out():
    with pytest.warns(InputWarning, match="'zzzzzz'"):
        figure = plot_words(ROYAL, ["king", "apple"], pairs=[("man", "zzzzzz")])
    assert shown(figure) == ["apple", "king", "man"]


def test_both_axes_have_one_scale():
    axes = plot_words(ROYAL, ROYAL.words).axes[0]
    width, height = np.ptp(axes.get_xlim()), np.ptp(axes.get_ylim())
    assert width / height == pytest.approx(axes.bbox.width / axes.bbox.height)


def test_characters_without_a_font(only_dejavu, tmp_path):  # noqa: F811
    vectors = random_vectors(["好", "中", "国", "a"])
    with pytest.warns(InputWarning, match="no installed font has the characters 中 国 好, .* Noto Sans CJK"):
        plot_words(vectors, vectors.words)
    with pytest.raises(InputError, match="no installed font has the characters 中 国 好"):
        plot_words(vectors, ["好", "中", "国"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = plot_words(vectors, vectors.words, font=make_font(tmp_path / "test.ttf", "好中国"))
        check_labels(figure)
        save(figure, tmp_path / "a.pdf")


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"words": []}, "at least 3 words with vectors, and there are 0"),
        ({"words": ["king", "queen", "king"]}, "at least 3 words with vectors, and there are 2"),
        ({"words": ["zzzzzz"]}, "none of the 1 words has a vector"),
        ({"groups": {str(index): ["king"] for index in range(50)}}, "50 groups cannot be told apart"),
    ],
)
def test_what_cannot_be_drawn(options, what):
    with pytest.raises(InputError, match=what):
        plot_words(ROYAL, **options)


def test_more_words_than_can_be_read():
    words = list(map(str, range(1001)))
    with pytest.raises(InputError, match="1,001 words cannot be read; draw at most 1,000"):
        plot_words(random_vectors(words), words)


# Files


@pytest.mark.parametrize(
    ("ending", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF"), ("PNG", b"\x89PNG")]
)
def test_files(tmp_path, ending, start):
    first, again = tmp_path / f"a.{ending}", tmp_path / f"b.{ending}"
    for path in (first, again):
        save(plot_words(ROYAL, ROYAL.words, method="tsne"), path)
    assert first.read_bytes().startswith(start)
    assert first.read_bytes() == again.read_bytes()
    assert sorted(tmp_path.iterdir()) == [first, again]


def test_dots_per_inch(tmp_path):
    for dpi in (50, 100):
        figure = plot_words(ROYAL, ROYAL.words, dpi=dpi)
        save(figure, tmp_path / "a.png")
        with Image.open(tmp_path / "a.png") as image:
            assert image.size == tuple((figure.get_size_inches() * dpi).astype(int))


def test_where_no_file_can_be(tmp_path):
    figure = Figure()
    for name, what in (("a.gif", "end it in .png, .svg, .pdf"), ("a", "end it in"), ("none/a.png", "no such folder")):
        with pytest.raises(InputError, match=what):
            save(figure, tmp_path / name)
    (tmp_path / "b.png").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        save(figure, tmp_path / "b.png")
    assert [path.name for path in tmp_path.iterdir()] == ["b.png"]
