"""Draws every picture."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from .attention import attention
from .beams import beams
from .decoder import decoder
from .lattice import lattice
from .noise import noise
from .pooling import pooling

IMAGES = Path(__file__).parents[1] / "images"
FIGURES: dict[str, Callable[[Path], None]] = {
    "layers_attention.png": attention,
    "layers_decoder.png": decoder,
    "layers_noise.png": noise,
    "layers_lattice.png": lattice,
    "layers_beams.png": beams,
    "layers_pooling.png": pooling,
}


def main() -> None:
    """Draws them one after the other."""
    for name, draw in FIGURES.items():
        draw(IMAGES / name)
        print(IMAGES / name)


if __name__ == "__main__":
    main()
