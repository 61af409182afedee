"""Attention: the weights of windows and selections."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from apps.core.plots import MUTED, figure
from layers import Attention

from .style import BLUES, WIDTH, array, bare


def attention(path: Path) -> None:
    """Weights of windows and selections for the same queries and memory."""
    query, key, places = queries_and_memory(time=20)
    found = {
        "global": Attention("dot"),
        "local_m, width=2": Attention("dot", window="local_m", width=2),
        "local_p, width=4": Attention("dot", window="local_p", width=4),
        "hard": Attention("dot", selection="hard"),
        "monotonic, training": Attention("dot", selection="monotonic", noise=0.0, bias=-3.0),
        "monotonic, in use": Attention("dot", selection="monotonic", noise=0.0, bias=-3.0),
    }
    with figure(path, 2, 3, figsize=(WIDTH, 4.8), sharex=True, sharey=True) as panels:
        for panel, (title, layer) in zip(panels.flat, found.items(), strict=True):
            layer(query, key)  # makes the weights
            if layer.window == "local_p":
                layer.place_kernel.assign(places)
                layer.place_vector.assign(np.ones((len(places), 1)) / 0.01)
            weights = array(layer(query, key, training="training" in title)[1])[0]
            image = panel.imshow(weights, cmap=BLUES, vmin=0, vmax=1)
            bare(panel, title)
            panel.spines[:].set(visible=True, color=MUTED)
        panels[0, 0].set_ylabel("query step →", fontsize=9)
        panels[1, 0].set_ylabel("query step →", fontsize=9)
        panels[0, 0].invert_yaxis()
        for panel in panels[1]:
            panel.set_xlabel("memory place →", fontsize=9)
        panels[0, 0].figure.colorbar(image, ax=panels, shrink=0.6, label="weight")


def queries_and_memory(time: int) -> tuple[Any, Any, Any]:
    """Queries whose place moves fast, then slowly, and fit another a bit less; keys; and by what local-p sees it."""
    place = np.arange(time)
    moving = place + 2.6 * np.sin(2 * np.pi * place / (time - 1))

    def features(where: Any) -> Any:
        return np.exp(-(((where[:, None] - place[None]) / 1.2) ** 2) / 2)  # [time, time]

    key = np.pad(features(place), ((0, 0), (0, 1))) * 6
    noise = np.random.default_rng(4).normal(scale=0.1, size=(time, time))
    query = features(moving) + 0.8 * features((moving + 9) % time) + noise
    share = np.clip(moving / time, 0.02, 0.98)
    logit = np.log(share / (1 - share))[:, None]
    kernel = np.zeros((time + 1, time + 1))
    kernel[-1, -1] = 0.01  # small, where tanh is linear
    query = np.concatenate([query / 2.2, logit], axis=1)
    return query[None].astype("float32"), key[None].astype("float32"), kernel
