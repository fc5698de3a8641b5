"""The voices of the corpus besides the narrator, of two further makes: Kokoro and Flite.

docs/provenance.md says where each comes from; `make quality` needs them all.
"""

import re
import shutil
import subprocess
import tempfile
import tomllib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
import soundfile

from bench.defects.spoil import RATE, Speak
from mayabook.core.errors import MayaBookError
from mayabook.core.files import atomic_write
from mayabook.core.resampling import resample
from mayabook.core.take import Audio

KOKORO = Path(__file__).parents[2] / "build" / "kokoro"
_PLAIN = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "—": ", ", "–": "-", "…": "..."})
_SPELLED_BY_FLITE = {"pshaw": "shaw", "mm": "um", "hm": "hum"}
"""Words that Flite would spell letter by letter -> words that sound like them."""


class VoiceError(MayaBookError):
    """A voice of the corpus is not installed."""


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice of voices.toml."""

    name: str
    """Name by which its make knows it."""
    make: str
    """kokoro or flite."""
    split: str
    """fit, validation or test."""
    speed: float
    """Its pace in the corpus, as a multiple of its own."""


@cache
def voices() -> Mapping[str, Voice]:
    """All of them, by name."""
    listed = tomllib.loads(files(__package__).joinpath("voices.toml").read_text(encoding="utf-8"))["voice"]
    return {each["name"]: Voice(**each) for each in listed}


def speaker(voice: Voice, work: Path) -> Speak:
    """Speaks text at a multiple of the voice's pace in the corpus. What was spoken is kept in WORK/speech."""

    def speak(text: str, pace: float) -> Audio:
        spoken = " ".join(text.split())
        speed = voice.speed * pace
        file = work / "speech" / f"{voice.name}-{speed:.4f}-{zlib.crc32(spoken.encode()):08x}.npy"
        if not file.is_file():
            audio = _MAKES[voice.make](voice.name, spoken, speed)
            with atomic_write(file, shared=True) as temporary, temporary.open("wb") as out:
                np.save(out, audio)
        kept: Audio = np.load(file)
        return kept

    return speak


def _kokoro(name: str, text: str, speed: float) -> Audio:
    from mayabook_kokoro.phonemes import Phonemizer
    from mayabook_kokoro.synthesis import load_styles
    from mayabook_kokoro.voices import is_british

    styles = load_styles(KOKORO / "voices" / f"{name}.bin")
    phrases = Phonemizer(british=is_british(name))(text)
    audio: Audio = _synthesizer().speak(phrases, styles, speed, zlib.crc32(text.encode()))
    return audio


@cache
def _synthesizer():  # type: ignore[no-untyped-def]
    from mayabook_kokoro.synthesis import Synthesizer

    if not KOKORO.is_dir():
        raise VoiceError("Kokoro's files are not here; run: make build/kokoro")
    return Synthesizer(KOKORO / "onnx" / "model_quantized.onnx")


def _flite(name: str, text: str, speed: float) -> Audio:
    program = shutil.which("flite")
    if program is None:
        raise VoiceError("Flite is not installed; run: apt-get install flite")
    plain = re.sub(r"[^\x20-\x7e]", "", text.translate(_PLAIN))
    plain = re.sub(r"\w+", lambda word: _SPELLED_BY_FLITE.get(word[0].lower(), word[0]), plain)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "speech.wav"
        command = [program, "-voice", name, "--setf", f"duration_stretch={1 / speed}", "-t", plain, "-o", str(file)]
        subprocess.run(command, check=True, capture_output=True)
        audio, sample_rate = soundfile.read(file, dtype="float32")
    return resample(audio, sample_rate, RATE)


_MAKES = {"kokoro": _kokoro, "flite": _flite}
