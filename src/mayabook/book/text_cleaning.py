"""Cleans the raw text of elements."""

import re
import unicodedata

_WINDOWS_1252 = {code: bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0)}
_INVISIBLE = dict.fromkeys(
    [0x00AD, 0x180E, 0x200B, 0x2060, 0xFEFF, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
)
"""Soft hyphen, zero-width spaces and joiners of words, marks of text direction."""
_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}
_CHARACTERS = {**_WINDOWS_1252, **_INVISIBLE, **_LIGATURES}
_IDLE_JOINERS = re.compile("[\u200c\u200d](?![\u0600-\U0010ffff])|(?<![\u0600-\U0010ffff])[\u200c\u200d]")
"""Zero-width joiners and non-joiners, but not inside Arabic, Indic and other scripts that they shape."""


_LETTERED_ORNAMENT = re.compile(r"[-–—~*•\s]*(?:o*o[O0]o+|o(?:\so)+|x(?:\sx)+)[-–—~*•\s]*")
_OPEN_END = re.compile(r"[\w,;–-]$")
_NEVER_LAST = frozenset(
    "a an the my your our their its of to from with into than because although Mr. Mrs. Ms. Dr.".split()
)
"""Words that no sentence ends in, so that it goes on even before a capital."""
_FEWEST_WORDS = 4
"""Of a text that such a word shows to be unfinished: shorter ones may be lines of a title page, "The Life of"."""
_PLAIN_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")


def clean_text(text: str) -> str:
    """Visible characters only, canonical composition (NFC), runs of white space of any kind as one space."""
    if text.isascii():
        return " ".join(text.split())
    text = text.translate(_CHARACTERS)
    text = _IDLE_JOINERS.sub("", text)
    return unicodedata.normalize("NFC", " ".join(text.split()))


def plain_digits(text: str) -> str:
    """With superscript digits as plain ones."""
    return text.translate(_PLAIN_DIGITS)


def goes_on(above: str, below: str) -> bool:
    """Whether a text ends within a sentence that the text below it continues."""
    if below[:1].islower():
        return _OPEN_END.search(above) is not None
    last_words = above.rsplit(" ", _FEWEST_WORDS - 1)
    return below[:1].isupper() and len(last_words) == _FEWEST_WORDS and last_words[-1] in _NEVER_LAST


def has_words(text: str) -> bool:
    return text[:1].isalnum() or any(map(str.isalnum, text))


def is_lettered_ornament(text: str) -> bool:
    """An ornament that is typed with letters: "—oOo—", "x x x"."""
    return _LETTERED_ORNAMENT.fullmatch(text) is not None


def is_ornament(text: str) -> bool:
    """Nothing but stars, dashes, dots and the like. Quotes, `?` and `!` are speech, however short."""
    return bool(text) and not has_words(text) and not set(text) & set("\"'“”‘’„«»‹›「」『』?!¿¡？！")
