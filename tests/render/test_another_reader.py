"""A chunk in another voice than the others is spoken again."""

from pathlib import Path

from mayabook.checks import Checker
from mayabook.core.resampling import resample
from mayabook.core.settings import RetrySettings
from mayabook.core.take import Audio, TakeRequest
from mayabook.core.verdict import FindingKind
from mayabook.engines.narrator import Narrator
from mayabook.render import Job, LocalExecutor, Renderer
from mayabook.render.ledger import RetryStep
from tests.render.faulty import Faulty
from tests.render.plans import SENTENCES, plan_of
from tests.test_human_speech import LEISURE, RATE, recording

TEXTS = (
    *SENTENCES,
    "Under the seat they found a letter, addressed to the keeper of the light.",
    "They stood on the pier until the stars came out, and talked about the summer.",
)


def by_another_reader_first(request: TakeRequest, audio: Audio) -> Audio:
    """The first take of one text is by another reader."""
    if request.text != TEXTS[2] or request.attempt:
        return audio
    return resample(recording(LEISURE), RATE, Narrator.sample_rate)


def test_a_chunk_in_another_voice_is_spoken_again(tmp_path: Path, checker: Checker) -> None:
    engine = Faulty(by_another_reader_first)
    plan = plan_of(engine, [[text] for text in TEXTS])
    with Job(tmp_path / "job.mayabook") as job:
        Renderer(
            job, plan, LocalExecutor(engine), checker, RetrySettings(attempts=2, patch=0), lambda progress: None
        ).run()
        first, second = job.ledger.takes(plan[2].key, checker.identity)
        verdict = job.ledger.verdict(first, checker.identity)
        assert FindingKind.OTHER_VOICE in [each.kind for each in verdict.findings if each.weight >= 0.5]
        assert (second.step, second.accepted) == (RetryStep.SEED, True)
        others = [job.ledger.takes(item.key, checker.identity) for item in plan if item.key != plan[2].key]
        assert all([take.accepted for take in takes] == [True] for takes in others)
