"""Dates, in the order of the book's English."""

import regex

from mayabook.core.spoken_form import WordClass
from mayabook.script.verbalisation import number_words
from mayabook.script.verbalisation.rules import (
    Context,
    Family,
    Match,
    Rule,
    Say,
    full_stop,
    one_of,
    pattern,
    word_before,
)

MONTHS = "January February March April May June July August September October November December".split()
_SHORT = {month[:3]: month for month in MONTHS} | {
    "Sept": "September", "Jany": "January", "Feby": "February", "Augt": "August", "Septr": "September",
    "Octr": "October", "Novr": "November", "Decr": "December",
}  # fmt: skip
_MONTH = rf"(?:{'|'.join(MONTHS)})\b|(?i:{'|'.join(MONTHS)})\b(?<=\p{{Lu}}{{2}})|(?:{'|'.join(_SHORT)})\b\.?"
_DAY = r"(?:3[01]|[12]\d|0?[1-9])(?!\d)"
_SUFFIX = r"(?:st|nd|rd|th)?\b"
_YEAR = r"(?:1\d{3}|20\d{2}|[’'‘]\d{2})(?![\d,]*\d|[-–]\d)"
_WEEKDAYS = {
    "Mon": "Monday", "Tue": "Tuesday", "Tues": "Tuesday", "Wed": "Wednesday", "Weds": "Wednesday", "Thu": "Thursday",
    "Thur": "Thursday", "Thurs": "Thursday", "Fri": "Friday", "Sat": "Saturday", "Sun": "Sunday",
}  # fmt: skip
_WEEKDAY = rf"(?:{one_of([*_WEEKDAYS, *_WEEKDAYS.values()])})\b\.?"
_DASH = r"\s?[–-]\s?"
_PARTS = {"month": _MONTH, "weekday": _WEEKDAY, "day": _DAY, "suffix": _SUFFIX, "year": _YEAR, "dash": _DASH}


def _month_first(match: Match, context: Context) -> str:
    month, day = _month(match["month"]), number_words.ordinal(int(match["day"]))
    return f"{month} {'the ' if context.british else ''}{day}{_and_year(match['year'], context)}{full_stop(match)}"


def _days(match: Match, context: Context) -> str:
    """Two days of a month: "July 20–22"."""
    first, second = (number_words.ordinal(int(match[name])) for name in ("day", "to_day"))
    month, the = _month(match["month"]), "the " if context.british else ""
    if match.start("month") < match.start("day"):
        said = f"{month} {the}{first} to {the}{second}"
    else:
        said = f"{'' if word_before(match).lower() == 'the' else 'the '}{first} to {the}{second} of {month}"
    return f"{said}{_and_year(match['year'], context)}{full_stop(match)}"


def _day_first(match: Match, context: Context) -> str:
    day = number_words.ordinal(int(match["day"]))
    the = "" if word_before(match).lower() in ("the", "this", "that", "every", "each") else "the "
    return f"{the}{day} of {_month(match['month'])}{_and_year(match['year'], context)}{full_stop(match)}"


def _numeric(match: Match, context: Context) -> str | None:
    first, second = int(match["first"]), int(match["second"])
    day, month = (first, second) if context.british or first > 12 else (second, first)
    if month > 12:
        day, month = month, day
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return _in_order(day, month, match["year"], context)


def _without_year(match: Match, context: Context) -> str | None:
    """10/31, in the order of the book's English."""
    first, second = int(match["first"]), int(match["second"])
    day, month = (first, second) if context.british else (second, first)
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    said = number_words.ordinal(day)
    return f"the {said} of {MONTHS[month - 1]}" if context.british else f"{MONTHS[month - 1]} {said}"


def _iso(match: Match, context: Context) -> str:
    return _in_order(int(match["day"]), int(match["month"]), match["year"], context)


def _in_order(day: int, month: int, year: str, context: Context) -> str:
    said = number_words.ordinal(day)
    in_words = f", {_say_year(year, context)}"
    if context.british:
        return f"the {said} of {MONTHS[month - 1]}{in_words}"
    return f"{MONTHS[month - 1]} {said}{in_words}"


def _short_month(match: Match, context: Context) -> str:
    return _month(match["month"]) + match["rest"]


def _weekday(match: Match, context: Context) -> str:
    return _full(match["weekday"], _WEEKDAYS) + full_stop(match)


def _bare_month(match: Match, context: Context) -> str:
    return _month(match["month"]) + full_stop(match)


def _names(match: Match, context: Context) -> str:
    """ "Mon–Fri", "June–August"."""
    return (
        f"{_full(match['first'], _SHORT | _WEEKDAYS)} to {_full(match['last'], _SHORT | _WEEKDAYS)}{full_stop(match)}"
    )


def _nine_eleven(match: Match, context: Context) -> str:
    return "nine eleven"


def _month(text: str) -> str:
    return _full(text, _SHORT)


def _full(text: str, names: dict[str, str]) -> str:
    name = text.rstrip(".").capitalize()
    return names.get(name, name)


def _and_year(text: str | None, context: Context) -> str:
    return f", {_say_year(text.strip(' ,'), context)}" if text else ""


def _say_year(text: str, context: Context) -> str:
    digits = text.lstrip("’'‘")
    if digits == "00":
        return "two thousand"
    if len(digits) == 2:
        return ("nineteen " if text == digits and int(digits) >= 40 else "") + number_words.short_year(digits)
    return number_words.year(int(digits), british=context.british)


def _rule(expression: str, say: Say) -> Rule:
    return Rule(WordClass.DATES, pattern(expression, **_PARTS), say)


_TIME_WORDS = (
    r"(?i:in|since|until|till|by|of|from|to|before|after|during|last|next|this|early|late|mid|every|and|between)"
)
FAMILY = Family(
    regex.compile(rf"\d|\b(?:{one_of([*_SHORT, *_WEEKDAYS])})\b|y{_DASH}\p{{Lu}}|[hlrtye]{_DASH}\p{{Lu}}\p{{Ll}}"),
    [
        _rule(
            r"\b(?:(?P<first>{month}){dash}(?P<last>{month})|(?P<first>{weekday}){dash}(?P<last>{weekday}))(?!\w|[–-]\p{Lu})",
            _names,
        ),
        _rule(
            r"\b(?P<month>{month})[ ](?P<day>{day}){suffix}{dash}(?P<to_day>{day}){suffix}"
            r"(?![-–/:%°]\d|\.\d|,\d{3})(?P<year>,?[ ]{year})?",
            _days,
        ),
        _rule(
            r"(?<![\w.,:/$£€–-])(?P<day>{day}){suffix}{dash}(?P<to_day>{day}){suffix}[ ]"
            r"(?:of[ ])?(?P<month>{month})(?P<year>,?[ ]{year})?",
            _days,
        ),
        _rule(
            r"(?<![\w.-])(?P<year>[12]\d{3})(?P<sep>[-/])(?P<month>0[1-9]|1[0-2])(?P=sep)(?P<day>0[1-9]|[12]\d|3[01])(?![\w-])",
            _iso,
        ),
        _rule(
            r"(?<![\w.,/])(?P<first>\d{1,2})(?P<sep>[/.-])(?P<second>\d{1,2})(?P=sep)(?P<year>[12]\d{3}|\d{2})(?![\w/-]|\.\d)",
            _numeric,
        ),
        _rule(
            r"\b(?P<month>{month})[ ](?P<day>{day}){suffix}(?![-–/:%°]\d|\.\d|,\d{3})(?P<year>,?[ ]{year})?",
            _month_first,
        ),
        _rule(
            r"(?<![\w.,:/$£€–-])(?P<day>{day}){suffix}[ ](?:(?:day[ ])?of[ ])?(?P<month>{month})(?P<year>,?[ ]{year})?",
            _day_first,
        ),
        _rule(rf"\b(?P<month>{one_of(_SHORT)})\.?(?P<rest>,?[ ](?=[12]\d{{3}}\b|[’']\d))", _short_month),
        _rule(
            rf"\b(?:(?P<month>Feb|Aug|Sept|Oct|Nov|Dec)|(?P<month>{one_of(_SHORT)})(?=\.(?:\s\p{{Ll}}|,)))\.",
            _bare_month,
        ),
        _rule(
            rf"(?<=\b{_TIME_WORDS}[ -])(?P<month>Feb|Apr|Jul|Aug|Sept?|Oct|Nov|"
            r"Dec(?<!\b(?:and|by|to|of|from|before|after)[ -]Dec))\b(?!\.|[’'-]|\s\p{Lu}\p{Ll})",
            _bare_month,
        ),
        _rule(
            rf"\b(?:(?P<weekday>{one_of(_WEEKDAYS)})\.(?=\s[\p{{Ll}}\d]|,)|(?P<weekday>Tues?|Weds|Thurs?|Thu|Fri)\.|"
            rf"(?<=\b(?i:on|every|each|next|last|until|till|by|closed|open)\s)(?P<weekday>Mon|Wed|Sat|Sun)\.|"
            rf"(?P<weekday>Tues?|Weds|Thurs?|Thu|Fri)(?![\w’'-])|"
            rf"(?P<weekday>Mon|Wed|Sat|Sun)(?=,?\s(?:\d|(?:{one_of(_SHORT)}|{'|'.join(MONTHS)})\b)|\s(?:and|&|or|to)\s{{weekday}}))",
            _weekday,
        ),
        _rule(r"(?<=\b{weekday}\s(?:and|&|or|to)\s)(?P<weekday>Mon|Wed|Sat|Sun)\b", _weekday),
        _rule(r"(?<![\w/.])9/11(?![\w/])", _nine_eleven),
        _rule(
            r"(?<=\b(?:[Oo]n|[Dd]ated|[Uu]ntil|[Tt]ill|[Ss]ince|[Bb]efore|[Aa]fter|[Dd]ue)\s)(?P<first>\d{1,2})/(?P<second>\d{1,2})"
            r"(?![\w/]|[.,]\d|\s(?:of|cups?|inch|inches|miles?|hours?|time|full|fractions?)\b)",
            _without_year,
        ),
    ],
)
