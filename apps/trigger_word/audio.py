"""Sound files as the task wants them: mono, 16 kHz, float32 in [-1, 1]."""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from apps.core.errors import InputError, InputWarning

from .config import RATE

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
    import soundfile

    try:
        with soundfile.SoundFile(str(path)) as file:
            rate = file.samplerate
            if not RATES[0] <= rate <= RATES[1]:
                raise InputError(f"has an impossible rate of {rate} samples a second; convert it to 16000", path)
            samples = read_mono(file, round(start * rate), None if end is None else round(end * rate))
    except (soundfile.SoundFileError, OSError, TypeError, ValueError, MemoryError) as error:
        if isinstance(error, InputError):
            raise
        raise unreadable(Path(path), error) from None
    return checked(resample(samples, rate), str(path))


def read_mono(file: Any, start: int, end: int | None) -> np.ndarray:
    """The mean of all channels of an open sound file between two frames, float32 `[frames]`."""
    if start:
        file.seek(min(start, file.frames))
    left = math.inf if end is None else end - start
    blocks = []
    while left > 0:
        block = file.read(int(min(left, max(1, BLOCK // file.channels))), dtype="float32", always_2d=True)
        if not len(block):
            break
        blocks.append(block.mean(axis=1))
        left -= len(block)
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)


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


def checked(samples: np.ndarray, where: object) -> np.ndarray:
    """The samples, limited to [-1, 1], when there are enough and all are numbers.

    Raises:
        InputError: When there are not, or NaN or infinity is among them.
    """
    wrong = int(np.count_nonzero(~np.isfinite(samples)))
    if wrong:
        raise InputError(f"{wrong} of {len(samples)} samples are NaN or infinite; export the recording anew", where)
    if len(samples) < SHORTEST:
        milliseconds = 1000 * len(samples) / RATE
        raise InputError(
            f"only {milliseconds:.0f} ms of sound, shorter than a frame of {1000 * SHORTEST // RATE} ms; "
            "record it anew or remove it",
            where,
        )
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


def as_float(samples: Any) -> np.ndarray:
    """Samples as sound cards and files give them, int16, int32 or floating, as float32 in [-1, 1].

    Raises:
        InputError: For another type or shape.
    """
    array = np.asarray(samples)
    if array.ndim != 1:
        raise InputError(f"samples must be an array [samples] of one channel, not of shape {array.shape}")
    if array.dtype in (np.int16, np.int32):
        return (array / -float(np.iinfo(array.dtype).min)).astype(np.float32)
    if array.dtype not in (np.float16, np.float32, np.float64):
        raise InputError(f"samples must be int16, int32 or floats in [-1, 1], not {array.dtype}; convert them")
    return array.astype(np.float32, copy=False)


def is_silent(samples: np.ndarray) -> bool:
    """Whether a recording holds no sound at all: nothing louder than -80 dB."""
    return bool(np.abs(samples).max(initial=0.0) < SILENT)


def is_clipped(samples: np.ndarray) -> bool:
    """Whether a recording was too loud: more than one sample in a thousand is at full scale."""
    return bool(np.count_nonzero(np.abs(samples) >= FULL_SCALE) > CLIPPED_SHARE * len(samples))


def warn_of(samples: np.ndarray, where: object) -> None:
    """Warns of a recording that can be used but is unlikely to serve: silent or clipped."""
    if is_silent(samples):
        warnings.warn(f"{where}: silence only; was the microphone on?", InputWarning, stacklevel=2)
    elif is_clipped(samples):
        warnings.warn(f"{where}: clipped; record it at a lower level", InputWarning, stacklevel=2)
