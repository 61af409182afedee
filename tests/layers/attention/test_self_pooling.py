"""SelfAttentionPooling is equations 6 to 8 of Lin et al. (2017), over the unmasked steps."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from layers.attention import SelfAttentionPooling
from tests.layers import harness
from tests.layers.attention import reference
from tests.layers.attention.adapters import randomized
from tests.layers.harness import Case

pytestmark = pytest.mark.filterwarnings("ignore:You are using a softmax over axis:UserWarning")


def pooling() -> SelfAttentionPooling:
    return SelfAttentionPooling(2, 4, 0.1, "he_normal", "l2")


@harness.properties(Case("pooling", pooling, harness.vectors))
def test_properties(holds: harness.Check) -> None:
    holds()


def test_it_is_the_equations() -> None:
    rng = np.random.default_rng(0)
    inputs, mask = rng.normal(size=(4, 5, 3)).astype("float32"), rng.random((4, 5)) < 0.7
    mask[0] = False
    layer = SelfAttentionPooling(2, 4, penalty=0.5)
    layer.build(inputs.shape)
    first, second = randomized(layer).get_weights()
    pooled, weights = layer(inputs, mask=harness.to_tensor(mask), return_attention_scores=True)
    penalties = []
    for h, real, actual, a in zip(inputs, mask, harness.to_numpy(pooled), harness.to_numpy(weights), strict=True):
        expected = np.zeros((2, 5))
        for head, scores in enumerate((np.tanh(h[real] @ first) @ second).T):
            expected[head, real] = reference.softmax(scores)
        np.testing.assert_allclose(a, expected, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(actual, expected @ h, rtol=1e-4, atol=1e-5)
        penalties.append(np.sum((expected @ expected.T - np.eye(2)) ** 2))
    losses = [harness.to_numpy(loss) for loss in layer.losses]
    np.testing.assert_allclose(losses, [np.mean(penalties[1:]) / 2], rtol=1e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"heads": 0}, "heads must be a whole number of at least 1, not 0"),
        ({"units": 1.5}, "units must be a whole number of at least 1, not 1.5"),
        ({"penalty": -1}, "penalty must be 0 or more, not -1"),
    ],
)
def test_bad_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SelfAttentionPooling(**{"heads": 2, "units": 3, **options})


def test_bad_inputs_are_refused() -> None:
    with pytest.raises(ValueError, match=r"inputs must be \[batch, time, features\]"):
        SelfAttentionPooling(2, 3).build((2, 3))
    with pytest.raises(ValueError, match="mask must be boolean"):
        SelfAttentionPooling(2, 3)(np.ones((2, 3, 4), "float32"), mask=np.ones((2, 3), "int32"))


def test_it_pools_each_of_several_sequences_in_time_distributed() -> None:
    layer, inputs = SelfAttentionPooling(2, 3), np.random.default_rng(0).normal(size=(2, 4, 5, 3)).astype("float32")
    pooled = harness.to_numpy(keras.layers.TimeDistributed(layer)(inputs))
    harness.assert_same([pooled[:, 1]], [harness.to_numpy(layer(inputs[:, 1]))])
