"""Layers: a training step beside Keras's own, the CRF beside pytorch-crf, and memory; on TensorFlow and JAX.

`python -m benchmarks.layers [--json] [--backends tensorflow jax]`, after `make backends` for JAX and PyTorch.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any, Literal

import tyro

from .report import Result, median, show

LSTM, GRU = "keras.layers.LSTM", "keras.layers.GRU"
SIZES = ("64x100x128x256", "32x50x100x100")
"""Examples, steps, features and units."""
RECURRENT = {
    "zoneout_lstm": ("lstm", LSTM),
    "weight_drop_lstm": ("lstm", LSTM),
    "zoneout_gru": ("gru", GRU),
    "everything_on": ("lstm_recurrent_dropout", f"{LSTM}(recurrent_dropout=)"),
}
LENGTHS = (50, 200)
"""Steps of the CRF's 32 sequences of 17 tags."""


@dataclass(frozen=True)
class Options:
    """What to measure, and how often."""

    backends: tuple[Literal["tensorflow", "jax"], ...] = ("tensorflow", "jax")
    """Keras's backends to measure on."""
    rounds: int = 31
    """Each of ours and its peer is timed so often, in turn; the median counts."""
    json: bool = False
    """Print one JSON object instead of a table."""


def main() -> None:
    """Measures and prints everything."""
    options = tyro.cli(Options, config=(tyro.conf.FlagCreatePairsOff,))
    results: dict[str, Result] = {}
    torch = Worker("torch")
    for backend in options.backends:
        worker = Worker(backend)
        for size in SIZES:
            for name, (peer, peer_name) in RECURRENT.items():
                ours, theirs = in_turn((worker, f"{name} {size}"), (worker, f"{peer} {size}"), options.rounds)
                results[f"{name}_{size}_{backend}"] = Result(ours, theirs, peer_name, "ms")
        for length in LENGTHS:
            for name in ("crf_loss", "crf_viterbi"):
                ours, theirs = in_turn((worker, f"{name} {length}"), (torch, f"{name} {length}"), options.rounds)
                results[f"{name}_32x{length}x17_{backend}"] = Result(ours, theirs, "pytorch-crf", "ms")
        worker.end()
        for name in ("plain_lstm", "zoneout_lstm"):
            memory = [peak_memory(backend, f"{which} {SIZES[0]}") for which in (name, "lstm")]
            results[f"memory_{name}_{backend}"] = Result(memory[0], memory[1], LSTM, "MB")
    torch.end()
    show(results, options.json)


class Worker:
    """A process with a backend of its own that runs what it is told, and says how long it took."""

    def __init__(self, backend: str) -> None:
        # Idle threads of PyTorch would otherwise spin while another backend is timed.
        settings = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3", "OMP_WAIT_POLICY": "PASSIVE"}
        words = [sys.executable, "-m", "benchmarks.layer_steps", backend]
        self.process = subprocess.Popen(
            words, env=settings, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.backend = backend

    def ask(self, what: str) -> Any:
        """Runs one thing; its milliseconds, or for memory its megabytes."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(what, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"{what!r} failed on {self.backend}; is it installed? `make backends` installs it")
        return json.loads(answer)

    def end(self) -> None:
        """Ends the process."""
        self.process.communicate()


def in_turn(ours: tuple[Worker, str], theirs: tuple[Worker, str], rounds: int) -> tuple[float, float]:
    """The medians of two things timed in turn, so that a change of the machine's speed meets both alike."""
    times: tuple[list[float], list[float]] = ([], [])
    for round_ in range(rounds + 3):
        for (worker, what), kept in zip((ours, theirs), times, strict=True):
            milliseconds = worker.ask(what)
            if round_ >= 3:  # the first compile
                kept.append(milliseconds)
    return median(times[0]), median(times[1])


def peak_memory(backend: str, what: str) -> float:
    """Megabytes that a process's first steps of training add at their peak; the median of three processes."""
    peaks = []
    for _ in range(3):
        worker = Worker(backend)
        peaks.append(worker.ask(f"memory {what}"))
        worker.end()
    return median(peaks)


if __name__ == "__main__":
    main()
