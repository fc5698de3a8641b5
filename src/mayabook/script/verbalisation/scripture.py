"""Places in the Bible: "1 Cor. 13:4–7", "Luke xv. 11"."""

import regex

from mayabook.core.spoken_form import WordClass
from mayabook.script.verbalisation import number_words
from mayabook.script.verbalisation.roman_numerals import LOWER_NUMERAL, NUMERAL, roman_value
from mayabook.script.verbalisation.rules import Context, Family, Match, Rule, one_of

_SHORT = {
    "Gen": "Genesis", "Exod": "Exodus", "Ex": "Exodus", "Lev": "Leviticus", "Num": "Numbers", "Deut": "Deuteronomy",
    "Josh": "Joshua", "Judg": "Judges", "Sam": "Samuel", "Kgs": "Kings", "Chron": "Chronicles", "Chr": "Chronicles",
    "Neh": "Nehemiah", "Esth": "Esther", "Ps": "Psalm", "Pss": "Psalms", "Prov": "Proverbs", "Eccl": "Ecclesiastes",
    "Eccles": "Ecclesiastes", "Isa": "Isaiah", "Jer": "Jeremiah", "Lam": "Lamentations", "Ezek": "Ezekiel",
    "Dan": "Daniel", "Hos": "Hosea", "Mic": "Micah", "Hab": "Habakkuk", "Zech": "Zechariah", "Mal": "Malachi",
    "Matt": "Matthew", "Rom": "Romans", "Cor": "Corinthians", "Gal": "Galatians", "Eph": "Ephesians",
    "Phil": "Philippians", "Col": "Colossians", "Thess": "Thessalonians", "Tim": "Timothy", "Heb": "Hebrews",
    "Jas": "James", "Pet": "Peter", "Rev": "Revelation", "Sol": "Solomon",
}  # fmt: skip
_FULL = frozenset(_SHORT.values()) | frozenset(
    "Ruth Ezra Job Joel Amos Obadiah Jonah Nahum Haggai Mark Luke John Acts Titus Philemon Jude Revelations".split()
)
_NEVER_A_PERSON = "Corinthians|Thessalonians|Chronicles|Kings|Maccabees|Esdras"
_OF_A_PERSON = "Samuel|Timothy|Peter|John"
"""The other books with a number."""
_ORDINALS = {"1": "First", "2": "Second", "3": "Third", "I": "First", "II": "Second", "III": "Third"}
_CHAPTER = rf"\d{{1,3}}|{LOWER_NUMERAL}|{NUMERAL}"


def _book(match: Match, context: Context) -> str:
    number = f"{_ORDINALS[match['number']]} " if match["number"] else ""
    return f"{number}{_SHORT.get(match['book'], match['book'])}{' ' if match[0][-1] == ' ' else ''}"


def _place(match: Match, context: Context) -> str:
    said = f"{_number(match['chapter'], context)} {_number(match['verse'], context)}"
    if not match["last"]:
        return said
    joint = "and" if match["joint"] == "," else "to"
    return f"{said} {joint} {_number(match['last'], context)}"


def _number(text: str, context: Context) -> str:
    return number_words.cardinal(int(text) if text.isdecimal() else roman_value(text), british=context.british)


def _chapter(match: Match, context: Context) -> str:
    return _number(match["chapter"], context)


_BEFORE = rf"(?<=\b(?:{one_of([*_SHORT, *_FULL])})\.?\s)"
FAMILY = Family(
    regex.compile(
        rf"\b(?:{one_of([*_SHORT, *_FULL])})\.?\s(?:{_CHAPTER})\b|"
        rf"(?<!\w)(?:[123]|III?|I)\s(?:{_NEVER_A_PERSON}|{_OF_A_PERSON})\b"
    ),
    [
        Rule(
            WordClass.ABBREVIATIONS,
            regex.compile(
                rf"(?<!\w)(?:(?P<number>[123]|III?|I)\s)?(?P<book>{one_of(_SHORT)})\.\s(?=(?:{_CHAPTER})(?!\w))|"
                rf"(?<!\w)(?P<number>[123]|III?|I)\s(?P<book>{one_of(sorted(_FULL))})\s(?=\d)|"
                rf"(?<!\w)(?P<number>[123]|III?|I)\s(?P<book>{_NEVER_A_PERSON})(?!\w)|"
                rf"(?<!\w)(?P<number>[123]|III?|(?<=\b(?:[Oo]f|[Ii]n|[Ff]rom|[Rr]ead|[Ss]ee)\s)I)\s(?P<book>{_OF_A_PERSON})(?![\w’'])(?!\s\p{{Lu}})"
            ),
            _book,
        ),
        Rule(
            WordClass.NUMBERS,
            regex.compile(
                rf"{_BEFORE}(?P<chapter>{_CHAPTER})(?::|\.\s?|,\s)(?P<verse>\d{{1,3}})"
                r"(?:(?P<joint>\s?[–-]\s?|,)(?P<last>\d{1,3})(?![\d:]))?(?!\d|:\d)"
            ),
            _place,
        ),
        Rule(
            WordClass.ROMAN,
            regex.compile(rf"(?<=\b(?:{one_of(_SHORT)})\.\s)(?P<chapter>{LOWER_NUMERAL}|{NUMERAL})(?!\w)"),
            _chapter,
        ),
    ],
)
