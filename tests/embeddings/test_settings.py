"""The knobs of training: defaults by method, and what is refused, naming the option."""

import os

import pytest

from embeddings import InputError
from embeddings.settings import Settings

NAN, INFINITY = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("knobs", "option"),
    [
        ({"method": "fasttext"}, "--method"),
        ({"loss": "hinge"}, "--loss"),
        ({"dimensions": 0}, "--dimensions"),
        ({"dimensions": 4097}, "--dimensions"),
        ({"window": 0}, "--window"),
        ({"window": 10**9}, "--window"),
        ({"window": 256, "method": "glove"}, "--window"),
        ({"epochs": 0}, "--epochs"),
        ({"negatives": 0}, "--negatives"),
        ({"negatives": 10**9}, "--negatives"),
        ({"threads": 0}, "--threads"),
        ({"threads": 10**5}, "--threads"),
        ({"seed": -1}, "--seed"),
        ({"sample": -1e-4}, "--sample"),
        ({"sample": 1.0}, "--sample"),
        ({"sample": NAN}, "--sample"),
        *(({"learning_rate": bad}, "--learning-rate") for bad in (0, -1, NAN, INFINITY)),
        *(({"x_max": bad, "method": "glove"}, "--x-max") for bad in (0, NAN, INFINITY)),
        *(({"alpha": bad, "method": "glove"}, "--alpha") for bad in (0, NAN, INFINITY)),
        *(({"memory": bad}, "--memory") for bad in ("", "much", "-1G", "63M", "1P", "1e9", "1G2")),
    ],
)
def test_values_that_cannot_be_meant(knobs, option):
    with pytest.raises(InputError, match="must ") as caught:
        Settings(**knobs)
    assert str(caught.value).startswith(option + ": ")


@pytest.mark.parametrize(
    ("knobs", "said"),
    [
        ({"method": "glove", "loss": "negative"}, "--loss: has no meaning for --method glove; leave it out"),
        ({"method": "glove", "negatives": 5}, "--negatives: has no meaning for --method glove"),
        ({"method": "glove", "sample": 0.0}, "--sample: has no meaning for --method glove"),
        ({"method": "skipgram", "x_max": 10.0}, "--x-max: has no meaning for --method skipgram"),
        ({"method": "cbow", "alpha": 0.75}, "--alpha: has no meaning for --method cbow"),
        ({"method": "cbow", "symmetric": False}, "--symmetric: has no meaning for --method cbow"),
        ({"loss": "softmax", "negatives": 5}, "--negatives: has no meaning for --loss softmax"),
        ({"loss": "hierarchical", "negatives": 5}, "--negatives: has no meaning for --loss hierarchical"),
    ],
)
def test_options_without_a_meaning(knobs, said):
    with pytest.raises(InputError, match=said):
        Settings(**knobs)


def test_the_methods_defaults():
    skipgram, glove = Settings().complete(), Settings(method="glove").complete()
    assert (skipgram.loss, skipgram.window, skipgram.epochs, skipgram.negatives) == ("negative", 5, 5, 5)
    assert (skipgram.learning_rate, skipgram.sample, skipgram.x_max) == (0.05, 1e-4, None)
    assert (glove.window, glove.epochs, glove.x_max, glove.alpha, glove.symmetric) == (15, 15, 10, 0.75, True)
    assert (glove.learning_rate, glove.loss, glove.negatives, glove.sample) == (0.1, None, None, None)
    assert skipgram.threads == os.cpu_count()
    assert Settings(loss="softmax").complete().negatives is None


def test_what_is_given_stays():
    given = Settings(window=3, epochs=2, sample=0.0, threads=3, negatives=7).complete()
    assert (given.window, given.epochs, given.sample, given.threads, given.negatives) == (3, 2, 0, 3, 7)
    assert not Settings(method="glove", symmetric=False).complete().symmetric
    assert given.complete() == given


@pytest.mark.parametrize(
    ("text", "bytes"),
    [("64M", 2**26), ("1.5G", 3 * 2**29), ("2g", 2**31), ("1 GiB", 2**30), ("100000000", 10**8), ("1TB", 2**40)],
)
def test_memory(text, bytes):
    assert Settings(memory=text).bytes == bytes


def test_differences():
    assert Settings().differences(Settings(window=5, threads=7, memory="2G")) == []
    assert Settings().differences(Settings(window=6, seed=2)) == ["window", "seed"]
    assert Settings().differences(Settings(data="other", method="cbow")) == ["data", "method"]
