"""Picture files and captioned folders, made for a test."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image


def noise(height: int = 20, width: int = 30, seed: int = 0, channels: int = 3) -> np.ndarray:
    """A random picture `[height, width, channels]`, uint8."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), np.uint8)


def save(path: Path, pixels: np.ndarray | None = None, **options: object) -> Path:
    """Writes a picture file; PNG and WebP without loss."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".webp":
        options = {"lossless": True} | options
    Image.fromarray(noise() if pixels is None else pixels).save(path, **options)  # type: ignore[arg-type]
    return path


def write(path: Path, text: str) -> Path:
    """Writes a text file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def write_flickr(folder: Path, pictures: int = 30, ending: str = ".jpg") -> Path:
    """A folder as Flickr8k's: a token file, lists and pictures; two captions each."""
    names = [f"{index}_a.jpg" for index in range(pictures)]
    lines = [
        f"{name}#{number}\tA dog number {index} runs {number} .\n"
        for index, name in enumerate(names)
        for number in (0, 1)
    ]
    write(folder / "Flickr8k.token.txt", "".join(lines))
    for split, chosen in (("train", names[4:]), ("dev", names[:2]), ("test", names[2:4])):
        write(folder / f"Flickr_8k.{split}Images.txt", "".join(f"{name}\n" for name in chosen))
    for index, name in enumerate(names):
        save(folder / "images" / name.replace(".jpg", ending), noise(8, 8, seed=index))
    return folder
