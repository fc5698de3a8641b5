"""Makes an anchor from a recording: ASR checks that it says its text, and the model's codec encodes it."""

from collections.abc import Callable
from pathlib import Path

import soundfile

from mayabook.checks import Checker
from mayabook.checks.scoring import REJECTION_WEIGHT
from mayabook.core.audio_files import read_flac
from mayabook.core.errors import EngineError, ModelError
from mayabook.core.resampling import resample
from mayabook.core.take import Audio, StopReason, Take, TakeRequest
from mayabook.core.verdict import FindingKind
from mayabook.maya.anchor import Anchor
from mayabook.maya.codec import encode_audio
from mayabook.maya.token_layout import SAMPLE_RATE
from mayabook.render.anchor_choice import anchor_chunk

MIN_SECONDS, MAX_SECONDS = 1.0, 10.0
"""Length of a recording: a shorter one says too little of the voice, a longer one costs prefill in every take."""
_OF_WORDS = {
    FindingKind.OMITTED,
    FindingKind.TRUNCATED,
    FindingKind.GARBLED,
    FindingKind.INSERTED,
    FindingKind.MISREAD,
    FindingKind.TAIL,
}


def recorded_anchor(file: Path, text: str, codec: Path | None, checker: Checker, note: Callable[[str], None]) -> Anchor:
    """Makes an anchor from a recording.

    text: what it says. codec: folder of the model's codec. note: takes lines for a person. Raises EngineError if the
    recording cannot be used.
    """
    audio = _read(file)
    text = " ".join(text.split())
    if not text:
        raise EngineError(f"--anchor {file} needs the text that is spoken in it; give it with --anchor-text.")
    seconds = len(audio) / SAMPLE_RATE
    if not MIN_SECONDS <= seconds <= MAX_SECONDS:
        raise EngineError(
            f"The recording {file} is {seconds:.1f} s long; an anchor takes {MIN_SECONDS:.0f} to {MAX_SECONDS:.0f} s: "
            "cut it at a pause."
        )
    _check(file, audio, text, checker, note)
    if codec is None:
        raise ModelError("This model has no codec to encode a recording with; pull or import it again.")
    note(f"The voice of {file.name} is imitated: use it only if its speaker has given you the right to.")
    return Anchor(text, encode_audio(codec, audio))


def _read(file: Path) -> Audio:
    """Mono samples at 24 kHz."""
    if not file.is_file():
        raise EngineError(f"There is no recording {file}; --anchor takes auto, none, or an audio file.")
    try:
        audio, sample_rate = read_flac(file)
    except soundfile.LibsndfileError as error:
        raise EngineError(f"Cannot read the recording {file} ({error}); give a WAV, FLAC, OGG or MP3 file.") from error
    mono = audio if audio.ndim == 1 else audio.mean(axis=1)
    return resample(mono, sample_rate, SAMPLE_RATE)


def _check(file: Path, audio: Audio, text: str, checker: Checker, note: Callable[[str], None]) -> None:
    take = Take(TakeRequest("anchor", text, "", 0), audio, SAMPLE_RATE, StopReason.END, 0.0)
    verdict = checker.check(take, anchor_chunk(text))
    found = [finding for finding in verdict.findings if finding.weight >= REJECTION_WEIGHT]
    if any(finding.kind == FindingKind.SILENT for finding in found) and not verdict.transcript:
        raise EngineError(f"The recording {file} is silent; give one of speech.")
    wrong = next((finding for finding in found if finding.kind in _OF_WORDS), None)
    if wrong is not None:
        raise EngineError(
            f"The recording {file} does not say its text ({wrong.evidence}; heard: {verdict.transcript!r}); "
            "correct --anchor-text, word for word."
        )
    for finding in found:
        note(f"The recording {file.name} has a defect that the takes may inherit: {finding.kind}, {finding.evidence}.")
