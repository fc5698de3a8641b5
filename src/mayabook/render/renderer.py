"""Has the chunks of a plan made and checked until each has an accepted take or is flagged for a person.

Each chunk takes the next step of the retry policy as soon as the verdict on its last take is known, whatever the other
chunks do. The very first takes wait for their check until the voice is measured (`job_voice.py`). Takes are checked in
the form in which they are stored, and derived takes (trimmed, patched, split) are made from stored ones, so an
interrupted and resumed run gives the same result as an uninterrupted one.
"""

import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace

from mayabook.checks import Checker
from mayabook.checks.voice_reference import UNKNOWN_VOICE
from mayabook.core.chunk import Chunk
from mayabook.core.events import RenderProgress
from mayabook.core.settings import RetrySettings
from mayabook.core.take import TakeRequest
from mayabook.core.verdict import Verdict
from mayabook.render.encoded_take import EncodedTake
from mayabook.render.executor import Executor, TakeCheck, TakeResult, TakeTask
from mayabook.render.job import Job
from mayabook.render.job_voice import JobVoice
from mayabook.render.ledger import PlannedChunk, RetryStep, ReviewDecision, StoredTake
from mayabook.render.planned_steps import DERIVED, PlannedStep, derive_take, part_requests, whole_request
from mayabook.render.retry_policy import Judged, next_task
from mayabook.render.take_store import TakeStore

_log = logging.getLogger(__name__)

MOST_UNMEASURED = 256
"""Most takes in flight until the voice is measured. Each of them is read from disk and sent out a second time for its
check; on a large cluster these would be thousands, and the engines would wait for them."""
_TakeId = tuple[str, int]
"""Content key and attempt."""


class Renderer:
    """Takes every chunk of a plan through synthesis, checks and retries."""

    def __init__(
        self,
        job: Job,
        plan: Sequence[PlannedChunk],
        executor: Executor,
        checker: Checker,
        retry: RetrySettings,
        on_progress: Callable[[RenderProgress], None],
        open_fallback: Callable[[], Executor] | None = None,
        on_note: Callable[[str], None] = lambda note: None,
    ) -> None:
        """job: open and locked. on_progress: called after every take and every verdict. open_fallback: opens the engine
        of `retry.engine` when the first chunk needs it; the caller closes it. on_note: takes lines for a
        person."""
        self._job, self._executor, self._checker = job, executor, checker
        self._engine = executor.engine
        self._retry, self._on_progress, self._open_fallback = retry, on_progress, open_fallback
        self._on_note = on_note
        self._store = TakeStore(job, checker.identity)
        self._voice = JobVoice(job, plan, self._engine, checker, self._store.read)
        self._copies: dict[str, list[PlannedChunk]] = {}
        for item in plan:  # chunks with the same text share their takes
            self._copies.setdefault(item.key, []).append(item)
        self.progress = RenderProgress(len(plan), sum(item.chunk.n_words for item in plan))
        self._started = time.perf_counter()
        self._ready: deque[StoredTake | PlannedStep | TakeRequest] = deque()
        """What can be done now: a take to check, a step to take, a part to make."""
        self._unmeasured: list[StoredTake] = []
        """Takes that wait for their check until the voice is measured."""
        self._for_fallback: list[PlannedStep] = []
        self._unsettled: Counter[str] = Counter()
        """Content key -> number of verdicts that its next step waits for."""
        self._waiting_for_part: dict[_TakeId, list[PlannedStep]] = {}
        self._missing_parts: dict[str, set[_TakeId]] = {}
        """Content key -> parts that its step waits for."""
        self._n_in_flight = 0
        self._making: dict[_TakeId, RetryStep] = {}
        self._checking: dict[_TakeId, StoredTake] = {}

    def run(self) -> None:
        """Returns when every chunk is accepted or flagged.

        Raises MayaBookError, or whatever stops it; finished takes and verdicts are in the ledger then, and the next run
        resumes from them."""
        self._tell_pace()
        for key in self._copies:
            self._advance(key)
        self._ready = deque(sorted(self._ready, key=lambda item: not isinstance(item, StoredTake)))  # checks first
        for step, count in Counter(each.task.step for each in self._ready if isinstance(each, PlannedStep)).items():
            _log.info("%s: %d chunks", step.label, count)
        done = self.progress
        self._report(replace(done, resumed_chunks=done.done_chunks, resumed_words=done.done_words))
        while self._ready or self._for_fallback:
            with closing(self._executor.run(_Tasks(self._tasks(), lambda: len(self._ready)), self._checker)) as results:
                for result in results:
                    self._take_in(result)
            if self._for_fallback:
                self._run_fallback()

    def _advance(self, key: str) -> None:
        """Makes ready what a chunk needs next, or counts it as settled. No take or verdict of it may be outstanding."""
        item, takes = self._copies[key][0], self._store.on_disk(key)
        unjudged = [take for take in takes if take.accepted is None and take.decision is None]
        by_person = [take for take in takes if take.accepted is None and take.decision == ReviewDecision.ACCEPTED]
        if by_person:  # accepted under other checks: the coverage report needs a transcript all the same
            self._check(key, by_person)
        elif any(take.is_good for take in takes):
            self._settle(item, flagged=False)
        elif unjudged:
            self._check(key, unjudged)
        elif (task := next_task(item.chunk, history := self._store.history(takes), self._retry)) is not None:
            self._take_step(PlannedStep(item, 1 + max((take.attempt for take in takes), default=-1), task))
        elif untranscribed := _untranscribed(item.chunk, history):
            self._check(key, untranscribed)  # the take that is kept in the end must have a transcript
        else:
            self._settle(item, flagged=True)

    def _check(self, key: str, takes: Sequence[StoredTake]) -> None:
        self._unsettled[key] = len(takes)
        self._ready.extend(takes)

    def _take_step(self, planned_step: PlannedStep) -> None:
        """Retries go before first takes, so that none is left to the end of the book."""
        key, step = planned_step.item.key, planned_step.task.step
        self._unsettled[key] = 1
        if planned_step.attempt:
            _log.debug("Chunk %d: %s", planned_step.item.number, step.label)
        if step == RetryStep.FALLBACK:
            self._for_fallback.append(planned_step)
        elif step in DERIVED and (parts := part_requests(self._engine, planned_step, self._store)):
            self._missing_parts[key] = {(part.key, part.attempt) for part in parts}
            for part in parts:
                waiting = self._waiting_for_part.setdefault((part.key, part.attempt), [])
                if not waiting:
                    self._ready.appendleft(part)
                waiting.append(planned_step)
        elif planned_step.attempt:
            self._ready.appendleft(planned_step)
        else:
            self._ready.append(planned_step)

    def _tasks(self) -> Iterator[TakeTask | None]:
        """Tasks for `Executor.run`; ends when nothing is left to do, or only by the fallback engine."""
        while True:
            if self._ready and (self._voice.is_settled or self._n_in_flight < MOST_UNMEASURED):
                task = self._task(self._ready.popleft())
                if task is not None:
                    self._n_in_flight += 1
                    yield task
            elif self._n_in_flight:
                yield None
            elif self._unmeasured:
                self._measure_voice(with_gaps=True)
            else:
                return

    def _task(self, item: StoredTake | PlannedStep | TakeRequest) -> TakeTask | None:
        """None for a take that cannot be checked yet."""
        if isinstance(item, TakeRequest):
            self._making[item.key, item.attempt] = RetryStep.PART
            return TakeTask(item, None)
        if isinstance(item, PlannedStep):
            if item.task.step not in DERIVED:
                self._making[item.item.key, item.attempt] = item.task.step
                check = TakeCheck(item.item.chunk, self._voice.reference) if self._voice.is_settled else None
                return TakeTask(whole_request(self._engine, item), check)
            take, made_of = derive_take(self._engine, item, self._store)
            item = self._add(EncodedTake.of(take, self._engine), item.task.step, made_of)
        if not self._voice.is_settled:
            self._unmeasured.append(item)
            return None
        return self._check_task(item)

    def _check_task(self, stored: StoredTake) -> TakeTask:
        chunk = self._copies[stored.key][0].chunk
        request = TakeRequest(
            stored.key, chunk.spoken, self._engine.voice, stored.seed, stored.attempt, stored.sampling
        )
        voice = UNKNOWN_VOICE if stored.step == RetryStep.FALLBACK else self._voice.reference
        was_judged = stored.accepted is not None or stored.decision is not None
        self._checking[stored.key, stored.attempt] = stored
        return TakeTask(request, TakeCheck(chunk, voice, was_judged), self._store.encoded(stored, request))

    def _take_in(self, result: TakeResult) -> None:
        """Stores a take, and the verdict if it has one."""
        request, check = result.task.request, result.task.check
        take_id = request.key, request.attempt
        if result.take is not None:
            step = self._making.pop(take_id)
            stored = self._add(result.take, step)
            self._measure_voice()
            if step == RetryStep.PART:
                self._complete(take_id)
            elif check is None:
                self._ready.appendleft(stored)
            else:
                self._checking[take_id] = stored
        if check is None or result.verdict is not None:
            self._n_in_flight -= 1
        if result.verdict is not None:
            self._record(self._checking.pop(take_id), result.verdict)

    def _complete(self, part: _TakeId) -> None:
        """Makes the steps ready for which this was the last missing part."""
        for planned_step in self._waiting_for_part.pop(part):
            missing = self._missing_parts[planned_step.item.key]
            missing.remove(part)
            if not missing:
                self._ready.appendleft(planned_step)

    def _run_fallback(self) -> None:
        """Has the fallback engine speak the chunks that wait for it."""
        assert self._open_fallback is not None
        fallback = self._open_fallback()
        tasks = (TakeTask(whole_request(fallback.engine, each), None) for each in self._for_fallback)
        with closing(fallback.run(tasks, self._checker)) as results:
            for result in results:
                assert result.take is not None
                self._ready.append(self._add(result.take, RetryStep.FALLBACK))
        self._for_fallback.clear()

    def _measure_voice(self, *, with_gaps: bool = False) -> None:
        """As `JobVoice.measure`."""
        if not self._voice.is_settled:
            self._voice.measure(with_gaps=with_gaps)
            self._tell_pace()
        if self._voice.is_settled:
            self._ready.extendleft(reversed(self._unmeasured))
            self._unmeasured.clear()

    def _tell_pace(self) -> None:
        if note := self._voice.pace_note():
            self._on_note(note)

    def _add(self, take: EncodedTake, step: RetryStep, made_of: tuple[str, ...] = ()) -> StoredTake:
        stored = self._store.add(take, step, made_of)
        spoken = 0.0 if made_of else take.duration
        self._report(replace(self.progress, audio_seconds=self.progress.audio_seconds + spoken))
        return stored

    def _record(self, take: StoredTake, verdict: Verdict) -> None:
        self._job.ledger.add_verdict(take, self._checker.identity, verdict)
        _log.debug("%s", _summary(take, verdict))
        self._unsettled[take.key] -= 1
        if not self._unsettled[take.key]:
            self._advance(take.key)
        self._report(self.progress)

    def _settle(self, item: PlannedChunk, *, flagged: bool) -> None:
        """Counts a chunk, and its copies elsewhere in the book, as done."""
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


class _Tasks(Iterator[TakeTask | None]):
    """Tasks for `Executor.run`, with a length hint."""

    def __init__(self, tasks: Iterator[TakeTask | None], n_ready: Callable[[], int]) -> None:
        self._tasks, self._n_ready = tasks, n_ready

    def __next__(self) -> TakeTask | None:
        return next(self._tasks)

    def __length_hint__(self) -> int:
        return self._n_ready()


def _summary(take: StoredTake, verdict: Verdict) -> str:
    found = "; ".join(f"{finding.kind} ({finding.evidence})" for finding in verdict.findings) or "no findings"
    return f"{'Accepted' if verdict.accepted else 'Rejected'} {take.file.name}: {found}"


def _untranscribed(chunk: Chunk, history: Sequence[Judged]) -> list[StoredTake]:
    """Takes that were rejected before they were transcribed."""
    has_words = any(map(str.isalnum, chunk.text))
    return [take for take, verdict in history if has_words and not verdict.words]
