"""Files of judged pairs in the formats that they come in, or an error with its line."""

import pytest

from embeddings.errors import InputError
from embeddings.evaluation import read_pairs

from .samples import keep

PAIRS = (("tiger", "cat", 7.35), ("Money", "cash", 9.0), ("king", "cabbage", 0.23))
FORMATS = {
    "tabs": "tiger\tcat\t7.35\nMoney\tcash\t9\nking\tcabbage\t.23\n",
    "windows line ends": "tiger\tcat\t7.35\r\nMoney\tcash\t9.00\r\nking\tcabbage\t0.23\r\n",
    "spaces": "tiger cat 7.35\nMoney  cash 9\n king cabbage 0.23",
    "header, commas": "Word 1,Word 2,Human (mean)\ntiger,cat,7.35\nMoney,cash,9.00\nking,cabbage,0.23\n",
    "quotation marks": '"word1","word2","score"\n"tiger","cat","7.35"\n"Money","cash",9\nking, cabbage, 0.23\n',
    "semicolons": "tiger;cat;7.35\nMoney;cash;9\n\nking;cabbage;0.23\n",
    "comment": "# who knows when\ntiger\tcat\t7.35\n#\nMoney\tcash\t9\nking\tcabbage\t0.23\n",
    "byte-order mark": "\ufefftiger\tcat\t7.35\nMoney\tcash\t9\nking\tcabbage\t0.23\n",
    "single judgements (Rare Words)": "tiger\tcat\t7.35\t6\t8\nMoney\tcash\t9\t9\t9\nking\tcabbage\t.23\t0\t1\n",
    "single judgements below a header (WordSim-353)": "Word 1\tWord 2\tHuman (mean)\t1\t2\n"
    "tiger\tcat\t7.35\t9\t7\nMoney\tcash\t9\t9\t9\nking\tcabbage\t0.23\t0\t1\n",
    "part of speech (SimLex-999)": "word1\tword2\tPOS\tSimLex999\tconc(w1)\n"
    "tiger\tcat\tN\t7.35\t3\nMoney\tcash\tN\t9\t2\nking\tcabbage\tN\t0.23\t1\n",
}


@pytest.mark.parametrize("kind", FORMATS)
def test_formats(tmp_path, kind):
    assert read_pairs(keep(tmp_path, FORMATS[kind])) == PAIRS


def test_what_words_may_hold(tmp_path):
    text = "\"\tnew york\t1\nrock'n'roll\ta,b\t-2e-1\nnan\t7\t3\n"
    assert read_pairs(keep(tmp_path, text)) == (('"', "new york", 1), ("rock'n'roll", "a,b", -0.2), ("nan", "7", 3))


def test_repeated_pairs_are_kept(tmp_path):
    assert read_pairs(keep(tmp_path, "a b 1\na b 2\n")) == (("a", "b", 1), ("a", "b", 2))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "file.txt: holds no pairs"),
        ("# only this\n\n", "file.txt: holds no pairs"),
        ("tiger\tcat\n", "file.txt:1: holds no pairs"),
        ("word1\tword2\tscore\n", "file.txt:1: holds no pairs"),
        ("a\tb\t1\nc\td\nc\td\t2\n", "file.txt:2: not two words and a number: 'c | d'"),
        ("a\tb\t1\nc\td\tmany\ne\tf\t2\n", "file.txt:2: not two words and a number"),
        ("a\tb\t1,5\nc\td\t2\ne\tf\t3\n", "file.txt:1: not two words and a number"),
        ("a\tb\t1\nc\td\tnan\ne\tf\t2\n", "file.txt:2: not two words and a number"),
        ("a\tb\t1\nc\td\tinf\ne\tf\t2\n", "file.txt:2: not two words and a number"),
        ("a\tb\t1\n\td\t2\n", "file.txt:2: not two words and a number"),
        (b"a\tb\t1\n\xff\td\t2\n", "file.txt:2: byte 1 is not UTF-8"),
    ],
)
def test_bad_files(tmp_path, text, said):
    with pytest.raises(InputError) as caught:
        read_pairs(keep(tmp_path, text))
    assert str(caught.value).removeprefix(f"{tmp_path}/").startswith(said)
