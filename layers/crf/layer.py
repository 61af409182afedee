"""The layer of a linear-chain CRF."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from ..masking import at_least_float32, check_mask
from .recursion import FORBIDDEN, NEVER
from .schemes import Allowed, Scheme, allowed_transitions


@keras.saving.register_keras_serializable("seqsuite")
class CRF(keras.layers.Layer):
    r"""Scores tag sequences by their tags and by how one follows the other (linear-chain conditional random field).

    With emissions :math:`e_t(j)` and learned transitions :math:`A`, start scores :math:`a` and end scores :math:`b`:

    .. math::
        s(y) = a_{y_1} + b_{y_T} + \sum_{t=1}^T e_t(y_t) + \sum_{t=2}^T A_{y_{t-1}, y_t} \qquad
        p(y) = \frac{\exp s(y)}{\sum_{y'} \exp s(y')}

    The layer returns the log-potentials of the edges, :math:`\psi_t(i, j)`, of which everything else is a function:
    `CRFLoss`, `log_partition`, `score`, `viterbi`, `k_best`, `marginals`, `sample`. They carry the mask in them: the
    first real step is :math:`\psi_t(i, j) = a_j + e_t(j)` from every state i, the last one has :math:`b_j` added, and a
    masked step is the identity (0 on the diagonal, -1e30 elsewhere). What is masked is cut out, wherever it lies.

    Args:
        tags: Their number (at least 2), or their names in order.
        scheme: "IOB1", "IOB2", "BIOES" (or "IOBES") or "BMES", whose rules the names then follow; None for no rules.
        allowed: Rules of your own instead of a scheme: what `allowed_transitions` returns.
        transitions_initializer: Of `A`.
        start_initializer: Of `a`.
        end_initializer: Of `b`.
        transitions_regularizer: Of `A`.
        **kwargs: As for every Keras layer.

    Call arguments:
        inputs: The emissions, `[batch, time, tags]`, not normalised (a `Dense` layer without activation).
        mask: `[batch, time]`, boolean, True for the steps that count; None if all do.

    Returns:
        The log-potentials, `[batch, time, tags, tags]`, float32 or wider under every dtype policy. A forbidden
        transition, start or end scores -1e9. No mask leaves the layer, since the potentials hold it.

    Raises:
        ValueError: For tags, rules or inputs that do not fit together, or a mask of another shape or type.

    Example:
        >>> import numpy as np
        >>> from layers.crf import viterbi
        >>> emissions = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")
        >>> potentials = CRF(["O", "B-PER", "I-PER"], scheme="IOB2")(emissions)
        >>> tags, score = viterbi(potentials)
        >>> potentials.shape, tags.shape
        (TensorShape([2, 5, 3, 3]), TensorShape([2, 5]))

    Reference:
        Lafferty et al. (2001), Conditional Random Fields, section 3; Lample et al. (2016), Neural Architectures for
        Named Entity Recognition, section 2.2, for start and end scores.
    """

    def __init__(
        self,
        tags: int | Sequence[str],
        scheme: Scheme | None = None,
        allowed: Any = None,
        transitions_initializer: Any = "glorot_uniform",
        start_initializer: Any = "zeros",
        end_initializer: Any = "zeros",
        transitions_regularizer: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.size = _number_of(tags)
        self.tags = tags if isinstance(tags, int) else list(tags)
        self.scheme = scheme
        self.allowed = _listed(allowed)
        self._rules = self._rules_for(tags)
        self.transitions_initializer = keras.initializers.get(transitions_initializer)
        self.start_initializer = keras.initializers.get(start_initializer)
        self.end_initializer = keras.initializers.get(end_initializer)
        self.transitions_regularizer = keras.regularizers.get(transitions_regularizer)
        self.supports_masking = True

    def _rules_for(self, tags: int | Sequence[str]) -> Allowed | None:
        if self.scheme is None:
            return None if self.allowed is None else _checked(self.allowed, self.size)
        if self.allowed is not None:
            raise ValueError("allowed must be None when a scheme is given, which has rules of its own")
        if isinstance(tags, int):
            raise ValueError(f"tags must be names, such as 'B-PER', for the scheme {self.scheme}, not a number")
        return allowed_transitions(tags, self.scheme)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes `A`, `a` and `b`."""
        self._check_shape(input_shape)
        # Of the variables' own type: scores are added up in float32 under mixed precision too.
        kept: dict[str, Any] = {"autocast": False}
        self.transitions = self.add_weight(
            name="transitions",
            shape=(self.size, self.size),
            initializer=self.transitions_initializer,
            regularizer=self.transitions_regularizer,
            **kept,
        )
        self.start = self.add_weight(name="start", shape=(self.size,), initializer=self.start_initializer, **kept)
        self.end = self.add_weight(name="end", shape=(self.size,), initializer=self.end_initializer, **kept)

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """The log-potentials."""
        self._check_shape(inputs.shape)
        check_mask(mask, inputs.shape[:-1])
        dtype = at_least_float32(self.compute_dtype)
        transitions, start, end = self._scores(dtype)
        real = ops.ones_like(inputs[:, :, 0], dtype="bool") if mask is None else mask  # [batch, time]
        count = ops.cumsum(ops.cast(real, "int32"), axis=1)
        first = ops.logical_and(real, count == 1)
        last = ops.logical_and(real, count == count[:, -1:])
        unary = ops.cast(inputs, dtype) + ops.expand_dims(ops.cast(last, dtype), 2) * end
        unary = ops.where(ops.expand_dims(real, 2), unary, ops.zeros_like(unary))  # [batch, time, tags]
        kinds = ops.stack([self._identity(dtype), ops.broadcast_to(start, transitions.shape), transitions])
        kind = ops.where(real, ops.where(first, 1, 2), 0)  # [batch, time]
        return ops.take(kinds, kind, axis=0) + ops.expand_dims(unary, 2)

    def _scores(self, dtype: str) -> list[Any]:
        """Transitions, start and end scores, with those forbidden that the rules forbid."""
        scores = [ops.cast(weight, dtype) for weight in (self.transitions, self.start, self.end)]
        if self._rules is None:
            return scores
        return [
            ops.where(allowed, weight, ops.cast(FORBIDDEN, dtype))
            for allowed, weight in zip(self._rules, scores, strict=True)
        ]

    def _identity(self, dtype: str) -> Any:
        """What a masked step does: it leaves the state as it is."""
        return ops.cast(np.where(np.eye(self.size, dtype=bool), 0.0, NEVER), dtype)

    def _check_shape(self, shape: tuple[int | None, ...]) -> None:
        if len(shape) != 3 or shape[-1] != self.size:
            raise ValueError(f"inputs must be [batch, time, {self.size}], a score for each of the tags, not {shape}")

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        """The potentials hold the mask."""

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """`[batch, time, tags, tags]`."""
        return (*input_shape, self.size)

    def compute_output_spec(self, inputs: Any, mask: Any = None) -> keras.KerasTensor:
        """Shape and type of the potentials."""
        self._check_shape(inputs.shape)
        check_mask(mask, inputs.shape[:-1])
        return keras.KerasTensor(self.compute_output_shape(inputs.shape), dtype=at_least_float32(self.compute_dtype))

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {
            **super().get_config(),
            "tags": self.tags,
            "scheme": self.scheme,
            "allowed": self.allowed,
            "transitions_initializer": keras.initializers.serialize(self.transitions_initializer),
            "start_initializer": keras.initializers.serialize(self.start_initializer),
            "end_initializer": keras.initializers.serialize(self.end_initializer),
            "transitions_regularizer": keras.regularizers.serialize(self.transitions_regularizer),
        }


def _number_of(tags: int | Sequence[str]) -> int:
    names = isinstance(tags, Sequence) and not isinstance(tags, str) and all(isinstance(tag, str) for tag in tags)
    number = len(tags) if names else tags  # type: ignore[arg-type]
    if isinstance(number, bool) or not isinstance(number, int) or number < 2:
        raise ValueError(f"tags must be a whole number of at least 2, or as many names, not {tags!r}")
    return number


def _listed(allowed: Any) -> list[Any] | None:
    """Rules as a configuration holds them."""
    if allowed is None:
        return None
    if not isinstance(allowed, Sequence):
        raise ValueError(f"allowed must be three boolean arrays, as from allowed_transitions, not {allowed!r}")
    return [np.asarray(part).tolist() for part in allowed]


def _checked(allowed: Any, size: int) -> Allowed:
    parts = [np.asarray(part) for part in allowed]
    if [part.shape for part in parts] != [(size, size), (size,), (size,)] or any(p.dtype != bool for p in parts):
        raise ValueError(
            f"allowed must be three boolean arrays, transitions [{size}, {size}], start [{size}] and end [{size}], "
            f"not {[f'{part.dtype} {list(part.shape)}' for part in parts]}"
        )
    return parts[0], parts[1], parts[2]
