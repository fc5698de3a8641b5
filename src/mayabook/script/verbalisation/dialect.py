"""Words with letters dropped: 'tis, th', o', an'."""

import regex

from mayabook.core.ipa import with_ipa
from mayabook.core.spoken_form import WordClass
from mayabook.script.verbalisation.rules import Context, Family, Match, Rule, follows, pattern

_DROPPED = (
    "tis|twas|twere|twill|twould|tisn['’]t|twasn['’]t|tweren['’]t|twon['’]t|twouldn['’]t|tain['’]t|tother|twixt|bout|"
    "cause|cept|cos|coz|cuz|fore|fraid|gainst|lectric|mong|mongst|neath|nother|nough|nuff|pon|round|scuse|spect|spose|"
    "taters?|tween|ere|ouses?|orses?|oped|im|ave|aves|avin|ead|eads|eaded|ouse|ousemaid|appen|appens|appening|arry|enry|undreds|imself|erself|eart|eavens?|elp|ello|andsome|appened|appy|aven['’]t|"
    "adn['’]t|eard|igh|oney|orrible|ospital|otel|umble|undred|ungry|urry|urt|usband|n|nd|em|uns?|tisnt|zactly|tention"
)


_WITHOUT_H = {  # that a voice would say as other words or as letters
    "im": "ɪm", "ave": "æv", "aves": "ævz", "avin": "ˈævɪn", "ead": "ɛd", "eads": "ɛdz", "eaded": "ˈɛdɪd",
    "ouse": "aʊs", "ouses": "ˈaʊzɪz", "appen": "ˈæpən", "appens": "ˈæpənz", "appened": "ˈæpənd", "appening": "ˈæpənɪŋ",
    "appy": "ˈæpi", "arry": "ˈæɹi", "enry": "ˈɛnɹi", "undred": "ˈʌndɹəd", "undreds": "ˈʌndɹədz", "ungry": "ˈʌŋɡɹi",
    "eart": "ɑːɹt", "eavens": "ˈɛvənz", "eaven": "ˈɛvən", "aven't": "ˈævənt", "igh": "aɪ", "oney": "ˈʌni",
    "eard": "ɜːɹd", "usband": "ˈʌzbənd",
}  # fmt: skip


def _dropped(match: Match, context: Context) -> str | None:
    word = match["word"].replace("’", "'")
    lower = word.lower()
    if lower in ("em", "un", "uns"):
        return f"'{lower}" if match["mark"] != "'" else None
    if lower in ("n", "nd"):
        return "and"
    if match["mark"] == "‘" and not lower.startswith("t"):
        return None  # a quotation begins
    if lower == "ave" and follows(match, r"\s(?:Maria|Caesar|Cæsar|atque)\b"):
        return None
    return with_ipa(word, _WITHOUT_H[lower]) if lower in _WITHOUT_H else word


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
        "t": "the",
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
        "mo": "more",
        "po": "poor",
        "sho": "sure",
        "gi": "give",
        "jes": "just",
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
                r"(?<![\w'’‘])(?P<word>(?i:th|t|an|o|ol|wi|fo|mo|po|sho|gi|don|jes|mus|jus|las|mos|nex|tha|wha|lil))['’](?![\w'’])(?=\s\p{L})"
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
