"""The CRF: what it thinks of the tags of a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.lines import Line2D

from apps.core.plots import ACCENT, INK, MUTED, SECOND, figure
from layers import CRF
from layers.crf import edge_marginals, marginals, viterbi

from .style import BLUES, WIDTH, array, bare


def lattice(path: Path) -> None:
    """Marginals, transitions and the best path of a sentence."""
    words, tags = ["Ada", "King", "met", "Mary", "Shelley"], ["O", "B-PER", "I-PER"]
    emissions = np.array(
        [[[0.6, 1.2, 1.9], [1.6, 0.4, 1.2], [2.4, 0.2, 0.3], [0.3, 1.7, 1.2], [0.6, 1.0, 0.9]]], "float32"
    )
    layer = CRF(tags, scheme="IOB2")
    layer.build(emissions.shape)
    layer.transitions.assign([[0.3, 0.4, 0.0], [-0.4, -1.0, 0.9], [0.4, -0.6, 0.0]])
    potentials = layer(emissions)
    nodes, edges = array(marginals(potentials))[0], array(edge_marginals(potentials))[0]
    best, legal = array(viterbi(potentials)[0])[0], array(potentials)[0] > -1e8
    with figure(path, figsize=(WIDTH, 3.5)) as axes:
        bare(axes, "")
        axes.set(xlim=(-0.75, 4.5), ylim=(-2.5, 0.5))
        for t, before, after in np.ndindex(len(words) - 1, 3, 3):
            on_path = (before, after) == (best[t], best[t + 1])
            line = {
                "color": ACCENT if on_path else MUTED,
                "lw": 0.4 + 9 * edges[t + 1, before, after],
                "zorder": 1 + on_path,
            }
            if not legal[t + 1, before, after]:
                line = {"color": SECOND, "lw": 1.4, "ls": (0, (3, 3)), "zorder": 1}
            axes.plot([t, t + 1], [-before, -after], solid_capstyle="round", **line)
        for t, tag in np.ndindex(len(words), 3):
            node(axes, t, tag, nodes[t, tag], best[t] == tag, bool(legal[t, 0, tag] if t == 0 else True))
        axes.set_xticks(range(len(words)), words, fontsize=11)
        axes.set_yticks([0, -1, -2], tags, fontsize=10)
        axes.tick_params(length=0)
        marks = [
            Line2D([], [], color=ACCENT, lw=4, label="best path (viterbi)"),
            Line2D([], [], color=MUTED, lw=3, label="other edges, as wide as probable"),
            Line2D([], [], color=SECOND, lw=1.4, ls=(0, (3, 3)), label="forbidden by IOB2"),
        ]
        axes.figure.legend(handles=marks, loc="outside lower center", ncols=3, fontsize=9)


def node(axes: Any, t: int, tag: int, probability: float, best: bool, legal: bool) -> None:
    """A tag at a step: its size and colour are its marginal."""
    edge = ACCENT if best else INK if legal else SECOND
    axes.scatter(
        t, -tag, s=330 + 900 * probability, color=BLUES(0.75 * probability), ec=edge, lw=2.4 if best else 1, zorder=4
    )
    ink = "white" if probability > 0.6 else INK
    axes.text(
        t,
        -tag,
        f"{probability:.2f}".lstrip("0") if probability < 0.995 else "1",
        ha="center",
        va="center",
        fontsize=8.5,
        color=ink,
        zorder=5,
    )
