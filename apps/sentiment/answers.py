"""Which template sentences models can be asked, and how positive their answers are."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from apps.core.errors import InputError
from apps.core.run import RunFolder

from .bias import Answers
from .task import SentimentTask
from .templates import Pair, Templates

POSITIVE = ("positive", "pos", "good")
"""Names by which a positive class is known; of classes 0 and 1 it is 1."""


@dataclass(frozen=True)
class Scale:
    """What is compared: the probability of a class, or the expected class.

    Args:
        name: What it is called.
        values: The score is the probabilities times these, `[classes]`.
    """

    name: str
    values: tuple[float, ...]


def choose_scale(names: Sequence[str], ordinal: bool, positive: str | None) -> Scale:
    """What to compare of the probabilities of the classes.

    Raises:
        InputError: When there is no such class, or none that is known to be the positive one.

    Example:
        >>> choose_scale(["neg", "pos"], False, None)
        Scale(name="probability of 'pos'", values=(0.0, 1.0))
        >>> choose_scale(["1", "2", "5"], True, None)
        Scale(name='expected class', values=(1.0, 2.0, 5.0))
    """
    if positive is not None and positive not in names:
        raise InputError(f"is not one of the classes {', '.join(names)}", f"--positive {positive}")
    if positive is None and ordinal:
        return Scale("expected class", tuple(float(name) for name in names))
    known = [name for name in names if name.casefold() in POSITIVE]
    chosen = positive or (known[0] if len(known) == 1 else "1" if list(names) == ["0", "1"] else None)
    if chosen is None:
        raise InputError(f"say which of the classes is the positive one: {', '.join(names)}", "--positive")
    return Scale(f"probability of {chosen!r}", tuple(float(name == chosen) for name in names))


def group_words(task: SentimentTask, pair: Pair) -> list[str]:
    """The tokens in which the sides of a pair differ: `sister` and `brother` of `my sister` and `my brother`."""
    found: dict[str, None] = {}
    for forms in pair.forms.values():
        first, second = ([token for part in task.encoder.tokenise(form) for token in part] for form in forms)
        found |= dict.fromkeys([*(token for token in first if token not in second)])
        found |= dict.fromkeys([*(token for token in second if token not in first)])
    return list(found)


def look_up(task: SentimentTask, templates: Templates) -> dict[str, list[str]]:
    """The words of the groups and of the templates that a model does not know, and those without a vector."""
    assert task.vectors is not None
    words = dict.fromkeys(word for pair in templates.pairs for word in group_words(task, pair))
    sentences = [template.fill(templates.pairs[0], 0) for template in templates.templates]
    tokens = dict.fromkeys(token for text in sentences for part in task.encoder.tokenise(text) for token in part)
    known, vectors = task.encoder.ids, task.vectors.vectors
    return {
        "unknown": [word for word in words if word not in known],
        "without_vector": [word for word in words if word in known and word not in vectors],
        "context_unknown": [token for token in tokens if token not in known and token not in words],
    }


def known_pairs(templates: Templates, tasks: Mapping[str, SentimentTask]) -> tuple[Templates, list[str]]:
    """The pairs whose words every model knows, so that all are asked the same; and the others, with what is unknown.

    Raises:
        InputError: When none is left.
    """
    kept, left_out = [], []
    for pair in templates.pairs:
        unknown = {
            word: None for task in tasks.values() for word in group_words(task, pair) if word not in task.encoder.ids
        }
        if not unknown and all(group_words(task, pair) for task in tasks.values()):
            kept.append(pair)
        else:
            left_out.append(f"{pair} ({', '.join(unknown) or 'the same to the model'})")
    if not kept:
        raise InputError(
            f"no pair of the templates has words that the models know; unknown are {'; '.join(left_out[:3])}"
            f"{' ...' if left_out[3:] else ''}; is it the language of the vectors, or --max-vocabulary too small?",
            "--templates",
        )
    return dataclasses.replace(templates, pairs=tuple(kept)), left_out


def ask(task: SentimentTask, run: RunFolder, templates: Templates, scale: Scale) -> Answers:
    """The answers of every seed's model."""
    from apps.core.predictor import Predictor

    config = task.config
    seeds = [run] if config.seeds == 1 else [run.seed(config.seed + index) for index in range(config.seeds)]
    shape = len(templates.templates), len(templates.pairs), 2
    texts = [
        template.fill(pair, side) for template in templates.templates for pair in templates.pairs for side in (0, 1)
    ]
    probabilities = np.stack([classify(Predictor(SentimentTask, seed.path), texts) for seed in seeds])
    scores = probabilities @ np.array(scale.values)  # [seeds, sentences]
    return Answers(templates, scores.reshape(-1, *shape), probabilities.argmax(-1).reshape(-1, *shape))


def classify(predictor: Callable[[list[str]], list[Any]], texts: list[str]) -> np.ndarray:
    """The probabilities of the classes of each text, `[texts, classes]`."""
    return np.array([list(prediction.probabilities.values()) for prediction in predictor(texts)])
