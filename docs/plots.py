"""The pictures of docs/layers.md, drawn from what the layers do: `python docs/plots.py` writes all to docs/images."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).parents[1]))

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import ops
from matplotlib.colors import LinearSegmentedColormap, ListedColormap

from apps.core.plots import ACCENT, INK, MUTED, SECOND, figure
from layers import (
    CRF,
    GRU,
    LSTM,
    Attention,
    AttentionPooling,
    EmbeddingDropout,
    MeanPooling,
    SelfAttentionPooling,
    WordDropout,
)
from layers.crf import edge_marginals, marginals, viterbi
from layers.search import beam_search

IMAGES = Path(__file__).parent / "images"
PALE, SOFT = "#eef2f7", "#cbd5e1"
BLUES = LinearSegmentedColormap.from_list("house", ["#ffffff", "#a9c5e6", ACCENT, "#0d2c54"])
WIDTH = 7.4  # inches


def main() -> None:
    """Draws everything."""
    for draw in (attention, decoder, noise, lattice, beams, pooling):
        draw(IMAGES / f"layers_{draw.__name__}.png")
        print(IMAGES / f"layers_{draw.__name__}.png")


def array(tensor: Any) -> Any:
    """A numpy array."""
    return ops.convert_to_numpy(tensor)


def bare(axes: Any, title: str, x: str = "", y: str = "") -> None:
    """A title and names of the axes, no ticks, no frame."""
    axes.set_title(title, fontsize=10)
    axes.set_xlabel(x, fontsize=9)
    axes.set_ylabel(y, fontsize=9)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)


# Attention


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


# AttentionCell


def decoder(path: Path) -> None:
    """What flows where in the two orders."""
    with figure(path, 1, 2, figsize=(WIDTH, 3.9)) as panels:
        flow(panels[0], 'order="bahdanau": attend, then step')
        flow(panels[1], 'order="luong": step, then attend')


def flow(axes: Any, title: str) -> None:
    """One order, from the inputs below to the outputs above."""
    bare(axes, title)
    axes.set(xlim=(0, 10), ylim=(0.5, 10))
    first, second = ("attend", "cell") if "bahdanau" in title else ("cell", "attend")
    box(axes, 5, 3.4, first)
    box(axes, 5, 5.9, second)
    box(axes, 5, 8.2, "tanh(W [c; h])", fill="white")
    name(axes, 5, 9.7, r"output $\tilde h_i$")
    arrow(axes, (5, 8.7), (5, 9.4))
    if first == "attend":
        name(axes, 5, 1.0, r"state $h_{i-1}$")
        name(axes, 1.0, 5.9, "input $x_i$\nstate $h_{i-1}$")
        arrow(axes, (5, 1.35), (5, 2.85), "query")
        arrow(axes, (2.3, 5.9), (3.4, 5.9))
        arrow(axes, (5, 3.95), (5, 5.35), "$c_i$")
        arrow(axes, (5, 6.45), (5, 7.65), "$h_i$")
        arrow(axes, (6.6, 3.4), (6.7, 8.2), "$c_i$", bend=0.7, shift=(1.05, 0))
        name(axes, 1.1, 3.4, "memory", box=True)
        arrow(axes, (2.2, 3.4), (3.4, 3.4))
    else:
        name(axes, 3.6, 1.0, r"state $h_{i-1}$")
        name(axes, 7.3, 1.0, r"[input $x_i$; $\tilde h_{i-1}$]")
        arrow(axes, (3.9, 1.35), (4.6, 2.85))
        arrow(axes, (6.8, 1.35), (5.5, 2.85))
        arrow(axes, (5, 3.95), (5, 5.35), "query $h_i$")
        arrow(axes, (5, 6.45), (5, 7.65), "$c_i$")
        arrow(axes, (6.6, 3.4), (6.7, 8.2), "$h_i$", bend=0.7, shift=(1.05, 0))
        name(axes, 1.1, 5.9, "memory", box=True)
        arrow(axes, (2.2, 5.9), (3.4, 5.9))


def box(axes: Any, x: float, y: float, text: str, fill: str = PALE) -> None:
    """A labelled box around a place."""
    axes.add_patch(
        plt.matplotlib.patches.FancyBboxPatch(
            (x - 1.6, y - 0.5), 3.2, 1.0, boxstyle="round,pad=0,rounding_size=0.2", fc=fill, ec=ACCENT, lw=1.4
        )
    )
    axes.text(x, y, text, ha="center", va="center", color=INK, fontsize=10)


def name(axes: Any, x: float, y: float, text: str, box: bool = False) -> None:
    """What goes in or comes out."""
    frame = {"boxstyle": "round,pad=0.4", "fc": "#fdf1e3", "ec": SECOND} if box else None
    axes.text(x, y, text, ha="center", va="center", color=INK, fontsize=10, bbox=frame)


def arrow(
    axes: Any,
    start: tuple[float, float],
    end: tuple[float, float],
    text: str = "",
    bend: float = 0.0,
    shift: tuple[float, float] = (0.2, 0),
) -> None:
    """An arrow, with a word beside it."""
    style = {"arrowstyle": "-|>", "color": INK, "lw": 1.2, "connectionstyle": f"arc3,rad={bend}"}
    axes.annotate("", end, start, arrowprops={**style, "shrinkA": 0, "shrinkB": 0})
    x, y = ((a + b) / 2 + s for a, b, s in zip(start, end, shift, strict=True))
    axes.text(x, y, text, color=INK, fontsize=9, va="center")


# Noise

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
        keys = [
            plt.matplotlib.patches.Patch(fc=colour, label=text)
            for colour, text in ((SOFT, "as it was"), (SECOND, "taken by noise"))
        ]
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


# CRF


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
            plt.Line2D([], [], color=ACCENT, lw=4, label="best path (viterbi)"),
            plt.Line2D([], [], color=MUTED, lw=3, label="other edges, as wide as probable"),
            plt.Line2D([], [], color=SECOND, lw=1.4, ls=(0, (3, 3)), label="forbidden by IOB2"),
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


# Search

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
        heights[new] = np.mean([heights[child] for child in nodes if child and child[:-1] == new])
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
        marks = [plt.Line2D([], [], color=colour, ls=line, lw=2, label=text) for colour, line, text in looks.values()]
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
        extensions = {}
        for past, so_far, row in zip(array(history), array(total), array(log_probs), strict=True):
            beginning = tuple(int(token) for token in past[past >= 0])[1:]
            if 0 not in beginning and (beginning == () or not seen or beginning in seen[-1]):
                extensions |= {(*beginning, token): float(so_far + row[token]) for token in range(3)}
        seen.append(extensions)
        return log_probs, {"history": history, "total": total, "begun": ops.ones_like(state["begun"])}

    state = {"history": -np.ones((1, 6), "int32"), "total": np.zeros(1, "float32"), "begun": np.zeros(1, bool)}
    return seen, beam_search(step, state, start=[0], end=0, max_length=4, beams=width)


# Pooling


def pooling(path: Path) -> None:
    """The weights by which each layer sums the steps of a sequence, two of them masked."""
    keras.utils.set_random_seed(1)
    x = np.random.default_rng(1).normal(size=(1, 12, 8)).astype("float32")
    mask = np.array([[True] * 4 + [False] + [True] * 5 + [False] * 2])
    heads = SelfAttentionPooling(heads=3, units=8, penalty=1.0)
    before = array(heads(x, mask=mask, return_attention_scores=True)[1])[0]
    inputs, where = keras.Input((12, 8)), keras.Input((12,), dtype="bool")
    model = keras.Model([inputs, where], heads(inputs, mask=where))
    model.compile(keras.optimizers.Adam(0.05), loss=lambda target, output: ops.mean(0 * output), jit_compile=False)
    model.fit([x, mask], np.zeros((1, 3, 8)), epochs=60, verbose=0)
    after = array(heads(x, mask=mask, return_attention_scores=True)[1])[0]
    one = array(AttentionPooling(8)(x, mask=mask, return_attention_scores=True)[1])
    steps = np.eye(12, dtype="float32")[None]
    mean = array(MeanPooling()(steps, mask=mask))  # the mean of unit vectors is the weights
    rows = {
        "MeanPooling": mean,
        "AttentionPooling": one,
        "SelfAttentionPooling(heads=3)": before,
        "…, after 60 steps on its penalty": after,
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


if __name__ == "__main__":
    main()
