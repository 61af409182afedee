"""Why a text got its answer: attention, and what leaving each word out changes."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from apps.core.errors import InputError
from apps.core.inference import run_in_batches
from apps.core.run import write_text

from .model import PROBABILITIES, SENTENCE_ATTENTION, WORD_ATTENTION, with_attention

if TYPE_CHECKING:
    from .task import Prediction, SentimentTask

attention_model = lru_cache(maxsize=4)(with_attention)


@dataclass(frozen=True)
class Explanation:
    """What each word of a text has to do with the answer.

    Args:
        prediction: The answer.
        words: The tokens that the model saw, in order.
        attention: The weight of each, `[words]`, summing to 1; None for a model without attention.
        influence: By how much the answer's probability falls when the word is left out, `[words]`.
        breaks: The words before which a sentence begins.
    """

    prediction: Prediction
    words: Sequence[str]
    attention: np.ndarray | None
    influence: np.ndarray
    breaks: frozenset[int] = frozenset()


def explain(task: SentimentTask, model: Any, text: str) -> Explanation:
    """Explains the answer for one text, at the cost of an answer for each of its words."""
    sentences = task.encoder.tokenise(text)
    words = [word for sentence in sentences for word in sentence]
    ids = task.encoder.encode_tokens(sentences)
    output = run_in_batches(attention_model(model), [ids])[0]
    probabilities = output[PROBABILITIES]
    answer = int(probabilities.argmax())
    without = [
        task.encoder.encode_tokens(
            [*sentences[:row], sentence[:column] + sentence[column + 1 :], *sentences[row + 1 :]]
        )
        for row, sentence in enumerate(sentences)
        for column in range(len(sentence))
    ]
    left = np.array([each[answer] for each in run_in_batches(model, without)])
    attention = None
    if WORD_ATTENTION in output and words:
        weights = output[WORD_ATTENTION]
        if SENTENCE_ATTENTION in output:
            weights = weights * output[SENTENCE_ATTENTION][:, None]
        rows = weights if weights.ndim == 2 else [weights]
        attention = np.concatenate([row[: len(sentence)] for row, sentence in zip(rows, sentences, strict=False)])
    starts = np.cumsum([0, *map(len, sentences)])[1:-1]
    return Explanation(
        task.prediction(text, probabilities),
        words,
        attention,
        probabilities[answer] - left,
        frozenset(map(int, starts)),
    )


# Colours: attention in one hue, influence in two, both strongest at the text's largest value.


def attention_colour(weight: float, largest: float) -> tuple[float, float, float]:
    """White to amber."""
    return blend((1.0, 0.7, 0.15), weight / largest if largest > 0 else 0)


def influence_colour(change: float, largest: float) -> tuple[float, float, float]:
    """Blue for a word that speaks for the answer, red for one that speaks against it."""
    hue = (0.2, 0.5, 0.9) if change >= 0 else (0.9, 0.25, 0.25)
    return blend(hue, abs(change) / largest if largest > 0 else 0)


def blend(colour: tuple[float, float, float], strength: float) -> tuple[float, float, float]:
    """A colour over white."""
    red, green, blue = (1 - strength * (1 - part) for part in colour)
    return red, green, blue


def panels(explanation: Explanation) -> list[tuple[str, list[tuple[str, tuple[float, float, float], str]]]]:
    """The shaded texts to show: (title, [(word, colour, its number as text)])."""
    shown = []
    if explanation.attention is not None and len(explanation.words):
        largest = float(explanation.attention.max())
        cells = [
            (word, attention_colour(float(weight), largest), f"attention {weight:.3f}")
            for word, weight in zip(explanation.words, explanation.attention, strict=True)
        ]
        shown.append(("Attention: where the model looks", cells))
    largest = float(np.abs(explanation.influence).max(initial=0))
    cells = [
        (word, influence_colour(float(change), largest), f"without it the answer changes by {-change:+.3f}")
        for word, change in zip(explanation.words, explanation.influence, strict=True)
    ]
    shown.append(("Left out: blue words speak for the answer, red ones against it", cells))
    return shown


PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Explained</title>
<style>
 body {{ font: 16px/1.9 system-ui, sans-serif; color: #1f2933; max-width: 50rem; margin: 2rem auto; padding: 0 1rem }}
 article {{ border-top: 1px solid #d5dbe1; padding: .8rem 0 1.2rem }}
 h2 {{ font-size: 1.1rem; margin: .3rem 0 }}
 h3 {{ font-size: .8rem; font-weight: 600; color: #52606d; margin: .7rem 0 .1rem }}
 p {{ margin: 0 }} span {{ padding: .15em .25em; border-radius: .25em }}
 small {{ color: #52606d; font-weight: 400 }}
</style>
<h1>Why these answers</h1>
<p>Attention shows where the model looks, which alone is not an explanation: what leaving a word out changes stands
beside it. Each text is shaded relative to its own strongest word; point at a word for its number.</p>
{articles}
</html>
"""


def write_html(explanations: Sequence[Explanation], path: Path) -> None:
    """One page for all, in a single file."""
    articles = []
    for explanation in explanations:
        prediction = explanation.prediction
        others = sorted(prediction.probabilities.items(), key=lambda item: -item[1])[:5]
        listed = ", ".join(f"{html.escape(label)} {probability:.3f}" for label, probability in others)
        parts = [f"<h2>{html.escape(prediction.label)} <small>{listed}</small></h2>"]
        for title, cells in panels(explanation):
            spans = [
                f'{"<br>" if index in explanation.breaks else ""}<span style="background:rgb({css(colour)})" '
                f'title="{number}">{html.escape(word)}</span>'
                for index, (word, colour, number) in enumerate(cells)
            ]
            parts.append(f"<h3>{title}</h3><p>{' '.join(spans) or '<i>no words</i>'}</p>")
        articles.append("<article>" + "\n".join(parts) + "</article>")
    write_text(path, PAGE.format(articles="\n".join(articles)))


def css(colour: tuple[float, float, float]) -> str:
    """A colour as CSS numbers."""
    return ",".join(str(round(255 * part)) for part in colour)


LINE_WIDTH = 108
"""Characters to a line of the picture."""
MOST_ROWS = 1500
"""Lines of a picture; matplotlib draws none higher than 65,535 dots."""


def write_png(explanations: Sequence[Explanation], path: Path) -> None:
    """The same as a picture."""
    from apps.core.plots import INK, figure, fonts

    rows: list[tuple[str, Any]] = []
    for explanation in explanations:
        prediction = explanation.prediction
        rows.append(("heading", f"{prediction.label}  ({prediction.confidence:.3f})"))
        for title, cells in panels(explanation):
            rows.append(("title", title))
            rows += [("words", line) for line in wrap(cells, explanation.breaks)]
        rows.append(("gap", None))
    if len(rows) > MOST_ROWS:
        raise InputError("too many texts or words for one picture; explain fewer, or write .html", path)
    height = 0.27 * len(rows) + 0.2
    with figure(path, figsize=(10, height)) as axes:
        axes.set(xlim=(0, LINE_WIDTH + 2), ylim=(len(rows) + 0.3, -0.3))
        axes.axis("off")
        for y, (kind, content) in enumerate(rows):
            if kind == "words":
                x = 1.0
                for word, colour, _ in content:
                    box = {"facecolor": colour, "edgecolor": "none", "boxstyle": "square,pad=0.25"}
                    axes.text(
                        x,
                        y + 0.5,
                        word,
                        fontsize=10,
                        color=INK,
                        family=fonts("DejaVu Sans Mono"),
                        va="center",
                        bbox=box,
                        parse_math=False,
                    )
                    x += width(word) + 1
            elif kind != "gap":
                bold = kind == "heading"
                axes.text(
                    0.5,
                    y + 0.5,
                    content,
                    fontsize=12 if bold else 8.5,
                    weight="bold" if bold else "normal",
                    color=INK,
                    va="center",
                    parse_math=False,
                )


def wrap(cells: Sequence[tuple[str, Any, str]], breaks: frozenset[int]) -> list[list[tuple[str, Any, str]]]:
    """Lays shaded words out in lines."""
    lines: list[list[tuple[str, Any, str]]] = [[]]
    used = 0
    for index, cell in enumerate(cells):
        if index in breaks or (used + width(cell[0]) > LINE_WIDTH and lines[-1]):
            lines.append([])
            used = 0
        lines[-1].append(cell)
        used += width(cell[0]) + 1
    return lines


def width(word: str) -> int:
    """A word's width in letters; Chinese and Japanese characters are as wide as two."""
    return sum(2 if ord(letter) > 0x2E80 else 1 for letter in word)
