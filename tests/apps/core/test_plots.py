"""Pictures are written whole or not at all, and leave matplotlib as it was."""

import warnings

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

from apps.core.plots import figure, fonts, learning_curves

PNG = b"\x89PNG\r\n\x1a\n"


def test_a_figure_is_kept(tmp_path):
    before = dict(mpl.rcParams)
    path = tmp_path / "plots" / "a.png"
    with figure(path, 1, 2, figsize=(2, 1)) as (left, _right):
        left.plot([1, 2], [3, 4])
        assert not path.exists()
    raw = path.read_bytes()
    assert raw.startswith(PNG)
    assert raw.endswith(b"IEND\xaeB`\x82")
    assert plt.get_fignums() == []
    assert dict(mpl.rcParams) == before
    assert [entry.name for entry in path.parent.iterdir()] == ["a.png"]


def test_a_failure_leaves_the_old_picture(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    with pytest.raises(ZeroDivisionError), figure(path):
        _ = 1 / 0
    assert path.read_bytes() == b"old"
    assert plt.get_fignums() == []


def test_the_ending_does_not_matter(tmp_path):
    with figure(tmp_path / "a.picture"):
        pass
    assert (tmp_path / "a.picture").read_bytes().startswith(PNG)


@pytest.mark.parametrize("epochs", [1, 7])
def test_learning_curves(tmp_path, epochs):
    history = [{"epoch": epoch + 1, "loss": 1 / (epoch + 1), "dev_f1": epoch % 3 / 3} for epoch in range(epochs)]
    with warnings.catch_warnings(action="error"):
        learning_curves(history, "f1", tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(PNG)


def test_learning_curves_mark_the_epoch_that_is_kept(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr("matplotlib.axes.Axes.annotate", lambda self, text, point, *a, **k: seen.append((text, point)))
    history = [{"epoch": epoch, "loss": 1, "dev_f1": score} for epoch, score in enumerate([0.1, 0.9, 0.9, 0.2], 1)]
    learning_curves(history, "f1", tmp_path / "a.png")
    assert seen == [("kept: 0.9000", (2, 0.9))]


def test_fonts():
    assert fonts()[0] == "DejaVu Sans"
    assert fonts("DejaVu Sans Mono")[0] == "DejaVu Sans Mono"
