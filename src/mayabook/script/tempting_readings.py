"""Tempting wrong readings: letters of a word, a dropped minus, a number digit by digit, a unit as letters.

ASR spells most of them as the right reading is written ("WHO", "XLIX", "1897"): a transcript cannot tell them apart.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator

from mayabook.core.spoken_form import Replacement, WordClass
from mayabook.script.expected_words import ExpectedWords
from mayabook.script.verbalisation import number_words

MOST_LETTERS = 3
"""A unit or magnitude that is written with more letters is not spelled."""
_NUMBER_WORDS = frozenset(
    (
        "zero oh one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million "
        "billion trillion point and"
    ).split()
)
_ROMAN = re.compile(r"(?i)\b[IVXLCDM]+\b")
_MAGNITUDE = re.compile(r" (?:thousand|million|billion|trillion)")
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
_MINUS = re.compile(r"(?<!\w)[-−](?=[$£€¥]?\.?\d)")
_CAPITALS = re.compile(r"[A-Z]{2,}")
_LETTER_BY_LETTER = re.compile(r"[A-Z](?:[.\s]+[A-Z])*\.?")
_WITH_NUMBERS = frozenset(
    {
        WordClass.NUMBERS, WordClass.DIGITS, WordClass.UNITS, WordClass.CURRENCY, WordClass.SIGNS, WordClass.POWERS,
        WordClass.FRACTIONS,
    }
)  # fmt: skip


def tempting_readings(expected: ExpectedWords, is_word: Callable[[str], bool]) -> tuple[str, ...]:
    """Wrong ways to say expected words that an engine or reader may fall for, as text; none for most words.

    is_word: whether a text in capitals is pronounced as a word rather than letter by letter.
    """
    right = " ".join(expected.spoken)
    if not right:
        return ()
    if not expected.replacements:
        wrong = [right.replace(found, said) for found, said in _as_written(right, is_word)]
    else:
        wrong = [
            right.replace(replaced.spoken.strip(), said, 1)
            for written, replaced in expected.replacements
            for said in _of_replacement(written.strip(), replaced)
        ]
    return tuple(dict.fromkeys(text for text in wrong if _plain(text) not in ("", _plain(right))))


def is_letters(text: str) -> bool:
    """Whether a text is letters one by one: "W H O", "W.H.O."."""
    return _LETTER_BY_LETTER.fullmatch(text.strip(" ,;:!?“”\"'’()—–")) is not None


def letters_of(text: str) -> str:
    return " ".join(char.upper() for char in text if char.isalpha() and char.isascii())


def _as_written(text: str, is_word: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
    """Misreadings of words that are spoken as written: a number without its minus, an acronym as letters."""
    for found in _MINUS.findall(text):
        yield found, ""
    for found in _CAPITALS.findall(text):
        if is_word(found):
            yield found, letters_of(found)


def _of_replacement(written: str, replaced: Replacement) -> Iterator[str]:
    spoken = replaced.spoken.strip()
    if "minus " in spoken:
        yield spoken.replace("minus ", "", 1)
    match replaced.word_class:
        case WordClass.CAPITALS if is_letters(spoken):
            yield spoken.replace(".", "").lower()
        case WordClass.CAPITALS:
            yield letters_of(written)
        case WordClass.ROMAN:
            yield from _of_roman(unicodedata.normalize("NFKC", written), spoken)
        case each if each in _WITH_NUMBERS:
            yield from _of_number(unicodedata.normalize("NFKC", written), spoken, each)
        case _:
            pass


def _of_roman(written: str, spoken: str) -> Iterator[str]:
    numerals = _ROMAN.findall(written)
    if len(numerals) != 1:
        return
    yield letters_of(numerals[0])
    if spoken.lower().startswith("the "):
        yield spoken[4:]


def _of_number(written: str, spoken: str, word_class: WordClass) -> Iterator[str]:
    """Other readings of the number, and of what stands beside it."""
    numbers = [each.replace(",", "") for each in _NUMBER.findall(written)]
    words = spoken.split()
    beside = [word for word in words if not set(word.lower().split("-")) <= _NUMBER_WORDS]
    if numbers and word_class is WordClass.POWERS and written[0].isdecimal():
        yield number_words.number("".join(numbers))
        return
    if len(numbers) == 1 and beside and word_class in (WordClass.UNITS, WordClass.CURRENCY, WordClass.SIGNS):
        said = number_words.number(numbers[0])
        letters = letters_of(written)
        is_short = 0 < len(letters.split()) <= MOST_LETTERS
        minus = "minus " if spoken.startswith("minus ") else ""
        if word_class is WordClass.CURRENCY and _MAGNITUDE.search(spoken):
            yield _MAGNITUDE.sub("", spoken)
            if is_short:
                yield f"{_MAGNITUDE.sub('', spoken)} {letters}"
                yield _MAGNITUDE.sub(f" {letters}", spoken, count=1)
        yield minus + said
        if word_class is WordClass.UNITS and is_short:
            yield f"{minus}{said} {letters}"
    elif len(numbers) == 1 and not beside and numbers[0].isdecimal() and len(numbers[0]) > 1:
        digits = numbers[0]
        yield number_words.spell_digits(digits)
        yield number_words.number(digits)
        if len(digits) == 4:
            yield number_words.pairs(digits)


def _plain(text: str) -> str:
    """In small letters, without punctuation, and without the "and" that numbers may have or lack."""
    words = "".join(char.lower() if char.isalnum() else " " for char in _MINUS.sub("minus ", text)).split()
    return " ".join(word for word in words if word != "and")
