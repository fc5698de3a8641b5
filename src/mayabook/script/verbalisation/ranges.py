"""Ranges of numbers, years and letters; ratios."""

import regex

from mayabook.core.spoken_form import WordClass
from mayabook.script.verbalisation import number_words
from mayabook.script.verbalisation.number_words import is_year
from mayabook.script.verbalisation.quantities import FIRST, NUMBER, is_split, say_amount
from mayabook.script.verbalisation.rules import Context, Family, Match, Rule, follows, pattern, preceding

_FIXED = {
    ("24", "7"): "twenty-four seven",
    ("20", "20"): "twenty-twenty",
    ("7", "11"): "seven eleven",
    ("10", "4"): "ten four",
    ("30", "06"): "thirty aught six",
}
_TENNIS = {"0": "love", "15": "fifteen", "30": "thirty", "40": "forty"}
_OF_GAMES = (
    r"\b(?:won|win|wins|winning|lost|lose|loses|losing|beat|beaten|drew|drawn|score|scored|defeat|defeated|victory|up|down|ahead|"
    r"led|lead|leading|trailed|trailing|finished|ended|match|game|final|thrashed|full time|half-time|half time)\b"
)
_RATIO_WORDS = r"(?:\b(?i:ratio|odds|mixture|scale|blend|proportions?|diluted|split|score|aspect|mix)\b\D{0,30})"


def _numbers(match: Match, context: Context) -> str | None:
    low, high = match["low"], match["high"]
    if (low, high) in _FIXED:
        return _FIXED[low, high]
    if is_split(low, high):
        return f"{number_words.cardinal(int(low))}-{number_words.cardinal(int(high))}"
    if low in _TENNIS and high in _TENNIS and int(low) > int(high) and "/" not in match[0]:
        return f"{_TENNIS[low]} {_TENNIS[high]}"
    if "0" in (low, high) and len(low + high) <= 3 and regex.search(_OF_GAMES, match.string):
        nothing = "nil" if context.british else "nothing"
        return " ".join(nothing if side == "0" else number_words.cardinal(int(side)) for side in (low, high))
    if "/" in match[0]:
        return f"{number_words.year(int(low), british=context.british)} {_second_year(low, high, context)}"
    is_apart = match.string[match.end("low")].isspace()
    if is_apart and is_year(low) and follows(match, r"\s(?:\p{Ll}+\s)?(?:years|months|weeks|days|hours)\b"):
        return None  # "in 1914 – 20 years later"
    if (
        low.isdecimal()
        and high.isdecimal()
        and len(high) < len(low)
        and int(high) < int(low)
        and (_is_year(low) or regex.search(r"\b(?:pp?\.|[Pp]ages?)\s$", preceding(match)))
    ):  # 1914–8, pages 112–5
        filled = low[: len(low) - len(high)] + high
        high = filled[-2:] if _is_year(low) else filled
    if (
        (is_year(low) or (_is_year(low) and (len(high) == 2 or _is_year(high))))
        and len(high) in (2, 4)
        and "," not in high
    ):
        return f"{number_words.year(int(low), british=context.british)} to {_second_year(low, high, context)}"
    if "." not in low + high and len(low) == 3 and len(high) == 3 and low[0] == "0":
        return None
    return f"{say_amount(low, context)} to {say_amount(high, context)}"


def _is_year(text: str) -> bool:
    return len(text) == 4 and text.isdecimal() and 1000 <= int(text) < 2100


def _second_year(low: str, high: str, context: Context) -> str:
    if len(high) == 2:
        return number_words.short_year(high)
    if len(high) == 1:  # 1604/5, in two calendars
        return number_words.cardinal(int(high))
    return number_words.year(int(high), british=context.british) if _is_year(high) else say_amount(high, context)


def _ratio(match: Match, context: Context) -> str:
    return " to ".join(say_amount(part, context) for part in match[0].split(":"))


def _to(match: Match, context: Context) -> str:
    return " to "


def _letters(match: Match, context: Context) -> str | None:
    """A–Z, G–K; with a hyphen, which two letters of a name may have as well, only where a range is expected."""
    low, high = match["low"], match["high"]
    if not low < high or low.isupper() != high.isupper():
        return None
    if match["dash"] == "-" and (low, high) not in (("A", "Z"), ("a", "z")) and match["lead"] is None:
        return None
    return f"{low} to {high}"


RATIOS = Family(
    regex.compile(r"\d:\d"),
    [
        Rule(
            WordClass.NUMBERS,
            pattern(
                r"(?<![\w.,:])(?:\d{1,3}:(?:\d|\d{1,3}(?:,\d{3})+|100)|(?<={words})(?<!\b(?i:at|by|until|till|since)\s)\d{1,3}:\d{1,3}(?::\d{1,3})?)"
                r"(?![\w:]|[.,]\d)",
                words=_RATIO_WORDS,
            ),
            _ratio,
        )
    ],
)
"""These come before the times of day."""
FAMILY = Family(
    regex.compile(r"\d\s?[-–−/]\s?\d|\d(?:st|nd|rd|th|s)\s?[-–]|\b\p{L}\s?–\s?\p{L}\b|\b\p{L}-\p{L}\b"),
    [
        Rule(
            WordClass.NUMBERS,
            pattern(
                r"{first}(?P<low>{number})(?:\s?[–−]\s?|-|—(?<=\b1\d{3}—)(?=[12]\d{3}\b)|\s-\s|"
                r"/(?<=(?<!\d)(?:1[1-9]|20)\d\d/)(?=(?:\d|\d\d|(?:1[1-9]|20)\d\d)(?![\d/])))(?P<high>{number})"
                r"(?![\w]|[-–]\d|\.\d)",
                first=FIRST,
                number=NUMBER,
            ),
            _numbers,
        ),
        Rule(
            WordClass.NUMBERS,
            pattern(
                r"(?<=\d(?:st|nd|rd|th|s))\s?[-–]\s?(?=[’']?\d+(?:st|nd|rd|th|s)\b)|(?<=[’']\d\d)\s?–\s?(?=[’']\d\d\b)|"
                r"(?<=[£$€]\d[\d.,]*(?:m|bn|k|M|K|B)?)\s?–\s?(?=[£$€]\d)|(?<=\d|\b(?:BC|AD|BCE|CE))\s?–\s?(?=(?:c\.|AD)\s?\d)"
            ),
            _to,
        ),
        Rule(
            WordClass.NUMBERS,
            pattern(
                r"(?<![\w.&’'–-])(?P<lead>(?<=\b(?:from|rows?|volumes?|letters?|sections?|names|parts?|pages|vols?\.|surnames)\s))?"
                r"(?P<low>\p{L})\s?(?P<dash>[-–])\s?(?P<high>\p{L})(?![\w’'–-]|\.\p{L})"
            ),
            _letters,
        ),
    ],
)
