"""What happens to a sound on its way to a microphone: another speaker, a room, the microphone, noise.

All of it draws from a generator that is handed in, works on float32 and costs a few milliseconds a second of sound.
"""

from __future__ import annotations

import numpy as np

from .config import RATE
from .words import active_level

STEPS = 20
"""Speeds are multiples of a 20th, so that resampling needs short filters."""
SLOWEST, FASTEST = 17, 23
"""0.85 and 1.15 times."""
LOWEST, HIGHEST = 18, 22
"""Of pitch alone: two semitones down and up."""
FRAME = 640
OVERLAP = FRAME // 2
SEARCH = 160


def decibels(level: float) -> float:
    """A level of amplitude in dB; -120 for none.

    Example:
        >>> round(decibels(0.1))
        -20
    """
    return 20 * float(np.log10(max(level, 1e-6)))


def amplitude(level: float) -> float:
    """The amplitude of a level in dB."""
    return float(10 ** (level / 20))


def rms(samples: np.ndarray) -> float:
    """Root mean square."""
    return float(np.sqrt(np.dot(samples, samples) / max(len(samples), 1)))


def at_level(samples: np.ndarray, level: float) -> np.ndarray:
    """Speech scaled to an active level in dB of full scale."""
    return samples * np.float32(amplitude(level) / max(active_level(samples), 1e-6))


def change_speed(samples: np.ndarray, steps: int) -> np.ndarray:
    """Plays a sound at `steps / 20` of its speed: tempo and pitch change together.

    Returns:
        float32 `[ceil(samples * 20 / steps)]`.
    """
    if steps == STEPS:
        return samples
    from scipy.signal import resample_poly

    return resample_poly(samples, STEPS, steps).astype(np.float32, copy=False)


def stretch(samples: np.ndarray, factor: float) -> np.ndarray:
    """Makes a sound `factor` times as long at the same pitch, by overlap-add of frames that fit each other.

    Each frame of 40 ms is taken up to 10 ms from where it ought to begin, where it continues best what is there.

    Args:
        samples: `[samples]`.
        factor: Above 1 for slower.

    Returns:
        float32 `[round(samples * factor)]`.

    Reference:
        Verhelst & Roelands (1993), An overlap-add technique based on waveform similarity (WSOLA).
    """
    length = round(len(samples) * factor)
    frames = max(1, -(-length // OVERLAP))
    source = np.pad(samples, (0, FRAME + 2 * SEARCH + OVERLAP))
    out = np.zeros((frames + 1) * OVERLAP, np.float32)
    rise = np.square(np.sin(np.linspace(0, np.pi / 2, OVERLAP, dtype=np.float32)))
    taken = 0
    for frame in range(frames):
        at = frame * OVERLAP
        if frame:
            wanted = source[taken + OVERLAP : taken + FRAME]  # what would follow in the original
            begin = min(max(0, round(at / factor) - SEARCH), len(samples))
            fit = np.correlate(source[begin : begin + OVERLAP + 2 * SEARCH], wanted, "valid")
            taken = begin + int(fit.argmax())
            out[at : at + OVERLAP] += rise * source[taken : taken + OVERLAP]
        else:
            out[:OVERLAP] = source[:OVERLAP]
        out[at + OVERLAP : at + FRAME] = (1 - rise) * source[taken + OVERLAP : taken + FRAME]
    return out[:length]


def change_pitch(samples: np.ndarray, steps: int) -> np.ndarray:
    """Multiplies the pitch by `steps / 20` and keeps the tempo (and the length, but for rounding)."""
    return samples if steps == STEPS else stretch(change_speed(samples, steps), steps / STEPS)


def room(rng: np.random.Generator) -> np.ndarray:
    """Draws the impulse response of a room: the direct sound, then noise that decays exponentially.

    .. math:: h(t) = \\delta(t) + a\\, n(t)\\, 10^{-3 t / T_{60}}

    with a reverberation time of 0.1 to 0.7 s and a direct-to-reverberant ratio of 0 to 15 dB.

    Returns:
        float32 `[samples]`, the direct sound at 0.
    """
    decay = rng.uniform(0.1, 0.7)
    time = np.arange(round(0.6 * decay * RATE), dtype=np.float32) / RATE  # down to -36 dB
    tail = rng.standard_normal(len(time), dtype=np.float32) * 10 ** (-3 * time / decay)
    tail[: round(rng.uniform(0.001, 0.01) * RATE)] = 0  # the way to the nearest wall
    tail *= amplitude(-rng.uniform(0, 15)) / np.sqrt(np.square(tail).sum())
    tail[0] = 1
    return tail.astype(np.float32, copy=False)


def reverberate(samples: np.ndarray, response: np.ndarray) -> np.ndarray:
    """A sound in a room, its length kept: the word's end stays where it was."""
    from scipy.signal import oaconvolve

    return oaconvolve(samples, response)[: len(samples)].astype(np.float32, copy=False)


def tilt(samples: np.ndarray, by: float) -> np.ndarray:
    """A microphone that favours low (`by` above 0) or high (below 0) frequencies.

    .. math:: y_t = (x_t + b\\, x_{t-1}) / (1 + |b|)
    """
    out = samples.copy()
    out[1:] += np.float32(by) * samples[:-1]
    return out / np.float32(1 + abs(by))


def coloured_noise(rng: np.random.Generator, count: int, exponent: float) -> np.ndarray:
    """Noise whose power falls as 1/f^exponent (0 white, 1 pink, 2 brown), at an RMS of 1.

    Args:
        rng: Draws it.
        count: Samples.
        exponent: Of the frequency.

    Returns:
        float32 `[count]`.
    """
    from scipy.fft import irfft, next_fast_len, rfft

    size = next_fast_len(max(count, 64), real=True)
    spectrum = rfft(rng.standard_normal(size, dtype=np.float32))
    bins = np.maximum(np.arange(len(spectrum), dtype=np.float32), size * 20 / RATE)  # no rumble below 20 Hz
    noise = irfft(spectrum * bins ** np.float32(-exponent / 2), size)[:count]
    return (noise / max(rms(noise), 1e-12)).astype(np.float32, copy=False)


def fade(samples: np.ndarray, seconds: float = 0.01) -> np.ndarray:
    """A copy whose first and last moments rise from and fall to nothing, so that a cut does not click."""
    count = min(round(seconds * RATE), len(samples) // 2)
    out = samples.copy()
    ramp = np.linspace(0, 1, count, dtype=np.float32)
    out[:count] *= ramp
    out[len(out) - count :] *= ramp[::-1]
    return out
