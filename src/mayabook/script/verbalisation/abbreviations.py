"""Abbreviations: titles, streets, references, Latin."""

import regex

from mayabook.core.spoken_form import WordClass
from mayabook.script.verbalisation.rules import (
    Context,
    Family,
    Match,
    Rule,
    Say,
    ends_sentence,
    follows,
    one_of,
    pattern,
    preceding,
    word_before,
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
_STREETS = {
    "St": "Street", "Ave": "Avenue", "Av": "Avenue", "Blvd": "Boulevard", "Rd": "Road", "Ln": "Lane",
    "Hwy": "Highway", "Pkwy": "Parkway", "Sq": "Square", "Ct": "Court", "Pl": "Place", "Dr": "Drive",
    "Ter": "Terrace", "Terr": "Terrace", "Cres": "Crescent", "Bldg": "Building", "Apt": "Apartment", "Ste": "Suite",
    "Rte": "Route",
}  # fmt: skip
_AFTER_NAMES = {
    "Jr": "Junior", "Jun": "Junior", "Sr": "Senior", "Sen": "Senior", "Esq": "Esquire", "Esqre": "Esquire",
    "Bros": "Brothers", "Ltd": "Limited", "Inc": "Incorporated", "Corp": "Corporation", "Co": "Company",
    "Mfg": "Manufacturing", "Univ": "University", "Dept": "Department", "Assn": "Association",
    "Assoc": "Association", "Govt": "Government", "Cos": "Companies",
}  # fmt: skip
_NUMBERED = {  # before a number: one, several
    "No": "number", "Nos": "numbers", "no": "number", "nos": "numbers", "vol": "volume", "vols": "volumes",
    "p": "page", "pp": "pages", "pg": "page", "pgs": "pages", "ch": "chapter", "chs": "chapters", "chap": "chapter",
    "chaps": "chapters", "fig": "figure", "figs": "figures", "sec": "section", "sect": "section",
    "secs": "sections", "art": "article", "arts": "articles", "par": "paragraph", "para": "paragraph",
    "paras": "paragraphs", "pl": "plate", "pls": "plates", "pt": "part", "pts": "parts", "bk": "book",
    "bks": "books", "ed": "edition", "l": "line", "ll": "lines", "v": "verse", "vv": "verses", "col": "column",
    "cols": "columns", "eq": "equation", "ex": "example", "sc": "scene", "tab": "table", "op": "opus",
    "nr": "number", "ver": "version", "ep": "episode", "apt": "apartment", "tel": "telephone", "fol": "folio",
    "fols": "folios", "cap": "chapter", "app": "appendix", "approx": "approximately", "rm": "room",
    "fl": "flourished", "b": "born", "d": "died", "c": "circa", "ca": "circa", "circ": "circa", "r": "reigned",
    "ext": "extension", "bef": "before", "aft": "after",
}  # fmt: skip
_YEARS_ONLY = frozenset("fl b d r bef aft".split())
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
    "rec'd": "received", "wd.": "would", "shd.": "should", "cd.": "could",
}  # fmt: skip
_SAINTS = (
    "Agnes|Albans?|Ambrose|Andrews?|Anne?s?|Anthony|Augustine|Barnabas|Bartholomew|Basil|Benedict|Bernard|Bride|"
    "Catherine|Cecilia|"
    "Christopher|Clair|Clement|Cloud|Croix|David|Denis|Dominic|Dunstan|Edmunds?|Francis|Gabriel|George|Germain|"
    "Giles|Helena|Helens|"
    "Helier|Hilda|Ives|James|Jerome|Joan|John|Johns|Joseph|Jude|Kitts|Lawrence|Leonards?|Louis|Lucia|Lucy|Luke|"
    "Malo|Margaret|Mark|"
    "Martin|Mary|Matthew|Michael|Moritz|Neots|Nicholas|Olaf|Pancras|Patrick|Paul|Peter|Petersburg|Peters|Philip|"
    "Pierre|Raphael|"
    "Sebastian|Simeon|Simon|Stephen|Swithin|Tropez|Teresa|Theresa|Thomas|Ursula|Valentine|Vincent|Vitus"
)
_NOT_STREET_NAMES = frozenset(
    "in at on to from near of and the by for with after before past toward towards behind beside under over "
    "outside inside "
    "but or as then when where while was is like around through into since until mount port fort lady sir king "
    "bury saint "
    "sault lake church cathedral old new great little our feast chapel abbey school parish hotel lord lady miss "
    "mr mrs miss".split()
)


def _stop(match: Match) -> str:
    """The full stop of an abbreviation that ends a sentence ends the sentence, too."""
    return (
        "." if match[0].endswith(".") and (ends_sentence(match) or follows(match, r"[\"”’)]+\s+[\"“‘]?\p{Lu}")) else ""
    )


def _title(match: Match, context: Context) -> str:
    title = match["title"]
    if title == "Hon" and not context.british:
        return "Honorable "
    return f"{_TITLES[title]} "


def _saint_or_street(match: Match, context: Context) -> str | None:
    plural = "s" if match["plural"] else ""
    if plural:
        return "Saints" if follows(match, r"\s\p{Lu}") else None
    before = word_before(match)
    named = (before[:1].isupper() and before.lower().strip(".") not in _NOT_STREET_NAMES) or regex.search(
        r"\d(?:st|nd|rd|th)$", before
    )
    touching = preceding(match).endswith(" ")
    street = bool(named) and touching and not regex.search(r"[.!?,;:]\s$", preceding(match))
    if follows(match, rf"\s(?:{_SAINTS})\b") and not (street and regex.search(r"\d\S*\s\p{L}+\s$", preceding(match))):
        return "Saint"
    if follows(match, r"\s\p{Lu}") and not street:
        return "Saint"
    if street or follows(match, r"(?:\s\p{Ll}|[,;:]|[\"”’)]*$)"):
        return ("Street" if named or before else "Saint") + _stop(match)
    return None


def _street(match: Match, context: Context) -> str | None:
    before = word_before(match)
    if match["street"] == "Dr" and follows(match, r"\s\p{Lu}"):
        return None
    if not (before[:1].isupper() or regex.search(r"\d(?:st|nd|rd|th)$", before)):
        return None
    return _STREETS[match["street"]] + _stop(match)


def _apartment(match: Match, context: Context) -> str:
    return f"{_STREETS[match['street']]} "


def _after_name(match: Match, context: Context) -> str | None:
    short = match["short"]
    words = _AFTER_NAMES[short]
    return f"{match['joint'].replace('&', 'and')}{words}{_stop(match)}"


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
    if short in ("l", "v", "d", "b", "r", "ex", "art", "cap", "bef", "aft") and not follows(match, r"\d"):
        return None
    capital = short[0].isupper() and short not in ("No", "Nos")
    return f"{words.capitalize() if capital else words} "


def _edition(match: Match, context: Context) -> str:
    return "edition" + _stop(match)


def _anywhere(match: Match, context: Context) -> str | None:
    short = match[0]
    if short == "Mgr." and follows(match, r"\s\p{Lu}"):
        return None  # a title
    words = _ANYWHERE.get(short) or _ANYWHERE[short.lower()]
    if short.lower() in (
        "est.",
        "min.",
        "max.",
        "trans.",
        "do.",
        "cd.",
        "wd.",
        "inst.",
        "temp.",
        "ave.",
        "resp.",
        "dist.",
    ) and not _is_abbreviation(match):
        return None
    return (words.capitalize() if short[0].isupper() and not words.startswith("Ph") else words) + _stop(match)


def _is_abbreviation(match: Match) -> bool:
    """Whether a sentence goes on after it, in lower case or with a number."""
    return follows(match, r"\s(?:\p{Ll}|\d)|,")


def _double_title(match: Match, context: Context) -> str:
    """ "Lieut.-Col.", "Maj.-Gen."."""
    return f"{_TITLES[match['first']]} {_TITLES[match['second']]}"


def _bare_title(match: Match, context: Context) -> str:
    return _TITLES[match["title"]]


def _right_honourable(match: Match, context: Context) -> str:
    honourable = f"{match['hon']}onourable" if context.british else f"{match['hon']}onorable"
    return f"Right {honourable}" if match["right"] else honourable


def _state(match: Match, context: Context) -> str:
    return _STATES[match["state"]] + _stop(match)


def _given(match: Match, context: Context) -> str:
    return _GIVEN[match["short"]]


def _word(word: str) -> Say:
    return lambda match, context: word + _stop(match)


_STATES = {
    "Ala": "Alabama", "Ariz": "Arizona", "Calif": "California", "Colo": "Colorado", "Conn": "Connecticut",
    "Fla": "Florida", "Ga": "Georgia", "Ill": "Illinois", "Ind": "Indiana", "Kan": "Kansas", "Kans": "Kansas",
    "Ky": "Kentucky", "Mass": "Massachusetts", "Mich": "Michigan", "Minn": "Minnesota", "Neb": "Nebraska",
    "Nev": "Nevada", "Okla": "Oklahoma", "Penn": "Pennsylvania", "Tenn": "Tennessee", "Tex": "Texas",
    "Va": "Virginia", "Vt": "Vermont", "Wis": "Wisconsin", "Wyo": "Wyoming",
    "Ark": "Arkansas", "Cal": "California", "Del": "Delaware", "La": "Louisiana", "Md": "Maryland",
    "Miss": "Mississippi", "Mo": "Missouri", "Mont": "Montana", "Ore": "Oregon", "Pa": "Pennsylvania",
    "Wash": "Washington",
}  # fmt: skip
_ALSO_WORDS = "Ark|Cal|Del|La|Md|Miss|Mo|Mont|Ore|Pa|Wash|Ill|Ind"
_RANKS = "Lt|Lieut|Sgt|Sergt|Capt|Col|Gen|Maj|Cpl|Adm|Prof|Dr|Rev|Gov|Supt|Insp|Cmdr"
_COUNTIES = (
    "Durham|Cork|Kerry|Antrim|Down|Clare|Galway|Mayo|Wicklow|Tyrone|Armagh|Donegal|Limerick|Tipperary|Wexford|Waterford|"
    "Sligo|Meath|Louth|Kildare|Kilkenny|Fermanagh|Londonderry|Derry|Dublin|Roscommon|Leitrim|Cavan|Monaghan|Offaly|Laois"
)
_FINAL = (
    "St|Ave?|Blvd|Rd|Ln|Hwy|Sq|Ct|Pl|Dr|etc|Jr|Sr|Esq|Inc|Ltd|Co|Bros|Corp|ff|Terr?|Cres|Mass|Tex|Calif|Conn|Fla|Mich|"
    "Tenn|inst|ult|prox|Jun|ed"
)
FAMILY = Family(
    regex.compile(
        rf"\.(?<=\p{{L}}\.)(?=[\s,;:]*[^\s\"'”’)])|&c|\.(?<=\b(?:{_FINAL})\.)|"
        r"\b(?:St|Mt|Ft|Dr|Prof|Capt|Col|Lt|MM|Sgt|Revd?|vs|aka|Xmas|PhDs?|DPhil|Hon'ble|[Gg]ov't|Ste?|c/o|b/c|Messrs|Mme|Mlle|"
        r"Jr|Sr|Ltd|Wm|rec'd)\b"
    ),
    [
        Rule(
            WordClass.ABBREVIATIONS,
            pattern(
                r"(?<![\p{L}\d.])(?P<short>(?i:{short})|[Nn][or]s?)\.\s?(?=\d|[IVXLC]+\b|[ivxlc]+\b(?<=\b(?:p|pp|"
                r"ch|sc|vol)\.\s?[ivxlc]+)|c\.\s?\d)",
                short=one_of([short for short in _NUMBERED if short not in ("No", "Nos", "no", "nos", "nr")]),
            ),
            _numbered,
        ),
        Rule(
            WordClass.ABBREVIATIONS,
            pattern(r"(?<=\d(?:st|nd|rd|th)\s|\b(?:rev|new|first|second|third)\s)ed\."),
            _edition,
        ),
        Rule(WordClass.ABBREVIATIONS, pattern(r"(?<![\p{L}\d.])(?i:ca?)\.\s?(?=\d)"), _word("circa ")),
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
            pattern(
                r"(?<![\p{L}\d.])(?P<first>Lieut|Lt|Maj|Brig|Col|Sgt)\.?-(?P<second>Col|Gen|Comdr|Cmdr|Gov|Maj)\b\.?"
            ),
            _double_title,
        ),
        Rule(
            WordClass.ABBREVIATIONS,
            pattern(
                r"(?<=\b(?:[Tt]he|a|[Mm]y|[Oo]ur|1st|2nd|this|that)\s)(?P<title>{ranks})\.(?=\s\p{Ll})", ranks=_RANKS
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
                r"(?<=\p{Lu}[\p{L}’'-]+,\s)(?:(?P<state>{words})\.(?=,|\s\p{Ll})|(?P<state>{states})\.(?!\p{L}))",
                words=_ALSO_WORDS,
                states=one_of([state for state in _STATES if state not in _ALSO_WORDS.split("|")]),
            ),
            _state,
        ),
        Rule(WordClass.ABBREVIATIONS, pattern(r"\bPenn\.(?=\s(?:Station|Avenue|State))"), _word("Pennsylvania")),
        Rule(
            WordClass.ABBREVIATIONS,
            pattern(r"\bCo\.(?=\s(?:{counties})\b)", counties=_COUNTIES),
            lambda match, context: "County" if context.british else None,
        ),
        Rule(
            WordClass.ABBREVIATIONS,
            pattern(r"(?<=\d(?:st|nd|rd|th)?\s|\b(?:of|your)\sthe\s\w+\s)(?P<short>inst|ult|prox)\."),
            lambda match, context: _ANYWHERE[match[0]] + _stop(match),
        ),
        Rule(WordClass.ABBREVIATIONS, pattern(r"(?<![\p{L}\d.])Ste?\.-(?=\p{Lu})"), lambda match, context: "Saint-"),
        Rule(WordClass.ABBREVIATIONS, pattern(r"(?<![\p{L}\d.])St(?P<plural>s)?(?:\.|\b)(?![’'-])"), _saint_or_street),
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
                r"(?<![\p{L}\d.])(?P<street>{streets})\.(?!\p{L})",
                streets=one_of([s for s in _STREETS if s not in ("St", "Apt", "Ste", "Bldg", "Rte")]),
            ),
            _street,
        ),
        Rule(
            WordClass.ABBREVIATIONS,
            pattern(r"(?<![\p{L}\d.])(?P<street>Apt|Ste|Bldg|Rte)\.\s(?=\d|\p{Lu}\b)"),
            _apartment,
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
