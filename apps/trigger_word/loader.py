"""Trigger words in a stream of samples, by numpy and onnxruntime or ai-edge-litert alone.

`python loader.py FILE.wav` (16 kHz, mono, 16 bits) beside the exported files, or from Python

    detector = TriggerDetector(folder)
    while ...:
        for event in detector.feed(samples): ...    # any number of samples: int16, or floats in [-1, 1]
"""

from __future__ import annotations

import json
import sys
import wave
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

LOUDEST = 8.0
"""A float above this is no sample in [-1, 1] but, as a rule, an integer that was converted without being scaled."""
SCALE = "divide int16 ones by 32768"
LAST_SECONDS = 0.3
"""Of silence after a file, for a word that ends with it."""
FRAMES = 4096
"""Whose spectra are computed at once; of an hour they would take gigabytes."""
BLOCK_SECONDS = 60
"""Of samples that are heard at once."""
Scorer = Callable[[np.ndarray], np.ndarray]
"""From log-mel frames `[steps * stride, bands]` to scores `[steps, keywords]`, going on from one call to the next."""


class SampleError(ValueError):
    """Samples that are none."""


class Event(NamedTuple):
    """A trigger word that was heard: seconds from the start of the stream, which word, and its score in [0, 1]."""

    time: float
    keyword: str
    score: float


def mel_matrix(bands: int, low: float, high: float, window: int, rate: int) -> np.ndarray:
    """Triangles equally wide in mel, `mel(f) = 2595 log10(1 + f / 700)`: weights `[window // 2 + 1, bands]`."""
    mel_low, mel_high = (2595 * np.log10(1 + f / 700) for f in (low, high))
    edges = 700 * (10 ** (np.linspace(mel_low, mel_high, bands + 2) / 2595) - 1)
    bins = np.arange(window // 2 + 1)[:, None] * rate / window
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    return np.maximum(0.0, np.minimum(rising, falling))


def check(samples: Any) -> None:
    """Refuses what is no chunk of samples.

    Raises:
        SampleError: For another type or shape, or numbers that can be no samples.
    """
    if not isinstance(samples, np.ndarray) or samples.dtype not in (np.int16, np.float32, np.float64):
        given = samples.dtype if isinstance(samples, np.ndarray) else type(samples).__name__
        raise SampleError(f"samples must be a numpy array of int16, or of float32 in [-1, 1], not of {given}")
    if samples.ndim != 1:
        raise SampleError(f"samples must be of one channel, [samples], not of shape {samples.shape}; take the mean")
    if samples.size and samples.dtype != np.int16:
        loudest = max(samples.max(), -samples.min())
        if not np.isfinite(loudest):
            raise SampleError("samples must be finite numbers; there is a NaN or an infinity among them")
        if loudest > LOUDEST:
            raise SampleError(f"float samples must be in [-1, 1], not up to {loudest:.3g}; {SCALE}")


def to_float(samples: np.ndarray) -> np.ndarray:
    """Samples as float32 in [-1, 1]."""
    if samples.dtype == np.int16:
        return samples.astype(np.float32) / np.float32(32768)
    return samples.astype(np.float32, copy=False)


class LogMel:
    """The logarithm of the energy in mel bands of overlapping windows.

    Args:
        spec: `rate`, `window` and `hop` in samples, `bands`, `low` and `high` in Hz, and the least energy, `floor`.
    """

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self.window, self.hop, self.floor = spec["window"], spec["hop"], spec["floor"]
        self.taper = np.hanning(self.window + 1)[:-1]
        self.mel = mel_matrix(spec["bands"], spec["low"], spec["high"], self.window, spec["rate"])

    def count(self, samples: int) -> int:
        """Whole frames in so many samples."""
        return max(0, (samples - self.window) // self.hop + 1)

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        """Frames of `[samples]`, `[frames, bands]`, float32; computed in float64, so that all twins of it agree."""
        features = np.empty((self.count(len(samples)), self.mel.shape[1]), np.float32)
        for start in range(0, len(features), FRAMES):
            some = features[start : start + FRAMES]
            some[:] = self.frames(samples[start * self.hop :], len(some))
        return features

    def frames(self, samples: np.ndarray, count: int) -> np.ndarray:
        """The first frames of `[samples]`, `[count, bands]`, float64."""
        step = samples.strides[0]
        windows = np.lib.stride_tricks.as_strided(samples, (count, self.window), (self.hop * step, step))
        spectrum = np.fft.rfft(windows * self.taper)
        energy = (spectrum.real**2 + spectrum.imag**2) @ self.mel  # [frames, bands]
        return np.log(energy + self.floor)


class Trigger:
    """When smoothed scores become an event: at the first at or above the threshold, and then not for a while.

    Args:
        thresholds: Of each keyword.
        smoothing: Outputs that are averaged.
        refractory: Outputs for which a word is not reported again.
    """

    def __init__(self, thresholds: Sequence[float], smoothing: int, refractory: int) -> None:
        self.thresholds, self.smoothing, self.refractory = np.asarray(thresholds, float), smoothing, refractory
        self.recent = np.zeros((smoothing - 1, len(self.thresholds)))  # [steps, keywords]
        self.rest = np.zeros(len(self.thresholds), int)  # outputs until a word may be reported again
        self.smooth = np.zeros(len(self.thresholds))

    def __call__(self, scores: np.ndarray) -> list[tuple[int, int, float]]:
        """Events among `[steps, keywords]`: (step, keyword, smoothed score)."""
        if not len(scores):
            return []
        smooth = self.smoothed(scores)
        if not (smooth >= self.thresholds).any():  # nearly always
            self.rest = np.maximum(self.rest - len(smooth), 0)
            return []
        found = []
        for step, row in enumerate(smooth):
            fired = (row >= self.thresholds) & (self.rest == 0)
            self.rest = np.where(fired, self.refractory, np.maximum(self.rest - 1, 0))
            found += [(step, int(index), float(row[index])) for index in np.flatnonzero(fired)]
        return found

    def smoothed(self, scores: np.ndarray) -> np.ndarray:
        """The mean of each output and those before it."""
        padded = np.concatenate([self.recent, scores])
        self.recent = padded[len(scores) :]
        count = len(scores)
        smooth = np.mean([padded[shift : shift + count] for shift in range(self.smoothing)], axis=0)
        self.smooth = smooth[-1]
        return smooth


class StreamDetector:
    """Finds trigger words in samples that come in chunks of any size.

    Args:
        spec: How the model hears (`LogMel`), its `stride` in frames, and the `keywords`, `thresholds`, `smoothing` and
            `refractory` seconds.
        scorer: The model.
    """

    def __init__(self, spec: Mapping[str, Any], scorer: Scorer) -> None:
        self.spec, self.scorer, self.features = spec, scorer, LogMel(spec)
        self.keywords: list[str] = list(spec["keywords"])
        self.step = spec["stride"] * spec["hop"]  # samples from one output to the next
        self.trigger = Trigger(
            [spec["thresholds"][keyword] for keyword in self.keywords],
            spec["smoothing"],
            int(spec["refractory"] * spec["rate"] / self.step + 1e-6),
        )
        self.steps = 0  # outputs so far
        self.kept = np.zeros(0, np.float32)
        self.recent = np.zeros((0, len(self.keywords)), np.float32)

    @property
    def scores(self) -> dict[str, float]:
        """The smoothed score of each keyword at this moment."""
        return dict(zip(self.keywords, self.trigger.smooth.tolist(), strict=True))

    def feed(self, samples: np.ndarray) -> list[Event]:
        """Takes the next samples of the stream.

        Args:
            samples: `[samples]`, int16, or floats in [-1, 1], at the model's rate; any number of them.

        Returns:
            The words that were heard, each with the time from the start of the stream at which it was known.

        Raises:
            SampleError: For samples of another type or shape.
        """
        check(samples)
        size = BLOCK_SECONDS * self.spec["rate"]
        events, scores = [], [self.recent[:0]]
        for start in range(0, len(samples), size):
            events += self.hear(to_float(samples[start : start + size]))
            scores.append(self.recent)
        self.recent = np.concatenate(scores)
        return events

    def hear(self, samples: np.ndarray) -> list[Event]:
        """Takes float32 samples, no more than are heard at once; their scores are `recent` afterwards."""
        self.kept = np.concatenate([self.kept, samples])
        stride = self.spec["stride"]
        steps = self.features.count(len(self.kept)) // stride
        if not steps:
            self.recent = self.recent[:0]
            return []
        used = (steps * stride - 1) * self.features.hop + self.features.window
        self.recent = self.scorer(self.features(self.kept[:used]))
        self.kept = self.kept[steps * self.step :].copy()
        events = [
            Event(self.time(self.steps + step), self.keywords[index], score)
            for step, index, score in self.trigger(self.recent)
        ]
        self.steps += steps
        return events

    def time(self, step: int) -> float:
        """Seconds from the start of the stream to the last sample that an output has seen."""
        return (step * self.step + self.step - self.features.hop + self.features.window) / self.spec["rate"]


class TriggerDetector(StreamDetector):
    """The detector that `export` left in a folder: `model.onnx` or `model.tflite`, and `detector.json`."""

    def __init__(self, folder: str | Path = ".") -> None:
        folder = Path(folder)
        spec = json.loads((folder / "detector.json").read_text("utf-8"))
        opener = OnnxScorer if (folder / "model.onnx").exists() else LitertScorer
        super().__init__(spec, opener(folder, spec["stride"]))


class OnnxScorer:
    """The one-step model in onnxruntime, on one thread."""

    def __init__(self, folder: Path, stride: int) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options, ["CPUExecutionProvider"])
        self.names = [taken.name for taken in self.session.get_inputs()]
        self.states = [np.zeros(taken.shape, np.float32) for taken in self.session.get_inputs()[1:]]
        self.stride = stride

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """Scores `[steps, keywords]`."""
        scores = []
        for start in range(0, len(features), self.stride):
            frames = features[None, start : start + self.stride]
            given = dict(zip(self.names, (frames, *self.states), strict=True))
            score, *self.states = self.session.run(None, given)
            scores.append(score[0])
        return np.array(scores)


class LitertScorer:
    """The one-step model in LiteRT, on one thread; of an 8-bit model the states stay integers between the steps."""

    def __init__(self, folder: Path, stride: int) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self.interpreter = Interpreter(str(folder / "model.tflite"), num_threads=1)
        self.interpreter.allocate_tensors()
        self.taken, *states = sorted(self.interpreter.get_input_details(), key=name_of)
        self.given, *renewed = sorted(self.interpreter.get_output_details(), key=name_of)
        self.pairs = [(old["index"], new["index"]) for old, new in zip(states, renewed, strict=True)]
        for state in states:
            zero = state["quantization"][1]
            self.interpreter.set_tensor(state["index"], np.full(state["shape"], zero, state["dtype"]))
        self.stride = stride

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """Scores `[steps, keywords]`."""
        interpreter, scores = self.interpreter, []
        features = quantised(features, self.taken)
        for start in range(0, len(features), self.stride):
            interpreter.set_tensor(self.taken["index"], features[None, start : start + self.stride])
            interpreter.invoke()
            scores.append(interpreter.get_tensor(self.given["index"])[0])
            for old, new in self.pairs:
                interpreter.set_tensor(old, interpreter.get_tensor(new))
        return dequantised(np.array(scores), self.given)


def name_of(detail: Mapping[str, Any]) -> str:
    """By which inputs and outputs, which the converter shuffles, stand in order: features or scores, then states."""
    return detail["name"]


def quantised(values: np.ndarray, detail: Mapping[str, Any]) -> np.ndarray:
    """Numbers as a tensor takes them."""
    if detail["dtype"] == np.float32:
        return values
    scale, zero = detail["quantization"]
    limits = np.iinfo(detail["dtype"])
    return np.clip(np.round(values / scale) + zero, limits.min, limits.max).astype(detail["dtype"])


def dequantised(values: np.ndarray, detail: Mapping[str, Any]) -> np.ndarray:
    """A tensor's values as numbers."""
    if detail["dtype"] == np.float32:
        return values
    scale, zero = detail["quantization"]
    return ((values.astype(np.float32) - zero) * scale).astype(np.float32)


def chunks(path: str, rate: int) -> Iterator[np.ndarray]:
    """The samples of a WAV file, int16, a tenth of a second at a time, and the silence after them.

    Raises:
        SampleError: For a file of another kind.
    """
    try:
        with wave.open(path) as file:
            if (file.getframerate(), file.getnchannels(), file.getsampwidth()) != (rate, 1, 2):
                raise SampleError(f"must be of {rate} Hz, one channel and 16 bits")
            if not file.getnframes():
                raise SampleError("there is no sound in it")
            while data := file.readframes(rate // 10):
                yield np.frombuffer(data[: len(data) // 2 * 2], np.int16)  # a file that was cut off may end within one
    except (OSError, EOFError, wave.Error) as error:
        reason = "the file is empty" if isinstance(error, EOFError) else getattr(error, "strerror", None) or error
        raise SampleError(f"cannot be read as WAV ({reason})") from None
    yield np.zeros(round(LAST_SECONDS * rate), np.int16)


def main(words: Sequence[str]) -> int:
    """Prints the words in a WAV file; returns the exit code, 2 when it cannot be used."""
    if len(words) != 1:
        print("usage: python loader.py FILE.wav", file=sys.stderr)
        return 2
    detector = TriggerDetector(Path(__file__).parent)
    try:
        for samples in chunks(words[0], detector.spec["rate"]):
            for event in detector.feed(samples):
                print(f"{event.time:.2f}\t{event.keyword}\t{event.score:.3f}")
    except SampleError as error:
        print(f"error: {words[0]}: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
