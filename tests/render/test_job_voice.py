"""The voice of a job is measured from the same takes, in whatever order they come and however often the run stops."""

from collections.abc import Generator, Iterable
from pathlib import Path

import pytest

from mayabook.checks import Checker
from mayabook.checks.voice_reference import UNKNOWN_VOICE, VoiceReference
from mayabook.core.errors import EngineError
from mayabook.core.settings import RetrySettings
from mayabook.core.take import Audio, Take, TakeRequest
from mayabook.core.verdict import FindingKind, Verdict
from mayabook.render import Job, LocalExecutor, PlannedChunk, Renderer, renderer
from mayabook.render.job_voice import JobVoice
from tests.checks.speaking import speech
from tests.render.faulty import Faulty
from tests.render.plans import SENTENCES, plan_of

TEXTS = (
    *SENTENCES,
    "Under the seat they found a letter, addressed to the keeper of the light.",
    "In the evening the water rose, and the boat went out again.",
    "They stood on the pier until the stars came out, and talked about the summer.",
)
HURRIED = TEXTS[3]
ONCE = RetrySettings(attempts=1, patch=0, split=0)


def hurry(request: TakeRequest, audio: Audio) -> Audio:
    """One text is spoken 1.8 times as fast as the others."""
    if request.text != HURRIED:
        return audio
    return speech(request.text, speed=1.8)


class LastFirst(Faulty):
    """Speaks everything before it gives anything, and begins at the end."""

    def generate(self, requests: Iterable[TakeRequest]) -> Generator[Take, None, None]:
        yield from reversed(list(super().generate(requests)))


class Counting(Faulty):
    """Counts the takes that it is asked for at once."""

    def __init__(self) -> None:
        super().__init__(hurry)
        self.in_flight: list[int] = []

    def generate(self, requests: Iterable[TakeRequest]) -> Generator[Take, None, None]:
        taken = list(requests)
        self.in_flight.append(len(taken))
        yield from super().generate(taken)


class Broken(Faulty):
    """Breaks once, after two takes."""

    def __init__(self) -> None:
        super().__init__(hurry)
        self.broke = False

    def generate(self, requests: Iterable[TakeRequest]) -> Generator[Take, None, None]:
        for number, take in enumerate(super().generate(requests)):
            if number == 2 and not self.broke:
                self.broke = True
                raise EngineError("out of breath")
            yield take


def planned(engine: Faulty, texts: Iterable[str] = TEXTS) -> list[PlannedChunk]:
    return plan_of(engine, [[text] for text in texts])


def run(folder: Path, engine: Faulty, checker: Checker) -> tuple[str, list[Verdict]]:
    """What is known of the voice, and the verdict of each chunk's first take."""
    plan = planned(engine)
    with Job(folder / "job.mayabook") as job:
        Renderer(job, plan, LocalExecutor(engine), checker, ONCE, lambda progress: None).run()
        verdicts = [
            job.ledger.verdict(job.ledger.takes(item.key, checker.identity)[0], checker.identity) for item in plan
        ]
        voice = JobVoice(job, plan, engine, checker, never_read)
        assert voice.is_settled
        return voice.reference.to_json(), [verdict for verdict in verdicts if verdict is not None]


def never_read(_: object) -> tuple[Audio, int]:
    raise AssertionError("the ledger knows the voice")


def test_a_hurried_take_is_rejected_by_the_pace_of_the_others(tmp_path: Path, checker: Checker) -> None:
    _, verdicts = run(tmp_path, Faulty(hurry), checker)
    assert [verdict.accepted for verdict in verdicts] == [text != HURRIED for text in TEXTS]
    (finding,) = (each for each in verdicts[TEXTS.index(HURRIED)].findings if each.detector == "fast_for_voice")
    assert finding.kind == FindingKind.OFF_PACE
    assert finding.weight >= 0.5


def test_verdicts_depend_neither_on_order_nor_on_interruptions(tmp_path: Path, checker: Checker) -> None:
    expected = run(tmp_path / "plain", Faulty(hurry), checker)
    assert run(tmp_path / "reversed", LastFirst(hurry), checker) == expected
    broken = Broken()
    with pytest.raises(EngineError, match="out of breath"):
        run(tmp_path / "broken", broken, checker)
    assert run(tmp_path / "broken", broken, checker) == expected


def test_few_takes_are_in_flight_before_the_voice_is_known(
    tmp_path: Path, checker: Checker, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Counting()
    monkeypatch.setattr(renderer, "MOST_UNMEASURED", 2)
    run(tmp_path, engine, checker)
    assert max(engine.in_flight) == 2
    assert sum(engine.in_flight) == len(TEXTS)


def test_no_take_is_judged_before_the_voice_is_known(tmp_path: Path, checker: Checker) -> None:
    engine = Broken()
    with pytest.raises(EngineError):
        run(tmp_path, engine, checker)
    with Job(tmp_path / "job.mayabook") as job:
        plan = planned(engine)
        takes = [take for item in plan for take in job.ledger.takes(item.key, checker.identity)]
        assert len(takes) == 2
        assert all(take.accepted is None for take in takes)
        assert not JobVoice(job, plan, engine, checker, never_read).is_settled


def test_a_voice_that_is_much_too_fast_is_told(tmp_path: Path, checker: Checker) -> None:
    engine = Faulty(hurry)
    plan, notes = planned(engine, TEXTS[:1]), list[str]()

    def run_again(pace: float) -> None:
        with Job(tmp_path / "job.mayabook") as job:
            voice = JobVoice(job, plan, engine, checker, never_read)
            job.ledger.set_fact(voice._fact, VoiceReference(pace).to_json())
            Renderer(job, plan, LocalExecutor(engine), checker, ONCE, lambda progress: None, on_note=notes.append).run()

    run_again(0.067 / 1.16)
    assert notes == []
    run_again(0.067 / 1.4)
    assert len(notes) == 1
    assert "1.4 times as fast as narrators usually do (48 ms a phoneme, 67 ms are usual)" in notes[0]
    assert "--format Q8_0" in notes[0]


def test_a_short_plan_does_not_tell_the_voice(tmp_path: Path, checker: Checker) -> None:
    engine = Faulty(hurry)
    with Job(tmp_path / "job.mayabook") as job:
        voice = JobVoice(job, planned(engine, ["Yes.", "No.", *TEXTS[:3]]), engine, checker, never_read)
        assert not voice.is_settled
        voice.measure(with_gaps=True)
        assert voice.is_settled
        assert voice.reference == UNKNOWN_VOICE
