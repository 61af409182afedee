"""The convolutional network that turns a picture into a grid of features, with its preprocessing inside.

It comes in two parts: the frozen one, whose output is computed once for each picture, and the upper blocks that are
trained along, which are part of the model.
"""

from __future__ import annotations

import hashlib
import inspect
import math
import re
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from apps.core.errors import InputError

if TYPE_CHECKING:
    import keras

    from .config import Config

WEIGHT_ENDINGS = (".h5", ".hdf5", ".keras")
BLOCK = re.compile(r"(?:stage_\d+_|conv\d+_)?block_?\d+[a-z]?(?![a-z0-9])|expanded_conv_\d+|conv_(?:dw|pw)_\d+")
"""How the networks of Keras name the layers of a block."""


def build_encoder(config: Config) -> keras.Model:
    """The frozen part of a network of `keras.applications`: all of it but for its classifier and `train_blocks`.

    Args:
        config: Names the network, its weights and the size of pictures.

    Returns:
        A model from pixels `[batch, size, size, 3]`, 0 to 255, to features `[batch, places, channels]`.

    Raises:
        InputError: For an unknown network, or weights that cannot be read or are of another network.
    """
    import keras

    module = find_module(config.cnn)
    body = load_body(config, module)
    freeze(body, 0)
    lower = keras.Model(body.input, find_cut(body, config.train_blocks))
    pixels = keras.Input((config.image_size, config.image_size, 3), name="pixels")
    scaled = module.preprocess_input(keras.ops.cast(pixels, "float32"), data_format="channels_last")
    return keras.Model(pixels, flat(lower(scaled)), name="encoder")


def build_top(config: Config) -> keras.Model:
    """The upper `train_blocks` of the network, to be trained.

    Args:
        config: As for `build_encoder`.

    Returns:
        A model from what `build_encoder` gives to a grid `[batch, places, channels]`.
    """
    import keras

    body = load_body(config, find_module(config.cnn))
    freeze(body, config.train_blocks)
    cut = find_cut(body, config.train_blocks)
    features = keras.Input((math.prod(cut.shape[1:3]), cut.shape[3]), name="features")
    grid = keras.layers.Reshape(cut.shape[1:])(features)  # [batch, rows, columns, channels]
    return keras.Model(features, flat(keras.Model(cut, body.output)(grid)), name="encoder")


def flat(grid: Any) -> Any:
    """`[batch, rows, columns, channels]` as `[batch, places, channels]`."""
    import keras

    return keras.layers.Reshape((grid.shape[1] * grid.shape[2], grid.shape[3]), name="grid")(grid)


def find_module(network: str) -> Any:
    """The module of Keras that holds a network by this name, and its `preprocess_input`."""
    import keras

    known = {
        name: sys.modules[function.__module__]
        for name, function in inspect.getmembers(keras.applications, inspect.isfunction)
    }
    if network not in known:
        raise InputError(f"keras.applications has no network {network!r}; it has {', '.join(sorted(known))}", "--cnn")
    return known[network]


def load_body(config: Config, module: Any) -> keras.Model:
    """The network up to its last grid of features, with the weights that the configuration names."""
    if config.cnn_weights == "imagenet":
        try:
            return make(config, module, weights="imagenet")
        except Exception as error:  # keras.utils.get_file raises a plain Exception when it cannot download
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise InputError(
                f"the weights cannot be had ({reason}); give a file with --cnn-weights, or none",
                "--cnn-weights imagenet",
            ) from None
    body = make(config, module)
    if config.cnn_weights == "none":
        draw_weights(body, config.seed)
        return body
    path = find_weights(config.cnn_weights)
    reason = ""
    for classes in (None, *count_classes(path)):
        whole = body if classes is None else make(config, module, include_top=True, classes=classes)
        try:
            with warnings.catch_warnings(action="ignore"):  # Keras tells at length what it does not find
                whole.load_weights(path)
        except (ValueError, KeyError, TypeError, IndexError) as error:
            reason = reason or str(error).strip().partition("\n")[0]
            continue
        except OSError as error:
            raise InputError(f"cannot be read ({error}); fetch it again", path) from None
        if whole is not body:
            # The classifier comes last, so the network's own weights are the first.
            body.set_weights(whole.get_weights()[: len(body.weights)])
        return body
    raise InputError(f"is not a file of weights of {config.cnn} ({reason}); name another network or file", path)


def make(config: Config, module: Any, weights: str | None = None, **options: Any) -> keras.Model:
    """A network, without its classifier unless `options` say otherwise."""
    shape = (config.image_size, config.image_size, 3)
    try:
        return getattr(module, config.cnn)(weights=weights, **{"include_top": False, "input_shape": shape} | options)
    except ValueError as error:
        if weights is None:
            raise InputError(f"{config.cnn} cannot be made ({str(error).strip()})", "--image-size") from None
        raise


def find_weights(given: str) -> Path:
    """The file of weights: the one given, or the only one in the folder given."""
    path = Path(given)
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix in WEIGHT_ENDINGS)
        if len(files) != 1:
            names = ", ".join(file.name for file in files) or "none"
            raise InputError(f"expected one file of weights in this folder, found {names}; name the file", path)
        return files[0]
    if not path.exists():
        raise InputError("no such file; --cnn-weights takes `imagenet`, a file of weights, or `none`", path)
    if path.suffix not in WEIGHT_ENDINGS:
        raise InputError(f"unknown ending; known are {', '.join(WEIGHT_ENDINGS)}", path)
    return path


def count_classes(path: Path) -> list[int]:
    """How many classes a file of weights may know: outputs of its dense layers, or else of its 1 x 1 convolutions."""
    import h5py

    shapes: dict[str, list[tuple[int, ...]]] = {}

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            shapes.setdefault(name.rpartition("/")[0], []).append(item.shape)

    if path.suffix == ".keras":
        return [1000]
    try:
        with h5py.File(path) as file:
            file.visititems(visit)
    except OSError as error:
        raise InputError(f"is not a file of weights, or damaged ({error}); fetch it again", path) from None
    layers = shapes.values()
    dense = {shape[-1] for layer in layers for shape in layer if len(shape) == 2}
    # Of the networks without a dense layer only the classifier's convolution has a bias.
    convolutions = {shape[-1] for layer in layers for shape in layer if shape[:2] == (1, 1) and shape[-1:] in layer}
    return sorted(dense or convolutions)


def draw_weights(model: keras.Model, seed: int) -> None:
    r"""Gives a network random kernels, from the seed alone.

    .. math:: W \sim N(0, 2 / n_\text{in})

    Reference:
        He et al. (2015), Delving Deep into Rectifiers, equation 10.
    """
    import keras

    generator = np.random.default_rng(seed)
    for layer in model.layers:
        for variable in layer.trainable_weights:
            if "kernel" in variable.name:
                is_depthwise = isinstance(layer, keras.layers.DepthwiseConv2D) or "depthwise" in variable.name
                inputs = math.prod(variable.shape[: 2 if is_depthwise else -1])
                variable.assign(generator.normal(0.0, math.sqrt(2 / inputs), variable.shape))


def freeze(body: keras.Model, blocks: int) -> None:
    """Leaves only the upper blocks to be trained, without dropout.

    Batch normalisation keeps its statistics and weights even there.
    """
    import keras

    first = len(body.layers) if blocks == 0 else first_trained(body, blocks)
    for index, layer in enumerate(body.layers):
        layer.trainable = index >= first and not isinstance(layer, keras.layers.BatchNormalization)
        # A functional model hands `training` on to all its layers, whatever they were called with when it was made.
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = 0.0


def find_cut(body: keras.Model, blocks: int) -> Any:
    """The tensor below the upper blocks: the last one before them through which all passes that comes after it."""
    import keras

    if blocks == 0:
        return body.output
    layers = body.layers
    made_by = {id(layer.output): index for index, layer in enumerate(layers)}
    cut = first_trained(body, blocks) - 1
    for index in reversed(range(len(layers))):
        if index <= cut:
            break
        # A layer above the cut may read from the cut and from what lies above it.
        cut = min(cut, *(made_by[id(one)] for one in keras.tree.flatten(layers[index].input)))
    return layers[max(cut, 0)].output


def first_trained(body: keras.Model, blocks: int) -> int:
    """The index of the layer with which the upper blocks begin."""
    starts = block_starts(body)
    return starts[max(len(starts) - blocks, 0)]


def block_starts(body: keras.Model) -> list[int]:
    """The indices of the layers with which blocks begin, by the names of layers; without such names every convolution
    is a block.
    """
    names = [BLOCK.search(layer.name) for layer in body.layers]
    if not any(names):
        return [index for index, layer in enumerate(body.layers) if "kernel" in "".join(w.name for w in layer.weights)]
    starts, last = [], ""
    for index, name in enumerate(names):
        if name and name.group() != last:
            starts.append(index)
            last = name.group()
    return starts


def network_key(config: Config) -> str:
    """What features depend on besides the picture: the network, where it is cut, the size of its input, its weights."""
    if config.cnn_weights == "imagenet":
        weights = "imagenet"
    elif config.cnn_weights == "none":
        weights = f"seed-{config.seed}"
    else:
        with find_weights(config.cnn_weights).open("rb") as file:
            weights = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=8)).hexdigest()
    below = f"-below-{config.train_blocks}" if config.train_blocks else ""
    return f"{config.cnn}{below}-{config.image_size}-{weights}"
