"""Numbers in words: cardinals, ordinals, years, decimals, digits and pairs of digits."""

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_TENS = "- - twenty thirty forty fifty sixty seventy eighty ninety".split()
_SCALES = ["", *(f"{name}illion" for name in "m b tr quadr quint sext sept oct non dec".split())]
_SCALES.insert(1, "thousand")
_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
MAX_DIGITS = 3 * len(_SCALES)
"""Numbers with more digits have no name, and are read digit by digit."""


def cardinal(number: int, *, british: bool = False) -> str:
    """1204 -> "one thousand two hundred four", in British English "... two hundred and four"."""
    if number < 20:
        return _ONES[number]
    groups, scale = [], 0
    while number:
        number, group = divmod(number, 1000)
        if group:
            words = _below_thousand(group, british)
            joint = "and " if british and scale == 0 and group < 100 and number else ""
            groups.append(f"{joint}{words} {_SCALES[scale]}".rstrip())
        scale += 1
    return " ".join(reversed(groups))


def _below_thousand(number: int, british: bool) -> str:
    hundreds, rest = divmod(number, 100)
    words = [f"{_ONES[hundreds]} hundred"] if hundreds else []
    if rest:
        tens, ones = divmod(rest, 10)
        small = _ONES[rest] if rest < 20 else _TENS[tens] + (f"-{_ONES[ones]}" if ones else "")
        words += ["and", small] if british and words else [small]
    return " ".join(words)


def ordinal(number: int, *, british: bool = False) -> str:
    """21 -> "twenty-first"."""
    return as_ordinal(cardinal(number, british=british))


def as_ordinal(words: str) -> str:
    """The ordinal of a cardinal in words: "twenty-one" -> "twenty-first"."""
    cut = max(words.rfind(" "), words.rfind("-")) + 1
    last = words[cut:]
    if last in _ORDINALS:
        return words[:cut] + _ORDINALS[last]
    return words[:cut] + (f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th")


def plural(words: str) -> str:
    """ "twenty" -> "twenties"."""
    if words.endswith("y"):
        return f"{words[:-1]}ies"
    return f"{words}es" if words.endswith("x") else f"{words}s"


def is_year(text: str) -> bool:
    """Whether digits are rather a year than a number."""
    return len(text) == 4 and text.isdecimal() and 1100 <= int(text) < 2100


def year(number: int, *, british: bool = False) -> str:
    """1905 -> "nineteen oh five"; 1900 -> "nineteen hundred"; 2001 -> "two thousand one"; 79 -> "seventy-nine"."""
    century, rest = divmod(number, 100)
    if number < 1000 or number > 9999 or (century % 10 == 0 and rest < 10):
        return cardinal(number, british=british)
    return f"{_ONES[century] if century < 20 else cardinal(century)} {_year_in_century(rest)}"


def _year_in_century(rest: int) -> str:
    if rest == 0:
        return "hundred"
    return f"oh {_ONES[rest]}" if rest < 10 else cardinal(rest)


def short_year(digits: str) -> str:
    """A year without its century: "18" -> "eighteen", "05" -> "oh five"."""
    return _year_in_century(int(digits)) if int(digits) else "hundred"


def spell_digits(text: str, zero: str = "zero") -> str:
    """The digits of a text one by one; everything else in it is passed over."""
    return " ".join(zero if char == "0" else _ONES[int(char)] for char in text if char.isdecimal())


def pairs(digits: str) -> str:
    """As numbers of houses, rooms and flights are read: "221" -> "two twenty-one", "101" -> "one oh one"."""
    if digits.startswith("0"):
        return spell_digits(digits, "oh")
    number = int(digits)
    century, rest = divmod(number, 100)
    if len(digits) not in (3, 4) or number % 1000 == 0:
        return cardinal(number)
    return f"{cardinal(century)} {_year_in_century(rest)}"


def number(text: str, *, british: bool = False) -> str:
    """A number as it is printed: "1,204", "3.14", ".5", "0123"."""
    whole, point, decimals = text.replace(",", "").replace(" ", "").partition(".")
    if len(whole) > MAX_DIGITS or (len(whole) > 1 and whole[0] == "0"):
        words = spell_digits(whole)
    else:
        words = cardinal(int(whole), british=british) if whole else ""
    return f"{words} point {spell_digits(decimals)}".strip() if point and decimals else words
