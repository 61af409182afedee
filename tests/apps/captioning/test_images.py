"""Pictures as users have them, and what is wrong with some."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from apps.captioning import images
from apps.captioning.images import find_pictures, load_picture, read_picture, to_pixels
from apps.core.errors import InputError

from .making import noise, save


def error_of(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_picture(path)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(str(path))
    return str(caught.value)


@pytest.mark.parametrize("ending", [".png", ".webp", ".bmp", ".tif", ".ppm"])
def test_every_format_without_loss(ending: str, tmp_path: Path) -> None:
    np.testing.assert_array_equal(read_picture(save(tmp_path / f"a{ending}", noise())), noise())


@pytest.mark.parametrize("ending", [".jpg", ".jp2"])
def test_formats_with_loss(ending: str, tmp_path: Path) -> None:
    smooth = np.broadcast_to(np.linspace(0, 255, 30)[None, :, None], (20, 30, 3)).astype(np.uint8)
    found = read_picture(save(tmp_path / f"a{ending}", np.ascontiguousarray(smooth)))
    assert np.abs(found.astype(int) - smooth).mean() < 6


def test_the_ending_says_nothing(tmp_path: Path) -> None:
    save(tmp_path / "a.png", noise()).rename(tmp_path / "a.jpg")
    np.testing.assert_array_equal(read_picture(tmp_path / "a.jpg"), noise())


def test_grey_and_black_and_white(tmp_path: Path) -> None:
    grey = noise(channels=1)[..., 0]
    np.testing.assert_array_equal(read_picture(save(tmp_path / "g.png", grey)), np.stack([grey] * 3, -1))
    Image.fromarray(grey > 99).save(tmp_path / "b.png")
    np.testing.assert_array_equal(read_picture(tmp_path / "b.png")[..., 1], (grey > 99) * 255)


def test_sixteen_bits_are_scaled(tmp_path: Path) -> None:
    grey = noise(channels=1)[..., 0]
    for name in ("a.png", "a.tif"):
        Image.fromarray(grey.astype(np.uint16) * 257).save(tmp_path / name)
        assert Image.open(tmp_path / name).mode == "I;16"
        np.testing.assert_array_equal(read_picture(tmp_path / name), np.stack([grey] * 3, -1))


def test_a_dark_picture_of_sixteen_bits_stays_dark(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0, 1028]], np.uint16)).save(tmp_path / "a.png")
    assert read_picture(tmp_path / "a.png")[..., 0].tolist() == [[0, 4]]


def test_numbers_of_32_bits_are_scaled(tmp_path: Path) -> None:
    values = np.array([[0.0, 0.5], [1.0, np.nan]], np.float32)
    Image.fromarray(values).save(tmp_path / "f.tif")
    assert read_picture(tmp_path / "f.tif")[..., 0].tolist() == [[0, 128], [255, 0]]
    Image.fromarray(np.array([[0, 65535 * 2]], np.int32)).save(tmp_path / "i.tif")
    assert read_picture(tmp_path / "i.tif")[..., 0].tolist() == [[0, 255]]


def test_alpha_lies_over_white(tmp_path: Path) -> None:
    pixels = np.zeros((2, 2, 4), np.uint8)
    pixels[0, 0] = 200, 100, 0, 255
    pixels[0, 1, 3] = 128
    found = read_picture(save(tmp_path / "a.png", pixels))
    assert found[0].tolist() == [[200, 100, 0], [127, 127, 127]]
    assert found[1].tolist() == [[255, 255, 255]] * 2


def test_transparent_colour_of_a_palette_lies_over_white(tmp_path: Path) -> None:
    image = Image.fromarray(np.array([[0, 1]], np.uint8), "P")
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.save(tmp_path / "a.png", transparency=0)
    assert read_picture(tmp_path / "a.png").tolist() == [[[255, 255, 255], [40, 50, 60]]]


def test_cmyk(tmp_path: Path) -> None:
    red = Image.new("RGB", (16, 16), (255, 0, 0)).convert("CMYK")
    for name in ("a.jpg", "a.tif"):
        red.save(tmp_path / name)
        found = read_picture(tmp_path / name).astype(int)
        assert found.shape == (16, 16, 3)
        assert np.abs(found - [255, 0, 0]).max() < 12


@pytest.mark.parametrize("ending", [".gif", ".webp", ".png"])
def test_the_first_frame_of_an_animation(ending: str, tmp_path: Path) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ((255, 0, 0), (0, 255, 0), (0, 0, 255))]
    frames[0].save(tmp_path / f"a{ending}", save_all=True, append_images=frames[1:], lossless=True)
    assert Image.open(tmp_path / f"a{ending}").n_frames == 3
    assert read_picture(tmp_path / f"a{ending}")[4, 4].tolist() == [255, 0, 0]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turned_as_exif_says(orientation: int, tmp_path: Path) -> None:
    """A reader shows row 0 where the tag says it is: 1 top-left, 2 top-right, 3 bottom-right, 4 bottom-left, ..."""
    shown = noise()
    stored = {
        1: shown,
        2: shown[:, ::-1],
        3: shown[::-1, ::-1],
        4: shown[::-1],
        5: shown.swapaxes(0, 1),
        6: shown.swapaxes(0, 1)[::-1],
        7: shown.swapaxes(0, 1)[::-1, ::-1],
        8: shown.swapaxes(0, 1)[:, ::-1],
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = save(tmp_path / "a.png", np.ascontiguousarray(stored), exif=exif)
    np.testing.assert_array_equal(read_picture(path), shown)


def test_damaged_exif_leaves_the_picture_as_it_is(tmp_path: Path) -> None:
    path = save(tmp_path / "a.webp", noise(), exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    np.testing.assert_array_equal(read_picture(path), noise())


def test_one_pixel(tmp_path: Path) -> None:
    found = read_picture(save(tmp_path / "a.png", noise(1, 1)))
    np.testing.assert_array_equal(to_pixels(found, 4), np.broadcast_to(noise(1, 1), (4, 4, 3)))


@pytest.mark.parametrize("ending", [".jpg", ".png", ".webp", ".gif", ".bmp", ".tif"])
def test_cut_short(ending: str, tmp_path: Path) -> None:
    path = save(tmp_path / f"a{ending}", noise(60, 60))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])
    assert "damaged or cut short" in error_of(path) or "is not a picture" in error_of(path)


@pytest.mark.parametrize(
    "content", [b"", b"a text", b"\xff\xd8\xff", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"]
)
def test_not_a_picture(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    assert "is not a picture" in error_of(path)


def test_missing_or_a_folder(tmp_path: Path) -> None:
    assert "no such picture" in error_of(tmp_path / "a.jpg")
    assert "is a folder" in error_of(tmp_path)


READ = """
import sys, warnings
import numpy as np, PIL.Image, PIL.JpegImagePlugin, PIL.PngImagePlugin, PIL.WebPImagePlugin
from apps.captioning.images import read_picture
warnings.simplefilter("error")
def highest():
    # Unlike what `resource` gives, this does not begin with the memory of the process that began this one.
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
before = highest()
found = read_picture(sys.argv[1])
print(highest() - before, *found.shape)
"""


@pytest.mark.parametrize(
    ("ending", "mode", "most"), [(".jpg", "L", 60), (".png", "L", 140), (".png", "P", 140), (".tif", "L", 240)]
)
def test_a_hundred_megapixels_in_bounded_memory(ending: str, mode: str, most: int, tmp_path: Path) -> None:
    path = tmp_path / f"a{ending}"
    image = Image.new(mode, (12_500, 8_000), 77)
    if mode == "P":
        image.putpalette([value for value in range(256) for _ in range(3)])
    image.save(path, **({"transparency": 3} if mode == "P" else {}))
    done = subprocess.run([sys.executable, "-c", READ, path], capture_output=True, text=True, check=True)
    kilobytes, height, width, channels = map(int, done.stdout.split())
    assert kilobytes < most * 1024
    assert (width, channels) == (2084, 3), "a third, rounded up"
    assert abs(height - width * 8_000 / 12_500) < 1
    assert 76 <= read_picture(path)[1000, 1000, 0] <= 78


def test_more_pixels_than_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.new("1", (20_000, 10_001)).save(path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "20,000 x 10,001 pixels, more than 200 million" in error_of(path)
    assert Image.MAX_IMAGE_PIXELS is not None, "Pillow's own limit is as it was"


@pytest.mark.parametrize("ending", [".tif", ".png", ".gif"])
def test_pillows_limit_holds_neither_when_opening_nor_when_loading(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(tmp_path / f"a{ending}", noise(channels=1)[..., 0])
    monkeypatch.setattr(images, "MANY_PIXELS", 500)
    for limit in (250, 400):  # above twice of it Pillow raises, above itself it warns
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            np.testing.assert_array_equal(read_picture(path)[..., 0], noise(channels=1)[..., 0])
        assert limit == Image.MAX_IMAGE_PIXELS


def large(mode: str) -> Image.Image:
    """Coarse noise of 6,200 x 900 pixels."""
    channels = {"RGBA": 4, "LA": 2, "RGB": 3, "CMYK": 4}.get(mode, 1)
    pixels = np.kron(noise(36, 248, channels=channels), np.ones((25, 25, 1), np.uint8)).squeeze()
    if mode == "P":
        image = Image.fromarray(pixels, "P")
        image.putpalette(noise(256, 1).tobytes())
        image.info["transparency"] = 7
        return image
    if mode in ("I;16", "I;16B", "I", "F"):
        types = {"I;16": "<u2", "I;16B": ">u2", "I": np.int32, "F": np.float32}
        return Image.fromarray((pixels * (1 / 255 if mode == "F" else 257.0)).astype(types[mode]))
    return Image.fromarray(pixels > 99) if mode == "1" else Image.fromarray(pixels, mode)


@pytest.mark.parametrize("mode", ["RGB", "P", "1", "I;16", "I;16B", "I", "F", "RGBA", "LA", "CMYK"])
def test_large_pictures_of_any_mode_are_made_smaller(
    mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = large(mode)
    assert image.mode == mode
    found = images.convert(image)
    assert found.shape == (300, 2067, 3)
    monkeypatch.setattr(images, "LONGEST_SIDE", 6_200)
    whole = images.convert(image)  # [900, 6200, 3]
    np.testing.assert_allclose(found[:, :-1], whole[:, :6198].reshape(300, 3, 2066, 3, 3).mean((1, 3)), atol=1)


def test_resizing_is_antialiased_and_bilinear_as_in_tensorflow() -> None:
    import tensorflow as tf

    for height, width in ((50, 90), (333, 120), (7, 9)):
        picture = noise(height, width)
        expected = tf.image.resize(picture.astype(np.float32), (32, 32), antialias=True).numpy()
        assert np.abs(to_pixels(picture, 32) - expected).max() <= 1.01
    picture = noise(32, 32)
    assert to_pixels(picture, 32) is picture


def test_find_pictures(tmp_path: Path) -> None:
    for name in ("b.jpg", "A.PNG", "c/d.webp", "c/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = [
        Path(path).relative_to(tmp_path).as_posix() for path in find_pictures([tmp_path, tmp_path / "c/notes.txt"])
    ]
    assert found == ["A.PNG", "b.jpg", "c/d.webp", "c/notes.txt"], "a file that is named is taken as it is"
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no picture in this folder"):
        list(find_pictures([tmp_path / "empty"]))
    notes: list[str] = []
    given = [tmp_path / "empty", tmp_path / "c/notes.txt", tmp_path / "c"]
    assert [Path(path).name for path in find_pictures(given, notes.append)] == ["notes.txt", "d.webp"]
    assert notes == [f"1 folder without pictures: {tmp_path / 'empty'}"]


def test_a_drawn_scene_is_loaded_by_its_number() -> None:
    assert load_picture("sample:3").shape == (64, 64, 3)
    assert (load_picture("sample:3") != load_picture("sample:4")).any()
    for number in ("x", "", "-1", "²", "1" * 5000):
        with pytest.raises(InputError, match=f"sample:{number}: no such scene; expected sample: and a number"):
            load_picture(f"sample:{number}")
