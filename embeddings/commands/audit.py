"""`python -m embeddings audit BEFORE [AFTER ...]`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro
from rich.console import Console

from ..errors import InputError
from ..files import replacing
from ..formats.reading import OnBadWords

if TYPE_CHECKING:
    from ..bias.audit import Audit, FurtherTests
    from ..bias.groups import WeatTest, WordSets

ENDINGS = (".html", ".htm")


def audit(
    files: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="BEFORE [AFTER ...]")],
    *,
    groups: str = "gender",
    output: Path | None = None,
    as_json: Annotated[bool, tyro.conf.arg(name="json")] = False,
    analogies: tuple[Path, ...] = (),
    similarity: tuple[Path, ...] = (),
    sembias: Path | None = None,
    weat: tuple[Path, ...] = (),
    seed: int = 0,
    limit: int | None = None,
    on_bad_words: OnBadWords = "error",
) -> None:
    """Measure bias in word vectors, before and after it was reduced.

    The first file is the original: by it the most biased words are chosen, which all files are judged by. Low numbers
    along the direction say that a bias is not found there, no more; clusters and probes look for it elsewhere.

    Args:
        files: The vectors, in any format that `convert` knows, the most frequent words first; the original first.
        groups: Word sets: `gender`, a JSON file, or a folder of such; docs/bias.md describes the format.
        output: Write a report to this file, which must end in .html: all in one, with pictures.
        as_json: Print everything as JSON.
        analogies: Files such as questions-words.txt, to see what is lost; `sample` for those of the sample corpus.
        similarity: Files such as WordSim-353, SimLex-999 or MEN, to see what is lost.
        sembias: The questions of SemBias: lines of four pairs such as king:queen.
        weat: Further association tests: word sets with `weat`, or Caliskan's weat.json.
        seed: Of samples, clusters, probes and pictures.
        limit: Use only so many of the vectors of each file, from the first on.
        on_bad_words: As for `convert`.
    """
    _check(files, output, seed)
    from ..bias.groups import load_groups

    sets = load_groups(groups)
    tests = _tests(analogies, similarity, sembias, weat, sets)
    found = _measure(files, sets, tests, seed, limit, on_bad_words)
    if output:
        from ..bias.page import page

        with replacing(output) as partial:
            partial.write_text(page(found), "utf-8")
    _print(found, as_json)
    if output:
        print(f"report in {output}", file=sys.stderr)


def _check(files: Sequence[Path], output: Path | None, seed: int) -> None:
    """Before the time that reading and measuring take."""
    if not files:
        raise InputError("name a file of vectors; the original first", "audit")
    if twice := [file for file in files if list(files).count(file) > 1]:
        raise InputError("is given twice; name each file once", twice[0])
    if not 0 <= seed < 2**32:
        raise InputError(f"must be from 0 to {2**32 - 1}, not {seed}", "--seed")
    if not output:
        return
    if output.suffix.lower() not in ENDINGS:
        raise InputError("must end in .html", f"--output {output}")
    if output.is_dir():
        raise InputError("is a folder; name a file to write", output)
    if not output.parent.is_dir():
        raise InputError("there is no such folder to write in; make it first", output.parent)


def _tests(
    analogies: Sequence[Path], similarity: Sequence[Path], sembias: Path | None, weat: Sequence[Path], sets: WordSets
) -> FurtherTests:
    """Reads every test, so that a mistake in one is found before the first vectors are."""
    from ..bias.audit import FurtherTests
    from ..bias.sembias import read_sembias
    from ..evaluation import read_pairs, read_questions

    return FurtherTests(
        _named(analogies, read_questions),
        _named(similarity, read_pairs),
        read_sembias(sembias) if sembias else (),
        tuple(_weat_tests(weat, {test.name for test in sets.weat})),
    )


def _named(paths: Sequence[Path], reader: Callable[[Path], Any]) -> dict[str, Any]:
    """What is read of each file, by the file's name, or by its path where two have one name."""
    if twice := [path for path in paths if list(paths).count(path) > 1]:
        raise InputError("is given twice; name each test once", twice[0])
    names = [path.name for path in paths]
    return {path.name if names.count(path.name) == 1 else str(path): reader(path) for path in paths}


def _weat_tests(paths: Iterable[Path], taken: set[str]) -> Iterable[WeatTest]:
    from ..bias.groups import load_groups

    for path in paths:
        tests = load_groups(path).weat
        if not tests:
            raise InputError("holds no `weat` tests; docs/bias.md describes the format", path)
        for test in tests:
            if test.name in taken:
                raise InputError(f"there are two tests called {test.name!r}; rename one", path)
            taken.add(test.name)
            yield test


def _measure(
    files: Sequence[Path], sets: WordSets, tests: FurtherTests, seed: int, limit: int | None, on_bad_words: OnBadWords
) -> Audit:
    from ..bias.audit import Auditor
    from ..formats import read

    print(f"reading and measuring {files[0]}", file=sys.stderr)
    original = read(files[0], limit, on_bad_words)
    auditor = Auditor(original, sets, tests, seed)
    reports = [auditor.judge(str(files[0]), original)]
    for file in files[1:]:
        print(f"reading and measuring {file}", file=sys.stderr)
        reports.append(auditor.judge(str(file), read(file, limit, on_bad_words)))
    return auditor.audit(reports)


def _print(found: Audit, as_json: bool) -> None:
    from ..bias.findings import missing, reading, unmeasured, where
    from ..bias.report import table

    if as_json:
        print(json.dumps(found.summary(), indent=1, ensure_ascii=False, allow_nan=False))
    else:
        # Cut to the usual 80 columns, a table would lose its numbers in a pipe.
        width = None if sys.stdout.isatty() else 80 + 26 * len(found.files)
        Console(width=width).print(table(found))
        for line in reading(found):
            print(line)
    for what in missing(found):
        some = " ".join(what.words[:10]) + (" …" if len(what.words) > 10 else "")
        place = where(found, what.files)
        print(f"not found{place}: {len(what.words):,} of {what.what}: {some}", file=sys.stderr)
    for one in unmeasured(found):
        print(f"not measured{where(found, one.files)}: {one.what}: {one.why}", file=sys.stderr)
