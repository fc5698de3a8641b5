"""The pitch and pace that a voice's description asks for, which can be compared with those of a take.

The usual F0 of women and men is from Traunmüller and Eriksson (1995), "The frequency range of the voice fundamental in
the speech of male and female adults": means of 207 Hz and 119 Hz over studies of European languages.
"""

import re
from dataclasses import dataclass

from mayabook.maya.voice_fields import characters_per_second

_GENDERS = (
    (207.0, re.compile(r"\b(?:female|woman|girl|lady|she|hers?|actress|mother|grandmother)\b", re.IGNORECASE)),
    (119.0, re.compile(r"\b(?:male|man|boy|gentleman|he|him|his|actor|father|grandfather)\b", re.IGNORECASE)),
)
"""Usual F0 in Hz, and the words that tell the gender."""
_PITCH = re.compile(r"\b(very[ _-])?(?:(low|deep)|high)[ -](?:pitch|voice)", re.IGNORECASE)
_SEMITONES = 3.0
"""From the usual pitch to a low or a high one; to a very low one it is twice that."""
_USUAL_PACE = "conversational pacing"


@dataclass(frozen=True, slots=True)
class DescribedVoice:
    """What can be measured of a voice."""

    pitch: float | None
    """F0 in Hz; None where the description does not tell the gender."""
    pace: float
    """How many times as fast as usual it speaks."""


def parse_description(description: str) -> DescribedVoice:
    """The pitch and pace that a description asks for, fields or free words."""
    named = [(found.start(), pitch) for pitch, words in _GENDERS if (found := words.search(description))]
    usual = min(named)[1] if named else None  # "an old man who misses his mother" is a man
    said = _PITCH.search(description)
    semitones = 0.0 if said is None else (-_SEMITONES if said[2] else _SEMITONES) * (2 if said[1] else 1)
    pace = characters_per_second(description) / characters_per_second(_USUAL_PACE)
    return DescribedVoice(None if usual is None else usual * 2 ** (semitones / 12), pace)
