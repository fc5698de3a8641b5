"""A job's anchor: chosen by the checks and the description, kept with the job, saved for the next book."""

import shutil
from collections.abc import Callable, Generator, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mayabook.checks import Checker
from mayabook.core.audio_files import read_flac
from mayabook.core.errors import EngineError, JobError
from mayabook.core.resampling import resample
from mayabook.core.settings import MayaSettings, Settings
from mayabook.core.take import Audio, Codes, Sampling, StopReason, Take, TakeRequest
from mayabook.maya import voices
from mayabook.maya.anchor import Anchor, read_anchored_voice
from mayabook.maya.codec import open_codec
from mayabook.maya.token_layout import Layout
from mayabook.render import Job, JobAnchor, LocalExecutor, voice_of_job, with_kept_voice
from mayabook.render.anchor_choice import ANCHOR_TEXT, N_CANDIDATES
from tests.checks.speaking import speech
from tests.render.faulty import OTHER

MODEL = Path(__file__).parents[2] / "training" / "maya1_tiny" / "weights" / "maya1-tiny"
SLOW_AND_LOW, FAST_AND_HIGH = 3, 5
"""Numbers of candidates that are spoken that way."""
SHIFTS = {SLOW_AND_LOW: 0.87, FAST_AND_HIGH: 1.15}
LOW, HIGH = "Female voice, low pitch, slow pacing.", "Female voice, high pitch, brisk pacing."


Cast = Callable[[int, Audio], Audio]
"""Number of a candidate, and the narrator's audio, to the candidate's."""


def cast(attempt: int, audio: Audio) -> Audio:
    """Most candidates are the narrator, two are shifted in pitch and pace, and two are unfit."""
    if attempt == 0:
        return audio * 0
    if attempt == 1:
        return speech(OTHER)
    shifted: Audio = resample(audio, 24000, round(24000 / SHIFTS.get(attempt, 1.0)))
    return shifted


def silent(attempt: int, audio: Audio) -> Audio:
    return audio * 0


class Actor:
    """Fulfils `Anchored`: the narrator's speech, with codes that tell attempts apart."""

    name, credit, platform, sample_rate = "actor", "actor", "here", 24000

    def __init__(self, description: str = LOW, cast: Cast = cast) -> None:
        self.voice, self._cast = description, cast
        self.codec = open_codec(MODEL / "codec", Layout.read(MODEL / "checkpoint"))
        self.spoken: list[TakeRequest] = []
        self.use_anchor(None)

    def use_anchor(self, anchor: Anchor | None) -> None:
        self.anchor = anchor
        self.identity = f"actor {anchor and anchor.digest}"

    def generate(self, requests: Iterable[TakeRequest]) -> Generator[Take, None, None]:
        for request in requests:
            self.spoken.append(request)
            frames = codes_of(request.attempt)
            codes = Codes(frames, *(np.zeros(frames.size + 1, np.float16) for _ in range(4)))
            audio = self._cast(request.attempt, speech(request.text))
            yield Take(request, audio, self.sample_rate, StopReason.END, 1.0, codes)

    def sampling(self, attempt: int) -> Sampling:
        return {}

    def unsupported_reason(self, text: str) -> str | None:
        return None

    def close(self) -> None: ...


def codes_of(attempt: int) -> np.ndarray:
    return np.random.default_rng(attempt).integers(0, 512, (20, 7)).astype(np.int32)


@pytest.fixture(autouse=True)
def _own_voices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAYABOOK_VOICES", str(tmp_path / "voices"))


def settle(folder: Path, actor: Actor, checker: Checker, *, has_begun: bool = False, **values: str) -> list[str]:
    """Settles the anchor of the job in that folder; returns the notes."""
    notes: list[str] = []
    settings = MayaSettings(**{"voice": actor.voice, **values})
    with Job(folder) as job:
        JobAnchor(job, notes.append).settle(LocalExecutor(actor), settings, str(MODEL), checker, has_begun=has_begun)
    return notes


@pytest.fixture(scope="module")
def begun(checker: Checker, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A job whose anchor is chosen, and the notes; not to be changed."""
    folder = tmp_path_factory.mktemp("begun") / "one.mayabook"
    return folder, settle(folder, Actor(), checker)


@pytest.fixture
def job(begun: tuple[Path, list[str]], tmp_path: Path) -> Path:
    """A copy of that job, on another machine, as it were."""
    return Path(shutil.copytree(begun[0], tmp_path / "moved.mayabook"))


def test_the_accepted_take_that_is_most_like_the_description(
    begun: tuple[Path, list[str]], checker: Checker, tmp_path: Path
) -> None:
    folder, notes = begun
    assert [note.split("(")[0] for note in notes[:2]] == ["Voice 1 of 8: rejected ", "Voice 2 of 8: rejected "]
    assert notes[0] == "Voice 1 of 8: rejected (silent)."
    assert notes[-1] == f"Voice {SLOW_AND_LOW + 1} reads the book."
    kept = read_anchored_voice(folder / "anchor.json")
    assert (kept.description, kept.anchor.text) == (LOW, ANCHOR_TEXT)
    np.testing.assert_array_equal(kept.anchor.frames, codes_of(SLOW_AND_LOW))
    other = Actor(HIGH)
    assert settle(tmp_path / "two.mayabook", other, checker)[-1] == f"Voice {FAST_AND_HIGH + 1} reads the book."
    assert other.anchor is not None
    np.testing.assert_array_equal(other.anchor.frames, codes_of(FAST_AND_HIGH))
    assert len(other.spoken) == N_CANDIDATES


def test_a_job_goes_on_with_its_anchor(job: Path, checker: Checker) -> None:
    actor = Actor()
    assert settle(job, actor, checker, has_begun=True) == []
    assert actor.anchor is not None
    assert actor.anchor.digest == read_anchored_voice(job / "anchor.json").anchor.digest
    audio, rate = read_flac(job / "anchor.flac")
    assert (len(audio), rate) == (20 * 2048, 24000)
    settle(job, actor, checker, has_begun=True, anchor="none")
    assert actor.anchor is None
    assert not actor.spoken
    other = Actor(HIGH, silent)  # another voice needs another anchor
    settle(job, other, checker, has_begun=True)
    assert len(other.spoken) == N_CANDIDATES


def test_an_anchor_that_is_damaged_or_gone(job: Path, checker: Checker) -> None:
    (job / "anchor.json").write_text('{"codes": []}')
    with pytest.raises(EngineError, match=r"anchor\.json is damaged or holds no voice"):
        settle(job, Actor(), checker, has_begun=True)
    (job / "anchor.json").unlink()
    actor = Actor(cast=silent)
    settle(job, actor, checker, has_begun=True)
    assert len(actor.spoken) == N_CANDIDATES


def test_a_job_that_began_without_an_anchor_goes_on_so(checker: Checker, tmp_path: Path) -> None:
    actor = Actor()
    assert settle(tmp_path / "old.mayabook", actor, checker, has_begun=True) == []
    assert (actor.anchor, actor.spoken) == (None, [])
    with pytest.raises(JobError, match=r"without an anchor.*--anchor auto"):
        voice_of_job(Job(tmp_path / "old.mayabook"))


def test_where_no_voice_is_fit_the_book_is_read_without_and_none_is_asked_again(
    checker: Checker, tmp_path: Path
) -> None:
    actor = Actor(cast=silent)
    notes = settle(tmp_path / "noise.mayabook", actor, checker)
    assert "The checks accepted none of these voices" in notes[-1]
    assert actor.anchor is None
    assert settle(tmp_path / "noise.mayabook", actor, checker, has_begun=True) == []
    assert len(actor.spoken) == N_CANDIDATES


def test_a_saved_voice_reads_the_next_book_and_goes_with_its_job(job: Path, checker: Checker, tmp_path: Path) -> None:
    voices.save("marian", voice_of_job(Job(job)))
    assert voices.describe("marian") == LOW
    with pytest.raises(EngineError, match=r"There is a voice 'marian' already; replace it with --force"):
        voices.save("marian", voice_of_job(Job(job)))
    for name in ("storyteller", "../marian", ""):
        with pytest.raises(EngineError, match=r"choose another name|not a valid voice name"):
            voices.save(name, voice_of_job(Job(job)))
    second = Actor(voices.describe("marian"))
    assert settle(tmp_path / "two.mayabook", second, checker, voice="marian") == []
    assert second.anchor is not None
    assert second.anchor.digest == read_anchored_voice(job / "anchor.json").anchor.digest

    shutil.rmtree(tmp_path / "voices")
    with pytest.raises(EngineError, match="Unknown voice 'marian'"):
        voices.describe("marian")
    kept = with_kept_voice(Settings(maya=MayaSettings(voice="marian")), Job(tmp_path / "two.mayabook"))
    assert kept.maya.voice == LOW
    third = Actor(kept.maya.voice)
    settle(tmp_path / "two.mayabook", third, checker, has_begun=True, voice=kept.maya.voice)
    assert third.identity == second.identity
    assert not second.spoken + third.spoken


def test_a_saved_voice_of_another_codec_is_one_line(job: Path, checker: Checker, tmp_path: Path) -> None:
    voices.save("marian", replace(voice_of_job(Job(job)), codec="snac 0123456789abcdef"))
    actor = Actor()
    with pytest.raises(EngineError, match=r"with another codec \(snac 0123456789abcdef\).*--anchor none") as told:
        settle(tmp_path / "two.mayabook", actor, checker, voice="marian")
    assert "\n" not in str(told.value)
    settle(tmp_path / "two.mayabook", actor, checker, voice="marian", anchor="none")
    assert actor.anchor is None


def test_a_fallback_engine_reads_with_the_same_voice(job: Path, checker: Checker) -> None:
    first, fallback, other = Actor(), Actor(), Actor(HIGH)
    with Job(job) as opened:
        anchor = JobAnchor(opened, lambda note: None)
        anchor.settle(LocalExecutor(first), MayaSettings(voice=LOW), str(MODEL), checker, has_begun=True)
        anchor.lend(fallback)
        anchor.lend(other)
    assert fallback.identity == first.identity
    assert other.anchor is None
