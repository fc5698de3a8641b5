"""Recordings that another tool may have made, from real speech: introductions, folders, formats, and what is none."""

import json
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from mayabook.book import read_book
from mayabook.checks.thresholds import load_thresholds
from mayabook.cli import app
from mayabook.core.errors import AudioError, BookError, SettingsError
from mayabook.core.take import Audio
from mayabook.master.encoder import Labels, encode
from mayabook.verify import DefectKind, Recording, Verification, verify_audiobook
from mayabook.verify.recording import SAMPLE_RATE, natural
from mayabook.verify.recording_transcript import _cut_windows
from tests.checks.speaking import RATE, silence, speech

PARAGRAPHS = [
    "The boat came in at dawn, with nobody aboard. Anna saw it first, from the kitchen window.",
    "Eleanor Featherstonehaugh walked down to the water, and tied it to the old stone pier.",
    "Under the seat she found a letter, dated March 3rd, 1897. It had never been opened.",
    "She turned it over twice, and then she put it back where it had been.",
]
INTRODUCTION = "This is a recording for the public domain. Read by a volunteer."
CREDITS = "End of the story. Thank you for listening."


def spoken(texts: Sequence[str]) -> Audio:
    pieces = [piece for text in texts for piece in (speech(text), silence(0.6))]
    return np.concatenate(pieces)


def verified(recording: Path, tmp_path: Path, paragraphs: Sequence[str] = PARAGRAPHS) -> Verification:
    text = tmp_path / "story.txt"
    text.write_text("\n\n".join(paragraphs), encoding="utf-8")
    return verify_audiobook(recording, read_book(text))


def write(file: Path, audio: Audio) -> Path:
    if file.suffix in (".wav", ".flac"):
        soundfile.write(file, audio, RATE)
    else:
        encode(file, [audio], RATE, 64, Labels({}, "eng", (), None))
    return file


@pytest.mark.parametrize("suffix", [".mp3", ".opus", ".wav", ".m4b"])
def test_every_format_is_heard_and_a_name_spelt_otherwise_is_no_defect(suffix: str, tmp_path: Path) -> None:
    found = verified(write(tmp_path / f"story{suffix}", spoken(PARAGRAPHS)), tmp_path)
    assert found.defects == ()
    assert found.duration == pytest.approx(len(spoken(PARAGRAPHS)) / RATE, abs=0.2)


def test_an_introduction_and_credits_are_told_apart_from_the_text(tmp_path: Path) -> None:
    audio = spoken([INTRODUCTION, *PARAGRAPHS, CREDITS])
    found = verified(write(tmp_path / "story.wav", audio), tmp_path)
    assert found.defects == ()
    assert found.intro is not None
    assert "public domain" in found.intro[0]
    assert found.intro[2] == pytest.approx(len(speech(INTRODUCTION)) / RATE, abs=1)
    assert found.outro is not None
    assert "listening" in found.outro[0]


def test_speech_between_the_sentences_is_extra(tmp_path: Path) -> None:
    audio = spoken([*PARAGRAPHS[:2], "Please remember to subscribe to our channel for more.", *PARAGRAPHS[2:]])
    found = verified(write(tmp_path / "story.wav", audio), tmp_path)
    [extra] = found.defects
    assert extra.kind == DefectKind.EXTRA
    assert extra.start == pytest.approx(len(spoken(PARAGRAPHS[:2])) / RATE, abs=0.7)


def test_a_stutter_of_which_the_recogniser_hears_nothing_is_doubled(tmp_path: Path) -> None:
    texts = [*PARAGRAPHS[:2], "I had not known that people could be so angry about four minutes.", *PARAGRAPHS[2:]]
    sentence = speech(texts[2])
    start, end = round(1.49 * RATE), round(1.69 * RATE)  # in "people"
    stuttered = np.concatenate([sentence[:end], *[sentence[start:end]] * 4, sentence[end:]])
    audio = np.concatenate([spoken(texts[:2]), stuttered, silence(0.6), spoken(texts[3:])])
    found = verified(write(tmp_path / "story.flac", audio), tmp_path, texts)
    [stutter] = found.defects
    assert stutter.kind == DefectKind.DOUBLED
    assert stutter.start == pytest.approx(len(spoken(texts[:2])) / RATE + 1.49, abs=0.3)
    assert verified(write(tmp_path / "sound.flac", spoken(texts)), tmp_path, texts).defects == ()


def test_a_paragraph_in_the_wrong_place_is_misplaced(tmp_path: Path) -> None:
    audio = spoken([PARAGRAPHS[0], PARAGRAPHS[2], PARAGRAPHS[3], PARAGRAPHS[1]])
    found = verified(write(tmp_path / "story.wav", audio), tmp_path)
    assert DefectKind.MISPLACED in {defect.kind for defect in found.defects}
    assert [sentence.text for sentence in found.sentences if not sentence.is_correct] == [PARAGRAPHS[1]]


def test_a_folder_is_heard_in_natural_order_and_a_file_that_is_missing_is_named_by_its_words(tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    folder.mkdir()
    for number, text in zip((1, 2, 9, 10), PARAGRAPHS, strict=True):
        write(folder / f"part {number}.mp3", spoken([text]))
    (folder / "cover.jpg").write_bytes(b"no sound")
    assert [file.stem for file in Recording(folder).files] == ["part 1", "part 2", "part 9", "part 10"]
    assert verified(folder, tmp_path).defects == ()
    (folder / "part 9.mp3").unlink()
    [gap] = verified(folder, tmp_path).defects
    assert gap.kind == DefectKind.MISSING
    assert "letter" in gap.text
    assert gap.position.file.name in ("part 2.mp3", "part 10.mp3")


def test_what_is_no_recording_of_the_text_is_refused_in_one_line(tmp_path: Path) -> None:
    nothing = tmp_path / "nothing.wav"
    soundfile.write(nothing, np.zeros(5 * RATE, np.float32), RATE)
    with pytest.raises(AudioError, match="No speech was recognised"):
        verified(nothing, tmp_path)
    other = write(tmp_path / "other.wav", spoken(PARAGRAPHS[:2]))
    stranger = "Quarterly revenue rose by nine percent, driven by strong demand for copper pipes in northern markets."
    with pytest.raises(AudioError, match="does not match the text"):
        verified(other, tmp_path, [stranger])
    (tmp_path / "words.mp3").write_text("this is not sound")
    with pytest.raises(AudioError, match="is not a readable audio file"):
        Recording(tmp_path / "words.mp3")
    (tmp_path / "empty").mkdir()
    with pytest.raises(AudioError, match="no audio files"):
        Recording(tmp_path / "empty")
    with pytest.raises(AudioError, match="no file"):
        Recording(tmp_path / "absent.m4b")
    with pytest.raises(BookError, match="no words"):
        verified(other, tmp_path, ["— * —"])


def test_a_locked_file_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "bought.aax").write_bytes(b"\0\0\0\x1cftypaax ")
    with pytest.raises(AudioError, match="protected by DRM"):
        Recording(tmp_path / "bought.aax")
    plain = write(tmp_path / "plain.m4b", speech(PARAGRAPHS[0])).read_bytes()
    locked = tmp_path / "locked.m4b"
    locked.write_bytes(plain.replace(b"mp4a", b"drms"))
    with pytest.raises(AudioError, match="protected by DRM"):
        Recording(locked)


def test_names_sort_as_people_count() -> None:
    names = ["Disc 10/1.mp3", "Disc 2/10.mp3", "Disc 2/9.mp3", "disc 1/3.mp3"]
    assert sorted(names, key=natural) == ["disc 1/3.mp3", "Disc 2/9.mp3", "Disc 2/10.mp3", "Disc 10/1.mp3"]


def test_memory_does_not_grow_with_the_recording(tmp_path: Path) -> None:
    """Half an hour is decoded and cut into windows in less memory than two minutes of it take."""
    long = tmp_path / "long.flac"
    with soundfile.SoundFile(long, "w", RATE, 1) as file:
        for _ in range(30):
            file.write(np.random.default_rng(0).normal(0, 0.05, 60 * RATE).astype(np.float32))
    tracemalloc.start()
    seconds = sum(len(window) for window in _cut_windows(Recording(long).blocks(), load_thresholds())) / SAMPLE_RATE
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert seconds == pytest.approx(1800, abs=1)
    assert peak < 120 * SAMPLE_RATE * 4


def test_the_command_says_what_it_found_and_exits_by_it(tmp_path: Path) -> None:
    text = tmp_path / "story.txt"
    text.write_text("\n\n".join(PARAGRAPHS), encoding="utf-8")
    whole = write(tmp_path / "whole.mp3", spoken(PARAGRAPHS))
    short = write(tmp_path / "short.mp3", spoken([*PARAGRAPHS[:2], PARAGRAPHS[3]]))
    run = CliRunner()
    clean = run.invoke(app, ["verify", str(whole), "--text", str(text)])
    assert (clean.exit_code, "no defects" in clean.output) == (0, True)
    found = run.invoke(app, ["verify", str(short), "--text", str(text)])
    assert found.exit_code == 3
    assert "missing: " in found.output
    assert "0:00:1" in found.output
    facts = json.loads(run.invoke(app, ["verify", str(short), "--text", str(text), "--json"]).output)
    assert [defect["kind"] for defect in facts["defects"]] == ["missing"]
    assert facts["clean"] is False
    assert facts["correct"] == len(facts["sentences"]) - 2
    for wrong in ([], ["--text", str(text), "--epub", str(text)], ["--text", str(text), "--book", str(text)]):
        assert isinstance(run.invoke(app, ["verify", str(whole), *wrong]).exception, SettingsError)
