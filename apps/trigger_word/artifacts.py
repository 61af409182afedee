"""Writes and runs exported detectors: SavedModel on raw samples, ONNX and LiteRT of one step with explicit states."""

from __future__ import annotations

import contextlib
import io
import shutil
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from apps.core.artifacts import write_endpoints
from apps.core.run import write_json

from . import loader
from .features import STRIDE, log_mel
from .graph import LogMelLayer
from .model import KERNEL, OneStep
from .training_data import whole_steps

ENOUGH = log_mel.window + (KERNEL - 1) * log_mel.hop
"""Samples of as many frames as the first convolution looks at."""
Streams = Callable[[], Sequence[np.ndarray]]
"""Features `[frames, bands]` of streams such as will be heard."""


def write_artifact(kind: str, model: keras.Model, spec: Mapping[str, Any], streams: Streams, folder: Path) -> None:
    """Writes one of the task's formats.

    Args:
        kind: Which.
        model: The trained model.
        spec: What `loader.StreamDetector` needs to know.
        streams: Gives what the ranges of 8-bit numbers are found on.
        folder: Where to.
    """
    if kind == "savedmodel":
        write_savedmodel(model, folder)
        return
    if kind == "onnx":
        write_onnx(OneStep(model), folder / "model.onnx")
    else:
        (folder / "model.tflite").write_bytes(to_litert(model, streams if kind == "litert-int8" else None))
    write_json(folder / "detector.json", dict(spec))
    shutil.copy(loader.__file__, folder / "loader.py")


def write_savedmodel(model: keras.Model, folder: Path) -> None:
    """A SavedModel from `samples` `[batch, samples]` in [-1, 1] to `scores` `[batch, steps, keywords]`."""
    to_features = LogMelLayer()
    to_features.build((None, None))

    def serve(samples: tf.Tensor) -> dict[str, tf.Tensor]:
        length = tf.shape(samples)[1]
        steps = tf.maximum(length - log_mel.window + log_mel.hop, 0) // (STRIDE * log_mel.hop)
        # The model needs some frames to work on; silence after a sound changes no score of it.
        padded = tf.pad(samples, [[0, 0], [0, tf.maximum(ENOUGH - length, 0)]])
        return {"scores": model(to_features(padded), training=False)[:, :steps]}

    samples = tf.TensorSpec([None, None], tf.float32, "samples")
    write_endpoints({"serve": (serve, [samples])}, [to_features, model], folder)


def write_onnx(step: OneStep, path: Path) -> None:
    """The one-step model as ONNX, without what is printed on the way."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings(action="ignore"):
        step.export(str(path), format="onnx", verbose=False, input_signature=[signature(step)])


def signature(step: OneStep) -> list[tf.TensorSpec]:
    """The inputs of the one-step model, by name."""
    names = ["features", *(f"state_{index}" for index in range(len(step.shapes) - 1))]
    return [tf.TensorSpec(shape, tf.float32, name) for name, shape in zip(names, step.shapes, strict=True)]


def to_litert(model: keras.Model, streams: Streams | None) -> bytes:
    """The one-step model as a `.tflite` file of LiteRT's own operations.

    Args:
        model: The trained model.
        streams: None for float32. Otherwise weights become 8-bit integers; of a depthwise model everything does, as
            microcontrollers want it, its ranges taken from these streams. What a GRU adds to its state in a step is
            often less than 1/256: its states stay floats.
    """
    step = OneStep(model)
    holder = tf.Module()
    holder.serve = tf.function(lambda *given: step(list(given), training=False), input_signature=signature(step))
    holder.weights = [variable.value for variable in step.variables]
    converter = tf.lite.TFLiteConverter.from_concrete_functions([holder.serve.get_concrete_function()], holder)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    if streams is not None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if not step.stream.is_gru:
            converter.representative_dataset = lambda: steps_of(step, streams())
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            converter.inference_input_type = converter.inference_output_type = tf.int8
    return converter.convert()


def steps_of(step: OneStep, streams: Sequence[np.ndarray]) -> Iterator[dict[str, np.ndarray]]:
    """The inputs of the one-step model at every step of some streams."""
    run = tf.function(lambda *given: step(list(given), training=False))
    names = [spec.name for spec in signature(step)]
    for features in streams:
        states = step.silence()[1:]
        for start in range(0, len(features) - STRIDE + 1, STRIDE):
            given = [features[None, start : start + STRIDE], *states]
            yield dict(zip(names, given, strict=True))
            states = [state.numpy() for state in run(*given)[1:]]


def run_artifact(kind: str, folder: Path, samples: np.ndarray) -> np.ndarray:
    """Scores `[steps, keywords]` of a stream of samples, by what was written."""
    if kind == "savedmodel":
        serve = tf.saved_model.load(str(folder)).signatures["serving_default"]
        return serve(samples=tf.constant(samples[None]))["scores"].numpy()[0]
    return loader.TriggerDetector(folder).scorer(whole_steps(samples))
