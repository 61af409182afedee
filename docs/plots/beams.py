"""Search: what a beam search tries, keeps and returns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from keras import ops
from matplotlib.lines import Line2D

from apps.core.plots import ACCENT, INK, MUTED, SECOND, figure
from layers.search import beam_search

from .style import WIDTH, array, bare

TABLE = np.log([[0.1, 0.5, 0.4], [0.44, 0.3, 0.26], [0.9, 0.05, 0.05]]).astype("float32")  # after 0, 1, 2


def beams(path: Path) -> None:
    """The tree of a beam search: what was tried, kept, returned."""
    steps, found = searched(width=3)
    returned = {
        tuple(row[:length]) for row, length in zip(array(found.sequences)[0], array(found.lengths)[0], strict=True)
    }
    nodes = {(): 0.0} | {new: total for step in steps for new, total in step.items()}
    extended = {new[:-1] for new in nodes if new}
    fate = {
        new: "returned" if new in returned else "kept" if new in extended else "ended" if new[-1] == 0 else "left"
        for new in nodes
        if new
    }
    heights = {new: -float(place) for place, new in enumerate(sorted(n for n in nodes if n not in extended))}
    for new in sorted(extended, key=len, reverse=True):
        heights[new] = float(np.mean([heights[child] for child in nodes if child and child[:-1] == new]))
    looks = {
        "kept": (ACCENT, "-", "kept, and gone on from"),
        "returned": ("#0b7a5b", "-", "ended, and among the 3 returned"),
        "ended": (SECOND, "--", "ended, but 3 better are known"),
        "left": (MUTED, ":", "dropped, or could no longer win"),
    }
    with figure(path, figsize=(WIDTH, 4.4)) as axes:
        bare(axes, "")
        axes.set(xlim=(-0.25, 3.75), ylim=(min(heights.values()) - 0.7, 0.7))
        axes.text(
            0, heights[()], "start", ha="center", va="center", bbox={"boxstyle": "round", "fc": "white", "ec": INK}
        )
        for new, kind in fate.items():
            colour, line, _ = looks[kind]
            x, y = len(new), heights[new]
            axes.plot(
                [x - 0.93 if x > 1 else 0.13, x - 0.12],
                [heights[new[:-1]], y],
                color=colour,
                ls=line,
                lw=2.2 if kind in ("kept", "returned") else 1.2,
                zorder=1,
            )
            token = "end" if new[-1] == 0 else str(new[-1])
            frame = {"boxstyle": "round,pad=0.3", "fc": "white", "ec": colour, "lw": 1.8, "ls": line}
            axes.text(x, y, token, ha="center", va="center", fontsize=9.5, bbox=frame, zorder=3)
            side = (x, y - 0.62, "center") if new in extended else (x + 0.16, y, "left")
            axes.text(*side[:2], f"{nodes[new]:.2f}", ha=side[2], va="center", fontsize=9, color=INK)
        marks = [Line2D([], [], color=colour, ls=line, lw=2, label=text) for colour, line, text in looks.values()]
        axes.figure.legend(handles=marks, loc="outside lower center", ncols=2, fontsize=9)


def searched(width: int) -> tuple[list[dict[tuple[int, ...], float]], Any]:
    """For each step of a beam search the extensions that it saw, with their log-probabilities; and what it found."""
    seen: list[dict[tuple[int, ...], float]] = []

    def step(tokens: Any, state: Any) -> Any:
        history = ops.concatenate([state["history"][:, 1:], ops.expand_dims(tokens, 1)], axis=1)
        log_probs = ops.take(TABLE, tokens, axis=0)
        own = ops.take_along_axis(ops.take(TABLE, state["history"][:, -1], axis=0), ops.expand_dims(tokens, 1), axis=1)[
            :, 0
        ]
        total = state["total"] + ops.where(state["begun"], own, ops.zeros_like(own))
        extensions: dict[tuple[int, ...], float] = {}
        for past, so_far, row in zip(array(history), array(total), array(log_probs), strict=True):
            beginning = tuple(int(token) for token in past[past >= 0])[1:]
            if 0 not in beginning and (beginning == () or not seen or beginning in seen[-1]):
                extensions |= {(*beginning, token): float(so_far + row[token]) for token in range(3)}
        seen.append(extensions)
        return log_probs, {"history": history, "total": total, "begun": ops.ones_like(state["begun"])}

    state = {"history": -np.ones((1, 6), "int32"), "total": np.zeros(1, "float32"), "begun": np.zeros(1, bool)}
    return seen, beam_search(step, state, start=[0], end=0, max_length=4, beams=width)
