"""Attention: queries look into a memory."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from ..masking import at_least_float32, masked_softmax, real_first
from . import selection as choose
from . import windows
from .coverage import coverage_features, coverage_loss
from .inputs import check_attended
from .loop import only_real, over_time, packed, unpacked, where_real
from .options import check_options
from .score import projected
from .scores import get_score


@keras.saving.register_keras_serializable("seqsuite")
class Attention(keras.layers.Layer):
    r"""Each query gets a mean of the values, weighted by how well it matches their keys.

    .. math::
        e_{ij} = \mathrm{score}(q_i, k_j) \qquad
        \alpha_i = \mathrm{softmax}(e_i) \qquad
        c_i = \sum_j \alpha_{ij} v_j

    *Window*: "global"; "local_m", the places within `width` of the query's own step; "local_p", those within `width` of
    :math:`p_i = S\,\sigma(u^\top \tanh(P q_i))`, with weights times :math:`\exp(-(j - p_i)^2 / 2(D/2)^2)`. Steps and
    places are counted from 0 over what is not masked; :math:`S` is their number; local-m stops at the last place.

    *Selection*: "soft"; "hard", the likeliest place alone with the gradient of the soft weights (straight through);
    "reinforce", in training a place drawn with the weights as probabilities, otherwise the likeliest, and two more
    outputs for `ReinforceLoss`; "monotonic", in training the expectation over places taken from left to right with
    probability :math:`\sigma(e_{ij} + r + \text{noise})`, otherwise the first place onward with :math:`e_{ij} + r > 0`
    (nothing, when there is none).

    *Coverage* adds :math:`w\,c_{ij}` inside the hidden layer of an additive score, where :math:`c_{ij}` is the sum of
    the weights of the steps before ("sum"), over :math:`\Phi_j = N \sigma(u_f^\top k_j)` for "fertility".

    Args:
        score: A `Score`, or its name: "dot", "scaled_dot", "general", "additive", "concat", "location".
        window: "global", "local_m" or "local_p".
        width: :math:`D`, the places on either side of the centre; for the local windows only.
        selection: "soft", "hard", "reinforce" or "monotonic".
        coverage: None, "sum" or "fertility".
        coverage_penalty: Factor of the mean `coverage_loss` that is added to the model's loss.
        noise: Standard deviation of the noise before the sigmoid; for "monotonic" only.
        bias: First value of :math:`r`; for "monotonic" only. Negative, so that attention begins to move slowly.
        fertility: :math:`N`, the most steps that one place is good for; for "fertility" only.
        seed: Of the noise and the samples.
        **kwargs: As for every Keras layer.

    Call arguments:
        query: `[batch, query_time, query_dim]`, or one step, `[batch, query_dim]`.
        value: `[batch, time, dim]`.
        key: `[batch, time, key_dim]`; None for the value.
        mask: `[batch, time]`, boolean, True for the places that count; None if all do.
        query_mask: `[batch, query_time]`, boolean, True for the steps that count; None if all do. Masked steps get no
            weights and leave later ones as they are.
        training: Whether to draw samples and noise.

    Returns:
        context `[batch, query_time, dim]`, weights `[batch, query_time, time]` in float32 or wider, and for "reinforce"
        the log-probability of the places drawn and the entropy of the weights, both `[batch, query_time]`. For a query
        of one step all are without `query_time`.

    Raises:
        ValueError: For an unknown option, options that do not go together, inputs of sizes that do not fit, or masks
            of another shape or that are not boolean.

    Example:
        >>> query, value = ops.ones((2, 3, 4)), ops.ones((2, 5, 6))
        >>> context, weights = Attention("additive", window="local_p", width=2)(query, value)
        >>> context.shape, weights.shape
        (TensorShape([2, 3, 6]), TensorShape([2, 3, 5]))

    Reference:
        Luong et al. (2015), section 3.2 (windows); Xu et al. (2015), section 4 (hard); Raffel et al. (2017), sections
        2.2 to 2.5 (monotonic); See et al. (2017), equations 10 and 11, and Tu et al. (2016), Modeling Coverage for
        Neural Machine Translation, section 3.1.1 (coverage).
    """

    def __init__(
        self,
        score: Any = "scaled_dot",
        window: str = "global",
        width: int | None = None,
        selection: str = "soft",
        coverage: str | None = None,
        coverage_penalty: float = 0.0,
        noise: float = 1.0,
        bias: float = -1.0,
        fertility: float = 2.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.autocast = False  # the weights stay float32; inputs are cast where it is safe
        self.score = get_score(score, dtype=self.dtype_policy) if isinstance(score, str) else get_score(score)
        self.window, self.width, self.selection = window, width, selection
        self.coverage, self.coverage_penalty = coverage, coverage_penalty
        self.noise, self.bias, self.fertility, self.seed = noise, bias, fertility, seed
        check_options(self)
        self.supports_masking = True
        self.draws = keras.random.SeedGenerator(seed) if selection in ("reinforce", "monotonic") else None

    def build(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> None:
        """Makes the score and the weights of window, selection and coverage."""
        query_shape = (query_shape[0], 1, query_shape[-1]) if len(query_shape) == 2 else tuple(query_shape)
        key_shape = tuple(key_shape or value_shape)
        if not self.score.built:
            self.score.build(query_shape, key_shape)
        query, key = query_shape[-1], key_shape[-1]
        if self.window == "local_p":
            self.place_kernel = self.add_weight(name="place_kernel", shape=(query, query))
            self.place_vector = self.add_weight(name="place_vector", shape=(query, 1))
        if self.selection == "monotonic":
            start = keras.initializers.Constant(self.bias)
            self.monotonic_bias = self.add_weight(name="monotonic_bias", shape=(), initializer=start)
        if self.coverage:
            units = self.score.hidden_units(key_shape)
            self.coverage_kernel = self.add_weight(name="coverage_kernel", shape=(units,), initializer="zeros")
        if self.coverage == "fertility":
            self.fertility_vector = self.add_weight(name="fertility_vector", shape=(key, 1))

    @property
    def recurrent(self) -> bool:
        """Whether a step's weights depend on those of the step before."""
        return bool(self.score.past or self.coverage or self.selection == "monotonic")

    @property
    def weights_dtype(self) -> str:
        """Type of the weights, float32 or wider."""
        return at_least_float32(self.compute_dtype)

    def call(
        self, query: Any, value: Any, key: Any = None, mask: Any = None, query_mask: Any = None, training: bool = False
    ) -> Any:
        """Contexts and weights."""
        check_attended(query, value, key, mask, query_mask)
        query = ops.cast(query, self.compute_dtype)
        memory = self.prepare(value, key, mask)
        if len(query.shape) == 2:
            query = ops.expand_dims(query, 1)
            outputs, _ = self.attend(query, memory, self.initial_state(memory), self.draw(query, value, training))
            return tuple(ops.squeeze(output, 1) for output in outputs)
        outputs = self.over_queries(query, memory, query_mask, training)
        if self.coverage_penalty:
            self.add_loss(self.coverage_penalty * ops.mean(coverage_loss(outputs[1], query_mask)))
        return outputs

    def over_queries(self, query: Any, memory: dict[str, Any], query_mask: Any, training: bool) -> tuple[Any, ...]:
        """All outputs for queries `[batch, query_time, query_dim]`: at once where that is possible."""
        noise, state = self.draw(query, memory["value"], training), self.initial_state(memory)
        query_mask = ops.ones_like(query[:, :, 0], dtype="bool") if query_mask is None else query_mask
        if not self.recurrent:
            return self.attend(query, memory, state, noise, query_mask)[0]

        def step(inputs: Any, before: Any) -> Any:
            one, real, drawn = unpacked(inputs, query.shape[-1])
            one = ops.expand_dims(ops.cast(one, self.compute_dtype), 1)
            drawn = ops.expand_dims(drawn, 1) if noise is not None else None
            outputs, after = self.attend(one, memory, before, drawn, ops.expand_dims(real, 1))
            return tuple(ops.squeeze(output, 1) for output in outputs), where_real(real, after, before)

        return over_time(step, packed(query, query_mask, noise, self.weights_dtype), state)[0]

    def prepare(self, value: Any, key: Any = None, mask: Any = None) -> dict[str, Any]:
        """What `attend` needs of a memory, computed once: every entry begins with the batch."""
        value = ops.cast(value, self.compute_dtype)
        key = value if key is None else ops.cast(key, self.compute_dtype)
        mask = ops.ones_like(value[:, :, 0], dtype="bool") if mask is None else mask
        memory = {"value": value, "keys": self.score.prepare(key), "mask": mask}
        if self.coverage == "fertility":
            logits = ops.cast(ops.squeeze(projected(key, self.fertility_vector), -1), self.weights_dtype)
            memory["fertility"] = self.fertility * ops.sigmoid(logits)  # [batch, time]
        if self.score.past:
            memory["order"] = real_first(mask)
            memory["rank"] = ops.cast(ops.argsort(memory["order"], axis=1), "int32")  # its inverse
        return memory

    def initial_state(self, memory: dict[str, Any]) -> dict[str, Any]:
        """What a first step knows of the steps before: every entry begins with the batch."""
        nothing = ops.zeros_like(memory["mask"], dtype=self.weights_dtype)  # [batch, time]
        state = {}
        if self.selection == "monotonic":
            state["alignments"] = ops.cast(windows.first_place(memory["mask"]), self.weights_dtype)
        elif self.score.past == "alignments":
            state["alignments"] = nothing
        if self.coverage or self.score.past == "coverage":
            state["coverage"] = nothing
        if self.window == "local_m":
            state["step"] = ops.zeros_like(memory["mask"][:, 0], dtype="int32")  # [batch]
        return state

    def draw(self, query: Any, value: Any, training: bool) -> Any:
        """What is random in `attend`, `[batch, query_time, any]`; None when nothing is."""
        if not training or self.draws is None:
            return None
        if self.selection == "reinforce":
            return keras.random.uniform((*ops.shape(query)[:2], 1), dtype=self.weights_dtype, seed=self.draws)
        shape = (*ops.shape(query)[:2], ops.shape(value)[1])
        return self.noise * keras.random.normal(shape, dtype=self.weights_dtype, seed=self.draws)

    def attend(
        self, query: Any, memory: dict[str, Any], state: dict[str, Any], noise: Any = None, query_mask: Any = None
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The pure function: outputs for queries, all with a time axis, and the state after the last.

        Args:
            query: `[batch, query_time, query_dim]`; of one step if the attention is `recurrent`.
            memory: From `prepare`.
            state: From `initial_state`, or of the step before.
            noise: From `draw`; None for use, as opposed to training.
            query_mask: `[batch, query_time]`, or None.

        Returns:
            What `call` returns, and the next state.
        """
        energies = self.score.compare(query, memory["keys"], self.features(memory, state))
        energies = ops.cast(energies, self.weights_dtype)  # [batch, query_time, time]
        if self.selection == "monotonic":
            energies = energies + ops.cast(self.monotonic_bias, energies.dtype)
            found: tuple[Any, ...] = (choose.monotonic(energies, memory["mask"], state["alignments"], noise),)
        else:
            soft = self.windowed(energies, query, memory["mask"], state, query_mask)
            found = choose.selected(self.selection, soft, noise)
        if query_mask is not None:
            found = tuple(only_real(query_mask, one) for one in found)
        weights = found[0]
        context = ops.matmul(ops.cast(weights, self.compute_dtype), memory["value"])
        steps = 1 if query_mask is None else windows.length(query_mask)
        return (context, *found), self.next_state(state, weights, steps)

    def features(self, memory: dict[str, Any], state: dict[str, Any]) -> Any:
        """What of the steps before goes into the score's hidden layer, `[batch, 1, time, units]`, or None."""
        found: Any = None
        if self.score.past:
            found = self.score.features(state[self.score.past], memory["order"], memory["rank"])
        if self.coverage:
            kernel = ops.cast(self.coverage_kernel, self.compute_dtype)
            covered = coverage_features(state["coverage"], memory.get("fertility"), kernel)
            found = covered if found is None else found + covered
        return found

    def windowed(self, energies: Any, query: Any, mask: Any, state: dict[str, Any], query_mask: Any) -> Any:
        """The soft weights within the window, `[batch, query_time, time]`."""
        if self.window == "global":
            return masked_softmax(energies, ops.expand_dims(mask, 1))
        width: int = self.width  # type: ignore[assignment]
        if self.window == "local_m":
            counted = ops.ones_like(query[:, :, 0], dtype="bool") if query_mask is None else query_mask
            step = ops.expand_dims(state["step"], 1) + windows.positions(counted)
            centre = windows.own_step(step, mask, self.weights_dtype)  # [batch, query_time]
        else:
            centre = self.predicted_place(query, mask)
        weights = masked_softmax(energies, windows.window(centre, mask, width))
        return weights * windows.gaussian(centre, mask, width) if self.window == "local_p" else weights

    def predicted_place(self, query: Any, mask: Any) -> Any:
        """The centre of local-p, `[batch, query_time]`."""
        hidden = ops.tanh(projected(query, self.place_kernel))
        logits = ops.squeeze(projected(hidden, self.place_vector), -1)
        return windows.predicted(ops.cast(logits, self.weights_dtype), mask)

    def next_state(self, state: dict[str, Any], weights: Any, steps: Any) -> dict[str, Any]:
        """The state after so many steps with these weights."""
        changes = {
            "alignments": lambda before: weights[:, -1],
            "coverage": lambda before: before + ops.sum(weights, axis=1),
            "step": lambda before: before + steps,
        }
        return {name: changes[name](before) for name, before in state.items()}

    def compute_output_spec(
        self, query: Any, value: Any, key: Any = None, mask: Any = None, query_mask: Any = None, training: bool = False
    ) -> Any:
        """Shapes and types of what `call` returns."""
        check_attended(query, value, key, mask, query_mask)
        before = tuple(query.shape[:-1])
        context = keras.KerasTensor((*before, value.shape[2]), dtype=self.compute_dtype)
        weights = keras.KerasTensor((*before, value.shape[1]), dtype=self.weights_dtype)
        return (context, weights, *self.more_outputs(before))

    def more_outputs(self, shape: tuple[int | None, ...]) -> tuple[keras.KerasTensor, ...]:
        """Symbols for the outputs beyond context and weights."""
        count = 2 if self.selection == "reinforce" else 0
        return tuple(keras.KerasTensor(shape, dtype=self.weights_dtype) for _ in range(count))

    def compute_mask(self, *inputs: Any, **masks: Any) -> None:
        """Masks are given explicitly."""

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        names = ("window", "width", "selection", "coverage", "coverage_penalty", "noise", "bias", "fertility", "seed")
        score = keras.saving.serialize_keras_object(self.score)
        return {**super().get_config(), "score": score, **{name: getattr(self, name) for name in names}}
