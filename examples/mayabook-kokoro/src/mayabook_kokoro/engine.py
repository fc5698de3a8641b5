"""Speaks takes with Kokoro, in threads: one take for each core."""

import os
import time
from collections.abc import Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from importlib.metadata import version

import onnxruntime  # type: ignore[import-untyped]

from mayabook.core.errors import EngineError
from mayabook.core.fingerprint import fingerprint
from mayabook.core.take import Sampling, StopReason, Take, TakeRequest
from mayabook.engines.language import foreign_script
from mayabook_kokoro.files import find_files
from mayabook_kokoro.phonemes import Phonemizer
from mayabook_kokoro.settings import KokoroSettings
from mayabook_kokoro.synthesis import SAMPLE_RATE, Synthesizer, load_styles
from mayabook_kokoro.voices import is_british

RETRY_PACE = (1.0, 0.95, 0.9)
"""Pace of the first, second and later attempts: the same text at the same pace gives the same take."""


class KokoroEngine:
    name = "kokoro"
    sample_rate = SAMPLE_RATE

    def __init__(self, settings: KokoroSettings) -> None:
        files = find_files(settings.model, settings.onnx_file, settings.voice)
        self.voice = self.fixed_speaker = settings.voice
        self.credit = f"{settings.voice} (Kokoro-82M)"
        self.identity = f"kokoro {fingerprint([files.onnx, files.voice])} hibari-tts {version('hibari-tts')}"
        self.platform = f"onnxruntime {onnxruntime.__version__}"
        self._speed = settings.speed
        self._n_threads = settings.workers or os.cpu_count() or 1
        self._styles = load_styles(files.voice)
        self._phonemizer = Phonemizer(british=is_british(settings.voice))
        self._synthesizer = Synthesizer(files.onnx)

    def generate(self, requests: Iterable[TakeRequest]) -> Generator[Take, None, None]:
        waiting = iter(requests)
        running: set[Future[Take]] = set()
        options = onnxruntime.RunOptions()
        with ThreadPoolExecutor(self._n_threads) as pool:
            try:
                while True:
                    while len(running) < self._n_threads and (request := next(waiting, None)) is not None:
                        if request.voice != self.voice:
                            raise EngineError(
                                f"This Kokoro speaks as {self.voice!r}, not {request.voice!r}; start another."
                            )
                        phrases = self._phonemizer(request.text)
                        running.add(pool.submit(self._speak, request, phrases, options))
                    if not running:
                        return
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    for take in done:
                        yield take.result()
            finally:
                options.terminate = True  # ends the runs that nobody awaits within their next operator

    def _speak(self, request: TakeRequest, phrases: list[str], options: onnxruntime.RunOptions) -> Take:
        started = time.perf_counter()
        speed = float(request.sampling["speed"])
        try:
            audio = self._synthesizer.speak(phrases, self._styles, speed, request.seed, options)
        except Exception as error:  # ONNX Runtime's kinds of error have no common base
            reason = str(error).partition("\n")[0]
            raise EngineError(
                f"Kokoro failed on {request.text[:200]!r} ({reason}); "
                "run the same command again; if it fails again, leave this text out."
            ) from error
        return Take(request, audio, SAMPLE_RATE, StopReason.END, time.perf_counter() - started)

    def sampling(self, attempt: int) -> Sampling:
        return {"speed": round(self._speed * RETRY_PACE[min(attempt, len(RETRY_PACE) - 1)], 4)}

    def unsupported_reason(self, text: str) -> str | None:
        return foreign_script(text, "Kokoro")

    def close(self) -> None:
        """Nothing to end: the threads live as long as `generate` runs."""
