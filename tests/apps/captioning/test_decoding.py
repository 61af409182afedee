"""Search over a model: best captions, attention, drawn captions, errors."""

from __future__ import annotations

import itertools
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from apps.captioning.decoding import Found, count_errors, draw, parts, say, stepper
from apps.captioning.search import Search
from apps.captioning.words import END, START

from .helpers import PLACES, features, small_model

HOW = Search(beams=4, max_length=3)
VOCABULARY = 7


def log_prob(model: keras.Model, picture: np.ndarray, words: tuple[int, ...]) -> float:
    """Of words and of the end, a step at a time."""
    _, decoder = parts(model)
    fixed, state = decoder.begin(picture[None].astype(np.float32))
    total, last = 0.0, START
    for word in (*words, END):
        log_probs, state = decoder.next_word(tf.constant([last]), state, fixed)
        total += float(log_probs[0, word])
        last = word
    return total


@pytest.mark.parametrize("kind", ["attention", "inject", "hard"])
def test_a_wide_beam_finds_the_best_of_all_captions(kind: str) -> None:
    model = small_model(model=kind, vocabulary=VOCABULARY)
    picture = features(1)[0]
    words = range(END + 1, VOCABULARY)
    every = [c for n in range(3) for c in itertools.product(words, repeat=n)]  # all of up to two words
    best = max(every, key=lambda caption: log_prob(model, picture, caption))
    (found,) = say(model, [features(1)], Search(beams=13, max_length=2))
    assert found.ids == list(best)
    assert found.log_prob == pytest.approx(log_prob(model, picture, best), abs=1e-4)


@pytest.mark.parametrize("penalty", [0.0, 1.0])
def test_scores_are_log_probabilities_by_length(penalty: float) -> None:
    model = small_model()
    for found in say(model, [features(3)], replace(HOW, length_penalty=penalty)):
        assert found.score == pytest.approx(found.log_prob / ((5 + len(found.ids) + 1) / 6) ** penalty, rel=1e-4)


@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_a_temperature_divides_log_probabilities(temperature: float) -> None:
    """Of the same first word: what it is more likely than another by grows by as much."""
    model = small_model(vocabulary=VOCABULARY)
    _, decoder = parts(model)
    fixed, state = decoder.begin(features(2).astype(np.float32))
    start = tf.constant([START, START])
    plain, _ = decoder.next_word(start, state, fixed)
    found, _ = stepper(decoder, fixed, replace(HOW, temperature=temperature))(start, state)
    plain, found = np.asarray(plain)[:, END:], np.asarray(found)
    assert np.isneginf(found[:, :END]).all()
    np.testing.assert_allclose(np.exp(found[:, END:]).sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(np.diff(found[:, END:]), np.diff(plain) / temperature, atol=1e-4)


def test_attention_is_over_places_at_each_word() -> None:
    for found in say(small_model(), [features(4)], HOW):
        assert found.attention.shape == (len(found.ids), PLACES)
        np.testing.assert_allclose(found.attention.sum(axis=1), 1, atol=1e-5)
    assert say(small_model(model="inject"), [features(1)], HOW)[0].attention.shape[1] == 0


def test_hard_attention_looks_at_one_place() -> None:
    for found in say(small_model(model="hard"), [features(4)], HOW):
        np.testing.assert_allclose(found.attention.max(axis=1), 1)


@pytest.mark.parametrize("beams", [1, 4])
def test_captions_do_not_depend_on_their_batch(beams: int) -> None:
    model, pictures, how = small_model(), features(5), replace(HOW, beams=beams)
    together = say(model, [pictures], how)
    one_by_one = say(model, [pictures[n : n + 1] for n in range(5)], how)
    assert [one.ids for one in together] == [one.ids for one in one_by_one]
    np.testing.assert_allclose([one.score for one in together], [one.score for one in one_by_one], atol=1e-5)


def test_drawn_captions_are_as_frequent_as_they_are_probable() -> None:
    model = small_model(vocabulary=6)
    _, decoder = parts(model)
    grid = tf.cast(features(1), tf.float32)
    drawn = draw(decoder, grid, 4000, 1, keras.random.SeedGenerator(1)).numpy()[0]
    probability = np.exp(log_prob(model, features(1)[0], ()))
    assert np.mean(drawn[:, 0] == END) == pytest.approx(probability, abs=0.03)
    assert set(np.unique(drawn)) <= {END, 4, 5}


def test_errors_are_of_search_or_model() -> None:
    model, pictures = small_model(), features(6)
    found = say(model, [pictures], HOW)
    references = [one.ids for one in found]
    assert count_errors(model, [pictures], references, found, HOW) == {"search_errors": 0.0, "model_errors": 0.0}
    worse = [[4, 4, 4] if one != [4, 4, 4] else [5, 5, 5] for one in references]
    assert count_errors(model, [pictures[:4], pictures[4:]], worse, found, HOW)["model_errors"] > 0.5
    swapped = [Found(ids, 0.0, 0.0, np.zeros((0, 0))) for ids in worse]
    assert count_errors(model, [pictures], references, swapped, HOW)["search_errors"] > 0.5
