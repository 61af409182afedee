"""What benchmarks share: measuring in turn, and one form for the results."""

from __future__ import annotations

import dataclasses
import json
import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence

from rich.console import Console
from rich.table import Table


@dataclasses.dataclass(frozen=True)
class Result:
    """A figure and that of what a user would pick instead.

    Args:
        ours: The figure.
        peer: The peer's, measured in turn in the same run.
        peer_name: What the peer is.
        unit: Of both.
    """

    ours: float
    peer: float
    peer_name: str
    unit: str

    @property
    def ratio(self) -> float:
        """Ours by the peer's; not a number where the peer's is 0."""
        return self.ours / self.peer if self.peer else math.nan


def seconds_in_turn(
    functions: Sequence[Callable[[], object]],
    rounds: int,
    warm_up: bool = True,
    twice: bool = False,
    clock: Callable[[], float] = time.perf_counter,
) -> list[list[float]]:
    """Times functions in turn, A B A B ..., so that a change of the machine's speed meets all alike.

    Args:
        functions: What to time.
        rounds: How often each.
        warm_up: Whether a first round goes untimed.
        twice: Whether each is run once untimed just before it is timed, as in a service that runs nothing else:
            otherwise a fast one is timed with the caches full of a slow one's data.
        clock: Tells the time; `time.process_time` for that of the processor.

    Returns:
        For each function its seconds, one a round.
    """
    seconds: list[list[float]] = [[] for _ in functions]
    for round_ in range(rounds + warm_up):
        for function, times in zip(functions, seconds, strict=True):
            if twice:
                function()
            begun = clock()
            function()
            if round_ or not warm_up:
                times.append(clock() - begun)
    return seconds


def quantile(times: Sequence[float], share: float) -> float:
    """The time that a share of all stays within."""
    return sorted(times)[min(int(share * len(times)), len(times) - 1)]


def median(times: Sequence[float]) -> float:
    """The median."""
    return statistics.median(times)


def show(results: Mapping[str, Result], as_json: bool) -> None:
    """Prints a table, or one JSON object."""
    if as_json:
        rows = {name: {**dataclasses.asdict(result), "ratio": result.ratio} for name, result in results.items()}
        print(json.dumps(rows, indent=1))
        return
    table = Table("what", "ours", "peer", "unit", "ours / peer", "the peer")
    for name, result in results.items():
        table.add_row(
            name, f"{result.ours:.4g}", f"{result.peer:.4g}", result.unit, f"{result.ratio:.3f}", result.peer_name
        )
    Console(width=140).print(table)
