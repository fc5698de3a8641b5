"""Abbreviations that are said as a word or two wherever they stand, many of them Latin."""

import regex

from mayabook.core.spoken_form import WordClass
from mayabook.script.verbalisation.rules import (
    Context,
    Family,
    Match,
    Rule,
    follows,
    full_stop,
    one_of,
    pattern,
)

_ANYWHERE = {
    "e.g.": "for example", "i.e.": "that is", "etc.": "et cetera", "&c.": "et cetera", "viz.": "namely",
    "cf.": "compare", "vs.": "versus", "vs": "versus", "et al.": "et al", "ibid.": "ibidem",
    "approx.": "approximately", "a.k.a.": "also known as", "aka": "also known as", "dept.": "department",
    "govt.": "government", "incl.": "including", "excl.": "excluding", "esp.": "especially",
    "misc.": "miscellaneous", "temp.": "temperature", "Temp.": "Temperature", "avg.": "average", "max.": "maximum",
    "min.": "minimum", "est.": "established", "tel.": "telephone", "Tel.": "Telephone", "anon.": "anonymous",
    "trans. by": "translated by", "illus. by": "illustrated by", "ed. by": "edited by", "Ed. by": "Edited by",
    "Jr. high": "junior high", "gov't": "government", "Gov't": "Government",
    "trans.": "translated by", "illus.": "illustrated by", "op. cit.": "in the work cited",
    "loc. cit.": "in the place cited", "q.v.": "which see", "sic": "sic", "Xmas": "Christmas", "No.:": "number:",
    "resp.": "respectively", "yrs.": "years", "hrs.": "hours", "mins.": "minutes", "secs.": "seconds",
    "lbs.": "pounds", "dist.": "distance", "abbr.": "abbreviation", "orig.": "originally", "pseud.": "pseudonym",
    "obs.": "obsolete", "ff.": "and following", "Eds.": "Editors", "eds.": "editors", "univ.": "university",
    "assn.": "association", "asst.": "assistant", "Asst.": "Assistant", "ave.": "avenue", "i. e.": "that is",
    "e. g.": "for example", "b/c": "because", "c/o": "care of", "N.B.": "note well", "PhD": "Ph.D.",
    "PhDs": "Ph.D.s", "DPhil": "D.Phil.", "Hon'ble": "Honourable", "appt.": "appointment", "mgr.": "manager",
    "do.": "ditto", "inst.": "instant", "ult.": "ultimo", "prox.": "proximo", "recd.": "received",
    "rec'd": "received", "sec'y": "secretary", "int'l": "international", "nat'l": "national",
    "dep't": "department",
    "ass'n": "association", "cont'd": "continued", "contd.": "continued", "wt.": "weight", "ht.": "height",
    "qty.": "quantity", "amt.": "amount", "acct.": "account", "attn.": "attention", "encl.": "enclosed",
    "pop.": "population",
    "alt.": "altitude", "et seq.": "and following", "wd.": "would", "shd.": "should", "cd.": "could",
}  # fmt: skip
_WORDS_TOO = frozenset("est. min. max. trans. do. cd. wd. inst. temp. ave. resp. dist. pop. alt. encl. wt. ht.".split())
"""Ordinary words if they end a sentence, abbreviations if the sentence goes on: "do." is then "ditto"."""


def _anywhere(match: Match, context: Context) -> str | None:
    short = match[0]
    if short == "Mgr." and follows(match, r"\s\p{Lu}"):
        return None  # a title
    words = _ANYWHERE.get(short) or _ANYWHERE[short.lower()]
    if short.lower() in _WORDS_TOO and not _is_abbreviation(match):
        return None
    return (words.capitalize() if short[0].isupper() and not words.startswith("Ph") else words) + full_stop(match)


def _is_abbreviation(match: Match) -> bool:
    """Whether a sentence goes on after it, in lower case or with a number."""
    return follows(match, r"\s(?:\p{Ll}|\d)|,")


FAMILY = Family(
    regex.compile(
        r"\.(?<=\p{L}\.)(?=[\s,;:]*[^\s\"'”’)])|&c|\.(?<=\b(?:etc|ff|inst|ult|prox)\.)|\b(?:v|vs|aka|Xmas|PhDs?|DPhil|Hon'ble|[Gg]ov't|c/o|b/c|(?i:rec'd|sec'y|int'l|nat'l|dep't|ass'n|cont'd))\b"
    ),
    [
        Rule(
            WordClass.ABBREVIATIONS,
            pattern(
                r"(?<![\p{L}\d.’'])(?:{short})(?![\p{L}\d])",
                short=one_of(sorted({*_ANYWHERE, *(s[0].upper() + s[1:] for s in _ANYWHERE)})),
            ),
            _anywhere,
        ),
        Rule(
            WordClass.ABBREVIATIONS,
            regex.compile(r"(?<=\d(?:st|nd|rd|th)[ -])(?:[cC]\.|cent\.)(?!\p{L})"),
            lambda match, context: "century" + full_stop(match),
        ),
        Rule(
            WordClass.ABBREVIATIONS,
            regex.compile(r"(?<=\p{Lu}[\p{L}.’']+\s)v\.?(?=\s\p{Lu})"),
            lambda match, context: "versus",
        ),
        Rule(
            WordClass.ABBREVIATIONS,
            regex.compile(r"(?<=[,;(]\s?)(?:(?P<short>ed|trans|illus)\.)(?=\s\p{Lu})"),
            lambda match, context: {"ed": "edited by", "trans": "translated by", "illus": "illustrated by"}[
                match["short"]
            ],
        ),
        Rule(
            WordClass.ABBREVIATIONS,
            pattern(r"(?<=\d(?:st|nd|rd|th)?\s|\b(?:of|your)\sthe\s\w+\s)(?P<short>inst|ult|prox)\."),
            lambda match, context: _ANYWHERE[match[0]] + full_stop(match),
        ),
    ],
)
