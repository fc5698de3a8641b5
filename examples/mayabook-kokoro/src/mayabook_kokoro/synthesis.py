"""Phonemes to speech, by Kokoro on ONNX Runtime.

One thread for each run, so a take does not depend on what else is spoken at the time.
"""

import mmap
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
from numpy.typing import NDArray

from mayabook.core.errors import EngineError
from mayabook.core.take import Audio
from mayabook_kokoro.phonemes import MAX_TOKENS, token_ids

SAMPLE_RATE = 24_000
STYLE_SIZE = 256

StyleTable = NDArray[np.float32]
"""What makes a voice, shape (510, 256): row n - 1 is its style for n phonemes."""

_SEED_LOCK = threading.Lock()
"""The seed of ONNX Runtime's random operators is one for the process, and read when a session is opened."""


class Synthesizer:
    """May be used from several threads at once."""

    def __init__(self, model: Path) -> None:
        self._model = model
        self._session = self._open()
        # "tokens" or "input_ids", as the export names it
        self._tokens = next(each.name for each in self._session.get_inputs() if each.name not in ("style", "speed"))
        self._draws_noise = _draws_noise(model)

    def speak(
        self,
        phrases: Sequence[str],
        styles: StyleTable,
        speed: float,
        seed: int,
        options: "onnxruntime.RunOptions | None" = None,
    ) -> Audio:
        """The phrases, one after the other; at most MAX_TOKENS phonemes each.

        speed: 1 is the voice's own pace. seed: of the breath noise, in a graph that draws any. options: lets another
        thread end the run.
        """
        session = self._open(seed) if self._draws_noise else self._session
        parts = [np.zeros(0, np.float32)]
        for phrase in phrases:
            ids = token_ids(phrase)
            inputs = {
                self._tokens: np.pad(ids, 1)[None],
                "style": styles[len(ids) - 1][None],
                "speed": np.array([speed], np.float32),
            }
            waveform: NDArray[np.float32] = session.run(None, inputs, options)[0]
            parts.append(waveform.reshape(-1))
        return np.concatenate(parts)

    def _open(self, seed: int = 0) -> onnxruntime.InferenceSession:
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = settings.inter_op_num_threads = 1
        settings.log_severity_level = 3
        with _SEED_LOCK:
            onnxruntime.set_seed(seed)
            try:
                return onnxruntime.InferenceSession(str(self._model), settings, providers=["CPUExecutionProvider"])
            except Exception as error:  # its kinds of error have no common base
                reason = str(error).partition("\n")[0]
                raise EngineError(f"{self._model} cannot be run ({reason}); fetch it again.") from error


def load_styles(file: Path) -> StyleTable:
    """Raises EngineError where the file is not a Kokoro voice."""
    values = np.fromfile(file, np.float32)
    if values.size != MAX_TOKENS * STYLE_SIZE:
        raise EngineError(
            f"{file} is not a Kokoro voice: it has {file.stat().st_size:,} bytes, and a voice has "
            f"{4 * MAX_TOKENS * STYLE_SIZE:,}; fetch it again."
        )
    return values.reshape(MAX_TOKENS, STYLE_SIZE)


def _draws_noise(model: Path) -> bool:
    """Whether the graph has random operators; their state goes on from run to run, so each take needs a session."""
    with model.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(b"RandomNormal") >= 0 or content.find(b"RandomUniform") >= 0
