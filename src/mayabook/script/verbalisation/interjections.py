"""Interjections written in consonants, which a voice would spell: Shh, Brr, Psst, Hm."""

import regex

from mayabook.core.spoken_form import WordClass
from mayabook.script.verbalisation.rules import Context, Family, Match, Rule, as_cased

_INTERJECTIONS = [  # written as letters without a vowel, which a voice would spell
    (r"s+h+|sh+u*sh+", "shush"), (r"b+r{2,}|br", "burr"), (r"ts+k", "tisk"), (r"p+s+s+t+", "psst"),
    (r"p+f+h*t*|p+h+f*t+", "pfft"), (r"g+r{2,}", "gurr"), (r"z{2,}", "zuzz"), (r"h+r*m+ph+|m+ph+|hmf", "humph"),
    (r"b+z{2,}t*", "buzz"), (r"p+s+h+", "pish"), (r"th?pt|ptth?", "thup"), (r"s{3,}", "hiss"), (r"r{3,}", "rar"),
    (r"n{3,}", "nn"), (r"h{3,}", "hah"), (r"pst", "psst"), (r"t{2,}|tt", "tut"), (r"k+h+|gr+h+", "kuh"),
    (r"hm{1,}", "hmm"), (r"hr+m+", "hurm"),
    (r"m{2,}", "mmm"), (r"m{2,}-h+m+|mm?h+m+", "mm-hmm"), (r"vr{2,}m*|vr+m+", "vroom"),
    (r"w+h+r{2,}", "whir"), (r"tch+", "tch"), (r"pf+", "pfft"), (r"f{3,}t*", "fuff"), (r"cl?k+", "click"),
    (r"shh?hh*t", "shush"), (r"n+g+h+|h+n+g+h*", "ung"), (r"h+n{2,}h*", "hun"),
]  # fmt: skip
_NO_NOISE = frozenset(("mss", "css"))
"""Abbreviations with a double letter."""
_KNOWN = [(regex.compile(expression, regex.IGNORECASE), said) for expression, said in _INTERJECTIONS]

_CONSONANT = "[b-df-hj-np-tv-xzB-DF-HJ-NP-TV-XZ]"


def _interjection(match: Match, context: Context) -> str | None:
    word = match[0]
    if word.isupper() and (len(word) < 3 or word in ("PST", "MMM", "TSK", "HMS")):
        return None  # rather an acronym
    said = next((said for known, said in _KNOWN if known.fullmatch(word)), None) or _with_vowel(word.lower())
    if said is None or said == word.lower():
        return None
    return as_cased(said, word)


def _in_pieces(match: Match, context: Context) -> str | None:
    """ "Sh-h-h", "P-s-s-t", "H'm", "Oh-h-h": an interjection that is held over marks."""
    joined = regex.sub(r"[-'’]", "", match[0])
    if regex.fullmatch(r"[aeou]h+", joined, regex.IGNORECASE):
        return joined[:2]
    said = next((said for known, said in _KNOWN if known.fullmatch(joined)), None)
    if said is None:
        return None
    return as_cased(said, joined)


def _with_vowel(lower: str) -> str | None:
    """A noise in consonants with one of them held, with a vowel before that: "fzzt" -> "fizzt", "krrk" -> "kurk"."""
    held = regex.fullmatch(r"([bcdfghjklmnpqrstvwxz]+?)([rzsnlmfv])\2+([bcdfghjklmnpqrstvwxz]*)", lower)
    if held is None or lower in _NO_NOISE:
        return None
    before, letter, after = held.groups()
    return f"{before}u{letter}{after}" if letter == "r" else f"{before}i{letter}{letter}{after}"


def _repeated(match: Match, context: Context) -> str:
    said = "-".join(["shush" if "h" in match[0].lower() else "tisk"] * (match[0].count("-") + 1))
    return as_cased(said, match[0])


FAMILY = Family(
    regex.compile(
        rf"(?<!\p{{L}})(?!Mrs?\b|Dr\b|St\b){_CONSONANT}{{2,}}(?!\p{{L}})|"
        r"(?<!\p{L})(?:\p{L}{1,4}-\p{L}{1,3}(?!\p{L})|[Hh]['’]m)|(?i:ts+k-ts+k|s+h+-s+h+|m+-h+m+|sh+u*sh+)",
    ),
    [
        Rule(
            WordClass.INTERJECTIONS,
            regex.compile(r"(?<!\p{L})(?i:ts+k(?:-ts+k)+|s+h+(?:-s+h+)+)(?!\p{L})"),
            _repeated,
        ),
        Rule(
            WordClass.INTERJECTIONS,
            regex.compile(
                rf"(?<![\p{{L}}\p{{N}}.'’-])"
                rf"(?:{_CONSONANT}{{1,4}}(?:-{_CONSONANT}{{1,3}})+|[Hh]['’]m+|[AOEUaoeu]h+(?:-h+)+)"
                r"(?![\p{L}\p{N}'’-])"
            ),
            _in_pieces,
        ),
        Rule(
            WordClass.INTERJECTIONS,
            regex.compile(
                rf"(?<![\p{{L}}\p{{N}}.'’-])(?:m+-h+m+|{_CONSONANT}{{2,}}|sh+u*sh+)(?![\p{{L}}\p{{N}}'’]|-\p{{L}}|"
                r"\.\p{L})",
                regex.IGNORECASE,
            ),
            _interjection,
        ),
    ],
)
