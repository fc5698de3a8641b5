"""Stuttered words and drawn-out ones: W-w-what, Nooo, Ye-es, pleease."""

import regex

from mayabook.core.spoken_form import WordClass
from mayabook.script.verbalisation.rules import Context, Family, Match, Rule, as_cased, preceding
from mayabook.script.verbalisation.vocabulary import is_common, is_word, most_common

_DRAWN = {
    "no": "no", "so": "so", "me": "me", "go": "go", "he": "he", "she": "she", "we": "we", "be": "be", "oh": "oh",
    "ah": "ah", "ooh": "ooh", "aah": "ah", "eh": "eh", "uh": "uh", "um": "um", "er": "er", "aw": "aw", "ow": "ow",
    "ew": "ew", "hey": "hey", "hi": "hi", "ha": "ha", "yo": "yo", "yay": "yay", "wow": "wow", "yes": "yes",
    "lord": "Lord", "mom": "mom", "mum": "mum", "dad": "dad", "by": "by", "bye": "bye", "now": "now", "how": "how",
    "why": "why", "who": "who", "what": "what", "ok": "OK", "do": "do", "you": "you", "my": "my", "up": "up",
    "on": "on", "in": "in", "it": "it", "is": "is", "wo": "woo", "ek": "eek", "woah": "whoa", "whoa": "whoa",
    "ugh": "ugh",
    "argh": "argh", "arg": "argh", "agh": "argh", "gah": "gah", "bah": "bah", "nah": "nah", "yeah": "yeah",
    "ye": "ye", "the": "the", "hel": "hell", "wel": "well", "wil": "will", "al": "all", "fal": "fall",
    "cal": "call", "bal": "ball", "kil": "kill", "of": "off", "god": "good", "sup": "soup", "soon": "soon",
    "to": "too", "met": "meet", "fel": "feel", "ned": "need", "wek": "week",
}  # fmt: skip
_PREFER_SINGLE = frozenset(
    (
        "yes",
        "bye",
        "this",
        "no",
        "so",
        "me",
        "go",
        "he",
        "she",
        "be",
        "do",
        "who",
        "ha",
        "yo",
        "now",
        "how",
        "wow",
        "long",
        "what",
        "want",
        "dog",
        "on",
        "love",
        "come",
        "stop",
        "please",
        "hot",
        "not",
        "got",
        "gone",
        "over",
        "only",
        "home",
        "more",
        "never",
        "ever",
        "very",
        "er",
    )
)
_CRIES = frozenset("ah oh eh uh aw ow ew ha yo hey".split())
_DOUBLED = {
    "pleeze": "please",
    "pleze": "please",
    "soo": "so",
    "noo": "no",
    "yess": "yes",
    "helloo": "hello",
    "sooo": "so",
    "umm": "um",
    "mwah": "muh-wah",
}
_PREFIXES = frozenset("bi co de do go ho i mini no pre pro re semi so to tri u".split())
"""Before a hyphen, these are words or parts of their own: "co-op", "re-enter"."""
_SOUNDS = {"a": "ah", "e": "eh", "i": "ih", "o": "oh", "u": "uh"}
_CLUSTERS = (
    "bl|br|ch|cl|cr|dr|fl|fr|gl|gr|kn|ph|pl|pr|qu|sc|sh|sk|sl|sm|sn|sp|st|str|sw|th|tr|tw|wh|wr|scr|spr|shr|thr|spl"
)


def _drawn_out(match: Match, context: Context) -> str | None:
    word = match[0]
    lower = word.lower().replace("-", "")
    if regex.fullmatch(r"(.)\1*", lower) or regex.fullmatch(r"(?:ha|he|ho){2,}h?", lower):
        return None
    plain = _shortened(lower)
    if plain is None or plain == word.lower():
        return None
    if word.isupper() and len(word) > 1:
        return plain.capitalize() if _starts(match) else plain
    return as_cased(plain, word)


def _doubled(match: Match, context: Context) -> str:
    said = _DOUBLED[match[0].lower()]
    return as_cased(said, match[0])


def _shortened(lower: str) -> str | None:
    """The word without its repetitions: two letters of each run, or one, whichever is a word."""
    single = regex.sub(r"(.)\1{2,}", r"\1", lower)
    single_all = regex.sub(r"(.)\1+", r"\1", lower)
    if single in _DOUBLED:
        return _DOUBLED[single]
    if single_all in _CRIES:
        return "ooh" if lower.startswith("oo") and single_all == "oh" else single_all
    if single in _PREFER_SINGLE:
        return single
    if single_all in _PREFER_SINGLE and single_all != lower:
        return single_all
    runs = [run.span() for run in regex.finditer(r"(.)\1{2,}", lower)][:4]
    candidates = [lower]
    for start, end in reversed(runs):
        candidates = [c[:start] + c[start] * n + c[end:] for c in candidates for n in (2, 1)]
    ranked = sorted(candidates, key=len, reverse=True)
    sayable = [each for each in ranked if not regex.search(r"([aiu])\1|^([^oe])\2", each)]
    known = most_common([*sayable, single_all])
    if known:
        return known
    if single_all in _DRAWN:
        return _DRAWN[single_all]
    if is_word(single_all):
        return single_all
    if single in _DRAWN:
        return _DRAWN[single]
    return single


def _starts(match: Match) -> bool:
    return not preceding(match).strip(" \"'“‘«(")


def _joined_drawn_out(match: Match, context: Context) -> str | None:
    """ "roo-oses", "loo-oovely": a vowel held over a hyphen."""
    lower = match[0].lower().replace("-", "")
    bare = regex.sub(r"([aeiou])\1+", r"\1", lower)
    candidates = (
        regex.sub(r"([aeiou])\1{2,}", r"\1\1", lower),
        regex.sub(r"oo+(?=[^aeiou]+$)", "ou", lower),
        regex.sub(r"([aeiou])\1{2,}", r"\1", lower),
        bare,
        regex.sub(r"([aeiou]u?)-\1?o+", r"\1", match[0].lower()),
        regex.sub(r"-([aeiou])\1*", "", match[0].lower()),
    )
    plain = most_common([each for candidate in candidates if len(each := candidate.replace("-", "")) > 2])
    if plain:
        return as_cased(plain, match[0])
    return None


def _held_sound(match: Match, context: Context) -> str | None:
    """ "Ye-es", "mor-orning", "Hel-l-lp", "su-uppose": a piece goes on with the sound that the one before ends with."""
    pieces = match[0].lower().split("-")
    if len(pieces) == 2 and ((len(pieces[1]) > 2 and is_word(pieces[1])) or pieces[0] in _PREFIXES):
        return None
    joined = pieces[0]
    for piece in pieces[1:]:
        n_same = next((n for n in (3, 2, 1) if n < len(joined) and joined.endswith(piece[:n])), 0)
        if not n_same:
            return None
        joined += piece[n_same:]
    ways = [each for each in (joined, _shortened(joined), regex.sub(r"(.)\1+", r"\1", joined)) if each]
    plain = most_common([*ways, *(each.capitalize() for each in ways)])
    if plain is None:
        return None
    return as_cased(plain, match[0])


def _held_in_pieces(match: Match, context: Context) -> str | None:
    """ "Go-o-o-al", "Weee-ell", "dooo-ing": the pieces are a word without the hyphens and the held vowel."""
    plain = _shortened(match[0].lower().replace("-", ""))
    return as_cased(plain, match[0]) if plain and is_word(plain) else None


def _held_vowel(match: Match, context: Context) -> str | None:
    """ "No-o-o", "ple-e-ease": a vowel held over hyphens."""
    plain = _shortened(regex.sub(r"([aeiou])\1+", r"\1\1\1", match[0].lower().replace("-", "")))
    if plain is None:
        return None
    return as_cased(plain, match[0])


def _stuttered(match: Match, context: Context) -> str | None:
    first, word = match["first"], match["word"]
    if len(word) == len(first) and not match["vowel"]:
        return None
    if is_word(f"{first}-{word}".lower()) or regex.match(
        r"(?:[Tt]-(?:shirt|bone|square|cell|junction)|D-Day|H-[Hh]our|V-[Vv]ictory)", match[0]
    ):
        return None
    if word in ("I", "I'm", "I’m", "I'll", "I’ll", "I'd", "I’d", "I've", "I’ve"):
        return None
    mark = "… " if "…" in match[0] or "..." in match[0] else "-"
    count = len(
        regex.findall(rf"(?i:{regex.escape(first)})(?=[-…. –—])", match[0][: match.start("word") - match.start()])
    )
    sound = _SOUNDS.get(first.lower(), f"{first.lower()}uh")
    said = mark.join([sound] * max(1, count)) + mark
    return (said.capitalize() if first[0].isupper() else said) + word


def _doubled_vowel(match: Match, context: Context) -> str | None:
    """pleease -> please, whaat -> what: no word as it is printed, and a common one with each vowel once. Inside a word,
    oo is rather dialect: "aboot"."""
    if is_word(match[0]):
        return None
    runs = [run.start() for run in regex.finditer(r"([aeiou])\1", match[0])]
    shorter = [match[0][:at] + match[0][at + 1 :] for at in runs]
    return next((each for each in (*shorter, regex.sub(r"([aeiou])\1", r"\1", match[0])) if is_common(each)), None)


FAMILY = Family(
    regex.compile(
        r"(\p{L})(?i:\1\1)|"
        r"(?<!\p{L})(\p{L}{1,3})(?:[-–—…]|\.\.\.)\s?(?i:\2)|([aeiou])(?:-\3\3|\3-\3|-\3(?!\p{L}))|u-oo|"
        r"(?<=\p{L})(\p{L}{1,3})-(?i:\4)|(?i:soo|noo|yess|helloo|umm|mwah|ple+ze)\b",
    ),
    [
        Rule(
            WordClass.STUTTERING,
            regex.compile(
                r"(?<![\p{L}\p{N}-])(?i:(?:\p{L}*[aeiou]-){1,4}(?<=([aeiou])\1-)(?P<vowel>[aeiou])\p{L}*|"
                r"\p{L}*[aeiou]-([aeiou])\3\p{L}*)(?![\p{L}-])"
            ),
            _joined_drawn_out,
        ),
        Rule(
            WordClass.STUTTERING,
            regex.compile(
                r"(?<![\p{L}\p{N}-])(?i:\p{L}+?-?([aeiou])(?:-\1+){2,}\p{L}*|\p{L}+([aeiou])-\2+)(?![\p{L}\p{N}-])"
            ),
            _held_vowel,
        ),
        Rule(
            WordClass.STUTTERING,
            regex.compile(r"(?<![\p{L}\p{N}'’-])\p{L}{2,}(?:-\p{L}+){1,6}(?![\p{L}\p{N}-])"),
            _held_sound,
        ),
        Rule(
            WordClass.STUTTERING,
            regex.compile(
                r"(?<![\p{L}\p{N}'’-])(?=[\p{L}-]*(?i:([aeiou])(?:-?\1){2}))\p{L}{2,}(?:-\p{L}+)+(?<!-one)(?![\p{L}\p{N}'’-])"
            ),
            _held_in_pieces,
        ),
        Rule(
            WordClass.STUTTERING,
            regex.compile(
                rf"(?<![\p{{L}}\p{{N}}'’-])(?i:(?P<first>[b-df-hj-np-tv-z]|{_CLUSTERS}|"
                rf"(?P<vowel>[aeiou]))(?:(?:[-–—]|…\s?|\.\.\.\s?)(?P=first))*(?:[-–—]|…\s?|\.\.\.\s?)(?P<word>(?P=first)[\p{{L}}'’]+))(?![\p{{L}}]|-\p{{L}}{{3}})"
            ),
            _stuttered,
        ),
        Rule(
            WordClass.STUTTERING,
            regex.compile(
                r"(?<![\p{L}\p{N}.@/#])(?=\p{L}*?(?P<letter>\p{L})(?i:(?P=letter){2}))\p{L}{3,}(?![\p{L}\p{N}@]|"
                r"\.\p{L}|/)"
            ),
            _drawn_out,
        ),
        Rule(
            WordClass.STUTTERING,
            regex.compile(rf"(?<![\p{{L}}\p{{N}}-])(?i:{'|'.join(_DOUBLED)})(?![\p{{L}}\p{{N}}'’-])"),
            _doubled,
        ),
    ],
)
DOUBLED_VOWELS = Family(
    regex.compile(r"([aeiu])\1|oo\b"),
    [
        Rule(
            WordClass.STUTTERING,
            regex.compile(
                r"(?<![\p{L}\p{N}'’@./-])(?:\p{Ll}*([aeiu])\1\p{Ll}*|\p{Ll}+oo)(?![\p{L}\p{N}'’@/-]|\.\p{L})"
            ),
            _doubled_vowel,
        )
    ],
)
