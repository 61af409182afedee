"""The regularisers of recurrence together, as in an AWD-LSTM with zoneout."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from layers.embedding_dropout import EmbeddingDropout
from layers.recurrent.regularization import ActivationRegularization
from layers.recurrent.weight_drop import WeightDrop
from layers.recurrent.zoneout import Zoneout
from tests.layers import harness


def everything() -> keras.Model:
    ids = keras.Input((None,), dtype="int32")
    mask = keras.ops.not_equal(ids, 0)
    x = EmbeddingDropout(9, 0.3)(keras.layers.Embedding(9, 4)(ids), ids)
    x = keras.layers.SpatialDropout1D(0.3)(x)
    recurrent = keras.layers.RNN(Zoneout(keras.layers.LSTMCell(5), (0.3, 0.1)), return_sequences=True)
    x = WeightDrop(recurrent, ["recurrent_kernel"], 0.3)(x, mask=mask)
    x = ActivationRegularization(tar=1.0)(x, mask=mask)
    x = keras.layers.SpatialDropout1D(0.3)(x)
    x = ActivationRegularization(ar=2.0)(x, mask=mask)
    model = keras.Model(ids, WeightDrop(keras.layers.Dense(3), ["kernel"], 0.3, rows=True)(x))
    model.compile("sgd", "mse", jit_compile=False)
    return model


IDS = np.array([[3, 4, 0, 5, 0], [0, 0, 0, 0, 0], [2, 3, 4, 5, 6]], "int32")


def test_all_together_train_and_are_saved(tmp_path: Path) -> None:
    model = everything()
    before = model.get_weights()
    losses = [float(model.train_on_batch(IDS, np.ones((3, 5, 3)))) for _ in range(2)]
    assert np.isfinite(losses).all()
    assert all(np.isfinite(weight).all() for weight in model.get_weights())
    assert any((one != other).any() for one, other in zip(before, model.get_weights(), strict=True))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    expected = harness.to_numpy(model.predict_on_batch(IDS))
    harness.assert_same([harness.to_numpy(loaded.predict_on_batch(IDS))], [expected])


def test_all_together_are_exported(tmp_path: Path) -> None:
    tf = pytest.importorskip("tensorflow")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("a SavedModel of TensorFlow's backend")
    model = everything()
    model.export(tmp_path / "model", verbose=False)
    loaded = tf.saved_model.load(tmp_path / "model")
    for ids in (IDS, IDS[:1, :2]):
        harness.assert_same([loaded.serve(ids).numpy()], [harness.to_numpy(model(ids))])
