"""Reads pictures as users have them: any common format and mode, turned as meant, in bounded memory."""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from apps.core.errors import InputError

from .notes import named, show

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
TILE = 128
"""Width and height of the pieces in which a large picture is made smaller, in pixels of the smaller one."""
SAMPLE = "sample:"
"""Before the number of a drawn scene."""
SCENE = re.compile("[0-9]{1,9}")

_pillow = threading.Lock()


def load_picture(image: str) -> np.ndarray:
    """The picture that an example names: a drawn scene, or a file by `read_picture`. `[height, width, 3]`, uint8.

    Raises:
        InputError: For what is neither.
    """
    if image.startswith(SAMPLE):
        from .sample import draw_sample

        number = image.removeprefix(SAMPLE)
        if not SCENE.fullmatch(number):
            raise InputError(f"no such scene; expected {SAMPLE} and a number, such as {SAMPLE}17", image)
        return draw_sample(int(number))
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
    """Reads a picture's header."""
    from PIL import Image

    with without_limit():
        return Image.open(file, formats=FORMATS)  # type: ignore[arg-type]


@contextlib.contextmanager
def without_limit() -> Iterator[None]:
    """Silences Pillow's warning of large pictures, which are read in bounded memory here; for one thread at a time.

    The limit is the whole process's, so two threads that took it away and gave it back by turns might lose it.
    """
    from PIL import Image

    with _pillow:
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def decode(image: Image.Image) -> np.ndarray:
    """Decodes what was opened, one large picture at a time."""
    is_large = image.width * image.height >= MANY_PIXELS
    image.draft(None, (LONGEST_SIDE, LONGEST_SIDE))  # JPEG decodes at a fraction of its size
    with without_limit() if is_large else contextlib.nullcontext():  # some decoders look at the limit once more
        return convert(image)


def convert(image: Image.Image) -> np.ndarray:
    """Red, green and blue of an image in any mode, upright, `[height, width, 3]`."""
    from PIL import Image

    orientation = read_orientation(image)
    image.load()
    white = find_white(image)
    factor = max(image.size) // LONGEST_SIDE
    if factor > 1:
        whole, image = image, Image.new("RGB", (-(-image.width // factor), -(-image.height // factor)))
        for box in tiles(whole.size, factor * TILE):
            image.paste(over_white(whole.crop(box), white).reduce(factor), (box[0] // factor, box[1] // factor))
    else:
        image = over_white(image, white)
    if orientation is not None:
        image = image.transpose(orientation)
    return np.asarray(image)  # [height, width, 3]


def tiles(size: tuple[int, int], side: int) -> Iterator[tuple[int, int, int, int]]:
    """The squares that cover a picture: left, top, right and bottom of each; those at its edges are smaller.

    Example:
        >>> list(tiles((5, 2), 3))
        [(0, 0, 3, 2), (3, 0, 5, 2)]
    """
    width, height = size
    for top, left in product(range(0, height, side), range(0, width, side)):
        yield left, top, min(left + side, width), min(top + side, height)


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


def is_deep(image: Image.Image) -> bool:
    """Whether it has grey values of more than 8 bits."""
    return image.mode in ("I", "F") or image.mode.startswith("I;")


def find_white(image: Image.Image) -> float:
    """The grey value that becomes 255: of 16 bits the end of their range, of others the largest there is, if more."""
    if image.mode not in ("I", "F"):
        return 65535.0 if is_deep(image) else 255.0
    least = 65535.0 if image.mode == "I" else 1.0
    pieces = (np.asarray(image.crop(box)) for box in tiles(image.size, LONGEST_SIDE))
    return max(least, *(float(np.nan_to_num(piece).max()) for piece in pieces))


def to_8_bits(values: np.ndarray, white: float) -> np.ndarray:
    """Grey values of more than 8 bits as 0 to 255.

    Example:
        >>> to_8_bits(np.array([0, 257, 65535], np.uint16), 65535).tolist()
        [0, 1, 255]
    """
    values = np.nan_to_num(np.asarray(values, np.float32))
    return np.clip(np.round(values * (255 / white)), 0, 255).astype(np.uint8)


def over_white(image: Image.Image, white: float) -> Image.Image:
    """The image in RGB, `white` of its grey values as 255; where it is transparent, white."""
    from PIL import Image

    if is_deep(image):
        return Image.fromarray(to_8_bits(np.asarray(image), white)).convert("RGB")
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


def find_pictures(given: Iterable[str | Path], say: Callable[[str], None] = show) -> Iterator[str]:
    """The pictures that are meant by paths of files and folders: files as they are, in folders those of `ENDINGS`.

    Args:
        given: The paths.
        say: Told of folders in which there is no picture, when all else was yielded.

    Raises:
        InputError: When there are such folders and nothing else. What is wrong with a file shows when it is read.
    """
    empty = []
    is_any = False
    for path in map(Path, given):
        pictures = iter([str(path)]) if not path.is_dir() else pictures_in(path)
        first = next(pictures, None)
        if first is None:
            empty.append(str(path))
            continue
        is_any = True
        yield first
        yield from pictures
    if empty and not is_any:
        raise InputError(f"no picture in this folder (endings: {', '.join(ENDINGS)})", ", ".join(empty))
    if empty:
        say(named("folder", empty, "without pictures"))


def pictures_in(folder: Path) -> Iterator[str]:
    """The files in a folder and in those below it that have one of `ENDINGS`."""
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if name.lower().endswith(ENDINGS):
                yield os.path.join(place, name)
