"""Dropout of weights in any layer."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from ..checks import check_rate


def _of_the_layer(name: str) -> Any:
    """A property that is the wrapped layer's, which `keras.layers.Bidirectional` asks for."""
    return property(lambda self: getattr(self.layer, name), lambda self, value: setattr(self.layer, name, value))


@keras.saving.register_keras_serializable("seqsuite")
class WeightDrop(keras.layers.Wrapper):
    r"""Drops entries of a layer's weight matrices while training, the same ones throughout a call.

    For each named matrix `W` of the layer, with rate `p`, a call in training uses

    .. math::
        \tilde W = \frac{m \odot W}{1 - p} \qquad m_{ij} \sim \mathrm{Bernoulli}(1 - p)

    In a recurrent layer that is one mask for all examples and steps, drawn before the loop: the layer's own kernels do
    the rest. With `rows`, :math:`m_{ij} = m_i`: an input or hidden unit is dropped from all that it feeds. Outside
    training the layer is as it was. What trains and is saved is `W`; dropped entries have gradient 0.

    Args:
        layer: Any layer: `Dense`, `LSTM`, `Bidirectional`, `RNN` of a cell, and so on.
        weights: Ends of the paths of the variables to drop: `"recurrent_kernel"` is found in every layer inside, and
            `"forward_lstm/lstm_cell/recurrent_kernel"` in one alone.
        rate: Between 0 and 1.
        rows: Whether to drop whole rows.
        seed: Of the layer's own generator.
        **kwargs: As for every Keras layer; the types of the maths are those of the wrapped layer.

    Call arguments:
        inputs: As the layer takes them, as are further arguments.
        mask: Passed on if the layer takes one.
        training: Whether to drop.

    Returns:
        What the layer returns.

    Raises:
        ValueError: For no layer, no weights, names that no variable has, and a rate outside [0, 1].

    Example:
        >>> import numpy as np
        >>> layer = WeightDrop(keras.layers.LSTM(8), weights=["recurrent_kernel"], rate=0.5)
        >>> layer(np.zeros((2, 5, 4)), training=True).shape
        TensorShape([2, 8])

    Reference:
        Wan et al. (2013), Regularization of Neural Networks using DropConnect; on recurrent matrices, Merity et al.
        (2018), Regularizing and Optimizing LSTM Language Models, section 2; rows, Gal & Ghahramani (2016), A
        Theoretically Grounded Application of Dropout in Recurrent Neural Networks, section 4.
    """

    go_backwards = _of_the_layer("go_backwards")
    return_sequences = _of_the_layer("return_sequences")
    return_state = _of_the_layer("return_state")
    stateful = _of_the_layer("stateful")
    zero_output_for_mask = _of_the_layer("zero_output_for_mask")

    def __init__(
        self,
        layer: keras.layers.Layer,
        weights: Sequence[str] = ("recurrent_kernel",),
        rate: float = 0.5,
        rows: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        if not isinstance(layer, keras.layers.Layer):
            raise ValueError(f"layer must be a Keras layer, not {layer!r}")
        # Its own type is that of the variables, so that they are seen here as they are; the layer casts for itself.
        super().__init__(layer, **{**kwargs, "autocast": False, "dtype": layer.variable_dtype})
        if isinstance(weights, str) or not weights:
            raise ValueError(f"weights must be a list of names such as ['recurrent_kernel'], not {weights!r}")
        check_rate("rate", rate)
        self.names, self.rate, self.rows, self.seed = tuple(weights), rate, rows, seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Builds the layer, and looks for the variables in it."""
        super().build(input_shape)
        self._dropped()

    def _dropped(self) -> list[Any]:
        """The variables whose paths end with the names; not kept, for Keras would take them for the wrapper's own."""
        return [variable for name in self.names for variable in self._ending_with(name)]

    def _ending_with(self, name: str) -> list[Any]:
        found = [v for v in self.layer.weights if f"/{v.path}".endswith(f"/{name}")]
        if not found:
            there = ", ".join(v.path for v in self.layer.weights)
            raise ValueError(f"weights names {name!r}, with which none of these ends: {there or '(no weights)'}")
        return found

    def call(self, inputs: Any, *args: Any, mask: Any = None, training: bool = False, **kwargs: Any) -> Any:
        """The layer's outputs, in training with weights dropped."""
        kwargs = self._with_mask(kwargs, mask)
        if not training or self.rate == 0:
            return self.layer(inputs, *args, **kwargs)
        # All variables go in, for within a scope Keras forgets the values that a scope around it gave them.
        values = {id(v): (v, v.value) for v in self.layer.variables}
        values |= {id(v): (v, self._drop(v.value)) for v in self._dropped()}
        with keras.StatelessScope(list(values.values()), collect_losses=True) as scope:
            before = [scope.get_current_value(v) for v, _ in values.values()]
            outputs = self.layer(inputs, *args, **kwargs)
        for (variable, _), old in zip(values.values(), before, strict=True):
            new = scope.get_current_value(variable)
            if new is not old:  # moving averages, states of generators
                variable.assign(new)
        self._pass_on(scope.losses)
        return outputs

    def _drop(self, value: Any) -> Any:
        shape = (value.shape[0], *[1] * (len(value.shape) - 1)) if self.rows else tuple(value.shape)
        return keras.random.dropout(value, self.rate, noise_shape=shape, seed=self.seed_generator)

    def _pass_on(self, losses: list[Any]) -> None:
        """Adds what layers inside added, as one loss of this layer."""
        if losses:
            self.add_loss(ops.sum(ops.stack([ops.cast(loss, self.variable_dtype) for loss in losses])))
        self._of_last_call = (*losses,)  # Keras knows losses by id: a new one must not get the id of one of these

    def _with_mask(self, options: dict[str, Any], mask: Any) -> dict[str, Any]:
        """The options of a call, with the mask if there is one and the layer takes it."""
        takes = mask is not None and "mask" in inspect.signature(self.layer.call).parameters
        return {**options, "mask": mask} if takes else options

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The layer's."""
        return self.layer.compute_mask(inputs, mask)

    def compute_output_shape(self, *args: Any, **kwargs: Any) -> Any:
        """The layer's."""
        return self.layer.compute_output_shape(*args, **kwargs)

    def compute_output_spec(
        self, inputs: Any, *args: Any, mask: Any = None, training: bool = False, **kwargs: Any
    ) -> Any:
        """The layer's."""
        return self.layer.compute_output_spec(inputs, *args, **self._with_mask(kwargs, mask))

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        config = {"weights": list(self.names), "rate": self.rate, "rows": self.rows, "seed": self.seed}
        return {**super().get_config(), **config}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> WeightDrop:
        """The layer of a configuration; `keras.layers.Bidirectional` writes `go_backwards` into it."""
        config = dict(config)
        layer = keras.saving.deserialize_keras_object(config.pop("layer"), custom_objects=custom_objects)
        if "go_backwards" in config:
            layer.go_backwards = config.pop("go_backwards")
        return cls(layer, **config)
