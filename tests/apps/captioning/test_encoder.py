"""Networks by name, with their weights and preprocessing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from apps.captioning.config import Config
from apps.captioning.encoder import block_starts, build_encoder, build_top, find_module, freeze, make, network_key
from apps.core.errors import InputError

from .making import noise

SIZE = 64


def config(**options: Any) -> Config:
    return Config(**({"cnn": "MobileNet", "cnn_weights": "none", "image_size": SIZE} | options))


@pytest.fixture(scope="module")
def network() -> keras.Model:
    """A whole network with a classifier of 7 classes."""
    keras.utils.set_random_seed(3)
    model = keras.applications.MobileNet(weights=None, classes=7, input_shape=(SIZE, SIZE, 3))
    random = np.random.default_rng(0)
    model.set_weights([weight + random.uniform(0, 0.01, weight.shape) for weight in model.get_weights()])
    return model


@pytest.fixture(scope="module")
def body(network: keras.Model) -> keras.Model:
    """The same up to its last grid."""
    (last,) = (layer for layer in network.layers if layer.name == "conv_pw_13_relu")
    return keras.Model(network.input, last.output)


def grid_of(body: keras.Model, pixels: np.ndarray) -> np.ndarray:
    grid = body(pixels.astype(np.float32) / 127.5 - 1, training=False)
    return np.reshape(grid, (len(pixels), 4, 1024))


PIXELS = np.stack([noise(SIZE, SIZE, seed=seed) for seed in range(2)])


@pytest.mark.parametrize("ending", [".weights.h5", ".h5"])
@pytest.mark.parametrize("whole", [True, False])
def test_weights_of_the_whole_network_or_its_body(
    ending: str, whole: bool, network: keras.Model, body: keras.Model, tmp_path: Path
) -> None:
    path = tmp_path / f"a{ending}"
    (network if whole else body).save_weights(path) if ending == ".weights.h5" else (network if whole else body).save(
        path
    )
    for given in (path, tmp_path):
        encoder = build_encoder(config(cnn_weights=str(given)))
        np.testing.assert_allclose(encoder(PIXELS), grid_of(body, PIXELS), atol=1e-5)


def test_pixels_of_any_type_and_the_shape(network: keras.Model) -> None:
    encoder = build_encoder(config())
    assert encoder.output_shape == (None, 4, 1024)
    np.testing.assert_array_equal(encoder(PIXELS), encoder(PIXELS.astype(np.float32)))
    assert not encoder.trainable_weights


def test_preprocessing_is_the_networks_own() -> None:
    """VGG16 takes blue, green, red, less their means."""
    encoder = build_encoder(config(cnn="VGG16", image_size=32))
    inner = next(layer for layer in encoder.layers if isinstance(layer, keras.Model))
    expected = keras.applications.vgg16.preprocess_input(PIXELS[:, :32, :32].astype(np.float32))
    np.testing.assert_allclose(
        encoder(PIXELS[:, :32, :32]), np.reshape(inner(expected), (2, 1, 512)), rtol=1e-4, atol=1e-3
    )


def test_without_weights_the_seed_decides() -> None:
    one, same, other = (build_encoder(config(seed=seed))(PIXELS) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert np.abs(np.asarray(one) - other).max() > 0.1
    assert 0.05 < np.asarray(one).std() < 20, "signals neither die out nor explode"


def test_the_encoder_is_saved_and_loaded(tmp_path: Path) -> None:
    for cnn in ("MobileNet", "VGG16"):
        encoder = build_encoder(config(cnn=cnn))
        encoder.save(tmp_path / "a.keras")
        np.testing.assert_allclose(keras.models.load_model(tmp_path / "a.keras")(PIXELS), encoder(PIXELS), atol=1e-5)


@pytest.mark.parametrize(
    ("cnn", "blocks", "first"),
    [
        ("MobileNetV2", 1, "block_16_expand"),
        ("MobileNetV2", 2, "block_15_expand"),
        ("VGG16", 1, "block5_conv1"),
        ("MobileNet", 2, "conv_dw_13"),
        ("MobileNet", 999, "conv_dw_1"),
    ],
)
def test_the_upper_blocks_are_trained(cnn: str, blocks: int, first: str) -> None:
    body = make(config(cnn=cnn), find_module(cnn))
    freeze(body, blocks)
    trained = [layer.name for layer in body.layers if layer.trainable_weights]
    assert trained[0] == first
    assert body.layers[-3].name in trained or body.layers[-2].name in trained
    assert not any(
        isinstance(layer, keras.layers.BatchNormalization) for layer in body.layers if layer.trainable_weights
    )


@pytest.mark.parametrize(
    ("cnn", "blocks"),
    [
        ("MobileNet", 2),
        ("MobileNet", 999),
        ("MobileNetV2", 1),
        ("MobileNetV2", 3),
        ("EfficientNetB0", 1),
        ("DenseNet121", 2),
        ("VGG16", 1),
        pytest.param("ResNet50", 1, marks=pytest.mark.slow),
        pytest.param("NASNetMobile", 1, marks=pytest.mark.slow),
    ],
)
def test_the_two_parts_are_the_whole_network(cnn: str, blocks: int) -> None:
    """Wherever it is cut: where blocks are joined by sums, or by all that came before."""
    pixels = PIXELS[:, :32, :32]
    options = {"cnn": cnn, "image_size": 32}
    whole = build_encoder(config(**options))(pixels)
    lower, top = (make_part(config(**options, train_blocks=blocks)) for make_part in (build_encoder, build_top))
    assert not lower.trainable_weights
    assert top.trainable_weights
    np.testing.assert_allclose(top(lower(pixels)), whole, rtol=1e-4, atol=1e-4)


def test_a_cut_lies_directly_below_what_is_trained() -> None:
    top = build_top(config(cnn="MobileNetV2", train_blocks=1))
    assert top.input_shape == (None, 4, 160), "the narrow end of block 15"
    assert top.trainable_weights[0].path.endswith("block_16_expand/kernel")


def test_training_along_leaves_the_statistics_alone() -> None:
    options = config(train_blocks=2)
    top = build_top(options)
    assert [weight.path.split("/")[-2] for weight in top.trainable_weights] == ["conv_dw_13", "conv_pw_13"]
    before = [np.array(weight) for weight in top.non_trainable_weights]
    top(build_encoder(options)(PIXELS), training=True)
    for old, new in zip(before, top.non_trainable_weights, strict=True):
        np.testing.assert_array_equal(old, new)


def test_training_along_drops_nothing_inside() -> None:
    """EfficientNet would leave out whole blocks at random."""
    options = config(cnn="EfficientNetB0", image_size=32, train_blocks=1)
    top, features = build_top(options), build_encoder(options)(PIXELS[:, :32, :32])
    np.testing.assert_allclose(top(features, training=True), top(features, training=False), rtol=1e-5)


def test_without_names_of_blocks_each_convolution_is_one() -> None:
    inputs = keras.Input((8, 8, 3))
    hidden = keras.layers.BatchNormalization()(keras.layers.Conv2D(2, 3)(inputs))
    model = keras.Model(inputs, keras.layers.ReLU()(keras.layers.Conv2D(2, 3)(hidden)))
    assert block_starts(model) == [1, 3]


def error_of(**options: Any) -> str:
    with pytest.raises(InputError) as caught:
        build_encoder(config(**options))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_errors(network: keras.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert error_of(cnn="MobileNetV9").startswith("--cnn: keras.applications has no network 'MobileNetV9'; it has ")
    assert "no such file; --cnn-weights takes `imagenet`" in error_of(cnn_weights=str(tmp_path / "none"))
    assert "expected one file of weights in this folder, found none" in error_of(cnn_weights=str(tmp_path))
    (tmp_path / "a.bin").touch()
    assert "unknown ending; known are .h5" in error_of(cnn_weights=str(tmp_path / "a.bin"))
    (tmp_path / "a.weights.h5").write_text("no weights")
    assert "is not a file of weights, or damaged" in error_of(cnn_weights=str(tmp_path / "a.weights.h5"))
    network.save_weights(tmp_path / "a.weights.h5")
    message = error_of(cnn="MobileNetV2", cnn_weights=str(tmp_path))
    assert "is not a file of weights of MobileNetV2 (" in message
    content = (tmp_path / "a.weights.h5").read_bytes()
    (tmp_path / "a.weights.h5").write_bytes(content[: len(content) // 2])
    assert "damaged" in error_of(cnn_weights=str(tmp_path))

    def offline(*args: Any, **options: Any) -> None:
        raise Exception("URL fetch failure on https://storage.googleapis.com/x: no route to host")

    monkeypatch.setattr(keras.utils, "get_file", offline)
    monkeypatch.setattr("keras.src.utils.file_utils.get_file", offline)
    message = error_of(cnn_weights="imagenet")
    assert message.startswith("--cnn-weights imagenet: the weights cannot be had (URL fetch failure")
    assert message.endswith("give a file with --cnn-weights, or none")


def test_what_the_cache_is_keyed_by(tmp_path: Path) -> None:
    (tmp_path / "a.weights.h5").write_bytes(b"weights")
    keys = [
        network_key(config(cnn_weights="imagenet")),
        network_key(config()),
        network_key(config(seed=2)),
        network_key(config(image_size=96)),
        network_key(config(cnn="VGG16")),
        network_key(config(cnn_weights=str(tmp_path))),
    ]
    (tmp_path / "a.weights.h5").write_bytes(b"other weights")
    keys.append(network_key(config(cnn_weights=str(tmp_path))))
    assert len(set(keys)) == len(keys)
    assert keys[0] == "MobileNet-64-imagenet"
    assert network_key(config(cnn_weights=str(tmp_path / "a.weights.h5"), units=3)) == keys[-1]
