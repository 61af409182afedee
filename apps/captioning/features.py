"""Features of pictures, computed once by the encoder and kept on disk."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from apps.core.errors import InputError
from apps.core.run import write_errors

from .encoder import build_encoder, network_key
from .feature_cache import Index, append, find_damaged, locked, map_grids, open_grids, read_index, write_index
from .images import SAMPLE, load_picture, to_pixels
from .notes import named

if TYPE_CHECKING:
    from rich.console import Console

    from .config import Config

BATCH = 32
KEPT_EVERY = 512
"""Pictures after which the index is written, so that an interrupted extraction goes on where it ended."""


@dataclass(frozen=True)
class FeatureStore:
    """Features of pictures, mapped into memory from their file.

    Args:
        grids: All that the cache holds, `[rows, places, channels]`, float16.
        rows: The row of each picture.
        broken: What is wrong with the pictures that cannot be read.
    """

    grids: np.ndarray
    rows: dict[str, int]
    broken: dict[str, str] = field(default_factory=dict)

    def __contains__(self, image: str) -> bool:
        """Whether the picture could be read."""
        return image in self.rows

    def __getitem__(self, image: str) -> np.ndarray:
        """A picture's grid, `[places, channels]`, float16.

        Raises:
            InputError: When the picture could not be read.
        """
        if image not in self.rows:
            raise InputError(self.broken.get(image, f"{image}: no features of this picture"))
        return self.grids[self.rows[image]]

    def gather(self, images: Sequence[str]) -> np.ndarray:
        """The grids of several pictures, `[pictures, places, channels]`, float16."""
        return self.grids[[self.rows[image] for image in images]]


def features_of(images: Sequence[str], config: Config, console: Console, mirrored: bool = False) -> FeatureStore:
    """Features of pictures: from the cache, or by the encoder for those that are new to it.

    Args:
        images: As examples name them.
        config: Names the network and the cache's folder.
        console: Told of progress, of broken pictures and of a cache that is made anew.
        mirrored: Features of the pictures with left and right exchanged.

    Returns:
        The store; pictures that cannot be read are in its `broken` and nowhere else.
    """
    folder = cache_folder(config) / (network_key(config) + ("-mirrored" if mirrored else ""))
    images = list(dict.fromkeys(images))

    def say(line: str) -> None:
        console.print(line, style="yellow", highlight=False, markup=False, soft_wrap=True)

    with locked(folder):
        index = read_index(folder, say)
        digests, broken = find_digests(images, index)
        wanted = {digest: image for image, digest in digests.items()}
        damaged = find_damaged(folder, index, wanted.keys())
        if damaged:
            say(f"damaged features in {folder} are made anew: {len(damaged):,} of {len(index.rows):,}")
        missing = {digest: image for digest, image in wanted.items() if digest in damaged or digest not in index.rows}
        failed = extract(missing, folder, index, config, console, mirrored) if missing else {}
        write_index(folder, index)
    broken |= {image: image + failed[digest] for image, digest in digests.items() if digest in failed}
    broken = {image: broken[image] for image in images if image in broken}
    rows = {image: index.rows[digest][0] for image, digest in digests.items() if image not in broken}
    if broken:
        say(named("picture", broken.values(), "cannot be used"))
    return FeatureStore(map_grids(folder, index), rows, broken)


def cache_folder(config: Config) -> Path:
    """Where features are kept: `config.cache`, `$SEQSUITE_CACHE`, or `~/.cache/seqsuite/features`."""
    given = config.cache or os.environ.get("SEQSUITE_CACHE")
    return Path(given) if given else Path.home() / ".cache" / "seqsuite" / "features"


# Pictures


def find_digests(images: Sequence[str], index: Index) -> tuple[dict[str, str], dict[str, str]]:
    """The digest of each picture's content, and what is wrong with those that cannot be read.

    A file whose size and time of change are as in the index is not read again.
    """
    digests, broken = {}, {}
    for image in images:
        if image.startswith(SAMPLE):
            digests[image] = digest_of(load_picture(image).tobytes())
            continue
        try:
            status = os.stat(image)
            size, changed, digest = index.files.get(os.path.abspath(image), (0, 0, ""))
            if (size, changed) != (status.st_size, status.st_mtime_ns):
                digest = digest_of(Path(image).read_bytes())
                index.files[os.path.abspath(image)] = (status.st_size, status.st_mtime_ns, digest)
            digests[image] = digest
        except OSError as error:
            broken[image] = f"{image}: the picture cannot be read ({error.strerror}); check the path"
    return digests, broken


def digest_of(content: bytes) -> str:
    """Digest of a picture's content."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def read_pixels(image: str, size: int, mirrored: bool) -> np.ndarray | InputError:
    """A picture as the network takes it `[size, size, 3]`, uint8; the error of one that cannot be read."""
    try:
        pixels = to_pixels(load_picture(image), size)
    except InputError as error:
        return error
    return pixels[:, ::-1] if mirrored else pixels


def decode_ahead(
    images: Iterable[tuple[str, str]], size: int, mirrored: bool
) -> Iterator[tuple[str, str, np.ndarray | InputError]]:
    """Yields (digest, picture, pixels) of (digest, picture), decoded in threads a few batches ahead."""
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        pending: deque[tuple[str, str, Future[np.ndarray | InputError]]] = deque()
        for digest, image in images:
            pending.append((digest, image, pool.submit(read_pixels, image, size, mirrored)))
            if len(pending) > 3 * BATCH:
                done, name, future = pending.popleft()
                yield done, name, future.result()
        while pending:
            done, name, future = pending.popleft()
            yield done, name, future.result()


def extract(
    missing: dict[str, str], folder: Path, index: Index, config: Config, console: Console, mirrored: bool
) -> dict[str, str]:
    """Computes the features of pictures and adds them to a cache.

    Args:
        missing: Pictures by the digest of their content.
        folder: The cache.
        index: Its index, to which rows are added.
        config: Names the network.
        console: Told of progress.
        mirrored: With left and right exchanged.

    Returns:
        What is wrong with the pictures that cannot be read, to be put behind their names, by digest.
    """
    run = compile_encoder(config, index)
    broken: dict[str, str] = {}
    digests: list[str] = []
    batch: list[np.ndarray] = []
    with progress(console, len(missing)) as advance, write_errors(folder), open_grids(folder) as file:
        for digest, image, pixels in decode_ahead(missing.items(), config.image_size, mirrored):
            advance(not isinstance(pixels, InputError))
            if isinstance(pixels, InputError):
                broken[digest] = str(pixels).removeprefix(image)
                continue
            digests.append(digest)
            batch.append(pixels)
            if len(batch) == BATCH:
                append(file, index, digests, run(batch))
                if len(index.rows) % KEPT_EVERY < BATCH:
                    file.flush()
                    write_index(folder, index)
                digests, batch = [], []
        if batch:
            append(file, index, digests, run(batch))
    return broken


def compile_encoder(config: Config, index: Index) -> Callable[[list[np.ndarray]], np.ndarray]:
    """The encoder as a function from pictures to grids `[pictures, places, channels]`; tells the index their shape."""
    import tensorflow as tf

    encoder = build_encoder(config)
    index.shape = tuple(encoder.output_shape[1:])
    signature = tf.TensorSpec((None, config.image_size, config.image_size, 3), tf.uint8)
    graph = tf.function(
        lambda pixels: tf.cast(encoder(pixels, training=False), tf.float16), input_signature=[signature]
    )
    return lambda batch: graph(np.stack(batch)).numpy()


@contextlib.contextmanager
def progress(console: Console, total: int) -> Iterator[Callable[[bool], None]]:
    """A bar on a terminal, and a line when all pictures are done.

    Gives a function to call at each picture, with whether it could be read.
    """
    from rich.progress import Progress

    from apps.core.progress import duration

    begun = time.perf_counter()
    done = 0

    def advance(is_read: bool) -> None:
        nonlocal done
        done += is_read
        bar.advance(task)

    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("features", total=total)
        yield advance
    taken = time.perf_counter() - begun
    if done:
        line = (
            f"features of {done:,} picture{'' if done == 1 else 's'} in {duration(taken)}, {done / taken:.0f} a second"
        )
        console.print(line, highlight=False)
