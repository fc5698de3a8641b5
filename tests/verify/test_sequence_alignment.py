"""Long sequences of words side by side."""

import random
from collections import Counter

from mayabook.checks.phonetics import Phonetics
from mayabook.checks.text_normalisation import TextUnit, text_units
from mayabook.checks.thresholds import load_thresholds
from mayabook.checks.word_alignment import AlignedPair, Aligner
from mayabook.core.verdict import WordMatch
from mayabook.verify.passage_index import PassageIndex
from mayabook.verify.sequence_alignment import align_sequences

FIGURES = load_thresholds()
ALIGNER = Aligner(Phonetics(FIGURES.phonetics), FIGURES.alignment)
LEXICON = [a + b + c for a in ("ba", "do", "ki", "lu") for b in ("ra", "ne", "so") for c in ("m", "t", "sh", "p", "v")]


def words(n: int, seed: int = 0) -> list[str]:
    return random.Random(seed).choices(LEXICON, k=n)


def aligned(text: list[str], heard: list[str]) -> list[AlignedPair]:
    return align_sequences(ALIGNER, text_units(text), text_units(heard))


def covers(pairs: list[AlignedPair], text: list[str], heard: list[str]) -> bool:
    ours = [at for pair in pairs for at in range(*pair.expected)]
    theirs = [at for pair in pairs for at in range(*pair.heard)]
    return ours == list(range(len(text))) and theirs == list(range(len(heard)))


def counts(pairs: list[AlignedPair]) -> Counter[WordMatch]:
    return Counter(pair.match for pair in pairs)


def test_a_long_text_with_a_passage_missing_and_one_that_is_not_in_it() -> None:
    text = words(20_000)
    heard = [*text[:5000], *text[5400:12_000], *words(300, seed=9), *text[12_000:]]
    pairs = aligned(text, heard)
    assert covers(pairs, text, heard)
    told = counts(pairs)
    assert told[WordMatch.OMITTED] + told[WordMatch.WRONG] <= 410
    omitted = [pair.expected[0] for pair in pairs if pair.match == WordMatch.OMITTED]
    assert sum(5000 <= at < 5400 for at in omitted) > 395
    inserted = [pair.heard[0] for pair in pairs if pair.match == WordMatch.INSERTED]
    assert sum(11_600 <= at < 11_900 for at in inserted) > 295


def test_a_passage_said_twice_is_inserted_once_in_one_piece() -> None:
    text = words(3000)
    heard = [*text[:1500], *text[1000:1500], *text[1500:]]
    pairs = aligned(text, heard)
    assert covers(pairs, text, heard)
    assert counts(pairs) == {WordMatch.SAME: 3000, WordMatch.INSERTED: 500}


def test_odd_words_are_left_to_the_aligner() -> None:
    text = "Eleanor said that the northwest wind came in eighteen ninety-seven and they're glad of it".split()
    heard = "a leaner said that the north west wind came in 1897 and their glad of it".split()
    pairs = aligned(text, heard)
    assert covers(pairs, text, heard) or len(text_units(text)) != len(text)
    assert set(counts(pairs)) <= {WordMatch.SAME, WordMatch.SOUND}


def test_one_side_may_be_empty() -> None:
    text = words(500)
    assert counts(aligned(text, [])) == {WordMatch.OMITTED: 500}
    assert counts(aligned([], text)) == {WordMatch.INSERTED: 500}


def test_the_passage_index_finds_where_a_passage_stands_even_if_it_begins_in_its_middle() -> None:
    text = words(2000)
    index = PassageIndex(text_units(text))

    def find(heard: list[str]) -> tuple[int, int] | None:
        found: list[TextUnit] = text_units(heard)
        return index.find(found)

    assert find(text[700:730]) == (700, 730)
    assert find([*text[715:730], *text[700:715]]) == (700, 730)
    assert find(words(30, seed=5)) is None
    assert find(text[700:702]) is None
