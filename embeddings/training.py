"""The whole way from a corpus to vectors."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from .checkpoint import Checkpoint
from .corpus import Corpus, Progress, Rules, encode
from .corpus.sources import Source
from .errors import InputError
from .formats import format_to_write, write
from .glove.counting import STARTS, Pairs, Window, count_pairs, read_pairs
from .glove.training import GloVe
from .settings import LARGEST_SOFTMAX, Settings
from .vectors import Vectors
from .word2vec.training import Word2Vec


class DeadEndError(InputError):
    """A training that goes on would come to the same end: nothing of it is worth keeping."""


class Report(Protocol):
    """Is told how a training goes on."""

    def stage(self, name: str, total: float | None, unit: str, more: int = 0) -> None:
        """Something begins that has so many units to do, and that so many more of its kind will follow."""

    def advance(self, units: float, loss: float = 0.0, losses: int = 0, share: float | None = None) -> None:
        """Units are done; with the sum of losses that were seen meanwhile, and their number.

        The share of the whole that is done is given where the total is not known.
        """

    def end(self) -> float | None:
        """The stage is done; returns the mean of its losses."""

    def say(self, line: str) -> None:
        """Something that the user should know."""


class Silence:
    """Tells nobody, but knows the mean of the losses."""

    def stage(self, name: str, total: float | None, unit: str, more: int = 0) -> None:
        """Begins to sum."""
        self.loss, self.losses = 0.0, 0

    def advance(self, units: float, loss: float = 0.0, losses: int = 0, share: float | None = None) -> None:
        """Sums."""
        self.loss, self.losses = self.loss + loss, self.losses + losses

    def end(self) -> float | None:
        """The mean of the losses, None when there were none."""
        return self.loss / self.losses if self.losses else None

    def say(self, line: str) -> None:
        """Nothing."""


class Threads(ThreadPoolExecutor):
    """A pool whose work stops soon when what waits for it fails or is interrupted."""

    def __init__(self, threads: int) -> None:
        super().__init__(threads)
        self.stopped = threading.Event()

    def __exit__(self, kind: Any, *rest: Any) -> None:
        if kind:
            self.stopped.set()
        self.shutdown(wait=True, cancel_futures=kind is not None)

    def check(self) -> None:
        """Ends a thread's work when it is no longer wanted."""
        if self.stopped.is_set():
            raise RuntimeError("stopped")


def train(
    settings: Settings,
    rules: Rules,
    output: str | Path,
    format: str | None = None,
    resume: bool = False,
    overwrite: bool = False,
    report: Report | None = None,
) -> Vectors:
    """Trains vectors and writes them.

    What was done is kept beside the output after each epoch, so that a training that was stopped can go on.

    Args:
        settings: Every knob.
        rules: How the text becomes words.
        output: The vector file; its ending says in which format.
        format: The format, whatever the ending.
        resume: Go on with a training of this output that was stopped.
        overwrite: Replace an output, or a training, that is there.
        report: Is told how it goes on.

    Returns:
        The vectors.

    Raises:
        InputError: For what cannot be used.
        OSError: When a disk is full.

    Example:
        >>> import tempfile
        >>> output = Path(tempfile.mkdtemp()) / "vectors.safetensors"
        >>> vectors = train(Settings(epochs=1, dimensions=16, threads=1), Rules(), output)
        >>> vectors.dimensions, output.exists()
        (16, True)
    """
    output = Path(output)
    if not output.name or output.is_dir():
        raise InputError("is a folder; name a file to write", output)
    settings, report, checkpoint = settings.complete(), report or Silence(), Checkpoint(output)
    format_to_write(output, format)
    prepare(checkpoint, settings, rules, output, resume, overwrite)
    try:
        with Threads(settings.threads or 1) as pool:
            corpus = read(checkpoint, settings, rules, report)
            model = begin(checkpoint, corpus, settings, report, pool)
            losses = run_epochs(model, checkpoint, corpus, settings, report, pool)
        vectors = Vectors(corpus.words, model.vectors(), corpus.counts, facts(settings, rules, corpus, losses))
        write(output, vectors, format)
    except BaseException as error:
        is_kept = checkpoint.is_worth_keeping and not isinstance(error, DeadEndError)
        if not is_kept:
            checkpoint.remove()
        raise explained(error, checkpoint.path, is_kept) from None
    checkpoint.remove()
    return vectors


def explained(error: BaseException, path: Path, is_kept: bool) -> BaseException:
    """The error as the user should read it: where it arose, and whether the training can go on."""
    if isinstance(error, KeyboardInterrupt) and is_kept:
        return KeyboardInterrupt(f"interrupted; --resume goes on with what is in {path}")
    if isinstance(error, MemoryError):
        return InputError("there is not enough memory; give fewer --dimensions, or fewer words by --max-words", path)
    if isinstance(error, OSError):
        what = f"{error.strerror or error}{'; --resume goes on with what is done' if is_kept else ''}"
        return OSError(error.errno, what, str(error.filename or path))
    return error


def prepare(
    checkpoint: Checkpoint, settings: Settings, rules: Rules, output: Path, resume: bool, overwrite: bool
) -> None:
    """Makes the checkpoint's folder, or sees that the one that is there can be gone on with."""
    if resume and overwrite:
        raise InputError("goes on with a training, and --overwrite begins anew; give one of them", "--resume")
    if output.exists() and any(output.samefile(text) for text in Source(settings.data, checkpoint.path).files):
        raise InputError("is among the texts that are read; name another file", output)
    if resume:
        checkpoint.check(settings, rules)
        return
    if output.exists() and not overwrite:
        raise InputError("exists already; name another file, or give --overwrite", output)
    if checkpoint.is_begun and not overwrite:
        raise InputError("a training was begun and stopped; give --resume to go on, or --overwrite", checkpoint.path)
    if not output.parent.is_dir():
        raise InputError("there is no such folder to write in; make it first", output.parent)
    checkpoint.begin(settings, rules)


def read(checkpoint: Checkpoint, settings: Settings, rules: Rules, report: Report) -> Corpus:
    """The corpus, encoded if that is not done yet."""
    corpus = checkpoint.read_corpus(settings, rules)
    if corpus is not None:
        return corpus
    report.stage("reading", None, "words")
    read_before = 0

    def on_progress(progress: Progress) -> None:
        nonlocal read_before
        report.advance(progress.tokens - read_before, share=progress.share)
        read_before = progress.tokens

    corpus = encode(settings.data, rules, checkpoint.corpus, on_progress)
    report.end()
    report.say(
        f"{corpus.tokens:,} words, {corpus.kept:,} of them among the {len(corpus.words):,} that are kept "
        f"(at least {corpus.counts[-1]:,} times), in {corpus.documents:,} lines"
    )
    for found, what in ((corpus.bad_bytes, "bytes that are not text"), (corpus.too_long, "words over 1,000 bytes")):
        if found:
            report.say(f"{found:,} {what} were skipped or replaced")
    return corpus


class Model(Protocol):
    """Word2Vec or GloVe."""

    arrays: dict[str, np.ndarray]
    """What is learned."""

    def train(self, epoch: int, pool: Executor, on_done: Callable[[int, float, int], None]) -> None:
        """Trains for an epoch; tells how many tokens or pairs are done, of losses among them, and of their number."""

    def vectors(self) -> np.ndarray:
        """The words' vectors."""


def begin(checkpoint: Checkpoint, corpus: Corpus, settings: Settings, report: Report, pool: Threads) -> Model:
    """The model as it is before the first epoch."""
    given: dict[str, Any] = {name: getattr(settings, name) for name in ("dimensions", "seed")}
    given["rate"] = settings.learning_rate
    if len(corpus.words) < 2:
        raise DeadEndError("only one word is frequent enough; give more text, or a lower --min-count", settings.data)
    if corpus.kept == corpus.documents:
        raise DeadEndError("no two frequent words stand on one line; give longer lines", settings.data)
    if settings.method == "glove":
        pairs = count(checkpoint, corpus, settings, report, pool)
        given |= {name: getattr(settings, name) for name in ("symmetric", "x_max", "alpha")}
        return GloVe(pairs, len(corpus.words), **given)
    if settings.loss == "softmax" and len(corpus.words) > LARGEST_SOFTMAX:
        raise DeadEndError(
            f"is for vocabularies of up to {LARGEST_SOFTMAX:,} words, not {len(corpus.words):,}; "
            "give --max-words, or another loss", "--loss softmax",
        )  # fmt: skip
    given |= {name: getattr(settings, name) for name in ("loss", "window", "sample", "epochs")}
    negatives = settings.negatives or 0
    return Word2Vec(corpus.ids, corpus.counts, settings.method, negatives=negatives, **given)


def count(checkpoint: Checkpoint, corpus: Corpus, settings: Settings, report: Report, pool: Threads) -> Pairs:
    """The counts, counted if that is not done yet."""
    if not (checkpoint.pairs / STARTS).exists():
        assert settings.window
        window = Window(settings.window, bool(settings.symmetric))
        report.stage("counting", len(corpus.ids), "words")

        def on_tokens(tokens: int) -> None:
            pool.check()
            report.advance(tokens)

        threads = settings.threads or 1
        count_pairs(corpus.ids, len(corpus.words), window, checkpoint.pairs, settings.bytes, pool, threads, on_tokens)
        report.end()
    return read_pairs(checkpoint.pairs)


def run_epochs(
    model: Model, checkpoint: Checkpoint, corpus: Corpus, settings: Settings, report: Report, pool: Threads
) -> list[float | None]:
    """Trains for the epochs that are left, and keeps the state after each.

    Returns:
        The mean loss of each epoch.
    """
    assert settings.epochs
    losses = checkpoint.read_state(model.arrays)
    # What is trained on are the tokens that are kept; what people count are words of the text.
    size, unit = (model.pairs_to_train, "pairs") if isinstance(model, GloVe) else (corpus.tokens, "words")
    scale = corpus.tokens / len(corpus.ids) if unit == "words" else 1

    def on_done(done: int, loss: float, losses: int) -> None:
        report.advance(done * scale, loss, losses)

    for epoch in range(len(losses), settings.epochs):
        report.stage(f"epoch {epoch + 1}/{settings.epochs}", size, unit, more=settings.epochs - epoch - 1)
        model.train(epoch, pool, on_done)
        losses.append(report.end())
        found = [np.array(losses[-1] or 0.0), *model.arrays.values()]
        if not all(np.isfinite(array).all() for array in found):
            raise DeadEndError("the vectors grew without bound; give a lower one", "--learning-rate")
        checkpoint.write_state(model.arrays, losses)
    return losses


def facts(settings: Settings, rules: Rules, corpus: Corpus, losses: list[float | None]) -> dict[str, Any]:
    """What is kept with the vectors about how they were made."""
    known = {name: value for name, value in dataclasses.asdict(settings).items() if value is not None}
    return (
        known | dataclasses.asdict(rules) | {"tokens": corpus.tokens, "documents": corpus.documents, "losses": losses}
    )
