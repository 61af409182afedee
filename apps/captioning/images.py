"""Reads pictures as users have them: any common format and mode, turned as meant, in bounded memory."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from apps.core.errors import InputError

if TYPE_CHECKING:
    from PIL import Image

ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".ppm", ".pgm", ".jp2")
"""Of the files in a folder that are taken for pictures."""
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "JPEG2000")
"""What Pillow may decode. It knows more, some of which run other programs (EPS) or are no pictures."""
LONGEST_SIDE = 2048
"""Larger pictures are made smaller while they are read, by a whole number."""
MOST_PIXELS = 200_000_000
"""Larger ones are refused."""
MANY_PIXELS = 40_000_000
"""Pictures of so many are decoded one at a time, whatever the number of threads."""
SAMPLE = "sample:"
"""Before the number of a drawn scene."""

_opening, _decoding = threading.Lock(), threading.Lock()


def load_picture(image: str) -> np.ndarray:
    """The picture that an example names: a drawn scene, or a file by `read_picture`. `[height, width, 3]`, uint8."""
    if image.startswith(SAMPLE):
        from .sample import draw_sample

        return draw_sample(int(image.removeprefix(SAMPLE)))
    return read_picture(image)


def read_picture(path: str | Path) -> np.ndarray:
    """Reads a picture file.

    It is turned as its EXIF orientation says. Of an animation it is the first frame; what is transparent lies over
    white; 16-bit values are scaled. No side is longer than twice `LONGEST_SIDE`.

    Returns:
        Red, green and blue, `[height, width, 3]`, uint8.

    Raises:
        InputError: For a file that is missing, cut short, too large, or no picture.
    """
    from PIL import UnidentifiedImageError

    try:
        with open(path, "rb") as file, open_image(file) as image:
            if image.width * image.height > MOST_PIXELS:
                raise InputError(
                    f"the picture has {image.width:,} x {image.height:,} pixels, more than {MOST_PIXELS // 10**6} "
                    "million; make it smaller",
                    path,
                )
            return decode(image)
    except InputError:
        raise
    except FileNotFoundError:
        raise InputError("no such picture; check the path", path) from None
    except IsADirectoryError:
        raise InputError("is a folder where a picture is expected", path) from None
    except UnidentifiedImageError:
        raise InputError("is not a picture, or of an unknown format; convert it to JPEG or PNG", path) from None
    except Exception as error:  # Pillow's decoders raise whatever they stumble upon: SyntaxError, struct.error, ...
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(f"the picture is damaged or cut short ({reason}); fetch it again", path) from None


def open_image(file: object) -> Image.Image:
    """Reads a picture's header, without Pillow's warning of large pictures: they are read in bounded memory here."""
    from PIL import Image

    with _opening:
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            return Image.open(file, formats=FORMATS)  # type: ignore[arg-type]
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def decode(image: Image.Image) -> np.ndarray:
    """Decodes what was opened, one large picture at a time."""
    is_large = image.width * image.height >= MANY_PIXELS
    image.draft(None, (LONGEST_SIDE, LONGEST_SIDE))  # JPEG decodes at a fraction of its size
    if not is_large:
        return convert(image)
    with _decoding:
        return convert(image)


def convert(image: Image.Image) -> np.ndarray:
    """Red, green and blue of an image in any mode, upright, `[height, width, 3]`."""
    from PIL import Image

    orientation = read_orientation(image)
    image.load()
    factor = max(image.size) // LONGEST_SIDE
    if factor > 1 and image.mode not in ("P", "PA", "1") and not image.mode.startswith("I;"):
        image = image.reduce(factor)
        factor = 1
    if image.mode in ("I", "F") or image.mode.startswith("I;"):
        image = Image.fromarray(to_8_bits(np.asarray(image)[:: max(factor, 1), :: max(factor, 1)]))
        factor = 1
    image = over_white(image)
    if factor > 1:
        image = image.reduce(factor)
    if orientation is not None:
        image = image.transpose(orientation)
    return np.asarray(image)  # [height, width, 3]


def read_orientation(image: Image.Image) -> Image.Transpose | None:
    """How to turn the picture, by its EXIF orientation (1 to 8); a picture whose EXIF data are damaged stays as it is.

    Reference:
        CIPA DC-008 (2019), Exif 2.32, tag 274.
    """
    from PIL.Image import Transpose

    turns = (
        Transpose.FLIP_LEFT_RIGHT,
        Transpose.ROTATE_180,
        Transpose.FLIP_TOP_BOTTOM,
        Transpose.TRANSPOSE,
        Transpose.ROTATE_270,
        Transpose.TRANSVERSE,
        Transpose.ROTATE_90,
    )
    try:
        orientation = image.getexif().get(0x0112, 1)
    except Exception:  # as Pillow's decoders
        return None
    return turns[orientation - 2] if orientation in range(2, 9) else None


def to_8_bits(values: np.ndarray) -> np.ndarray:
    """Grey values of more than 8 bits as 0 to 255: of 16 bits by their range, others by their largest value.

    Example:
        >>> to_8_bits(np.array([0, 257, 65535], np.uint16)).tolist()
        [0, 1, 255]
    """
    top = 65535.0 if values.dtype.kind in "iu" else 1.0
    values = np.nan_to_num(np.asarray(values, np.float32))
    top = max(top, float(values.max()))
    return np.clip(np.round(values * (255 / top)), 0, 255).astype(np.uint8)


def over_white(image: Image.Image) -> Image.Image:
    """The image in RGB; where it is transparent, white."""
    from PIL import Image

    if "A" in image.getbands() or "a" in image.getbands() or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def to_pixels(picture: np.ndarray, size: int) -> np.ndarray:
    """A picture as a network takes it: squashed to a square, antialiased.

    Args:
        picture: `[height, width, 3]`, uint8.
        size: Of the square's sides.

    Returns:
        `[size, size, 3]`, uint8.
    """
    from PIL import Image

    if picture.shape[:2] == (size, size):
        return picture
    # Bilinear, as TensorFlow resizes in the exported model.
    return np.asarray(Image.fromarray(picture).resize((size, size), Image.Resampling.BILINEAR))


def find_pictures(given: Iterable[str | Path]) -> Iterator[str]:
    """The pictures that are meant by paths of files and folders: files as they are, in folders those of `ENDINGS`.

    Raises:
        InputError: For a folder in which there is no picture. What is wrong with a file shows when it is read.
    """
    for path in map(Path, given):
        if not path.is_dir():
            yield str(path)
            continue
        is_empty = True
        for folder, folders, names in os.walk(path):
            folders.sort()
            for name in sorted(names):
                if name.lower().endswith(ENDINGS):
                    is_empty = False
                    yield os.path.join(folder, name)
        if is_empty:
            raise InputError(f"no picture in this folder (endings: {', '.join(ENDINGS)})", path)
