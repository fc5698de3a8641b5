"""The words for signs, letters and functions of formulas."""

_GREEK = dict(
    zip(
        "αβγδεϵζηθϑικλμνξοπρσςτυφϕχψωΓΔΘΛΞΠΣΦΨΩ",
        """alpha beta gamma delta epsilon epsilon zeta eta theta theta iota kappa lambda mu nu xi omicron pi rho sigma
        sigma tau upsilon phi phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega""".split(),
        strict=True,
    )
)
FUNCTIONS = {
    **{"sin": "sine", "cos": "cosine", "tan": "tangent", "cot": "cotangent", "sec": "secant", "csc": "cosecant"},
    **{"sinh": "hyperbolic sine", "cosh": "hyperbolic cosine", "tanh": "hyperbolic tangent"},
    **{"arcsin": "arc sine", "arccos": "arc cosine", "arctan": "arc tangent"},
    **{"log": "log", "exp": "exp", "ln": "natural log", "mod": "mod", "det": "the determinant"},
    **{"lim": "the limit", "max": "the maximum", "min": "the minimum", "sup": "the supremum", "inf": "the infimum"},
}
INVERTIBLE = frozenset(FUNCTIONS[name] for name in "sin cos tan cot sec csc sinh cosh tanh".split())
OPERATORS = {
    **dict.fromkeys("+\u2064", "plus"),
    **dict.fromkeys("-−–", "minus"),
    **dict.fromkeys("×*·⋅∗", "times"),
    **dict.fromkeys("/∕", "over"),
    **dict.fromkeys("≈≃", "is approximately"),
    **dict.fromkeys("∼~", "is similar to"),
    **dict.fromkeys("⊂⊆", "is a subset of"),
    **dict.fromkeys("⊃⊇", "is a superset of"),
    **dict.fromkeys("→⟶:", "to"),
    **dict.fromkeys("⇒⟹", "implies"),
    **dict.fromkeys("⇔⟺↔", "if and only if"),
    **dict.fromkeys("∑Σ", "the sum"),
    **dict.fromkeys("∫∮", "the integral"),
    **dict.fromkeys("′'", "prime"),
    **dict.fromkeys("…⋯⋮⋱", "and so on"),
    **dict.fromkeys("{}⟨⟩\u2062", ""),
    **{"±": "plus or minus", "∓": "minus or plus", "÷": "divided by", "=": "equals", "≠": "is not equal to"},
    **{"<": "is less than", ">": "is greater than", "≤": "is less than or equal to"},
    **{"≥": "is greater than or equal to", "≪": "is much less than", "≫": "is much greater than"},
    **{"<=": "is less than or equal to", ">=": "is greater than or equal to", "!=": "is not equal to"},
    **{"==": "equals", "->": "to", "...": "and so on"},
    **dict.fromkeys((":=", "≔", "≜", "≝"), "is defined as"),
    **{"≡": "is identical to", "≅": "is congruent to", "∝": "is proportional to", "∈": "in", "∉": "not in"},
    **{"∪": "union", "∩": "intersection", "∅": "the empty set", "∖": "without", "∘": "composed with"},
    **{"⊥": "is perpendicular to", "∥": "is parallel to", "∠": "angle", "△": "triangle", "⊕": "circled plus"},
    **{"⊗": "circled times", "↦": "maps to", "∀": "for all", "∃": "there exists", "∧": "and", "∨": "or", "¬": "not"},
    **{"∞": "infinity", "∂": "partial", "∇": "del", "∏": "the product", "!": "factorial", "%": "percent"},
    **{"°": "degrees", "″": "double prime", "∴": "therefore", "∵": "because", "√": "the square root of"},
    **{"\u2061": "of", "\u2063": ",", "|": "given", "∣": "given", "ħ": "h bar", "†": "dagger"},
    **{char: char for char in ",;.()[]"},
}
IDENTIFIERS = {**OPERATORS, **_GREEK, **FUNCTIONS}
RELATIONS = frozenset("=<>≤≥≠≈≃≡≅∼∝∈⇒⟹⇔→")
BIG = frozenset(
    ("the sum", "the product", "the integral", "the limit", "the maximum", "the minimum", "the supremum", "the infimum")
)
"""What a formula goes on with after "of", and what has limits."""
ACCENTS = {
    **dict.fromkeys("¯‾_―\u0305", "bar"),
    **dict.fromkeys("^ˆ", "hat"),
    **dict.fromkeys("~˜", "tilde"),
    **{"˙": "dot", "¨": "double dot"},
}
ARROWS = frozenset("→⃗⇀")
BRACES = frozenset("⏞⏟︷︸")
ROOTS = {"2": "the square root of", "3": "the cube root of"}
POWERS = {
    **{"2": "squared", "3": "cubed", "prime": "prime", "double prime": "double prime", "dagger": "dagger"},
    **{"times": "star", "plus": "plus", "minus": "minus"},
}
CONDITIONS = frozenset("if for when where otherwise else unless and with".split())
"""Words that the condition of a case begins with."""
