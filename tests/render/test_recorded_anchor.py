"""Anchors from recordings: what they are made of, and what cannot be one."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mayabook.checks import Checker
from mayabook.core.errors import EngineError
from mayabook.core.settings import MayaSettings
from mayabook.core.take import Audio
from mayabook.maya.anchor import Anchor
from mayabook.maya.codec import open_codec
from mayabook.maya.token_layout import Layout
from mayabook.render import Job, JobAnchor, LocalExecutor
from mayabook.render.recorded_anchor import recorded_anchor
from tests.checks.speaking import speech
from tests.render.test_job_anchor import LOW, MODEL, Actor

TEXT = "The woman next door saw it first from the kitchen window."
CODEC = MODEL / "codec"
RATE = 24000


def record(folder: Path, audio: Audio | None = None, name: str = "me.wav", rate: int = RATE) -> Path:
    soundfile.write(folder / name, speech(TEXT) if audio is None else audio, rate)
    return folder / name


def anchored(file: Path, checker: Checker, text: str = TEXT, codec: Path = CODEC) -> tuple[Anchor, list[str]]:
    notes: list[str] = []
    return recorded_anchor(file, text, codec, checker, notes.append), notes


def test_a_recording_is_encoded_and_its_speaker_is_asked(checker: Checker, tmp_path: Path) -> None:
    """In stereo, at another rate: the codes say the text when they are decoded."""
    stereo = np.stack([speech(TEXT)] * 2, axis=1)
    anchor, notes = anchored(record(tmp_path, stereo, "me.flac"), checker, f"  {TEXT} ")
    assert anchor.text == TEXT
    assert notes == ["The voice of me.flac is imitated: use it only if its speaker has given you the right to."]
    assert len(anchor.frames) == -(-len(speech(TEXT)) // 2048)
    codec = open_codec(CODEC, Layout.read(MODEL / "checkpoint"))
    decoded = codec.decode(anchor.frames[None], [0])[0]
    heard = " ".join(word.text for word in checker.transcribe(decoded, RATE)).lower()
    assert sum(word in heard for word in ("woman", "next", "door", "first", "kitchen", "window")) >= 4
    slower, _ = anchored(record(tmp_path, speech(TEXT), "slow.wav", rate=22050), checker)
    assert len(slower.frames) == pytest.approx(len(anchor.frames) * RATE / 22050, abs=1)


@pytest.mark.parametrize(
    ("make", "text", "said"),
    [
        (lambda: np.zeros(3 * RATE, np.float32), TEXT, r"is silent; give one of speech"),
        (lambda: np.tile(speech(TEXT), 4), TEXT, r"s long; an anchor takes 1 to 10 s: cut it at a pause"),
        (lambda: speech(TEXT)[: RATE // 2], TEXT, r"is 0\.5 s long"),
        (
            lambda: speech(TEXT),
            "They walked down to the harbour in the rain.",
            r"does not say its text .*--anchor-text",
        ),
        (lambda: speech(TEXT), " ", r"needs the text that is spoken in it; give it with --anchor-text"),
    ],
)
def test_what_cannot_be_an_anchor_is_one_line(
    make: "object", text: str, said: str, checker: Checker, tmp_path: Path
) -> None:
    file = record(tmp_path, make())  # type: ignore[operator]
    with pytest.raises(EngineError, match=said) as told:
        anchored(file, checker, text)
    assert "\n" not in str(told.value)


def test_files_that_are_no_recordings(checker: Checker, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"There is no recording .*none\.wav; --anchor takes auto, none"):
        anchored(tmp_path / "none.wav", checker)
    (tmp_path / "text.wav").write_text("not audio")
    with pytest.raises(EngineError, match=r"Cannot read the recording .*text\.wav .*give a WAV"):
        anchored(tmp_path / "text.wav", checker)


def test_without_an_encoder_it_says_what_is_missing(
    checker: Checker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = record(tmp_path)
    bare = tmp_path / "codec"
    bare.mkdir()
    shutil.copy(CODEC / "decoder.onnx", bare)
    with pytest.raises(EngineError, match=r"has no pytorch_model\.bin, so it cannot encode audio"):
        anchored(file, checker, codec=bare)
    monkeypatch.delitem(sys.modules, "mayabook.maya.codec_torch", raising=False)
    monkeypatch.setitem(sys.modules, "snac", None)
    with pytest.raises(EngineError, match=r"needs PyTorch and snac .*pip install 'mayabook\[transformers\]'"):
        anchored(file, checker)


def test_a_job_keeps_the_recordings_voice(checker: Checker, tmp_path: Path) -> None:
    """Also where the recording is gone; another recording, or another text of it, is another anchor."""
    actor, file = Actor(LOW), record(tmp_path)

    def settle(**values: str) -> str:
        settings = MayaSettings(voice=LOW, anchor=str(file), **values)
        with Job(tmp_path / "one.mayabook") as job:
            anchor = JobAnchor(job, lambda note: None)
            anchor.settle(LocalExecutor(actor), settings, str(MODEL), checker, has_begun=True)
        return actor.identity

    first = settle(anchor_text=TEXT)
    assert not actor.spoken
    assert settle(anchor_text=TEXT.replace("saw it", "saw it,")) != first
    assert settle(anchor_text=TEXT) == first
    file.unlink()
    assert settle(anchor_text=TEXT) == first
