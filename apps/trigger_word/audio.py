"""Sound files as the task wants them: mono, 16 kHz, float32 in [-1, 1]."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from apps.core.errors import InputError, InputWarning

from .config import RATE
from .loader import LOUDEST, SCALE

ENDINGS = (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".au", ".caf", ".w64")
"""Of the files that are looked for in a folder; a file that is named may have any."""
SHORTEST = RATE * 32 // 1000
"""Samples of one frame of the features; a shorter recording has none."""
RATES = (4_000, 768_000)
"""Sampling rates that are plausible; a damaged header has others."""
BLOCK = 1 << 20
"""Values read at a time, so that a header that promises terabytes costs nothing."""
SILENT = 10 ** (-80 / 20)
"""Largest absolute sample of a recording that holds no sound: -80 dB of full scale."""
FULL_SCALE = 0.999
CLIPPED_SHARE = 1e-3
STREAMED = 0x7FFFF000
"""Size in the header of a WAV that was written to a pipe, or more: its writer did not know how long it would be."""


def read_audio(path: str | Path, start: float = 0.0, end: float | None = None) -> np.ndarray:
    """Reads a sound file, or a part of it, of any rate and number of channels.

    Args:
        path: WAV, FLAC, OGG or what else libsndfile reads.
        start: Where to begin, in seconds.
        end: Where to stop; the file's end unless given.

    Returns:
        float32 samples at 16 kHz, mixed down to one channel, `[samples]`.

    Raises:
        InputError: For a file that is missing, damaged, empty, or shorter than a frame, or that holds NaN.
    """
    return np.concatenate(list(read_blocks(path, start, end)))


def read_blocks(path: str | Path, start: float = 0.0, end: float | None = None) -> Iterator[np.ndarray]:
    """The same in blocks of about a minute, so that hours take no memory; arguments and errors as of `read_audio`."""
    import soundfile

    count = 0
    try:
        with soundfile.SoundFile(str(path)) as file:
            rate = file.samplerate
            if not RATES[0] <= rate <= RATES[1]:
                raise InputError(f"has an impossible rate of {rate} samples a second; convert it to 16000", path)
            mono = read_mono(file, round(start * rate), None if end is None else round(end * rate))
            for block in resample_blocks(mono, rate):
                yield checked(block, count, str(path))
                count += len(block)
    except (soundfile.SoundFileError, OSError, TypeError, ValueError, MemoryError) as error:
        if isinstance(error, InputError):
            raise
        raise unreadable(Path(path), error) from None
    if count < SHORTEST:
        raise InputError(
            f"only {1000 * count / RATE:.0f} ms of sound, shorter than a frame of {1000 * SHORTEST // RATE} ms; "
            "record it anew or remove it",
            path,
        )


def read_mono(file: Any, start: int, end: int | None) -> Iterator[np.ndarray]:
    """The mean of all channels of an open sound file between two frames, in blocks of float32 `[frames]`."""
    if start:
        file.seek(min(start, file.frames))
    left = math.inf if end is None else end - start
    while left > 0:
        block = file.read(int(min(left, max(1, BLOCK // file.channels))), dtype="float32", always_2d=True)
        if not len(block):
            break
        yield block.mean(axis=1)
        left -= len(block)


def unreadable(path: Path, error: Exception) -> InputError:
    """What to tell of a file that cannot be read."""
    if not path.exists():
        return InputError("no such file; check the path", path)
    if path.is_dir():
        return InputError("is a folder; name a sound file", path)
    if not path.stat().st_size:
        return InputError("the file is empty; record it anew or remove it", path)
    reason = (str(error).strip() or type(error).__name__).splitlines()[0].rpartition(": ")[2].rstrip(".")
    return InputError(f"not readable as sound ({reason}); is it a damaged file, or none of WAV, FLAC and OGG?", path)


def checked(samples: np.ndarray, before: int, where: object) -> np.ndarray:
    """A block of samples, of which some came before, limited to [-1, 1].

    Raises:
        InputError: When NaN or infinity is among them, or they are no numbers in [-1, 1] at all.
    """
    finite = np.isfinite(samples)
    if not finite.all():
        seconds = (before + int(finite.argmin())) / RATE
        raise InputError(f"NaN or infinity among its samples, first at {seconds:.2f} s; export it anew", where)
    if (loudest := float(np.abs(samples).max(initial=0.0))) > LOUDEST:
        raise InputError(f"its float samples must be in [-1, 1], not up to {loudest:.3g}; {SCALE}", where)
    return np.clip(samples, -1.0, 1.0)


def resample(samples: np.ndarray, rate: int, wanted: int = RATE) -> np.ndarray:
    """Samples of one rate at another, by a polyphase low-pass filter.

    Args:
        samples: `[samples]`.
        rate: Samples a second.
        wanted: Samples a second to convert to.

    Returns:
        float32 `[ceil(samples * wanted / rate)]`.
    """
    if rate == wanted or not len(samples):
        return samples.astype(np.float32, copy=False)
    from scipy.signal import resample_poly

    divisor = math.gcd(rate, wanted)
    return resample_poly(samples, wanted // divisor, rate // divisor).astype(np.float32, copy=False)


def resample_blocks(blocks: Iterable[np.ndarray], rate: int) -> Iterator[np.ndarray]:
    """`resample` of a sound that comes in blocks; the same samples as of the whole."""
    divisor = math.gcd(rate, RATE)
    up, down = RATE // divisor, rate // divisor
    # What the filter of `resample_poly`, of 10 max(up, down) on either side, sees beside a sample, in whole periods.
    margin = -(-(10 * max(up, down) // up + 1) // down) * down if rate != RATE else 0
    kept, skipped = np.zeros(0, np.float32), 0  # samples not used up; of them, those that are there for the filter only
    for block in blocks:
        kept = np.concatenate([kept, block])
        ready = (len(kept) - margin) // down * down  # whole periods, and what the filter sees beyond them
        if ready > skipped:
            yield resample(kept, rate)[skipped * up // down : ready * up // down]
            dropped = max(0, ready - margin)
            kept, skipped = kept[dropped:], ready - dropped
    yield resample(kept, rate)[skipped * up // down :]


@dataclass
class Levels:
    """How loud a recording is, found out block by block.

    Args:
        samples: How many there were.
        loudest: The largest absolute one.
        full: How many are at full scale.
    """

    samples: int = 0
    loudest: float = 0.0
    full: int = 0

    @classmethod
    def of(cls, samples: np.ndarray) -> Levels:
        """Those of a whole recording."""
        levels = cls()
        levels.add(samples)
        return levels

    def add(self, samples: np.ndarray) -> None:
        """Takes the next block."""
        sizes = np.abs(samples)
        self.samples += len(samples)
        self.loudest = max(self.loudest, float(sizes.max(initial=0.0)))
        self.full += int(np.count_nonzero(sizes >= FULL_SCALE))

    @property
    def is_silent(self) -> bool:
        """Whether a recording holds no sound at all: nothing louder than -80 dB."""
        return self.loudest < SILENT

    @property
    def is_clipped(self) -> bool:
        """Whether a recording was too loud: more than one sample in a thousand is at full scale."""
        return self.full > CLIPPED_SHARE * self.samples


def warn_of(levels: Levels, path: str | Path) -> None:
    """Warns of a file that can be used but is unlikely to serve: cut off, silent or clipped."""
    if is_cut_off(Path(path)):
        warnings.warn(f"{path}: ends before its header says; was it copied to its end?", InputWarning, stacklevel=2)
    if levels.is_silent:
        warnings.warn(f"{path}: silence only; was the microphone on?", InputWarning, stacklevel=2)
    elif levels.is_clipped:
        warnings.warn(f"{path}: clipped; record it at a lower level", InputWarning, stacklevel=2)


def is_cut_off(path: Path) -> bool:
    """Whether a WAV is shorter than its header says: libsndfile takes what there is; of a FLAC it refuses the rest."""
    with open(path, "rb") as file:
        beginning = file.read(8)
    size = int.from_bytes(beginning[4:], "little")
    # Not 8 more, as some writers count these 8 bytes too.
    return beginning[:4] == b"RIFF" and path.stat().st_size < size < STREAMED
