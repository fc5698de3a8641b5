"""Superscript and subscript characters of Unicode, and the fractions made of them: 10⁸, H₂O, ½, ³⁄₁₆."""

_SUPERSCRIPTS = dict(
    zip("0123456789+-−=()abcdefghijklmnoprstuvwxyzT", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᵀ", strict=True)
)
_SUBSCRIPTS = dict(zip("0123456789+-−=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True))
_VULGAR = {
    (1, 2): "½", (1, 3): "⅓", (2, 3): "⅔", (1, 4): "¼", (3, 4): "¾", (1, 5): "⅕", (2, 5): "⅖", (3, 5): "⅗", (4, 5): "⅘",
    (1, 6): "⅙", (5, 6): "⅚", (1, 7): "⅐", (1, 8): "⅛", (3, 8): "⅜", (5, 8): "⅝", (7, 8): "⅞", (1, 9): "⅑",
    (1, 10): "⅒",
}  # fmt: skip


def fraction(numerator: str, denominator: str) -> str:
    """A fraction in Unicode characters, ½ or ³⁄₁₆. Both arguments: ASCII digits."""
    vulgar = _VULGAR.get((int(numerator), int(denominator)))
    return vulgar or f"{superscript(numerator)}⁄{subscript(denominator)}"


def superscript(text: str) -> str | None:
    """The same in superscript characters; None where Unicode has none."""
    raised = [_SUPERSCRIPTS.get(char) for char in text.replace("–", "−")]
    return None if None in raised else "".join(filter(None, raised))


def subscript(text: str) -> str | None:
    """The same in subscript characters; None where Unicode has none."""
    lowered = [_SUBSCRIPTS.get(char) for char in text.replace("–", "−")]
    return None if None in lowered else "".join(filter(None, lowered))


def is_superscript(text: str) -> bool:
    return bool(text) and set(text) <= set(_SUPERSCRIPTS.values())


def is_subscript(text: str) -> bool:
    return bool(text) and set(text) <= set(_SUBSCRIPTS.values())


def exponent(text: str) -> str:
    """An exponent as it is read: ²ⁿ, ^(iπ)."""
    return superscript(text.replace(" ", "")) or f"^({text.strip('()')})"
