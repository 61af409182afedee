"""The decoder that looks at the picture before every word: Show, Attend and Tell."""

from __future__ import annotations

from typing import Any, ClassVar

import keras
from keras import ops

from layers import AdditiveScore, Attention, AttentionCell, ReinforceLoss, WeightDrop, Zoneout

from .cell import GatedContextCell
from .decoder import Decoder, targets_of
from .words import PAD


@keras.saving.register_keras_serializable("seqsuite_captioning")
class AttentionDecoder(Decoder):
    r"""An LSTM with attention and a gated context; :math:`r_t = [E y_{t-1}; \hat c_t; h_t]`.

    .. math::
        \hat c_t = \sum_i \alpha_{ti} a_i \qquad \alpha_t = \mathrm{softmax}(v^\top \tanh(W h_{t-1} + U a_i)) \qquad
        h_t = \mathrm{LSTM}([E y_{t-1}; \beta_t \odot \hat c_t], h_{t-1})

    The doubly stochastic penalty wants every place looked at: :math:`\lambda \frac{1}{I} \sum_i (1 - \sum_t
    \alpha_{ti})^2`.

    Args:
        attention_units: Of the hidden layer of the score.
        hard: Whether one place is drawn in training, and the likeliest taken otherwise.
        doubly_stochastic: λ.
        **kwargs: As for `Decoder`.

    Reference:
        Xu et al. (2015), Show, Attend and Tell, sections 3.1.2 and 4.
    """

    names: ClassVar[tuple[str, ...]] = (*Decoder.names, "attention_units", "hard", "doubly_stochastic")

    def __init__(
        self, *, attention_units: int, hard: bool = False, doubly_stochastic: float = 0.0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.attention_units, self.hard, self.doubly_stochastic = attention_units, hard, doubly_stochastic
        cell = GatedContextCell(self.units)
        self.gates = keras.layers.Dense(4 * self.units, use_bias=False, name="gates")
        self.attend = AttentionCell(
            Zoneout(cell, self.zoneout) if self.zoneout else cell,
            Attention(AdditiveScore(attention_units), selection="reinforce" if hard else "soft"),
            bridge="mean",
            name="attend",
        )
        self.weight_dropped = WeightDrop(self.attend, rate=self.weight_drop) if self.weight_drop else None
        self.reinforce = ReinforceLoss(name="reinforce") if hard else None

    def build(self, grid_shape: Any, words_shape: Any = None) -> None:
        """Makes the weights."""
        super().build(grid_shape, words_shape)
        self.gates.build((None, None, self.embedding_dim))
        self.attend.build((None, None, 4 * self.units), (None, grid_shape[1], self.units))
        if self.weight_dropped is not None:
            self.weight_dropped.build((None, None, 4 * self.units))
        if self.reinforce is not None:
            self.reinforce.build((None, None), (None, None), (None,))

    @property
    def readout_size(self) -> int:
        """Of word, context and h."""
        return self.embedding_dim + 2 * self.units

    def decode(self, memory: Any, words: Any, embedded: Any, captions: int, training: bool) -> Any:
        """Logits of all words, and the losses that attention has of its own."""
        real = words != PAD
        drawn: Any = ()
        if self.is_plain:
            context, h, weights = self.taught(memory, embedded, real, captions)
            outputs = ops.concatenate([context, h], axis=-1)
        else:
            memory = ops.repeat(memory, captions, axis=0)  # [rows, places, units]
            run = self.attend if self.weight_dropped is None else self.weight_dropped
            outputs, weights, *drawn = run(self.gates(embedded), memory=memory, mask=real, training=training)
        logits = self.logits(ops.concatenate([embedded, outputs], axis=-1), training)
        if training:
            self.add_losses(weights, drawn, logits, words)
        return logits

    @property
    def is_plain(self) -> bool:
        """Whether the quick loop does: for soft attention without noise, in float32 on TensorFlow."""
        noisy = self.hard or self.zoneout or self.weight_drop
        return not noisy and self.compute_dtype == "float32" and keras.backend.backend() == "tensorflow"

    def taught(self, memory: Any, embedded: Any, real: Any, captions: int) -> tuple[Any, Any, Any]:
        """What `attend` returns, by the quick loop: context, h and weights, `[rows, time, ...]`, 0 where not real."""
        from . import teacher

        states = self.attend.initial_state(memory)
        score, cell = self.attend.attention.score, self.attend.cell
        first = ops.concatenate([score.query_kernel, cell.gate.kernel, cell.recurrent_kernel], axis=-1)
        weights = teacher.Weights(first, score.vector[:, 0], cell.gate.bias + 0.0, cell.context_kernel + 0.0)
        z = self.gates(ops.transpose(embedded, (1, 0, 2))) + cell.bias  # [time, rows, 4 units]
        goes_on = ops.expand_dims(ops.cast(ops.transpose(real), z.dtype), -1)  # [time, rows, 1]
        h, c = (ops.repeat(state, captions, axis=0) for state in states["cell"])
        prepared = states["memory"]
        found: Any = teacher.run(z, goes_on, prepared["keys"], prepared["value"], h, c, weights)
        found = [ops.reshape(one, (*ops.shape(z)[:2], one.shape[-1])) * goes_on for one in found]
        context, h, weights = (ops.transpose(one, (1, 0, 2)) for one in found)
        return context, h, weights

    def add_losses(self, weights: Any, drawn: Any, logits: Any, words: Any) -> None:
        """The doubly stochastic penalty, and REINFORCE for the places that hard attention drew."""
        real = words != PAD
        if self.doubly_stochastic:
            self.add_loss(self.doubly_stochastic * mean_of_real(unevenness(weights), real))
        if self.reinforce is not None:
            reward = log_likelihood(ops.stop_gradient(logits), targets_of(words))  # [rows]
            losses = self.reinforce(*drawn, reward, mask=real, training=True)
            self.add_loss(mean_of_real(losses, real) / ops.cast(ops.shape(words)[1], losses.dtype))

    def begin(self, grid: Any) -> tuple[Any, Any]:
        """The prepared places, and the LSTM's state from their mean."""
        states = self.attend.initial_state(self.memory(grid))
        return states.pop("memory"), states

    def step(self, words: Any, state: Any, fixed: Any) -> tuple[Any, Any]:
        """One word more."""
        embedded = self.embedding(words)  # [batch, embedding]
        output, states = self.attend.step(self.gates(embedded), {**state, "memory": fixed})
        del states["memory"]
        return self.logits(ops.concatenate([embedded, output], axis=-1)), states


def unevenness(weights: Any) -> Any:
    """How far each place is from being looked at once: of `[rows, time, places]`, `[rows]`."""
    return ops.mean(ops.square(1 - ops.sum(weights, axis=1)), axis=-1)


def mean_of_real(values: Any, real: Any) -> Any:
    """The mean of `[rows]` over the rows with any real step in `[rows, time]`."""
    counted = ops.cast(ops.any(real, axis=1), values.dtype)
    return ops.sum(values * counted) / ops.maximum(ops.sum(counted), 1)


def log_likelihood(logits: Any, targets: Any) -> Any:
    """Of the targets `[rows, time]`, 0 for padding, summed over time, `[rows]`."""
    chosen = ops.take_along_axis(ops.log_softmax(logits, axis=-1), ops.expand_dims(targets, -1), axis=-1)[..., 0]
    return ops.sum(chosen * ops.cast(targets != PAD, chosen.dtype), axis=1)
