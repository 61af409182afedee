"""Says captions: search over a model's decoder, compiled once for each model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import keras
import numpy as np

from layers.search import SearchResult, beam_errors, beam_search, greedy_search, per_beam, sample

from .decoder import Decoder
from .search import Search
from .words import END, START, until_end


@dataclass(frozen=True)
class Found:
    """A caption.

    Args:
        ids: Its words, without the end.
        score: What it was ranked by.
        log_prob: Of the caption and its end.
        attention: Over places, at each word, `[words, places]`; no places for a model without attention.
    """

    ids: list[int]
    score: float
    log_prob: float
    attention: np.ndarray


def parts(model: keras.Model) -> tuple[Any, Decoder]:
    """What a model has of an encoder (None where it takes the features of a frozen one) and its decoder."""
    layers = {layer.name: layer for layer in model.layers}
    return layers.get("encoder"), layers["decoder"]


def to_grid(model: keras.Model, pictures: Any) -> Any:
    """Features of what the model takes as pictures, `[batch, places, channels]`."""
    encoder, _ = parts(model)
    pictures = keras.ops.cast(pictures, "float32")
    return pictures if encoder is None else encoder(pictures, training=False)


def search(decoder: Decoder, grid: Any, how: Search) -> SearchResult:
    """The best captions for features `[batch, places, channels]`; `recorded` holds the attention at each word."""
    fixed, state = decoder.begin(grid)
    fixed = per_beam(fixed, how.beams)
    options: dict[str, Any] = {
        "length_penalty": how.length_penalty,
        "record": attention if "weights" in state else None,
    }
    if how.beams > 1:
        options["beams"] = how.beams
    find = beam_search if how.beams > 1 else greedy_search
    return find(stepper(decoder, fixed, how), state, START, END, how.max_length + 1, **options)


def stepper(decoder: Decoder, fixed: Any, how: Search) -> Any:
    """A function from words and state to log probabilities and state, as searches take it."""

    def step(words: Any, state: Any) -> tuple[Any, Any]:
        log_probs, state = decoder.next_word(words, state, fixed)
        if how.temperature != 1:
            log_probs = keras.ops.log_softmax(log_probs / how.temperature, axis=-1)
        return log_probs, state

    return step


def attention(state: Any) -> Any:
    """The attention of a state's step."""
    return state["weights"]


def best_of(found: SearchResult) -> tuple[Any, Any, Any, Any]:
    """Of the best captions: words `[batch, time]`, scores, log probabilities, attention `[batch, time, places]`."""
    best = found.sequences[:, 0]
    weights = keras.ops.zeros((*keras.ops.shape(best), 0)) if found.recorded is None else found.recorded[:, 0]
    return best, found.scores[:, 0], found.log_probs[:, 0], weights


def draw(decoder: Decoder, grid: Any, samples: int, max_length: int, seed: keras.random.SeedGenerator) -> Any:
    """Captions drawn from the model, `[batch, samples, time]`, END from their end on."""
    fixed, state = decoder.begin(grid)
    fixed = per_beam(fixed, samples)
    return sample(
        lambda words, state: decoder.next_word(words, state, fixed),
        state,
        START,
        END,
        max_length + 1,
        seed=seed,
        samples=samples,
    ).sequences


@lru_cache(maxsize=16)
def compiled_search(model: keras.Model, how: Search) -> Any:
    """A search as one graph, from a batch of pictures."""
    import tensorflow as tf

    _, decoder = parts(model)
    picture = model.input["picture"]
    signature = tf.TensorSpec((None, *picture.shape[1:]), picture.dtype)

    def run(pictures: Any) -> Any:
        return best_of(search(decoder, to_grid(model, pictures), how))

    return tf.function(run, input_signature=[signature])


def say(model: keras.Model, batches: Iterable[np.ndarray], how: Search) -> list[Found]:
    """The best caption for each picture, of batches of them as the model takes them."""
    run = compiled_search(model, how)
    found: list[Found] = []
    for pictures in batches:
        outputs = [np.asarray(one) for one in run(pictures)]
        found += [as_found(*row) for row in zip(*outputs, strict=True)]
    return found


def as_found(sequence: np.ndarray, score: float, log_prob: float, attention: np.ndarray) -> Found:
    """A caption from `[time]` and `[time, places]`."""
    ids = until_end(sequence)
    return Found(ids, float(score), float(log_prob), attention[: len(ids)])


@lru_cache(maxsize=4)
def compiled_errors(model: keras.Model, how: Search) -> Any:
    """Whether search and model erred, as one graph, from pictures, references and captions found, `[batch, time]`."""
    import tensorflow as tf

    _, decoder = parts(model)
    picture = model.input["picture"]
    captions = tf.TensorSpec((None, how.max_length + 1), tf.int32)

    def run(pictures: Any, references: Any, found: Any) -> Any:
        fixed, state = decoder.begin(to_grid(model, pictures))
        step = stepper(decoder, fixed, how)
        errors = beam_errors(step, state, START, END, references, found, length_penalty=how.length_penalty)
        return errors.search, errors.model

    pictures = tf.TensorSpec((None, *picture.shape[1:]), picture.dtype)
    return tf.function(run, input_signature=[pictures, captions, captions])


def count_errors(
    model: keras.Model,
    batches: Iterable[np.ndarray],
    references: Sequence[Sequence[int]],
    found: Sequence[Found],
    how: Search,
) -> dict[str, float]:
    """Shares of captions that differ from a reference by an error of the search, and of the model.

    Args:
        model: The model.
        batches: Pictures as it takes them.
        references: The words of a reference for each.
        found: What `say` found for each.
        how: The search.
    """
    run = compiled_errors(model, how)
    told, ours = ended(references, how.max_length), ended([one.ids for one in found], how.max_length)
    done, wrong = 0, np.zeros(2)
    for pictures in batches:
        part = slice(done, done + len(pictures))
        wrong += [np.sum(one) for one in run(pictures, told[part], ours[part])]
        done += len(pictures)
    of_search, of_model = wrong / done
    return {"search_errors": float(of_search), "model_errors": float(of_model)}


def ended(captions: Sequence[Sequence[int]], max_length: int) -> np.ndarray:
    """Captions as `[captions, max_length + 1]`, END from their end on."""
    array = np.full((len(captions), max_length + 1), END, np.int32)
    for row, caption in zip(array, captions, strict=True):
        row[: min(len(caption), max_length)] = caption[:max_length]
    return array
