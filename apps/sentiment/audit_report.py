"""An audit for people: a table on the terminal, a page, a picture; and for programs, JSON."""

from __future__ import annotations

import base64
import dataclasses
import html
import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from apps.core.run import write_text

from .audit import Audited, Result
from .bias import Answers, Effect, Estimate, compare, widest

SHOWN = 10
"""Sentence pairs that are shown."""
Row = tuple[str, list[str]]


def summary(result: Result) -> dict[str, Any]:
    """Everything as JSON."""
    first = next(iter(result.files.values()))
    sentences = result.templates
    return {
        "templates": {
            "name": sentences.name,
            "groups": list(sentences.groups),
            "templates": len(sentences.templates),
            "pairs": len(sentences.pairs),
            "left_out": list(result.left_out),
        },
        "score": result.scale.name,
        "seeds": [result.config.seed + index for index in range(result.config.seeds)],
        "config": dataclasses.asdict(result.config) | {"vectors": None},
        "files": {name: file_summary(each, first) for name, each in result.files.items()},
        "widest": widest({name: each.answers for name, each in result.files.items()}, SHOWN),
    }


def file_summary(audited: Audited, first: Audited) -> dict[str, Any]:
    """One file as JSON."""
    answers, before = audited.answers, None if audited is first else first.answers
    found = {
        "path": audited.path,
        "accuracy": {**accuracy(audited.accuracy), "by_seed": list(audited.accuracy)},
        "words": dict(audited.words),
        **effect_summary(answers, before),
        "by_tone": {
            tone: effect_summary(part, before and before.by_tone()[tone]) for tone, part in answers.by_tone().items()
        },
        "by_kind": {
            kind: effect_summary(part, before and before.by_kind()[kind]) for kind, part in answers.by_kind().items()
        },
        "by_pair": {
            str(pair): float(mean) for pair, mean in zip(answers.templates.pairs, answers.by_pair(), strict=True)
        },
    }
    if before:
        found["change"]["accuracy"] = accuracy(accuracy_change(audited, first))
    return found


def effect_summary(answers: Answers, before: Answers | None) -> dict[str, Any]:
    """What the group word does, and how that changed, as JSON."""
    changes = {name: each.summary() for name, each in compare(answers, before).items()} if before else {}
    return answers.effect().summary() | ({"change": changes} if changes else {})


def accuracy(by_seed: Sequence[float]) -> dict[str, float | None]:
    """Mean and sample standard deviation over seeds."""
    return {"mean": statistics.mean(by_seed), "std": statistics.stdev(by_seed) if len(by_seed) > 1 else None}


def accuracy_change(audited: Audited, first: Audited) -> list[float]:
    """By how much the accuracy of each seed is above that with the first file."""
    return [after - before for after, before in zip(audited.accuracy, first.accuracy, strict=True)]


# The table


def rows(result: Result) -> Iterator[tuple[str, list[Row]]]:
    """The table, as (title, rows) of its sections."""
    files = list(result.files.values())
    yield (
        "all sentences",
        [
            ("test accuracy", [with_std(each.accuracy) for each in files]),
            *effect_rows([each.answers.effect() for each in files]),
        ],
    )
    if len(files) > 1:
        changes = [compare(each.answers, files[0].answers) for each in files[1:]]
        accuracies = [with_std(accuracy_change(each, files[0]), sign="+") for each in files[1:]]
        yield (
            f"change from {next(iter(result.files))}",
            [
                ("test accuracy", ["", *accuracies]),
                ("difference", ["", *(interval(change["signed"]) for change in changes)]),
                ("size of the difference", ["", *(interval(change["absolute"]) for change in changes)]),
                ("other class, share", ["", *(interval(change["flips"]) for change in changes)]),
            ],
        )
    for split in (Answers.by_tone, Answers.by_kind):
        for name, parts in split_rows(files, split):
            yield name, effect_rows(parts)


def split_rows(
    files: Sequence[Audited], split: Callable[[Answers], dict[str, Answers]]
) -> Iterator[tuple[str, list[Effect]]]:
    """The effects of every file within each tone, or each kind of pairs."""
    parts = [split(each.answers) for each in files]
    for name, part in parts[0].items():
        sizes = plural(len(part.templates.templates), "template"), plural(len(part.templates.pairs), "pair")
        yield f"{name}: {' x '.join(sizes)}", [each[name].effect() for each in parts]


def plural(count: int, noun: str) -> str:
    """A count with its noun."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def effect_rows(effects: Sequence[Effect]) -> list[Row]:
    """The rows of some sentences, a cell for each file."""
    found: list[Row] = [
        ("difference", [interval(each.signed) for each in effects]),
        ("size of the difference", [interval(each.absolute, sign="") for each in effects]),
        ("the same within a group", ["" if each.within is None else f"{each.within:.4f}" for each in effects]),
        ("other class, share", [interval(each.flips, sign="") for each in effects]),
    ]
    return [row for row in found if any(row[1])]


def interval(found: Estimate, sign: str = "+") -> str:
    """A mean, its interval, and its standard deviation over seeds."""
    spread = "" if found.std is None else f" ± {found.std:.4f}"
    return f"{found.mean:{sign}.4f}{spread} [{found.low:{sign}.4f}, {found.high:{sign}.4f}]"


def with_std(values: Sequence[float], sign: str = "") -> str:
    """Mean and standard deviation."""
    spread = f" ± {statistics.stdev(values):.4f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):{sign}.4f}{spread}"


def explanation(result: Result) -> list[str]:
    """What the numbers are, a paragraph each."""
    one, other = result.templates.groups
    sentences, pairs = len(result.templates.templates), plural(len(result.templates.pairs), "pair")
    several = result.config.seeds > 1
    drawn = "templates, pairs and seeds" if several else "templates and pairs"
    spread = f"; after ± the standard deviation over {result.config.seeds} seeds." if several else ". "
    if not several:
        spread += "With one seed that leaves out what another training would give: --seeds 3 shows it."
    return [
        f"{sentences} sentences, each with {pairs} of words put into it ({one}, {other}): the difference is the "
        f"{result.scale.name} with the {one} word less that with the {other} word; its size is the mean of its "
        "absolute values. `The same within a group` is the size of the difference between two words of one group and "
        "kind: what any change of word does. The last is the share of the sentence pairs that get different classes.",
        f"In brackets the 95 % interval from drawing {drawn} anew{spread}",
        "Small differences do not make a model free of bias: these sentences and words are a few of many.",
    ]


def notes(result: Result) -> Iterator[str]:
    """What the numbers leave out."""
    if result.left_out:
        yield f"pairs left out, as a model does not know a word: {', '.join(result.left_out)}"
    for name, each in result.files.items():
        if found := each.words["without_vector"]:
            yield f"{name}: known from the data only, without a vector: {', '.join(found)}"
        if found := each.words["context_unknown"]:
            yield f"{name}: other words of the templates unknown: {', '.join(found)}"


def show(result: Result, console: Console, as_json: bool) -> None:
    """Prints the table or JSON, and the notes."""
    if as_json:
        print(json.dumps(summary(result), indent=1, ensure_ascii=False))
    else:
        table = Table("", *result.files, title=f"{result.scale.name}, {' less '.join(result.templates.groups)}")
        for title, section in rows(result):
            table.add_section()
            table.add_row(f"[bold]{title}")
            for name, cells in section:
                table.add_row("  " + name, *cells)
        # Cut to the usual 80 columns, a table would lose its numbers in a pipe.
        Console(width=None if sys.stdout.isatty() else 80 + 40 * len(result.files)).print(table)
        print("\n".join(widest_lines(result, 5)))
        for paragraph in explanation(result):
            console.print(paragraph, highlight=False, markup=False)
    for note in notes(result):
        console.print(note, highlight=False, markup=False, soft_wrap=True)


def widest_lines(result: Result, count: int) -> Iterator[str]:
    """The sentence pairs with the largest differences."""
    yield "the widest:"
    for found in widest({name: each.answers for name, each in result.files.items()}, count):
        yield f"  {' | '.join(found['sentences'])}"
        for name, (one, other) in found["scores"].items():
            yield f"    {name}: {one:.3f} | {other:.3f}  ({one - other:+.3f})"


# The picture and the page


def write_png(result: Result, path: Path) -> None:
    """Each pair's mean difference by file, beside the differences of all sentence pairs."""
    from apps.core.plots import ACCENT, INK, MUTED, SECOND, figure

    colours = [ACCENT, SECOND, "#3a8f5c", "#8c4aa0", "#b3404a", MUTED]
    pairs = result.templates.pairs
    height = max(3.5, 0.2 * len(pairs) + 1.4)
    one, other = result.templates.groups
    with figure(path, 1, 2, figsize=(10, height)) as (left, right):
        order = next(iter(result.files.values())).answers.by_pair().argsort()
        for index, (name, each) in enumerate(result.files.items()):
            colour = colours[index % len(colours)]
            left.plot(each.answers.by_pair()[order], range(len(pairs)), "o", color=colour, markersize=5, alpha=0.8)
            parts = [("all", each.answers), *each.answers.by_kind().items(), *each.answers.by_tone().items()]
            offset = 0.6 * (index + 0.5) / len(result.files) - 0.3
            for row, (_, part) in enumerate(parts):
                found = part.effect().signed
                right.plot([found.low, found.high], [row + offset] * 2, color=colour, linewidth=2)
                right.plot(found.mean, row + offset, "o", color=colour, label=name if not row else None)
        left.set_yticks(range(len(pairs)), [str(pairs[place]) for place in order], fontsize=8, parse_math=False)
        right.set_yticks(range(len(parts)), [name for name, _ in parts], parse_math=False)
        right.invert_yaxis()
        left.set_title("Each pair, mean over templates")
        right.set_title("Mean difference, 95 % interval")
        for axes in (left, right):
            axes.axvline(0, color=INK, linewidth=0.8)
            axes.grid(axis="x", color="#e4e7eb")
            axes.set_axisbelow(True)
            axes.set_xlabel(f"{result.scale.name}: {one} less {other}", parse_math=False)
        legend = right.legend(fontsize=8, loc="best", frameon=True, framealpha=0.9)
        for text in legend.get_texts():
            text.set_parse_math(False)


PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>
 body {{ font: 16px/1.5 system-ui, sans-serif; color: #1f2933; max-width: 64rem; margin: 2rem auto; padding: 0 1rem }}
 h1 {{ font-size: 1.5rem }} h2 {{ font-size: 1.1rem; margin-top: 2rem }} img {{ max-width: 100% }}
 table {{ border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums }}
 div {{ overflow-x: auto }}
 td, th {{ text-align: left; padding: .15rem 1.2rem .15rem 0; vertical-align: top }}
 th[colspan] {{ padding-top: .8rem }} thead th {{ border-bottom: 1px solid #9aa5b1 }}
 p, li {{ max-width: 46rem }} small {{ color: #52606d }}
</style>
<h1>{title}</h1>
{explanation}
<div><table><thead><tr><th></th>{files}</tr></thead><tbody>
{rows}
</tbody></table></div>
<img src="data:image/png;base64,{picture}" alt="The mean difference of each pair, and of each kind and tone">
<h2>The widest differences</h2>
<div><table><thead><tr><th></th>{files}</tr></thead><tbody>
{widest}
</tbody></table></div>
<h2>Known and unknown</h2>
<ul>
{notes}
</ul>
</html>
"""


def write_html(result: Result, path: Path) -> None:
    """All in one page, the picture inside."""
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "audit.png"
        write_png(result, picture)
        encoded = base64.b64encode(picture.read_bytes()).decode()
    escape = html.escape
    columns = 1 + len(result.files)
    lines = []
    for title, section in rows(result):
        lines.append(f'<tr><th colspan="{columns}">{escape(title)}</th></tr>')
        lines += [table_row(name, cells) for name, cells in section]
    shown = [
        table_row(" | ".join(found["sentences"]), [f"{a:.3f} | {b:.3f}" for a, b in found["scores"].values()])
        for found in widest({name: each.answers for name, each in result.files.items()}, SHOWN)
    ]
    told = [*notes(result), *(f"{name}: {each.path}; {each.coverage}" for name, each in result.files.items())]
    page = PAGE.format(
        title=escape(f"What the word for a person changes: {' and '.join(result.templates.groups)}"),
        explanation="\n".join(f"<p>{escape(paragraph)}</p>" for paragraph in explanation(result)),
        files="".join(f"<th>{escape(name)}</th>" for name in result.files),
        rows="\n".join(lines),
        picture=encoded,
        widest="\n".join(shown),
        notes="\n".join(f"<li>{escape(note)}</li>" for note in told),
    )
    write_text(path, page)


def table_row(name: str, cells: Sequence[str]) -> str:
    """A row of an HTML table."""
    return f"<tr><td>{html.escape(name)}</td>{''.join(f'<td>{html.escape(cell)}</td>' for cell in cells)}</tr>"
