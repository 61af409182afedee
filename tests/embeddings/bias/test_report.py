"""An audit as table, sentences and page: what is in it, and that nothing in it can be mark-up."""

import dataclasses
import io
import re
from html.parser import HTMLParser

import pytest
from rich.console import Console

from embeddings import Vectors
from embeddings.bias import pictures
from embeddings.bias.audit import Auditor, FurtherTests
from embeddings.bias.findings import missing, reading, unmeasured
from embeddings.bias.groups import WeatTest, WordSets
from embeddings.bias.hard import hard
from embeddings.bias.page import page
from embeddings.bias.planted import planted
from embeddings.bias.report import COSTS, REMAINS, labels, p_value, rows, table
from embeddings.evaluation import Section

EVIL = "<script>alert('&')</script>$x"


@pytest.fixture(scope="module")
def found():
    """Of which names, words and reasons are full of mark-up."""
    made = planted(strength=0.3, residual=0.5, words=240)
    words = [*made.vectors.words[:-1], EVIL]
    vectors = Vectors(words, made.vectors.vectors)
    (a, b), (c, d) = made.sets.definitional_pairs[:2]
    (x, y), (p, q) = made.sets.groups.values(), made.sets.weat[0].attributes.values()
    sets = dataclasses.replace(
        made.sets,
        name=f"sets {EVIL}",
        groups={f"one {EVIL}": x, "$two$": y},
        professions=(EVIL, "absent " + EVIL, *made.sets.professions),
        weat=(WeatTest(EVIL, dict(zip("XY", made.sets.weat[0].targets.values(), strict=True)), {"p": p, "q": q}),),
    )
    tests = FurtherTests(
        {EVIL: (Section("s", ((a, b, c, d),)),)}, {"pairs": ((a, b, 1.0), (a, c, 0.5), (b, "gone" + EVIL, 3.0))}
    )
    auditor = Auditor(vectors, sets, tests, sizes=(20, 999))
    after = hard(vectors, sets)
    return auditor.audit([auditor.judge(f"a/{EVIL}.bin", vectors), auditor.judge("b/after.bin", after)])


class Checker(HTMLParser):
    """Tags that are open, and all that were met."""

    def __init__(self):
        super().__init__()
        self.open, self.met, self.text, self.links = [], [], "", []

    def handle_starttag(self, tag, attributes):
        self.met.append(tag)
        self.links += [value for name, value in attributes if name in ("src", "href")]
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_the_page_is_whole_and_escaped(found):
    checker = Checker()
    checker.feed(page(found))
    checker.close()
    assert not checker.open
    assert "script" not in checker.met
    assert checker.met.count("img") == 3
    assert all(link.startswith("data:image/png;base64,iVBOR") for link in checker.links)
    assert EVIL in checker.text
    for section in ("Before and after", "Pictures", "What could not be found or measured", "How to read this"):
        assert section in checker.text
    assert f"absent {EVIL}" in checker.text
    assert "http" not in page(found).replace("http-equiv", "")


def test_no_text_promises_too_much(found):
    assert not re.search(r"bias[- ]free|free of bias|unbiased", page(found), re.IGNORECASE)


def test_every_number_has_its_n(found):
    made = {row.name: row for row in rows(found)}
    assert made["direct bias"].cells[0].n == "61 words"
    assert made["clusters, 20 a side"].cells[1].n == "40 words"
    assert made["similarity pairs"].cells[0].n == "2 of 3"
    assert made["mlp probe"].without == "50 %"
    assert "clusters, 999 a side" not in made
    assert {row.section for row in made.values()} >= {REMAINS, COSTS}
    for row in made.values():
        assert row.help
        assert len(row.cells) == 2
        assert row.name.startswith("pairs: still") or all(cell.n for cell in row.cells)


def printed(audit):
    text = io.StringIO()
    Console(width=250, file=text).print(table(audit))
    return text.getvalue()


def test_numbers_stand_in_the_table(found):
    lines = {line.split("│")[1].strip(): line for line in printed(found).splitlines() if "│" in line}
    assert "0.2" in lines["direct bias"]
    assert "0.0000" in lines["direct bias"]
    assert re.search(r"100\.0 % \(V 1\.00\)", lines["clusters, 20 a side"])


def test_a_file_of_its_own_n_says_so(found):
    shorter = dataclasses.replace(found.files[1].direct, projections=(("x", 0.0),))
    other = dataclasses.replace(found.files[1], direct=shorter)
    assert "0.0000 [1 words]" in printed(dataclasses.replace(found, files=(found.files[0], other)))


def test_in_short(found):
    (line,) = reading(found)
    assert line.startswith("after: direct bias along the original direction went from 0.2")
    assert " to 0.000; two clusters match the former sides of 100.0 %" in line
    assert "of words that it was not trained on (chance 50 %); analogies changed by " in line
    questions = dict(found.files[1].analogies)
    (section,) = questions[EVIL].sections
    wrong = dataclasses.replace(section, correct=(), incorrect=section.correct + section.incorrect)
    right = dataclasses.replace(section, correct=section.correct + section.incorrect, incorrect=())
    two = [
        dataclasses.replace(file, analogies={EVIL: dataclasses.replace(questions[EVIL], sections=(one,))})
        for file, one in zip(found.files, (wrong, right), strict=True)
    ]
    assert reading(dataclasses.replace(found, files=tuple(two)))[0].endswith("analogies changed by +100.0 points.")
    (alone,) = reading(dataclasses.replace(found, files=found.files[:1]))
    assert re.fullmatch(
        r"direct bias 0\.2\d\d over 61 professions; 1 of 1 association tests have p below 0\.05\.", alone
    )


def test_what_is_missing_is_said_once_for_files_alike(found):
    both = {one.what: one for one in missing(found)}
    assert both["professions"].words == (f"absent {EVIL}",)
    assert len(both["professions"].files) == 2
    assert both["pairs"].words == (f"gone{EVIL}",)
    (reason,) = unmeasured(found)
    assert reason.what == "the 999 most biased words of either side"
    assert len(reason.files) == 2


def test_pictures_are_drawn_of_what_there_is(found):
    for draw in (pictures.professions, pictures.most_biased, pictures.explained):
        assert pictures.png(draw(found)).startswith(b"\x89PNG")
    figure = pictures.professions(found)
    assert len(figure.axes[0].get_yticklabels()) == 24
    assert [len(axes.collections[0].get_offsets()) for axes in pictures.most_biased(found).axes] == [40, 40]
    assert figure.axes[0].get_legend().get_texts()[0].get_text() == "script>$x"
    assert "$two$" in figure.axes[0].get_xlabel()


def test_a_bare_audit_has_a_page_too():
    made = planted(strength=0.3, words=60)
    sets = WordSets("bare", groups=made.sets.groups, definitional_pairs=made.sets.definitional_pairs)
    auditor = Auditor(made.vectors, sets, sizes=(500,))
    bare = auditor.audit([auditor.judge("only", made.vectors)])
    assert pictures.professions(bare) is None
    assert pictures.most_biased(bare) is None
    checker = Checker()
    checker.feed(page(bare))
    assert checker.met.count("img") == 1
    assert reading(bare) == []


def test_short_names():
    assert labels(["a/x.bin", "b/y.txt.gz"]) == ["x", "y"]
    assert labels(["a/x.bin", "b/x.txt"]) == ["a/x.bin", "b/x.txt"]
    assert p_value(0.5) == "p = .500"
    assert p_value(1.0) == "p = 1.000"
