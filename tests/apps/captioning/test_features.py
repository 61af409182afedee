"""The feature cache: filled once, read afterwards, made anew where it cannot be trusted."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from apps.captioning import features
from apps.captioning.config import Config
from apps.captioning.features import FeatureStore, cache_folder, features_of
from apps.captioning.images import read_picture
from apps.core.errors import InputError

from .making import noise, save

SIZE = 8


class Counting:
    """In the encoder's place: the pixels' means over a grid of 2 x 2 places; counts the pictures."""

    output_shape = (None, 4, 3)

    def __init__(self) -> None:
        self.pictures = 0

    def __call__(self, pixels: Any, training: bool) -> Any:
        import tensorflow as tf

        assert not training
        tf.py_function(self.count, [tf.shape(pixels)[0]], [])
        means = tf.reduce_mean(tf.reshape(tf.cast(pixels, tf.float32), (-1, 2, SIZE // 2, 2, SIZE // 2, 3)), (2, 4))
        return tf.reshape(means, (-1, 4, 3))

    def count(self, pictures: Any) -> None:
        self.pictures += int(pictures)


def expected(pixels: np.ndarray) -> np.ndarray:
    return pixels.reshape(2, SIZE // 2, 2, SIZE // 2, 3).mean((1, 3)).reshape(4, 3).astype(np.float16)


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> Counting:
    counting = Counting()
    monkeypatch.setattr(features, "build_encoder", lambda config: counting)
    return counting


@pytest.fixture
def pictures(tmp_path: Path) -> list[str]:
    return [str(save(tmp_path / "pictures" / f"{n}.png", noise(SIZE, SIZE, seed=n))) for n in range(40)]


Run = Callable[..., tuple[FeatureStore, str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(images: list[str], mirrored: bool = False, **options: Any) -> tuple[FeatureStore, str]:
        given = {"cnn_weights": "none", "image_size": SIZE, "cache": str(tmp_path / "cache")} | options
        out = io.StringIO()
        console = Console(file=out, soft_wrap=True)
        return features_of(images, Config(**given), console, mirrored), out.getvalue()

    return run


def cache_of(tmp_path: Path) -> Path:
    (folder,) = (tmp_path / "cache").iterdir()
    return folder


def check(store: FeatureStore, images: list[str]) -> None:
    for image in images:
        assert image in store
        np.testing.assert_array_equal(store[image], expected(read_picture(image)))


def test_features_are_those_of_each_picture(encoder: Counting, pictures: list[str], run: Run, tmp_path: Path) -> None:
    store, said = run(pictures)
    assert encoder.pictures == 40
    assert said.startswith("features of 40 pictures in ")
    assert run([*pictures, str(save(tmp_path / "new.png"))])[1].startswith("features of 1 picture in ")
    check(store, pictures)
    some = [pictures[index] for index in (7, 3, 7)]
    gathered = store.gather(some)
    assert (gathered.shape, gathered.dtype) == ((3, 4, 3), np.float16)
    np.testing.assert_array_equal(gathered, np.stack([store[image] for image in some]))
    assert isinstance(store.grids, np.memmap), "it is read from its file as it is needed"


def test_the_second_run_computes_nothing_and_says_nothing(encoder: Counting, pictures: list[str], run: Run) -> None:
    run(pictures[:30])
    encoder.pictures = 0
    store, said = run(pictures[:30])
    assert (encoder.pictures, said) == (0, "")
    check(store, pictures[:30])
    store, _ = run(pictures)
    assert encoder.pictures == 10, "only those that are new"
    check(store, pictures)


def test_pictures_are_known_by_their_content(encoder: Counting, pictures: list[str], run: Run, tmp_path: Path) -> None:
    run(pictures)
    moved = str(tmp_path / "elsewhere.jpg")
    os.rename(pictures[0], moved)
    save(Path(pictures[1]), noise(SIZE, SIZE, seed=99))
    encoder.pictures = 0
    store, _ = run([moved, pictures[1], pictures[2]])
    assert encoder.pictures == 1
    check(store, [pictures[1], pictures[2]])
    np.testing.assert_array_equal(store[moved], expected(noise(SIZE, SIZE, seed=0)))


def test_equal_pictures_are_computed_once(encoder: Counting, run: Run, tmp_path: Path) -> None:
    images = [str(save(tmp_path / f"{n}.png", noise(SIZE, SIZE))) for n in range(3)]
    store, _ = run([*images, images[0]])
    assert encoder.pictures == 1
    check(store, images)


def test_mirrored(encoder: Counting, pictures: list[str], run: Run) -> None:
    plain, _ = run(pictures[:3])
    mirrored, _ = run(pictures[:3], mirrored=True)
    for image in pictures[:3]:
        np.testing.assert_array_equal(mirrored[image], plain[image][[1, 0, 3, 2]])
    check(run(pictures[:3])[0], pictures[:3])


def test_drawn_scenes(encoder: Counting, run: Run) -> None:
    store, _ = run(["sample:1", "sample:2"])
    assert store.gather(["sample:1", "sample:2"]).shape == (2, 4, 3)
    assert (store["sample:1"] != store["sample:2"]).any()


def test_broken_pictures_are_counted_and_named(
    encoder: Counting, pictures: list[str], run: Run, tmp_path: Path
) -> None:
    Path(pictures[3]).write_bytes(Path(pictures[3]).read_bytes()[:100])
    Path(pictures[5]).write_text("no picture")
    os.remove(pictures[7])
    same = str(tmp_path / "same.png")
    Path(same).write_text("no picture")
    store, said = run([*pictures, same])
    assert list(store.broken) == [pictures[3], pictures[5], pictures[7], same]
    line, note = said.splitlines()
    assert line.startswith("features of 37 pictures in "), "those that could be read"
    assert note.startswith(f"4 pictures cannot be used: {pictures[3]}: the picture is damaged or cut short")
    assert f"{pictures[5]}: is not a picture" in note
    assert f"{pictures[7]}: " in note
    assert note.endswith("; and 1 more")
    check(store, [image for image in pictures if image not in store.broken])
    assert pictures[3] not in store
    with pytest.raises(InputError, match=r"3\.png: the picture is damaged"):
        store[pictures[3]]


def test_all_pictures_broken(encoder: Counting, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_text("no picture")
    store, said = run([str(path), str(tmp_path / "none.png")])
    assert len(store.broken) == 2
    assert said.startswith("2 pictures cannot be used"), "and nothing of how fast they were"
    assert not store.rows


@pytest.mark.parametrize("damage", ["{", "[]", "null", '{"version": 1}', "", "\xff"])
def test_a_damaged_index_is_made_anew(
    damage: str, encoder: Counting, pictures: list[str], run: Run, tmp_path: Path
) -> None:
    run(pictures)
    (cache_of(tmp_path) / "index.json").write_bytes(damage.encode("latin-1"))
    encoder.pictures = 0
    store, said = run(pictures)
    assert said.splitlines()[0] == f"the feature cache {cache_of(tmp_path)} is damaged; it is made anew"
    assert encoder.pictures == 40
    check(store, pictures)


def test_grids_cut_short_are_made_anew(encoder: Counting, pictures: list[str], run: Run, tmp_path: Path) -> None:
    run(pictures)
    for content in (100, 0, None):
        grids = cache_of(tmp_path) / "grids.f16"
        if content is None:
            grids.unlink()
        else:
            os.truncate(grids, content)
        store, said = run(pictures)
        assert "is damaged; it is made anew" in said
        check(store, pictures)


def test_a_single_damaged_grid_is_made_anew(encoder: Counting, pictures: list[str], run: Run, tmp_path: Path) -> None:
    run(pictures)
    with (cache_of(tmp_path) / "grids.f16").open("r+b") as file:
        file.seek(2 * 12 * 17 + 3)
        file.write(b"\x55")
    encoder.pictures = 0
    store, said = run(pictures)
    assert said.splitlines()[0] == f"damaged features in {cache_of(tmp_path)} are made anew: 1 of 40"
    assert encoder.pictures == 1
    check(store, pictures)


def test_a_cache_of_another_network(encoder: Counting, pictures: list[str], run: Run, tmp_path: Path) -> None:
    """Each network has a folder of its own; one that was moved into another's place is noticed."""
    run(pictures)
    run(pictures, seed=2)
    first, second = sorted((tmp_path / "cache").iterdir())
    assert encoder.pictures == 80
    for path in second.iterdir():
        path.unlink()
    (first / "index.json").rename(second / "index.json")
    (first / "grids.f16").rename(second / "grids.f16")
    store, said = run(pictures, seed=2)
    assert said.splitlines()[0] == f"the feature cache {second} is of another network or version; it is made anew"
    assert encoder.pictures == 120
    check(store, pictures)


def test_an_encoder_of_other_shape_than_the_index_says(
    encoder: Counting, pictures: list[str], run: Run, tmp_path: Path
) -> None:
    run(pictures)
    path = cache_of(tmp_path) / "index.json"
    index = json.loads(path.read_text())
    index["shape"] = [2, 3]
    path.write_text(json.dumps(index))
    store, said = run(pictures)
    assert "damaged" in said
    check(store, pictures)


def test_an_interrupted_extraction_goes_on_where_it_ended(
    encoder: Counting, pictures: list[str], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(features, "BATCH", 8)
    monkeypatch.setattr(features, "KEPT_EVERY", 16)
    whole = features.append

    def interrupted(file: Any, index: Any, digests: Any, grids: Any) -> None:
        if len(index.rows) == 24:
            raise KeyboardInterrupt
        whole(file, index, digests, grids)

    monkeypatch.setattr(features, "append", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(pictures)
    monkeypatch.setattr(features, "append", whole)
    encoder.pictures = 0
    store, said = run(pictures)
    assert "damaged" not in said
    assert encoder.pictures == 24, "16 of 40 were kept"
    check(store, pictures)


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SEQSUITE_CACHE", raising=False)
    assert cache_folder(Config()) == Path.home() / ".cache" / "seqsuite" / "features"
    monkeypatch.setenv("SEQSUITE_CACHE", str(tmp_path))
    assert cache_folder(Config()) == tmp_path
    assert cache_folder(Config(cache="here")) == Path("here")


def test_a_cache_that_cannot_be_written(encoder: Counting, pictures: list[str], run: Run, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    with pytest.raises(InputError, match="cannot be written"):
        run(pictures, cache=str(blocked))
