"""Entities from an exported ONNX or LiteRT model, by numpy and onnxruntime or ai-edge-litert alone.

`python loader.py TOKEN...` beside the exported files, or `Model(folder)([["Obama", "lives", "in", "Berlin"], ...])`.
"""

from __future__ import annotations

import json
import re
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

PAD, UNKNOWN, START, END = 0, 1, 2, 3
"""Of characters; tokens and the like have the first two."""
MOST_KEPT = 200_000
"""Tokens whose features are kept, as most tokens come again."""

Model_ = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


class Encoder:
    """Tokens to the numbers that the model takes.

    Args:
        spec: The vocabulary, as it lies beside an exported model.
    """

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self.spec = spec
        self.columns: tuple[str, ...] = tuple(spec["columns"])
        self.width = len(self.columns) + spec["char_length"]
        self.ids = {name: {entry: index for index, entry in enumerate(spec[name])} for name in spec["vocabularies"]}
        self.fold = str.maketrans(*spec["fold"])
        self.normal, self.fallbacks = (
            [(re.compile(pattern, re.ASCII), new) for pattern, new in spec[name]] for name in ("normal", "fallbacks")
        )
        self.of_class: dict[str, str] = {}
        self.known: dict[str, int] = {}
        self.rows = np.zeros((1024, self.width), np.int32)

    def __call__(self, tokens: Sequence[str]) -> np.ndarray:
        """Features of a sentence's tokens, `[time, features]`; of an empty one `[1, features]`, padding."""
        if not tokens:
            return np.zeros((1, self.width), np.int32)
        if len(self.known) > MOST_KEPT:
            self.known.clear()
        places = [self.known[token] if token in self.known else self.learn(token) for token in tokens]
        features = self.rows[places]
        if "bigram" in self.ids:
            pairs = zip(tokens, [*tokens[1:], ""], strict=True)
            found = [self.ids["bigram"].get(one + other, UNKNOWN) for one, other in pairs]
            features[:, self.columns.index("bigram")] = found
        return features

    def learn(self, token: str) -> int:
        """The row of a token that was not met before."""
        index = self.known[token] = len(self.known)
        if index == len(self.rows):
            self.rows = np.concatenate([self.rows, np.zeros_like(self.rows)])
        word = self.word(token)
        named = {
            "word": self.ids["word"].get(word, UNKNOWN),
            "shape": self.ids["shape"].get(self.shape(token), UNKNOWN),
        }
        if "vector" in self.ids:
            named["vector"] = self.vector(word)
        self.rows[index, : len(self.columns)] = [named.get(name, UNKNOWN) for name in self.columns]
        self.rows[index, len(self.columns) :] = self.characters(token)
        return index

    def word(self, token: str) -> str:
        """A token in small letters, digits as 0, links and users alike."""
        word = token.translate(self.fold)
        for pattern, new in self.normal:
            word = pattern.sub(new, word)
        return word

    def vector(self, word: str) -> int:
        """The first vector of a word, of its letters alone, and of its last part."""
        for pattern, new in [(None, ""), *self.fallbacks]:
            word = pattern.sub(new, word) if pattern else word
            if word in self.ids["vector"]:
                return self.ids["vector"][word]
        return UNKNOWN

    def shape(self, token: str) -> str:
        """The kinds of a token's characters, each run once: `Xx` of `Berlin`, `X.X` of `U.S`."""
        kinds = [self.kind(character) for character in token]
        return "".join(kind for kind, before in zip(kinds, ["", *kinds], strict=False) if kind != before)

    def kind(self, character: str) -> str:
        """A letter that stands for all characters of a kind."""
        if character not in self.of_class:
            starts, kinds = self.spec["kinds"]
            kind = kinds[bisect_right(starts, ord(character)) - 1]
            capital = kind == "x" and character.translate(self.fold) != character
            self.of_class[character] = "X" if capital else kind
        return self.of_class[character]

    def characters(self, token: str) -> list[int]:
        """Ids of a token's characters between a start and an end, both ends of a long one, filled up with padding."""
        if not (length := self.spec["char_length"]):
            return []
        ids = [START, *(self.ids["character"].get(character, UNKNOWN) for character in token), END]
        if len(ids) > length:
            ids = ids[: length - length // 2] + ids[len(ids) - length // 2 :]
        return ids + [PAD] * (length - len(ids))


def viterbi(emissions: np.ndarray, scores: np.ndarray, lengths: np.ndarray) -> list[np.ndarray]:
    """The best tags of each sentence.

    Args:
        emissions: `[batch, time, tags]`.
        scores: Of transitions, and in the last two rows of a start and of an end, `[tags + 2, tags]`.
        lengths: Of the sentences, `[batch]`, 1 or more.

    Returns:
        Indices of tags `[length]`, one array a sentence.
    """
    into, (start, end) = np.ascontiguousarray(scores[:-2].T), scores[-2:]  # [to, from]
    best = np.empty_like(emissions)
    best[:, 0] = start + emissions[:, 0]
    for step in range(1, emissions.shape[1]):
        options = best[:, step - 1, None, :] + into  # [batch, to, from]
        best[:, step] = options.max(-1) + emissions[:, step]
    last = (best[np.arange(len(lengths)), lengths - 1] + end).argmax(-1)
    tags = np.zeros(emissions.shape[:2], np.int32)
    now = last
    for step in range(emissions.shape[1] - 1, -1, -1):
        now = np.where(step >= lengths - 1, last, now)
        tags[:, step] = now
        if step:  # which tag before is best is asked of those on the way back alone
            now = (best[:, step - 1] + into[now]).argmax(-1)
    return [row[:length] for row, length in zip(tags, lengths, strict=True)]


class Model:
    """A tagger as `export` left it in a folder: `model.onnx` or `model.tflite`, and `vocabulary.json`."""

    def __init__(self, folder: str | Path = ".") -> None:
        folder = Path(folder)
        self.spec = json.loads((folder / "vocabulary.json").read_text("utf-8"))
        self.encode = Encoder(self.spec)
        onnx = folder / "model.onnx"
        self.run: Model_ = open_onnx(onnx) if onnx.exists() else open_litert(folder / "model.tflite")

    def __call__(self, sentences: Iterable[Sequence[str]]) -> list[list[str]]:
        """The tags of each sentence's tokens."""
        names = self.spec["tags"]
        answers = []
        for tokens in sentences:
            emissions, scores = self.run(self.encode(tokens)[None])
            answers.append([names[tag] for tag in viterbi(emissions, scores, np.array([emissions.shape[1]]))[0]])
        return [answer[: len(tokens)] for answer, tokens in zip(answers, sentences, strict=True)]


def open_onnx(path: Path) -> Model_:
    """A function from features `[batch, time, features]` to emissions and transitions, run on one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda features: in_order(session.run(None, {name: features}))


def open_litert(path: Path) -> Model_:
    """The same, run by LiteRT."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path))
    taken = interpreter.get_input_details()[0]["index"]
    given = [details["index"] for details in interpreter.get_output_details()]

    def run(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        interpreter.resize_tensor_input(taken, features.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(taken, features)
        interpreter.invoke()
        return in_order([interpreter.get_tensor(index) for index in given])

    return run


def in_order(outputs: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Emissions, which have three axes, and transitions, which have two."""
    first, second = outputs
    return (first, second) if first.ndim == 3 else (second, first)


if __name__ == "__main__":
    for token, tag in zip(sys.argv[1:], Model(Path(__file__).parent)([sys.argv[1:]])[0], strict=True):
        print(f"{token}\t{tag}")
