"""Sentences that are too long for one chunk."""

import pytest

from mayabook.core.language import ENGLISH
from mayabook.script.clause_split import clause_spans


def parts(text: str, max_chars: int) -> list[str]:
    spans = clause_spans(text, lambda start, end: (end - start) / max_chars, ENGLISH)
    return [text[start:end] for start, end in spans]


def test_a_sentence_that_fits_stays_whole() -> None:
    assert parts("He came, he saw; he left.", 25) == ["He came, he saw; he left."]


@pytest.mark.parametrize(
    ("text", "max_chars", "expected"),
    [
        # the stronger mark wins over one nearer the middle
        ("He came, and he saw; then he left.", 30, ["He came, and he saw;", "then he left."]),
        ("He came in the rain — she was there, he left.", 30, ["He came in the rain —", "she was there, he left."]),
        ("The man (who was very old) came, she left it.", 30, ["The man (who was very old)", "came, she left it."]),
        ("In the cold morning, he came to the old house.", 30, ["In the cold morning,", "he came to the old house."]),
        ("the cold and the rain and the old house", 25, ["the cold and the rain", "and the old house"]),
        # speech of several sentences is cut at one of them
        ("“I came home, it rained. I left, he stayed.”", 30, ["“I came home, it rained.", "I left, he stayed.”"]),
        (
            "“I came home and it rained.” “I left him, and he stayed.”",
            40,
            ["“I came home and it rained.”", "“I left him, and he stayed.”"],
        ),
        ("he came home. it had rained. she was not there.", 30, ["he came home. it had rained.", "she was not there."]),
        # an abbreviation, a number and a span of years are no places to cut
        (
            "from 1914–1918 with Mr. Brown, for 1,000,000 days",
            40,
            ["from 1914–1918 with Mr. Brown,", "for 1,000,000 days"],
        ),
        ("これは長い文で、とても長いのです。", 12, ["これは長い文で、", "とても長いのです。"]),
    ],
)
def test_where_a_reader_would_draw_breath(text: str, max_chars: int, expected: list[str]) -> None:
    assert parts(text, max_chars) == expected


def test_parts_come_out_even_without_a_tiny_rest() -> None:
    text = " ".join(f"word{n}" for n in range(10, 91))  # 81 words of 6 letters
    lengths = [len(part) for part in parts(text, 100)]
    assert sum(lengths) + len(lengths) - 1 == len(text)
    assert len(lengths) <= 8
    assert min(lengths) > 60


def test_a_comma_at_the_very_end_is_no_place_to_cut() -> None:
    assert parts("the old man came to the house by the river, then", 40) == [
        "the old man came to the",
        "house by the river, then",
    ]


def test_a_word_without_spaces_is_cut_between_whole_characters() -> None:
    family = "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}"
    accented = "e\N{COMBINING ACUTE ACCENT}"
    for character in (family, accented, "a"):
        cut = parts(character * 30, 40)
        assert "".join(cut) == character * 30
        assert all(0 < len(part) <= 40 and len(part) % len(character) == 0 for part in cut)


def test_a_character_longer_than_a_chunk_is_cut_all_the_same() -> None:
    monster = "e" + "\N{COMBINING ACUTE ACCENT}" * 100
    cut = parts(monster, 40)
    assert "".join(cut) == monster
    assert max(map(len, cut)) <= 40


def test_an_emotion_tag_is_never_cut() -> None:
    cut = parts("a" * 19 + "<laugh_harder>" + "a" * 19, 40)
    assert "".join(cut) == "a" * 19 + "<laugh_harder>" + "a" * 19
    assert sum("<laugh_harder>" in part for part in cut) == 1


def test_a_long_word_does_not_break_its_neighbours() -> None:
    address = "https://example.com/" + "x" * 60
    cut = parts(f"see {address} there", 50)
    assert cut[0] == "see"
    assert cut[-1] == "there"
    assert "".join(cut[1:-1]) == address
