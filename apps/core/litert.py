"""Keras models with LSTMs as LiteRT models that need no Flex operations and take any batch size and length.

LiteRT has no list of tensors, in which Keras's loop collects its outputs. So the model is rebuilt with an LSTM whose
loop writes each step into one dense tensor instead; weights and results are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
from tensorflow.compiler.tf2xla.python.xla import dynamic_update_slice

from layers import LSTM
from layers.recurrent.lstm_loop import lstm_step

from .rebuild import Configuration, rebuild


def to_litert(model: keras.Model) -> bytes:
    """Converts a model of one input.

    Returns:
        The content of a `.tflite` file that uses LiteRT's own operations only.
    """
    exported = rebuild(model, export_lstm)
    signature = tf.TensorSpec(model.inputs[0].shape, model.inputs[0].dtype, name="ids")
    holder = tf.Module()
    holder.serve = tf.function(lambda ids: exported(ids, training=False), input_signature=[signature], autograph=False)
    holder.weights = [variable.value for variable in exported.variables]
    converter = tf.lite.TFLiteConverter.from_concrete_functions([holder.serve.get_concrete_function()], holder)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    return converter.convert()


def export_lstm(config: Configuration) -> Configuration:
    """`ExportLSTM` for any LSTM."""
    options = config["config"] | {"dropout": 0, "recurrent_dropout": 0}  # of training; `layers.LSTM` has others
    name = {"module": __name__, "class_name": "ExportLSTM", "registered_name": "seqsuite>ExportLSTM"}
    return {**config, **name, "config": options}


@keras.saving.register_keras_serializable("seqsuite")
class ExportLSTM(LSTM):
    """`keras.layers.LSTM` or `layers.LSTM` for inference, with a loop that LiteRT can run."""

    def run(self, inputs: Any, states: Sequence[Any], real: Any, training: bool) -> tuple[Any, list[Any]]:
        """Outputs `[time, batch, units]` and last states, as in the base class."""
        time, batch = tf.shape(inputs)[0], tf.shape(inputs)[1]
        # What does not depend on the state is computed for all steps at once.
        z = tf.reshape(inputs, (-1, inputs.shape[2])) @ self.cell.kernel
        if self.cell.bias is not None:
            z += self.cell.bias
        steps = {"z": tf.reshape(z, tf.stack([time, batch, 4 * self.units]))}
        real = None if real is None else tf.cast(real, z.dtype)  # [time, batch, 1]
        renewals = self.renewals((self.zoneout_h, self.zoneout_c), None, real, training=False)
        shares = {
            name: share for name, share in zip(("renew_h", "renew_c"), renewals, strict=True) if share is not None
        }
        fixed = {name: share for name, share in shares.items() if len(share.shape) == 0}
        steps |= {name: share for name, share in shares.items() if name not in fixed}

        def body(index: Any, h: Any, c: Any, outputs: Any) -> Any:
            now = fixed | {name: tf.gather(part, index) for name, part in steps.items()}
            h, c = lstm_step(now, h, c, self.cell.recurrent_kernel, self.activation, self.recurrent_activation)[:2]
            start = tf.stack([index, 0, 0])
            return index + 1, h, c, dynamic_update_slice(outputs, tf.expand_dims(h, 0), start)

        state = tf.TensorShape([None, self.units])
        outputs = tf.zeros(tf.stack([time, batch, self.units]))
        _, h, c, outputs = tf.while_loop(
            lambda index, *_: index < time,
            body,
            (tf.constant(0), *states, outputs),
            shape_invariants=(tf.TensorShape([]), state, state, tf.TensorShape([None, None, self.units])),
        )
        return outputs, [h, c]
