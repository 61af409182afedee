"""Files as the exported captioner reads them: like `read_picture`."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from apps.captioning.artifacts import over_white
from apps.captioning.images import read_picture

from .making import noise

read = tf.function(over_white, input_signature=[tf.TensorSpec((), tf.string)])


@pytest.mark.parametrize(
    ("mode", "ending"),
    [
        *product(["L", "LA", "RGB", "RGBA", "P", "1"], [".png", ".webp"]),
        *product(["L", "RGB", "RGBA"], [".bmp"]),  # TensorFlow reads no palettes of BMP files
    ],
)
def test_alpha_lies_over_white_in_every_mode(mode: str, ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{ending}"
    image = Image.fromarray(noise(6, 7, channels=4)).convert(mode)
    image.save(path, **({"transparency": 3} if mode == "P" and ending == ".png" else {}), lossless=True)
    found = read(tf.constant(path.read_bytes())).numpy()
    np.testing.assert_array_equal(found, read_picture(path))


def test_jpeg_and_gif(tmp_path: Path) -> None:
    for name, mode, most in (("a.jpg", "RGB", 4), ("a.jpg", "L", 4), ("a.jpg", "CMYK", 4), ("a.gif", "P", 0)):
        Image.fromarray(noise(6, 7)).convert(mode).save(tmp_path / name)
        found = read(tf.constant((tmp_path / name).read_bytes())).numpy()
        assert np.abs(found - read_picture(tmp_path / name)).max() <= most
