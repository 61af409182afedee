"""Trigger words in a stream, by a trained run or by what was exported from one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from apps.core.errors import InputError
from apps.core.run import RunFolder

from . import loader
from .features import STRIDE
from .loader import Event

BLOCK = 6000
"""Frames that are scored at once: a minute."""


class TriggerDetector(loader.StreamDetector):
    """Finds trigger words in samples that come in chunks of any size.

    Args:
        path: A finished run, or a folder of ONNX or LiteRT files that `export` wrote; those need no TensorFlow.

    Raises:
        InputError: When the path is neither.

    Example:
        detector = TriggerDetector("runs/trigger_word")
        for event in detector.feed(samples):            # int16, or floats in [-1, 1], 16,000 a second
            print(event.time, event.keyword, event.score)
    """

    def __init__(self, path: str | Path) -> None:
        folder = Path(path)
        if (folder / "detector.json").is_file():
            detector: loader.StreamDetector = open_artifact(folder)
            super().__init__(detector.spec, detector.scorer)
        else:
            RunFolder(folder).require_finished()  # before the seconds that Keras takes to import
            from . import load

            predictor: Any = load(folder)
            super().__init__(predictor.task.spec(), KerasScorer(predictor.model))

    def feed(self, samples: np.ndarray) -> list[Event]:
        """Takes the next samples of the stream.

        Args:
            samples: `[samples]`, int16, or floats in [-1, 1], 16,000 a second; any number of them.

        Returns:
            The words that were heard: seconds from the start of the stream, the word, and its score.

        Raises:
            InputError: For samples of another type or shape.
        """
        try:
            return super().feed(samples)
        except loader.SampleError as error:
            raise InputError(str(error), "feed") from None


def open_artifact(folder: Path) -> loader.TriggerDetector:
    """What `export` wrote.

    Raises:
        InputError: When it is damaged.
    """
    try:
        return loader.TriggerDetector(folder)
    except Exception as error:  # whatever the readers of JSON, ONNX and LiteRT raise for damaged content
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(f"cannot be used ({reason}); export the run again", folder) from None


class KerasScorer:
    """A Keras model that goes on from one piece of a stream to the next.

    Args:
        model: As `model.build` made it.
    """

    def __init__(self, model: Any) -> None:
        self.run, self.states = compiled(model)

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """Scores `[steps, keywords]` of `[steps * stride, bands]`."""
        size = BLOCK // STRIDE * STRIDE
        scores = []
        for start in range(0, len(features), size):
            score, self.states = self.run(features[None, start : start + size], self.states)
            scores.append(score.numpy()[0])
        return np.concatenate(scores)


@lru_cache(maxsize=8)
def compiled(model: Any) -> tuple[Any, list[Any]]:
    """The model as one graph for pieces of all lengths, and the states that a stream begins with."""
    import tensorflow as tf

    from .model import Stream

    stream = Stream(model)
    states = stream.first_states()
    taken = tf.TensorSpec([1, None, model.inputs[0].shape[-1]], tf.float32)
    signature = [taken, [tf.TensorSpec(state.shape, tf.float32) for state in states]]
    return tf.function(stream, input_signature=signature), states


def smooth_scores(scores: np.ndarray, spec: Mapping[str, Any]) -> np.ndarray:
    """All scores of a stream, `[steps, keywords]`, as `feed` compares them with the thresholds."""
    return loader.Trigger([1.0] * scores.shape[1], spec["smoothing"], 0).smoothed(scores)
