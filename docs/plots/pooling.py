"""Pooling: the weights by which a sequence is summed."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
from keras import ops

from apps.core.plots import INK, MUTED, figure
from layers import AttentionPooling, MeanPooling, SelfAttentionPooling

from .style import BLUES, WIDTH, array, bare


def pooling(path: Path, updates: int = 60) -> None:
    """The weights by which each layer sums the steps of a sequence, two of them masked."""
    keras.utils.set_random_seed(1)
    x = np.random.default_rng(1).normal(size=(1, 12, 8)).astype("float32")
    mask = np.array([[True] * 4 + [False] + [True] * 5 + [False] * 2])
    heads = SelfAttentionPooling(heads=3, units=8, penalty=1.0)
    before = array(heads(x, mask=mask, return_attention_scores=True)[1])[0]
    inputs, where = keras.Input((12, 8)), keras.Input((12,), dtype="bool")
    model = keras.Model([inputs, where], heads(inputs, mask=where))
    model.compile(keras.optimizers.Adam(0.05), loss=lambda target, output: ops.mean(0 * output), jit_compile=False)
    model.fit([x, mask], np.zeros((1, 3, 8)), epochs=updates, verbose=0)
    after = array(heads(x, mask=mask, return_attention_scores=True)[1])[0]
    one = array(AttentionPooling(8)(x, mask=mask, return_attention_scores=True)[1])
    steps = np.eye(12, dtype="float32")[None]
    mean = array(MeanPooling()(steps, mask=mask))  # the mean of unit vectors is the weights
    rows = {
        "MeanPooling": mean,
        "AttentionPooling": one,
        "SelfAttentionPooling(heads=3)": before,
        f"…, after {updates} steps on its penalty": after,
    }
    ratios = [len(weights) for weights in rows.values()]
    with figure(path, 4, 1, figsize=(WIDTH, 3.9), sharex=True, height_ratios=ratios) as panels:
        for panel, (title, weights) in zip(panels, rows.items(), strict=True):
            shown = np.where(mask, weights, np.nan)
            panel.pcolormesh(shown[::-1], cmap=BLUES, vmin=0, vmax=1, edgecolors="white", linewidth=1.5)
            for row, step in np.ndindex(shown.shape):
                weight, y = shown[row, step], len(shown) - row - 0.5
                text, ink = (
                    ("masked", MUTED)
                    if np.isnan(weight)
                    else (f"{weight:.2f}".lstrip("0"), INK if weight < 0.5 else "white")
                )
                panel.text(step + 0.5, y, text, ha="center", va="center", fontsize=8, color=ink)
            bare(panel, title)
        panels[-1].set_xlabel("step →", fontsize=9)
