"""How good generated captions are."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from .bleu import closest_length, corpus_bleu, sacre_bleu
from .cider import Cider
from .rouge import rouge_l
from .tokens import tokenise


def score(
    generated: Sequence[Sequence[str] | str],
    references: Sequence[Sequence[str]],
    training: Collection[str] = (),
    cider: Cider | None = None,
) -> dict[str, float]:
    """Judges generated captions, one a picture, as the field does.

    Args:
        generated: Captions as words or as texts.
        references: Each picture's captions, as they were written.
        training: The captions that the model learned from, of which some may have been copied.
        cider: CIDEr-D whose document frequencies are other than those of `references`.

    Returns:
        `bleu1` to `bleu4` (all captions together, as COCO's evaluation counts), `sacrebleu`, `rouge_l`, `cider`
        (CIDEr-D), `length_ratio` (to the references closest in length), `exact` (share of captions that are one of
        their references), `distinct` (different captions among all) and `copied` (share that is in `training`, when
        that is given). All but `cider` and `length_ratio` are from 0 to 1.
    """
    captions = [tokenise(caption) if isinstance(caption, str) else list(caption) for caption in generated]
    others = [[tokenise(reference) for reference in one] for one in references]
    texts = [" ".join(caption) for caption in captions]
    found = {f"bleu{order}": value for order, value in enumerate(corpus_bleu(captions, others), start=1)}
    found["sacrebleu"] = sacre_bleu(texts, references)
    found["rouge_l"] = rouge_l(captions, others)
    found["cider"] = float((cider or Cider(references)).scores(captions, references).mean())
    found["length_ratio"] = sum(map(len, captions)) / max(closest_length(captions, others), 1)
    found["exact"] = sum(caption in one for caption, one in zip(captions, others, strict=True)) / len(captions)
    found["distinct"] = len(set(texts)) / len(texts)
    if training:
        known = {" ".join(tokenise(caption)) for caption in training}
        found["copied"] = sum(text in known for text in texts) / len(texts)
    return found
