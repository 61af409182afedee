"""Small data, small models, and the command line called in process or as a process of its own."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from apps.ner.config import Config
from apps.ner.features import learn
from apps.ner.loader import Encoder
from apps.ner.sample import generate
from apps.ner.schemes import convert
from apps.ner.task import NerTask
from tests.apps.command import as_options, call, read_json, run_python

__all__ = ["encoder_for", "options", "read_json", "run", "run_python", "write_chinese", "write_conll", "write_sample"]
SMALL = {
    "epochs": 1,
    "batch-size": 16,
    "units": 3,
    "embedding-dim": 4,
    "shape-dim": 2,
    "bigram-dim": 2,
    "char-dim": 3,
    "char-units": 4,
    "learning-rate": 0.01,
    "seed": 1,
}
"""Options under which a model trains in a second, whatever the defaults are."""
CHINESE = "张三李四王五赵六在北京上海广州工作，毕业于清华大学。任公司经理"


def options(**given: Any) -> list[str]:
    """`SMALL` with other values as words of a command line."""
    return as_options(SMALL | {name.replace("_", "-"): value for name, value in given.items()})


run = partial(call, NerTask)


def write_conll(path: Path, sentences: Sequence[tuple[Sequence[str], Sequence[str]]]) -> Path:
    """A file of tokens and IOB2 tags, from tokens and BIOES tags."""
    blocks = [
        "".join(f"{token}\t{tag}\n" for token, tag in zip(tokens, convert(tags, "BIOES", "IOB2"), strict=True))
        for tokens, tags in sentences
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(blocks), "utf-8")
    return path


def write_sample(folder: Path, sizes: dict[str, int]) -> Path:
    """A folder with the sample's sentences."""
    for split, sentences in generate(sizes, seed=3).items():
        write_conll(folder / f"{split}.conll", sentences)
    return folder


def write_chinese(folder: Path) -> Path:
    """A folder of sentences by character, with persons and organisations."""
    for split, size, first in (("train", 40, 0), ("dev", 10, 40), ("test", 10, 50)):
        sentences = []
        for number in range(first, first + size):
            name = CHINESE[number % 4 * 2 : number % 4 * 2 + 2]
            rest = CHINESE[8 + number % 3 * 2 : 8 + number % 3 * 2 + 3 + number % 7]
            tokens = [*name, *rest, *"清华大学", "。"]
            sentences.append((tokens, ["B-PER", "E-PER", *["O"] * len(rest), "B-ORG", "I-ORG", "I-ORG", "E-ORG", "O"]))
        write_conll(folder / f"{split}.conll", sentences)
    return folder


def encoder_for(sentences: Sequence[Sequence[str]], unit: Any = "words", vectors: Any = None, **knobs: Any) -> Encoder:
    """An encoder that has learned from sentences, with the tags of two types."""
    tags = ["O", *(f"{prefix}-{kind}" for kind in ("LOC", "PER") for prefix in "BIES")]
    return Encoder(learn(sentences, tags, unit, Config(**knobs), vectors))
