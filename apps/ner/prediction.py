"""What `predict` answers: the entities of a text, their places in it, and the forms in which they are printed."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

COLOURS = ("#ffd8a8", "#a5d8ff", "#b2f2bb", "#eebefa", "#ffc9c9", "#c5f6fa", "#ffec99", "#d0bfff")
"""Of types, by their order; where there are more types they come again."""


@dataclass(frozen=True)
class Entity:
    """A name in a text.

    Args:
        text: The name, which is `text[start:end]` of the whole text.
        type: What it names.
        start: The character with which it begins.
        end: The first character behind it.
        confidence: How probable exactly this entity is to the model: the sum over all tag sequences that have it.
    """

    text: str
    type: str
    start: int
    end: int
    confidence: float


@dataclass(frozen=True)
class Prediction:
    """The entities of a text.

    Args:
        text: The whole text.
        entities: In order.
        tokens: What the model read.
        tags: Of the tokens, in the scheme IOB2.
        breaks: The tokens before which a sentence begins, but for the first.
    """

    text: str
    entities: tuple[Entity, ...]
    tokens: tuple[str, ...]
    tags: tuple[str, ...]
    breaks: tuple[int, ...] = ()

    def __str__(self) -> str:
        parts = [
            part if entity is None else f"[{part} {entity.type} {entity.confidence:.2f}]"
            for part, entity in pieces(self.text, self.entities)
        ]
        return " ".join("".join(parts).split())


def pieces(text: str, entities: Sequence[Entity]) -> Iterator[tuple[str, Entity | None]]:
    """A text from left to right: what lies between entities, and each entity."""
    place = 0
    for entity in entities:
        if place < entity.start:
            yield text[place : entity.start], None
        yield text[entity.start : entity.end], entity
        place = entity.end
    if place < len(text):
        yield text[place:], None


def as_jsonl(answer: Prediction) -> str:
    """The text and its entities as a JSON object on one line."""
    return json.dumps(
        {"text": answer.text, "entities": [asdict(entity) for entity in answer.entities]}, ensure_ascii=False
    )


def as_conll(answer: Prediction) -> str:
    """A line of token, tab and IOB2 tag for each token, and an empty line behind each sentence."""
    lines = []
    for index, (token, tag) in enumerate(zip(answer.tokens, answer.tags, strict=True)):
        lines += ["", f"{token}\t{tag}"] if index in answer.breaks else [f"{token}\t{tag}"]
    return "\n".join([*lines, ""])


def as_html(answer: Prediction) -> str:
    """A paragraph in which entities are coloured by their type; it needs no style sheet."""
    parts = [
        html.escape(part) if entity is None else marked(part, entity)
        for part, entity in pieces(answer.text, answer.entities)
    ]
    return f'<p dir="auto" style="line-height:2">{"".join(parts)}</p>'.replace("\r", "").replace("\n", "<br>")


def marked(text: str, entity: Entity) -> str:
    """An entity with its type, the paler the less probable it is."""
    strength = round(255 * (0.25 + 0.75 * entity.confidence))
    style = f"background:{colour(entity.type)}{strength:02x};padding:.15em .3em;border-radius:.3em"
    kind = f'<small style="opacity:.7;margin-left:.4em">{html.escape(entity.type)}</small>'
    return f'<mark style="{style}" title="{entity.confidence:.3f}">{html.escape(text)}{kind}</mark>'


def colour(kind: str) -> str:
    """Always the same for a type, in every text and run.

    Example:
        >>> colour("PER") == colour("PER")
        True
    """
    return COLOURS[sum(kind.upper().encode()) % len(COLOURS)]
