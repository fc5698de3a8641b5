"""Which step a chunk gets whose take spoke the description of its voice, or ran on: on verdicts written by hand."""

from pathlib import Path

from mayabook.core.chunk import Chunk, Pause, Sentence, Span
from mayabook.core.settings import RetrySettings
from mayabook.core.take import StopReason
from mayabook.core.verdict import AlignedWord, Finding, FindingKind, Verdict, WordMatch
from mayabook.render.ledger import RetryStep, StoredTake
from mayabook.render.retry_policy import Judged, next_task

TEXT = "They went home."
CHUNK = Chunk(0, 1, (Sentence(TEXT, Span(0, 0, len(TEXT))),), TEXT, Pause.PARAGRAPH)
LEAK = "Low pitch, gravelly timbre."


def judged(said: str, step: RetryStep = RetryStep.FIRST, stop: StopReason = StopReason.END) -> Judged:
    """A take that says TEXT, and LEAK before or after it."""
    rows, written = [], TEXT.split()
    for at, word in enumerate(said.split()):
        index = written.index(word) if word in written else None
        match = WordMatch.INSERTED if index is None else WordMatch.SAME
        rows.append(AlignedWord(match, index, "" if index is None else word, word, float(at), at + 0.5))
    leak = Finding(FindingKind.PROMPT_LEAK, "", 1.0, 0.0, 1.0, "prompt_leak")
    stopped = Finding(FindingKind.TRUNCATED, "", 1.0, detector="over_budget")
    findings = (leak, stopped) if stop == StopReason.BUDGET else (leak,)
    take = StoredTake(
        0, "key", 0, 0, {}, stop, Path("take.flac"), 48000, 24000, 0.1, "", None, False, 1.0, step, (), "here"
    )
    return take, Verdict(False, findings, said, tuple(rows), 3, 3)


def steps(*history: Judged) -> RetryStep | None:
    task = next_task(CHUNK, history, RetrySettings())
    return None if task is None else task.step


def test_a_description_before_the_text_climbs_the_ladder() -> None:
    said = f"{LEAK} {TEXT}"
    first, second = judged(said), judged(said, RetryStep.SEED)
    assert steps(first) == RetryStep.SEED
    assert steps(first, second) == RetryStep.SAFER


def test_a_description_after_the_text_is_trimmed_off() -> None:
    assert steps(judged(f"{TEXT} {LEAK}")) == RetryStep.TRIM
    assert steps(judged(f"{TEXT} {LEAK}", stop=StopReason.BUDGET)) == RetryStep.TRIM


def test_a_take_that_its_budget_ended_within_the_text_is_not_trimmed() -> None:
    assert steps(judged(f"{LEAK} They went", stop=StopReason.BUDGET)) == RetryStep.SEED
