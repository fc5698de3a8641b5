"""Every step of the retry policy repairs real takes of the real narrator, checked by the real checks."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

from mayabook.checks import Checker
from mayabook.checks.signal_checks import FRAME_SECONDS, voiced_frames
from mayabook.core.audio_files import read_flac
from mayabook.core.platform_info import processor
from mayabook.core.settings import CheckSettings, RetrySettings
from mayabook.core.take import Audio, StopReason, TakeRequest
from mayabook.core.verdict import Verdict
from mayabook.render import Job, LocalExecutor, Renderer
from mayabook.render.ledger import DecisionKind, RetryStep, ReviewDecision, StoredTake
from tests.checks.speaking import speech
from tests.render.faulty import OTHER, Fault, Faulty, another_text, with_tail
from tests.render.plans import SENTENCES, plan_of

TEXT = " ".join(SENTENCES)


def render(
    folder: Path,
    engine: Faulty,
    checker: Checker,
    settings: RetrySettings = RetrySettings(),  # noqa: B008 (frozen)
    other: Faulty | None = None,
    sentences: Sequence[str] = SENTENCES,
) -> tuple[StoredTake, Verdict, list[StoredTake]]:
    """The kept take, its verdict, and all takes of the chunk."""
    (item,) = plan_of(engine, [sentences])
    with Job(folder / "job.mayabook") as job:
        job.ledger.set_plan([item])
        open_fallback = None if other is None else lambda: LocalExecutor(other)
        Renderer(job, [item], LocalExecutor(engine), checker, settings, lambda progress: None, open_fallback).run()
        kept = job.ledger.kept(item.key, checker.identity)
        assert kept is not None
        verdict = job.ledger.verdict(kept, checker.identity)
        assert verdict is not None
        return kept, verdict, job.ledger.takes(item.key, checker.identity)


def whole(request: TakeRequest) -> bool:
    return request.text == TEXT


def only_whole(request: TakeRequest, audio: Audio) -> Audio:
    """A fault that goes away when the text is split."""
    return another_text(audio) if whole(request) else audio


def second_sentence_garbled(request: TakeRequest, audio: Audio) -> Audio:
    if not whole(request):
        return audio
    first, _, third = (speech(sentence) for sentence in SENTENCES)
    return np.concatenate([first, speech("Purple engines sing under the heavy marble table."), third])


def heard_as_written(verdict: Verdict) -> bool:
    return verdict.errors == 0 and verdict.n_words == len(TEXT.split())


def test_a_good_take_is_taken_at_once(tmp_path: Path, checker: Checker) -> None:
    engine = Faulty(lambda request, audio: audio)
    kept, verdict, takes = render(tmp_path, engine, checker)
    assert (kept.step, len(takes)) == (RetryStep.FIRST, 1)
    assert kept.made_on == f"{processor()}; {engine.platform}"
    assert heard_as_written(verdict)


def test_trimming_cures_a_tail(tmp_path: Path, checker: Checker) -> None:
    engine = Faulty(lambda request, audio: with_tail(audio))
    kept, verdict, takes = render(tmp_path, engine, checker)
    assert kept.step == RetryStep.TRIM
    assert kept.made_of == (takes[0].file.name,)
    assert heard_as_written(verdict)
    assert not takes[0].accepted
    before, after = (read_flac(take.file)[0] for take in (takes[0], kept))
    assert 1.5 * 24000 < len(before) - len(after) < 2.6 * 24000
    assert np.allclose(after[240:-240], before[240 : len(after) - 240], atol=1e-6)
    assert len(engine.spoken) == 1


LIKELY = "She brought me one of them before I had asked for it, sat down at my table, and looked at me for some time."
"""A recogniser hears the end of it, whether it is said or not."""


@pytest.mark.parametrize(
    ("fault", "second"),
    [
        (lambda request, audio: with_tail(audio), RetryStep.TRIM),
        (lambda request, audio: audio, RetryStep.SEED),
        (lambda request, audio: audio[: round(5.38 * 24000)], RetryStep.SEED),  # before its last word
    ],
)
def test_what_its_cap_ended_is_trimmed_only_if_something_comes_after_the_text(
    fault: Fault, second: RetryStep, tmp_path: Path, checker: Checker
) -> None:
    engine = Faulty(fault, capped=(LIKELY,))
    settings = RetrySettings(attempts=2, patch=0, split=0)
    kept, verdict, takes = render(tmp_path, engine, checker, settings, sentences=(LIKELY,))
    assert [take.step for take in takes][:2] == [RetryStep.FIRST, second]
    assert kept.is_good == (second == RetryStep.TRIM)
    assert not kept.is_good or verdict.errors == 0


def test_a_new_seed_cures_what_happens_once(tmp_path: Path, checker: Checker) -> None:
    engine = Faulty(lambda request, audio: audio if request.attempt else another_text(audio))
    kept, verdict, _ = render(tmp_path, engine, checker)
    assert (kept.step, kept.attempt) == (RetryStep.SEED, 1)
    assert heard_as_written(verdict)
    first, second = engine.spoken
    assert second.seed == first.seed + 1


def test_safer_sampling_comes_third(tmp_path: Path, checker: Checker) -> None:
    engine = Faulty(lambda request, audio: audio if float(request.sampling["number"]) >= 2 else another_text(audio))
    kept, verdict, _ = render(tmp_path, engine, checker)
    assert kept.step == RetryStep.SAFER
    assert kept.sampling["number"] == 2
    assert heard_as_written(verdict)


def test_a_patch_replaces_the_bad_sentence_alone(tmp_path: Path, checker: Checker) -> None:
    engine = Faulty(second_sentence_garbled)
    kept, verdict, takes = render(tmp_path, engine, checker, RetrySettings(attempts=1))
    assert kept.step == RetryStep.PATCH
    assert heard_as_written(verdict)
    assert [request.text for request in engine.spoken] == [TEXT, SENTENCES[1]]
    base = read_flac(takes[0].file)[0]
    made = read_flac(kept.file)[0]
    assert kept.made_of[0] == takes[0].file.name
    # the first sentence is still the very same samples
    offset = int(np.flatnonzero(np.abs(base) > 0.02)[0]) - int(np.flatnonzero(np.abs(made) > 0.02)[0])
    assert np.allclose(made[6000:40000], base[6000 + offset : 40000 + offset], atol=1e-5)


@pytest.mark.parametrize("capped", [(), (TEXT,)])
def test_a_patch_adds_the_sentence_that_is_missing(capped: tuple[str, ...], tmp_path: Path, checker: Checker) -> None:
    """Also where a token cap had ended the take: what the cap cut off is not in the patched one."""
    cut_short = speech(" ".join(SENTENCES[:2]))
    engine = Faulty(lambda request, audio: cut_short if whole(request) else audio, capped=capped)
    kept, verdict, takes = render(tmp_path, engine, checker, RetrySettings(attempts=1))
    assert kept.step == RetryStep.PATCH
    assert heard_as_written(verdict)
    assert [request.text for request in engine.spoken] == [TEXT, SENTENCES[2]]
    assert kept.n_samples - takes[0].n_samples > 2 * 24000


def test_a_part_that_its_cap_ended_cures_nothing(tmp_path: Path, checker: Checker) -> None:
    engine = Faulty(second_sentence_garbled, capped=(SENTENCES[1],))
    kept, verdict, takes = render(tmp_path, engine, checker, RetrySettings(attempts=1, split=0))
    assert [take.step for take in takes] == [RetryStep.FIRST, RetryStep.PATCH]
    assert takes[1].stop == StopReason.CAP
    assert not kept.is_good
    assert any(finding.detector == "capped" for finding in verdict.findings) == (kept.step == RetryStep.PATCH)


def test_a_sentence_said_twice_is_cured(tmp_path: Path, checker: Checker) -> None:
    twice = speech(" ".join([*SENTENCES, SENTENCES[2]]))
    engine = Faulty(lambda request, audio: twice if whole(request) else audio)
    kept, verdict, takes = render(tmp_path, engine, checker, RetrySettings(attempts=1))
    assert not takes[0].accepted
    assert kept.is_good
    assert heard_as_written(verdict)
    audio, sample_rate = read_flac(kept.file)
    kept_voice, voice = (
        FRAME_SECONDS * np.count_nonzero(voiced_frames(take, sample_rate, checker.thresholds.signal))
        for take in (audio, speech(TEXT))
    )
    assert abs(kept_voice - voice) < 0.5  # the pauses between patched sentences are others
    assert kept.n_samples < takes[0].n_samples - len(speech(SENTENCES[2])) // 2


def test_splitting_cures_what_only_the_whole_does(tmp_path: Path, checker: Checker) -> None:
    engine = Faulty(only_whole)
    kept, verdict, takes = render(tmp_path, engine, checker, RetrySettings(attempts=2))
    assert [take.step for take in takes] == [RetryStep.FIRST, RetryStep.SEED, RetryStep.SPLIT]
    assert kept.step == RetryStep.SPLIT
    assert heard_as_written(verdict)
    assert len(kept.made_of) == len(SENTENCES)


def test_another_engine_has_the_last_word(tmp_path: Path, checker: Checker) -> None:
    engine = Faulty(lambda request, audio: another_text(audio))
    other = Faulty(lambda request, audio: audio, "sound")
    settings = RetrySettings(attempts=1, engine="narrator")
    kept, verdict, _ = render(tmp_path, engine, checker, settings, other)
    assert kept.step == RetryStep.FALLBACK
    assert heard_as_written(verdict)
    assert [request.text for request in other.spoken] == [TEXT]


def test_another_engine_may_have_another_sample_rate(tmp_path: Path, checker: Checker) -> None:
    """Its take is kept at its own rate, and what is made of it by trimming too."""
    engine = Faulty(lambda request, audio: another_text(audio))
    other = Faulty(lambda request, audio: with_tail(audio), "other", sample_rate=44_100)
    settings = RetrySettings(attempts=1, engine="narrator")
    kept, verdict, takes = render(tmp_path, engine, checker, settings, other)
    assert [take.step for take in takes][-2:] == [RetryStep.FALLBACK, RetryStep.TRIM]
    assert kept.step == RetryStep.TRIM
    assert [take.sample_rate for take in takes][-2:] == [44_100, 44_100]
    assert read_flac(kept.file)[1] == 44_100
    assert heard_as_written(verdict)


def test_what_nothing_cures_is_flagged_with_its_best_take(tmp_path: Path, checker: Checker) -> None:
    def worse_and_worse(request: TakeRequest, audio: Audio) -> Audio:
        if request.attempt == 0:
            return np.concatenate([speech(" ".join(SENTENCES[:2])), speech("Purple engines sing.")])
        return another_text(audio)

    engine = Faulty(worse_and_worse)
    kept, verdict, takes = render(tmp_path, engine, checker, RetrySettings(patch=0, split=0))
    assert not kept.is_good
    assert kept.attempt == 0
    assert len(takes) == 3
    assert {row.index for row in verdict.words if row.index is not None} == set(range(len(TEXT.split())))


def test_silence_is_refused_unheard_and_heard_only_if_it_is_kept(tmp_path: Path, checker: Checker) -> None:
    engine = Faulty(lambda request, audio: np.zeros_like(audio))
    kept, verdict, _ = render(tmp_path, engine, checker, RetrySettings(attempts=2, patch=0, split=0))
    assert not kept.is_good
    assert len(verdict.words) == len(TEXT.split())


def test_a_run_that_is_stopped_anywhere_ends_with_the_same_takes(tmp_path: Path, checker: Checker) -> None:
    class StoppedError(Exception):
        pass

    def stopping(after: int) -> "Fault":
        left = [after]

        def fault(request: TakeRequest, audio: Audio) -> Audio:
            left[0] -= 1
            if left[0] < 0:
                raise StoppedError
            return second_sentence_garbled(request, audio)

        return fault

    settings = RetrySettings(attempts=2)
    engine = Faulty(second_sentence_garbled)
    kept, _, takes = render(tmp_path / "whole", engine, checker, settings)
    for after in (1, 2):
        stopped = Faulty(stopping(after))
        with pytest.raises(StoppedError):
            render(tmp_path / str(after), stopped, checker, settings)
        again = Faulty(second_sentence_garbled)
        resumed, _, theirs = render(tmp_path / str(after), again, checker, settings)
        assert [take.step for take in theirs] == [take.step for take in takes]
        assert resumed.file.read_bytes() == kept.file.read_bytes()
        assert len(again.spoken) == 3 - after


def test_a_part_is_not_mistaken_for_a_chunk_of_the_same_text(tmp_path: Path, checker: Checker) -> None:
    engine = Faulty(second_sentence_garbled)
    render(tmp_path, engine, checker, RetrySettings(attempts=1))
    kept, verdict, takes = render(tmp_path, engine, checker, sentences=SENTENCES[1:2])
    assert (kept.step, len(takes)) == (RetryStep.FIRST, 1)
    assert verdict.errors == 0
    assert OTHER not in verdict.transcript


def test_what_a_person_accepted_is_heard_by_new_checks_and_kept(tmp_path: Path, checker: Checker) -> None:
    engine = Faulty(lambda request, audio: another_text(audio))
    once = RetrySettings(attempts=1, patch=0, split=0)
    kept, *_ = render(tmp_path, engine, checker, once)
    with Job(tmp_path / "job.mayabook") as job:
        job.ledger.add_decision(kept.key, DecisionKind.ACCEPTED, "", [(kept, ReviewDecision.ACCEPTED)])
    newer = Checker(CheckSettings())
    newer.identity += ", newer"
    again, verdict, takes = render(tmp_path, engine, newer, once)
    assert (again.id, again.is_good, len(takes)) == (kept.id, True, 1)
    assert not verdict.accepted
    assert verdict.words


def test_a_chunk_that_nothing_cures_counts_as_soon_as_it_is_lost(tmp_path: Path, checker: Checker) -> None:
    engine = Faulty(lambda request, audio: another_text(audio))
    plan = plan_of(engine, [[sentence] for sentence in SENTENCES])
    seen: list[tuple[int, int]] = []
    with Job(tmp_path / "job.mayabook") as job:
        job.ledger.set_plan(plan)
        once = RetrySettings(attempts=1)
        executor, show = LocalExecutor(engine), lambda now: seen.append((now.done_chunks, now.flagged))
        Renderer(job, plan, executor, checker, once, show).run()
    assert [counts for counts, _ in groupby(seen)] == [(0, 0), (1, 1), (2, 2), (3, 3)]
