"""Text for hibari-tts's phonemiser, and IPA in its alphabet, misaki's: one character for each diphthong, and stress
before the vowel."""

import re
import unicodedata
from functools import partial

import regex

from mayabook.core.ipa import convert_ipa


def _pairs(text: str) -> list[tuple[str, str]]:
    pairs = (pair.partition("=") for pair in text.split())
    return [(symbols, phoneme) for symbols, _, phoneme in pairs]


_COMMON = _pairs(
    "eɪ=A aɪ=I aʊ=W ɔɪ=Y tʃ=ʧ dʒ=ʤ ʁ=ɹ r=ɹ ɻ=ɹ g=ɡ x=k χ=k ç=h ɬ=l ɫ=l ɲ=nj ʎ=lj y=u ɐ=ʌ e=ɛ ɨ=ɪ ɣ=ɡ β=b ʔ=t c=k "
    "q=k ʍ=w"
)
_AMERICAN = _pairs("oʊ=O əʊ=O ɔʊ=O o=O ɜːɹ=ɜɹ ɜː=ɜɹ ɝ=ɜɹ ɚ=əɹ ø=ɜ œ=ɜ ɒ=ɑ a=ɑ")
_BRITISH = _pairs("oʊ=Q əʊ=Q ɔʊ=Q o=Q ɝ=ɜː ɚ=ə ø=ɜː œ=ɜː æ=a")
_VOWELS = "AIOQWYaiuæɑɒɔəɛɜɪʊʌᵻ"
_CONSONANTS = "bdfhijklmnpstuvwzðŋɡɹʃʒʤʧθˈˌ "
_KNOWN_AMERICAN, _KNOWN_BRITISH = (
    frozenset(f"{_CONSONANTS}{vowels}") for vowels in ("AIOWYæɑɔəɛɜɪʊʌ", "AIQWYaɑɒɔəɛɜɪʊʌː")
)
_TO_IPA = str.maketrans(dict(pair.split("=") for pair in "A=eɪ I=aɪ W=aʊ Y=ɔɪ O=oʊ Q=əʊ ʧ=tʃ ʤ=dʒ ᵊ=ə ᵻ=ɪ T=ɾ".split()))
# Digits that are no decimals: superscripts, subscripts, in circles. Alone, ² and ³ are "squared" and "cubed".
_RAISED_DIGITS = regex.compile(r"(?P<minus>[⁻₋])?(?P<digits>\p{Numeric_Type=Digit}+)")
# The phonemiser reads "King Charles" as "King the zeroth Charles", since it finds an empty Roman numeral before the C.
# It drops underscores, but only after it has looked for numerals.
_BEFORE_NAME = regex.compile(r"(?<=\b\p{Lu}\w* )(?=[CILVX]\p{Ll})")
# The phonemiser treats a word next to a double quotation mark or a square bracket as unknown and guesses its sound from
# the spelling: “Now” becomes "no". So these are removed, and ’ before a dash. Group 1 is the phonemiser's own markup,
# [word](/phonemes/), which is kept.
_LINK_OR_MARK = re.compile(r"(\[[^\[\]]*\]\(/[^/()]+/\))|[“”„‟«»‹›\"\[\]]|’(?=[“”«»‹›\"]*[—–])")
# "](" in the book's own text, which is not the phonemiser's markup.
_FOREIGN_LINK = re.compile(r"\](?=\((?!/[^/()]+/\)))")


def phonemiser_text(text: str, *, british: bool = False) -> str:
    """Prepares a request's text for the phonemiser.

    IPA becomes misaki's alphabet; superscript and subscript digits become plain ones (10⁻⁹ is "ten minus nine"); double
    quotation marks and square brackets are removed outside the phonemiser's own markup; capitals of names are protected
    from being read as Roman numerals. british: use the British phoneme set.
    """
    unmarked = _LINK_OR_MARK.sub(lambda found: found[1] or "", _FOREIGN_LINK.sub("] ", text))
    apart = _BEFORE_NAME.sub("_", unmarked)
    return _RAISED_DIGITS.sub(_plain_digits, convert_ipa(apart, partial(from_ipa, british=british)))


def _plain_digits(match: regex.Match[str]) -> str:
    if match[0] in ("²", "³"):
        return match[0]
    digits = "".join(str(unicodedata.digit(char)) for char in match["digits"])
    said = f"minus {digits}" if match["minus"] else digits
    before, after = match.string[: match.start()][-1:], match.string[match.end() :][:1]
    is_apart = not (before.isdecimal() or (match["minus"] and before.isalpha()))
    return f"{'' if is_apart else ' '}{said}{' ' if after.isdecimal() else ''}"


def to_ipa(phonemes: str) -> str:
    return phonemes.translate(_TO_IPA)


def from_ipa(ipa: str, *, british: bool = False) -> str:
    """Sounds that the voice's English does not have become the nearest that it has; tie marks are left out, American
    phonemes have no length, and in British ones ɹ is heard before vowels only."""
    phonemes = ipa
    for symbols, phoneme in (*_COMMON, *(_BRITISH if british else _AMERICAN)):
        phonemes = phonemes.replace(symbols, phoneme)
    known = _KNOWN_BRITISH if british else _KNOWN_AMERICAN
    phonemes = "".join(char for char in phonemes if char in known)
    if british:
        phonemes = re.sub(rf"ɹ(?![ˈˌ]?[{_VOWELS}])", "", phonemes)
    return re.sub(rf"([ˈˌ])([^{_VOWELS}ˈˌ ]*)", r"\2\1", phonemes)
