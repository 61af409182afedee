"""Entities in raw text: texts to tokens, tokens to sentences, and the model's tags back to places in the text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from .decoder import decode
from .prediction import Entity, Prediction
from .schemes import spans_of, tags_of
from .spans import Span
from .tokeniser import Token, split_sentences, tokenise

if TYPE_CHECKING:
    from .task import NerTask

AT_ONCE = 2048
"""Sentences whose scores are held at the same time, however many a text has."""
Tokens = Sequence[Token]
Likely = tuple[Span, float]
"""A span of tokens and how probable it is."""


def predict(task: NerTask, model: Any, texts: Sequence[str]) -> list[Prediction]:
    """The entities of each text; the sentences of all texts run through the model together."""
    split = [split_sentences(tokenise(text, task.unit)) for text in texts]
    found = find(task, model, [tokens for sentences in split for tokens in sentences])
    return [
        assemble(text, sentences, [next(found) for _ in sentences])
        for text, sentences in zip(texts, split, strict=True)
    ]


def find(task: NerTask, model: Any, sentences: Sequence[Tokens]) -> Iterator[list[Likely]]:
    """The entities of each sentence."""
    from .task import scores_of

    names, scores = task.tags, scores_of(model)
    for start in range(0, len(sentences), AT_ONCE):
        arrays = [task.encoder([token.text for token in tokens]) for tokens in sentences[start : start + AT_ONCE]]
        for decoded in decode(task.emissions(model, arrays), scores):
            spans = spans_of([names[tag] for tag in decoded.tags], "BIOES") if decoded.tags.any() else []
            yield [(span, decoded.confidence(span)) for span in spans]


def assemble(text: str, sentences: Sequence[Tokens], found: Sequence[Sequence[Likely]]) -> Prediction:
    """The answer for a text from its sentences and their entities."""
    entities = [
        entity(text, tokens, span, confidence)
        for tokens, likely in zip(sentences, found, strict=True)
        for span, confidence in likely
    ]
    tags = [
        tag
        for tokens, likely in zip(sentences, found, strict=True)
        for tag in tags_of((span for span, _ in likely), len(tokens), "IOB2")
    ]
    tokens = [token.text for each in sentences for token in each]
    breaks = tuple(accumulate(len(each) for each in sentences[:-1]))
    return Prediction(text, tuple(entities), tuple(tokens), tuple(tags), breaks)


def entity(text: str, tokens: Tokens, span: Span, confidence: float) -> Entity:
    """A span of tokens as a piece of the text."""
    start, end = tokens[span.start].start, tokens[span.end - 1].end
    return Entity(text[start:end], span.type, start, end, round(confidence, 6))
