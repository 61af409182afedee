"""CRFLoss is the negative log-likelihood in `compile`, and models with a CRF are trained, saved and exported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from layers.crf import CRF, CRFLoss, ViterbiDecoder, log_likelihood, viterbi
from tests.layers import harness
from tests.layers.crf.brute_force import random_chains


def tagger() -> keras.Model:
    """Words to potentials, the mask passed on explicitly."""
    words = keras.Input((None,), dtype="int32")
    vectors = keras.layers.Embedding(10, 8)(words)
    emissions = keras.layers.Dense(3)(vectors)
    return keras.Model(words, CRF(3)(emissions, mask=keras.ops.not_equal(words, 0)))


def corpus(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Words of which each has a tag, but for word 9, which has that of the word before; 0 is padding, tagged -1."""
    words = rng.integers(1, 10, size=(32, 6)).astype("int32")
    words[:, 0] = rng.integers(1, 9, size=32)
    tags = words % 3
    for step in range(1, 6):
        tags[:, step] = np.where(words[:, step] == 9, tags[:, step - 1], tags[:, step])
    words[::2, 4:] = 0
    words[1] = 0
    return words, np.where(words == 0, -1, tags)


def test_it_is_the_negative_log_likelihood_with_weights_and_reductions() -> None:
    potentials = random_chains(1, forbid=False).potentials()
    tags = np.array([[0, 2, 1, 1]] * 5)
    each = -harness.to_numpy(log_likelihood(potentials, tags))
    weights = np.array([1.0, 0.0, 2.0, 0.5, 3.0], "float32")
    for reduction, expected in ((None, each), ("sum", each.sum()), ("sum_over_batch_size", each.mean())):
        actual = harness.to_numpy(CRFLoss(reduction)(tags, potentials))
        np.testing.assert_allclose(actual, expected, rtol=1e-5)
    weighted = harness.to_numpy(CRFLoss()(tags, potentials, sample_weight=weights))
    np.testing.assert_allclose(weighted, (weights * each).mean(), rtol=1e-5)


def test_a_fully_masked_example_has_loss_zero_and_finite_gradients() -> None:
    layer = CRF(3)
    layer.build((None, None, 3))
    mask = np.array([[False] * 4, [True] * 4])

    def loss(values: list[Any]) -> Any:
        potentials, _ = layer.stateless_call(values[:-1], [], values[-1], mask=mask)
        return keras.ops.sum(CRFLoss(None)(np.zeros((2, 4), "int32"), potentials))

    emissions = np.random.default_rng(0).normal(size=(2, 4, 3)).astype("float32")
    slopes = harness.gradients(loss, [*layer.get_weights(), emissions])
    assert all(np.isfinite(slope).all() for slope in slopes)
    assert (slopes[-1][0] == 0).all()
    assert float(harness.to_numpy(CRFLoss()(np.full((1, 4), -1), layer(emissions[:1], mask=mask[:1])))) == 0


def test_a_model_learns_from_fit(tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    words, tags = corpus(np.random.default_rng(0))
    model = tagger()
    model.compile(keras.optimizers.Adam(0.1), loss=CRFLoss(), jit_compile=False)
    losses = model.fit(words, tags, sample_weight=np.ones(32), epochs=20, batch_size=32, verbose=0).history["loss"]
    assert losses[-1] < 0.1 * losses[0]
    found = harness.to_numpy(viterbi(model(words))[0])
    assert (found == tags)[words > 0].mean() > 0.95
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert isinstance(loaded.loss, CRFLoss)
    np.testing.assert_allclose(
        loaded.evaluate(words, tags, verbose=0), model.evaluate(words, tags, verbose=0), rtol=1e-4
    )


def test_it_is_serialised_with_all_its_arguments() -> None:
    loss = CRFLoss("sum", "nll", "float64", "associative")
    twin = keras.losses.deserialize(keras.losses.serialize(loss))
    assert isinstance(twin, CRFLoss)
    assert twin.get_config() == loss.get_config()
    assert (twin.reduction, twin.name, twin.dtype, twin.method) == ("sum", "nll", "float64", "associative")


def test_in_a_graph_a_tag_outside_the_range_makes_the_loss_nan() -> None:
    words, tags = corpus(np.random.default_rng(0))
    tags[3, 0] = 7
    model = tagger()
    model.compile("sgd", loss=CRFLoss(None), run_eagerly=False)
    if keras.backend.backend() == "torch":
        with pytest.raises(ValueError, match="tags must be from 0 to 2 at real steps, not 7"):
            model.evaluate(words, tags, verbose=0)
    else:
        assert np.isnan(model.evaluate(words, tags, verbose=0))


def test_weights_of_single_steps_are_refused() -> None:
    potentials, tags = np.zeros((3, 3, 2, 2), "float32"), np.zeros((3, 3), int)
    with pytest.raises(ValueError, match=r"sample_weight must be \[batch\], one for each sequence, not \(3, 3\)"):
        CRFLoss()(tags, potentials, sample_weight=np.ones((3, 3), "float32"))


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(ValueError, match="method must be 'scan' or 'associative', not 'fast'"):
        CRFLoss(method="fast")  # type: ignore[arg-type]


@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
def test_a_model_that_returns_tags_is_saved_and_loaded(policy: str, tmp_path: Path) -> None:
    words, _ = corpus(np.random.default_rng(0))
    with harness.dtype_policy(policy):
        model = tagger()
        decoder = keras.Model(model.inputs, ViterbiDecoder(return_scores=True)(model.output))
    tags, scores = (harness.to_numpy(tensor) for tensor in decoder.predict_on_batch(words))
    expected, best = (harness.to_numpy(tensor) for tensor in viterbi(model(words)))
    np.testing.assert_array_equal(tags, expected)
    np.testing.assert_allclose(scores, best, rtol=1e-4)
    decoder.save(tmp_path / "decoder.keras")
    loaded = keras.models.load_model(tmp_path / "decoder.keras")
    np.testing.assert_array_equal(harness.to_numpy(loaded.predict_on_batch(words)[0]), tags)


def test_tags_come_out_of_a_saved_model(tmp_path: Path) -> None:
    if keras.backend.backend() != "tensorflow":
        pytest.skip("SavedModel is TensorFlow's")
    tf = pytest.importorskip("tensorflow")
    words, _ = corpus(np.random.default_rng(0))
    model = tagger()
    decoder = keras.Model(model.inputs, ViterbiDecoder()(model.output))
    decoder.export(tmp_path / "saved", verbose=False)
    loaded = tf.saved_model.load(tmp_path / "saved")  # which owns the variables
    for batch in (words, words[:3, :4]):
        np.testing.assert_array_equal(loaded.serve([batch]).numpy(), decoder.predict_on_batch(batch))


def test_the_decoder_has_its_arguments_and_refuses_other_inputs() -> None:
    decoder = ViterbiDecoder(return_scores=True)
    assert ViterbiDecoder.from_config(decoder.get_config()).return_scores
    with pytest.raises(ValueError, match=r"potentials must be \[batch, time, tags, tags\]"):
        ViterbiDecoder()(np.zeros((2, 3, 4), "float32"))
