"""Words as numbers, batches of captions, and the loss."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.captioning.batches import choose, encode, make_batches, pack
from apps.captioning.data import Example
from apps.captioning.losses import CaptionLoss
from apps.captioning.pictures import Pictures
from apps.captioning.words import END, PAD, START, UNKNOWN, Vocabulary, shifted, until_end

WORDS = ["a", "dog", "runs", "left"]
VOCABULARY = Vocabulary(WORDS)


class Numbered(Pictures):
    """Pictures that are their own number, and mirrored ones less than 0."""

    def __contains__(self, image: str) -> bool:
        return True

    def gather(self, images: Sequence[str], mirrored: np.ndarray | None = None) -> np.ndarray:
        sign = np.where(np.zeros(len(images), bool) if mirrored is None else mirrored, -1, 1)
        return (sign * np.array([int(image) for image in images]))[:, None].astype(np.float32)


EXAMPLES = [
    Example(str(n + 1), ("A dog.", "a left dog runs" if n % 3 == 0 else "A cat runs")[: 1 + n % 2]) for n in range(20)
]


@given(words=st.lists(st.sampled_from(WORDS)))
def test_known_words_come_back(words: list[str]) -> None:
    assert VOCABULARY.decode(VOCABULARY.encode(words, 99)) == " ".join(words)


def test_unknown_and_superfluous_words() -> None:
    assert VOCABULARY.encode(["zebra", "dog", "runs"], 2).tolist() == [UNKNOWN, VOCABULARY.ids["dog"], END]


def test_the_vocabulary_is_of_frequent_words_the_most_frequent_first() -> None:
    assert Vocabulary.of([["b", "a"], ["a", "c"], ["c", "a"]], 2).words == ("a", "c")


@given(st.lists(st.integers(4, 9), max_size=5), st.integers(0, 3))
def test_shifting_begins_with_the_start_and_leaves_out_the_end(words: list[int], padding: int) -> None:
    row = np.array([[*words, END, *[PAD] * padding]])
    assert shifted(row)[0].tolist() == [START, *words, *[PAD] * padding]
    assert until_end(row[0]) == words


def test_captions_are_packed_with_padding() -> None:
    packed = pack([[np.array([4, END])], [np.array([END]), np.array([5, 6, END])]], 2)
    assert packed.tolist() == [[[4, END, 0], [0, 0, 0]], [[END, 0, 0], [5, 6, END]]]


def test_of_many_captions_others_are_chosen_each_time() -> None:
    captions = [np.array([n]) for n in range(9)]
    chosen = {tuple(int(c[0]) for c in choose(captions, 5, np.random.default_rng(seed))) for seed in range(9)}
    assert len(chosen) > 3
    assert all(len(set(one)) == 5 for one in chosen)
    assert choose(captions, 5, None) == captions[:5]


def read(seed: int | None, flips: bool = True, batch_size: int = 6) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    encoded = encode(EXAMPLES, VOCABULARY, 10)
    dataset = make_batches(encoded, Numbered(), batch_size, seed, flips)
    batches = [(inputs["picture"], inputs["words"], targets) for inputs, targets in dataset.as_numpy_iterator()]
    assert len(batches) == dataset.cardinality()
    return batches


def test_a_batch_holds_pictures_beside_their_captions() -> None:
    seen = set()
    for pictures, words, targets in read(1):
        np.testing.assert_array_equal(words, shifted(targets))
        for picture, captions in zip(pictures[:, 0], targets, strict=True):
            said = [VOCABULARY.tokens[i] for caption in captions for i in until_end(caption) if i > END]
            wanted = [w for c in EXAMPLES[int(abs(picture)) - 1].captions for w in c.lower().strip(".").split()]
            assert said == [word for word in wanted if word in WORDS]
            seen.add(abs(int(picture)))
    assert seen == set(range(1, 21))


def test_pictures_with_sides_are_never_mirrored_and_others_half_the_time() -> None:
    mirrored = [
        int(-picture) for seed in range(20) for batch in read(seed) for picture in batch[0][:, 0] if picture < 0
    ]
    sided = {int(e.image) for e in EXAMPLES if any("left" in caption for caption in e.captions)}
    assert sided
    assert not sided & set(mirrored)
    assert 0.35 < len(mirrored) / (20 * 24 * (20 - len(sided)) / 20) < 0.65
    assert all((batch[0] > 0).all() for batch in read(1, flips=False) + read(None))


def test_batches_are_drawn_by_the_seed() -> None:
    one, again, other = read(3), read(3), read(4)
    for first, second in zip(one, again, strict=True):
        for a, b in zip(first, second, strict=True):
            np.testing.assert_array_equal(a, b)
    assert any(not np.array_equal(a[0], b[0]) for a, b in zip(one, other, strict=True))


# The loss


def expected_loss(targets: np.ndarray, logits: np.ndarray, smoothing: float, weights: np.ndarray) -> float:
    """From the definition, a word at a time."""
    total, words = 0.0, 0
    for index in np.ndindex(targets.shape):
        if targets[index] != PAD:
            log_p = logits[index] - np.log(np.exp(logits[index]).sum())
            share = np.full(len(log_p), smoothing / len(log_p))
            share[targets[index]] += 1 - smoothing
            total -= weights[index] * (share * log_p).sum()
            words += 1
    return total / words


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_loss_is_the_mean_over_words(smoothing: float, weighted: bool) -> None:
    random = np.random.default_rng(0)
    targets = np.array([[[4, 5, END, 0], [END, 0, 0, 0]], [[5, 5, 5, END], [0, 0, 0, 0]]])
    logits = random.normal(size=(2, 2, 4, 7)).astype(np.float32)
    weights = random.normal(size=targets.shape).astype(np.float32) if weighted else np.ones(targets.shape, np.float32)
    found = CaptionLoss(smoothing)(targets, logits, sample_weight=weights if weighted else None)
    assert float(found) == pytest.approx(expected_loss(targets, logits, smoothing, weights), abs=1e-5)


def test_the_loss_is_saved_with_its_smoothing() -> None:
    loss = keras.losses.deserialize(keras.losses.serialize(CaptionLoss(0.3, of_said=True)))
    assert (loss.smoothing, loss.of_said) == (0.3, True)
