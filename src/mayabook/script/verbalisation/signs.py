"""Mathematical and other signs that are words."""

import regex

from mayabook.core.spoken_form import WordClass
from mayabook.script.verbalisation.quantities import AMOUNT, MINUS, SIGN, say_amount, say_quantity
from mayabook.script.verbalisation.rules import Context, Family, Match, Rule, Say, follows, pattern, preceding

_OPERATORS = {
    "=": "equals", "≈": "approximately", "≅": "is approximately", "≠": "is not equal to", "≤": "is at most",
    "≥": "is at least", "÷": "divided by", "×": "times", "−": "minus", "+": "plus", "±": "plus or minus",
    "∓": "minus or plus", "*": "times", "∙": "times", "⋅": "times", "∞": "infinity", "√": "the square root of",
    "∛": "the cube root of",
    "∑": "the sum of", "∫": "the integral of", "≡": "is equivalent to", "∝": "is proportional to", "∈": "is in",
    "∴": "therefore", "∵": "because", "∂": "partial", "∆": "delta", "→": "to", "⇒": "implies", "<": "less than",
    ">": "greater than",
}  # fmt: skip
_NAMES = {
    "§": "section", "¶": "paragraph", "№": "number", "©": "copyright", "℗": "copyright", "&": "and", "@": "at",
    "℃": "degrees Celsius", "℉": "degrees Fahrenheit", "°": "degrees", "%": "percent", "‰": "per mille",
    "¢": "cents", "$": "dollars", "£": "pounds", "€": "euros", "¥": "yen", "⅌": "per", "℅": "care of",
    "¤": "currency", "Ω": "ohm", "∅": "the empty set", "π": "pi", "ª": "", "º": "degrees",
}  # fmt: skip


_ACCIDENTALS = {"♭": " flat", "♯": " sharp", "#": " sharp", "♮": " natural", "b": " flat"}
_OF_SUMS = frozenset(
    "are and equals equal make makes made gives give was were plus minus then the for with".split()
) | {"is"}
"""Words after two numbers that are multiplied."""
_SIZE = rf"\s?(?:{AMOUNT})\s?(?:m|cm|mm|km|ft|feet|foot|in|inch|inches|meters?|metres?|yards?)\b"


def _spaced(word: str) -> Say:
    return lambda match, context: f" {word} "


def _named(match: Match, context: Context) -> str:
    return f" {_NAMES[match[0]]} "


def _operator(match: Match, context: Context) -> str:
    if match["operator"] == "×" and _is_size(match):
        return " by "
    stands_first = not regex.search(r"[\p{L}\d)]\s?$", preceding(match))
    said = _OPERATORS[match["operator"]]
    return f" {said.removeprefix('is ') if stands_first else said} "


def _between(match: Match, context: Context) -> str | None:
    """Operators between numbers or single letters, with the number before them left to its own rule."""
    operator = match["operator"]
    if operator in "×xX*" and _is_size(match):
        return " by "
    if operator in "xX":
        return " times " if "=" in match.string else " by "
    if operator in "-–":
        return " minus " if "=" in match.string else None
    return f" is {_OPERATORS[operator]} " if operator in "<>" else f" {_OPERATORS[operator]} "


def _is_size(match: Match) -> bool:
    """Whether ×  stands between the sides of something: "5 × 7 inches", "8½ × 11 paper"."""
    if follows(match, _SIZE):
        return True
    noun = regex.compile(rf"\s?(?:{AMOUNT})\s(\p{{Ll}}{{3,}})").match(match.string, match.end())
    return noun is not None and "=" not in match.string and noun[1] not in _OF_SUMS


def _note(match: Match, context: Context) -> str:
    return _ACCIDENTALS[match[0]]


def _stars(match: Match, context: Context) -> str:
    return f"{say_amount(match['number'], context)}-star"


def _signed(match: Match, context: Context) -> str:
    return say_quantity(match[0], context)


def _numbered(match: Match, context: Context) -> str:
    return "number "


def _sections(match: Match, context: Context) -> str:
    return "sections " if len(match[0].strip()) > 1 else "section "


def _and_more(match: Match, context: Context) -> str:
    return f"{say_amount(match['amount'], context)} plus"


def _sides(match: Match, context: Context) -> str | None:
    """A slash between words."""
    if match[0].lower() == "and/or":
        return "and or"
    first, second = match["first"], match["second"]
    if len(first) == 1 and len(second) == 1:
        return None
    return f"{first} or {second}" if first.lower() in ("he", "she", "his", "her", "him", "yes", "either", "s") else None


def _with(match: Match, context: Context) -> str:
    return "without" if match[0].lower() == "w/o" else "with "


FAMILY = Family(
    regex.compile(
        r"π|[^\p{L}\p{M}\p{N}\s.,;:!?'\"’‘“”()—…-]|(?<!\w)-\s?[\d.]|[\d½¼¾'’\"″′]\s*[-:xX]\s*\d|\d\p{L}{1,3}–\d|w/|\b[A-G]b\b"
    ),
    [
        Rule(
            WordClass.SIGNS,
            regex.compile(
                r"(?<=(?<![\p{L}\p{N}])[A-G])(?:[♭♯♮#](?!\w)|b(?=[- ](?:major|minor|flat|sharp|seventh|chord)\b))"
            ),
            _note,
        ),
        Rule(WordClass.SIGNS, regex.compile(r"(?<![\w.,])(?P<number>[1-7])[*★⭐](?=\s\p{Ll})"), _stars),
        Rule(WordClass.SIGNS, pattern(r"[#№]\s?(?=\d|\p{Lu}-\d)|(?<!\w)N[°º]\s?(?=\d)"), _numbered),
        Rule(
            WordClass.SIGNS,
            pattern(r"(?<=\d\s?(?:°|°?[CF]|\p{L}{1,3}))\s?–\s?(?=\d[\d.,]*\s?(?:°|\p{L}{1,3}\b))"),
            _spaced("to"),
        ),
        Rule(WordClass.SIGNS, pattern(r"(?<=\d)\s:\s(?=\d)"), _spaced("to")),
        Rule(WordClass.SIGNS, pattern(r"~\s?(?=\d)"), _spaced("about")),
        Rule(
            WordClass.SIGNS,
            pattern(
                r"(?<=\b(?:litres?|liters?|pints?|quarts?|grams?|ounces?|cups?|inch|inches|pounds?))/(?=\d)|(?<=[CF°])/(?=gas\b)"
            ),
            _spaced("or"),
        ),
        Rule(WordClass.SIGNS, pattern(r"§+\s?(?=[\dIVXLC])"), _sections),
        Rule(
            WordClass.SIGNS,
            pattern(
                r"(?<=[\d)²³⁴-⁹½¼¾%'’\"″′]|\b\p{L})\s?(?P<operator>[=≈≅≠≤≥÷×−+±∓∙⋅≡∝<>])\s?(?=[\d(.√−-]|\p{L}\b|"
                r"\p{L}{1,2}[²³⁴-⁹])"
                r"|(?<=[\d½¼¾])\s(?P<operator>[*xX–-])\s(?=\d)|(?<=\d)(?P<operator>[*])(?=\d)"
            ),
            _between,
        ),
        Rule(WordClass.SIGNS, pattern(r"(?P<amount>{amount})\+(?!\w)", amount=rf"(?<![\w.,]){AMOUNT}"), _and_more),
        Rule(WordClass.SIGNS, pattern(r"(?:{sign})(?:{amount})(?![\w%°]|[-–/:]\d)", sign=SIGN, amount=AMOUNT), _signed),
        Rule(WordClass.SIGNS, pattern(r"(?:{minus})", minus=MINUS), _spaced("minus")),
        Rule(
            WordClass.SIGNS,
            pattern(r"(?<!\w)(?P<operator>[≈≤≥<>±√∛∞∑∴∵])\s?(?=\d|\w)|(?P<operator>[=≈≅≠≤≥÷×−+±∓∞√∑∫≡∝∈∴∵⇒])"),
            _operator,
        ),
        Rule(WordClass.SIGNS, pattern(r"(?<=[\d'’\"″′])\s?x\s?(?=\d)"), _spaced("by")),
        Rule(
            WordClass.SIGNS,
            pattern(
                r"\bw/(?:o\b)?",
            ),
            _with,
        ),
        Rule(WordClass.SIGNS, pattern(r"\b(?P<first>\p{L}+)/(?P<second>\p{L}+)\b"), _sides),
        Rule(WordClass.SIGNS, pattern(r"(?<=\b\p{L}\s?|\b\p{Lu}\w+\s)→(?=\s?\p{L})"), _spaced("to")),
        Rule(WordClass.SIGNS, pattern(r"π|[§¶№©℗&@℃℉°%‰¢$£€¥℅º](?!\s?c\.)"), _named),
    ],
)
