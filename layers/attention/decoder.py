"""The decoder: a recurrent cell that looks into a memory at every step."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from ..checks import check_cell, check_whole
from .attention import Attention
from .bridge import Bridge, flat_sizes, is_stack, repacked
from .coverage import coverage_loss
from .inputs import check_decoded, check_memory, check_memory_shape
from .loop import only_real, over_time, packed, unpacked, where_real
from .windows import length, positions

ORDERS = ("bahdanau", "luong")


@keras.saving.register_keras_serializable("seqsuite")
class AttentionCell(keras.layers.Layer):
    r"""A recurrent decoder with attention: over whole sequences with a teacher, or one step at a time.

    With order "bahdanau" the query is the state before the step, and the context goes into the cell:

    .. math:: c_i = \mathrm{attend}(h_{i-1}) \qquad h_i = \mathrm{cell}([x_i; c_i], h_{i-1})

    With order "luong" it is the state after it, and with input feeding the last output goes into the cell:

    .. math:: h_i = \mathrm{cell}([x_i; \tilde h_{i-1}], h_{i-1}) \qquad c_i = \mathrm{attend}(h_i)

    The output is :math:`\tilde h_i = \tanh(W [c_i; h_i])`, or :math:`[c_i; h_i]` without `units`.

    The memory goes in once: what the score needs of it is computed before the loop. At masked steps outputs and weights
    are 0 and the state stays as it is. Without input feeding and recurrent attention nothing but the cell is in the
    loop.

    Args:
        cell: Any Keras cell without dropout of its own: `LSTMCell`, `GRUCell`, `SimpleRNNCell`, `StackedRNNCells`.
        attention: An `Attention`, or the name of a score.
        order: "bahdanau" (attend, then step) or "luong" (step, then attend).
        units: Size of the attentional output; None for context and state side by side.
        input_feeding: Whether the last output goes into the cell; for order "luong" only, otherwise the context does.
        bridge: How the cell's first state is made. None: from `initial_state` as it is, or, if its sizes are not the
            cell's, by a dense layer with tanh for each state over all of them; True: always by the dense layers;
            False: never; "mean": by dense layers from the mean of the memory.
        return_state: Whether to return the last states, as `step` takes them, as well.
        **kwargs: As for every Keras layer.

    Call arguments:
        inputs: `[batch, time, features]`, such as the embedded previous words.
        memory: `[batch, memory_time, dim]`.
        memory_mask: `[batch, memory_time]`, boolean, True for the places that count; None if all do.
        initial_state: Of the cell or from an encoder, nested or not; None for zeros. The last state of `Zoneout`, from
            which it draws, may be left out: a new one is made.
        mask: `[batch, time]`, boolean, True for the steps that count; None if all do.
        training: Whether attention draws samples and noise.

    Returns:
        outputs `[batch, time, units]`; weights `[batch, time, memory_time]`; with selection "reinforce" the
        log-probability and the entropy, `[batch, time]`; with `return_state` the states.

    Raises:
        ValueError: For a cell with dropout, options that do not go together, a missing memory, states of other sizes,
            or masks of another shape or that are not boolean.

    Example:
        >>> decoder = AttentionCell(keras.layers.GRUCell(4), "additive", units=8)
        >>> words, memory = ops.ones((2, 3, 5)), ops.ones((2, 7, 6))
        >>> outputs, weights = decoder(words, memory=memory)
        >>> outputs.shape, weights.shape
        (TensorShape([2, 3, 8]), TensorShape([2, 3, 7]))
        >>> states = decoder.initial_state(memory)
        >>> output, states = decoder.step(words[:, 0], states)
        >>> output.shape, states["weights"].shape
        (TensorShape([2, 8]), TensorShape([2, 7]))

    Reference:
        Bahdanau et al. (2015), appendix A.2.2; Luong et al. (2015), equation 5 and section 3.3; Xu et al. (2015),
        section 3.1.2 (the first state).
    """

    def __init__(
        self,
        cell: Any,
        attention: Any = "additive",
        order: str = "bahdanau",
        units: int | None = None,
        input_feeding: bool = True,
        bridge: bool | str | None = None,
        return_state: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.autocast = False  # the weights stay float32; inputs are cast where it is safe
        self.cell = keras.saving.deserialize_keras_object(cell) if isinstance(cell, dict) else cell
        check_cell(self.cell)
        self.attention = as_attention(attention, self.dtype_policy)
        if order not in ORDERS:
            raise ValueError(f"order must be one of {ORDERS}, not {order!r}")
        if order == "bahdanau" and not input_feeding:
            raise ValueError(
                "input_feeding=False cannot be combined with order='bahdanau', where the context reaches the cell "
                "through its inputs; use order='luong'"
            )
        if units is not None:
            check_whole("units", units)
        self.order, self.units, self.input_feeding = order, units, input_feeding
        self.bridge, self.return_state = bridge, return_state
        self.supports_masking = True
        self._bridge = Bridge(self.cell, bridge, self.dtype_policy)

    # Sizes

    @property
    def state_units(self) -> int:
        """Size of the state that is query and output."""
        return int(self.top(repacked(self.cell, flat_sizes(self.cell))))

    def output_units(self, memory_size: int) -> int:
        """Size of the outputs."""
        return self.units or memory_size + self.state_units

    def build(
        self, inputs_shape: Any, memory_shape: Any = None, initial_state_shape: Any = None, **shapes: Any
    ) -> None:
        """Builds the cell, the attention, `W` and the bridge."""
        check_memory_shape(memory_shape)
        size = memory_shape[-1]
        fed = {"bahdanau": size, "luong": self.output_units(size) if self.input_feeding else 0}[self.order]
        if not self.cell.built:
            self.cell.build((None, inputs_shape[-1] + fed))
            self.cell.built = True
        if not self.attention.built:
            self.attention.build((None, 1, self.state_units), (None, None, size))
            self.attention.built = True
        if self.units:
            self.output_layer = keras.layers.Dense(
                self.units, activation="tanh", use_bias=False, dtype=self.dtype_policy, name="output"
            )
            self.output_layer.build((None, size + self.state_units))
        self.bridge_layers = self._bridge.layers(initial_state_shape, size)

    # Whole sequences

    def call(
        self,
        inputs: Any,
        memory: Any = None,
        memory_mask: Any = None,
        initial_state: Any = None,
        mask: Any = None,
        training: bool = False,
    ) -> Any:
        """Outputs and weights of all steps."""
        check_decoded(inputs, memory, memory_mask, mask)
        inputs = ops.cast(inputs, self.compute_dtype)
        mask = ops.ones_like(inputs[:, :, 0], dtype="bool") if mask is None else mask
        states = self.initial_state(memory, initial_state, memory_mask)
        noise = self.attention.draw(inputs, memory, training)
        in_parallel = not (self.order == "bahdanau" or self.input_feeding or self.attention.recurrent)
        run = self.attend_after_the_loop if in_parallel else self.attend_in_the_loop
        outputs, states = run(inputs, mask, noise, states)
        if self.attention.coverage_penalty:
            self.add_loss(self.attention.coverage_penalty * ops.mean(coverage_loss(outputs[1], mask)))
        return (*outputs, states) if self.return_state else outputs

    def attend_in_the_loop(self, inputs: Any, mask: Any, noise: Any, states: dict[str, Any]) -> tuple[Any, Any]:
        """Steps through the sequence; the memory stays out of the states, so the loop need not carry it."""
        memory, moving = states["memory"], {name: state for name, state in states.items() if name != "memory"}

        def step(one: Any, before: Any) -> Any:
            x, real, drawn = unpacked(one, inputs.shape[-1])
            drawn = None if noise is None else drawn
            outputs, after = self.advance(ops.cast(x, self.compute_dtype), before, memory, drawn)
            return tuple(only_real(real, output) for output in outputs), where_real(real, after, before)

        outputs, last = over_time(step, packed(inputs, mask, noise, self.attention.weights_dtype), moving)
        return outputs, {**last, "memory": memory}

    def attend_after_the_loop(self, inputs: Any, mask: Any, noise: Any, states: dict[str, Any]) -> tuple[Any, Any]:
        """Steps the cell through the sequence, then attends with all its states at once."""

        def step(one: Any, before: Any) -> Any:
            x, real, _ = unpacked(one, inputs.shape[-1])
            hidden, after = self.cell_step(ops.cast(x, self.compute_dtype), before)
            return (hidden,), where_real(real, after, before)

        packed_inputs = packed(inputs, mask, None, self.attention.weights_dtype)
        (hidden,), cell = over_time(step, packed_inputs, states["cell"])
        attended, after = self.attention.attend(hidden, states["memory"], states["attention"], noise, mask)
        context, weights, *more = attended
        outputs = (only_real(mask, self.readout(context, hidden)), weights, *more)
        last = ops.logical_and(mask, ops.equal(positions(mask), ops.expand_dims(length(mask) - 1, 1)))  # [batch, time]
        weights = ops.sum(weights * ops.expand_dims(ops.cast(last, weights.dtype), -1), axis=1)
        return outputs, {**states, "cell": cell, "attention": after, "weights": weights}

    # One step

    def initial_state(self, memory: Any, initial_state: Any = None, memory_mask: Any = None) -> dict[str, Any]:
        """The states before the first step, the memory among them; every tensor in them begins with the batch.

        Args:
            memory: `[batch, memory_time, dim]`.
            initial_state: As in a call.
            memory_mask: `[batch, memory_time]`, boolean, or None.

        Returns:
            "cell": the cell's states; "attention": what attention needs of the steps before; "weights": the last
            weights, `[batch, memory_time]`; "memory": the prepared memory; for "luong" with input feeding "output": the
            last output.

        Raises:
            ValueError: When the layer is not built, the memory is missing, or sizes or mask do not fit.
        """
        check_memory(memory, memory_mask)
        if not self.built:
            raise ValueError(f"{self.name} has no weights yet: call it on a whole sequence, or load it, before steps")
        cell = self._bridge.state(self.bridge_layers, initial_state, memory, memory_mask, self.compute_dtype)
        prepared = self.attention.prepare(memory, None, memory_mask)
        states = {
            "cell": cell,
            "attention": self.attention.initial_state(prepared),
            "weights": ops.zeros_like(prepared["mask"], dtype=self.attention.weights_dtype),
            "memory": prepared,
        }
        if self.order == "luong" and self.input_feeding:
            size = self.output_units(memory.shape[-1])
            states["output"] = ops.zeros((ops.shape(memory)[0], size), dtype=self.compute_dtype)
        return states

    def step(self, inputs: Any, states: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """One step without training.

        Args:
            inputs: `[batch, features]`.
            states: From `initial_state`, or of the step before; repeated or gathered along the batch as need be.

        Returns:
            The output `[batch, units]`, and the states; the weights are `states["weights"]`.
        """
        moving = {name: state for name, state in states.items() if name != "memory"}
        outputs, after = self.advance(ops.cast(inputs, self.compute_dtype), moving, states["memory"], None)
        return outputs[0], {**after, "memory": states["memory"]}

    def advance(self, x: Any, before: dict[str, Any], memory: dict[str, Any], noise: Any) -> tuple[Any, Any]:
        """Outputs and states of a step, in the order of `order`; the states are without the memory."""
        if self.order == "bahdanau":
            attended, attention = self.look(self.top(before["cell"]), before, memory, noise)
            hidden, cell = self.cell_step(ops.concatenate([x, attended[0]], axis=-1), before["cell"])
        else:
            x = ops.concatenate([x, before["output"]], axis=-1) if self.input_feeding else x
            hidden, cell = self.cell_step(x, before["cell"])
            attended, attention = self.look(hidden, before, memory, noise)
        context, weights, *more = attended
        output = self.readout(context, hidden)
        after = {"cell": cell, "attention": attention, "weights": weights}
        if "output" in before:
            after["output"] = output
        return (output, weights, *more), after

    def look(self, query: Any, before: dict[str, Any], memory: dict[str, Any], noise: Any) -> tuple[Any, Any]:
        """What attention returns for one query `[batch, dim]`, without a time axis, and its state."""
        noise = None if noise is None else ops.expand_dims(noise, 1)
        attended, after = self.attention.attend(ops.expand_dims(query, 1), memory, before["attention"], noise)
        return tuple(ops.squeeze(one, 1) for one in attended), after

    def cell_step(self, x: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        """The cell's output and states, which keep their type."""
        hidden, after = self.cell(x, states)
        after = after if isinstance(after, list | tuple) else [after]
        after = keras.tree.pack_sequence_as(states, keras.tree.flatten(after))
        return ops.cast(hidden, self.compute_dtype), keras.tree.map_structure(
            lambda new, old: ops.cast(new, old.dtype), after, states
        )

    def top(self, states: list[Any]) -> Any:
        """The state that is query and output: the first of the cell's, of the last cell in a stack."""
        own = states[-1] if is_stack(self.cell) else states
        return own[0] if isinstance(own, list | tuple) else own

    def readout(self, context: Any, hidden: Any) -> Any:
        """`[c; h]`, or `tanh(W [c; h])`."""
        both = ops.concatenate([context, hidden], axis=-1)
        return self.output_layer(both) if self.units else both

    # Keras

    def compute_output_spec(
        self,
        inputs: Any,
        memory: Any = None,
        memory_mask: Any = None,
        initial_state: Any = None,
        mask: Any = None,
        training: bool = False,
    ) -> Any:
        """Shapes and types of what `call` returns."""
        check_decoded(inputs, memory, memory_mask, mask)
        if self.return_state:
            return super().compute_output_spec(inputs, memory, memory_mask, initial_state, mask, training)
        batch, time = inputs.shape[:2]
        outputs = keras.KerasTensor((batch, time, self.output_units(memory.shape[2])), dtype=self.compute_dtype)
        weights = keras.KerasTensor((batch, time, memory.shape[1]), dtype=self.attention.weights_dtype)
        return (outputs, weights, *self.attention.more_outputs((batch, time)))

    def compute_mask(self, *inputs: Any, **masks: Any) -> None:
        """Masks are given explicitly."""

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        parts = {name: keras.saving.serialize_keras_object(getattr(self, name)) for name in ("cell", "attention")}
        names = ("order", "units", "input_feeding", "bridge", "return_state")
        return {**super().get_config(), **parts, **{name: getattr(self, name) for name in names}}


def as_attention(attention: Any, policy: Any) -> Attention:
    """The attention itself, of a configuration, or of a score and its name."""
    if isinstance(attention, dict):
        attention = keras.saving.deserialize_keras_object(attention)
    if isinstance(attention, Attention):
        return attention
    return Attention(attention, dtype=policy)
