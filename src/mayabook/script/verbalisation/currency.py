"""Amounts of money."""

import regex

from mayabook.core.spoken_form import WordClass
from mayabook.script.verbalisation import number_words
from mayabook.script.verbalisation.quantities import AMOUNT, DASH, NUMBER, is_one, say_amount
from mayabook.script.verbalisation.rules import (
    Context,
    Family,
    Match,
    Rule,
    ends_sentence,
    follows,
    full_stop,
    one_of,
    pattern,
    preceding,
    with_article,
    word_before,
)

_UNITS = {  # sign -> one, many, a hundredth, hundredths
    "$": ("dollar", "dollars", "cent", "cents"), "US$": ("US dollar", "US dollars", "cent", "cents"),
    "A$": ("Australian dollar", "Australian dollars", "cent", "cents"),
    "C$": ("Canadian dollar", "Canadian dollars", "cent", "cents"),
    "CA$": ("Canadian dollar", "Canadian dollars", "cent", "cents"),
    "AU$": ("Australian dollar", "Australian dollars", "cent", "cents"),
    "NZ$": ("New Zealand dollar", "New Zealand dollars", "cent", "cents"),
    "HK$": ("Hong Kong dollar", "Hong Kong dollars", "cent", "cents"),
    "S$": ("Singapore dollar", "Singapore dollars", "cent", "cents"), "£": ("pound", "pounds", "penny", "pence"),
    "₤": ("pound", "pounds", "penny", "pence"),
    "€": ("euro", "euros", "cent", "cents"), "¥": ("yen", "yen", "", ""),
    "₹": ("rupee", "rupees", "paisa", "paise"), "₽": ("rouble", "roubles", "kopek", "kopeks"),
    "₩": ("won", "won", "", ""), "USD": ("US dollar", "US dollars", "cent", "cents"),
    "EUR": ("euro", "euros", "cent", "cents"), "GBP": ("pound", "pounds", "penny", "pence"),
    "CHF": ("Swiss franc", "Swiss francs", "centime", "centimes"), "Rs.": ("rupee", "rupees", "paisa", "paise"),
    "Rs": ("rupee", "rupees", "paisa", "paise"), "¢": ("cent", "cents", "", ""), "c": ("cent", "cents", "", ""),
    "p": ("penny", "pence", "", ""), "d": ("penny", "pence", "", ""), "s": ("shilling", "shillings", "", ""),
}  # fmt: skip
_MAGNITUDES = {
    "k": "thousand", "K": "thousand", "m": "million", "M": "million", "mn": "million", "b": "billion",
    "B": "billion", "bn": "billion", "tn": "trillion", "hundred": "hundred", "thousand": "thousand",
    "million": "million", "lakh": "lakh", "crore": "crore", "billion": "billion", "trillion": "trillion",
}  # fmt: skip
_NAMED = (
    r"[\s-](?P<named>(?:(?:US|American|Canadian|Australian|New\sZealand|Hong\sKong)\s)?dollars?|bucks?|pounds?(?!\sof\b)|quid|"
    r"euros?|yen|rupees?|won|rou?bles?|cents?|pence|penny|USD|CAD|AUD|NZD|EUR|GBP|CHF)\b"
)
"""A unit in words after an amount that has its sign as well: "$5 dollars"."""
_CODED = {"USD": "US dollars", "CAD": "Canadian dollars", "AUD": "Australian dollars", "NZD": "New Zealand dollars"}
_SLANG = {"buck": "dollar", "bucks": "dollar", "quid": "pound"}
_BEFORE = one_of(["$", "US$", "A$", "AU$", "C$", "CA$", "HK$", "NZ$", "S$", "£", "₤", "€", "¥", "₹", "₽", "₩"])
_CODES = one_of(["USD", "EUR", "GBP", "CHF", "Rs.", "Rs"])
_SIGN = r"(?:(?<![\w.,)])(?P<minus>[-−–])\s?)?"
_MAGNITUDE = rf"(?:[\s-]?(?P<magnitude>{one_of(_MAGNITUDES)})(?!\w))?"
_FUNCTION_WORDS = frozenset(
    "a about after again ago all and are as at away back be because before below but by can did each either every "
    "for from had "
    "has have he her him his i if in into is it its less like might more my no nor not of off on only or our out "
    "over per "
    "she should since so some than that the their them then there they this through till to too under until up "
    "upon was "
    "we were when where which while who will with within without would you your apiece cash plus minus yesterday today "
    "now then worth later extra down total altogether an must may could".split()
)
_PRICED = (
    "man|bill|note|question|prize|reward|house|home|deal|fine|loan|debt|ticket|bet|check|cheque|fund|budget|bonus|bond|"
    "ransom|project|contract|coin|piece|fee|gift|grant|business|industry|lawsuit|settlement|mansion|estate|tip|bottle|chip"
)
_PER = {
    "hour": "hour", "hr": "hour", "h": "hour", "day": "day", "week": "week", "wk": "week", "month": "month",
    "year": "year", "yr": "year", "person": "person", "head": "head", "night": "night", "kg": "kilogram", "lb": "pound",
    "oz": "ounce", "ton": "ton", "mile": "mile", "gallon": "gallon", "barrel": "barrel", "share": "share",
}  # fmt: skip
_LINES = ("240", "360", "480", "720", "1080", "1440", "2160")
"""Video resolutions: "1080p" is not pence."""
_PRE_DECIMAL = {
    6: "sixpence",
    3: "threepence",
    2: "twopence",
    1: "a penny",
    4: "fourpence",
    9: "ninepence",
    8: "eightpence",
}


def _amount(match: Match, context: Context) -> str:
    per = match.groupdict().get("per")
    return _money(match, context) + (f" per {_PER[per]}" if per else "")


def _money(match: Match, context: Context) -> str:
    one, many, cent, cents = _UNITS[(match["sign"] or match["sign_after"]).removesuffix(".")]
    named = match.groupdict().get("named")
    if named and not _is_unit(named, one):
        is_coin = named in (cent, cents) and regex.fullmatch(r"0?\.\d\d", match["low"])
        return _in_units(match, (one, many, cent, cents), context) + ("" if is_coin else f" {named}")
    if named in ("dollar", "pound", "euro"):  # "$5 dollar bills"
        many = one
    elif named and not many.endswith(named):
        one = many = _CODED.get(named, named)
    return _in_units(match, (one, many, cent, cents), context)


def _is_unit(named: str, one: str) -> bool:
    """Whether a unit in words is that of the sign: "bucks" and "Canadian dollars" of "$"."""
    unit = one.split()[-1]
    return _SLANG.get(named, named).removesuffix("s").endswith(unit) or _CODED.get(named, "").endswith(f"{unit}s")


def _in_units(match: Match, names: tuple[str, str, str, str], context: Context) -> str:
    one, many, cent, cents = names
    minus = "minus " if match["minus"] or match["minus_after"] else ""
    low, high, magnitude = match["low"], match["high"], _MAGNITUDES.get(match["magnitude"] or "", "")
    scale = f" {magnitude}" if magnitude else ""
    if high:
        return f"{minus}{say_amount(low, context)} to {say_amount(high, context)}{scale} {many}"
    if _is_attribute(match) and not (cent and regex.fullmatch(r"[\d,]+\.\d\d", low) and not magnitude):
        return f"{minus}{say_amount(low, context)}{scale} {one}"
    whole, point, decimals = low.replace(",", "").partition(".")
    if not magnitude and cent and point and len(decimals) == 2:
        return minus + _with_cents(int(whole or 0), int(decimals), (one, many, cent, cents), context)
    if is_one(low) and not magnitude:
        return f"{minus}{say_amount(low, context)} {one if low == '1' else f'of {with_article(one)}'}"
    return f"{minus}{say_amount(low, context)}{scale} {many}"


def _with_cents(whole: int, hundredths: int, names: tuple[str, str, str, str], context: Context) -> str:
    one, many, cent, cents = names
    small = number_words.cardinal(hundredths)
    coins = f"{small} {cent if hundredths == 1 else cents}"
    if whole == 0:
        return coins
    units = f"{number_words.cardinal(whole, british=context.british)} {one if whole == 1 else many}"
    if hundredths == 0:
        return units
    if one == "pound" and hundredths >= 10:
        return f"{units} {small}"
    return f"{units} and {coins}"


def _is_attribute(match: Match) -> bool:
    """Whether the money qualifies a noun: "a $100 bill"."""
    if "-" in match.string[match.end() : match.end() + 1] or follows(match, rf"\s(?:{_PRICED})\b"):
        return True
    if word_before(match).lower() not in ("a", "an", "another"):
        return False
    noun = regex.match(r"\s([a-z]+)\b", match.string[match.end() :])
    return noun is not None and noun[1] not in _FUNCTION_WORDS


def _coins(match: Match, context: Context) -> str | None:
    one, many, _, _ = _UNITS[match["unit"]]
    if match["unit"] == "c" and not context.british and not follows(match, r"\s(?:each|a |per|coin|stamp)"):
        return None
    if match["unit"] == "p" and match["low"] in _LINES:
        return f"{number_words.pairs(match['low'])} P"
    if match["unit"] == "d" and not match[0].endswith(".") and not context.british:
        return None
    if match["unit"] == "d" and match["low"] in ("½", "¼"):
        return "a halfpenny" if match["low"] == "½" else "a farthing"
    return f"{say_amount(match['low'], context)} {one if is_one(match['low']) else many}"


def _shillings(match: Match, context: Context) -> str | None:
    """Shillings by themselves, "8s.", unless an American sentence ends with seconds."""
    pounds = regex.search(r"£|\bpounds?\b|\bshillings?\b|\bguineas?\b|\d[sd]\.,", match.string)
    if ends_sentence(match) and not (context.british or pounds):
        return None
    return (_coins(match, context) or "") + ("." if ends_sentence(match) else "")


def _old_money(match: Match, context: Context) -> str | None:
    """Pounds, shillings and pence: "£4 10s. 6d."."""
    pounds, shillings, pence = match["pounds"], match["shillings"], match["pence"]
    if not (pounds or pence) and not match["shilling_stop"]:
        return None
    words = []
    if pounds:
        words.append(f"{say_amount(pounds, context)} {'pound' if is_one(pounds) else 'pounds'}")
    if shillings:
        words.append(f"{say_amount(shillings, context)} {'shilling' if is_one(shillings) else 'shillings'}")
    if pence:
        words.append(_pence(pence, context))
    stop = "." if match[0].endswith(".") and follows(match, r"[\"'”’]*(?:$|\s+\p{Lu})") else ""
    return " ".join(words) + stop


def _slashed(match: Match, context: Context) -> str | None:
    """Shillings and pence with a slash, "2/6" and "10/-", in a British book where money is spoken of."""
    shillings, pence = match["shillings"], match["pence"]
    words = f"{say_amount(shillings, context)} {'shilling' if shillings == '1' else 'shillings'}"
    if pence == "-":
        return words
    priced = follows(match, rf"\s(?:(?:a|an|per|the)\s(?:{_SOLD})|each)\b") or regex.search(
        r"\b(?:cost|costs|paid|pay|pays|price|priced|worth|charged|at|for)\s$", preceding(match)
    )
    if not match["d"] and not (context.british and priced):
        return None
    pence = pence.rstrip("d.")
    return f"{words} and {_pence(pence, context)}"


def _pence(pence: str, context: Context) -> str:
    whole = int(pence) if pence.isdecimal() else 0
    return _PRE_DECIMAL.get(whole) or f"{say_amount(pence, context)} pence"


_SOLD = (
    "dozen|pound|lb|yard|week|day|bottle|pair|head|piece|ounce|oz|ton|month|pint|copy|hundred|stone|bushel|quarter|night|"
    "hour|gallon|quart|box|hundredweight|cwt"
)
FAMILY = Family(
    regex.compile(r"[$£₤€¥₹₽₩¢]|[\d½¼]\s?(?:[pcds]|gns?)\b|\d/[\d-]|USD|EUR|GBP|CHF|\bRs\b"),
    [
        Rule(
            WordClass.CURRENCY,
            regex.compile(
                r"(?<![\w.,$£€/])(?P<shillings>\d{1,2})/(?P<pence>-(?![\d-])|(?:1[01]|\d)(?:[½¼¾])?(?![\d/])(?P<d>d\b\.?)?)(?!\w)"
            ),
            _slashed,
        ),
        Rule(
            WordClass.CURRENCY,
            regex.compile(r"(?<![\w.,$£€])(?P<low>\d{1,2})(?P<unit>s)\.(?!\w|\s*\d+[¼½¾]?\s?d\b)"),
            _shillings,
        ),
        Rule(
            WordClass.CURRENCY,
            pattern(
                r"""(?<![\w.,])(?:£(?P<pounds>[\d,]+)[ ,]*)
                (?P<shillings>\d{1,2})\s?s\b(?P<shilling_stop>\.?)(?:[ ,]*(?P<pence>\d{1,2}(?:[¼½¾])?)\s?d\b\.?)?""",
            ),
            _old_money,
        ),
        Rule(
            WordClass.CURRENCY,
            pattern(
                r"""(?<![\w.,$£€])(?P<pounds>)(?P<shillings>\d{1,2})\s?s\b(?P<shilling_stop>\.?)
                [ ,]*(?P<pence>\d{1,2}(?:[¼½¾])?)\s?d\b\.?""",
            ),
            _old_money,
        ),
        Rule(
            WordClass.CURRENCY,
            regex.compile(
                rf"{_SIGN}(?:(?<![\p{{L}}\d])(?P<sign>{_BEFORE})(?P<minus_after>[-−]?)\s?|"
                rf"(?<!\w)(?P<sign_after>{_CODES})\s?)"
                rf"(?P<low>{AMOUNT})(?:{DASH}(?:{_BEFORE})?(?P<high>{AMOUNT}))?{_MAGNITUDE}"
                rf"(?:{_NAMED})?(?:/(?P<per>{one_of(_PER)})(?!\w))?(?![\p{{L}}\d]|,\d)"
            ),
            _amount,
        ),
        Rule(
            WordClass.CURRENCY,
            regex.compile(
                rf"(?<![\w.,])(?P<minus>)(?P<low>{AMOUNT})(?P<high>)\s?(?P<magnitude>)(?P<minus_after>)(?P<sign>)"
                r"(?P<sign_after>[€£¥₹]|(?<=\s)(?:USD|EUR|GBP|CHF))(?![\w\d])"
            ),
            _amount,
        ),
        Rule(
            WordClass.CURRENCY,
            regex.compile(
                rf"(?<![\w.,$£€])(?P<low>{NUMBER}|{AMOUNT})(?:\s?(?P<unit>¢)|(?P<unit>[pc]))(?:(?<=¢)\scents?\b|(?<=p)\spence\b)?(?!\w|\.\w|[-'’]\w)"
            ),
            _coins,
        ),
        Rule(
            WordClass.CURRENCY,
            regex.compile(
                r"(?<![\w.,$£€]|\b[Tt]he\s(?=\d?[23]d))(?P<low>\d{1,2}[¼½¾]?|[¼½])(?P<unit>d)(?:\.(?!\w)|(?![\w.'’-]))"
            ),
            _coins,
        ),
        Rule(
            WordClass.CURRENCY,
            regex.compile(r"(?<![\w.,$£€])(?P<low>\d[\d,]*)\s?gns?(?!\w)\.?"),
            lambda match, context: (
                f"{say_amount(match['low'], context)} guinea{'' if is_one(match['low']) else 's'}{full_stop(match)}"
            ),
        ),
    ],
)
