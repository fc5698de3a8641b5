"""A human reader: the recogniser understands the recordings, and the checks find in them what they find in the narrator.

recordings/README.md says who reads and where the recordings come from.
"""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from mayabook.checks import Checker
from mayabook.checks.scoring import REJECTION_WEIGHT
from mayabook.core.take import Audio, StopReason, Take, TakeRequest
from mayabook.core.verdict import Verdict
from mayabook.verify import verify_audiobook
from tests.checks.speaking import chunk_of

RATE = 16000
FOLDER = Path(__file__).parent / "recordings"
LEISURE = (
    "And Mr. John Dashwood had then leisure to consider how much there might be prudently in his power to do for them."
)
YOUNG_MAN = "He was not an ill-disposed young man."
SELFISH = "Unless to be rather cold hearted and rather selfish is to be ill-disposed."
RESPECTABLE = "Had he married a more amiable woman, he might have been made still more respectable than he was."
AMIABLE = "He might even have been made amiable himself."
RECORDINGS = {LEISURE: "0870", YOUNG_MAN: "0880", SELFISH: "0890", RESPECTABLE: "0920", AMIABLE: "0930"}
"""What is said -> the number in the name of its file."""


def recording(text: str) -> Audio:
    audio, sample_rate = soundfile.read(FOLDER / f"sense-and-sensibility-{RECORDINGS[text]}.flac", dtype="float32")
    assert sample_rate == RATE
    return np.asarray(audio, np.float32)


def judge(checker: Checker, audio: Audio, text: str) -> Verdict:
    return checker.check(Take(TakeRequest(text, "", "", 0), audio, RATE, StopReason.END, 0.1), chunk_of(text))


def rejecting(verdict: Verdict) -> set[str]:
    """The detectors that reject the take."""
    return {finding.detector for finding in verdict.findings if finding.weight >= REJECTION_WEIGHT}


def test_a_human_reader_is_understood(checker: Checker) -> None:
    verdicts = [judge(checker, recording(text), text) for text in RECORDINGS]
    errors, n_words = sum(verdict.errors for verdict in verdicts), sum(verdict.n_words for verdict in verdicts)
    assert n_words == 70
    assert errors <= 4, [verdict.transcript for verdict in verdicts]  # "ill-disposed", twice


@pytest.mark.parametrize("text", RECORDINGS)
def test_nothing_is_wrong_with_a_human_reading_but_the_noise_of_the_room(checker: Checker, text: str) -> None:
    """The noise threshold is fitted on takes with pauses and without a room; docs/quality.md tells more. In the recording
    AMIABLE the noise also counts as voice after the last word."""
    known = {"noise", "tail"} if text == AMIABLE else {"noise"}
    assert rejecting(judge(checker, recording(text), text)) <= known


@pytest.mark.parametrize(
    ("written", "detector"),
    [
        (LEISURE, "garbled"),
        (RESPECTABLE.replace("more amiable ", ""), "inserted"),
        (RESPECTABLE.replace("respectable", "reasonable"), "garbled"),
        (f"{RESPECTABLE} {AMIABLE}", "truncated"),
    ],
)
def test_a_human_reader_who_says_something_else_is_caught(checker: Checker, written: str, detector: str) -> None:
    assert detector in rejecting(judge(checker, recording(RESPECTABLE), written))


def test_defects_of_the_audio_are_found_in_a_human_voice(checker: Checker) -> None:
    audio = recording(RESPECTABLE)
    spoilt = {
        "truncated": audio[: 4 * RATE],
        "loop": np.concatenate([audio, audio]),
        "tail": np.concatenate([audio, recording(SELFISH)]),
        "clipped": np.clip(audio * 20, -1, 1),
        "silent": np.zeros_like(audio),
    }
    for detector, take in spoilt.items():
        assert detector in rejecting(judge(checker, take, RESPECTABLE)), detector


def test_an_audiobook_by_a_human_reader_verifies_without_a_defect(tmp_path: Path) -> None:
    pause = np.zeros(round(0.6 * RATE), np.float32)
    pieces = [piece for text in RECORDINGS for piece in (recording(text), pause)]
    soundfile.write(tmp_path / "austen.flac", np.concatenate(pieces), RATE)
    (tmp_path / "austen.txt").write_text("\n\n".join(RECORDINGS))
    found = verify_audiobook(tmp_path / "austen.flac", tmp_path / "austen.txt")
    assert found.defects == ()
