"""Durations for people, and the line an epoch."""

import io

import pytest
from rich.console import Console

from apps.core.progress import TrainingProgress, duration


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (0.04, "0.0 s"),
        (8.44, "8.4 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 0 s"),
        (60, "1 min 0 s"),
        (119.6, "2 min 0 s"),
        (3599.4, "59 min 59 s"),
        (3599.6, "1 h 0 min"),
        (3700, "1 h 1 min"),
        (100 * 3600, "100 h 0 min"),
    ],
)
def test_duration(seconds, text):
    assert duration(seconds) == text


def test_a_line_an_epoch():
    out = io.StringIO()
    with TrainingProgress(Console(file=out), epochs=10, done=3, steps=2) as progress:
        progress.on_train_batch_end(0, {"loss": 0.5})
        progress.on_train_batch_end(1)
        progress.epoch_done({"loss": 0.25, "dev_f1": 0.5, "seconds": 61.0}, "f1", best=0.75)
        assert progress.bar.tasks[0].completed == 3 * 2 + 2
        progress.epoch_done({"loss": 0.125, "dev_f1": 0.75, "seconds": 1.0}, "f1", best=0.75)
    first, second = out.getvalue().splitlines()
    assert first.startswith("epoch  4/10  loss 0.2500  dev f1 0.5000 (best 0.7500)  1 min 1 s, at most ")
    assert second.startswith("epoch  5/10  loss 0.1250  dev f1 0.7500 (best 0.7500)  1.0 s, at most ")
    assert second.endswith(" left")


def test_the_time_left(monkeypatch):
    now = iter([100.0, 130.0])
    monkeypatch.setattr("time.perf_counter", lambda: next(now))
    out = io.StringIO()
    progress = TrainingProgress(Console(file=out), epochs=10, done=3, steps=1)
    progress.epoch_done({"loss": 1, "dev_f1": 0, "seconds": 30}, "f1", best=0)
    assert out.getvalue().rstrip().endswith("30.0 s, at most 3 min 0 s left")
