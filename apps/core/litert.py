"""Keras models with LSTMs as LiteRT models that need no Flex operations and take any batch size and length.

LiteRT has no list of tensors, in which Keras's loop collects its outputs. So the model is rebuilt with an LSTM whose
loop writes each step into one dense tensor instead; weights and results are the same.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
from tensorflow.compiler.tf2xla.python.xla import dynamic_update_slice


def to_litert(model: keras.Model) -> bytes:
    """Converts a model of one input.

    Returns:
        The content of a `.tflite` file that uses LiteRT's own operations only.
    """
    exported = rebuild(model)
    signature = tf.TensorSpec(model.inputs[0].shape, model.inputs[0].dtype, name="ids")
    holder = tf.Module()
    holder.serve = tf.function(lambda ids: exported(ids, training=False), input_signature=[signature], autograph=False)
    holder.weights = [variable.value for variable in exported.variables]
    converter = tf.lite.TFLiteConverter.from_concrete_functions([holder.serve.get_concrete_function()], holder)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    return converter.convert()


def rebuild(model: keras.Model) -> keras.Model:
    """The same model, every `keras.layers.LSTM` in it an `ExportLSTM`."""
    exported = type(model).from_config(with_export_lstm(model.get_config()))
    exported.set_weights(model.get_weights())
    return exported


def with_export_lstm(config: Any) -> Any:
    """A copy of a layer's configuration that names `ExportLSTM` for every LSTM, however deeply nested."""
    if isinstance(config, dict):
        replaced = {key: with_export_lstm(value) for key, value in config.items()}
        if config.get("class_name") == "LSTM" and config.get("module") == "keras.layers":
            replaced |= {"module": __name__, "class_name": "ExportLSTM", "registered_name": "seqsuite>ExportLSTM"}
        return replaced
    if isinstance(config, (list, tuple)):
        return type(config)(with_export_lstm(value) for value in config)
    return config


@keras.saving.register_keras_serializable("seqsuite")
class ExportLSTM(keras.layers.LSTM):
    """`keras.layers.LSTM` for inference, with a loop that LiteRT can run."""

    def inner_loop(self, sequences: Any, initial_state: Any, mask: Any, training: bool = False) -> Any:
        """Last output, outputs `[batch, time, units]`, and states, as in the base class."""
        cell, units = self.cell, self.units
        x = tf.transpose(sequences, (1, 0, 2))  # [time, batch, features]
        steps, batch = tf.shape(x)[0], tf.shape(x)[1]
        # What does not depend on the state is computed for all steps at once.
        projected = tf.reshape(x, (-1, x.shape[2])) @ cell.kernel
        if cell.use_bias:
            projected += cell.bias
        projected = tf.reshape(projected, tf.stack([steps, batch, 4 * units]))
        real = tf.ones(tf.stack([batch, steps])) if mask is None else tf.cast(mask, projected.dtype)
        real = tf.expand_dims(tf.transpose(real), -1)  # [time, batch, 1]

        def body(index: Any, h: Any, c: Any, output: Any, outputs: Any) -> Any:
            time = steps - 1 - index if self.go_backwards else index
            i, f, g, o = tf.split(tf.gather(projected, time) + h @ cell.recurrent_kernel, 4, axis=1)
            i, f, o = (cell.recurrent_activation(gate) for gate in (i, f, o))
            new_c = f * c + i * cell.activation(g)
            new_h = o * cell.activation(new_c)
            now = tf.gather(real, time)  # [batch, 1]
            output = now * new_h if self.zero_output_for_mask else now * new_h + (1 - now) * output
            h, c = now * new_h + (1 - now) * h, now * new_c + (1 - now) * c
            start = tf.stack([index, 0, 0])
            return index + 1, h, c, output, dynamic_update_slice(outputs, tf.expand_dims(output, 0), start)

        state = tf.TensorShape([None, units])
        outputs = tf.zeros(tf.stack([steps, batch, units]))
        _, h, c, last, outputs = tf.while_loop(
            lambda index, *_: index < steps,
            body,
            (tf.constant(0), *initial_state, tf.zeros_like(initial_state[0]), outputs),
            shape_invariants=(tf.TensorShape([]), state, state, state, tf.TensorShape([None, None, units])),
        )
        return last, tf.transpose(outputs, (1, 0, 2)), [h, c]
