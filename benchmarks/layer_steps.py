"""A process that times steps for `benchmarks.layers`: reads what to run from standard input, writes milliseconds."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

TAGS, SEQUENCES = 17, 32
LAYERS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "lstm": ("keras.layers", "LSTM", {}),
    "gru": ("keras.layers", "GRU", {}),
    "lstm_recurrent_dropout": ("keras.layers", "LSTM", {"recurrent_dropout": 0.1}),
    "plain_lstm": ("layers", "LSTM", {}),
    "zoneout_lstm": ("layers", "LSTM", {"zoneout_h": 0.1, "zoneout_c": 0.1}),
    "weight_drop_lstm": ("layers", "LSTM", {"weight_drop": 0.5}),
    "zoneout_gru": ("layers", "GRU", {"zoneout_h": 0.1}),
    "everything_on": (
        "layers",
        "LSTM",
        {"zoneout_h": 0.1, "zoneout_c": 0.1, "weight_drop": 0.5, "input_dropout": 0.2, "output_dropout": 0.2},
    ),
}
"""Module, class and arguments of each."""


def main() -> None:
    """Answers until there is no more to do."""
    for line in sys.stdin:
        words = line.split()
        answer = memory(*words[1:]) if words[0] == "memory" else milliseconds(*words)
        print(json.dumps(answer), flush=True)


def milliseconds(name: str, size: str) -> float:
    """How long one run takes."""
    run = prepared(name, size)
    begun = time.perf_counter()
    run()
    return 1000 * (time.perf_counter() - begun)


def memory(name: str, size: str) -> float:
    """Megabytes that the first steps add at their peak."""
    run, before = prepared(name, size), status("VmRSS")
    for _ in range(5):
        run()
    return status("VmHWM") - before


def status(name: str) -> float:
    """A line of what Linux says of this process, in megabytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


@cache
def prepared(name: str, size: str) -> Callable[[], object]:
    """Something to run, with its data."""
    if not name.startswith("crf"):
        return recurrent_step(name, *map(int, size.split("x")))
    return (torch_crf if sys.argv[1] == "torch" else crf)(name, int(size))


def recurrent_step(name: str, batch: int, time: int, features: int, units: int) -> Callable[[], object]:
    """A step of training, forward and backward, of a recurrent layer that returns sequences."""
    import keras

    module, kind, arguments = LAYERS[name]
    layer = getattr(import_module(module), kind)(units, return_sequences=True, seed=1, **arguments)
    layer.build((batch, time, features))
    inputs = np.random.default_rng(0).normal(size=(batch, time, features)).astype("float32")
    return with_gradient(layer, lambda call, x: keras.ops.sum(keras.ops.square(call(x, training=True))), [inputs])


def with_gradient(
    layer: Any, loss: Callable[..., Any], inputs: list[Any], watched: bool = False
) -> Callable[[], object]:
    """Runs a loss and its gradient, compiled as Keras's `fit` compiles it.

    The gradient is that of the layer's weights and, if `watched`, of the first input.
    """
    if sys.argv[1] == "tensorflow":
        import tensorflow as tf

        weights = [variable.value for variable in layer.trainable_variables]

        @tf.function
        def step(*inputs: Any) -> Any:
            with tf.GradientTape() as tape:
                tape.watch(inputs[:watched])
                value = loss(layer, *inputs)
            return value, tape.gradient(value, [*weights, *inputs[:watched]])

        tensors = [tf.constant(array) for array in inputs]

        def run() -> object:
            return step(*tensors)[0].numpy()

        return run
    import jax

    state = [variable.value for variable in layer.non_trainable_variables]

    def of_weights(weights: Any, *inputs: Any) -> Any:
        return loss(lambda *a, **k: layer.stateless_call(weights, state, *a, **k)[0], *inputs)

    jitted = jax.jit(jax.value_and_grad(of_weights, argnums=(0, 1)[: 1 + watched]))
    values = [variable.value for variable in layer.trainable_variables]
    arrays = [jax.numpy.asarray(array) for array in inputs]
    return lambda: jax.block_until_ready(jitted(values, *arrays))


def sentences(length: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Emissions, tags and a mask: sequences of unequal length, padded."""
    rng = np.random.default_rng(0)
    emissions = rng.normal(size=(SEQUENCES, length, TAGS)).astype("float32")
    lengths = rng.integers(length // 2, length + 1, SEQUENCES)
    lengths[0] = length
    return emissions, rng.integers(0, TAGS, (SEQUENCES, length)), np.arange(length) < lengths[:, None]


def crf(name: str, length: int) -> Callable[[], object]:
    """Our CRF: loss and gradient, or Viterbi."""
    import layers
    from layers.crf import viterbi

    emissions, tags, mask = sentences(length)
    layer, loss = layers.CRF(TAGS), layers.CRFLoss()
    layer.build((None, None, TAGS))
    if name == "crf_loss":
        return with_gradient(
            layer, lambda call, e, y, m: loss(y, call(e, mask=m)), [emissions, tags.astype("int32"), mask], watched=True
        )
    if sys.argv[1] == "tensorflow":
        import tensorflow as tf

        decode = tf.function(lambda e, m: viterbi(layer(e, mask=m))[0])
        tensors = tf.constant(emissions), tf.constant(mask)
        return lambda: decode(*tensors).numpy()
    import jax

    weights = [variable.value for variable in layer.trainable_variables]
    jitted = jax.jit(lambda w, e, m: viterbi(layer.stateless_call(w, [], e, mask=m)[0])[0])
    arrays = jax.numpy.asarray(emissions), jax.numpy.asarray(mask)
    return lambda: jax.block_until_ready(jitted(weights, *arrays))


def torch_crf(name: str, length: int) -> Callable[[], object]:
    """The same by pytorch-crf."""
    import torch
    from torchcrf import CRF

    emissions, tags, mask = (torch.tensor(array) for array in sentences(length))
    emissions.requires_grad_()
    peer = CRF(TAGS, batch_first=True)

    def loss() -> object:
        peer.zero_grad()
        value = -peer(emissions, tags, mask=mask, reduction="mean")
        value.backward()
        return value.item()

    def decode() -> object:
        with torch.no_grad():
            return peer.decode(emissions, mask=mask)

    return loss if name == "crf_loss" else decode


if __name__ == "__main__":
    main()
