"""A training's progress on the terminal: a live bar where there is one, a line a stage in any case."""

from __future__ import annotations

import time

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from .training import Silence


class TerminalReport(Silence):
    """Shows each stage as a bar with units a second, loss and time left, and leaves a line of it.

    Args:
        console: Where to; bars are drawn only on a terminal.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[pace]}")
        self.bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)

    def __enter__(self) -> TerminalReport:
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def stage(self, name: str, total: float | None, unit: str, more: int = 0) -> None:
        """Begins a bar."""
        super().stage(name, total, unit, more)
        self.name, self.unit, self.units, self.begun = name, unit, 0.0, time.perf_counter()
        self.total, self.more = total, more
        self.task = self.bar.add_task(name, total=1, pace="")

    def advance(self, units: float, loss: float = 0.0, losses: int = 0, share: float | None = None) -> None:
        """Moves the bar."""
        super().advance(units, loss, losses)
        self.units += units
        done = self.units / self.total if self.total else share or 0
        self.bar.update(self.task, completed=done, pace=f"{self.pace}{self.left(done)}")

    def end(self) -> float | None:
        """Takes the bar away, and prints its line."""
        self.bar.remove_task(self.task)
        left = self.left(1) if self.more else ""
        self.say(f"{self.name}  {self.pace}  {duration(time.perf_counter() - self.begun)}{left}")
        return super().end()

    def say(self, line: str) -> None:
        """Prints a line."""
        self.console.print(line, highlight=False, markup=False, soft_wrap=True)

    def left(self, done: float) -> str:
        """The time that this stage and all like it still take, when this share of it is done."""
        if not done:
            return ""
        whole = (time.perf_counter() - self.begun) / done
        return f", {duration(whole * (1 - min(done, 1) + self.more))} left"

    @property
    def pace(self) -> str:
        """Units a second, and the mean loss so far."""
        pace = f"{self.units / max(time.perf_counter() - self.begun, 1e-9):,.0f} {self.unit}/s"
        return f"loss {self.loss / self.losses:.4f}  {pace}" if self.losses else pace


def duration(seconds: float) -> str:
    """Seconds for people.

    Example:
        >>> duration(8.44), duration(75)
        ('8.4 s', '1 min 15 s')
    """
    if round(seconds, 1) < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"
