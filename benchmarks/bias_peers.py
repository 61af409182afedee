"""The same numbers from others' programs, on the same vectors: WEFE for measures, debiaswe for hard debiasing."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import io
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from embeddings import InputError, Vectors
from embeddings.bias.association import relative_norm_distance, ripa, weat
from embeddings.bias.groups import Pair, WordSets, find
from embeddings.bias.hard import cases, hard

RIPA_PAIRS = 3


@dataclass(frozen=True)
class Agreement:
    """A number of ours and the peer's."""

    ours: float
    peer: float
    peer_name: str

    @property
    def difference(self) -> float:
        """How far apart they are."""
        return abs(self.ours - self.peer)

    def summary(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {**dataclasses.asdict(self), "unit": "", "ratio": None, "difference": self.difference}


@dataclass(frozen=True)
class Job:
    """A query of WEFE's, and our numbers for what it answers with."""

    metric: str
    targets: list[list[str]]
    attributes: list[list[str]]
    normalize: bool
    ours: dict[str, float]


def wefe(python: Path, vectors: Vectors, sets: WordSets) -> dict[str, Agreement]:
    """WEAT, RND and RIPA beside WEFE's.

    Args:
        python: One that has WEFE installed.
        vectors: What to measure.
        sets: By which word sets.

    Raises:
        InputError: When that Python does not run, or has no WEFE.
    """
    jobs = {**_weat_jobs(vectors, sets), **_rnd_job(vectors, sets), **_ripa_jobs(vectors, sets)}
    found = _ask(python, vectors, jobs)
    return {
        f"{name}: {key}" if len(job.ours) > 1 else name: Agreement(value, found[name][key], "WEFE")
        for name, job in jobs.items()
        for key, value in job.ours.items()
    }


def _weat_jobs(vectors: Vectors, sets: WordSets) -> dict[str, Job]:
    jobs = {}
    for test in sets.weat:
        report = weat(vectors, test)
        targets, attributes = ([list(words) for words in part.values()] for part in (test.targets, test.attributes))
        ours = {"weat": report.statistic}
        if report.effect_size is not None:
            ours["effect_size"] = report.effect_size
        jobs[f"WEAT {test.name}"] = Job("weat", targets, attributes, False, ours)
    return jobs


def _rnd_job(vectors: Vectors, sets: WordSets) -> dict[str, Job]:
    first, second = map(list, sets.groups.values())
    mean = relative_norm_distance(vectors, first, second, sets.professions).mean
    return {"RND of professions": Job("rnd", [first, second], [list(sets.professions)], True, {"rnd": mean})}


def _ripa_jobs(vectors: Vectors, sets: WordSets) -> dict[str, Job]:
    """Pair by pair: of several, WEFE takes the mean over them, and the paper their first principal component."""
    known = [pair for pair in sets.definitional_pairs if len(find(vectors, pair, 0)[0]) == 2]
    return {
        f"RIPA {a}/{b}{', length one' if unit else ''}": Job(
            "ripa", [[a], [b]], [list(sets.professions)], unit,
            {"ripa": ripa(vectors, [(a, b)], sets.professions, unit=unit).mean},
        )
        for a, b in known[:RIPA_PAIRS]
        for unit in (False, True)
    }  # fmt: skip


def _ask(python: Path, vectors: Vectors, jobs: dict[str, Job]) -> dict[str, dict[str, float]]:
    wanted = {word for job in jobs.values() for words in (*job.targets, *job.attributes) for word in words}
    words = sorted(word for word in wanted if word in vectors)
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        folder = Path(name)
        np.save(folder / "rows.npy", np.stack([vectors[word] for word in words]))
        (folder / "words.json").write_text(json.dumps(words), "utf-8")
        (folder / "jobs.json").write_text(json.dumps({key: dataclasses.asdict(job) for key, job in jobs.items()}))
        script = Path(__file__).with_name("bias_wefe.py")
        try:
            done = subprocess.run([python, script, folder], capture_output=True, text=True, check=False)
        except OSError as error:
            raise InputError(f"does not run ({error.strerror})", f"--wefe {python}") from None
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["without a word"])[-1]
            raise InputError(f"WEFE failed ({last}); install it there: pip install wefe", f"--wefe {python}")
        return json.loads((folder / "found.json").read_text("utf-8"))


def debiaswe(folder: Path, vectors: Vectors, sets: WordSets) -> tuple[dict[str, Agreement], float]:
    """Hard debiasing beside debiaswe's, with the same pairs and the same specific words.

    Args:
        folder: A copy of https://github.com/tolga-b/debiaswe.
        vectors: What to debias.
        sets: By which word sets.

    Returns:
        The largest difference of any number of any word, and the peer's seconds.

    Raises:
        InputError: When the folder is not that.
    """
    we, debias = _modules(folder)
    definitional = _known(vectors, sets.definitional_pairs)
    # Its list of specific words has to hold those of all pairs, or it divides what is left of them, which is rounding.
    pairs = [*definitional, *(form for pair in sets.equalize_pairs for form in zip(*map(cases, pair), strict=True))]
    specific = sorted({*sets.specific, *(word for words in sets.groups.values() for word in words), *sum(pairs, ())})
    theirs = we.WordEmbedding.__new__(we.WordEmbedding)
    theirs.thresh, theirs.max_words, theirs.desc = None, None, ""
    theirs.words, theirs.vecs = list(vectors.words), vectors.vectors.copy()
    with contextlib.redirect_stdout(io.StringIO()):
        theirs.reindex()
        theirs.normalize()
        begun = time.perf_counter()
        debias.debias(theirs, specific, definitional, list(sets.equalize_pairs))
        seconds = time.perf_counter() - begun
    ours = hard(vectors, dataclasses.replace(sets, definitional_pairs=tuple(definitional)), specific, lengths="unit")
    largest = float(np.abs(ours.vectors - theirs.vecs).max())
    return {"hard, largest difference of a number": Agreement(largest, 0.0, "debiaswe")}, seconds


def _known(vectors: Vectors, pairs: Iterable[Pair]) -> list[Pair]:
    """debiaswe fails for a definitional pair of which a word is missing."""
    return [pair for pair in pairs if all(word in vectors for word in pair)]


def _modules(folder: Path) -> Sequence[Any]:
    """`we` and `debias` of a copy."""
    inner = folder / "debiaswe" if (folder / "debiaswe").is_dir() else folder
    if not (inner / "we.py").is_file() or not (inner / "debias.py").is_file():
        raise InputError("has no we.py and debias.py; give a copy of github.com/tolga-b/debiaswe", folder)
    sys.path.insert(0, str(inner.resolve()))
    try:
        return [importlib.import_module(name) for name in ("we", "debias")]
    except ImportError as error:
        raise InputError(f"cannot be imported ({error})", folder) from None
    finally:
        sys.path.remove(str(inner.resolve()))
