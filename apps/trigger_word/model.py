"""The trigger-word models: log-mel frames to a score of each keyword, causal from end to end.

    whole streams    features [batch, frames, bands]  ->  scores [batch, frames // 3, keywords]
    one step         features [1, 3, bands], states   ->  scores [1, keywords], states

Both have the same weights. What a layer has to remember of the past is a state: the last frames that a convolution
looks back at, or what a GRU keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import layers as kl
from keras import ops

from layers import GRU
from layers.recurrent.gru_loop import gru_step

from .config import Config
from .features import SPEC, STRIDE

KERNEL = 8
"""Frames that the first convolution looks at: 102 ms."""
TAPS, DILATIONS = 5, (1, 2, 4, 8)
"""Of the depthwise blocks: together they look back over 1.9 s."""


def build(config: Config, keywords: int, mean: Sequence[float], variance: Sequence[float]) -> keras.Model:
    """Builds the model that `config.model` names.

    Args:
        config: The task's knobs.
        keywords: How many.
        mean: Of each band over the training material.
        variance: The same.

    Returns:
        A model from features `[batch, frames, bands]` to scores in [0, 1], `[batch, frames // 3, keywords]`.
    """
    features = keras.Input((None, SPEC["bands"]), name="features")
    deviation = np.sqrt(variance)
    scale, offset = (1 / deviation).tolist(), (-np.asarray(mean) / deviation).tolist()
    x = kl.Rescaling(scale, offset, name="normalise")(features)
    x = kl.ZeroPadding1D((KERNEL - STRIDE, 0))(x)
    x = kl.Conv1D(config.filters, KERNEL, STRIDE, use_bias=False, name="strided")(x)  # [batch, steps, filters]
    # Without a normalisation here a GRU needs many times as long until it hears anything.
    x = kl.ReLU()(kl.BatchNormalization(name="norm")(x))
    x = kl.Dropout(config.dropout)(x)
    for index in range(2) if config.model == "gru" else ():
        x = GRU(config.units, zoneout_h=config.zoneout, return_sequences=True, seed=config.seed, name=f"gru_{index}")(x)
        x = kl.Dropout(config.dropout)(x)
    for index, dilation in enumerate(DILATIONS) if config.model == "depthwise" else ():
        x = depthwise_block(config, index, dilation, x)
    scores = kl.Dense(keywords, activation="sigmoid", name="scores")(x)
    return keras.Model(features, scores, name=config.model)


def depthwise_block(config: Config, index: int, dilation: int, x: Any) -> Any:
    """A depthwise and a pointwise convolution over the past, added to what they are given where sizes agree."""
    past = kl.ZeroPadding1D(((TAPS - 1) * dilation, 0))(x)
    y = kl.DepthwiseConv1D(TAPS, dilation_rate=dilation, use_bias=False, name=f"depthwise_{index}")(past)
    y = kl.Conv1D(config.units, 1, use_bias=False, name=f"pointwise_{index}")(y)
    y = kl.ReLU()(kl.BatchNormalization(name=f"norm_{index}")(y))
    y = kl.Dropout(config.dropout)(y)
    return y if x.shape[-1] != y.shape[-1] else x + y


class Stream:
    """A model's layers, run from one piece of a stream to the next.

    Args:
        model: As `build` made it.
    """

    def __init__(self, model: keras.Model) -> None:
        self.layer: Callable[[str], Any] = model.get_layer
        self.is_gru = model.name == "gru"
        filters, channels = self.layer("strided").filters, self.layer("scores").input.shape[-1]
        pasts = [(KERNEL - STRIDE, SPEC["bands"])]
        if self.is_gru:
            self.state_shapes = [*pasts, (channels,), (channels,)]
        else:
            sizes = [filters] + [channels] * (len(DILATIONS) - 1)
            pasts += [((TAPS - 1) * dilation, size) for dilation, size in zip(DILATIONS, sizes, strict=True)]
            self.state_shapes = pasts

    def first_states(self, batch: int = 1) -> list[Any]:
        """Silence: all 0."""
        return [ops.zeros((batch, *shape)) for shape in self.state_shapes]

    def __call__(self, features: Any, states: Sequence[Any]) -> tuple[Any, list[Any]]:
        """Goes on for any number of steps.

        Args:
            features: `[batch, 3 steps, bands]`.
            states: As `first_states` or the last call gave them.

        Returns:
            Scores `[batch, steps, keywords]`, and the new states.
        """
        past, *states = states
        x = ops.concatenate([past, self.layer("normalise")(features)], axis=1)
        new_states = [x[:, -(KERNEL - STRIDE) :]]
        x = ops.relu(self.layer("norm")(self.layer("strided")(x)))  # [batch, steps, filters]
        for index, state in enumerate(states):
            x, new_state = (self.recurrent if self.is_gru else self.depthwise)(index, x, state)
            new_states.append(new_state)
        return self.layer("scores")(x), new_states

    def recurrent(self, index: int, x: Any, state: Any) -> tuple[Any, Any]:
        """A GRU, and its state."""
        layer = self.layer(f"gru_{index}")
        if x.shape[1] == 1:
            state = gru_cell(layer, ops.squeeze(x, 1), state)
            return ops.expand_dims(state, 1), state
        x = layer(x, initial_state=state)
        return x, x[:, -1]

    def depthwise(self, index: int, x: Any, state: Any) -> tuple[Any, Any]:
        """A block of `depthwise_block`, and the inputs that it still looks back at."""
        past = ops.concatenate([state, x], axis=1)
        y = self.layer(f"pointwise_{index}")(self.layer(f"depthwise_{index}")(past))
        y = ops.relu(self.layer(f"norm_{index}")(y))
        y = y if x.shape[-1] != y.shape[-1] else x + y
        return y, past[:, -state.shape[1] :]


def gru_cell(layer: GRU, x: Any, h: Any) -> Any:
    """One step of a GRU, without the loop of `GRU.step`, which neither LiteRT nor ONNX can run for a single step."""
    first, second = ops.unstack(layer.cell.bias, axis=0)
    gates, candidate = second[: 2 * layer.units], second[2 * layer.units :]
    bias = first + ops.concatenate([gates, ops.zeros_like(candidate)])
    inputs = {"x": ops.matmul(x, layer.cell.kernel) + bias}
    if layer.zoneout_h:
        inputs["renew_h"] = 1 - layer.zoneout_h
    return gru_step(inputs, h, layer.cell.recurrent_kernel, candidate)[0]


class OneStep(keras.Model):
    """A model of one step with explicit states, to be exported: its inputs and outputs are lists, the states last.

    Args:
        model: As `build` made it.
    """

    def __init__(self, model: keras.Model) -> None:
        super().__init__(name="step")
        self.whole, self.stream = model, Stream(model)
        self.shapes = [(1, STRIDE, SPEC["bands"]), *((1, *shape) for shape in self.stream.state_shapes)]
        self(self.silence())

    def silence(self) -> list[np.ndarray]:
        """Inputs of a first step."""
        return [np.zeros(shape, np.float32) for shape in self.shapes]

    def call(self, inputs: Sequence[Any]) -> list[Any]:
        """From features `[1, 3, bands]` and states to scores `[1, keywords]` and states."""
        scores, renewed = self.stream(inputs[0], inputs[1:])
        return [ops.squeeze(scores, 1), *renewed]
