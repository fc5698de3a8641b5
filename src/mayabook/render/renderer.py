"""Synthesises and checks the chunks of a plan until each has an accepted take or is flagged for a person.

Work goes in rounds. In each round every unsettled chunk takes one step of the retry policy: all requests go to the
engine together, and takes are checked in threads while the engine generates the next ones; the very first wait until
the voice is measured (`job_voice.py`). Takes are checked from their files, and derived takes (trimmed, patched, split)
are made from files too, so an interrupted and resumed run gives the same result as an uninterrupted one.
"""

import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import replace

from mayabook.checks import Checker
from mayabook.checks.detectors import incurable_measures
from mayabook.checks.voice_reference import UNKNOWN_VOICE
from mayabook.core.chunk import Chunk
from mayabook.core.code_files import read_codes
from mayabook.core.events import RenderProgress
from mayabook.core.settings import RetrySettings
from mayabook.core.take import Take, TakeRequest
from mayabook.core.verdict import Verdict
from mayabook.engines import Engine
from mayabook.render.job import Job
from mayabook.render.job_voice import JobVoice
from mayabook.render.ledger import PlannedChunk, RetryStep, ReviewDecision, StoredTake
from mayabook.render.planned_steps import DERIVED, PlannedStep, derive_take, part_requests, whole_request
from mayabook.render.retry_policy import Judged, next_task
from mayabook.render.take_store import TakeStore

_log = logging.getLogger(__name__)
_BACKLOG_PER_CHECKER = 2
"""Takes queued for each checking thread before the engine is made to wait; more would only cost memory."""


class Renderer:
    """Takes every chunk of a plan through synthesis, checks and retries."""

    def __init__(
        self,
        job: Job,
        plan: Sequence[PlannedChunk],
        engine: Engine,
        checker: Checker,
        retry: RetrySettings,
        on_progress: Callable[[RenderProgress], None],
        open_fallback: Callable[[], Engine] | None = None,
        on_note: Callable[[str], None] = lambda note: None,
    ) -> None:
        """job: open and locked. on_progress: called after every take and every verdict. open_fallback: opens the engine
        of `retry.engine` when the first chunk needs it; the caller closes it. on_note: takes lines for a
        person."""
        self._job, self._engine, self._checker = job, engine, checker
        self._retry, self._on_progress, self._open_fallback = retry, on_progress, open_fallback
        self._on_note = on_note
        self._store = TakeStore(job, checker.identity)
        self._voice = JobVoice(job, plan, engine, checker, self._store.read)
        self._copies: dict[str, list[PlannedChunk]] = {}
        for item in plan:  # chunks with the same text share their takes
            self._copies.setdefault(item.key, []).append(item)
        self.progress = RenderProgress(len(plan), sum(item.chunk.n_words for item in plan))
        self._settled: set[str] = set()
        self._started = time.perf_counter()

    def run(self) -> None:
        """Returns when every chunk is accepted or flagged.

        Raises MayaBookError, or whatever stops it; finished takes and verdicts are in the ledger then, and the next run
        resumes from them."""
        self._tell_pace()
        n_threads = max(2, os.cpu_count() or 1)
        pool = ThreadPoolExecutor(n_threads, thread_name_prefix="check")
        try:
            unchecked, next_steps = self._survey()
            done = self.progress
            self._report(replace(done, resumed_chunks=done.done_chunks, resumed_words=done.done_words))
            while unchecked or next_steps:
                self._round(pool, n_threads * _BACKLOG_PER_CHECKER, unchecked, next_steps)
                unchecked, next_steps = self._survey()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _survey(self) -> tuple[list[StoredTake], list[PlannedStep]]:
        """Takes that need a verdict, and the next step of each unsettled chunk. Counts the settled chunks anew."""
        unchecked: list[StoredTake] = []
        next_steps: list[PlannedStep] = []
        self._settled.clear()
        self.progress = replace(self.progress, done_chunks=0, done_words=0, flagged=0)
        for key, (item, *_) in self._copies.items():
            takes = self._store.on_disk(key)
            unjudged = [take for take in takes if take.accepted is None and take.decision is None]
            by_person = [take for take in takes if take.accepted is None and take.decision == ReviewDecision.ACCEPTED]
            if by_person:  # accepted under other checks: the coverage report needs a transcript all the same
                unchecked += by_person
            elif any(take.is_good for take in takes):
                self._settle(item, flagged=False)
            elif unjudged:
                unchecked += unjudged
            elif (task := next_task(item.chunk, history := self._store.history(takes), self._retry)) is not None:
                next_steps.append(PlannedStep(item, 1 + max((take.attempt for take in takes), default=-1), task))
            elif untranscribed := _untranscribed(item.chunk, history):
                unchecked += untranscribed  # the take that is kept in the end must have a transcript
            else:
                self._settle(item, flagged=True)
        return unchecked, next_steps

    def _is_exhausted(self, item: PlannedChunk) -> bool:
        """Whether no step is left to try for a chunk and no take is left to transcribe."""
        takes = self._job.ledger.takes(item.key, self._checker.identity)
        history = self._store.history(takes)
        judged = len(history) == sum(take.decision is None for take in takes)
        return (
            judged and not _untranscribed(item.chunk, history) and next_task(item.chunk, history, self._retry) is None
        )

    def _settle(self, item: PlannedChunk, *, flagged: bool) -> None:
        """Counts a chunk, and its copies elsewhere in the book, as done."""
        if item.key in self._settled:
            return
        self._settled.add(item.key)
        copies, done = self._copies[item.key], self.progress
        self.progress = replace(
            done,
            done_chunks=done.done_chunks + len(copies),
            done_words=done.done_words + sum(copy.chunk.n_words for copy in copies),
            flagged=done.flagged + (len(copies) if flagged else 0),
            chapter=item.chapter_title,
        )

    def _report(self, progress: RenderProgress) -> None:
        self.progress = replace(progress, elapsed=time.perf_counter() - self._started)
        self._on_progress(self.progress)

    def _round(
        self,
        pool: ThreadPoolExecutor,
        backlog: int,
        unchecked: Sequence[StoredTake],
        next_steps: Sequence[PlannedStep],
    ) -> None:
        """One step for every chunk. backlog: takes that may wait for their check."""
        checking: dict[Future[Verdict], StoredTake] = {}
        waiting: list[StoredTake] = []
        again = {take.id for take in unchecked if take.accepted is not None or take.decision is not None}

        def check(*takes: StoredTake) -> None:
            waiting.extend(takes)
            while self._voice.is_settled and waiting:
                take = waiting.pop(0)
                checking[pool.submit(self._judge, take, transcribe_always=take.id in again)] = take
                self._collect(checking, at_most=backlog)

        check(*unchecked)
        for_fallback = [each for each in next_steps if each.task.step == RetryStep.FALLBACK]
        derived = [each for each in next_steps if each.task.step in DERIVED]
        whole = [each for each in next_steps if each.task.step not in (RetryStep.FALLBACK, *DERIVED)]
        for step, count in Counter(each.task.step for each in next_steps).items():
            _log.info("%s: %d chunks", step.label, count)
        steps = {(each.item.key, each.attempt): each.task.step for each in next_steps}
        with closing(self._engine.generate(self._requests(whole, derived))) as takes:
            for spoken in takes:
                step = steps.get((spoken.request.key, spoken.request.attempt), RetryStep.PART)
                stored = self._add(spoken, self._engine, step)
                self._measure_voice()
                if step != RetryStep.PART:
                    check(stored)
        self._measure_voice(with_gaps=True)
        check()
        if for_fallback:
            assert self._open_fallback is not None
            fallback = self._open_fallback()
            with closing(fallback.generate(whole_request(fallback, each) for each in for_fallback)) as takes:
                for spoken in takes:
                    check(self._add(spoken, fallback, RetryStep.FALLBACK))
        for planned_step in derived:
            take, made_of = derive_take(self._engine, planned_step, self._store)
            check(self._add(take, self._engine, planned_step.task.step, made_of))
        self._collect(checking, at_most=0)

    def _measure_voice(self, *, with_gaps: bool = False) -> None:
        """As `JobVoice.measure`."""
        if not self._voice.is_settled:
            self._voice.measure(with_gaps=with_gaps)
            self._tell_pace()

    def _tell_pace(self) -> None:
        if note := self._voice.pace_note():
            self._on_note(note)

    def _requests(self, whole: Sequence[PlannedStep], derived: Sequence[PlannedStep]) -> Iterator[TakeRequest]:
        for planned_step in whole:
            yield whole_request(self._engine, planned_step)
        yield from part_requests(self._engine, derived, self._store)

    def _add(self, take: Take, engine: Engine, step: RetryStep, made_of: tuple[str, ...] = ()) -> StoredTake:
        stored = self._store.add(take, engine, step, made_of)
        spoken = 0.0 if made_of else take.duration
        self._report(replace(self.progress, audio_seconds=self.progress.audio_seconds + spoken))
        return stored

    def _judge(self, stored: StoredTake, *, transcribe_always: bool) -> Verdict:
        """Runs the checks; called in a checking thread. transcribe_always: transcribes the take even if a detector
        that needs no transcript rejects it."""
        chunk = self._copies[stored.key][0].chunk
        audio, sample_rate = self._store.read(stored)
        codes = read_codes(stored.codes_file) if stored.codes_file.is_file() else None
        request = TakeRequest(
            stored.key, chunk.spoken, self._engine.voice, stored.seed, stored.attempt, stored.sampling
        )
        take = Take(request, audio, sample_rate, stored.stop, stored.seconds, codes, stored.detail)
        voice = UNKNOWN_VOICE if stored.step == RetryStep.FALLBACK else self._voice.reference
        decisive = frozenset() if transcribe_always else incurable_measures()
        return self._checker.check(take, chunk, decisive, voice, thorough=False)

    def _collect(self, checking: dict[Future[Verdict], StoredTake], at_most: int) -> None:
        """Stores finished verdicts; waits while more than `at_most` checks are outstanding."""
        while True:
            done, _ = wait(checking, timeout=None if len(checking) > at_most else 0, return_when=FIRST_COMPLETED)
            for future in done:
                take = checking.pop(future)
                self._record(take, future.result())
            if len(checking) <= at_most:
                return

    def _record(self, take: StoredTake, verdict: Verdict) -> None:
        self._job.ledger.add_verdict(take, self._checker.identity, verdict)
        _log.debug("%s", _summary(take, verdict))
        item = self._copies[take.key][0]
        if verdict.accepted:
            self._settle(item, flagged=False)
        elif self._is_exhausted(item):
            self._settle(item, flagged=True)
        self._report(self.progress)


def _summary(take: StoredTake, verdict: Verdict) -> str:
    found = "; ".join(f"{finding.kind} ({finding.evidence})" for finding in verdict.findings) or "no findings"
    return f"{'Accepted' if verdict.accepted else 'Rejected'} {take.file.name}: {found}"


def _untranscribed(chunk: Chunk, history: Sequence[Judged]) -> list[StoredTake]:
    """Takes that were rejected before they were transcribed."""
    has_words = any(map(str.isalnum, chunk.text))
    return [take for take, verdict in history if has_words and not verdict.words]
