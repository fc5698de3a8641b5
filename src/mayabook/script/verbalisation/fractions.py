"""Fractions, as single characters and with a slash."""

import regex

from mayabook.core.spoken_form import WordClass
from mayabook.script.verbalisation import number_words
from mayabook.script.verbalisation.quantities import VULGAR, is_split, say_amount, with_fraction
from mayabook.script.verbalisation.rules import Context, Family, Match, Rule, follows, pattern, preceding

_SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉"
_PLAIN = str.maketrans(_SUPERSCRIPTS + _SUBSCRIPTS, "0123456789" * 2)
_BEFORE_NOUNS = {"½": "half", "¼": "quarter", "¾": "three-quarter", "⅓": "third", "⅔": "two-third"}
_GAUGES = "HP|MP|SP|XP|EXP|Exp|Health|Mana|Stamina|Energy|Progress|Durability|Hunger|Level|Score"
"""Of games: what stands before "50/100"."""
_GIVEN = "scored|score of|rated it|rated|rating of|got|gave it|gave"
_FIXED = {"24/7": "twenty-four seven", "20/20": "twenty twenty", "9/11": "nine eleven", "7/7": "seven seven"}


def _vulgar(match: Match, context: Context) -> str:
    if match[0] in _BEFORE_NOUNS and follows(match, r"-\p{L}"):
        return _BEFORE_NOUNS[match[0]]
    return _after_an(match, say_amount(match[0], context))


def _slashed(match: Match, context: Context) -> str | None:
    if follows(match, r"[ -](?:time|rhythm|metre|meter|beat)\b") and not match["whole"]:
        return f"{number_words.cardinal(int(match['above']))} {number_words.cardinal(int(match['below']))}"
    if _is_score(match):
        return f"{say_amount(match['above'], context)} out of {say_amount(match['below'], context)}"
    if match[0] in _FIXED:
        return _FIXED[match[0]]
    if is_split(match["above"], match["below"]) and not match["whole"]:
        return f"{number_words.cardinal(int(match['above']))}-{number_words.cardinal(int(match['below']))}"
    above, below = int(match["above"].translate(_PLAIN)), int(match["below"].translate(_PLAIN))
    whole = number_words.number(match["whole"].translate(_PLAIN), british=context.british) if match["whole"] else ""
    if 0 < above < below and (below <= 20 or below in (25, 30, 32, 40, 50, 60, 64, 100, 1000)):
        return _after_an(match, with_fraction(whole, above, below))
    if whole or below == 0:
        return None
    return f"{number_words.cardinal(above)} over {number_words.cardinal(below)}"


def _after_an(match: Match, said: str) -> str:
    """ "An 1/8 share" is an eighth share."""
    return said.removeprefix("one ") if regex.search(r"\b[Aa]n\s$", preceding(match)) else said


def _is_score(match: Match) -> bool:
    """Whether a fraction is a score or a level of a gauge: "HP: 120/300", "Kill count: 3/10", "scored 7/10"."""
    if match["whole"] or not match["below"].isdecimal():
        return False
    return regex.search(rf"(?:\b(?:{_GAUGES}):?|\p{{L}}:|\b(?:{_GIVEN})(?:\sa)?)\s$", preceding(match)) is not None


FAMILY = Family(
    regex.compile(rf"{VULGAR}|[\d{_SUPERSCRIPTS}]\s?[/⁄]\s?[\d{_SUBSCRIPTS}]"),
    [
        Rule(
            WordClass.FRACTIONS,
            pattern(
                r"""(?<![\w.,/$£€])(?:(?P<whole>\d+)(?:\s|[-–](?=\d)|(?=[{sup}])))?
                (?:(?P<above>[{sup}]{1,2})[/⁄](?P<below>[{sub}\d]{1,4})|(?P<above>\d{1,3})[/⁄](?P<below>\d{1,4}))
                (?:[ ]?(?:st|nd|rd|th)s?\b)?(?![\w/⁄]|[.,]\d)""".replace("{sup}", _SUPERSCRIPTS).replace(
                    "{sub}", _SUBSCRIPTS
                ),
            ),
            _slashed,
        ),
        Rule(WordClass.FRACTIONS, regex.compile(rf"(?<![\w.,])(?:\d+\s?)?{VULGAR}"), _vulgar),
    ],
)
