"""What a training shows: a line for each stage in any case, a bar on a terminal."""

import io
import re

import pytest
from rich.console import Console

from embeddings.progress import TerminalReport, duration


def shown(is_terminal):
    file = io.StringIO()
    with TerminalReport(Console(file=file, force_terminal=is_terminal, width=100)) as report:
        report.stage("reading", None, "words")
        report.advance(30, share=0.5)
        assert report.end() is None
        report.stage("epoch 1/2", 100, "pairs", more=1)
        report.advance(60, 8.0, 3)
        report.bar.refresh()
        assert report.bar.tasks[0].completed == pytest.approx(0.6)
        report.advance(40, 4.0, 1)
        assert report.end() == 3
        report.say("[bold]done")
    return file.getvalue()


def test_lines():
    lines = shown(is_terminal=False).splitlines()
    assert len(lines) == 3
    assert re.fullmatch(r"reading  [\d,]+ words/s  0\.\d s", lines[0])
    assert re.fullmatch(r"epoch 1/2  loss 3\.0000  [\d,]+ pairs/s  0\.\d s, 0\.\d s left", lines[1])
    assert lines[2] == "[bold]done"


def test_what_is_left_counts_the_stages_to_come(monkeypatch):
    clock = iter([0.0, 10.0, 10.0, 10.0])
    monkeypatch.setattr("embeddings.progress.time.perf_counter", lambda: next(clock))
    report = TerminalReport(Console(file=io.StringIO()))
    report.stage("epoch 1/4", 100, "pairs", more=3)
    assert report.left(0.5) == ", 1 min 10 s left"
    assert report.left(1) == ", 30.0 s left"
    assert report.left(0) == ""


def test_a_bar():
    out = shown(is_terminal=True)
    assert "━" in out
    assert "loss 2.6667" in out
    assert "[bold]done" in out


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0.0 s"), (59.94, "59.9 s"), (59.96, "1 min 0 s"), (119.7, "2 min 0 s"), (3725, "62 min 5 s")],
)
def test_duration(seconds, said):
    assert duration(seconds) == said
