"""The same model with other LSTMs in the place of its own, for formats that cannot run those."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from layers import Zoneout

LSTMS = {("keras.layers", "LSTM"), ("layers.recurrent.lstm", "LSTM")}
"""By module and name."""
OF_TRAINING = ("weight_drop", "weight_drop_rows", "input_dropout", "output_dropout", "update_dropout")
Configuration = dict[str, Any]


def rebuild(model: keras.Model, make: Callable[[Configuration], Configuration]) -> keras.Model:
    """The same model with each LSTM replaced, however deeply nested.

    Args:
        model: A functional model.
        make: From the serialised form of an LSTM to that of the layer in its place.
    """
    rebuilt = type(model).from_config(replace(model.get_config(), make))
    rebuilt.set_weights(model.get_weights())
    return rebuilt


def replace(config: Any, make: Callable[[Configuration], Configuration]) -> Any:
    """A copy of a layer's configuration, every LSTM's in it replaced."""
    if isinstance(config, dict):
        if (config.get("module"), config.get("class_name")) in LSTMS:
            return make(config)
        return {key: replace(value, make) for key, value in config.items()}
    if isinstance(config, (list, tuple)):
        return type(config)(replace(value, make) for value in config)
    return config


def plain_lstm(config: Configuration) -> Configuration:
    """Keras's own LSTM for `layers.LSTM`; with zoneout, whose expectation it needs, an RNN of a cell."""
    if config["module"] == "keras.layers":
        return config
    options = {name: value for name, value in config["config"].items() if name not in OF_TRAINING}
    rates = options.pop("zoneout_h"), options.pop("zoneout_c")
    plain = keras.layers.LSTM.from_config(options)
    if any(rates):
        shared = ("return_sequences", "return_state", "go_backwards", "zero_output_for_mask", "name")
        cell = Zoneout(keras.layers.LSTMCell.from_config(plain.cell.get_config()), rates)
        plain = keras.layers.RNN(cell, **{name: options[name] for name in shared})
    return config | keras.saving.serialize_keras_object(plain)
