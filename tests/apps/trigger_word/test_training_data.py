"""Where targets are 1, where the loss does not look, and that a stream's features are those of the whole."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, cast

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.trigger_word.config import RATE, Config
from apps.trigger_word.features import log_mel
from apps.trigger_word.mixing import Mixed
from apps.trigger_word.training_data import (
    AFTER,
    BEFORE,
    heard_until,
    mixed_batches,
    steps_in,
    stream_features,
    targets,
    whole_steps,
)

from .helpers import sounds


def test_targets_are_1_from_the_end_of_a_word_for_their_width() -> None:
    wanted, weights = targets([(1, 2 * RATE)], 150, 2, width=0.3)
    seconds = heard_until(np.arange(150)) / RATE
    assert not wanted[:, 0].any()
    np.testing.assert_array_equal(wanted[:, 1] == 1, (seconds >= 2) & (seconds < 2.3))
    free = ((seconds >= 2 - BEFORE) & (seconds < 2)) | ((seconds >= 2.3) & (seconds < 2.3 + AFTER))
    np.testing.assert_array_equal(weights == 0, free)


def test_a_word_that_follows_at_once_is_still_wanted() -> None:
    _, weights = targets([(0, RATE), (1, RATE + RATE // 4)], 100, 2, width=0.2)
    wanted, _ = targets([(0, RATE), (1, RATE + RATE // 4)], 100, 2, width=0.2)
    assert (weights[wanted.any(1)] == 1).all()


def test_no_words_no_targets() -> None:
    wanted, weights = targets([], 10, 3, 0.2)
    assert wanted.shape == (10, 3)
    assert not wanted.any()
    assert weights.all()


def test_an_output_has_seen_whole_frames() -> None:
    """The first output needs three frames."""
    first = int(heard_until(np.array(0)))
    assert steps_in(log_mel.count(first)) == 1
    assert steps_in(log_mel.count(first - 1)) == 0


@given(sizes=st.lists(st.integers(1, 9000), min_size=1, max_size=8))
@settings(max_examples=25, deadline=None)
def test_features_of_a_stream_are_those_of_the_whole(sizes: list[int]) -> None:
    samples = sounds(1.5)
    borders = np.minimum([0, *np.cumsum(sizes), len(samples)], len(samples))
    blocks = [samples[start:end] for start, end in pairwise(borders)]
    np.testing.assert_array_equal(stream_features(iter(blocks)), whole_steps(samples))


class Recorder:
    """A mixer that keeps what it was asked for, and gives noise in which a word ends halfway."""

    def __init__(self) -> None:
        self.asked: list[np.ndarray | None] = []

    def mix(self, rng: np.random.Generator, hard: np.ndarray | None) -> Mixed:
        self.asked.append(hard)
        return Mixed(rng.standard_normal(2 * RATE, dtype=np.float32) / 8, [(0, int(rng.integers(RATE, 2 * RATE)))])


def batches_of(
    config: Config, recorder: Recorder, hard: list[np.ndarray] | None = None, seed: int = 1, keywords: int = 1
) -> Any:
    fill = np.full(40, -5, np.float32)
    return mixed_batches(cast(Any, recorder), (config.seed, seed), hard or [], config, keywords, fill)


def test_each_stream_is_mixed_once_and_learned_from_in_every_pass() -> None:
    config = Config(mixtures=6, batch_size=2, passes=3, stream_seconds=2.0, spectrum_masks=False)
    recorder = Recorder()
    batches = list(batches_of(config, recorder).as_numpy_iterator())
    assert len(recorder.asked) == 6
    assert len(batches) == 9
    streams = np.concatenate([batch[0] for batch in batches]).reshape(3, 6, -1)
    wanted = np.concatenate([batch[1] for batch in batches]).reshape(3, 6, -1)
    orders = [tuple(stream[0] for stream in one) for one in streams]
    assert len(set(orders)) == 3, "the order is new in every pass"
    first = {stream.tobytes(): target for stream, target in zip(streams[0], wanted[0], strict=True)}
    assert len(first) == 6
    for stream, target in zip(streams[1:].reshape(12, -1), wanted[1:].reshape(12, -1), strict=True):
        np.testing.assert_array_equal(first[stream.tobytes()], target)


def test_more_words_are_learned_from_more_streams() -> None:
    recorder = Recorder()
    batches = list(
        batches_of(
            Config(mixtures=3, batch_size=2, passes=1, stream_seconds=2.0), recorder, keywords=2
        ).as_numpy_iterator()
    )
    assert len(recorder.asked) == 6
    assert [batch[1].shape[2] for batch in batches] == [2, 2, 2]


def test_masks_are_new_in_every_pass() -> None:
    config = Config(mixtures=2, batch_size=2, passes=4, stream_seconds=2.0)
    batches = [batch[0] for batch in batches_of(config, Recorder()).as_numpy_iterator()]
    masked = {(stream == -5).tobytes() for batch in batches for stream in batch}
    assert len(masked) == 8


def test_looking_at_a_first_batch_changes_nothing() -> None:
    config = Config(mixtures=8, batch_size=2, passes=2, stream_seconds=2.0)
    looked_at, fresh = (batches_of(config, Recorder(), [np.zeros(9, np.float32)]) for _ in range(2))
    next(iter(looked_at))
    for one, two in zip(looked_at.as_numpy_iterator(), fresh.as_numpy_iterator(), strict=True):
        for part, other in zip(one, two, strict=True):
            np.testing.assert_array_equal(part, other)


def test_a_share_of_the_streams_has_a_hard_sound() -> None:
    recorder = Recorder()
    config = Config(mixtures=200, batch_size=20, passes=1, stream_seconds=2.0, hard_share=0.4)
    list(batches_of(config, recorder, [np.ones(3, np.float32)]))
    assert 50 < sum(hard is not None for hard in recorder.asked) < 110
    without = Recorder()
    list(batches_of(config, without))
    assert all(hard is None for hard in without.asked)
