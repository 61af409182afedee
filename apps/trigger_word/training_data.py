"""Mixed streams as the model takes them: features, targets, and where the loss looks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from .config import RATE, Config
from .features import SPEC, STRIDE, log_mel, spectrogram_masks
from .mixing import Mixer

STEP = STRIDE * SPEC["hop"]
"""Samples from one output to the next."""
BEFORE, AFTER = 0.15, 0.3
"""Seconds before the end of a word, and after its label, in which either answer is right."""


def steps_in(frames: int) -> int:
    """Outputs for so many frames."""
    return frames // STRIDE


def whole_steps(samples: np.ndarray) -> np.ndarray:
    """Features of `[samples]`, `[steps * stride, bands]`: what is left over makes no output."""
    features = log_mel(samples)
    return features[: steps_in(len(features)) * STRIDE]


def heard_until(steps: np.ndarray) -> np.ndarray:
    """How many samples of a stream each output has seen."""
    return (steps + 1) * STEP - SPEC["hop"] + SPEC["window"]


def targets(ends: Iterable[tuple[int, int]], steps: int, keywords: int, width: float) -> tuple[np.ndarray, np.ndarray]:
    """What a model should say of a stream.

    Args:
        ends: The words in it: which keyword, and the sample at which it ends.
        steps: Outputs of the model.
        keywords: How many there are.
        width: Seconds after the end of a word for which its target is 1.

    Returns:
        Targets `[steps, keywords]`, and weights `[steps]` that are 0 around an event, where either answer is right.
    """
    seconds = heard_until(np.arange(steps)) / RATE
    wanted, weights = np.zeros((steps, keywords), np.float32), np.ones(steps, np.float32)
    for _, end in ends:
        since = seconds - end / RATE
        weights[(since >= -BEFORE) & (since < width + AFTER)] = 0
    for keyword, end in ends:
        since = seconds - end / RATE
        inside = (since >= 0) & (since < width)
        wanted[inside, keyword] = weights[inside] = 1
    return wanted, weights


def mixed_batches(
    mixer: Mixer,
    rngs: Sequence[np.random.Generator],
    hard: Sequence[np.ndarray],
    config: Config,
    keywords: int,
    fill: np.ndarray,
) -> Any:
    """A data set of (features, targets, weights) of streams that are mixed as they are needed.

    Args:
        mixer: Mixes them.
        rngs: One for each stream.
        hard: Sounds that were mistaken for a word; `--hard-share` of the streams have one of them.
        config: The task's knobs.
        keywords: How many there are.
        fill: What masked parts of the spectrogram are set to, `[bands]`.
    """
    import tensorflow as tf

    from apps.core.batching import to_dataset

    size = min(config.batch_size, config.mixtures)
    streams = [(rng, pick(rng, hard, config.hard_share)) for rng in rngs[: len(rngs) // size * size]]
    groups = [streams[start : start + size] for start in range(0, len(streams), size)]
    frames = log_mel.count(round(config.stream_seconds * RATE))
    steps = steps_in(frames)
    shapes = ([size, frames, SPEC["bands"]], [size, steps, keywords], [size, steps])
    signature = tuple(tf.TensorSpec(shape, tf.float32) for shape in shapes)
    return to_dataset(groups, lambda group: make_batch(mixer, group, config, keywords, fill), signature)


def pick(rng: np.random.Generator, hard: Sequence[np.ndarray], share: float) -> np.ndarray | None:
    """One of the hard sounds, or as a rule none."""
    return hard[int(rng.integers(len(hard)))] if rng.random() < share and hard else None


def make_batch(
    mixer: Mixer,
    streams: Sequence[tuple[np.random.Generator, np.ndarray | None]],
    config: Config,
    keywords: int,
    fill: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A batch of newly mixed streams.

    Args:
        mixer: Mixes them.
        streams: What draws each, and a sound that was mistaken for a word, to be in it.
        config: The task's knobs.
        keywords: How many there are.
        fill: What masked parts of the spectrogram are set to, `[bands]`.

    Returns:
        Features `[batch, frames, bands]`, targets `[batch, steps, keywords]`, weights `[batch, steps]`.
    """
    features, wanted, weights = [], [], []
    for rng, hard in streams:
        mixed = mixer.mix(rng, hard)
        frames = log_mel(mixed.samples)
        target, weight = targets(mixed.ends, steps_in(len(frames)), keywords, config.label_width)
        features.append(spectrogram_masks(rng, frames, fill) if config.spectrum_masks else frames)
        wanted.append(target)
        weights.append(weight)
    return np.stack(features), np.stack(wanted), np.stack(weights)


def stream_features(blocks: Iterable[np.ndarray]) -> np.ndarray:
    """Features of a stream that comes in blocks of samples, `[steps * stride, bands]`; it is never held whole."""
    kept, features = np.zeros(0, np.float32), []
    for block in blocks:
        kept = np.concatenate([kept, block])
        features.append(log_mel(kept))
        kept = kept[len(features[-1]) * SPEC["hop"] :]
    whole = np.concatenate(features)
    return whole[: steps_in(len(whole)) * STRIDE]
