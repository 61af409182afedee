"""Judges what a model says of pictures."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from apps.core.task import Evaluation

from .cider import Cider
from .data import Example
from .decoding import count_errors, say
from .evaluation import score
from .search import Search
from .tokens import tokenise

if TYPE_CHECKING:
    from .task import CaptioningTask

COMPARED = (1, 3)
"""Beams that the configured number is compared with."""
PENALTIES, TEMPERATURES = (0.6, 0.9, 1.2), (1.0, 0.7)
"""Length penalties and temperatures of the search to choose from."""


@dataclass(frozen=True)
class Judged:
    """Captions and how good each is.

    Args:
        examples: The pictures and their references.
        captions: What the model says.
        cider: CIDEr-D of each, `[examples]`.
    """

    examples: Sequence[Example]
    captions: Sequence[str]
    cider: np.ndarray


def judge(task: CaptioningTask, model: Any, examples: Sequence[Example], greedy_only: bool) -> Evaluation:
    """All metrics of a model's captions.

    Args:
        task: Knows the words and the pictures.
        model: Any captioning model.
        examples: Captioned pictures, all readable.
        greedy_only: Whether to search but greedily, for speed.
    """
    images = [example.image for example in examples]
    references = [example.captions for example in examples]
    how = dataclasses.replace(task.search, beams=1) if greedy_only else task.search
    found = say(model, task.pictures.batches(images), how)
    captions = [task.vocabulary.decode(one.ids) for one in found]
    metrics = score(captions, references, task.said_in_training)
    if not greedy_only:
        for beams in COMPARED:
            metrics |= compare(task, model, images, references, dataclasses.replace(how, beams=beams))
        firsts = [task.vocabulary.encode(tokenise(one[0]), how.max_length)[:-1].tolist() for one in references]
        metrics |= count_errors(model, task.pictures.batches(images), firsts, found, how)
    return Evaluation(metrics, Judged(examples, captions, Cider(references).scores(captions, references)))


def choose_search(task: CaptioningTask, model: Any, examples: Sequence[Example]) -> Search:
    """The search whose captions have the highest CIDEr-D, the first of equals; what is configured stays."""
    images = [example.image for example in examples]
    references = [example.captions for example in examples]
    penalty, temperature = task.config.length_penalty, task.config.search_temperature
    how = [
        dataclasses.replace(task.search, length_penalty=one, temperature=other)
        for other in (TEMPERATURES if temperature is None else (temperature,))
        for one in (PENALTIES if penalty is None else (penalty,))
    ]
    if len(how) == 1:
        return how[0]
    name = f"cider_beam{task.search.beams}"
    return max(how, key=lambda one: compare(task, model, images, references, one)[name])


def compare(
    task: CaptioningTask, model: Any, images: Sequence[str], references: Sequence[Sequence[str]], how: Search
) -> dict[str, float]:
    """BLEU-4 and CIDEr-D with another number of beams."""
    found = say(model, task.pictures.batches(images), how)
    metrics = score([task.vocabulary.decode(one.ids) for one in found], references)
    return {f"{name}_beam{how.beams}": metrics[name] for name in ("bleu4", "cider")}


def describe(judged: Judged, shown: int) -> list[str]:
    """The captions that are worst by CIDEr-D, a line each, beside a reference."""
    lines = ["furthest from what people said:"]
    for index in judged.cider.argsort(kind="stable")[:shown]:
        example = judged.examples[index]
        lines.append(
            f"  {judged.captions[index]} ({judged.cider[index]:.2f}) instead of {example.captions[0]}  "
            f"[{example.image}]"
        )
    return lines
