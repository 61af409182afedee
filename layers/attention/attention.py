"""Attention: queries look into a memory."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from ..checks import check_not_negative, check_whole, fits
from ..masking import at_least_float32, check_mask, masked_softmax
from . import selection as choose
from . import windows
from .coverage import coverage_loss
from .loop import over_time, where_real
from .score import projected
from .scores import get_score

WINDOWS = ("global", "local_m", "local_p")
SELECTIONS = ("soft", "hard", "reinforce", "monotonic")
COVERAGES = (None, "sum", "fertility")
MEANT_FOR = (  # an argument, its default, and the option that it is for
    ("noise", 1.0, "selection", "monotonic"),
    ("bias", -1.0, "selection", "monotonic"),
    ("fertility", 2.0, "coverage", "fertility"),
)


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
        self.check_options()
        self.supports_masking = True
        self.draws = keras.random.SeedGenerator(seed) if selection in ("reinforce", "monotonic") else None

    def check_options(self) -> None:
        """Refuses what is unknown and what does not go together."""
        for argument, known in (("window", WINDOWS), ("selection", SELECTIONS), ("coverage", COVERAGES)):
            if getattr(self, argument) not in known:
                raise ValueError(f"{argument} must be one of {known}, not {getattr(self, argument)!r}")
        if self.window == "global" and self.width is not None:
            raise ValueError("width cannot be combined with window='global', which has no edge; choose a local window")
        if self.window != "global":
            check_whole("width", self.width)
            if self.selection == "monotonic":
                raise ValueError(
                    f"window={self.window!r} cannot be combined with selection='monotonic', which finds its own way "
                    "through the memory; use window='global'"
                )
        if self.coverage and not self.score.has_hidden_layer:
            raise ValueError(
                f"coverage={self.coverage!r} cannot be combined with {type(self.score).__name__}, which has no hidden "
                "layer to add it to; use an AdditiveScore, ConcatScore or LocationScore"
            )
        for argument, default, option, needed in MEANT_FOR:
            if getattr(self, argument) != default and getattr(self, option) != needed:
                raise ValueError(
                    f"{argument} cannot be combined with {option}={getattr(self, option)!r}, only {needed!r}"
                )
        for argument in ("coverage_penalty", "noise"):
            check_not_negative(argument, getattr(self, argument))
        if not self.fertility > 0:
            raise ValueError(f"fertility must be positive, not {self.fertility!r}")

    def build(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> None:
        """Makes the score and the weights of window, selection and coverage."""
        query_shape = (query_shape[0], 1, query_shape[-1]) if len(query_shape) == 2 else tuple(query_shape)
        key_shape = tuple(key_shape or value_shape)
        if not self.score.built:
            self.score.build(query_shape, key_shape)
            self.score.built = True
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
        self,
        query: Any,
        value: Any,
        key: Any = None,
        mask: Any = None,
        query_mask: Any = None,
        training: bool = False,
    ) -> Any:
        """Contexts and weights."""
        self.check_inputs(query, value, key, mask, query_mask)
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

    def check_inputs(self, query: Any, value: Any, key: Any, mask: Any, query_mask: Any) -> None:
        """Raises a `ValueError` for inputs and masks that do not fit."""
        if len(query.shape) not in (2, 3) or len(value.shape) != 3:
            raise ValueError(
                "query must be [batch, query_time, query_dim] or [batch, query_dim], and value [batch, time, dim], "
                f"not {tuple(query.shape)} and {tuple(value.shape)}"
            )
        if not fits(query.shape[:1], value.shape[:1]):
            raise ValueError(f"query and value must have one batch size, not {query.shape[0]} and {value.shape[0]}")
        if key is not None and not fits(key.shape[:2], value.shape[:2]):
            raise ValueError(f"key must have the batch and time of the value, {value.shape[:2]}, not {key.shape[:2]}")
        check_mask(mask, value.shape[:2])
        if query_mask is not None and len(query.shape) == 2:
            raise ValueError("query_mask is for queries [batch, query_time, query_dim]; one step has none")
        check_mask(query_mask, query.shape[:2])

    def over_queries(self, query: Any, memory: dict[str, Any], query_mask: Any, training: bool) -> tuple[Any, ...]:
        """All outputs for queries `[batch, query_time, query_dim]`: at once where that is possible."""
        noise, state = self.draw(query, memory["value"], training), self.initial_state(memory)
        if query_mask is None:
            query_mask = ops.ones_like(query[:, :, 0], dtype="bool")
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
            vector = ops.cast(self.fertility_vector, self.compute_dtype)
            good_for = ops.sigmoid(ops.cast(ops.squeeze(ops.matmul(key, vector), -1), self.weights_dtype))
            memory["fertility"] = self.fertility * good_for  # [batch, time]
        if self.score.past:
            memory["order"], memory["rank"] = windows.real_first(mask)
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
        batch, steps = ops.shape(query)[0], ops.shape(query)[1]
        if self.selection == "reinforce":
            return keras.random.uniform((batch, steps, 1), dtype=self.weights_dtype, seed=self.draws)
        shape = (batch, steps, ops.shape(value)[1])
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
        mask = memory["mask"]
        if self.selection == "monotonic":
            weights, more = self.monotonic(energies, mask, state["alignments"], noise), tuple[Any, ...]()
        else:
            weights, more = self.select(self.windowed(energies, query, mask, state, query_mask), noise)
        if query_mask is not None:
            weights, more = self.at_real(query_mask, weights), tuple(self.at_real(query_mask, one) for one in more)
        context = ops.matmul(ops.cast(weights, self.compute_dtype), memory["value"])
        steps = 1 if query_mask is None else windows.length(query_mask)
        return (context, weights, *more), self.next_state(state, weights, steps)

    def at_real(self, query_mask: Any, output: Any) -> Any:
        """The output where the step counts, 0 elsewhere."""
        real = ops.expand_dims(query_mask, -1) if len(output.shape) == 3 else query_mask
        return ops.where(real, output, ops.zeros_like(output))

    def features(self, memory: dict[str, Any], state: dict[str, Any]) -> Any:
        """What of the steps before goes into the score's hidden layer, `[batch, 1, time, units]`, or None."""
        found: Any = None
        if self.score.past:
            found = self.score.features(state[self.score.past], memory["order"], memory["rank"])
        if self.coverage:
            covered = state["coverage"] / memory["fertility"] if self.coverage == "fertility" else state["coverage"]
            covered = ops.expand_dims(ops.expand_dims(ops.cast(covered, self.compute_dtype), 1), -1)
            covered = covered * ops.cast(self.coverage_kernel, self.compute_dtype)
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
            return masked_softmax(energies, windows.window(centre, mask, width))
        centre = self.predicted_place(query, mask)
        weights = masked_softmax(energies, windows.window(centre, mask, width))
        return weights * windows.gaussian(centre, mask, width)

    def predicted_place(self, query: Any, mask: Any) -> Any:
        """The centre of local-p, `[batch, query_time]`."""
        hidden = ops.tanh(projected(query, self.place_kernel))
        logits = ops.squeeze(projected(hidden, self.place_vector), -1)
        return windows.predicted(ops.cast(logits, self.weights_dtype), mask)

    def select(self, weights: Any, noise: Any) -> tuple[Any, tuple[Any, ...]]:
        """The weights of the selection, and its further outputs."""
        if self.selection == "soft":
            return weights, ()
        if self.selection == "hard":
            return choose.straight_through(weights), ()
        chosen = ops.stop_gradient(choose.likeliest(weights)) if noise is None else choose.sampled(weights, noise)
        return chosen, (choose.log_probability(weights, chosen), choose.entropy(weights))

    def monotonic(self, energies: Any, mask: Any, previous: Any, noise: Any) -> Any:
        """The weights of a monotonic step, `[batch, 1, time]`."""
        energies = energies + ops.cast(self.monotonic_bias, energies.dtype)
        if noise is None:
            return choose.hard_monotonic(energies, mask, previous)
        return choose.expected_monotonic(energies + noise, mask, previous)

    def next_state(self, state: dict[str, Any], weights: Any, steps: Any) -> dict[str, Any]:
        """The state after so many steps with these weights."""
        changes = {
            "alignments": lambda before: weights[:, -1],
            "coverage": lambda before: before + ops.sum(weights, axis=1),
            "step": lambda before: before + steps,
        }
        return {name: changes[name](before) for name, before in state.items()}

    def compute_output_spec(
        self,
        query: Any,
        value: Any,
        key: Any = None,
        mask: Any = None,
        query_mask: Any = None,
        training: bool = False,
    ) -> Any:
        """Shapes and types of what `call` returns."""
        self.check_inputs(query, value, key, mask, query_mask)
        before = tuple(query.shape[:-1])
        context = keras.KerasTensor((*before, value.shape[2]), dtype=self.compute_dtype)
        weights = keras.KerasTensor((*before, value.shape[1]), dtype=self.weights_dtype)
        return (context, weights, *more_outputs(self, before))

    def compute_mask(self, *inputs: Any, **masks: Any) -> None:
        """Masks are given explicitly."""

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        names = ("window", "width", "selection", "coverage", "coverage_penalty", "noise", "bias", "fertility", "seed")
        score = keras.saving.serialize_keras_object(self.score)
        return {**super().get_config(), "score": score, **{name: getattr(self, name) for name in names}}


def more_outputs(attention: Attention, shape: tuple[int | None, ...]) -> tuple[Any, ...]:
    """Symbols for the outputs beyond context and weights."""
    if attention.selection != "reinforce":
        return ()
    return tuple(keras.KerasTensor(shape, dtype=attention.weights_dtype) for _ in range(2))


def packed(inputs: Any, mask: Any, noise: Any, dtype: str) -> Any:
    """Inputs, mask and noise side by side, `[batch, time, any]`: the loop takes one tensor."""
    parts = [inputs, ops.expand_dims(mask, -1), *([] if noise is None else [noise])]
    return ops.concatenate([ops.cast(part, dtype) for part in parts], axis=-1)


def unpacked(step: Any, size: int) -> tuple[Any, Any, Any]:
    """One step of inputs `[batch, size]`, mask `[batch]` and noise `[batch, any]`."""
    return step[:, :size], step[:, size] > 0.5, step[:, size + 1 :]
