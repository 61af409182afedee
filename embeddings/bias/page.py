"""An audit as one page of HTML, with everything in it: no other file, no script, nothing from the network."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape as escape_markup
from string import Template
from typing import TYPE_CHECKING

from . import pictures
from .audit import Audit, FileAudit
from .findings import missing, reading, unmeasured, where
from .report import INTRODUCTIONS, NONE, Row, labels, rows

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MADE_UP = 20
"""Analogies shown of each file."""
LISTED = 60
"""Words not found that are named; the rest is counted."""

PAGE = Template("""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>$title</title>
<style>
 body { font: 16px/1.55 system-ui, sans-serif; color: #1f2933 }
 body { max-width: ${width}rem; margin: 2.5rem auto; padding: 0 1.2rem }
 h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .3rem }
 h2 { font-size: 1.25rem; margin: 2.6rem 0 .4rem; padding-top: .8rem; border-top: 2px solid #e4e8ec }
 p, ul { max-width: 46rem } p { margin: .5rem 0 } li { margin: .35rem 0 }
 .lead { color: #52606d; margin-bottom: 1.2rem }
 .said { background: #fff8eb; border-left: 4px solid #e69f00; border-radius: 0 .3rem .3rem 0 }
 .said { padding: .7rem 1.1rem; max-width: 46rem }
 .said ul { margin: .3rem 0; padding-left: 1.1rem }
 .wide { overflow-x: auto }
 table { border-collapse: collapse; width: 100%; margin: .8rem 0; font-variant-numeric: tabular-nums }
 th, td { text-align: left; padding: .42rem .7rem; border-bottom: 1px solid #e4e8ec; vertical-align: top }
 thead th { border-bottom: 2px solid #9aa5b1; font-size: .88rem; overflow-wrap: anywhere; vertical-align: bottom }
 .number { text-align: right; white-space: nowrap }
 thead .number { white-space: normal }
 tbody th { font-weight: 600 }
 .section th { background: #f4f6f8; font-size: 1.02rem; padding-top: .8rem }
 .section p { font-weight: 400; font-size: .88rem; margin: .15rem 0 .1rem; color: #52606d }
 small { display: block; font-size: .8rem; color: #52606d; font-weight: 400; line-height: 1.4 }
 td small { white-space: nowrap } .measure { min-width: 17rem; max-width: 27rem }
 .first { background: #f9fafb }
 figure { margin: 1.2rem 0 1.8rem } figure img { max-width: 100%; height: auto; display: block }
 figcaption { font-size: .9rem; color: #52606d; max-width: 46rem; margin-top: .4rem }
 details { margin: .6rem 0 } summary { cursor: pointer; font-weight: 600 }
 .words { color: #52606d; font-size: .9rem; overflow-wrap: anywhere }
 @media print { body { max-width: none; margin: 0 } details > * { display: block } }
</style></head><body>
<h1>$title</h1>
<p class="lead">$lead</p>
$said
$files
<h2>Before and after</h2>
<p>Each number stands above what it rests on. The most biased words and their sides are those of the first file. The
last column is what would be read where there is nothing to find.</p>
$table
$pictures
$generated
$professions
$missing
<h2>How to read this</h2>
<ul>
<li>A low number says that <em>this</em> measure finds little. It does not say that nothing is there: debiasing that
works along a direction hides a bias from measures along that direction, while clusters and classifiers still find it
(Gonen and Goldberg 2019).</li>
<li>What counts in the end is what users of a system meet: measure there, too.</li>
<li>The word sets decide what is looked for. These describe two groups; people are of more kinds than that, and other
biases need other sets.</li>
<li>Differences of a few points are within what other seeds, other words or another training would give.</li>
</ul>
<h2>References</h2>
<p class="words">Direction, direct bias, made-up analogies: Bolukbasi et al. 2016. WEAT: Caliskan et al. 2017. Relative
norm distance: Garg et al. 2018. RIPA: Ethayarajh et al. 2019. SemBias: Zhao et al. 2018. Clusters, neighbours, probes:
Gonen and Goldberg 2019; Ravfogel et al. 2020. Double-hard: Wang et al. 2020.</p>
<p class="words">$colophon</p>
</body></html>
""")


def page(audit: Audit) -> str:
    """The whole report.

    Args:
        audit: What was measured.

    Returns:
        HTML, every word and name in it escaped.
    """
    names = labels([file.name for file in audit.files])
    sides = " and ".join(f"“{side}”" for side in audit.sets.groups)
    return PAGE.substitute(
        title=escape(f"Bias in word vectors: {audit.sets.name}"),
        lead=escape(
            f"What tells words of {sides} apart in these vectors, what words that should be about neither have of it, "
            "and what remains of that when it was reduced."
        ),
        width=max(62, 34 + 11 * len(names)),
        said=_said(audit),
        files=_files(audit, names),
        table=_table(audit, names),
        pictures=_pictures(audit),
        generated=_generated(audit, names),
        professions=_professions(audit, names),
        missing=_missing(audit),
        colophon=escape(
            f"Word sets: {audit.sets.name}; {audit.specific:,} words are about a group by definition. "
            f"Seed {audit.seed}. Cosines and clusters are those of vectors of length one. "
            "Made by python -m embeddings audit."
        ),
    )  # fmt: skip


def escape(text: str) -> str:
    """Any text, as it can stand in the page; a per-cent sign stays with its number."""
    return escape_markup(text).replace(" %", "&nbsp;%")


def _said(audit: Audit) -> str:
    lines = reading(audit)
    return f'<div class="said"><strong>In short</strong><ul>{_items(lines)}</ul></div>' if lines else ""


def _items(lines: Iterable[str]) -> str:
    return "".join(f"<li>{escape(line)}</li>" for line in lines)


def _files(audit: Audit, names: Sequence[str]) -> str:
    body = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(file.name)}</td>"
        f"<td class=number>{file.words:,} × {file.dimensions}</td><td>{escape(_done(file, index))}</td></tr>"
        for index, (name, file) in enumerate(zip(names, audit.files, strict=True))
    )
    head = "<th>vectors</th><th>file</th><th class=number>words × numbers</th><th>what was done to them</th>"
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _done(file: FileAudit, index: int) -> str:
    """What the record of debiasing says, if there is one."""
    if not file.record:
        return "the original" if index == 0 else "the file keeps no record"
    wanted = ("method", "groups", "components", "strength", "classifiers", "removed_component", "lengths", "seed")
    said = [f"{key.replace('_', ' ')} {file.record[key]}" for key in wanted if key in file.record]
    return ", ".join(said)


def _table(audit: Audit, names: Sequence[str]) -> str:
    head = "".join(f"<th class=number>{escape(name)}</th>" for name in names)
    lines = []
    section = ""
    for row in rows(audit):
        if row.section != section:
            section = row.section
            lines.append(
                f'<tr class="section"><th colspan="{len(names) + 2}">{escape(section)}'
                f"<p>{escape(INTRODUCTIONS[section])}</p></th></tr>"
            )
        lines.append(_table_row(row))
    return (
        f'<div class="wide"><table><thead><tr><th>measure</th>{head}<th class=number>with nothing to find</th></tr>'
        f"</thead><tbody>{''.join(lines)}</tbody></table></div>"
    )


def _table_row(row: Row) -> str:
    cells = "".join(
        f'<td class="number{"" if index else " first"}">{escape(cell.text)}<small>{escape(cell.n)}</small></td>'
        for index, cell in enumerate(row.cells)
    )
    return (
        f'<tr><th class="measure">{escape(row.name)}<small>{escape(row.help)}</small></th>{cells}'
        f"<td class=number>{escape(row.without)}</td></tr>"
    )


def _pictures(audit: Audit) -> str:
    first, second = audit.sets.groups
    drawn = [
        (
            pictures.most_biased(audit, audit.seed),
            "The most biased words",
            f"The words that lean most to “{first}” and to “{second}” in the original, as t-SNE places them: near in "
            "the picture is near in the vectors, what lies far apart says little. Where two colours stay apart, the "
            "sides can still be read.",
        ),
        (
            pictures.professions(audit),
            "Professions along the direction",
            "Those that lean most to either side in the original, along its direction.",
        ),
        (
            pictures.explained(audit),
            "What the pairs have in common",
            "How much of what tells the words of a pair apart lies in each principal component. One high first "
            "component is what makes a direction of the bias worth speaking of.",
        ),
    ]
    shown = [_figure(*one) for one in drawn if one[0]]
    return f"<h2>Pictures</h2>{''.join(shown)}" if shown else ""


def _figure(picture: Figure | None, title: str, caption: str) -> str:
    if picture is None:
        return ""
    return (
        f'<figure><img alt="{escape(title)}" width="{round(100 * picture.get_figwidth())}" '
        f'src="{pictures.data_url(picture)}">'
        f"<figcaption><strong>{escape(title)}.</strong> {escape(caption)}</figcaption></figure>"
    )


def _generated(audit: Audit, names: Sequence[str]) -> str:
    """The analogies that each file makes up, side by side."""
    columns = [[f"{one.first} – {one.second}" for one in file.generated[:MADE_UP]] for file in audit.files]
    if not any(columns):
        return ""
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{_columns(columns)}</tbody></table>"
    return (
        "<h2>Analogies that the vectors make up</h2><p>Near words that differ most as the two of one pair do, such as "
        "she and he: the first is to the second as she is to he. Some are so by definition; look for those that "
        f"should not be.</p><div class=wide>{table}</div>"
    )


def _columns(columns: Sequence[Sequence[str]]) -> str:
    longest = max(map(len, columns))
    cells = ([column[row] if row < len(column) else "" for column in columns] for row in range(longest))
    return "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in cells)


def _professions(audit: Audit, names: Sequence[str]) -> str:
    """All professions with their places, in the order of the original."""
    original = audit.files[0].direct
    if original is None:
        return ""
    places: list[dict[str, float]] = [dict(file.direct.projections) if file.direct else {} for file in audit.files]
    body = "".join(
        f"<tr><td>{escape(word)}</td>"
        + "".join(f"<td class=number>{_place(found.get(word))}</td>" for found in places)
        + "</tr>"
        for word, _ in original.projections
    )
    head = "".join(f"<th class=number>{escape(name)}</th>" for name in names)
    first, second = audit.sets.groups
    return (
        f"<details><summary>All {original.n:,} professions along the direction: above 0 “{escape(first)}”, below 0 "
        f"“{escape(second)}”</summary><div class=wide><table><thead><tr><th>profession</th>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></div></details>"
    )


def _place(value: float | None) -> str:
    return NONE if value is None else f"{value:+.3f}"


def _missing(audit: Audit) -> str:
    parts = []
    if lacking := missing(audit):
        body = "".join(_missing_row(audit, each.what, each.words, each.files) for each in lacking)
        head = "<th>set</th><th>vectors</th><th class=number>n</th><th>words</th>"
        parts.append(f"<div class=wide><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>")
    if failed := unmeasured(audit):
        lines = [f"{one.what}{where(audit, one.files)}: {one.why}" for one in failed]
        parts.append(f"<p>Not measured:</p><ul>{_items(lines)}</ul>")
    return f"<h2>What could not be found or measured</h2>{''.join(parts)}" if parts else ""


def _missing_row(audit: Audit, what: str, words: Sequence[str], files: Sequence[str]) -> str:
    named = ", ".join(words[:LISTED]) + (f" and {len(words) - LISTED:,} more" if len(words) > LISTED else "")
    named_files = "all" if len(files) == len(audit.files) else ", ".join(files)
    return (
        f"<tr><td>{escape(what)}</td><td>{escape(named_files)}</td><td class=number>{len(words):,}</td>"
        f"<td class=words>{escape(named)}</td></tr>"
    )
