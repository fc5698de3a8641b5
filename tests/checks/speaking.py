"""Real speech for the tests of the checks: takes by the narrator's voice, and what is cut out of them."""

from functools import lru_cache

import hibari
import numpy as np

from mayabook.core.chunk import Chunk, Pause, Sentence, Span
from mayabook.core.spoken_form import Replacement, spoken_form
from mayabook.core.take import Audio, StopReason, Take, TakeRequest
from mayabook.script import Lexicon, Respelling, Verbaliser

RATE = 24000


@lru_cache(maxsize=1)
def _voice() -> hibari.Hibari:
    return hibari.Hibari()


@lru_cache(maxsize=64)
def speech(text: str, speed: float = 1.0) -> Audio:
    audio = _voice()(text, speed=speed, seed=0)
    audio.setflags(write=False)
    return audio


def chunk_of(text: str, respelt: dict[str, str] | None = None) -> Chunk:
    """respelt: the words of the lexicon, with what is said for each."""
    lexicon = Lexicon(tuple(Respelling(word, said, case=True) for word, said in (respelt or {}).items()))
    return _chunk(text, tuple(lexicon.replacements(text)))


def verbalised(text: str) -> Chunk:
    """The chunk of a text whose numbers, capitals and the like are put into words."""
    return _chunk(text, Verbaliser("en").verbalise(text))


def _chunk(text: str, replacements: tuple[Replacement, ...]) -> Chunk:
    spoken = spoken_form(text, replacements) if replacements else text
    sentence = Sentence(text, Span(0, 0, len(text)), spoken if replacements else None, replacements)
    return Chunk(0, 1, (sentence,), spoken, Pause.PARAGRAPH)


def take_of(audio: Audio, stop: StopReason = StopReason.END) -> Take:
    return Take(TakeRequest("", "", "heart", 0), np.array(audio, np.float32), RATE, stop, 0.1)


def silence(seconds: float) -> Audio:
    return np.zeros(round(seconds * RATE), np.float32)
