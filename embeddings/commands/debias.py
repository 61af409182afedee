"""`python -m embeddings debias FILE`."""

from __future__ import annotations

import contextlib
import json
import sys
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from ..errors import InputError, InputWarning
from ..files import replacing
from ..formats import FORMATS, format_to_write, read, write
from ..formats.reading import OnBadWords
from ..vectors import Vectors

Method = Literal["hard", "soft", "double-hard", "inlp"]

OPTIONS: dict[str, tuple[str, ...]] = {
    "specific": ("hard", "soft", "double-hard"),
    "components": ("hard", "soft", "double-hard"),
    "strength": ("soft",),
    "classifiers": ("inlp",),
    "stop_at_chance": ("inlp",),
    "seed": ("double-hard", "inlp"),
}
"""Which methods have a use for an option."""


def debias(
    file: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FILE")],
    *,
    method: Method,
    output: Path,
    groups: str = "gender",
    specific: str | None = None,
    components: int | None = None,
    strength: float | None = None,
    classifiers: int | None = None,
    stop_at_chance: bool = False,
    seed: int | None = None,
    lengths: Literal["keep", "unit"] = "keep",
    format: Literal["text", "binary", "glove", "safetensors"] | None = None,
    limit: int | None = None,
    on_bad_words: OnBadWords = "error",
    overwrite: bool = False,
) -> None:
    """Reduce a bias in word vectors, and record what was done.

    No method takes a bias out altogether: what is hidden from one measure is often still there for another. `audit`
    shows what remains.

    Args:
        file: The vectors, in any format that `convert` knows, the most frequent words first.
        method: `hard` takes the bias direction out of all words but specific ones and makes pairs equal; `soft` maps
            all words so that they lie less along it; `double-hard` takes out a component that tells frequency before
            `hard`; `inlp` takes out the directions by which linear classifiers tell the most biased words.
        output: The file to write. safetensors keeps the record of what was done; for other formats it is written
            beside, with .debias.json at its end.
        groups: Word sets: `gender`, a JSON file, or a folder of such.
        specific: The words that are about a group by definition, and stay: `listed` in the word sets, `learned` from
            their seed words, or a file with a word a line or a JSON list. Not for inlp. Listed if there is a list.
        components: Dimensions of the bias, from the pairs' principal components: 1. Not for inlp.
        strength: For soft: how much the bias weighs against what changes: 0.2.
        classifiers: For inlp: how many; each takes a dimension out: 35.
        stop_at_chance: For inlp: train no more classifiers when one is not better than chance.
        seed: For double-hard and inlp, of every random number: 0.
        lengths: `keep` gives every vector the length that it had; `unit` length one, as in the papers.
        format: As for `convert`.
        limit: Use only so many of the vectors, from the first on.
        on_bad_words: As for `convert`.
        overwrite: Replace what is there.
    """
    given = {
        "specific": specific,
        "components": components,
        "strength": strength,
        "classifiers": classifiers,
        "stop_at_chance": stop_at_chance or None,
        "seed": seed,
    }
    options = {name: value for name, value in given.items() if value is not None}
    _check_options(method, options)
    name = format_to_write(output, format)
    beside = None if name == "safetensors" else output.with_name(output.name + ".debias.json")
    _check_places(file, output, beside, overwrite)
    after = _run(method, file, groups, {**options, "lengths": lengths}, limit, on_bad_words)
    record = after.settings["debias"]
    with _recorded(beside, record):
        write(output, after, name)
    if beside:
        warnings.warn(
            f"{output}: {FORMATS[name]} keeps no record of what was done; it is in {beside}", InputWarning, stacklevel=2
        )
    for line in described(record):
        print(line, file=sys.stderr)
    print(f"{output}: {len(after):,} vectors of {after.dimensions} numbers, {FORMATS[name]}", file=sys.stderr)


def _check_options(method: Method, options: Mapping[str, Any]) -> None:
    for name in options:
        if method not in OPTIONS[name]:
            raise InputError(f"has no meaning for --method {method}; leave it out", "--" + name.replace("_", "-"))
    if options.get("seed", 0) < 0 or options.get("seed", 0) >= 2**32:
        raise InputError(f"must be from 0 to {2**32 - 1}, not {options['seed']}", "--seed")


def _check_places(file: Path, output: Path, beside: Path | None, overwrite: bool) -> None:
    """Before the time that reading takes, sees that nothing is lost."""
    if output.exists() and file.exists() and output.samefile(file):
        raise InputError("is the file to debias; name another, the original is needed to judge by", output)
    if not output.parent.is_dir():
        raise InputError("there is no such folder to write in; make it first", output.parent)
    for path in filter(None, (output, beside)):
        if path.exists() and not overwrite and (path.is_file() or path.is_dir()):
            raise InputError("exists already; name another file, or give --overwrite", path)


def _run(
    method: Method, file: Path, groups: str, options: dict[str, Any], limit: int | None, on_bad_words: OnBadWords
) -> Vectors:
    from ..bias.double_hard import double_hard
    from ..bias.groups import load_groups
    from ..bias.hard import hard
    from ..bias.inlp import inlp
    from ..bias.soft import soft
    from ..bias.specific import read_specific

    sets = load_groups(groups)
    if options.get("specific") not in (None, "listed", "learned"):
        options["specific"] = read_specific(Path(options["specific"]))
    vectors = read(file, limit, on_bad_words)
    run: Any = {"hard": hard, "soft": soft, "double-hard": double_hard, "inlp": inlp}[method]
    return run(vectors, sets, **options)


@contextlib.contextmanager
def _recorded(path: Path | None, record: Mapping[str, Any]) -> Iterator[None]:
    """Writes the record to a file, which is there only when what is done meanwhile succeeds."""
    if path is None:
        yield
        return
    with replacing(path) as partial:
        partial.write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", "utf-8")
        yield


def described(record: Mapping[str, Any]) -> list[str]:
    """What was done, for people to read."""
    pairs = record["definitional_pairs"]
    explained = ", ".join(f"{share:.0%}" for share in record["explained"])
    lines = [f"{pairs['used']} definitional pairs; the bias space explains {explained} of their variance"]
    if "specific" in record:
        words = record["specific"]
        lines.append(f"{words['words']:,} specific words, {words['source']}; {len(words['missing']):,} not found")
    if "equalize_pairs" in record:
        lines.append(f"{record['neutralised']:,} words neutralised, {record['equalize_pairs']['used']} pairs equalised")
    if "removed_component" in record:
        accuracies = record["cluster_accuracies"]
        found = record["removed_component"]
        lines.append(
            f"principal component {found} taken out: clusters agree with the sides for {accuracies[found - 1]:.1%} "
            f"({min(accuracies):.1%} to {max(accuracies):.1%} over {len(accuracies)} components)"
        )
    if "accuracies" in record:
        accuracies = record["accuracies"]
        course = f", accuracy from {accuracies[0]:.1%} to {accuracies[-1]:.1%}" if accuracies else ""
        lines.append(
            f"{len(accuracies)} classifiers{course} (chance {record['chance']:.1%}); "
            f"{record['dimensions_left']} dimensions left"
        )
    return lines
