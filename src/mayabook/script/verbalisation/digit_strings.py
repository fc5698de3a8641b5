"""Telephone numbers and ISBN, which are read digit by digit."""

import regex

from mayabook.core.spoken_form import WordClass
from mayabook.script.verbalisation import number_words
from mayabook.script.verbalisation.rules import Context, Family, Match, Rule, pattern

_EMERGENCY = {
    "911": "nine one one",
    "999": "nine nine nine",
    "112": "one one two",
    "411": "four one one",
    "101": "one oh one",
    "111": "one one one",
}


def _telephone(match: Match, context: Context) -> str:
    plus = "plus " if match[0].startswith("+") else ""
    groups = regex.findall(r"\d+", match[0])
    return plus + ", ".join(number_words.spell_digits(group, "oh") for group in groups)


def _dialled(match: Match, context: Context) -> str | None:
    digits = match["number"]
    return match["verb"] + (_EMERGENCY.get(digits) or number_words.spell_digits(digits, "oh"))


def _in_words(match: Match, context: Context) -> str:
    """1-800-FLOWERS"""
    exchange = f" {number_words.spell_digits(match['exchange'], 'oh')}" if match["exchange"] else ""
    return f"{_prefix(match, context)}{exchange} {match['word'].lower()}"


def _prefix(match: Match, context: Context) -> str:
    """1-800, the beginning of a number."""
    area = match["area"]
    return f"one {number_words.cardinal(int(area)) if area.endswith('00') else number_words.spell_digits(area)}"


def _area(match: Match, context: Context) -> str:
    return number_words.spell_digits(match[0], "oh")


def _emergency(match: Match, context: Context) -> str:
    return _EMERGENCY.get(match[0]) or number_words.spell_digits(match[0], "oh")


def _issn(match: Match, context: Context) -> str:
    first, second = match["first"], match["second"]
    check = " X" if second[-1] in "Xx" else ""
    return f"ISSN {number_words.spell_digits(first)}, {number_words.spell_digits(second)}{check}"


def _digit_by_digit(match: Match, context: Context) -> str:
    return number_words.spell_digits(match[0], "oh" if "0" in match[0][1:] else "zero")


def _isbn(match: Match, context: Context) -> str:
    kind = f" {number_words.cardinal(int(match['kind']))}" if match["kind"] else ""
    digits = [number_words.spell_digits(group) for group in regex.findall(r"\d+", match["number"])]
    check = " X" if match["number"][-1] in "Xx" else ""
    return f"{match['name'] or ''}{kind}{',' if match['name'] else ''} {', '.join(digits)}{check}".strip()


FAMILY = Family(
    regex.compile(r"\d{3}|\+\d|\d-\d-\d"),
    [
        Rule(
            WordClass.DIGITS,
            pattern(
                r"\b(?P<name>e?-?IS?BN|SBN)(?:[-\s](?P<kind>1[03])(?=[:\s]))?:?\s*(?P<number>\d(?:[-–\s]?\d){8,11}[-–\s]?[\dXx])(?![\w-])|"
                r"(?<![\w-])(?P<name>)(?P<kind>)(?P<number>97[89](?:[-–\s]?\d){9}[-–\s]?\d)(?![\w-])"
            ),
            _isbn,
        ),
        Rule(
            WordClass.DIGITS,
            pattern(
                r"(?<=\b(?i:{line}s?|emergency\snumber)[,:]?\s(?:(?:is|was|on|at)\s)?[“\"]?){digits}|{digits}(?=\s(?:{line})s?\b)",
                line=r"hotline|helpline|lifeline|crisis\sline",
                digits=r"(?<![\w.,$£€-])\d{3}(?![\w-]|[.,]\d)",
            ),
            _emergency,
        ),
        Rule(WordClass.DIGITS, pattern(r"\bISSN:?\s(?P<first>\d{4})[-–](?P<second>\d{3}[\dXx])(?!\w)"), _issn),
        Rule(
            WordClass.DIGITS,
            regex.compile(
                r"(?<![\w.,$£€/-])(?:911(?!\s(?!calls?\b|operators\b)\p{Ll}+s\b|[\w.,-]*\d|\sof\b|\s(?:people|men|women|Turbo|Carrera)\b)(?<!Porsche\s911)"
                r"(?<!\b(?i:a|his|her|my|new|old|red|black|white|silver|vintage)\s911(?!\s(?:call|operator|dispatcher|line)))"
                r"|(?:999|112|101|111)(?=\s(?:calls?|callers?|operators?|dispatch\w*|lines?|emergency|switchboard|handlers?|on\sthe\s(?:line|phone))\b))(?!\w)"
            ),
            _emergency,
        ),
        Rule(
            WordClass.DIGITS,
            pattern(
                r"""(?<![\w.$£€-])(?:
                \+\d{1,3}(?:[\s.-]?\(?\d{1,5}\)?){2,5}          # +44 20 7946 0018
                | (?:1[\s.-])?\(\d{3}\)\s?\d{3}[-\s.–]\d{4}      # (212) 555-0187
                | (?:1[-.\s])?\d{3}[-.–]\d{3}[-.–]\d{4}          # 1-800-555-0123
                | 555[. ]\d{4} | \d{3}[-–]\d{4}                                 # 555-0142
                | 1\s\d{3}\s\d{3}\s\d{4} | \d{3}\s\d{3}\s\d{4}
                | 0\d{2,4}-\d{3,4}-\d{3,4}                          # 020-7946-0958
                | \(0\d{2,4}\)\s?\d{3,4}\s?\d{3,4}                  # (020) 7946 0958
                | (?<!\d[ ])0\d{2,4}\s\d{3,4}(?:\s\d{3,4})?                     # 020 7946 0958
                | (?<=\b\p{Lu}\p{L}+\s)\d-\d{4}                    # Butterfield 5-0142
                | (?<=\b(?:[Pp]hone|[Cc]all|[Nn]umber|[Dd]ial|[Rr]ing|[Tt]el|[Ff]ax)[.:]?\s(?:\p{L}+\s)?)\d{3}\s\d{4}
                | 0\d{3,4}\s\d{5,6} | 0\d{9,10}
                )(?![\w%-]|[.,]\d)"""
            ),
            _telephone,
        ),
        Rule(
            WordClass.DIGITS,
            pattern(
                r"(?<![\w-])1-(?P<area>8\d\d|900)-(?P<exchange>\d{3}-)?(?P<word>\p{Lu}{4,}|\p{Lu}{2,}(?:-\p{Lu}+)+)(?![\w-])"
            ),
            _in_words,
        ),
        Rule(
            WordClass.DIGITS,
            pattern(
                r"(?<![\w.,$£€-])(?<!\b(?i:pages?|levels?|numbers|lines?|items?|questions?|verses?|chapters?|from|of|pp\.)\s)"
                r"1[-–](?P<area>8(?:00|33|44|55|66|77|88)|900)(?![\w–]|[.,]\d|-\w|\s(?!(?:numbers|lines|calls)\b)\p{Ll}+s\b)"
            ),
            _prefix,
        ),
        Rule(
            WordClass.DIGITS,
            regex.compile(
                r"(?<=\b[Aa]rea\scodes?\s(?:(?:was|is|of)\s)?\(?)\d{3}(?![\w-]|[.,]\d)|(?<![\w.,-])555(?=\s(?:numbers?|prefix|exchange)\b)"
            ),
            _area,
        ),
        Rule(WordClass.DIGITS, pattern(r"(?<![\w.,-])\d(?:-\d){2,}(?![\w-])"), _digit_by_digit),
        Rule(
            WordClass.DIGITS,
            pattern(
                r"(?P<verb>\b(?:[Dd]ial(?:led|ed|s|ling|ing)?|[Cc]all(?:ed|s|ing)?|[Pp]hon(?:e|ed|ing)|[Rr]ang|"
                r"[Rr]ing|[Tt]ext(?:ed)?)\s)"
                r"(?P<number>[2-9]11|999|988|112|101|111|0\d+|\d{5,7})(?![\w,.-]*\d)"
            ),
            _dialled,
        ),
    ],
)
