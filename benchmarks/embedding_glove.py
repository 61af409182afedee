"""GloVe beside its program in C, where that is given: https://github.com/stanfordnlp/GloVe."""

from __future__ import annotations

import os
from functools import cached_property
from typing import Any

from embeddings.errors import InputError
from embeddings.formats import read
from embeddings.glove.counting import Pairs, Window, count_pairs, read_pairs
from embeddings.glove.training import GloVe
from embeddings.settings import DEFAULTS, Settings
from embeddings.vectors import Vectors

from .embedding_bench import DIMENSIONS, RULES, Bench, Row, Rows, step, timed

WINDOW, X_MAX, ALPHA, RATE, ITERATIONS = (
    DEFAULTS["glove"][name] for name in ("window", "x_max", "alpha", "learning_rate", "epochs")
)
"""Our defaults; the program is given the same."""
PROGRAMS = ("vocab_count", "cooccur", "shuffle", "glove")
RECORD = 16
"""Bytes of a pair in the program's file."""
PEER, NO_PEER = "GloVe in C", "none: needs --glove"


class Program:
    """GloVe in C. Its files lie in a folder of their own; each step is run when what it makes is first needed.

    Args:
        bench: With the folder of the compiled programs.
    """

    def __init__(self, bench: Bench) -> None:
        assert bench.options.glove
        self.bench, self.build = bench, bench.options.glove.absolute()
        self.folder = bench.folder / "program"
        self.folder.mkdir(exist_ok=True)

    def command(self, name: str, *words: object, stdin: str | None = None, stdout: str | None = None) -> dict[str, Any]:
        """One of the programs, as `programs` takes it."""
        return {"words": [str(self.build / name), *map(str, words)], "stdin": stdin, "stdout": stdout}

    def count(self) -> dict[str, float]:
        """From the text to the counts."""
        text = str(self.bench.text)
        vocabulary = self.command("vocab_count", "-min-count", RULES.min_count, stdin=text, stdout="vocab.txt")
        counting = self.command("cooccur", "-window-size", WINDOW, stdin=text, stdout="pairs.bin")
        return step("programs", commands=[vocabulary, counting], folder=self.folder)

    @cached_property
    def counted(self) -> dict[str, float]:
        """That, done once."""
        return self.count()

    @cached_property
    def shuffled(self) -> dict[str, float]:
        """The counts in the order in which they are trained on."""
        _ = self.counted
        pairs = str(self.folder / "pairs.bin")
        command = self.command("shuffle", "-seed", 1, stdin=pairs, stdout="shuffled.bin")
        return step("programs", commands=[command], folder=self.folder)

    @cached_property
    def trained(self) -> dict[str, float]:
        """The vectors."""
        _ = self.shuffled
        return step("programs", commands=[self.training(ITERATIONS)], folder=self.folder)

    def training(self, iterations: int) -> dict[str, Any]:
        """So many iterations."""
        return self.command(
            "glove", "-input-file", "shuffled.bin", "-vocab-file", "vocab.txt", "-save-file", "vectors",
            "-vector-size", DIMENSIONS, "-threads", self.bench.options.threads, "-iter", iterations,
            "-x-max", X_MAX, "-alpha", ALPHA, "-eta", RATE, "-seed", 1, "-verbose", 1,
        )  # fmt: skip

    def pairs_a_second(self) -> float:
        """Of the first iteration."""
        pairs = (self.folder / "shuffled.bin").stat().st_size / RECORD
        return pairs / step("iteration", words=self.training(1)["words"], folder=self.folder)["seconds"]

    @property
    def whole(self) -> dict[str, float]:
        """From the text to the vectors: the seconds of all, the memory of the largest."""
        steps = self.counted, self.shuffled, self.trained
        return {"seconds": sum(one["seconds"] for one in steps), "memory": max(one["memory"] for one in steps)}

    @property
    def vectors(self) -> Vectors:
        """What was trained, but for that of unknown words, which the program adds."""
        _ = self.trained
        found = read(self.folder / "vectors.txt")
        known = [index for index, word in enumerate(found.words) if word != "<unk>"]
        return Vectors([found.words[index] for index in known], found.vectors[known])


def program(bench: Bench) -> Program | None:
    """The program, if it is given.

    Raises:
        InputError: When the folder lacks one of its parts.
    """
    if not bench.options.glove:
        return None
    for name in PROGRAMS:
        if not os.access(bench.options.glove / name, os.X_OK):
            raise InputError(f"there is no program {name!r}; give the folder where `make` put it", bench.options.glove)
    return Program(bench)


def counting(bench: Bench, peer: Program | None) -> Rows:
    """Seconds and memory of processes that go from the text to the counts."""
    arguments: dict[str, Any] = {"text": bench.text, "folder": bench.folder / "counted", "window": WINDOW}
    arguments |= {"min_count": RULES.min_count, "threads": bench.options.threads}
    memory: dict[str, list[float]] = {"ours": [], PEER: []}

    def ours() -> float:
        return kept("ours", step("count", **arguments))

    def theirs() -> float:
        assert peer
        return kept(PEER, peer.count())

    def kept(whose: str, answer: dict[str, float]) -> float:
        memory[whose].append(answer["memory"])
        return answer["seconds"]

    seconds = bench.compare("glove_counting", "s", ours, theirs if peer else None, PEER if peer else NO_PEER)
    most = Row(max(memory["ours"]), max(memory[PEER], default=None), seconds.peer_name, "MB")
    return {"glove_counting": seconds, "glove_counting_memory": most}


def training(bench: Bench, peer: Program | None) -> Rows:
    """Pairs a second of an iteration."""
    ours = model(bench, 1)
    ours.train_tile(0, 0)
    if peer:
        bench.say("glove_training: GloVe in C counts and shuffles first")
        _ = peer.shuffled

    def pairs_a_second() -> float:
        fresh = model(bench, 1)
        pairs = fresh.pairs_to_train
        return pairs / timed(lambda: iterate(fresh, bench, 1))

    theirs, name = (peer.pairs_a_second, PEER) if peer else (None, NO_PEER)
    return {"glove_training": bench.compare("glove_training", "pairs/s", pairs_a_second, theirs, name)}


def whole(bench: Bench, peer: Program | None) -> Rows:
    """Seconds and memory of processes that go from the text to a file of vectors, with 15 iterations; each once."""
    settings = {"method": "glove", "dimensions": DIMENSIONS, "threads": bench.options.threads}
    output = bench.folder / "whole.safetensors"
    ours = step("train", text=bench.text, output=output, rules={"min_count": RULES.min_count}, settings=settings)
    slow = peer if bench.options.slow else None
    theirs = slow.whole if slow else {}
    why = PEER if theirs else "none: needs --slow" if peer else "none: needs --glove, --slow"
    names = {"glove_whole": ("seconds", "s"), "glove_whole_memory": ("memory", "MB")}
    return {name: Row(ours[what], theirs.get(what), why, unit) for name, (what, unit) in names.items()}


def pairs(bench: Bench) -> Pairs:
    """The corpus's counts, counted when they are first needed."""
    folder = bench.folder / "pairs"
    if not folder.exists():
        folder.mkdir()
        corpus, window, threads = bench.corpus, Window(WINDOW, symmetric=True), bench.options.threads
        memory = Settings().bytes
        count_pairs(
            corpus.ids, len(corpus.words), window, folder, memory, bench.pool, threads, lambda tokens: None
        )  # fmt: skip
    return read_pairs(folder)


def model(bench: Bench, seed: int) -> GloVe:
    """Ours, before its first iteration."""
    words = len(bench.corpus.words)
    return GloVe(pairs(bench), words, DIMENSIONS, True, X_MAX, ALPHA, RATE, seed)


def iterate(ours: GloVe, bench: Bench, iterations: int) -> None:
    """So many iterations."""
    for iteration in range(iterations):
        ours.train(iteration, bench.pool, lambda pairs, loss, losses: None)


def vectors(bench: Bench, seed: int) -> Vectors:
    """Ours, trained."""
    ours = model(bench, seed)
    iterate(ours, bench, ITERATIONS)
    return Vectors(bench.corpus.words, ours.vectors())
