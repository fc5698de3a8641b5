"""Plain numbers: ordinals, decades, years, cardinals, decimals, and numbers beside letters."""

import regex

from mayabook.core.spoken_form import WordClass
from mayabook.script.verbalisation import number_words
from mayabook.script.verbalisation.numbered_names import is_code, is_name
from mayabook.script.verbalisation.quantities import FIRST, NUMBER, say_amount
from mayabook.script.verbalisation.rules import Context, Family, Match, Rule, follows, pattern, preceding

_SCALES = {"mn": "million", "bn": "billion", "tn": "trillion"}
_COUNTED = (
    r"\s(?:miles?|feet|foot|yards?|pounds?|dollars?|men|women|people|children|soldiers|horses|sheep|acres?|tons?|"
    r"tonnes?|pages|words|"
    r"votes?|voters|books|copies|francs|guineas|metres?|meters?|kilometres?|kilometers?|degrees?|souls|troops|"
    r"prisoners|steps|times|"
    r"years|days|hours|minutes|seconds|(?<!\b(?:by|since|until|around)\s\d+\s)or so|in all|per|"
    r"of them|of the|points|ships|passengers|inhabitants|"
    r"residents|volts|watts|calories)\b"
)


def _ordinal(match: Match, context: Context) -> str:
    said = number_words.ordinal(int(match["number"].replace(",", "")), british=context.british)
    return number_words.plural(said) if match[0].endswith("s") else said


def _decade(match: Match, context: Context) -> str | None:
    digits = match["digits"]
    if len(digits) == 2:
        return number_words.plural(number_words.cardinal(int(digits)))
    if len(digits) == 4 and "’" in match[0][1:].replace("'", "’") and not digits.endswith("0"):
        return f"{number_words.year(int(digits), british=context.british)}'s"
    if len(digits) == 4 and (digits.startswith("1") or digits.startswith("20")) and digits.endswith("0"):
        return number_words.plural(number_words.year(int(digits)))
    if len(digits) == 1:
        return number_words.plural(number_words.cardinal(int(digits)))
    return number_words.plural(number_words.pairs(digits) if len(digits) == 3 else number_words.number(digits))


def _plain(match: Match, context: Context) -> str | None:
    text = match["number"]
    if "." in text or "," in text:
        return say_amount(text, context)
    if len(text) > 1 and text[0] == "0":
        return number_words.spell_digits(text, "oh" if len(text) < 5 else "zero")
    if is_name(match):
        return number_words.pairs(text)
    is_counted = follows(match, _COUNTED)
    if number_words.is_year(text) and not is_counted:
        return number_words.year(int(text), british=context.british)
    if is_code(match):
        return number_words.spell_digits(text, "oh")
    if len(text) == 4 and (1000 <= int(text) < 1100 or 2100 <= int(text) < 3000) and _is_rare_year(match):
        return number_words.year(int(text), british=context.british)
    return say_amount(text, context)


def _is_rare_year(match: Match) -> bool:
    """Whether 1066 or 2259 is a year: after a word of time, alone in brackets, or before a mark at the beginning."""
    if follows(match, _COUNTED) or follows(match, r"\s\p{Ll}+s\b|\s?[%°]"):
        return False
    before = preceding(match)
    if match["number"][0] == "2":
        return regex.search(r"(?i)\b(?:in|year(?:\sis|\swas)?|since|by|until|stardate)\s$", before) is not None
    return bool(
        regex.search(
            r"(?i)\b(?:in|year|years|since|by|until|till|from|before|after|about|around|anno|AD|A\.D\.|c\.|circa|summer|"
            r"spring|autumn|winter|of|early|late|and|to)\s\(?$",
            before,
        )
        if not follows(match, r"\)")
        else before.endswith("(")
    ) or (not before.strip(" “\"‘'") and follows(match, r"[.,:;]"))


def _versioned(match: Match, context: Context) -> str:
    """3.2.1, 192.168.0.1"""
    return " point ".join(
        number_words.number(part) if len(part) < 2 or part[0] != "0" else number_words.spell_digits(part)
        for part in match[0].split(".")
    )


def _with_letters(match: Match, context: Context) -> str | None:
    """221B, B-52, MP3, R2-D2, 4x4: digits and letters in turn."""
    text = match[0]
    pieces = regex.findall(r"\p{L}+(?:['’]\p{L}+)?|\d+(?:\.\d+)?", text)
    if not any(piece[0].isdigit() for piece in pieces):
        return None
    words: list[str] = []
    for place, piece in enumerate(pieces):
        if piece == "s" and place == len(pieces) - 1 and words:
            words[-1] = number_words.plural(words[-1])
        elif not piece[0].isdigit():
            words.append(_letters(piece, place, pieces))
        elif "." in piece:
            words.append(number_words.number(piece))
        elif piece[0] == "0" or len(piece) > 4:
            words.append(number_words.spell_digits(piece, "oh"))
        elif (len(piece) == 4 and not number_words.is_year(piece)) or len(piece) in (3, 4):
            words.append(number_words.pairs(piece))
        else:
            words.append(number_words.cardinal(int(piece)))
    return " ".join(words)


def _letters(piece: str, place: int, pieces: list[str]) -> str:
    """Letters of a code: capitals apart, words as they are."""
    if len(piece) == 1:
        return piece.upper() if place else piece
    if piece.isupper() and len(piece) <= 3:
        return f"{'.'.join(piece)}."
    return piece


def _letter_suffix(match: Match, context: Context) -> str | None:
    number, letter = match["number"], match["letter"]
    if letter in "kK" and follows(match, r"\s(?:gold|white|rose|yellow)\b"):
        return f"{number_words.number(number)} karat"
    if letter in "kK":
        return f"{number_words.number(number)} {'thousand' if len(number) > 1 or letter == 'k' else 'K'}"
    if letter == "M":
        return f"{number_words.number(number)} million"
    words = number_words.pairs(number) if len(number) == 3 else number_words.number(number)
    return f"{words} {letter.upper()}"


def _version(match: Match, context: Context) -> str:
    """v2.0, v1.10.3"""
    return f"version {' point '.join(number_words.number(part) for part in match['number'].split('.'))}"


def _plan(match: Match, context: Context) -> str:
    """401(k), 501(c)(3)"""
    parts = regex.findall(r"[a-z]|\d", match["parts"])
    return " ".join(
        [
            number_words.pairs(match["number"]),
            *(number_words.cardinal(int(p)) if p.isdecimal() else p.upper() for p in parts),
        ]
    )


def _calibre(match: Match, context: Context) -> str:
    """Calibres, in pairs of digits: "A .38", "a .357"."""
    return number_words.pairs(match["number"])


def _double_oh(match: Match, context: Context) -> str:
    return "double oh seven"


FAMILY = Family(
    regex.compile(r"\d"),
    [
        Rule(
            WordClass.NUMBERS,
            pattern(r"(?<![\w.,])(?P<number>\d{1,3}(?:,\d{3})+|\d+)(?:(?:st|nd|rd|th)s?|ST|ND|RD|TH)\b"),
            _ordinal,
        ),
        Rule(
            WordClass.NUMBERS,
            pattern(r"(?<![\w.,])(?P<number>\d*[23])d(?=\s\p{L}|[,;]|(?<=\b[Tt]he\s\d+d)[.!?])"),
            _ordinal,
        ),
        Rule(WordClass.NUMBERS, pattern(r"(?<![\w.,])[’'‘]?(?P<digits>\d{1,4})[’']?s(?!\w|[’']\w)"), _decade),
        Rule(
            WordClass.NUMBERS,
            regex.compile(r"(?<![\w.])v(?:\.?(?=\d)|\.?\s(?=\d+\.\d))(?P<number>\d+(?:\.\d+)*)(?![\w]|\.\d)"),
            _version,
        ),
        Rule(
            WordClass.NUMBERS, regex.compile(r"(?<![\w.])(?P<number>\d{3})(?P<parts>\([a-z]\)(?:\(\d\))?)(?!\w)"), _plan
        ),
        Rule(
            WordClass.NUMBERS,
            regex.compile(
                r"(?<=\b(?:a|an|the|his|her|my|your|their|old|loaded|two)\s)\.(?P<number>[1-9]\d{1,2})(?![\w.]\d|\w|\s(?:inch|inches|percent|per|of|m|mm|seconds?)\b|%)"
            ),
            _calibre,
        ),
        Rule(WordClass.NUMBERS, pattern(r"(?<=\b[Aa]gent\s)007(?!\d)"), _double_oh),
        Rule(
            WordClass.NUMBERS,
            pattern(r"{first}(?P<number>{number})\s?(?P<scale>bn|tn|mn)(?!\w)", first=FIRST, number=NUMBER),
            lambda match, context: f"{say_amount(match['number'], context)} {_SCALES[match['scale']]}",
        ),
        Rule(
            WordClass.NUMBERS,
            pattern(r"(?<![\w.,-])[’'‘](?P<digits>\d{2})(?![\w’'])"),
            lambda match, context: number_words.short_year(match["digits"]),
        ),
        Rule(WordClass.NUMBERS, pattern(r"(?<![\w.,])\d+(?:\.\d+){2,}(?![\w])"), _versioned),
        Rule(
            WordClass.NUMBERS,
            pattern(r"(?<![\w.,])(?P<number>\d{1,3})(?P<letter>[kKMA-HXabc])(?![\w’'-]|\.\w)"),
            _letter_suffix,
        ),
        Rule(
            WordClass.NUMBERS,
            pattern(
                r"(?<![\w.,/-])(?:\p{L}{1,4}-?\d+(?:\.\d+(?!\.?\w)|(?:-?\p{Lu}?\d+)*\p{L}{0,2})|\d+-?\p{Lu}{1,3}\d*)(?![\w/]|-\d)"
            ),
            _with_letters,
        ),
        Rule(
            WordClass.NUMBERS,
            pattern(r"(?<=[\p{L}]-)(?P<number>\d+)(?![\w.,]\d|\w)"),
            lambda match, context: say_amount(match["number"], context),
        ),
        Rule(
            WordClass.NUMBERS, pattern(r"(?<![\d.,]|(?<!\d)[−±]\d*)(?P<number>{number})(?![\d])", number=NUMBER), _plain
        ),
        Rule(WordClass.NUMBERS, pattern(r"(?<!(?<!\d)[−±]\d*)(?P<number>\d+)"), _plain),
    ],
)
