"""Scores by name."""

from __future__ import annotations

from typing import Any

import keras

from .additive import AdditiveScore, ConcatScore
from .location import LocationScore
from .multiplicative import DotScore, GeneralScore, ScaledDotScore
from .score import Score

SCORES: dict[str, type[Score]] = {
    "dot": DotScore,
    "scaled_dot": ScaledDotScore,
    "general": GeneralScore,
    "additive": AdditiveScore,
    "concat": ConcatScore,
    "location": LocationScore,
}


def get_score(score: Any, **options: Any) -> Score:
    """The score of a name, a configuration or, as it is, a layer.

    Args:
        score: "dot", "scaled_dot", "general", "additive", "concat", "location", a `Score` or its configuration.
        **options: Arguments of the score, with a name only.

    Returns:
        The layer.

    Raises:
        ValueError: For anything else.

    Example:
        >>> get_score("additive", units=8).units
        8
    """
    if isinstance(score, dict):
        score = keras.saving.deserialize_keras_object(score)
    if isinstance(score, Score):
        return score
    if not isinstance(score, str) or score not in SCORES:
        raise ValueError(f"score must be one of {', '.join(map(repr, SCORES))} or a Score, not {score!r}")
    return SCORES[score](**options)
