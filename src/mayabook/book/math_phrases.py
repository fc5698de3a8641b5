"""How the parts of a formula are said together, each part in words already."""

import re
from collections.abc import Sequence

from mayabook.book.math_words import BIG, CONDITIONS, INVERTIBLE, POWERS
from mayabook.book.superscripts import fraction, superscript

SIZES = {"|": "the absolute value of", "∣": "the absolute value of", "‖": "the norm of", "∥": "the norm of"}
"""What the bars around a quantity mean."""
DETERMINANTS = frozenset("|∣‖∥")
"""The bars around a table that is a determinant."""


def quantity(words: str, is_last: bool = False) -> str:
    """Wraps a phrase of more than two words as "the quantity …,", so that a listener hears where it begins and ends.

    is_last: nothing follows, so the closing comma is left out.
    """
    if len(words.split()) <= 2:
        return words
    return f"the quantity {words}" if is_last else f"the quantity {words},"


def size_of(words: str, bar: str) -> str:
    """The absolute value or norm of what stands between bars. bar: a key of `SIZES`."""
    return f"{SIZES[bar]} {quantity(words, is_last=True)}"


def quotient(above: str, below: str) -> str:
    """Two short numbers as a fraction in Unicode characters, anything else as "… over …"."""
    if re.fullmatch(r"\d{1,3}", above) and re.fullmatch(r"\d{1,3}", below):
        return fraction(above, below)
    return f"{quantity(above)} over {quantity(below, is_last=True)}"


def power(base: str, exponent: str) -> str:
    """A base and its exponent: numbers in Unicode characters (10⁸), "inverse sine", or the base and `raised_to`."""
    digits = exponent.replace("minus ", "−")
    if re.fullmatch(r"[\d.,]+", base) and re.fullmatch(r"−?\d+", digits):
        return f"{base}{superscript(digits)}"
    if exponent in ("degrees", "percent"):
        return f"{base} {exponent}"
    if exponent == "composed with":  # the ring operator, which stands for the degree sign
        return f"{base} degrees"
    if exponent == "minus 1" and base in INVERTIBLE:
        return f"inverse {base}"
    return f"{base} {raised_to(base, exponent)}"


def raised_to(base: str, exponent: str) -> str:
    """What is said after the base for its exponent: "squared", "to the power of n", "transpose"."""
    if exponent == "T" and base.isupper():
        return "transpose"
    return POWERS.get(exponent) or f"to the power of {exponent}"


def lowered_by(base: str, index: str) -> str:
    """What is said after the base for its subscript: "sub n", "base 2" of a logarithm, "over k" of a sum."""
    if base in BIG:
        return f"as {index}" if base == "the limit" else f"over {index}"
    return f"base {index}" if base in ("log", "natural log") else f"sub {index}"


def is_big(words: str) -> bool:
    """Whether the words end in a sum, integral or limit, which goes on with "of"."""
    return any(words == big or words.startswith((f"{big} from ", f"{big} over ", f"{big} as ")) for big in BIG)


def cases(rows: Sequence[Sequence[str]]) -> str:
    """The values of a function, each with its condition."""
    said = []
    for value, *conditions in rows:
        condition = " ".join(filter(None, conditions))
        joint = "" if not condition or condition.split()[0].lower().strip(",") in CONDITIONS else "if "
        said.append(f"{value.rstrip(', ')} {joint}{condition}".strip())
    return "; ".join(said)


def matrix(rows: Sequence[Sequence[str]], *, is_determinant: bool) -> str:
    """A matrix, row by row; a column vector as its values."""
    n_columns = max(map(len, rows))
    if is_determinant:
        what = f"the determinant of the {len(rows)} by {n_columns} matrix with rows"
    elif n_columns == 1:
        return f"the column vector {', '.join(row[0] for row in rows)}"
    else:
        what = f"the {len(rows)} by {n_columns} matrix with rows"
    return f"{what} {'; '.join(', '.join(row) for row in rows)}"
