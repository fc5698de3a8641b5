"""Mathematical and other signs that are words."""

import regex

from mayabook.core.spoken_form import WordClass
from mayabook.script.verbalisation.quantities import AMOUNT, MINUS, SIGN, say_amount, say_quantity
from mayabook.script.verbalisation.rules import (
    Context,
    Family,
    Match,
    Rule,
    Say,
    follows,
    is_said_beside,
    pattern,
    preceding,
)
from mayabook.script.verbalisation.vocabulary import is_word

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


_ALTERNATIVES = [
    frozenset(words.split())
    for words in (
        "he she they it", "his her their hers theirs its", "him her them it herself himself themselves themself",
        "man woman", "men women children", "boy girl", "boys girls", "son daughter", "brother sister", "husband wife",
        "mr mrs ms miss", "sir madam", "mother father", "mum dad", "mom dad", "parent guardian", "parents guardians",
        "male female", "yes no maybe", "true false",
    )
]  # fmt: skip
"""Words one of which is meant where a slash stands between them."""
_GRADED = (
    r"(?:\b(?:[Aa]n?|[Tt]he|[Ss]traight|solid|[Hh]is|[Hh]er|[Mm]y|[Yy]our|their|our|got|gets?|earned|gave|given|[Gg]rades?|of|from|to|or|and|"
    r"with|was|is|were|only|another|one|two|three)\s|:\s|\b[A-F][+−–-],\s)[“\"‘']?"
)
_SUSPENDED = r",?\s(?:\p{Lu}-,?\s)*(?:and|or|to)\s\p{L}+-\p{L}"
"""What comes after the hyphen of "the A- and B-sides"."""
_ACCIDENTALS = {"♭": " flat", "♯": " sharp", "#": " sharp", "♮": " natural", "b": " flat"}
_OF_SUMS = frozenset(
    "are and equals equal make makes made gives give was were plus minus then the for with".split()
) | {"is"}
"""Words after two numbers that are multiplied."""
_SIZE = rf"\s?(?:{AMOUNT})\s?(?:m|cm|mm|km|ft|feet|foot|in|inch|inches|meters?|metres?|yards?)\b"


def _spaced(word: str) -> Say:
    return lambda match, context: _once(match, word)


def _once(match: Match, words: str) -> str:
    """What a sign is called, if the text does not have the words beside it as well."""
    return " " if is_said_beside(match, rf"{words}(?:e?d)?") else f" {words} "


def _named(match: Match, context: Context) -> str:
    name = _NAMES[match[0]]
    if match[0] == "©" and regex.search(r"(?i)\bcopyright,?\s\d{4}\s$", preceding(match)):
        return ""
    return f" {name} " if match[0] in "&@" else _once(match, name)


def _copyright(match: Match, context: Context) -> str:
    return _once(match, "copyright")


def _operator(match: Match, context: Context) -> str:
    if match["operator"] == "×" and _is_size(match):
        return " by "
    stands_first = not regex.search(r"[\p{L}\d)]\s?$", preceding(match))
    said = _OPERATORS[match["operator"]]
    return _once(match, said.removeprefix("is ") if stands_first else said)


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
    return "" if is_said_beside(match, "number") else "number "


def _sections(match: Match, context: Context) -> str:
    if is_said_beside(match, "section"):
        return ""
    return "sections " if len(match[0].strip()) > 1 else "section "


def _and_more(match: Match, context: Context) -> str:
    return f"{say_amount(match['amount'], context)} plus"


def _sides(match: Match, context: Context) -> str | None:
    """A slash between words: "or" between people of either sex and between answers; elsewhere it is not heard."""
    before, after = match["first"], match["second"]
    pair = {before.lower(), after.lower()}
    if len(before) == 1 or len(after) == 1:
        return None
    if any(pair <= words for words in _ALTERNATIVES):
        return " or "
    return " " if all(map(_is_said, (before, after))) else None


def _spaced_sides(match: Match, context: Context) -> str:
    """A slash with spaces around it: "his / her", or the end of a line of verse."""
    first, second = match["first"].lower(), match["second"].lower()
    if any({first, second} <= words for words in _ALTERNATIVES):
        return " or "
    return " " if match["mark"] or first in ("and", "either", "neither") else ", "


def _letters(match: Match, context: Context) -> str | None:
    """N/A, I/O"""
    letters = match["first"] + match["second"]
    return " ".join(letters.upper()) if letters.isupper() or letters == "na" else None


def _is_said(word: str) -> bool:
    return word[0].isupper() or is_word(word)


def _grade(match: Match, context: Context) -> str | None:
    """A mark, "a D-"; before the same letter, "a D- Duke", somebody stutters."""
    return None if follows(match, rf"\s[“\"]?{match['letter']}") else " minus"


def _blood_group(match: Match, context: Context) -> str | None:
    """O−, AB+"""
    is_stuttered = follows(match, rf"(?i)\s(?!(?:and|or|are|blood)\b){match['group'][0]}")
    if is_stuttered or not regex.search(r"\b(?:[Bb]lood|donors?|transfus\w+|plasma|[Rr]hesus)\b", match.string):
        return None
    return f"{match['group']} {'positive' if match['sign'] == '+' else 'negative'}"


def _starred(match: Match, context: Context) -> str:
    return f" star{match['several']}"


def _with(match: Match, context: Context) -> str:
    return "without" if match[0].lower() == "w/o" else "with "


STARRED_GRADES = Family(
    regex.compile(r"A\*"),
    [
        Rule(
            WordClass.SIGNS,
            regex.compile(
                r"(?<=\b(?:[Aa]n?|[Tt]he|[Tt]wo|[Tt]hree|[Ff]our|[Ff]ive|[Ss]ix|[Ss]even|[Ee]ight|[Nn]ine|[Tt]en|all|and|of|straight)\sA)"
                r"\*(?P<several>s?)(?![\w*])"
            ),
            _starred,
        ),
    ],
)
"""A mark at British schools; it comes before words with stars for letters."""
FAMILY = Family(
    regex.compile(
        r"π|[^\p{L}\p{M}\p{N}\s.,;:!?'\"’‘“”()—…-]|(?<!\w)-\s?[\d.]|[\d½¼¾'’\"″′]\s*[-:xX]\s*\d|\d\p{L}{1,3}–\d|w/|\b[A-G]b\b|\b(?:[A-F]|AB|O)[-–](?!\w)|\([cC]\)"
    ),
    [
        Rule(
            WordClass.SIGNS,
            regex.compile(
                r"(?<=(?<![\p{L}\p{N}])[A-G])(?:[♭♯♮#](?!\w)|b(?=[- ](?:major|minor|flat|sharp|seventh|chord)\b))"
            ),
            _note,
        ),
        Rule(
            WordClass.SIGNS,
            pattern(
                r"(?<![\w’'.-])(?P<group>AB|A|B|O)(?P<sign>[+−-])(?![\w+–-]|{suspended})",
                suspended=_SUSPENDED,
            ),
            _blood_group,
        ),
        Rule(
            WordClass.SIGNS,
            pattern(
                r"(?<={graded}(?P<letter>[A-F]))[-–](?![\w–-]|{suspended})|"
                r"(?<=(?<![\w’'.-])(?P<letter>[A-F]))-(?=\s(?:students?|averages?|grades?|papers?|essays?)\b)",
                graded=_GRADED,
                suspended=_SUSPENDED,
            ),
            _grade,
        ),
        Rule(
            WordClass.SIGNS,
            regex.compile(r"(?<=\b(?:I|We|They)\s?)(?:[♥❤]\uFE0F?|<3)(?=\s?\p{L})"),
            lambda match, context: " love ",
        ),
        Rule(
            WordClass.SIGNS,
            regex.compile(r"(?<!\w)\([cC]\)(?=\s?(?:1[5-9]|20)\d\d\b)|(?<=\b(?i:copyright)\s)\([cC]\)"),
            _copyright,
        ),
        Rule(WordClass.SIGNS, regex.compile(r"(?<![\w.,])(?P<number>[1-7])[*★⭐](?=\s\p{Ll})"), _stars),
        Rule(WordClass.SIGNS, pattern(r"(?:\b[Nn]os?\.?\s)?[#№]\s?(?=\d|\p{Lu}-\d)|(?<!\w)N[°º]\s?(?=\d)"), _numbered),
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
        Rule(WordClass.SIGNS, pattern(r"(?<![\w/.@])(?P<first>\p{L})/(?P<second>\p{L})(?![\w/.])"), _letters),
        Rule(
            WordClass.SIGNS,
            pattern(
                r"(?<![\w/.@])s/he\b",
            ),
            lambda match, context: "she or he",
        ),
        Rule(
            WordClass.SIGNS,
            pattern(r"(?<=(?<![.@\p{L}\p{N}]|(?<!\p{L})/)(?P<first>\p{L}+)\.?)/(?=(?P<second>\p{L}+)(?![\p{L}\p{N}]))"),
            _sides,
        ),
        Rule(
            WordClass.SIGNS,
            pattern(r"(?<=\b(?P<first>\p{L}{2,})(?P<mark>[,;:.!?’”]*))\s/\s(?=[“‘]?(?P<second>\p{L}{2,}))"),
            _spaced_sides,
        ),
        Rule(
            WordClass.SIGNS,
            pattern(r"(?<=(?<!\w)\p{Lu}{2,3})/(?=\d(?!\w))|(?<=\b\d+s)/(?=\d+s\b)|(?<=\b\p{Lu}\d{1,2})/(?=\p{Lu}\d)"),
            lambda match, context: " ",
        ),
        Rule(WordClass.SIGNS, pattern(r"(?<=\b\p{L}\s?|\b\p{Lu}\w+\s)→(?=\s?\p{L})"), _spaced("to")),
        Rule(WordClass.SIGNS, pattern(r"π|[§¶№©℗&@℃℉°%‰¢$£€¥℅º](?!\s?c\.)"), _named),
    ],
)
