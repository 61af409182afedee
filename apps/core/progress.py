"""Progress on the terminal: a live bar with the time left where there is one, a line an epoch in any case."""

from __future__ import annotations

import time
from typing import Any

import keras
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn


def duration(seconds: float) -> str:
    """Seconds for people.

    Example:
        >>> duration(8.44), duration(75), duration(3700)
        ('8.4 s', '1 min 15 s', '1 h 1 min')
    """
    if round(seconds, 1) < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


class TrainingProgress(keras.callbacks.Callback):
    """Shows the steps of all epochs as one bar, and prints a line at the end of each.

    Args:
        console: Where to; a bar is drawn only on a terminal.
        epochs: In all.
        done: Epochs that a run that is resumed has behind it.
        steps: Of an epoch.
    """

    def __init__(self, console: Console, epochs: int, done: int, steps: int) -> None:
        super().__init__()
        self.console, self.epochs, self.epoch, self.begun, self.first = console, epochs, done, time.perf_counter(), done
        self.bar = Progress(
            TextColumn("epoch {task.fields[epoch]}/{task.fields[epochs]}"),
            BarColumn(),
            TextColumn("loss {task.fields[loss]:.4f}"),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self.steps = self.bar.add_task(
            "train", total=epochs * steps, completed=done * steps, epoch=done + 1, epochs=epochs, loss=0
        )

    def __enter__(self) -> TrainingProgress:
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Moves the bar."""
        self.bar.update(self.steps, advance=1, epoch=self.epoch + 1, loss=(logs or {}).get("loss", 0))

    def epoch_done(self, row: dict[str, float], metric: str, best: float) -> None:
        """Prints the epoch's line, with the time that is left if every epoch to come is run."""
        self.epoch += 1
        taken = duration(row["seconds"])
        left = (time.perf_counter() - self.begun) / (self.epoch - self.first) * (self.epochs - self.epoch)
        self.console.print(
            f"epoch {self.epoch:>{len(str(self.epochs))}}/{self.epochs}  loss {row['loss']:.4f}  "
            f"dev {metric} {row['dev_' + metric]:.4f} (best {best:.4f})  {taken}, at most {duration(left)} left",
            highlight=False,
            soft_wrap=True,
        )
