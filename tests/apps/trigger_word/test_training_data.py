"""Where targets are 1, where the loss does not look, and that a stream's features are those of the whole."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.trigger_word.config import RATE
from apps.trigger_word.features import log_mel
from apps.trigger_word.training_data import AFTER, BEFORE, heard_until, steps_in, stream_features, targets, whole_steps

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
