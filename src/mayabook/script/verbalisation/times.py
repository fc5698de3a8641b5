"""Times of day."""

import regex

from mayabook.core.spoken_form import WordClass
from mayabook.script.verbalisation import number_words
from mayabook.script.verbalisation.rules import (
    Context,
    Family,
    Match,
    Rule,
    ends_sentence,
    follows,
    pattern,
    preceding,
    word_before,
)

_HALF = r"(?P<half>[AaPp])\.?[ ]?[Mm]\b\.?"
_MINUTE = "[0-5][0-9]"
_HOUR = "(?:2[0-4]|1[0-9]|0?[0-9])"
_NEXT = (
    r"(?:\s[-–—]\s|,?\s(?:and|&|or|to|for|until|till|through)\s|,\s)(?:about\s|around\s|at\s)?"
    rf"{_HOUR}(?:[:.]{_MINUTE})?"
)
_SHARES_HALF = rf"(?:{_NEXT}){{1,3}}\s?[AaPp]\.?[ ]?[Mm]\b"
"""Further times that share the "a.m." or "p.m." of the last one: "9:00 and 10:30 a.m."."""
_LEADS = (
    r"(?<=\b(?:at|by|until|till|til|from|before|after|since|about|around|past|to|the|for|was|is|and|between|"
    r"nearly|almost|"
    r"At|By|Until|From|Before|After|Since|About|The)\s)"
)


_OF_DURATIONS = (
    "in|took|takes|take|lasted|lasts|time of|record of|record|run|ran|lasting|for|under|exactly|of|timer|total|elapsed|"
    "finished|remaining|clocked|length|duration|runtime|countdown"
)


def _clock(match: Match, context: Context) -> str | None:
    half = _half(match)
    is_short = bool(half) or follows(match, rf"{_SHARES_HALF}|\s(?:o[’']clock|noon|midnight)\b")
    words = _hour_and_minute(match["hour"], match["minute"], is_short, context)
    seconds = match["seconds"]
    if seconds and not half and _is_duration(match):
        return _duration(match)
    if seconds and int(seconds):
        words += f" and {number_words.cardinal(int(seconds))} second{'' if int(seconds) == 1 else 's'}"
    return words + half


def _is_duration(match: Match) -> bool:
    return regex.search(rf"\b(?:{_OF_DURATIONS})\s(?:just\s|under\s|about\s|only\s)?$", preceding(match)) is not None


def _duration(match: Match) -> str:
    """2:04:35 -> two hours, four minutes and thirty-five seconds."""
    parts = [
        f"{number_words.cardinal(int(match[name]))} {name}{'' if int(match[name]) == 1 else 's'}"
        for name in ("hour", "minute")
        if int(match[name])
    ]
    n_seconds = int(match["seconds"])
    seconds = f"{number_words.cardinal(n_seconds)} second{'' if n_seconds == 1 else 's'}"
    return f"{', '.join(parts)} and {seconds}" if parts else seconds


def _hour(match: Match, context: Context) -> str:
    return number_words.cardinal(int(match["hour"])) + _half(match)


def _span(match: Match, context: Context) -> str:
    halves = match["half"]
    first = _hour_and_minute(match["hour"], match["minute"] or "00", True, context)
    second = _hour_and_minute(match["to_hour"], match["to_minute"] or "00", True, context)
    first_half = match.groupdict().get("first_half")
    return f"{first}{f' {first_half.lower()}.m.' if first_half else ''} to {second}" + (_half(match) if halves else "")


def _military(match: Match, context: Context) -> str:
    hour, minute = match["hour"], match["minute"]
    if hour == "00" and minute != "00" and ":" not in match[0]:
        head = f"zero zero{' zero' if minute[0] == '0' else ''} {number_words.cardinal(int(minute))}"
        return head + (" hours" if match["hours"] else "")
    head = ("oh " if hour[0] == "0" and hour != "00" else "") + number_words.cardinal(int(hour))
    tail = "hundred" if minute == "00" else ("oh " if minute[0] == "0" else "") + number_words.cardinal(int(minute))
    return f"{head} {tail}" + (" hours" if match["hours"] else "")


def _part_of_an_hour(match: Match, context: Context) -> str:
    """ "½ past 6", "¼ to 9"."""
    part = {"½": "half", "1/2": "half", "¼": "a quarter", "1/4": "a quarter", "¾": "three quarters"}[match["part"]]
    if part == "a quarter" and word_before(match).lower() in ("a", "the"):
        part = "quarter"
    return f"{part} {match['side']} {number_words.cardinal(int(match['hour']))}"


def _in_units(match: Match, context: Context) -> str:
    """2h 14m -> two hours fourteen minutes."""
    parts = [(name, match[name]) for name in ("hour", "minute", "second") if match[name]]
    return " ".join(f"{number_words.cardinal(int(n))} {name}{'' if int(n) == 1 else 's'}" for name, n in parts)


def _hour_and_minute(hour: str, minute: str, short: bool, context: Context) -> str:
    """short: whether a full hour is said without "o'clock"."""
    words = number_words.cardinal(int(hour))
    if int(minute) == 0:
        full = 1 <= int(hour) <= 12
        return words if short else f"{words} o'clock" if full else f"{words} hundred"
    return f"{words} {'oh ' if minute[0] == '0' else ''}{number_words.cardinal(int(minute))}"


def _half(match: Match) -> str:
    """ " a.m." or " p.m."; the full stop ends the sentence as well."""
    half = match.groupdict().get("half")
    if not half:
        return ""
    stop = "" if ends_sentence(match) and not match[0].endswith(".") else "."
    return f" {half.lower()}.m{stop or '.'}"


FAMILY = Family(
    regex.compile(r"\d"),
    [
        Rule(
            WordClass.TIMES,
            regex.compile(
                r"(?<!\w)(?P<part>[½¼¾]|1/[24])[ -](?P<side>past|to|after|before)[ -]"
                r"(?P<hour>1[0-2]|[1-9])(?![\w:]|[.,]\d)"
            ),
            _part_of_an_hour,
        ),
        Rule(
            WordClass.TIMES,
            regex.compile(
                r"(?<![\w.,:$£€-])(?:(?P<hour>\d{1,3})\s?h(?:rs?\.?)?\s?(?P<minute>[0-5]?\d)(?:\s?m(?:ins?\.?)?)?"
                r"(?:\s?(?P<second>[0-5]?\d)\s?s(?:ec)?)?|"
                r"(?P<hour>)(?P<minute>\d{1,3})\s?m\s?(?P<second>[0-5]?\d)\s?s)(?!\w)"
            ),
            _in_units,
        ),
        Rule(
            WordClass.TIMES,
            pattern(
                r"(?<![\w.:,$£€])(?:(?P<hour>[01]\d|2[0-4])[:.]?(?P<minute>{minute})(?:\s?(?P<hours>hours|hrs|h)\b|"
                r"(?P<hours>)(?=\s?(?:-|–|\s(?:to|and|or|until|till)\s)(?:[01]\d|2[0-4])[:.]?{minute}\s?(?:hours|hrs|h)\b))|"
                r"(?<=\b(?:at|by|until|from|before|after|till)\s)(?P<hour>0\d)(?P<minute>{minute})(?P<hours>)(?![\w:.,]\d|\w))",
                minute=_MINUTE,
            ),
            _military,
        ),
        Rule(
            WordClass.TIMES,
            pattern(
                r"""(?<![\w.:,$£€])(?P<hour>{hour})(?::(?P<minute>{minute}))?\s?{first_half}\s?[-–]\s?
                (?P<to_hour>{hour})(?::(?P<to_minute>{minute}))?\s?{half}(?![\w:])""",
                hour=_HOUR,
                minute=_MINUTE,
                half=_HALF,
                first_half=_HALF.replace("half", "first_half"),
            ),
            _span,
        ),
        Rule(
            WordClass.TIMES,
            pattern(
                r"""(?<![\w.:,$£€])(?P<hour>{hour}):(?P<minute>{minute})\s?[-–]\s?
                (?P<to_hour>{hour}):(?P<to_minute>{minute})(?:\s?{half})?(?![\w:])""",
                hour=_HOUR,
                minute=_MINUTE,
                half=_HALF,
            ),
            _span,
        ),
        Rule(
            WordClass.TIMES,
            pattern(
                r"""(?<![\w.:,$£€])(?P<hour>{hour})(?::(?P<minute>{minute}))?\s?[-–]\s?
                (?P<to_hour>{hour})(?::(?P<to_minute>{minute}))?\s?{half}(?![\w:])""",
                hour=_HOUR,
                minute=_MINUTE,
                half=_HALF,
            ),
            _span,
        ),
        Rule(
            WordClass.TIMES,
            pattern(
                r"(?<![\w.:,$£€])(?P<hour>\d{1,2}):(?P<minute>{minute})(?::(?P<seconds>{minute}))?(?:\s?{half})?(?![\w:]|[.,]\d)",
                minute=_MINUTE,
                half=_HALF,
            ),
            _clock,
        ),
        Rule(
            WordClass.TIMES,
            pattern(
                r"(?<![\w.:,$£€])(?P<hour>{hour})[.](?P<minute>{minute})(?P<seconds>)(?:\s?{half}|(?={shares}))(?![\w:])",
                hour=_HOUR,
                minute=_MINUTE,
                half=_HALF,
                shares=_SHARES_HALF,
            ),
            _clock,
        ),
        Rule(
            WordClass.TIMES,
            pattern(
                r"""{leads}(?P<hour>{hour})[.](?P<minute>{minute})(?P<seconds>)(?P<half>)
                (?![\w:%°]|[.,]\d|\s(?:per\s?cent|percent|million|billion|thousand|degrees|pounds|dollars|inch|inches|feet|
                foot|miles?|metres?|meters?|kg|km|cm|mm|m|g|s|seconds|litres?|liters?|points?|times|on)\b)""",
                leads=_LEADS,
                hour=_HOUR,
                minute=_MINUTE,
            ),
            lambda match, context: _clock(match, context) if context.british else None,
        ),
        Rule(
            WordClass.TIMES,
            pattern(
                r"(?<![\w.:,$£€])(?P<hour>{hour})[.](?P<minute>{minute})(?P<seconds>)(?P<half>)(?=\s(?:sharp|train|express|on\sthe\sdot|o[’']clock)\b)",
                hour=_HOUR,
                minute=_MINUTE,
            ),
            _clock,
        ),
        Rule(
            WordClass.TIMES,
            pattern(r"(?<![\w.:,$£€])(?P<hour>{hour})\s?{half}(?![\w:])", hour=_HOUR, half=_HALF),
            _hour,
        ),
    ],
)
