"""Streets, saints, states and counties."""

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
    word_before,
)

_COMPASS = {
    "N": "North", "S": "South", "E": "East", "W": "West", "NE": "Northeast", "NW": "Northwest", "SE": "Southeast",
    "SW": "Southwest",
}  # fmt: skip
_WITH_COMPASS = (
    "America|Africa|Korea|Carolina|Dakota|Ireland|Wales|Yorkshire|Devon|Sea|Atlantic|Pacific|Virginia|Germany|Australia|"
    "Island|Main|Broadway|Asia|Europe|London|Side|Riding|Sussex|Lothian|Indies|Bank"
)
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


_STREETS = {
    "St": "Street", "Ave": "Avenue", "Av": "Avenue", "Blvd": "Boulevard", "Rd": "Road", "Ln": "Lane",
    "Hwy": "Highway", "Pkwy": "Parkway", "Sq": "Square", "Ct": "Court", "Pl": "Place", "Dr": "Drive",
    "Ter": "Terrace", "Terr": "Terrace", "Cres": "Crescent", "Bldg": "Building", "Apt": "Apartment", "Ste": "Suite",
    "Rte": "Route",
}  # fmt: skip
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
_COUNTIES = (
    "Durham|Cork|Kerry|Antrim|Down|Clare|Galway|Mayo|Wicklow|Tyrone|Armagh|Donegal|Limerick|Tipperary|Wexford|Waterford|"
    "Sligo|Meath|Louth|Kildare|Kilkenny|Fermanagh|Londonderry|Derry|Dublin|Roscommon|Leitrim|Cavan|Monaghan|Offaly|Laois"
)


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
        return ("Street" if named or before else "Saint") + full_stop(match)
    return None


def _street(match: Match, context: Context) -> str | None:
    before = word_before(match)
    if match["street"] == "Dr" and (follows(match, r"\s\p{Lu}") or before.lower() in _NOT_STREET_NAMES):
        return None
    if regex.search(r"[,;:!?”]\s$", preceding(match)):
        return None
    if not (before[:1].isupper() or regex.search(r"\d(?:st|nd|rd|th)$", before)):
        return None
    return _STREETS[match["street"]] + full_stop(match)


def _bare_street(match: Match, context: Context) -> str:
    return _STREETS[match["street"]]


def _compass(match: Match, context: Context) -> str:
    return _COMPASS[match["way"]]


def _apartment(match: Match, context: Context) -> str:
    return f"{_STREETS[match['street']]} "


def _state(match: Match, context: Context) -> str:
    return _STATES[match["state"]] + full_stop(match)


_SHORT = one_of([*_STREETS, *_STATES])
FAMILY = Family(
    regex.compile(
        rf"\b(?:Ste?s?|Apt|Bldg|Rte|Co|Penn|Ave|Blvd|Rd|Ln|Hwy|Pkwy|Ct|Pl|Sq|Dr|Cres|Terr?|[NS][EW]?|[EW])\b|\.(?<=\b(?:{_SHORT})\.)"
    ),
    [
        Rule(
            WordClass.ABBREVIATIONS,
            pattern(
                r"(?<=\p{Lu}[\p{L}’'-]+,\s)(?:(?P<state>{words})\.(?=,|\s\p{Ll})|(?P<state>{states})\.(?!\p{L}))",
                words=_ALSO_WORDS,
                states=one_of([state for state in _STATES if state not in _ALSO_WORDS.split("|")]),
            ),
            _state,
        ),
        Rule(
            WordClass.ABBREVIATIONS,
            pattern(r"\bPenn\.(?=\s(?:Station|Avenue|State))"),
            lambda match, context: "Pennsylvania",
        ),
        Rule(
            WordClass.ABBREVIATIONS,
            pattern(r"\bCo\.(?=\s(?:{counties})\b)", counties=_COUNTIES),
            lambda match, context: "County" if context.british else None,
        ),
        Rule(
            WordClass.ABBREVIATIONS,
            regex.compile(
                rf"(?<![\p{{L}}\d.])(?P<way>N|S|E|W|NE|NW|SE|SW)\.?(?=\s(?:(?<=\.\s)(?:{_WITH_COMPASS})\b|\d+(?:st|nd|rd|th)\b))"
            ),
            _compass,
        ),
        Rule(WordClass.ABBREVIATIONS, pattern(r"(?<![\p{L}\d.])Ste?\.-(?=\p{Lu})"), lambda match, context: "Saint-"),
        Rule(WordClass.ABBREVIATIONS, pattern(r"(?<![\p{L}\d.])St(?P<plural>s)?(?:\.|\b)(?![’'-])"), _saint_or_street),
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
            regex.compile(
                r"(?<=\p{Lu}\p{Ll}+\s|\d(?:st|nd|rd|th)\s)(?P<street>Ave|Blvd|Rd|Ln|Hwy|Pkwy)(?!\w)|"
                r"(?<=\b\d+\w?\s(?:\p{Lu}[\p{Ll}’']+\s){1,3})(?P<street>Ct|Pl|Sq|Dr|Cres|Ter|Terr)(?!\w|\s\p{Lu})"
            ),
            _bare_street,
        ),
        Rule(
            WordClass.ABBREVIATIONS,
            pattern(r"(?<![\p{L}\d.])(?P<street>Apt|Ste|Bldg|Rte)\.\s(?=\d|\p{Lu}\b)"),
            _apartment,
        ),
    ],
)
