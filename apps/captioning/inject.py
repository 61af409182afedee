"""The decoder that is shown the picture before the first word only: Show and Tell."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from layers import LSTM

from .decoder import Decoder
from .words import PAD


@keras.saving.register_keras_serializable("seqsuite_captioning")
class InjectDecoder(Decoder):
    r"""An LSTM whose first input is the picture; :math:`r_t = [E y_{t-1}; h_t]`.

    .. math:: x_{-1} = W_I \frac{1}{I} \sum_i a_i \qquad x_t = E y_{t-1} \qquad h_t = \mathrm{LSTM}(x_t, h_{t-1})

    Reference:
        Vinyals et al. (2015), Show and Tell: A Neural Image Caption Generator, equations 10 to 12; Karpathy &
        Fei-Fei (2015), Deep Visual-Semantic Alignments for Generating Image Descriptions, section 3.2.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        noise: dict[str, Any] = {"zoneout_h": self.zoneout, "zoneout_c": self.zoneout, "weight_drop": self.weight_drop}
        self.lstm = LSTM(self.units, return_sequences=True, return_state=True, name="lstm", **noise)
        self.inject = keras.layers.Dense(self.embedding_dim, name="inject")

    def build(self, grid_shape: Any, words_shape: Any = None) -> None:
        """Makes the weights."""
        super().build(grid_shape, words_shape)
        self.inject.build((None, self.units))
        self.lstm.build((None, None, self.embedding_dim))

    @property
    def readout_size(self) -> int:
        """Of word and h."""
        return self.embedding_dim + self.units

    def decode(self, memory: Any, words: Any, embedded: Any, captions: int, training: bool) -> Any:
        """Logits of all words."""
        picture = ops.repeat(self.picture(memory), captions, axis=0)  # [rows, 1, embedding]
        real = ops.concatenate([ops.ones_like(words[:, :1], dtype="bool"), words != PAD], axis=1)
        h, *_ = self.lstm(ops.concatenate([picture, embedded], axis=1), mask=real, training=training)
        return self.logits(ops.concatenate([embedded, h[:, 1:]], axis=-1), training)

    def picture(self, memory: Any) -> Any:
        """The picture as a word `[batch, 1, embedding]`."""
        return ops.expand_dims(self.inject(ops.mean(memory, axis=1)), 1)

    def begin(self, grid: Any) -> tuple[Any, Any]:
        """The state after the picture."""
        _, h, c = self.lstm(self.picture(self.memory(grid)))
        return {}, {"h": h, "c": c}

    def step(self, words: Any, state: Any, fixed: Any) -> tuple[Any, Any]:
        """One word more."""
        embedded = self.embedding(words)  # [batch, embedding]
        _, h, c = self.lstm(ops.expand_dims(embedded, 1), initial_state=[state["h"], state["c"]])
        return self.logits(ops.concatenate([embedded, h], axis=-1)), {"h": h, "c": c}
