"""Converts words to phonemes and measures their phonetic distance: 0 for "their" and "there", large for "not" and
"night"."""

import unicodedata
from collections.abc import Sequence
from functools import cache
from threading import Lock

import numpy as np
from hibari.g2p import G2P
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from mayabook.checks.thresholds import PhoneticThresholds
from mayabook.core.language import ENGLISH, Language

# hibari writes English phonemes in misaki's alphabet: one character each, diphthongs too.
_VOWELS = "AIOQWYaeiouæɑɒɔəɛɜɪʊʌ"
_ALIKE = str.maketrans("ɐᵊᵻɾTɡ", "əəɪttg", 'ˈˌː̃ .,:;!?—…“”"()')
_ANY_VOWEL = str.maketrans(_VOWELS, "ə" * len(_VOWELS))
_UNVOICED = str.maketrans("bdgvzðʒʤ", "ptkfsθʃʧ")

_MERGED = {"nts": "ns", "ndz": "nz"}
"""Consonant clusters that are merged because speakers do not distinguish them: "patients" and "patience", "finds" and
"fines"."""
_ENDINGS = ("", "s", "es", "d", "ed", "ing", "ly")


_loading = Lock()


class Phonetics:
    """Grapheme-to-phoneme conversion with a cache. May be used from several threads."""

    def __init__(self, thresholds: PhoneticThresholds, language: Language = ENGLISH) -> None:
        self._thresholds = thresholds
        self.language = language
        with _loading:  # one dictionary, of 65 MB, for all books in work
            self._g2p = _g2p() if language.has_phonetics else None
        self._known: dict[str, str] = {}

    def phonemes(self, token: str) -> str:
        """Phonemes of a lower-case word, or of any text, without stress; its letters if it cannot be converted."""
        sound = self._known.get(token)
        if sound is None:
            sound = token if self._g2p is None else str(self._g2p(_plain_digits(token))).translate(_ALIKE) or token
            for sounds, one in _MERGED.items():
                sound = sound.replace(sounds, one)
            self._known[token] = sound
        return sound

    def is_common_word(self, token: str) -> bool:
        """Whether a lower-case word, or the word that it is a form of, is in the pronunciation dictionary; never in
        languages without one."""
        if self._g2p is None:
            return False
        stems = (token.removesuffix(ending) for ending in _ENDINGS)
        return any(stem in self._g2p.lexicon.golds for stem in stems if len(stem) > 1 or stem == token)

    def distances(self, left: Sequence[str], right: Sequence[str]) -> NDArray[np.float32]:
        """Distance of each phoneme string of `left` to each of `right`, shape (len(left), len(right)).

        An edit distance in which a wrong vowel costs little and a wrong voicing less than a wrong consonant: the
        weighted sum of the distances between ever coarser transcriptions.
        """
        steps = (
            (self._thresholds.vowel_distance, None),
            (self._thresholds.voicing_distance, _ANY_VOWEL),
            (self._thresholds.other_distance, _UNVOICED),
        )
        total = np.zeros((len(left), len(right)), np.float32)
        for weight, coarser in steps:
            if coarser is not None:
                left = [sound.translate(coarser) for sound in left]
                right = [sound.translate(coarser) for sound in right]
            total += weight * cdist(left, right, scorer=Levenshtein.distance, dtype=np.uint16)
        return total

    def distance(self, left: str, right: str) -> float:
        """Phonetic distance of two words or phrases."""
        one, other = ("".join(map(self.phonemes, phrase.lower().split())) for phrase in (left, right))
        return float(self.distances([one], [other])[0, 0])

    def max_distance(self, n_phonemes: int, *, name: bool) -> float:
        """Largest distance of homophones, the longer of which has `n_phonemes`."""
        exact = self._thresholds.max_exact_phonemes_of_name if name else self._thresholds.max_exact_phonemes_of_word
        return self._thresholds.tolerance_per_phoneme * max(0, n_phonemes - exact)

    def sound_alike(self, left: str, right: str, *, name: bool = False) -> bool:
        """Whether two words or phrases are homophones."""
        longer = max(len("".join(map(self.phonemes, phrase.lower().split()))) for phrase in (left, right))
        return self.distance(left, right) <= self.max_distance(longer, name=name) + 1e-6


def _plain_digits(text: str) -> str:
    """Digits that are not decimal, such as superscript and circled ones, as decimal ones: 10⁹ is 109."""
    return "".join(str(unicodedata.digit(char)) if char.isdigit() and not char.isdecimal() else char for char in text)


@cache
def _g2p() -> G2P:
    return G2P()
