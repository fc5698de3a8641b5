"""Censored words with only some letters printed (d—d, h--l, f**k), and years with only the century (17—)."""

import regex

from mayabook.core.spoken_form import WordClass
from mayabook.script.verbalisation import number_words
from mayabook.script.verbalisation.rules import Context, Family, Match, Rule, as_cased

_WORDS = (
    "damned damn damnation damnable damme devil devils devilish hell hells god lord bloody bastard bastards bitch "
    "bitches fuck fucks fucked fucker fuckers fucking fuckin shit shits shitty bullshit ass arse asshole arsehole "
    "cunt cunts dick prick cock pussy whore piss pissed crap bugger buggers blast blasted slut goddamn goddamned "
    "motherfucker christ jesus"
).split()
"""In order of preference where several fit."""


def _word(match: Match, context: Context) -> str | None:
    """The word that begins and ends like the printed one; with asterisks, for as many letters as are printed."""
    head, gap, tail = match["head"].lower(), match["gap"], match["tail"].lower()
    fitting = [
        word for word in _WORDS if len(word) > len(head + tail) and word.startswith(head) and word.endswith(tail)
    ]
    if gap[0] == "*":
        fitting = [word for word in fitting if len(word) == len(head + gap + tail)]
    return as_cased(fitting[0], match[0]) if fitting else None


def _year(match: Match, context: Context) -> str:
    return f"{number_words.cardinal(int(match['century']))} blank"


FAMILY = Family(
    regex.compile(r"\p{L}(?:[—–*]|--)|1[5-9](?:—|--|__)"),
    [
        Rule(
            WordClass.ABBREVIATIONS,
            regex.compile(
                r"(?<![\p{L}\p{N}*—-])(?P<head>(?i:d|g|h|l|b|f|s|a|c|p|da|go|he|bl|fu|sh|wh))(?P<gap>[—–]+|-{2,}|\*{2,})"
                r"(?P<tail>(?i:d|n|l|t|k|h|y|s|r|e|ed|ing|in|er|me|nd|ck|ll))(?![\p{L}\p{N}*—])|"
                r"(?<![\p{L}\p{N}*])(?P<head>\p{L}{1,4})(?P<gap>\*+)(?P<tail>\p{L}{1,5})(?![\p{L}\p{N}*])|"
                r"(?<![\p{L}\p{N}*])(?P<head>(?i:f|s|b|c|sh|fu|bi|cu))(?P<gap>\*{2,})(?P<tail>)(?![\p{L}\p{N}*])"
            ),
            _word,
        ),
        Rule(
            WordClass.NUMBERS,
            regex.compile(
                r"(?<=\b(?i:in|year|of|since|anno|domini|[\p{L}]{3,9},)\s)(?P<century>1[5-9])(?:—+|-{2,}|_{2})(?!\w)"
            ),
            _year,
        ),
    ],
)
