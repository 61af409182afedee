"""A process that does one thing for `benchmarks.embeddings`, and says how long it took and how much memory.

`python -m benchmarks.embedding_steps NAME ARGUMENTS`, these as JSON. Its own memory counts, so heavy modules are
imported only by the steps that need them: Linux counts for a program also what the process that starts it has.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def main() -> None:
    """Does it, and prints what is known of it as JSON."""
    steps: dict[str, Callable[..., dict[str, float]]] = {
        "count": count, "train": train, "programs": programs, "iteration": iteration,
    }  # fmt: skip
    try:
        print(json.dumps(steps[sys.argv[1]](**json.loads(sys.argv[2]))))
    except ValueError as error:
        from embeddings.errors import InputError

        if not isinstance(error, InputError):
            raise
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


def count(text: str, folder: str, min_count: int, window: int, threads: int) -> dict[str, float]:
    """Vocabulary and counting of GloVe, from the text to the pairs, after a first time on the sample corpus."""
    from concurrent.futures import ThreadPoolExecutor

    from embeddings.corpus import Rules, encode
    from embeddings.glove.counting import Window, count_pairs
    from embeddings.settings import Settings

    def whole(source: str, pool: ThreadPoolExecutor) -> None:
        corpus = encode(source, Rules(min_count=min_count), Path(folder) / "corpus")
        ids, words, near = corpus.ids, len(corpus.words), Window(window, symmetric=True)
        count_pairs(ids, words, near, Path(folder), Settings().bytes, pool, threads, lambda tokens: None)

    Path(folder).mkdir(exist_ok=True)
    with ThreadPoolExecutor(threads) as pool:
        whole("sample", pool)
        begun = time.perf_counter()
        whole(text, pool)
        return measured(begun)


def train(text: str, output: str, rules: dict[str, Any], settings: dict[str, Any]) -> dict[str, float]:
    """The whole way from the text to the file of vectors, after a first time on the sample corpus."""
    from embeddings.corpus import Rules
    from embeddings.settings import Settings
    from embeddings.training import train as run

    run(Settings(data="sample", **(settings | {"epochs": 1})), Rules(), Path(output), overwrite=True)
    begun = time.perf_counter()
    run(Settings(data=text, **settings), Rules(**rules), Path(output), overwrite=True)
    return measured(begun)


def measured(begun: float) -> dict[str, float]:
    """Seconds since then, and this process's peak of memory."""
    from .embedding_bench import status

    return {"seconds": time.perf_counter() - begun, "memory": status("self", "VmHWM")}


def programs(commands: list[dict[str, Any]], folder: str) -> dict[str, float]:
    """Other programs, one after the other in a folder; the memory is that of the largest.

    Args:
        commands: Of each its `words`, and the files that are its `stdin` and `stdout`, or None.
        folder: Where they run.
    """
    begun = time.perf_counter()
    for command in commands:
        run_program(command["words"], Path(folder), command["stdin"], command["stdout"])
    seconds = time.perf_counter() - begun
    return {"seconds": seconds, "memory": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024}


def run_program(words: list[str], folder: Path, stdin: str | None, stdout: str | None) -> None:
    """Runs a program to its end, or ends with what it said."""
    with open(stdin or "/dev/null", "rb") as source, open(folder / (stdout or "/dev/null"), "wb") as target:
        done = subprocess.run(words, cwd=folder, stdin=source, stdout=target, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        raise SystemExit(f"error: {words[0]} failed: {done.stderr.decode(errors='replace')[-500:].strip()}")


def iteration(words: list[str], folder: str) -> dict[str, float]:
    """The first iteration of GloVe in C: from the last line before it begins to the one that says that it is done."""
    seen = {}
    with subprocess.Popen(words, cwd=folder, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            for name in ("alpha:", "iter: 001"):
                if name in line:
                    seen[name] = time.perf_counter()
    if process.returncode or len(seen) < 2:
        raise SystemExit(f"error: {words[0]} failed with code {process.returncode}, or does not tell of its iterations")
    return {"seconds": seen["iter: 001"] - seen["alpha:"]}


if __name__ == "__main__":
    main()
