"""Measures: a quantity and its unit."""

import regex

from mayabook.core.spoken_form import WordClass
from mayabook.script.verbalisation import number_words
from mayabook.script.verbalisation.quantities import (
    AMOUNT,
    DASH,
    FIRST,
    QUANTITY,
    is_fraction,
    is_one,
    say_amount,
    say_quantity,
)
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
)
from mayabook.script.verbalisation.unit_names import ONLY_CLOSE, PER, POWERS, SURE, UNITS, in_english_of

_MEASURED = (
    "pistol|rifle|gun|guns|bullets?|rounds?|shells?|cartridges?|bag|sack|lens|engine|run|race|dash|hike|walk|drive|radius|"
    "stretch|screen|drop|cable|cannon|pot|pan|tin|cake tin|jar"
)
_DETERMINERS = frozenset(
    "the this that his her its my your our their one two three four each every same old new single".split()
)
_NOT_MEASURED = (
    "a|about|above|across|after|ago|and|apart|around|as|at|away|back|before|behind|below|beneath|between|by|deep|down|each|"
    "every|for|from|high|in|into|is|long|more|north|of|off|on|or|out|over|per|south|east|west|tall|than|the|thick|"
    "through|to|under|up|was|wide|with|without|square|cubic|is|are|were|has|had|have|he|she|they|we|it|you|"
    "less|left|which|who|when|where|while|if|because|so|all|both|only|just|now|then|there|here|what|not|no|yet|still|plus|minus|"
    "till|until|since|during|per|will|would|could|can|may|might|must|did|do|does|until|remaining|remained|remains|well|yesterday|today|tomorrow|again|ahead|further|tonight"
)
_DIRECTIONS = {"N": "north", "S": "south", "E": "east", "W": "west"}


_SEVERAL = (
    "the|two|three|four|five|six|seven|all|both|your|his|her|my|their|several|some|many|few|these|those|no|of|by|"
    "straight"
)


def _measure(match: Match, context: Context) -> str | None:
    unit, quantity = match["unit"], match["quantity"]
    if unit in ("sq", "mo") and not match["stop"]:
        return None
    singular = is_one(quantity) or bool(match["hyphen"]) or _is_attribute(match)
    one, many = UNITS[unit]
    name = one if singular else many
    if match["power"]:
        name = f"{POWERS[match['power']]} {name}"
    if match["per"]:
        name = f"{name} per {PER[match['per']]}"
    if is_fraction(quantity):
        name = with_article(one)
        said = say_quantity(quantity, context)
        return f"{'half' if said == 'one half' else f'{said} of'} {in_english_of(name, context)}"
    name = in_english_of(name, context)
    joint = "-" if match["hyphen"] else " "
    if follows(match, rf"\s{name.removesuffix('s')}s?\b"):
        name, joint = "", ""  # "5 kg kilograms"
    other = " or " if match["or"] else ""
    stop = "." if match["stop"] and (ends_sentence(match) or follows(match, r"\s+[\"“‘]?\p{Lu}")) else ""
    return f"{other}{say_quantity(quantity, context)}{joint}{name}{stop}"


def _is_attribute(match: Match) -> bool:
    """Whether a measure qualifies a noun: "a 9mm pistol", "the 70 kg man"."""
    touching = regex.search(r"(\p{L}+)\s$", preceding(match))
    before = touching[1].lower() if touching else ""
    if before in ("a", "an", "another") or follows(match, rf"\s(?:{_MEASURED})\b"):
        return True
    return before in _DETERMINERS and follows(match, rf"\s(?!(?:{_NOT_MEASURED})\b)\p{{Ll}}+(?<!ly|ed)\b")


def _is_inches(match: Match, quantity: str) -> bool:
    """Whether "in" is a measure: after feet, of two sides, right after the number, or with a full stop inside a
    sentence."""
    after_feet = regex.search(r"(?:ft\.?|feet|foot|['′])\s?$", preceding(match))
    of_sides = follows(match, r"\s(?:by|[x×])\s\d") or regex.search(r"\d\s?in\.?\s(?:by|[x×])\s$", preceding(match))
    if after_feet or of_sides or match["hyphen"] or match["or"]:
        return True
    if not match["stop"]:
        return False
    return not ends_sentence(match) or is_fraction(quantity) or not quantity.isdecimal()


def _close_measure(match: Match, context: Context) -> str | None:
    unit, quantity = match["unit"], match["quantity"]
    if unit == "s" and not match["space"] and regex.fullmatch(r"\d0|\d{3}0", quantity):
        return None  # a decade
    if unit == "s" and "." not in quantity and (len(quantity) > 2 or _is_plural(match)):
        return None
    if unit == "in":
        return _measure(match, context) if _is_inches(match, quantity) else None
    after_minutes = unit == "s" and regex.search(r"\bmins?\.?\s$", preceding(match))
    if (
        match["space"]
        and unit in ("s", "h", "t")
        and not follows(match, r"\s(?:of|per|later|before|after|to|and|or|at|in)\b|[.,;:!?)]|$")
        and not (unit in ("s", "h") and "." in quantity)
        and not after_minutes
    ):
        return None
    return _measure(match, context)


def _is_plural(match: Match) -> bool:
    """Whether 5s are several fives: "in 5s and 10s", "two 7s", "F-16s"."""
    if match["space"]:
        return False
    return bool(
        regex.search(rf"(?:\p{{L}}[-–]|[×x]|\b(?:{_SEVERAL})\s|\d+s\s(?:and|or)\s)$", preceding(match))
        or follows(match, r"\s(?:and|or|to)\s\d+s\b")
    )


def _percent(match: Match, context: Context) -> str:
    to = f" to {say_quantity(match['high'], context)}" if match["high"] else ""
    return f"{say_quantity(match['quantity'], context)}{to} {'per mille' if match['sign'] == '‰' else 'percent'}"


def _temperature(match: Match, context: Context) -> str:
    scale = {"C": " Celsius", "F": " Fahrenheit", "K": " Kelvin"}[match["scale"].upper()]
    other = " or " if match["or"] else ""
    return f"{other}{say_quantity(match['quantity'], context)} degree{'' if is_one(match['quantity']) else 's'}{scale}"


def _angle(match: Match, context: Context) -> str:
    is_singular = is_one(match["quantity"]) or _is_attribute(match)
    words = f"{say_quantity(match['quantity'], context)} degree{'' if is_singular else 's'}"
    for part, name in ((match["minutes"], "minute"), (match["seconds"], "second")):
        if part:
            words += f" {say_amount(part, context)} {name}{'' if part == '1' else 's'}"
    direction = match["direction"]
    return words + (f" {_DIRECTIONS[direction]}" if direction else "")


def _feet_and_inches(match: Match, context: Context) -> str:
    feet, inches = match["feet"], match["inches"]
    return f"{say_amount(feet, context)} foot {say_amount(inches, context)}"


def _primes(match: Match, context: Context) -> str:
    one, many = ("inch", "inches") if match["mark"] in ("″", "''", '"') else ("foot", "feet")
    is_attribute = follows(match, r"\s(?!tall|long|high|deep|wide|by|x\b)\p{Ll}")
    return f"{say_amount(match['quantity'], context)} {one if is_one(match['quantity']) or is_attribute else many}"


def _by(match: Match, context: Context) -> str | None:
    if "=" in match.string:
        return None
    sides = [say_amount(match[name], context) for name in ("first", "second", "third") if match[name]]
    said = " by ".join(sides)
    return number_words.plural(said) if match["several"] else said


def _unit_of_a_power(match: Match, context: Context) -> str | None:
    """The unit after 3 × 10⁸."""
    if match["unit"] == "in":
        return None  # the preposition
    name = UNITS[match["unit"]][1]
    if match["power"]:
        name = f"{POWERS[match['power']]} {name}"
    if match["per"]:
        name = f"{name} per {PER[match['per']]}"
    return f" {in_english_of(name, context)}"


def _stone(match: Match, context: Context) -> str:
    return f"{say_amount(match['quantity'], context)} stone{full_stop(match)}"


def _times(match: Match, context: Context) -> str | None:
    if regex.search(r"[=^²³ⁿ]", match.string):
        return None  # in a formula, x is a letter
    return f"{say_amount(match['quantity'], context)} times"


_FIRST_OR_OTHER = rf"(?:(?<=[\p{{L}}°º]\s?\.?)(?P<or>/)\s?|{FIRST})"
"""Where a measure may begin, also as the other of two: "225g/8oz"."""
_AFTER = r"(?![\w²³]|/(?!\d)|['’]\w|-[\p{L}\d])"
_POWER = r"[²³]|\^[23](?!\d)|(?<=(?<!\p{L})[ckm]?m|ft)[23](?!\d)"
FAMILY = Family(
    regex.compile(r"[\d½¼¾⅓⅔⅛⅜⅝⅞]"),
    [
        Rule(
            WordClass.UNITS,
            pattern(
                r"(?<=10[⁻⁺]?[⁰¹²³⁴-⁹]+)\s?(?P<unit>{units})(?P<power>{power})?(?:/(?P<per>{per}))?{after}",
                units=one_of(UNITS),
                per=one_of(PER),
                after=_AFTER,
                power=_POWER,
            ),
            _unit_of_a_power,
        ),
        Rule(
            WordClass.UNITS,
            pattern(
                r"(?<![\w.,]|[°º]\s?)(?P<feet>\d{1,2})\s?['’′][ "
                r"]?(?P<inches>\d{1,2}(?:{vulgar})?(?!\d))(?:[\"”″]|''|’’)?(?![\w])",
                vulgar="[½¼¾]",
            ),
            _feet_and_inches,
        ),
        Rule(
            WordClass.UNITS,
            pattern(
                r"(?P<quantity>{quantity})\s?(?P<sign>%|‰)(?:{dash}(?P<high>{amount})\s?%)?(?:[\s-]per\s?cent\b)?",
                quantity=FIRST + QUANTITY,
                dash=DASH,
                amount=AMOUNT,
            ),
            _percent,
        ),
        Rule(
            WordClass.UNITS,
            pattern(
                r"{first}(?P<quantity>{quantity})\s?(?:°|º|deg\.?)\s?(?P<scale>[CFKcf])(?!\w)(?:(?:\sdegrees?)?\s(?:Celsius|centigrade|Fahrenheit)\b|\sdegrees?\b)?",
                first=_FIRST_OR_OTHER,
                quantity=QUANTITY,
            ),
            _temperature,
        ),
        Rule(
            WordClass.UNITS,
            pattern(
                r"""(?P<quantity>{quantity})\s?[°º](?:\sdegrees?\b)?(?:\s?(?P<minutes>\d{1,2})\s?['′’](?:\s?(?P<seconds>\d{1,2})\s?["″”])?)?
                (?:\s?(?P<direction>[NSEW])(?!\w))?""",
                quantity=FIRST + QUANTITY,
            ),
            _angle,
        ),
        Rule(
            WordClass.UNITS,
            pattern(
                r"{first}(?P<quantity>{quantity})(?P<hyphen>-(?=\p{L}))?\s?(?P<unit>{units})(?:(?P<power>{power})|"
                r"(?<=[^.])(?P<stop>\.(?!\w)))?"
                r"(?:/(?P<per>{per}))?{after}",
                first=_FIRST_OR_OTHER,
                quantity=QUANTITY,
                units=one_of(SURE),
                per=one_of(PER),
                after=_AFTER,
                power=_POWER,
            ),
            _measure,
        ),
        Rule(
            WordClass.UNITS,
            pattern(
                r"{first}(?P<quantity>{quantity})(?P<hyphen>-(?=\p{L}))?(?P<space>\s?)(?P<unit>{units})(?:(?P<power>{power})|"
                r"(?P<stop>\.(?!\w)))?"
                r"(?:/(?P<per>{per}))?{after}",
                first=_FIRST_OR_OTHER,
                quantity=QUANTITY,
                units=one_of(ONLY_CLOSE),
                per=one_of(PER),
                after=_AFTER,
                power=_POWER,
            ),
            _close_measure,
        ),
        Rule(
            WordClass.UNITS,
            pattern(
                r"(?P<quantity>{first}{amount})\s?(?P<mark>[′″]|['’](?=\s(?:tall|long|high|deep|wide)\b|\s?(?:x|×|by)\s?\d)|(?<=\d['’]\s?(?:x|×|by)\s?\d+)['’]|"
                r"\"(?=\s(?:tall|long|high|deep|wide|screen|pipe|record|single|disc|vinyl|tv|telly|television|monitor|wheels?|nails?|ruler|gun|shell|guns|"
                r"shells|margin|margins|board|boards|blade|heels?|waist)\b|\s?(?:x|×|by)\s?\d)|(?<=\d\"\s?(?:x|×|by)\s?\d+)\")",
                first=FIRST,
                amount=AMOUNT,
            ),
            _primes,
        ),
        Rule(
            WordClass.UNITS,
            pattern(
                r"(?P<first>{begin}{amount})(?:x|×)(?P<second>{amount})(?:(?:x|×)(?P<third>{amount}))?(?P<several>s\b)?(?![\w⁰¹²³⁴-⁹⁻])",
                begin=FIRST,
                amount=AMOUNT,
            ),
            _by,
        ),
        Rule(
            WordClass.UNITS,
            pattern(r"(?<![\w.,])(?P<quantity>\d{1,2}(?:\s?[½¼¾])?)(?:\sst|(?<!(?<!1)1)st)\b\.?"),
            _stone,
        ),
        Rule(
            WordClass.UNITS,
            pattern(r"(?P<quantity>{first}{amount})(?:x|×)(?![\w\d]|\s?\d)", first=FIRST, amount=AMOUNT),
            _times,
        ),
    ],
)
