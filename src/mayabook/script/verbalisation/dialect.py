"""Words with letters dropped: 'tis, th', o', an'."""

import regex

from mayabook.core.spoken_form import WordClass
from mayabook.script.verbalisation.rules import Context, Family, Match, Rule, pattern

_DROPPED = (
    "tis|twas|twere|twill|twould|tisn['’]t|twasn['’]t|tweren['’]t|twon['’]t|twouldn['’]t|tain['’]t|tother|twixt|bout|"
    "cause|cept|cos|coz|cuz|fore|fraid|gainst|lectric|mong|mongst|neath|nother|nough|nuff|pon|round|scuse|spect|spose|"
    "taters?|tween|ere|ouses?|orses?|oped|imself|erself|eart|eavens?|elp|ello|andsome|appened|appy|aven['’]t|"
    "adn['’]t|eard|igh|oney|orrible|ospital|otel|umble|undred|ungry|urry|urt|usband|n|nd|em|uns?|tisnt|zactly|tention"
)


def _dropped(match: Match, context: Context) -> str | None:
    word = match["word"].replace("’", "'")
    lower = word.lower()
    if lower in ("em", "un", "uns"):
        return f"'{lower}" if match["mark"] != "'" else None
    if lower in ("n", "nd"):
        return "and"
    if match["mark"] == "‘" and not lower.startswith("t"):
        return None  # a quotation begins
    return word


def _clipped(match: Match, context: Context) -> str | None:
    word = match["word"]
    lower = word.lower()
    said = {
        "th": "the",
        "an": "and",
        "o": "of",
        "ol": "old",
        "wi": "with",
        "ha": "have",
        "fo": "for",
        "wo": "would",
        "i": "in",
        "t": "to",
        "d": "do",
        "y": "you",
        "mus": "must",
        "jus": "just",
        "las": "last",
        "mos": "most",
        "nex": "next",
        "an ": "and",
        "tha": "that",
        "wha": "what",
        "don": "don't",
        "lil": "little",
        "li'l": "little",
    }.get(lower)
    if said is None:
        return None
    return said.capitalize() if word[0].isupper() else said


FAMILY = Family(
    regex.compile(r"['’‘](?=\p{L})(?<!\w['’‘])|['’](?<=\p{L}['’])(?!\w)|['’](?<=\b[oOlL]i?['’])"),
    [
        Rule(WordClass.DIALECT, regex.compile(r"(?<=\s)['’‘][nN]['’‘](?=\s)"), lambda match, context: "and"),
        Rule(
            WordClass.DIALECT,
            pattern(r"(?<![\w'’‘])(?P<mark>['’‘])(?P<word>(?i:{dropped}))(?![\p{L}\p{N}]|['’]\p{L})", dropped=_DROPPED),
            _dropped,
        ),
        Rule(
            WordClass.DIALECT,
            pattern(
                r"(?<![\w'’‘])(?P<word>(?i:th|an|o|ol|wi|fo|jus|las|mos|nex|tha|wha|lil))['’](?![\w'’])(?=\s\p{L})"
            ),
            _clipped,
        ),
        Rule(
            WordClass.DIALECT,
            pattern(r"\b(?P<word>[Ll]i['’]l)\b"),
            lambda match, context: "little" if match["word"][0] == "l" else "Little",
        ),
        Rule(
            WordClass.DIALECT,
            pattern(r"\b(?P<word>[Oo]['’]er)(?=\b|[a-z])"),
            lambda match, context: "over" if match["word"][0] == "o" else "Over",
        ),
    ],
)
