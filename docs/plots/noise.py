"""Noise: what each kind of it takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch

from apps.core.plots import SECOND, figure
from layers import GRU, LSTM, EmbeddingDropout, WordDropout

from .style import SOFT, WIDTH, array, bare

SENTENCE = ["the", "cat", "saw", "the", "dog", "and", "the", "dog", "saw", "the", "cat"]


def noise(path: Path) -> None:
    """What each kind of noise takes, read off the layers' outputs."""
    units, time = 16, 11
    x = np.random.default_rng(0).normal(size=(1, time, 4)).astype("float32")
    every: dict[str, Any] = {"return_sequences": True, "seed": 3}
    outputs = array(LSTM(units, zoneout_h=0.3, **every)(x, training=True))[0]
    zoned = outputs == np.concatenate([np.zeros((1, units)), outputs[:-1]])
    locked = array(GRU(units, output_dropout=0.3, **every)(x, training=True))[0] == 0
    with figure(path, 2, 3, figsize=(WIDTH, 5.2)) as panels:
        taken(panels[0, 0], zoned, "zoneout_h=0.3", "unit", "step")
        taken(panels[0, 1], locked, "output_dropout=0.3", "unit", "step")
        taken(
            panels[0, 2], dropped_weights(rows=False)[:, :units], "weight_drop=0.3", "to unit (one gate)", "from unit"
        )
        taken(
            panels[1, 2],
            dropped_weights(rows=True)[:, :units],
            "weight_drop_rows=True",
            "to unit (one gate)",
            "from unit",
        )
        taken(panels[1, 0], *words_dropped(), "feature", words=True)
        taken(panels[1, 1], *words_unknown(), "feature", words=True)
        keys = [Patch(fc=colour, label=text) for colour, text in ((SOFT, "as it was"), (SECOND, "taken by noise"))]
        panels[0, 0].figure.legend(handles=keys, loc="outside lower center", ncols=2, fontsize=9)


def taken(axes: Any, what: Any, title: str, x: str, y: str = "", words: bool = False) -> None:
    """A grid of what is kept and what is taken."""
    axes.pcolormesh(what[::-1], cmap=ListedColormap([SOFT, SECOND]), edgecolors="white", linewidth=0.8, vmin=0, vmax=1)
    bare(axes, title, f"{x} →", f"← {y}" if y else "")
    if words:
        axes.set_yticks(np.arange(len(SENTENCE)) + 0.5, SENTENCE[::-1], fontsize=8)
        axes.tick_params(length=0)


def dropped_weights(rows: bool) -> Any:
    """Where the recurrent matrix of one call is 0."""
    layer = LSTM(16, weight_drop=0.3, weight_drop_rows=rows, seed=34)
    layer.build((None, None, 4))
    return array(layer.recurrent_matrix(True)) == 0


def words_dropped() -> tuple[Any, str]:
    """The features of the sentence that `EmbeddingDropout` takes."""
    words = sorted(set(SENTENCE))
    ids = np.array([[words.index(word) for word in SENTENCE]])
    vectors = EmbeddingDropout(len(words), rate=0.3, seed=7)(
        np.ones((1, len(SENTENCE), 16), "float32"), ids, training=True
    )
    return array(vectors)[0] == 0, "EmbeddingDropout(…, 0.3)"


def words_unknown() -> tuple[Any, str]:
    """The words that `WordDropout` makes unknown."""
    ids = np.arange(2, 2 + len(SENTENCE))[None]
    unknown = array(WordDropout(0.3, seed=34)(ids, training=True))[0] == 1
    return np.repeat(unknown[:, None], 16, axis=1), "WordDropout(0.3)"
