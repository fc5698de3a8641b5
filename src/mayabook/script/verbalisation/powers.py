"""Superscripts and subscripts: powers, indices, chemical formulae, ions and isotopes; and single Greek letters."""

import unicodedata

import regex

from mayabook.core.spoken_form import WordClass
from mayabook.script.verbalisation import number_words
from mayabook.script.verbalisation.quantities import NUMBER, say_amount
from mayabook.script.verbalisation.roman_numerals import NUMERAL, roman_value
from mayabook.script.verbalisation.rules import Context, Family, Match, Rule, follows, one_of, pattern

_SUPERSCRIPTS = str.maketrans(
    "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵝᵞᵟᶿᵠᵡ",
    "0123456789+-=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVWβγδθφχ",
)
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵩ", "0123456789+-=()aehijklmnoprstuvxβγφ")
_UP = f"[{''.join(map(chr, _SUPERSCRIPTS))}]"
_DOWN = f"[{''.join(map(chr, _SUBSCRIPTS))}]"
_DIGIT = "[⁰¹²³⁴-⁹]"
_LETTER = "[A-Za-zΑ-Ωα-ωϑϕħ]"
_TERM = rf"(?:{_LETTER}{{1,2}}(?:{_DOWN}+{_UP}*|{_UP}+)){{1,8}}{_LETTER}{{0,2}}"
"""Letters with indices and powers, side by side; more letters than two are a word."""
_OPERATORS = {"+": "plus", "-": "minus", "−": "minus", "–": "minus", "=": "equals", "/": "over"} | dict.fromkeys(
    "*×·", "times"
)
_FUNCTIONS = {
    "sin": "sine", "cos": "cosine", "tan": "tangent", "cot": "cotangent", "sec": "secant", "sinh": "hyperbolic sine",
    "cosh": "hyperbolic cosine", "tanh": "hyperbolic tangent", "log": "log", "ln": "natural log",
}  # fmt: skip
_ELEMENTS = {
    "H": "hydrogen", "He": "helium", "Li": "lithium", "Be": "beryllium", "B": "boron", "C": "carbon", "N": "nitrogen",
    "O": "oxygen", "F": "fluorine", "Ne": "neon", "Na": "sodium", "Mg": "magnesium", "Si": "silicon",
    "P": "phosphorus", "S": "sulfur", "Cl": "chlorine", "Ar": "argon", "K": "potassium", "Ca": "calcium", "Fe": "iron",
    "Co": "cobalt", "Ni": "nickel", "Kr": "krypton", "Sr": "strontium", "Tc": "technetium", "I": "iodine",
    "Xe": "xenon", "Cs": "caesium", "Po": "polonium", "Rn": "radon", "Ra": "radium", "Th": "thorium", "U": "uranium",
    "Pu": "plutonium", "Am": "americium",
}  # fmt: skip
_MASSES = {
    "C": range(11, 15), "N": range(13, 16), "O": range(15, 19), "P": range(32, 34), "S": range(32, 36),
    "K": range(39, 42), "I": range(123, 136), "U": range(232, 240),
}  # fmt: skip
_WORDS = frozenset("am an as at be by do go he if in is it me my no of on or so to up us we".split())
"""Words that a note mark may follow; other pairs of letters are a product."""
_WITH_NUMBERS = frozenset("Tnkxij")
"""Superscript letters that a capital has in formulae; with others it is an abbreviation (Mʳ)."""
_OF_NUMBERS = frozenset("nxykmpqijtab")
"""Superscript letters that a number has in formulae; with others it is an ordinal (1ᵉʳ)."""


def _number(match: Match, context: Context) -> str | None:
    base, exponent = match["base"], match["exponent"].translate(_SUPERSCRIPTS)
    if exponent.isalpha() and not _OF_NUMBERS.issuperset(exponent):
        return None
    return f"{say_amount(base, context)} {_to_the(exponent, context)}"


def _range(match: Match, context: Context) -> str:
    low, high = (
        f"{say_amount(match[base], context)} {_to_the(match[exponent].translate(_SUPERSCRIPTS), context)}"
        for base, exponent in (("low", "low_exponent"), ("high", "high_exponent"))
    )
    return f"{low} to {high}"


def _term(match: Match, context: Context) -> str | None:
    """2x² -> two x squared; H₂O -> H two O; xₙ₊₁ -> x sub n plus one."""
    if match["term"].rstrip("⁰¹²³⁴⁵⁶⁷⁸⁹") in _WORDS and not match["coefficient"]:
        return str(match["term"].rstrip("⁰¹²³⁴⁵⁶⁷⁸⁹"))
    words = [say_amount(match["coefficient"], context)] if match["coefficient"] else []
    for letter, index, exponent in regex.findall(rf"({_LETTER})({_DOWN}*)({_UP}*)", match["term"]):
        index, exponent = index.translate(_SUBSCRIPTS), exponent.translate(_SUPERSCRIPTS)
        if letter in "Nn" and exponent == "o":
            return "number"
        if letter.isupper() and exponent.isalpha() and not _WITH_NUMBERS.issuperset(exponent):
            return unicodedata.normalize("NFKC", match[0])
        words.append(_letter(letter))
        if index:
            words.append(number_words.number(index) if index.isdecimal() else f"sub {_expression(index)}")
        if exponent:
            is_matrix = letter.isupper() and exponent == "T"
            words.append("transpose" if is_matrix else _to_the(exponent, context))
    return " ".join(words)


def _bracketed(match: Match, context: Context) -> str:
    """(x + 1)² is a power, and "(see above)²" has a note mark."""
    base, exponent = match["base"], match["exponent"].translate(_SUPERSCRIPTS)
    opening = {")": "(", "]": "[", "|": "|"}[base]
    inside = match.string[: match.start()].rpartition(opening)[2]
    is_formula = regex.search(r"[-+−*/×·^=]|^\s*\p{L}\s*$", inside) is not None
    if exponent.isdecimal() and (not is_formula or regex.search(r"\p{L}{3}", inside) is not None):
        return base
    return f"{base.strip('|')} {_to_the(exponent, context)}"


def _function(match: Match, context: Context) -> str:
    """sin² -> sine squared; cos⁻¹ -> inverse cosine; log₂ 8 -> log base two of 8."""
    name, exponent = _FUNCTIONS[match["name"]], match["exponent"].translate(_SUPERSCRIPTS)
    if match["index"]:
        name = f"{name} base {_expression(match['index'].translate(_SUBSCRIPTS))}"
        name += " of" if follows(match, r"\s?[\w(]") else ""
    if exponent == "-1":
        return f"inverse {name}"
    return f"{name} {_to_the(exponent, context)}" if exponent else name


def _caret(match: Match, context: Context) -> str:
    """10^-3, x^(n+1)."""
    base, exponent = match["base"], match["exponent"].strip("(){}").replace("−", "-")
    coefficient, letter = match["coefficient"], match["letter"]
    words = [say_amount(coefficient, context)] if coefficient else []
    words += [_letter(letter)] if letter else [] if coefficient else [base]
    return " ".join([*words, _to_the(exponent, context)])


def _to_the(exponent: str, context: Context) -> str:
    if exponent in _OPERATORS:
        return _OPERATORS[exponent]
    if exponent in ("2", "3"):
        return "squared" if exponent == "2" else "cubed"
    if exponent == "n":
        return "to the nth"
    if exponent.isdecimal() and not context.british:
        return f"to the {number_words.ordinal(int(exponent))}"
    is_letter = len(exponent) == 1 and exponent.isalpha()
    return f"to the {'power of ' if context.british and not is_letter else ''}{_expression(exponent)}"


def _expression(text: str) -> str:
    """n+1 -> n plus one; 10¹⁰ -> ten to the tenth."""
    words = []
    for number, up, letter, sign in regex.findall(rf"(\d+(?:\.\d+)?)({_UP}*)|({_LETTER})|([-+−–=/*×·])", text):
        if number:
            words.append(number_words.number(number))
        if up:
            words.append(_to_the(up.translate(_SUPERSCRIPTS), Context()))
        if letter:
            words.append(_letter(letter))
        if sign:
            words.append(_OPERATORS[sign])
    return " ".join(words)


def _letter(letter: str) -> str:
    name = unicodedata.name(letter).replace("LAMDA", "LAMBDA")
    if letter == "ħ":
        return "h bar"
    return name.removesuffix(" SYMBOL").split()[-1].lower() if name.startswith("GREEK") else letter


def _greek(match: Match, context: Context) -> str:
    return _letter(match[0]) + (" " if follows(match, r"\p{L}") else "")


def _formula(match: Match, context: Context) -> str | None:
    return _spell(match[0]) if regex.search("[₀-₉]", match[0]) else None


def _spell(formula: str) -> str:
    """Ca(OH)₂ -> C a O H two."""
    pieces = regex.findall(r"\p{L}|[₀-₉]+", formula)
    return " ".join(number_words.number(piece.translate(_SUBSCRIPTS)) if piece[0] in "₀₁₂₃₄₅₆₇₈₉" else piece
                    for piece in pieces)  # fmt: skip


def _ion(match: Match, context: Context) -> str:
    """SO₄²⁻ -> S O four two minus."""
    number, sign = match["number"].translate(_SUPERSCRIPTS), "plus" if match["sign"] == "⁺" else "minus"
    charge = f"{number_words.number(number)} {sign}" if number else sign
    return f"{_spell(match['formula'])} {charge}"


def _isotope(match: Match, context: Context) -> str:
    """¹⁴C -> carbon fourteen; after its name, "carbon ¹⁴C", fourteen alone."""
    name, mass = _ELEMENTS[match["element"]], number_words.pairs(match["mass"].translate(_SUPERSCRIPTS))
    is_named = regex.search(rf"(?i)\b{name}[\s-]$", match.string[: match.start()]) is not None
    return mass if is_named else f"{name} {mass}"


def _isotope_after(match: Match, context: Context) -> str | None:
    """U²³⁸ -> uranium two thirty-eight; of symbols that are variables as well, only the usual masses."""
    symbol, mass = match["element"], match["mass"].translate(_SUPERSCRIPTS)
    if len(symbol) == 1 and int(mass) not in _MASSES.get(symbol, ()):
        return None
    return f"{_ELEMENTS[symbol]} {number_words.pairs(mass)}"


def _ordinal_mark(match: Match, context: Context) -> str:
    number = match["number"]
    value = int(number) if number.isdecimal() else roman_value(number)
    return number_words.ordinal(value, british=context.british)


def _note_mark(match: Match, context: Context) -> str:
    return ""


_FIRST = r"(?<![\w$£€]|\d[.,])"
_LAST = rf"(?![\w{_UP[1:-1]}{_DOWN[1:-1]}]|[/⁄][\d₀-₉])"
_FORMULA = r"(?:\p{Lu}\p{Ll}?[₀-₉]*|\((?:\p{Lu}\p{Ll}?[₀-₉]*)+\)[₀-₉]+)+"
FAMILY = Family(
    regex.compile(rf"{_UP}|{_DOWN}|\^|mc2|[Α-Ωα-ωϑϕ]"),
    [
        Rule(
            WordClass.POWERS,
            pattern(
                r"(?P<base>{first}(?P<coefficient>{number})?(?P<letter>{letter})?(?<=\w)|[)\]])\s?\^\s?"
                r"(?P<exponent>[-−]?\d+(?:\.\d+)?|{letter}\b|\([^()]{1,24}\)|\{[^{}]{1,24}\})",
                first=_FIRST,
                number=NUMBER,
                letter=_LETTER,
            ),
            _caret,
        ),
        Rule(
            WordClass.POWERS,
            regex.compile(
                rf"(?<![\w.,])(?:(?P<number>\d+)(?:ˢᵗ|ⁿᵈ|ʳᵈ|ᵗʰ|ᵉ(?:ʳᵉ?|ᵐᵉ)?|ᵈᵉ?)|(?P<number>{NUMERAL})(?:ᵗʰ|ᵉ(?:ᵐᵉ)?))(?!\w)"
            ),
            _ordinal_mark,
        ),
        Rule(WordClass.POWERS, regex.compile(r"(?<=\bE\s?=\s?)mc2\b"), lambda match, context: "m c squared"),
        Rule(
            WordClass.POWERS,
            pattern(
                r"(?<!\w)(?P<mass>{digit}{1,3})(?P<element>{element}){last}",
                digit=_DIGIT,
                element=one_of(_ELEMENTS),
                last=_LAST,
            ),
            _isotope,
        ),
        Rule(
            WordClass.POWERS,
            pattern(
                r"(?<!\w)(?P<element>{element})(?P<mass>{digit}{2,3}){last}",
                element=one_of(_ELEMENTS),
                digit=_DIGIT,
                last=_LAST,
            ),
            _isotope_after,
        ),
        Rule(
            WordClass.POWERS,
            pattern(
                r"(?<!\w)(?P<formula>{formula}|e)(?P<number>{digit}?)(?P<sign>[⁺⁻]){last}",
                formula=_FORMULA,
                digit=_DIGIT,
                last=_LAST,
            ),
            _ion,
        ),
        Rule(
            WordClass.POWERS,
            pattern(
                r"\b(?P<name>{name})(?P<index>{down}*)(?P<exponent>{up}*)(?<={down}|{up})",
                name=one_of(_FUNCTIONS),
                down=_DOWN,
                up=_UP,
            ),
            _function,
        ),
        Rule(
            WordClass.POWERS,
            pattern(
                r"{first}(?P<low>\d+)(?P<low_exponent>{up}+)\s?[-–]\s?(?P<high>\d+)(?P<high_exponent>{up}+){last}",
                first=_FIRST,
                up=_UP,
                last=_LAST,
            ),
            _range,
        ),
        Rule(
            WordClass.SYMBOLS,
            regex.compile(
                rf"(?<=\p{{L}}{{3}}|[.,;:!?”’\"']|(?<!\d)(?:1[1-9]|20)\d\d){_DIGIT}+(?:,{_DIGIT}+)*(?!\w|\s?[-=+−*/×·])"
            ),
            _note_mark,
        ),
        Rule(
            WordClass.POWERS,
            pattern(
                r"{first}(?P<base>{number})(?P<exponent>{up}+){last}", first=_FIRST, number=NUMBER, up=_UP, last=_LAST
            ),
            _number,
        ),
        Rule(
            WordClass.POWERS,
            pattern(r"(?<!\w){formula}{last}", formula=_FORMULA, last=_LAST),
            _formula,
        ),
        Rule(
            WordClass.POWERS,
            pattern(
                r"{first}(?P<coefficient>{number})?(?P<term>{term}){last}",
                first=_FIRST,
                number=NUMBER,
                term=_TERM,
                last=_LAST,
            ),
            _term,
        ),
        Rule(WordClass.POWERS, pattern(r"(?P<base>[)\]|])(?P<exponent>{up}+){last}", up=_UP, last=_LAST), _bracketed),
        Rule(WordClass.SIGNS, regex.compile(r"(?<!\p{Greek})[Α-ΡΣ-Ωα-ωϑϕ](?!\p{Greek}|\p{M}|[’'])"), _greek),
    ],
)
