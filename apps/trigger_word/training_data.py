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
Example = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Features, targets and weights of a stream, or of a batch of them."""
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
    seed: Sequence[int],
    hard: Sequence[np.ndarray],
    config: Config,
    keywords: int,
    fill: np.ndarray,
) -> Any:
    """A data set of (features, targets, weights) of streams that are mixed as they are needed.

    All come once, and then `--passes - 1` times again in new orders and with new masks.

    Args:
        mixer: Mixes them.
        seed: Draws all of it.
        hard: Sounds that were mistaken for a word; `--hard-share` of the streams have one of them.
        config: The task's knobs.
        keywords: How many there are.
        fill: What masked parts of the spectrogram are set to, `[bands]`.
    """
    import tensorflow as tf

    from apps.core.batching import to_dataset

    streams = config.mixtures * keywords
    size = min(config.batch_size, streams)
    count = streams // size * size
    orders = [np.random.default_rng([*seed, number]).permutation(count) for number in range(config.passes)]
    groups = [(number, group) for number, order in enumerate(orders) for group in order.reshape(-1, size)]
    mixed: dict[int, Example] = {}

    def make(numbered: tuple[int, np.ndarray]) -> Example:
        number, group = numbered
        for index in group:
            if index not in mixed:
                # Made here: Keras looks at a first batch before it begins, and that must draw nothing from the others.
                rng = np.random.default_rng([*seed, index, 1])
                mixed[index] = make_example(mixer, rng, pick(rng, hard, config.hard_share), config, keywords)
        features = [mixed[index][0] for index in group]
        if config.spectrum_masks:
            masks = (np.random.default_rng([*seed, index, 2, number]) for index in group)
            features = [spectrogram_masks(rng, one, fill) for rng, one in zip(masks, features, strict=True)]
        _, wanted, weights = zip(*(mixed[index] for index in group), strict=True)
        return np.stack(features), np.stack(wanted), np.stack(weights)

    frames = log_mel.count(round(config.stream_seconds * RATE))
    steps = steps_in(frames)
    shapes = ([size, frames, SPEC["bands"]], [size, steps, keywords], [size, steps])
    signature = tuple(tf.TensorSpec(shape, tf.float32) for shape in shapes)
    return to_dataset(groups, make, signature)


def pick(rng: np.random.Generator, hard: Sequence[np.ndarray], share: float) -> np.ndarray | None:
    """One of the hard sounds, or as a rule none."""
    return hard[int(rng.integers(len(hard)))] if rng.random() < share and hard else None


def make_example(
    mixer: Mixer, rng: np.random.Generator, hard: np.ndarray | None, config: Config, keywords: int
) -> Example:
    """A newly mixed stream.

    Args:
        mixer: Mixes it.
        rng: Draws it.
        hard: A sound that was mistaken for a word, to be in it.
        config: The task's knobs.
        keywords: How many there are.

    Returns:
        Features `[frames, bands]`, targets `[steps, keywords]`, weights `[steps]`.
    """
    stream = mixer.mix(rng, hard)
    features = log_mel(stream.samples)
    return features, *targets(stream.ends, steps_in(len(features)), keywords, config.label_width)


def stream_features(blocks: Iterable[np.ndarray]) -> np.ndarray:
    """Features of a stream that comes in blocks of samples, `[steps * stride, bands]`; it is never held whole."""
    kept, features = np.zeros(0, np.float32), []
    for block in blocks:
        kept = np.concatenate([kept, block])
        features.append(log_mel(kept))
        kept = kept[len(features[-1]) * SPEC["hop"] :]
    whole = np.concatenate(features)
    return whole[: steps_in(len(whole)) * STRIDE]
