"""Answers from an exported ONNX or LiteRT model, by numpy and onnxruntime or ai-edge-litert alone.

`python loader.py TEXT...` beside the exported files, or `Model(folder)(["a text", ...])` from Python.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np


def tokenise(text: str, spec: Mapping[str, Any]) -> list[list[str]]:
    """A text's sentences, each a list of tokens; one sentence where `spec` splits none."""
    text = text.lower()
    for pattern, replacement in spec["rules"]:
        text = re.sub(pattern, replacement, text, flags=re.ASCII)
    sentences = [keep_ends(sentence.split(), spec["max_length"]) for sentence in text.split("\n")]
    return keep_ends([sentence for sentence in sentences if sentence], spec["max_sentences"] or 1)


def keep_ends(items: list[Any], limit: int) -> list[Any]:
    """The first and the last half of what is longer than `limit`."""
    return items if len(items) <= limit else items[: limit - limit // 2] + items[len(items) - limit // 2 :]


def encode(sentences: Sequence[Sequence[str]], ids: Mapping[str, int], spec: Mapping[str, Any]) -> np.ndarray:
    """Token ids as the model takes them: [1, time], or [1, sentences, time]; 0 is padding, 1 an unknown token."""
    array = np.zeros((max(len(sentences), 1), max([1, *map(len, sentences)])), np.int32)
    for row, sentence in zip(array, sentences, strict=False):
        row[: len(sentence)] = [ids.get(token, 1) for token in sentence]
    return array[None] if spec["max_sentences"] else array


class Model:
    """A text classifier as `export` left it in a folder: `model.onnx` or `model.tflite`, and `vocabulary.json`."""

    def __init__(self, folder: str | Path = ".") -> None:
        folder = Path(folder)
        self.spec = json.loads((folder / "vocabulary.json").read_text("utf-8"))
        self.ids = {token: index for index, token in enumerate(self.spec["tokens"])}
        self.run = (
            open_onnx(folder / "model.onnx")
            if (folder / "model.onnx").exists()
            else open_litert(folder / "model.tflite")
        )

    def __call__(self, texts: Iterable[str]) -> list[tuple[str, np.ndarray]]:
        """For each text its class and the probability of every class."""
        answers = []
        for text in texts:
            probabilities = self.run(encode(tokenise(text, self.spec), self.ids, self.spec))[0]
            answers.append((self.spec["labels"][int(probabilities.argmax())], probabilities))
        return answers


def open_onnx(path: Path) -> Callable[[np.ndarray], np.ndarray]:
    """A function from ids to probabilities, run by onnxruntime on one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda ids: session.run(None, {name: ids})[0]


def open_litert(path: Path) -> Callable[[np.ndarray], np.ndarray]:
    """A function from ids to probabilities, run by LiteRT."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path))
    taken, given = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]

    def run(ids: np.ndarray) -> np.ndarray:
        interpreter.resize_tensor_input(taken, ids.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(taken, ids)
        interpreter.invoke()
        return interpreter.get_tensor(given)

    return run


if __name__ == "__main__":
    for label, probabilities in Model(Path(__file__).parent)(sys.argv[1:]):
        print(f"{label}\t{probabilities.max():.4f}")
