"""The CPU narrator: hibari-tts, whose English voice comes inside its package."""

import os
import re
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from functools import partial
from importlib.metadata import version
from pathlib import Path

import hibari
from hibari import voices
from hibari.g2p import G2P

from mayabook.core.emotion_tags import only_tags
from mayabook.core.errors import EngineError
from mayabook.core.fingerprint import sha256_of
from mayabook.core.settings import NarratorSettings
from mayabook.core.take import Audio, Sampling, StopReason, Take, TakeRequest
from mayabook.engines.language import foreign_script
from mayabook.engines.misaki_phonemes import phonemiser_text, to_ipa
from mayabook.engines.worker_pool import Workers

RETRY_PACE = (1.0, 0.95, 0.9)
"""Speed factor of the first, second and later attempts: a new seed changes breath noise only, a slower speed changes
durations and so the articulation."""

_NUMBER = re.compile(r"\bNo\.\s(?=\d)")
"""hibari-tts would read `No. 5` as the word no and a new sentence."""


class Narrator:
    """Speaks in worker processes with one ONNX Runtime thread each, so that takes do not depend on their number."""

    name = "narrator"
    sample_rate: int = hibari.SAMPLE_RATE

    def __init__(self, settings: NarratorSettings) -> None:
        self.voice = self.fixed_speaker = settings.voice
        model = _voice_model(settings.voice)
        self.identity = f"hibari-tts {version('hibari-tts')} {sha256_of(model)[:16]}"
        self.platform = f"onnxruntime {version('onnxruntime')}"
        self.credit = f"{settings.voice} (narrator)"
        self._speed = settings.speed
        n_workers = settings.workers or max(1, (os.cpu_count() or 1) // 2)
        self._workers: Workers[TakeRequest, tuple[Audio, float]] = Workers(
            partial(_load, settings.voice, str(model)), n_workers
        )

    def generate(self, requests: Iterable[TakeRequest]) -> Generator[Take, None, None]:
        with closing(self._workers.serve(self._with_this_voice(requests))) as replies:
            for request, (audio, seconds) in replies:
                yield Take(request, audio, self.sample_rate, StopReason.END, seconds)

    def _with_this_voice(self, requests: Iterable[TakeRequest]) -> Iterator[TakeRequest]:
        for request in requests:
            if request.voice != self.voice:
                raise EngineError(f"This narrator speaks as {self.voice!r}, not {request.voice!r}; start another.")
            yield request

    def sampling(self, attempt: int) -> Sampling:
        return {"speed": round(self._speed * RETRY_PACE[min(attempt, len(RETRY_PACE) - 1)], 4)}

    def unsupported_reason(self, text: str) -> str | None:
        return foreign_script(text, "the narrator")

    def close(self) -> None:
        self._workers.close()


def pronunciations(words: Iterable[str], voice: str) -> list[str]:
    """How a voice of the narrator says each word, in IPA. Raises EngineError where there is no such voice."""
    _check_voice(voice)
    phonemise = G2P(british=bool(voices.VOICES[voice]["british"]))
    return [to_ipa(phonemise(word)) for word in words]


def _load(voice: str, model: str) -> Callable[[TakeRequest], tuple[Audio, float]]:
    tts = hibari.Hibari(voice=voice, model=model)
    british = bool(voices.VOICES[voice]["british"])

    def speak(request: TakeRequest) -> tuple[Audio, float]:
        started = time.perf_counter()
        text = phonemiser_text(_NUMBER.sub("Number ", only_tags(request.text, ())), british=british)
        audio = tts(text, speed=float(request.sampling["speed"]), seed=request.seed)
        return audio, time.perf_counter() - started

    return speak


def _check_voice(voice: str) -> None:
    if voice not in voices.VOICES:
        raise EngineError(f"The narrator has no voice {voice!r}; choose one of: {', '.join(voices.VOICES)}.")


def _voice_model(voice: str) -> Path:
    _check_voice(voice)
    try:
        return Path(voices.voice_path(voice))
    except RuntimeError as error:  # a voice outside the package, and no network
        bundled = ", ".join(name for name, facts in voices.VOICES.items() if facts.get("bundled"))
        raise EngineError(
            f"Voice {voice!r} is not installed. {error} Or use one that comes with MayaBook: {bundled}."
        ) from error
