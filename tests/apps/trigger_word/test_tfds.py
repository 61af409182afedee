"""Speech Commands by TensorFlow Datasets, its builder mocked: nothing is downloaded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from apps.core.errors import InputError
from apps.trigger_word import data
from apps.trigger_word.config import RATE, Config
from apps.trigger_word.data import load, read_splits

tfds = pytest.importorskip("tensorflow_datasets")

SOURCE = "tfds:speech_commands"
LABELS = 12


@pytest.fixture(autouse=True)
def known_splits(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a prepared builder knows of its splits, which a mocked one does not."""
    names = property(lambda info: dict.fromkeys(("train", "validation", "test")))
    monkeypatch.setattr(tfds.core.DatasetInfo, "splits", names)
    monkeypatch.setattr(tfds.core.DatasetInfo, "dataset_size", 0)


def rows(size: int) -> Iterator[dict[str, Any]]:
    """As many rows of each label."""
    for index in range(size * LABELS):
        yield {"audio": np.full(RATE, 1000 + index, np.int64), "label": index % LABELS}


def as_speech_commands(self: Any, *args: Any, split: str = "train", **kwargs: Any) -> Any:
    import tensorflow as tf

    signature = {"audio": tf.TensorSpec((None,), tf.int64), "label": tf.TensorSpec((), tf.int64)}
    size = {"train": 4, "validation": 1, "test": 2}[split]
    return tf.data.Dataset.from_generator(lambda: rows(size), output_signature=signature)


def test_speech_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "MOST_SPEECH", 30)
    with tfds.testing.mock_data(as_dataset_fn=as_speech_commands):
        splits = read_splits(Config(data=SOURCE, keywords=("yes", "stop")))
    counts = Counter((clip.kind, clip.label) for clip in splits.test)
    assert counts["keyword", "yes"] == counts["keyword", "stop"] == counts["noise", ""] == 2
    assert counts["speech", "no"] == 2
    assert counts["speech", ""] == 2, "_unknown_"
    assert sum(clip.kind == "speech" for clip in splits.train) == 30, "no more than fit in memory"
    assert sum(clip.kind == "keyword" for clip in splits.dev) == 2
    clip = splits.test[0]
    assert clip.path == f"{SOURCE}/test:1"
    assert load(clip) == pytest.approx(np.full(RATE, 1000 / 32768))


def test_words_have_to_be_named() -> None:
    with pytest.raises(InputError, match="tfds:speech_commands: which words trigger"):
        read_splits(Config(data=SOURCE))
    with (
        tfds.testing.mock_data(as_dataset_fn=as_speech_commands),
        pytest.raises(InputError, match="speech_commands/train: no recordings of 'computer' here; there are down, go"),
    ):
        read_splits(Config(data=SOURCE, keywords=("computer",)))


def test_a_data_set_of_something_else() -> None:
    with tfds.testing.mock_data(num_examples=3), pytest.raises(InputError, match="needs the features `audio` and"):
        read_splits(Config(data="tfds:mnist", keywords=("yes",)))
