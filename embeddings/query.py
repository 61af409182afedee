"""Questions to word vectors in a little language: neighbours, sums of words, similarity, the odd one out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from .errors import InputError
from .spelling import suggest

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

GRAMMAR = """\
paris                        the nearest neighbours of a word
king - man + woman           an analogy, or any sum: signs have spaces around them
paris ~ london               how alike two words are: the cosine, from -1 to 1
breakfast lunch dinner car   the odd one out of three or more
"new york" + "-"             quotation marks around a word that holds spaces or is a sign"""

Kind = Literal["neighbours", "sum", "similarity", "odd one out"]
Method = Literal["3cosadd", "3cosmul"]
TOKEN = re.compile(r'"([^"]+)"(?=\s|$)|(\S+)')
SIGNS = ("+", "-", "~")


class Token(NamedTuple):
    """A word or a sign of a question."""

    text: str
    is_sign: bool


class Query(NamedTuple):
    """What a question asks, of which words; for a sum, with the sign before each."""

    kind: Kind
    words: tuple[str, ...]
    signs: tuple[str, ...] = ()


class UnknownWordError(InputError):
    """A question has words without a vector.

    Args:
        suggestions: For each unknown word the nearest known spellings.
        where: The question.

    Example:
        >>> print(UnknownWordError({"pariss": ["paris", "parish"]}, "pariss"))
        pariss: 'pariss' is unknown; did you mean paris, parish?
    """

    def __init__(self, suggestions: dict[str, list[str]], where: object = None) -> None:
        said = [
            f"{word!r} is unknown; "
            + (f"did you mean {', '.join(near)}?" if near else "nothing known is spelt like it")
            for word, near in suggestions.items()
        ]
        super().__init__("; ".join(said), where)
        self.suggestions = suggestions


@dataclass(frozen=True)
class Answer:
    """What the vectors say to a question.

    Attributes:
        question: As it was asked.
        kind: `neighbours`, `sum`, `similarity` or `odd one out`.
        words: Words with their scores, the highest first: the neighbours; for the odd one out the words asked, by
            their similarity to the mean of all. Empty for a similarity.
        value: The similarity, or the odd word; None for the other kinds.
    """

    question: str
    kind: Kind
    words: tuple[tuple[str, float], ...] = ()
    value: float | str | None = None

    def summary(self) -> dict[str, Any]:
        """As JSON takes it."""
        value = {} if self.value is None else {self.kind.replace(" ", "_"): self.value}
        words = {"words": [{"word": word, "score": score} for word, score in self.words]} if self.words else {}
        return {"question": self.question, "kind": self.kind, **value, **words}

    def __str__(self) -> str:
        from rich.cells import cell_len  # a Chinese character is two columns wide

        value = f": {self.value:.4f}" if isinstance(self.value, float) else f": {self.value}" if self.value else ""
        width = max((cell_len(word) for word, _ in self.words), default=0)
        lines = [f"  {word}{' ' * (width - cell_len(word))}  {score:7.4f}" for word, score in self.words]
        return "\n".join([self.question + value, *lines])


def ask(vectors: KeyedVectors, question: str, n: int = 10, method: Method = "3cosadd") -> Answer:
    """Answers one question with gensim's numbers.

        paris                        argmax_w cos(u_w, u_paris), the n best
        king - man + woman           argmax_w cos(u_w, u_king - u_man + u_woman), or 3CosMul; none of the words asked
        paris ~ london               cos(u_paris, u_london)
        breakfast lunch dinner car   argmin over the words of cos(u, mean of all)

    Args:
        vectors: The word vectors.
        question: One of these forms. A question that is a known word as a whole, spaces and all, is that word.
        n: How many words to answer with at most.
        method: How words are summed: `3cosadd` or `3cosmul`.

    Returns:
        The answer.

    Raises:
        UnknownWordError: For words without a vector, with the nearest known spellings.
        InputError: For a question of no known form, or one without an answer.

    Example:
        >>> from gensim.models import KeyedVectors
        >>> vectors = KeyedVectors(2)
        >>> vectors.add_vectors(["cat", "dog", "car"], [[1.0, 0.0], [1.0, 0.2], [0.0, 1.0]])
        >>> print(ask(vectors, "cat ~ dog"))
        cat ~ dog: 0.9806
        >>> print(ask(vectors, "cat", n=1))
        cat
          dog   0.9806

    Reference:
        Levy and Goldberg 2014, Linguistic Regularities in Sparse and Explicit Word Representations.
    """
    question = question.strip()
    if n < 1:
        raise InputError("at least one word is needed; give a larger number", f"--n {n}")
    query = Query("neighbours", (question,)) if question in vectors else parse(question)
    _check_words(vectors, query.words, question)
    if query.kind == "similarity":
        return Answer(question, query.kind, value=float(vectors.similarity(*query.words)))
    if query.kind == "odd one out":
        ranked = vectors.rank_by_centrality(query.words)  # of which gensim's `doesnt_match` is the last
        return Answer(question, query.kind, tuple((word, float(score)) for score, word in ranked), ranked[-1][1])
    found = _sum(vectors, query, question, n, method if query.kind == "sum" else "3cosadd")
    # The similarity to a vector of zeros is not a number.
    return Answer(question, query.kind, tuple((word, float(score)) for word, score in found if np.isfinite(score)))


def parse(question: str) -> Query:
    """What is asked of which words.

    Raises:
        InputError: When the question has no known form; says what is wrong with it.

    Example:
        >>> parse("king - man + woman")
        Query(kind='sum', words=('king', 'man', 'woman'), signs=('+', '-', '+'))
    """
    tokens = [Token(quoted or plain, plain in SIGNS) for quoted, plain in TOKEN.findall(question)]
    words = tuple(token.text for token in tokens if not token.is_sign)
    signs = tuple(token.text for token in tokens if token.is_sign)
    if not words:
        raise InputError("there is no word to ask for; a question is a word or, say, `king - man + woman`", question)
    if "~" in signs:
        if len(words) != 2 or signs != ("~",) or not tokens[1].is_sign:
            raise InputError("`~` stands between two words, as in `paris ~ london`", question)
        return Query("similarity", words)
    if signs:
        return Query("sum", words, _signs(tokens, question))
    if len(words) == 2:
        raise InputError(
            "two words; put `~` between them for their similarity, or name three for the odd one", question
        )
    return Query("neighbours" if len(words) == 1 else "odd one out", words)


def _signs(tokens: Sequence[Token], question: str) -> tuple[str, ...]:
    """The sign of each word of a sum, in which signs and words take turns."""
    if not tokens[0].is_sign:
        tokens = [Token("+", True), *tokens]
    for index, token in enumerate(tokens):
        if token.is_sign != (index % 2 == 0):
            wanted = "a word" if index % 2 else "`+` or `-`"
            raise InputError(f"{wanted} is missing before `{token.text}`; a sum is `king - man + woman`", question)
    if tokens[-1].is_sign:
        raise InputError(f"a word is missing after `{tokens[-1].text}`; a sum is `king - man + woman`", question)
    return tuple(token.text for token in tokens[::2])


def _check_words(vectors: KeyedVectors, words: Sequence[str], question: str) -> None:
    if unknown := [word for word in dict.fromkeys(words) if word not in vectors]:
        raise UnknownWordError({word: suggest(word, vectors.index_to_key) for word in unknown}, question)
    if silent := [word for word in words if not vectors[word].any()]:
        raise InputError(f"the vector of {silent[0]!r} is all zeros, which is like nothing", question)


def _sum(vectors: KeyedVectors, query: Query, question: str, n: int, method: Method) -> list[tuple[str, float]]:
    signs = query.signs or ("+",)
    positive = [word for word, sign in zip(query.words, signs, strict=True) if sign == "+"]
    negative = [word for word, sign in zip(query.words, signs, strict=True) if sign == "-"]
    if method == "3cosmul":
        if not positive:
            raise InputError("3cosmul needs a word with `+`; add one, or use --method 3cosadd", question)
        return vectors.most_similar_cosmul(positive, negative, topn=n)
    mean = vectors.get_mean_vector(positive + negative, [1.0] * len(positive) + [-1.0] * len(negative))
    if np.linalg.norm(mean) < 1e-6:
        raise InputError("the words cancel out; ask for a sum that leaves something", question)
    return vectors.most_similar(positive, negative, topn=n)
