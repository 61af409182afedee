"""How vectors are trained."""

from __future__ import annotations

import dataclasses
import math
import os
import re
from dataclasses import dataclass
from typing import Any, Literal, get_args

from .errors import InputError
from .glove.tiles import LONGEST_WINDOW

Method = Literal["skipgram", "cbow", "glove"]
Loss = Literal["negative", "hierarchical", "softmax"]

WORD2VEC = {"loss": "negative", "window": 5, "epochs": 5, "learning_rate": 0.05, "negatives": 5, "sample": 1e-4}
DEFAULTS: dict[str, dict[str, Any]] = {
    "skipgram": WORD2VEC,
    "cbow": WORD2VEC,
    "glove": {"window": 15, "epochs": 15, "learning_rate": 0.1, "x_max": 10.0, "alpha": 0.75, "symmetric": True},
}
"""By method, of the settings that have a meaning in it and are not given."""
LARGEST = {"dimensions": 4096, "window": 1000, "negatives": 1000, "threads": 256}
"""Beyond that there is an error in the number: code for wide rows is slow to compile, and threads share the memory."""
FREE = ("threads", "memory")
"""Settings that a training that is resumed may change."""
LARGEST_SOFTMAX = 20_000
SIZES = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
LEAST_MEMORY = 2**26


@dataclass(frozen=True)
class Settings:
    """Every knob of training. What is None has a default of the method's; see `complete`.

    Raises:
        InputError: For a value that cannot be meant, or that the method has no use for, naming the option.
    """

    data: str = "sample"
    """The corpus: a file with a document or a sentence a line (also .gz, .bz2, .xz), a folder, a glob, `-` for standard
    input, `tfds:NAME[/config][:split][#feature]`, or `sample`."""
    method: Method = "skipgram"
    """word2vec's skip-gram or CBOW, or GloVe."""
    loss: Loss | None = None
    """word2vec: tell a word from negatives drawn at random (the default), by its path in a Huffman tree, or, for small
    vocabularies, from all other words."""
    dimensions: int = 100
    """Of the vectors."""
    window: int | None = None
    """Words to either side that count as near: 5; of GloVe 15."""
    epochs: int | None = None
    """Passes over the corpus: 5; of GloVe 15 over the counts."""
    learning_rate: float | None = None
    """word2vec: to begin with, 0.05. GloVe: 0.1."""
    negatives: int | None = None
    """Words drawn at random for each window, with the loss `negative`: 5."""
    sample: float | None = None
    """word2vec: words more frequent than this share of the text are passed over at random: 1e-4; 0 for none."""
    x_max: float | None = None
    """GloVe: the count from which on all weigh the same: 10; 100 for billions of words."""
    alpha: float | None = None
    """GloVe: a smaller count x weighs (x / x_max) ** alpha: 0.75."""
    symmetric: bool | None = None
    """GloVe: count neighbours on both sides, or only those before a word: both."""
    memory: str = "1G"
    """GloVe: for counting, about; what does not fit spills to disk."""
    threads: int | None = None
    """One for each core when not given. word2vec's vectors are the same each time only with one."""
    seed: int = 1
    """Of every random number."""

    def __post_init__(self) -> None:
        """Refuses what cannot be meant."""
        self._require("method", self.method in get_args(Method), f"must be one of {', '.join(get_args(Method))}")
        for name in dict.fromkeys(name for defaults in DEFAULTS.values() for name in defaults):
            if name not in DEFAULTS[self.method]:
                self._refuse(name, f"--method {self.method}")
        self._require("loss", self.loss in (None, *get_args(Loss)), f"must be one of {', '.join(get_args(Loss))}")
        if self.loss not in (None, "negative"):
            self._refuse("negatives", f"--loss {self.loss}")
        for name in ("dimensions", "window", "epochs", "negatives", "threads"):
            self._require(name, getattr(self, name) is None or getattr(self, name) >= 1, "must be 1 or more")
        for name, largest in LARGEST.items():
            is_right = getattr(self, name) is None or getattr(self, name) <= largest
            self._require(name, is_right, f"must be at most {largest}")
        for name in ("learning_rate", "x_max", "alpha"):
            is_right = getattr(self, name) is None or 0 < getattr(self, name) < math.inf
            self._require(name, is_right, "must be more than 0, and finite")
        self._require("sample", self.sample is None or 0 <= self.sample < 1, "must be from 0 to below 1")
        self._require("seed", self.seed >= 0, "must not be negative")
        if self.method == "glove" and self.window:
            self._require("window", self.window <= LONGEST_WINDOW, f"must be at most {LONGEST_WINDOW}")
        _ = self.bytes

    def _require(self, name: str, is_right: bool, what: str) -> None:
        if not is_right:
            raise InputError(f"{what}, not {getattr(self, name)}", "--" + name.replace("_", "-"))

    def _refuse(self, name: str, by: str) -> None:
        if getattr(self, name) is not None:
            raise InputError(f"has no meaning for {by}; leave it out", "--" + name.replace("_", "-"))

    def complete(self) -> Settings:
        """With the method's defaults in the place of what is not given.

        Example:
            >>> Settings(method="glove").complete().window
            15
        """
        missing = {name: value for name, value in DEFAULTS[self.method].items() if getattr(self, name) is None}
        if self.loss not in (None, "negative"):
            missing.pop("negatives", None)
        return dataclasses.replace(self, threads=self.threads or os.cpu_count() or 1, **missing)

    @property
    def bytes(self) -> int:
        """The memory, as a number.

        Example:
            >>> Settings(memory="500M").bytes
            524288000
        """
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", self.memory.strip(), re.IGNORECASE)
        self._require("memory", found is not None, "must be a number of bytes such as 500M or 4G")
        assert found
        bytes = int(float(found[1]) * SIZES[found[2].upper()])
        self._require("memory", bytes >= LEAST_MEMORY, "must be 64M or more")
        return bytes

    def differences(self, other: Settings) -> list[str]:
        """Names of the settings that differ from another's, but for those that a resumed training may change."""
        names = [field.name for field in dataclasses.fields(self) if field.name not in FREE]
        return [name for name in names if getattr(self.complete(), name) != getattr(other.complete(), name)]
