"""Verbalises numbers and amounts of money in all usual ways.

Each function returns verbalisations, tuples of lower-case words, the likeliest first; none for what it does not know.
Number words come from hibari's phonemiser.
"""

import re

from hibari.g2p import numbers

Verbalisation = tuple[str, ...]

MAGNITUDES = frozenset({"hundred", "thousand", "million", "billion", "trillion"})
MONTHS = frozenset(
    (
        "january february march april may june july august september october november december jan feb "
        "mar apr jun jul aug sept sep oct nov dec"
    ).split()
)
_MONEY = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "£": ("pound", "pounds", "pence", "pence"),
    "€": ("euro", "euros", "cent", "cents"),
    "¥": ("yen", "yen", "", ""),
    "¢": ("cent", "cents", "", ""),
}
_AMOUNT = re.compile(r"([$£€¥])(\d[\d,]*)(?:\.(\d\d))?(?:\.(\d+))?(?: ([a-z]+))?")
_DECIMAL = re.compile(r"(\d+)?\.(\d+)")
_CLOCK = re.compile(r"(\d{1,2})[:.]([0-5]\d)")
_ORDINAL = re.compile(r"(\d[\d,]*)(?:st|nd|rd|th)", re.IGNORECASE)
_PLURAL = re.compile(r"['’]?(\d+)['’]?s", re.IGNORECASE)
_FRACTION = re.compile(r"(\d{1,2})[/⁄](\d{1,2})")
_PIECES = re.compile(r"\d+(?:,\d{3})+|\d+\.\d+|\d+|[^\W\d_]+|%|½|¼|¾|°")
_SIGNS = {"%": ("percent",), "½": ("and", "a", "half"), "¼": ("and", "a", "quarter"), "¾": ("and", "three", "quarters"),
          "°": ("degrees",)}  # fmt: skip
_UNITS = {"c": "celsius", "f": "fahrenheit", "m": "meters", "s": "seconds", "h": "hours", "km": "kilometers",
          "cm": "centimeters", "mm": "millimeters", "kg": "kilograms", "g": "grams", "lb": "pounds", "lbs": "pounds",
          "ft": "feet", "mph": "miles per hour", "db": "decibels", "hz": "hertz", "khz": "kilohertz", "gb": "gigabytes",
          "mb": "megabytes", "ml": "milliliters", "l": "liters", "w": "watts", "v": "volts"}  # fmt: skip
"""As ASR writes units against their number."""
_DENOMINATORS = {2: ("half", "halves"), 4: ("quarter", "quarters")}
_ROMAN = re.compile(r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_ROMAN_DIGITS = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
NUMBER_WORDS = frozenset(
    word
    for value in (*range(100), 100, 1000, 10**6, 10**9, 10**12)
    for form in (numbers.cardinal(value), numbers.ordinal(value))
    for word in re.findall(r"[a-z]+", form)
) - {"and"}
"""Words of cardinals and ordinals."""
_MAX_DIGITS = 15
_MAX_READINGS = 40


def verbalise_number(word: str) -> list[Verbalisation]:
    """Verbalisations of a word with digits: 1897, -3, 3rd, 10:45, 3.14, $5.50, 20%, 1890s, 1/2, 221B, 1914-18."""
    if word.startswith("-"):
        return [(sign, *one) for one in verbalise_number(word[1:]) for sign in ("minus", "negative")]
    if money := verbalise_amount(word.lower()):
        return money
    if word.endswith("¢") and word[:-1].isdecimal():
        return [(*one, "cent" if word == "1¢" else "cents") for one in _cardinals(word[:-1])]
    if (match := _ORDINAL.fullmatch(word)) and len(match[1]) <= _MAX_DIGITS:
        ordinals = _with_and(_words(numbers.ordinal(_whole(match[1]))))
        return [*ordinals, *(("the", *one) for one in ordinals)]
    if match := _CLOCK.fullmatch(word):
        return [*_clock(int(match[1]), match[2]), *_decimal(match[1], match[2])]
    if match := _DECIMAL.fullmatch(word.replace(",", "")):
        return _decimal(match[1] or "", match[2])
    if match := _FRACTION.fullmatch(word):
        return _fraction(int(match[1]), int(match[2]))
    if match := _PLURAL.fullmatch(word):
        return [(*one[:-1], _plural(one[-1])) for one in _integers(match[1])]
    return _mixture(word)


def verbalise_amount(text: str) -> list[Verbalisation]:
    """Verbalisations of money: "$5.50", "£3", "$20 million"; [] for anything else."""
    match = _AMOUNT.fullmatch(text)
    if match is None or (match[5] and match[5] not in MAGNITUDES):
        return []
    sign, whole, cents, decimals, magnitude = match.groups()
    one, many, cent, many_cents = _MONEY[sign]
    if magnitude:
        heads = _decimal(whole, (cents or "") + (decimals or "")) if cents or decimals else _cardinals(whole)
        return [(*head, magnitude, *unit) for head in heads for unit in ((many,), (one,), ())]
    if decimals:
        return []
    units = [
        unit for head in _cardinals(whole) for unit in ((*head, one if _whole(whole) == 1 else many), (*head, one))
    ]
    if not cents or not cent:
        return [*units, *_cardinals(whole)]
    if int(cents) == 0:
        return [*units, *_cardinals(whole)]
    (small,) = _cardinals(str(int(cents)))[:1]
    coin = cent if int(cents) == 1 else many_cents
    both = [(*unit, *joint, *small, *end) for unit in units for joint in (("and",), ()) for end in ((coin,), ())]
    bare = [(*head, *small) for head in _cardinals(whole)]
    return ([(*small, coin)] if _whole(whole) == 0 else []) + both + bare


def roman_value(word: str) -> int:
    """The value of a Roman numeral in capitals, 0 for anything else."""
    if not word or not _ROMAN.fullmatch(word):
        return 0
    values = [_ROMAN_DIGITS[char] for char in word]
    return sum(-one if one < after else one for one, after in zip(values, [*values[1:], 0], strict=True))


def _mixture(word: str) -> list[Verbalisation]:
    """Digits beside letters and signs, each verbalised by itself: 221B, 20%, 1914-18, 5km."""
    parts = _PIECES.findall(word)
    readings: list[Verbalisation] = [()]
    for place, part in enumerate(parts):
        options = _numbers_in(part) if part[0].isdecimal() else _beside_number(part)
        if place and part[0].isdecimal() and parts[place - 1][-1].isdecimal():
            options = options + [("to", *option) for option in options]
        readings = [(*reading, *option) for reading in readings for option in options][:_MAX_READINGS]
    return [reading for reading in readings if reading]


def _numbers_in(part: str) -> list[Verbalisation]:
    """A whole number, or one with a point: a decimal number, or two numbers, such as of a clock."""
    whole, point, rest = part.partition(".")
    if not point:
        return _integers(part)
    return [*_decimal(whole, rest), *((*one, *other) for one in _integers(whole) for other in _integers(rest))]


def _beside_number(part: str) -> list[Verbalisation]:
    """A sign, a unit, or letters."""
    if part in _SIGNS:
        return [_SIGNS[part]]
    unit = _UNITS.get(part.lower())
    return [(part.lower(),), *([tuple(unit.split())] if unit else [])]


def _integers(digits: str) -> list[Verbalisation]:
    """A whole number as a quantity, as a year or pairs of digits, and digit by digit."""
    if "," in digits:
        return _cardinals(digits)
    found = _cardinals(digits) if digits[0] != "0" or digits == "0" else []
    found += _pairs(digits)
    if len(digits) > 1:
        found += _digit_by_digit(digits)
    return list(dict.fromkeys(found))


def _pairs(digits: str) -> list[Verbalisation]:
    """1897 -> eighteen ninety seven; 1905 -> nineteen oh five; 1900 -> nineteen hundred; 212 -> two twelve."""
    if len(digits) not in (3, 4) or digits[0] == "0":
        return []
    high, low = int(digits[:-2]), int(digits[-2:])
    head = _words(numbers.cardinal(high))
    if low == 0:
        return [(*head, "hundred")]
    tail = _words(numbers.cardinal(low))
    hundreds = [(*head, "hundred", *joint, *tail) for joint in (("and",), ())] if len(digits) == 4 else []
    return [(*head, *(("oh",) if low < 10 else ()), *tail), *hundreds]


def _digit_by_digit(digits: str) -> list[Verbalisation]:
    return [tuple(zero if char == "0" else numbers.ONES[int(char)] for char in digits) for zero in ("zero", "oh")]


def _cardinals(digits: str) -> list[Verbalisation]:
    """With and without "and"; "a hundred" for "one hundred"; digit by digit beyond what has a name."""
    if len(digits.replace(",", "")) > _MAX_DIGITS:
        return _digit_by_digit(digits.replace(",", ""))
    found = _with_and(_words(numbers.cardinal(_whole(digits))))
    if found[0][0] == "one" and len(found[0]) > 1:
        found += [("a", *one[1:]) for one in found]
    return found


def _with_and(words: Verbalisation) -> list[Verbalisation]:
    without = tuple(word for word in words if word != "and")
    return [words, without] if without != words else [words]


def _decimal(whole: str, decimals: str) -> list[Verbalisation]:
    heads: list[Verbalisation] = [("zero",), ()] if whole in ("", "0") else _cardinals(whole)
    tails = [*_digit_by_digit(decimals), *(_cardinals(decimals)[:1] if len(decimals) == 2 else [])]
    return [(*head, "point", *tail) for head in heads for tail in tails]


def _clock(hour: int, minute: str) -> list[Verbalisation]:
    head = _words(numbers.cardinal(hour))
    if minute == "00":
        return [(*head, "o'clock"), head, (*head, "hundred")]
    tail = _words(numbers.cardinal(int(minute)))
    if minute[0] == "0":
        return [(*head, zero, *tail) for zero in ("oh", "zero")]
    return [(*head, *tail)]


def _fraction(above: int, below: int) -> list[Verbalisation]:
    top = _words(numbers.cardinal(above))
    slashed = [(*top, *joint, *_words(numbers.cardinal(below))) for joint in (("over",), ("slash",), ())]
    if below < 2:
        return slashed
    part, parts = _DENOMINATORS.get(below, (numbers.ordinal(below), numbers.ordinal(below) + "s"))
    named = _words(part if above == 1 else parts)
    return [(*top, *named), *([("a", *named), named] if above == 1 else []), *slashed]


def _plural(word: str) -> str:
    return word[:-1] + "ies" if word.endswith("y") else word + ("es" if word.endswith("x") else "s")


def _whole(digits: str) -> int:
    return int(digits.replace(",", ""))


def _words(text: str) -> Verbalisation:
    return tuple(re.findall(r"[a-z]+", text))
