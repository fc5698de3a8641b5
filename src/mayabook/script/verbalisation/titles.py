"""Titles before names, shortened names, and what comes after names."""

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
    preceding,
)

_TITLES = {
    "Dr": "Doctor", "Drs": "Doctors", "Prof": "Professor", "Profs": "Professors", "Capt": "Captain",
    "Col": "Colonel", "Gen": "General", "Lt": "Lieutenant", "Lieut": "Lieutenant", "Maj": "Major",
    "Sgt": "Sergeant", "Sergt": "Sergeant", "Cpl": "Corporal", "Corp": "Corporal", "Pvt": "Private",
    "Pte": "Private", "Adm": "Admiral", "Cmdr": "Commander", "Comdr": "Commander", "Cdr": "Commander",
    "Rev": "Reverend", "Revd": "Reverend", "Hon": "Honourable", "Gov": "Governor", "Sen": "Senator",
    "Rep": "Representative", "Pres": "President", "Supt": "Superintendent", "Insp": "Inspector",
    "Msgr": "Monsignor", "Fr": "Father", "Bro": "Brother", "Sr": "Sister", "Messrs": "Messers", "MM": "Messieurs",
    "Mme": "Madame", "Mlle": "Mademoiselle", "Mmes": "Mesdames", "Mons": "Monsieur", "Det": "Detective",
    "Ens": "Ensign", "Esq": "Esquire", "Atty": "Attorney", "Sec": "Secretary", "Brig": "Brigadier", "Bp": "Bishop",
    "Abp": "Archbishop", "Ste": "Saint", "Pfc": "Private First Class",
    "Br": "Brother", "Mgr": "Monsignor", "Ald": "Alderman", "Mt": "Mount", "Ft": "Fort", "Pt": "Point",
}  # fmt: skip
_GIVEN = {
    "Wm": "William", "Chas": "Charles", "Geo": "George", "Jas": "James", "Thos": "Thomas", "Robt": "Robert",
    "Edw": "Edward", "Benj": "Benjamin", "Saml": "Samuel", "Richd": "Richard", "Alex": "Alexander",
    "Danl": "Daniel", "Jos": "Joseph", "Jno": "John", "Fredk": "Frederick", "Nath": "Nathaniel",
}  # fmt: skip
_AFTER_NAMES = {
    "Jr": "Junior", "Jun": "Junior", "Sr": "Senior", "Sen": "Senior", "Esq": "Esquire", "Esqre": "Esquire",
    "Bros": "Brothers", "Ltd": "Limited", "Inc": "Incorporated", "Corp": "Corporation", "Co": "Company",
    "Mfg": "Manufacturing", "Univ": "University", "Dept": "Department", "Assn": "Association",
    "Assoc": "Association", "Govt": "Government", "Cos": "Companies",
}  # fmt: skip
_FRENCH = "Mmes?|Mlles?|MM|Madame|Mademoiselle|Monsieur|Messieurs|Mesdames"
_PARTICLE = r"(?:le|la|l[’'])\s?\p{L}|(?:de|du|des|d[’'])\s?(?:la\s|l[’'])?\p{Lu}"
_OF_FRANCE = (
    r"\b(?:France|French(?:m[ae]n|wom[ae]n)?|Paris(?:ians?)?|Lyons?|Marseilles?|Bordeaux|Rouen|Versailles|Normandy|"
    r"Brittany|Provence|Burgundy|francs?|[Rr]ue|[Cc]omte(?:sse)?|[Mm]arquis|[Aa]bbé|[Vv]icomte|préfet|maire|notaire)\b"
)
_FIRST_WORDS = (
    "After|Ah|Although|And|As|At|Because|Before|But|By|Dear|Did|Does|Even|For|From|Had|Has|How|If|In|Is|Like|No|Of|Oh|On|"
    "Only|Poor|Since|So|That|Then|This|Though|To|Was|What|When|Where|While|Why|With|Yes|Yet"
)
_RANKS = "Sen|Pvt|Comdr|Lt|Lieut|Sgt|Sergt|Capt|Col|Gen|Maj|Cpl|Adm|Prof|Dr|Rev|Gov|Supt|Insp|Cmdr"


def _title(match: Match, context: Context) -> str:
    title = match["title"]
    if title == "Hon" and not context.british:
        return "Honorable "
    return f"{_TITLES[title]} "


def _monsieur(match: Match, context: Context) -> str | None:
    """M. before a French name: where there is another French title, a particle or a word of France. Elsewhere, and
    after a name, it is an initial."""
    if regex.search(
        rf"(?<!(?:^|[.!?:;—“\"‘(]\s?)(?:{_FIRST_WORDS})\s)(?<=\p{{Lu}}[\p{{L}}’']*\.?\s)$", preceding(match)
    ):
        return None
    is_french = (
        follows(match, rf"\s(?:{_PARTICLE})|\s(?:and|et|&)\s(?:{_FRENCH})")
        or regex.search(rf"\b(?:{_FRENCH})\b", match.string)
        or (
            regex.search(_OF_FRANCE, match.string)
            and not follows(match, r"\s\p{Lu}[\p{L}’'-]+,\s\p{Lu}")
            and not regex.search(r"\bby\s$", preceding(match))
        )
    )
    return "Monsieur" if is_french else None


def _double_title(match: Match, context: Context) -> str:
    """ "Lieut.-Col.", "Maj.-Gen."."""
    return f"{_TITLES[match['first']]} {_TITLES[match['second']]}"


def _bare_title(match: Match, context: Context) -> str:
    return _TITLES[match["title"]] + full_stop(match)


def _right_honourable(match: Match, context: Context) -> str:
    honourable = f"{match['hon']}onourable" if context.british else f"{match['hon']}onorable"
    return f"Right {honourable}" if match["right"] else honourable


def _after_name(match: Match, context: Context) -> str | None:
    short = match["short"]
    words = _AFTER_NAMES[short]
    return f"{match['joint'].replace('&', 'and')}{words}{full_stop(match)}"


def _given(match: Match, context: Context) -> str:
    return _GIVEN[match["short"]]


FAMILY = Family(
    regex.compile(rf"\b(?:{one_of([*_TITLES, *_GIVEN, *_AFTER_NAMES, 'Rt', 'hon'])})\b|\bM\.\s"),
    [
        Rule(
            WordClass.ABBREVIATIONS,
            pattern(
                r"(?<![\p{L}\p{N}.&’'-])M\.(?=\s(?:(?!(?:{other})\b)\p{Lu}(?:\p{Ll}|[’']\p{Lu})|{particle}|(?:and|et|&)\s(?:{french})\b))",
                particle=_PARTICLE,
                french=_FRENCH,
                other=f"{_FIRST_WORDS}|The|He|She|It|They|We|You|His|Her|Their|There|These|Those|My|Our|An",
            ),
            _monsieur,
        ),
        Rule(
            WordClass.ABBREVIATIONS,
            pattern(
                r"(?<![\p{L}\d.])(?P<first>Lieut|Lt|Maj|Brig|Col|Sgt)\.?-(?P<second>Col|Gen|Comdr|Cmdr|Gov|Maj)\b\.?"
            ),
            _double_title,
        ),
        Rule(
            WordClass.ABBREVIATIONS,
            pattern(
                r"(?<=\b(?:[Tt]he|[Aa]|[Mm]y|[Oo]ur|1st|2nd|[Tt]his|[Tt]hat)\s|,\s|^[“\"‘]?)(?P<title>{ranks})\.(?=\s\p{Ll}|[,;!?”’\"]|$)",
                ranks=_RANKS,
            ),
            _bare_title,
        ),
        Rule(
            WordClass.ABBREVIATIONS,
            pattern(
                r"(?<!\w)(?P<right>(?:Rt\.?|Right)\s)(?P<hon>H)on\.|"
                r"(?<!\w)(?P<right>)(?P<hon>[Hh])on\.(?=\s(?:[Mm]ember|[Gg]entlem[ae]n|[Ff]riend|[Ss]ecretary|[Ll]ad(?:y|ies)|[Tt]reasurer)\b)"
            ),
            _right_honourable,
        ),
        Rule(
            WordClass.ABBREVIATIONS,
            pattern(
                r"""(?<![\p{L}\d.])(?P<title>{titles})(?:\.\s?|\s)(?=[“"‘]?\p{Lu}(?:\p{L}|[’'.])|(?:de|von|van|du|la|le|y)\s\p{Lu})
                (?<!\p{Lu}\p{Ll}+\s(?:Ct|Pl|Sq|Pt|Sen|Sr)\.?\s?)""",
                titles=one_of(_TITLES),
            ),
            _title,
        ),
        Rule(
            WordClass.ABBREVIATIONS,
            pattern(
                r"(?<=\p{L}[.]?|\d)(?P<joint>,?\s(?:&\s|and\s)?)(?P<short>{short})\b(?:\.|(?<=Ltd|Jr|Sr|Inc|Corp|"
                r"Bros))(?!\p{L})",
                short=one_of(_AFTER_NAMES),
            ),
            _after_name,
        ),
        Rule(
            WordClass.ABBREVIATIONS,
            pattern(r"(?<![\p{L}\d.])(?P<short>{short})\.?(?=\s\p{Lu})(?<!Alex(?!\.))", short=one_of(_GIVEN)),
            _given,
        ),
    ],
)
