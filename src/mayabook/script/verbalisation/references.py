"""Numbered references (volumes, pages, chapters, figures, editions) and approximate years (c. 1850)."""

import regex

from mayabook.core.spoken_form import WordClass
from mayabook.script.verbalisation.rules import (
    Context,
    Family,
    Match,
    Rule,
    as_cased,
    follows,
    full_stop,
    is_said_beside,
    one_of,
    pattern,
)

_NUMBERED = {  # before a number: one, several
    "No": "number", "Nos": "numbers", "no": "number", "nos": "numbers", "vol": "volume", "vols": "volumes",
    "p": "page", "pp": "pages", "pg": "page", "pgs": "pages", "ch": "chapter", "chs": "chapters", "chap": "chapter",
    "chaps": "chapters", "fig": "figure", "figs": "figures", "sec": "section", "sect": "section",
    "secs": "sections", "arts": "articles", "par": "paragraph", "para": "paragraph",
    "paras": "paragraphs", "pl": "plate", "pls": "plates", "pt": "part", "pts": "parts", "bk": "book",
    "bks": "books", "ed": "edition", "l": "line", "ll": "lines", "v": "verse", "vv": "verses", "col": "column",
    "cols": "columns", "eq": "equation", "ex": "example", "sc": "scene", "tab": "table", "op": "opus",
    "nr": "number", "ver": "version", "ep": "episode", "apt": "apartment", "tel": "telephone", "fol": "folio",
    "fols": "folios", "cap": "chapter", "app": "appendix", "approx": "approximately", "rm": "room",
    "fl": "flourished", "b": "born", "d": "died", "c": "circa", "ca": "circa", "circ": "circa", "r": "reigned",
    "ext": "extension", "lv": "level", "lvl": "level", "lvls": "levels", "art": "article", "bef": "before",
    "aft": "after", "m": "married", "bldg": "building",
}  # fmt: skip
_YEARS_ONLY = frozenset("fl b d m r bef aft".split())
_WITHOUT_STOP = r"[Vv]ols?|[Ff]igs?|[Cc]h|[Cc]hap|pp|[Ll]vl?|LVL?|[Ee]xt|[Rr]m|Apt|Ep|(?<=\p{L}[,]?\s)Nos?"
"""References that may be written without a full stop: "Vol 3"."""


def _numbered(match: Match, context: Context) -> str | None:
    short = match["short"]
    words = _NUMBERED.get(short) or _NUMBERED[short.lower()]
    if short.lower() in ("no", "nos", "p", "pp", "l", "v", "c", "d") and not follows(
        match, r"\d|[IVXLC]{2}|[ivxlc]+\b|c\."
    ):
        return None  # an answer or an initial, and the pronoun
    if follows(match, r"I(?:[’']\p{Ll}|\s(?!(?:of|and|to|for|in|at|by|is|was)\b)\p{Ll})"):
        return None  # "a good chap. I fear"
    if short.lower() in _YEARS_ONLY and not follows(match, r"(?:c\.\s)?[1-9]\d{2,3}\b"):
        return None
    if short in ("l", "v", "d", "b", "m", "r", "ex", "art", "cap", "bef", "aft") and not follows(match, r"\d"):
        return None
    if is_said_beside(match, words):
        return ""
    capital = short[0].isupper() and short not in ("No", "Nos")
    return f"{words.capitalize() if capital else words} "


def _before_of(match: Match, context: Context) -> str:
    """ "The no. of cabs"."""
    return as_cased(_NUMBERED[match["short"].lower()], match["short"])


def _edition(match: Match, context: Context) -> str:
    return "edition" + full_stop(match)


FAMILY = Family(
    regex.compile(
        r"\p{L}\.\s?[\divxlcIVXLC]|\b(?:[Ll]vl?|LVL?|[Vv]ols?|[Ff]igs?|[Cc]h|[Cc]hap|pp|[Ee]xt|[Rr]m|Apt|Ep|Nos?)\s[\dIVXLC]|\b(?:vols|pp|chs|chaps|figs|pts|eds|nos?|Nos?|ed)\."
    ),
    [
        Rule(
            WordClass.ABBREVIATIONS,
            pattern(
                r"(?<![\p{L}\d.])(?:(?P<short>(?i:{short})|[Nn][or]s?)\.\s?|(?P<short>{bare})\s)(?=\d|[IVXLC]+\b|[ivxlc]+\b(?<=\b(?:p|pp|"
                r"ch|sc|vol)\.\s?[ivxlc]+)|c\.\s?\d)",
                short=one_of([short for short in _NUMBERED if short not in ("No", "Nos", "no", "nos", "nr")]),
                bare=_WITHOUT_STOP,
            ),
            _numbered,
        ),
        Rule(
            WordClass.ABBREVIATIONS,
            regex.compile(
                r"(?<=\b(?i:\d+|two|three|four|five|six|several|many|few)\s)(?P<short>vols|pp|chs|chaps|figs|pts|eds|nos)\.(?!\s?\d)"
            ),
            lambda match, context: _NUMBERED[match["short"]] + full_stop(match),
        ),
        Rule(WordClass.ABBREVIATIONS, regex.compile(r"(?<!\w)(?P<short>[Nn]os?)\.(?=\sof\b)"), _before_of),
        Rule(
            WordClass.ABBREVIATIONS,
            pattern(r"(?<=\d(?:st|nd|rd|th)\s|\b(?:rev|new|first|second|third)\s)ed\."),
            _edition,
        ),
        Rule(
            WordClass.ABBREVIATIONS,
            pattern(r"(?<![\p{L}\d.])(?i:ca?)\.\s?(?=\d)"),
            lambda match, context: "" if is_said_beside(match, "circa") else "circa ",
        ),
    ],
)
