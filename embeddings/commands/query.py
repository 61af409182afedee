"""`python -m embeddings query`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Literal

import tyro

from ..errors import InputError
from ..files import read_lines
from ..query import GRAMMAR, SIGNS, Answer, UnknownWordError, ask

Ask = Callable[[str], Answer]
HELP = f"""{GRAMMAR}
help                         this; "help" in quotation marks is the word
quit                         the end, as is Ctrl-D"""


def query(
    file: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FILE")],
    questions: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="[QUESTION ...]")] = (),
    *,
    n: int = 10,
    method: Literal["3cosadd", "3cosmul"] = "3cosadd",
    as_json: Annotated[bool, tyro.conf.arg(name="json")] = False,
) -> None:
    """Ask for neighbours, analogies, similarities and the odd one out.

    Put each question in quotation marks:

        "paris"                       the nearest neighbours of a word

        "king - man + woman"          an analogy, or any sum of words; spaces around the signs

        "paris ~ london"              how alike two words are

        "breakfast lunch dinner car"  the odd one out of three or more words

    Without a question they are read from standard input, one a line, and when that is a terminal asked for.

    Args:
        file: The vectors, in any format that `convert` knows.
        questions: What to ask. Without quotation marks, signs and words are taken as one question.
        n: How many words to answer with.
        method: How words are summed: 3cosadd, or 3cosmul, in which no single word can outweigh the others.
        as_json: Print a JSON object a line; for unknown words with the nearest known spellings.
    """
    if n < 1:
        raise InputError("at least one word is needed; give a larger number", f"--n {n}")
    from ..formats import load

    vectors = load(file)

    def answer(question: str) -> Answer:
        return ask(vectors, question, n, method)

    if questions:
        answer_all(_joined(questions), answer, as_json)
    elif sys.stdin.isatty():
        converse(answer, as_json)
    else:
        answer_stream((line for _, line in read_lines("-")), answer, as_json)


def _joined(questions: tuple[str, ...]) -> tuple[str, ...]:
    """One question where the words and signs of one are given each for itself."""
    questions = tuple(
        os.fsencode(question).decode("utf-8", "replace") for question in questions
    )  # or none can be shown
    return (" ".join(questions),) if any(sign in questions for sign in SIGNS) else questions


def answer_all(questions: tuple[str, ...], answer: Ask, as_json: bool) -> None:
    """Answers until one cannot be answered.

    Raises:
        InputError: For that one.
    """
    for question in questions:
        try:
            print(_shown(answer(question), as_json))
        except InputError as error:
            if as_json:
                print(_mistake(question, error, as_json))
            raise


def answer_stream(questions: Iterator[str], answer: Ask, as_json: bool) -> None:
    """Answers each question as soon as it is read; one that cannot be answered does not end it."""
    for question in questions:
        if not question.strip():
            continue
        try:
            print(_shown(answer(question), as_json), flush=True)
        except InputError as error:
            print(_mistake(question, error, as_json), flush=True)


def converse(answer: Ask, as_json: bool) -> None:
    """Asks for questions at a prompt, with a history of them."""
    import contextlib

    with contextlib.suppress(ImportError):  # Windows has none
        import readline  # noqa: F401  which gives `input` its history and editing

    print("Ask a word, `king - man + woman`, `paris ~ london`; `help` for more, `quit` to end.", file=sys.stderr)
    answer_stream(_prompted(), answer, as_json)


def _prompted() -> Iterator[str]:
    while True:
        try:
            line = input("> ").strip()
        except EOFError:
            print()
            return
        except KeyboardInterrupt:  # gives up the line, not the conversation
            print()
            continue
        except UnicodeDecodeError:
            print("error: what was typed is not UTF-8")
            continue
        if line in ("quit", "exit"):
            return
        if line == "help":
            print(HELP)
        else:
            yield line


def _shown(answer: Answer, as_json: bool) -> str:
    return json.dumps(answer.summary(), ensure_ascii=False) if as_json else str(answer)


def _mistake(question: str, error: InputError, as_json: bool) -> str:
    if not as_json:
        return f"error: {error}"
    suggestions = {"suggestions": error.suggestions} if isinstance(error, UnknownWordError) else {}
    return json.dumps({"question": question.strip(), "error": str(error), **suggestions}, ensure_ascii=False)
