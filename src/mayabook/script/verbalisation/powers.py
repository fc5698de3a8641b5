"""Superscripts and subscripts: powers, chemical formulae, ions and isotopes."""

import regex

from mayabook.core.spoken_form import WordClass
from mayabook.script.verbalisation import number_words
from mayabook.script.verbalisation.quantities import NUMBER, say_amount
from mayabook.script.verbalisation.rules import Context, Family, Match, Rule, one_of, pattern

_UP = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿⁱˣ"
_PLAIN = str.maketrans(_UP + "₀₁₂₃₄₅₆₇₈₉ₙᵢₓ", "0123456789-+nix0123456789nix")
_ELEMENTS = {
    "H": "hydrogen", "He": "helium", "Li": "lithium", "C": "carbon", "N": "nitrogen", "O": "oxygen", "F": "fluorine",
    "Na": "sodium", "P": "phosphorus", "S": "sulfur", "Cl": "chlorine", "K": "potassium", "Ca": "calcium", "Fe": "iron",
    "Co": "cobalt", "Sr": "strontium", "Tc": "technetium", "I": "iodine", "Cs": "caesium", "Ra": "radium",
    "Th": "thorium", "U": "uranium", "Pu": "plutonium", "Am": "americium",
}  # fmt: skip


def _power(match: Match, context: Context) -> str:
    base = match["base"]
    words = say_amount(base, context) if base[0].isdigit() or base[0] == "." else " ".join(base).replace("π", "pi")
    if base in (")", "]"):
        words = base
    exponent = match["exponent"].translate(_PLAIN).strip("{}()")
    return f"{words} {_to_the(exponent, context)}"


def _to_the(exponent: str, context: Context) -> str:
    if exponent == "2":
        return "squared"
    if exponent == "3":
        return "cubed"
    if exponent.isdecimal():
        if context.british:
            return f"to the power of {number_words.cardinal(int(exponent))}"
        return f"to the {number_words.ordinal(int(exponent))}"
    minus = "minus " if exponent[:1] in "-−" else ""
    rest = exponent.lstrip("-−+")
    said = number_words.cardinal(int(rest)) if rest.isdecimal() else rest
    if rest.isalpha() and not minus:
        return f"to the {rest}" if rest != "n" else "to the nth"
    return f"to the power of {minus}{said}" if context.british else f"to the {minus}{said}"


def _formula(match: Match, context: Context) -> str:
    return _spell(match[0])


def _ion(match: Match, context: Context) -> str:
    """SO₄²⁻ -> S O four two minus."""
    number, sign = match["number"].translate(_PLAIN), "plus" if match["sign"] == "⁺" else "minus"
    charge = f"{number_words.number(number)} {sign}" if number else sign
    return f"{_spell(match['formula'])} {charge}"


def _isotope(match: Match, context: Context) -> str:
    """¹⁴C -> carbon fourteen."""
    return f"{_ELEMENTS[match['element']]} {number_words.pairs(match['mass'].translate(_PLAIN))}"


def _spell(formula: str) -> str:
    """H₂O -> H two O; xᵢ -> x sub i."""
    words: list[str] = []
    for piece in regex.findall(r"\p{L}|[₀-₉]+|\d+|[()]", formula):
        digits = piece.translate(_PLAIN)
        if digits.isdecimal():
            words.append(number_words.number(digits))
        elif piece in "ₙᵢₓ":
            words.append(f"sub {digits}")
        elif piece.isalpha() and words and piece.islower() and words[-1].isalpha() and words[-1].isupper():
            words[-1] = f"{words[-1]} {piece}"
        elif piece.isalpha():
            words.append(piece)
    return " ".join(words).replace("  ", " ")


def _ordinal_mark(match: Match, context: Context) -> str:
    return number_words.ordinal(int(match["number"]), british=context.british)


def _note_mark(match: Match, context: Context) -> str:
    return ""


FAMILY = Family(
    regex.compile(r"[⁰¹²³⁴-⁹⁻⁺ⁿⁱˣ₀-₉ₙᵢₓˢᵗʰⁿᵈʳ^]"),
    [
        Rule(WordClass.POWERS, regex.compile(r"(?<![\w.,])(?P<number>\d+)(?:ˢᵗ|ⁿᵈ|ʳᵈ|ᵗʰ)"), _ordinal_mark),
        Rule(
            WordClass.POWERS,
            pattern(r"(?<!\w)(?P<mass>[⁰¹²³⁴-⁹]{1,3})(?P<element>{element})(?![\w₀-₉])", element=one_of(_ELEMENTS)),
            _isotope,
        ),
        Rule(
            WordClass.POWERS,
            pattern(r"(?<!\w)(?P<formula>(?:\p{Lu}\p{Ll}?[₀-₉]*)+|e)(?P<number>[⁰¹²³⁴-⁹]?)(?P<sign>[⁺⁻])(?![\w⁰-⁹])"),
            _ion,
        ),
        Rule(
            WordClass.POWERS,
            regex.compile(r"(?<!\w)(?P<base>\p{L}|\d+)(?P<exponent>⁻?[⁰¹²³⁴-⁹]*[ⁿⁱˣ])(?![\w⁺⁻])"),
            _power,
        ),
        Rule(
            WordClass.POWERS,
            regex.compile(
                rf"(?<![\w.,$£€])(?P<base>{NUMBER}|\p{{L}}{{1,2}}(?!\p{{L}})|"
                rf"(?<=\w)[)\]])(?P<exponent>[⁻⁺]?[⁰¹²³⁴-⁹ⁿⁱˣ]+)(?!\w)"
            ),
            _power,
        ),
        Rule(
            WordClass.POWERS,
            regex.compile(
                rf"(?<![\w.,$£€])(?P<base>{NUMBER}|\p{{L}})\s?\^\s?(?P<exponent>[-−]?\d+|\p{{L}}\b|\([-−]?\w+\)|"
                rf"\{{[-−]?\w+\}})"
            ),
            _power,
        ),
        Rule(
            WordClass.POWERS,
            pattern(r"(?<!\w)(?:\p{Lu}\p{Ll}?|\p{L}|[₀-₉ₙᵢₓ]|[()])*\p{L}[₀-₉ₙᵢₓ](?:\p{Lu}\p{Ll}?|[₀-₉])*(?!\w)"),
            _formula,
        ),
        Rule(
            WordClass.SYMBOLS,
            regex.compile(r"(?<=\p{L}{3}|[.,;:!?”’\"')\]])[⁰¹²³⁴-⁹]+(?:,[⁰¹²³⁴-⁹]+)*(?!\w)"),
            _note_mark,
        ),
    ],
)
