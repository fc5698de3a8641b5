"""IPA in the alphabet of hibari-tts, misaki's: one character for each diphthong, and stress before the vowel."""

import re

_PAIRS = [
    tuple(pair.split("="))
    for pair in (
        "eɪ=A aɪ=I aʊ=W ɔɪ=Y oʊ=O əʊ=O ɔʊ=O tʃ=ʧ dʒ=ʤ ɜːɹ=ɜɹ ɜːr=ɜɹ ɜː=ɜɹ ɝ=ɜɹ ɚ=əɹ ʁ=ɹ r=ɹ ɻ=ɹ g=ɡ x=k χ=k ç=h ɬ=l "
        "ɫ=l ɲ=nj ʎ=lj ø=ɜ œ=ɜ y=u ɒ=ɑ ɐ=ʌ a=ɑ e=ɛ o=O ɨ=ɪ ɣ=ɡ β=b ʔ=t c=k q=k ʍ=w"
    ).split()
]
_VOWELS = "AIOQWYaiuæɑɒɔəɛɜɪʊʌᵻ"
_KNOWN = frozenset("AIOWYbdfhijklmnpstuvwzæðŋɑɔəɛɜɡɪɹʃʊʌʒʤʧθˈˌ ")


def from_ipa(ipa: str) -> str:
    """Sounds that English does not have become the nearest that it has; length and tie marks are left out."""
    phonemes = ipa
    for symbols, phoneme in _PAIRS:
        phonemes = phonemes.replace(symbols, phoneme)
    phonemes = "".join(char for char in phonemes if char in _KNOWN)
    return re.sub(rf"([ˈˌ])([^{_VOWELS}ˈˌ ]*)", r"\2\1", phonemes)
