"""Writes and runs exported text classifiers: SavedModel on raw strings, ONNX and LiteRT on ids."""

from __future__ import annotations

import contextlib
import io
import shutil
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from . import loader
from .run import write_json
from .text import TextEncoder


def write_savedmodel(model: Any, encoder: TextEncoder, labels: Sequence[str], folder: Path) -> None:
    """A SavedModel of a signature from `text` `[batch]` to `label` `[batch]` and `probabilities` `[batch, classes]`."""
    import tensorflow as tf

    from .text_graph import GraphEncoder

    to_ids = GraphEncoder(encoder)
    names = tf.constant(labels)

    def serve(text: tf.Tensor) -> dict[str, tf.Tensor]:
        probabilities = model(to_ids(text), training=False)
        return {"label": tf.gather(names, tf.argmax(probabilities, -1)), "probabilities": probabilities}

    spec = tf.TensorSpec([None], tf.string, "text")
    write_endpoints({"serve": (serve, [spec])}, [to_ids.table], folder)


def write_endpoints(
    endpoints: Mapping[str, tuple[Callable[..., Any], Sequence[Any]]], parts: Sequence[Any], folder: Path
) -> None:
    """A SavedModel of some signatures, of which the first is also the default one.

    Args:
        endpoints: By name, a function of tensors that returns a dictionary of tensors, and the specs of what it takes.
        parts: The look-up tables and other things with a state that the functions use.
        folder: Where to.
    """
    import keras
    import tensorflow as tf

    archive = keras.export.ExportArchive()
    for part in parts:
        archive.track(part)
    for name, (serve, signature) in endpoints.items():
        archive.add_endpoint(name, serve, list(signature))
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            archive.write_out(str(folder), verbose=False)
        except tf.errors.OpError as error:  # a full disk, as TensorFlow says it
            raise OSError(error.message) from None


def write_with_loader(kind: str, model: Any, spec: Mapping[str, Any], folder: Path) -> None:
    """An ONNX or LiteRT model, with `vocabulary.json` and the loader that answers for strings."""
    if kind == "onnx":
        write_onnx(model, folder)
    else:
        from .litert import to_litert

        (folder / "model.tflite").write_bytes(to_litert(model))
    write_json(folder / "vocabulary.json", spec)
    shutil.copy(loader.__file__, folder / "loader.py")


def write_onnx(model: Any, folder: Path) -> None:
    """`model.onnx`, without what is printed on the way."""
    from .rebuild import plain_lstm, rebuild

    model = rebuild(model, plain_lstm)
    model(np.zeros([size or 2 for size in model.input_shape], model.inputs[0].dtype))  # or Keras has no graph of it
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings(action="ignore"):
        model.export(str(folder / "model.onnx"), format="onnx", verbose=False)


def run(kind: str, folder: Path, texts: Sequence[str]) -> Iterator[np.ndarray]:
    """Class probabilities of each text, by what was written, each text by itself."""
    if kind == "savedmodel":
        import tensorflow as tf

        serve = tf.saved_model.load(str(folder)).signatures["serving_default"]
        for text in texts:
            yield serve(text=tf.constant([text.encode()]))["probabilities"].numpy()[0]
    else:
        model = loader.Model(folder)
        for text in texts:
            yield model([text])[0][1]
