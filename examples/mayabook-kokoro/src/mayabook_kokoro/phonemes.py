"""English text as Kokoro's phonemes, and phonemes as token ids.

Kokoro was trained on the alphabet of the phonemiser misaki. hibari's phonemiser writes the same one, so its strings are
used as they come.
"""

import re
from functools import cache

import numpy as np
from hibari.g2p import G2P
from numpy.typing import NDArray

from mayabook.engines.misaki_phonemes import phonemiser_text

MAX_TOKENS = 510
"""Phonemes that Kokoro reads at once: its context of 512 less a pad on each side."""

_RUNS = {
    1: ";:,.!?",
    9: '—…"()“” \u0303ʣʥʦʨᵝꭧAI',
    31: "O",
    33: "Q",
    35: "ST",
    39: "W",
    41: "Yᵊabcdef",
    50: "hijklmnopqrstuvwxyzɑɐɒæ",
    75: "βɔɕç",
    80: "ɖðʤə",
    85: "ɚɛɜ",
    90: "ɟ",
    92: "ɡ",
    99: "ɥ",
    101: "ɨɪʝ",
    110: "ɯɰŋɳɲɴø",
    118: "ɸθœ",
    123: "ɹ",
    125: "ɾɻ",
    128: "ʁɽʂʃʈʧ",
    135: "ʊʋ",
    138: "ʌɣɤ",
    142: "χʎ",
    147: "ʒʔ",
    156: "ˈˌː",
    162: "ʰ",
    164: "ʲ",
    169: "↓",
    171: "→↗↘",
    177: "ᵻ",
}
TOKEN_IDS = {symbol: first + n for first, run in _RUNS.items() for n, symbol in enumerate(run)}
"""Kokoro's vocabulary: its symbols have the ids of the table's runs, counted up from the first of each run."""

_BREAKS = [re.compile(rf"{mark}[”\")]* ") for mark in ("[.!?…]", "[:;—]", ",", "")]
"""Where a string may be split, the best kind of place first: sentence end, colon, comma, any space."""


class Phonemizer:
    """American or British pronunciation, from hibari's lexicons and its spelling-to-sound net."""

    def __init__(self, *, british: bool) -> None:
        self._g2p = _g2p(british)

    def __call__(self, text: str) -> list[str]:
        """Strings of at most MAX_TOKENS phonemes that together say the whole text; none where nothing can be said.

        text: may hold pronunciations in IPA, as the lexicon writes them.
        """
        phonemes: str = self._g2p(phonemiser_text(text)).replace("ʀ", "ɹ")  # the net's r of French and German names
        return split("".join(symbol for symbol in phonemes if symbol in TOKEN_IDS))


@cache
def _g2p(british: bool) -> G2P:
    """Loaded once: it takes half a second, and keeps no state between texts."""
    return G2P(british=british)


def split(phonemes: str) -> list[str]:
    """Parts of at most MAX_TOKENS phonemes, cut as evenly as sentences, then clauses, then words allow."""
    if len(phonemes) <= MAX_TOKENS:
        return [phonemes] if phonemes else []
    middle = len(phonemes) // 2
    for kind in _BREAKS:
        places = [found.end() for found in kind.finditer(phonemes) if abs(found.end() - middle) < middle / 2]
        if places:
            middle = min(places, key=lambda place: abs(place - middle))
            break
    return split(phonemes[:middle].rstrip()) + split(phonemes[middle:].lstrip())


def token_ids(phonemes: str) -> NDArray[np.int64]:
    """Ids of a string of Kokoro's symbols, shape (n_phonemes,)."""
    return np.array([TOKEN_IDS[symbol] for symbol in phonemes], np.int64)
