"""Trains a task: epochs, averaged weights, the best checkpoint by the dev metric, resuming, several seeds."""

from __future__ import annotations

import copy
import csv
import dataclasses
import io
import json
import math
import shutil
import statistics
import time
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from rich.console import Console

from .config import TrainingConfig
from .errors import InputError
from .progress import TrainingProgress, duration
from .run import RunFolder, replacing, write_errors, write_text
from .sources import Splits
from .task import Task

Metrics = dict[str, Any]


def train(task: Task, splits: Splits, run: RunFolder, console: Console) -> Metrics:
    """Trains with each of the configured seeds, going on where an earlier call was ended.

    With several seeds each has a run folder of its own under `seeds/`; the run itself is then a copy of the seed that
    is best on dev, and its metrics are the means, beside their standard deviations.

    Returns:
        What `metrics.json` holds.

    Raises:
        InputError: When the run cannot be written, or the loss stops being a number.
    """
    config = task.config
    fingerprint = splits.fingerprint()
    if (run.path / "data.json").exists() and run.read("data.json") != fingerprint:
        raise InputError(f"the data {config.data!r} are not those this run was begun with; train anew", run.path)
    run.write("config.json", dataclasses.asdict(config))
    run.write("data.json", fingerprint)
    if config.seeds == 1:
        return train_seed(task, splits, run, console)
    results = []
    for seed in range(config.seed, config.seed + config.seeds):
        one = copy.copy(task)  # with all it learned from the data: `state` has no first word vectors, for one
        one.config = dataclasses.replace(config, seed=seed, seeds=1)
        folder = run.seed(seed)
        console.print(f"seed {seed}", style="bold")
        if folder.is_finished:
            results.append(folder.read("metrics.json"))
            continue
        folder.write("config.json", dataclasses.asdict(one.config))
        folder.write("data.json", fingerprint)
        results.append(train_seed(one, splits, folder, console))
    best = max(results, key=lambda metrics: metrics["dev"][task.metric])
    metrics = aggregate(results)
    with write_errors(run.path):
        for path in run.seed(best["seeds"][0]["seed"]).path.iterdir():
            if path.name in ("model.keras", "state.json", "history.csv"):
                shutil.copy2(path, run.path)
            elif path.name == "plots":
                shutil.copytree(path, run.plots, dirs_exist_ok=True)
    run.write("metrics.json", metrics)
    return metrics


def aggregate(results: list[Metrics]) -> Metrics:
    """Means of the runs' metrics, their sample standard deviations under `std`, the runs one by one under `seeds`.

    A metric that some run could not measure has no mean.

    Example:
        >>> run = lambda a: {"dev": {"f1": a}, "test": {"f1": a}, "seeds": [{}], "seconds": 1.0}
        >>> aggregate([run(0.5), run(0.7)])["std"]["test"]
        {'f1': 0.1414}
    """
    numbers = {
        split: {
            name: [result[split][name] for result in results]
            for name in results[0][split]
            if all(name in result[split] for result in results)
        }
        for split in ("dev", "test")
    }
    return {
        **{split: {name: statistics.mean(values) for name, values in numbers[split].items()} for split in numbers},
        "std": {
            split: {name: round(statistics.stdev(values), 4) for name, values in numbers[split].items()}
            for split in numbers
        },
        "seeds": [seed for result in results for seed in result["seeds"]],
        "seconds": sum(result["seconds"] for result in results),
    }


def train_seed(task: Task, splits: Splits, run: RunFolder, console: Console) -> Metrics:
    """Trains one seed to its end, writes everything a run has, and returns its metrics."""
    config: TrainingConfig = task.config
    run.write("state.json", task.state())
    keras.backend.clear_session()
    keras.utils.set_random_seed(config.seed)
    tf.config.experimental.enable_op_determinism()
    steps = int(task.batches(splits.train, seed=0).cardinality())
    model = task.build()
    model.compile(make_optimizer(config, steps), task.loss(), jit_compile=False)
    model.optimizer.build(model.trainable_variables)

    history: list[dict[str, float]] = []
    if run.checkpoint.exists():
        history = load_checkpoint(run.checkpoint, model)
        write_history(run, history)  # the run may have been killed after its last checkpoint and before this
        console.print(f"resumed after epoch {len(history)}")
    with (
        TrainingProgress(console, config.epochs, len(history), steps) as progress,
        tf.summary.create_file_writer(str(run.tensorboard)).as_default(),
    ):
        while not is_over(history, config, task.metric, task.slack):
            row = train_epoch(task, model, splits, len(history), progress)
            history.append(row)
            if best_epoch(history, task.metric, task.slack) == len(history) - 1:
                with averaged_weights(model):
                    save_arrays(run.best, model.get_weights())
            save_checkpoint(run.checkpoint, model, history)
            record(run, history)
            progress.epoch_done(row, task.metric, max(past["dev_" + task.metric] for past in history))
    return finish(task, splits, run, history, console)


def make_optimizer(config: TrainingConfig, steps: int) -> keras.optimizers.Optimizer:
    """Adam, with decoupled weight decay if any (AdamW), and the configured schedule, clipping and weight averaging."""
    rate: Any = config.learning_rate
    if config.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(rate, config.epochs * steps)
    elif config.schedule == "linear":
        rate = keras.optimizers.schedules.PolynomialDecay(rate, config.epochs * steps, end_learning_rate=0.0)
    return keras.optimizers.Adam(
        rate,
        weight_decay=config.weight_decay or None,
        global_clipnorm=config.clip_norm or None,
        use_ema=config.ema > 0,
        ema_momentum=config.ema or 0.99,
    )


def train_epoch(
    task: Task, model: keras.Model, splits: Splits, epoch: int, progress: TrainingProgress
) -> dict[str, float]:
    """One pass over the training examples and a look at dev; returns the epoch's row of the history."""
    begun = time.perf_counter()
    seed = int(np.random.SeedSequence((task.config.seed, epoch)).generate_state(1)[0])
    fitted = model.fit(
        task.training_batches(model, splits.train, seed), epochs=1, shuffle=False, verbose=0, callbacks=[progress]
    )
    loss = float(fitted.history["loss"][0])
    if not np.isfinite(loss):
        raise InputError(
            f"the loss became {loss} in epoch {epoch + 1}; lower the learning rate (now {task.config.learning_rate})",
            "--learning-rate",
        )
    seconds = time.perf_counter() - begun
    with averaged_weights(model):
        dev = task.evaluate(model, splits.dev).metrics
    return {
        "epoch": epoch + 1,
        "loss": loss,
        **{f"dev_{name}": value for name, value in dev.items()},
        "seconds": seconds,
    }


def best_epoch(history: list[dict[str, float]], metric: str, slack: float = 0.0) -> int:
    """The index of the first epoch with the highest dev metric; with slack, of the last nearly as high as all before.

    Example:
        >>> history = [{"dev_f1": score} for score in (0.5, 0.9, 0.89, 0.9, 0.7)]
        >>> best_epoch(history, "f1"), best_epoch(history, "f1", slack=0.02)
        (1, 3)
    """
    best, highest = 0, -math.inf
    for epoch, row in enumerate(history):
        score = row["dev_" + metric]
        if score > highest or (slack and score >= highest - slack):
            best = epoch
        highest = max(highest, score)
    return best


def is_over(history: list[dict[str, float]], config: TrainingConfig, metric: str, slack: float = 0.0) -> bool:
    """Whether all epochs are done, or the dev metric has not improved for `patience` epochs."""
    if not history:
        return False
    return len(history) >= config.epochs or len(history) - 1 - best_epoch(history, metric, slack) >= config.patience


@contextmanager
def averaged_weights(model: keras.Model) -> Iterator[None]:
    """Gives the model its averaged weights for a while; its own are back afterwards."""
    if not model.optimizer.use_ema:
        yield
        return
    own = [variable.numpy() for variable in model.trainable_variables]
    model.optimizer.finalize_variable_values(model.trainable_variables)
    try:
        yield
    finally:
        for variable, value in zip(model.trainable_variables, own, strict=True):
            variable.assign(value)


def save_arrays(path: Path, arrays: list[np.ndarray], note: str = "") -> None:
    """Writes a list of arrays, and a note, in one step."""
    names: Any = (f"a{index}" for index in range(len(arrays)))
    with replacing(path) as partial, open(partial, "wb") as file:
        np.savez(file, note=np.array(note), **dict(zip(names, arrays, strict=False)))


def load_arrays(path: Path) -> tuple[list[np.ndarray], str]:
    """Reads what `save_arrays` wrote."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return [file[f"a{index}"] for index in range(len(file.files) - 1)], str(file["note"])
    except (OSError, ValueError, KeyError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(f"cannot be read ({error}); this run folder is damaged, train anew", path) from None


def save_checkpoint(path: Path, model: keras.Model, history: list[dict[str, float]]) -> None:
    """Writes all that the coming epochs depend on: weights, the state of random generators, optimizer, history."""
    save_arrays(path, [variable.numpy() for variable in checkpointed(model)], json.dumps(history))


def load_checkpoint(path: Path, model: keras.Model) -> list[dict[str, float]]:
    """Takes a checkpoint back into a compiled model; returns the history."""
    arrays, note = load_arrays(path)
    for variable, array in zip(checkpointed(model), arrays, strict=True):
        variable.assign(array)
    return json.loads(note)


def checkpointed(model: keras.Model) -> list[keras.Variable]:
    """A model's variables (the states of its random generators among them) and its optimizer's."""
    return [*model.variables, *model.optimizer.variables]


def record(run: RunFolder, history: list[dict[str, float]]) -> None:
    """Keeps the history as CSV, and its last row for TensorBoard."""
    write_history(run, history)
    for name, value in history[-1].items():
        if name != "epoch":
            tf.summary.scalar(name, value, step=len(history))


def write_history(run: RunFolder, history: list[dict[str, float]]) -> None:
    """Keeps the history as CSV."""
    table = io.StringIO()
    writer = csv.DictWriter(table, list(history[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    write_text(run.path / "history.csv", table.getvalue())


def finish(task: Task, splits: Splits, run: RunFolder, history: list[dict[str, float]], console: Console) -> Metrics:
    """Keeps the best epoch's model, judges it on dev and test, draws the pictures and ends the run."""
    from .plots import learning_curves

    model = task.build()
    model.set_weights(load_arrays(run.best)[0])
    task.settle(model, splits)
    run.write("state.json", task.state())
    with replacing(run.model) as partial:
        model.save(partial)
    seconds = sum(row["seconds"] for row in history)
    metrics: Metrics = {}
    for split in ("dev", "test"):
        evaluation = task.evaluate(model, getattr(splits, split))
        metrics[split] = dict(evaluation.metrics)
    with replacing(run.plots) as folder:
        folder.mkdir()
        learning_curves(history, task.metric, folder / "learning_curves.png")
        task.draw(evaluation, folder)
    metrics["seeds"] = [{"seed": task.config.seed, "dev": metrics["dev"], "test": metrics["test"], "seconds": seconds}]
    metrics["seconds"] = seconds
    metrics["best_epoch"] = best_epoch(history, task.metric, task.slack) + 1
    run.write("metrics.json", metrics)
    console.print(
        f"trained in {duration(seconds)}; the best epoch by dev {task.metric} is {metrics['best_epoch']}",
        highlight=False,
    )
    return metrics
