"""Symbols of chemical elements, and the mass numbers that belong to them: ¹⁴C, ²³⁵U."""

import re

_ISOTOPE = re.compile(r"(?:He|Li|Be|Ne|Na|Mg|Al|Si|Cl|Ar|Ca|Fe|Co|Ni|Cu|Kr|Sr|Tc|Cs|Ra|Th|Pu|Am|[HCNOFPSKIU])(?![a-z])")
_LEAST_ISOTOPE = {"I": 120, "U": 200, "P": 28, "S": 28, "K": 37, "C": 9, "H": 1}


def is_element_symbol(text: str) -> bool:
    """Whether a text is a chemical symbol for which books name isotopes."""
    return _ISOTOPE.fullmatch(text) is not None


def is_isotope(symbol: str, number: str) -> bool:
    """Whether a number behind a symbol is its mass number: C¹⁴."""
    return _ISOTOPE.fullmatch(symbol) is not None and len(number) > 1 and int(number) >= _LEAST_ISOTOPE.get(symbol, 10)


def is_mass_number(number: str, after: str) -> bool:
    """Whether a raised number is the mass number of the symbol that the text after it begins with: ¹⁴C, ²³⁵U."""
    symbol = _ISOTOPE.match(after)
    if symbol is None or not number.isdigit():
        return False
    following = after[symbol.end() : symbol.end() + 2]
    is_word = symbol[0] in ("I", "O", "He", "Al", "Am", "Be", "Co", "In") and following[:1] in (" ", ",")
    return int(number) >= _LEAST_ISOTOPE.get(symbol[0], 2) and not (is_word and int(number) < 120)
