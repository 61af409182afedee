"""Named entities: speed of training and of tagging, time for one sentence, memory; beside spaCy's `ner`.

`python -m benchmarks.ner [--json] [--data DATA]`, which needs `make backends`
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tyro

import apps.ner
from apps.core.cli import import_tensorflow
from apps.core.predictor import Predictor
from apps.ner.config import Config
from apps.ner.data import Example
from apps.ner.schemes import spans_of
from apps.ner.task import NerTask

from .report import Result, median, quantile, seconds_in_turn, show

WNUT = Path("../shared/data/ner/wnut2017")
TRAINED_ON, TAGGED, ANSWERS = 960, 2_000, 300
"""Sentences."""
BATCH = 32
ROUNDS = 5
SPACY = "spaCy, blank pipeline with ner"

WATCHED = """
import sys
{load}
for line in open(sys.argv[2], encoding="utf-8"):
    answer(line.split("\\n")[0])
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
"""
LOADS = {
    "keras": "import apps.ner; run = apps.ner.load(sys.argv[1]); answer = lambda text: run([text])",
    "onnx": "sys.path.insert(0, sys.argv[1]); import loader; model = loader.Model(sys.argv[1]); "
    "answer = lambda text: model([text.split()])",
    "spacy": "import spacy; answer = spacy.load(sys.argv[1])",
}
"""Each with the way to load a tagger from a folder and to answer for a text."""


@dataclass(frozen=True)
class Options:
    """What to measure on."""

    data: str = str(WNUT) if WNUT.exists() else "sample"
    """Tagged sentences, as `train --data` takes them."""
    json: bool = False
    """Print one JSON object instead of a table."""


def main() -> None:
    """Measures and prints everything."""
    options = tyro.cli(Options, config=(tyro.conf.FlagCreatePairsOff,))
    import_tensorflow()
    task = NerTask(Config(data=options.data, batch_size=BATCH))
    splits = task.read_splits()
    task.prepare(splits)
    examples = list(splits.train)
    peer, optimizer, learned = spacy_pipeline(examples[:TRAINED_ON])
    results = training(task, examples[:TRAINED_ON], peer, optimizer, learned)
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        # What an untrained model takes for entities, one a token, costs more than there is in any text.
        call = ["-m", "apps.ner", "train", "--data", options.data, "--run", str(run), "--epochs", "3"]
        subprocess.run([sys.executable, *call], check=True, capture_output=True)
        results |= tagging(apps.ner.load(run), examples[:TAGGED], peer, Path(folder))
        results |= memory(run, examples[:TAGGED], peer, Path(folder))
    show(results, options.json)


def spacy_pipeline(examples: Sequence[Example]) -> tuple[Any, Any, list[Any]]:
    """spaCy's own default for names, untrained; its optimizer; and the examples as it takes them."""
    import spacy
    from spacy.tokens import Doc
    from spacy.training import Example as Annotated
    from spacy.training import iob_to_biluo

    pipeline = spacy.blank("xx")
    pipeline.add_pipe("ner")

    def annotated(example: Example) -> Any:
        tags = ["O"] * len(example.tokens)
        for span in spans_of(example.tags, "BIOES"):
            tags[span.start : span.end] = ["B-" + span.type] + ["I-" + span.type] * (span.end - span.start - 1)
        return Annotated.from_dict(
            Doc(pipeline.vocab, words=list(example.tokens)),
            {"entities": iob_to_biluo(tags)},
        )

    learned = [annotated(example) for example in examples]
    return pipeline, pipeline.initialize(lambda: learned), learned


def training(
    task: NerTask, examples: list[Example], peer: Any, optimizer: Any, learned: list[Any]
) -> dict[str, Result]:
    """Tokens a second."""
    from apps.core.training import make_optimizer

    model = task.build()
    model.compile(make_optimizer(task.config, 1000), task.loss(), jit_compile=False)

    def with_spacy() -> None:
        for batch in in_batches(learned):
            peer.update(batch, sgd=optimizer, drop=0.1)

    ours, theirs = seconds_in_turn(
        [lambda: model.fit(task.batches(examples, seed=1), shuffle=False, verbose=0), with_spacy], ROUNDS
    )
    tokens = sum(len(example.tokens) for example in examples)
    sizes = f"{model.count_params() / 1e6:.2f} M parameters; {SPACY}, {spacy_size(peer) / 1e6:.2f} M"
    return {
        "training": Result(tokens / median(ours), tokens / median(theirs), f"ours {sizes}", "tokens/s"),
    }


def in_batches(items: Sequence[Any]) -> list[Sequence[Any]]:
    """Consecutive items."""
    return [items[start : start + BATCH] for start in range(0, len(items), BATCH)]


def spacy_size(pipeline: Any) -> int:
    """Number of parameters."""
    nodes = pipeline.get_pipe("ner").model.walk()
    return sum(node.get_param(name).size for node in nodes for name in node.param_names if node.has_param(name))


def tagging(predictor: Predictor, examples: list[Example], peer: Any, folder: Path) -> dict[str, Result]:
    """Tokens a second for raw text in batches, and milliseconds for a sentence."""
    import tensorflow as tf
    from spacy.tokens import Doc

    from apps.ner import loader

    for kind in predictor.task.formats:
        (folder / kind).mkdir()
        predictor.task.write_artifact(kind, predictor.model, folder / kind)
    texts = [" ".join(example.tokens) for example in examples]
    ours, theirs = seconds_in_turn(
        [
            lambda: [predictor(list(batch)) for batch in in_batches(texts)],
            lambda: list(peer.pipe(texts, batch_size=BATCH)),
        ],
        ROUNDS,
    )
    tokens = sum(len(example.tokens) for example in examples)
    results = {
        f"tagging_batch_{BATCH}": Result(tokens / median(ours), tokens / median(theirs), SPACY, "tokens/s"),
    }
    # The sentence of middling length.
    words = list(sorted(examples, key=lambda example: len(example.tokens))[len(examples) // 2].tokens)
    onnx, litert = loader.Model(folder / "onnx"), loader.Model(folder / "litert")
    served = tf.saved_model.load(str(folder / "savedmodel")).signatures["serving_default"]
    text = tf.constant([" ".join(words)])
    times = seconds_in_turn(
        [
            lambda: onnx([words]),
            lambda: litert([words]),
            lambda: {name: np.asarray(value) for name, value in served(text).items()},
            lambda: peer(Doc(peer.vocab, words=words)),
        ],
        ANSWERS,
        twice=True,
    )
    for name, own in zip(("onnx", "litert", "savedmodel"), times, strict=False):
        for label, share in (("p50", 0.5), ("p99", 0.99)):
            results[f"sentence_{name}_{label}"] = Result(
                1000 * quantile(own, share), 1000 * quantile(times[-1], share), f"{SPACY}, {len(words)} tokens", "ms"
            )
    return results


def memory(run: Path, examples: Sequence[Example], peer: Any, folder: Path) -> dict[str, Result]:
    """Megabytes of a process that loads a trained tagger and tags all texts one by one, at its highest."""
    peer.to_disk(folder / "spacy")
    lines = folder / "texts.txt"
    lines.write_text("".join(" ".join(example.tokens) + "\n" for example in examples), "utf-8")
    places = {"keras": run, "onnx": folder / "onnx", "spacy": folder / "spacy"}
    taken = {name: peak(load, places[name], lines) for name, load in LOADS.items()}
    return {
        f"memory_{name}": Result(taken[name], taken["spacy"], f"{SPACY}, loaded from disk", "MB")
        for name in ("keras", "onnx")
    }


def peak(load: str, place: Path, lines: Path) -> float:
    """The highest memory of one process, in MB."""
    words = [sys.executable, "-c", WATCHED.format(load=load), str(place), str(lines)]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    return int(done.stdout.split()[-1]) / 1024


if __name__ == "__main__":
    main()
