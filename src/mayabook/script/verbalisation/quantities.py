"""Quantities, the numbers that units, currencies and signs belong to: "1,204", "-3.5", "2½", "12–15"."""

import unicodedata

import regex

from mayabook.script.verbalisation import number_words
from mayabook.script.verbalisation.rules import Context, with_article

_SPACED = r"(?<!\d[ ])(?:\d{1,3}(?:[ ]000){1,4}+|\d{1,3}(?:[ ]\d{3}){2,4}+)(?![ ]?\d)"
NUMBER = rf"(?:{_SPACED}|\d{{1,3}}(?:[,\u00a0\u2009\u202f]\d{{3}})+|\d+)(?:\.\d+)?|(?<!\w)\.\d+"
VULGAR = "[¼½¾⅐⅑⅒⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞]"
AMOUNT = rf"(?:{NUMBER})?{VULGAR}|(?:\d+\s)?[1-9]/[2-9](?![\d/])|{NUMBER}"
"""A number with or without a fraction."""
MINUS = r"(?<![\w.,)\]²³–—%°¼½¾-])[-−–](?=[.\d$£€¥])|(?<=\s|^)−\s?(?=\d)|(?<=[(=+×÷]\s?)[-–]\s(?=\d)"
SIGN = rf"{MINUS}|(?<![\w.,)])[+±]\s?(?=[.\d$£€¥])"
DASH = r"\s?[-–—−]\s?"
QUANTITY = rf"(?:{SIGN})?(?:{AMOUNT})(?:{DASH}(?:{AMOUNT}))?"
"""An amount with its sign, or two of them: a range."""
FIRST = r"(?<![\w.,/$£€¥])"
"""Where a number may begin."""

_SIGNS = {"-": "minus", "−": "minus", "–": "minus", "+": "plus", "±": "plus or minus"}
_PARTS = regex.compile(rf"(?P<sign>[-−–+±])?\s?(?P<low>{AMOUNT})(?:{DASH}(?P<high>{AMOUNT}))?")
_NAMED = {2: ("half", "halves"), 4: ("quarter", "quarters")}


def say_quantity(text: str, context: Context) -> str:
    """A quantity in words: "−3" -> "minus three", "20–30" -> "twenty to thirty", "2½" -> "two and a half"."""
    parts = _PARTS.fullmatch(text.strip())
    assert parts is not None, text
    words = [_SIGNS[parts["sign"]]] if parts["sign"] else []
    words.append(say_amount(parts["low"], context))
    if parts["high"]:
        words += ["to", say_amount(parts["high"], context)]
    return " ".join(words)


def is_one(text: str) -> bool:
    """Whether a unit stands in the singular after it: "1", "-1", "½"."""
    return regex.fullmatch(rf"[-−–+±]?\s?(?:1|{VULGAR}|1/\d+)", text.strip()) is not None


def is_fraction(text: str) -> bool:
    """Whether a quantity is less than one by a fraction: "¾", "1/2"."""
    return regex.fullmatch(rf"[-−–+±]?\s?(?:{VULGAR}|\d/\d+)", text.strip()) is not None


def is_split(low: str, high: str) -> bool:
    """Whether two numbers are the parts of a hundred, "60-40", and no range."""
    return (
        len(low) == 2 and low.isdecimal() and high.isdecimal() and int(low) >= int(high) and int(low) + int(high) == 100
    )


def say_amount(text: str, context: Context) -> str:
    mixed = regex.fullmatch(r"(?:(\d+)\s)?(\d)/(\d)", text)
    if mixed:
        whole, above, below = mixed.groups()
        words = number_words.number(whole, british=context.british) if whole else ""
        return with_fraction(words, int(above), int(below))
    if regex.fullmatch(VULGAR, text[-1]):
        above, below = vulgar_fraction(text[-1])
        whole = text[:-1].strip()
        words = number_words.number(whole, british=context.british) if whole else ""
        return with_fraction(words, above, below)
    plain = regex.sub(r"[\u00a0\u2009\u202f]", "", text)
    return number_words.number(plain, british=context.british)


def vulgar_fraction(char: str) -> tuple[int, int]:
    above, _, below = unicodedata.normalize("NFKC", char).partition("⁄")
    return int(above), int(below)


def fraction(above: int, below: int) -> str:
    """1, 2 -> "one half"; 5, 8 -> "five eighths"."""
    one, many = _NAMED.get(below, (number_words.ordinal(below), f"{number_words.ordinal(below)}s"))
    return f"{number_words.cardinal(above)} {one if above == 1 else many}"


def with_fraction(whole: str, above: int, below: int) -> str:
    """ "two", 1, 2 -> "two and a half"."""
    if not whole:
        return fraction(above, below)
    part = fraction(above, below)
    return f"{whole} and {with_article(part.removeprefix('one ')) if above == 1 else part}"
