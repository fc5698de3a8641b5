"""Renders a plan: takes from the engine, verdicts from the checks, until each chunk is good or out of attempts.

Work goes in rounds. In each, every chunk that is not settled gets one take, and takes are checked in threads while
the engine speaks on; the next round retries what was rejected. A take is judged from its file, so that a verdict is
the same whether it is reached at once or by a later run.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass

import soundfile

from mayabook.checks import Checker
from mayabook.core.audio import read_flac, write_flac
from mayabook.core.codes import write_codes
from mayabook.core.errors import JobError
from mayabook.core.take import Take, TakeRequest
from mayabook.core.verdict import Verdict
from mayabook.engines import Engine
from mayabook.render.job import Job
from mayabook.render.keys import seed
from mayabook.render.ledger import PlannedChunk, StoredTake
from mayabook.render.progress import Progress

_BACKLOG_PER_CHECKER = 2
"""Takes that may wait for each checking thread before the engine has to."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    item: PlannedChunk
    attempt: int


class Renderer:
    def __init__(
        self,
        job: Job,
        plan: Sequence[PlannedChunk],
        engine: Engine,
        checker: Checker,
        attempts: int,
        on_progress: Callable[[Progress], None],
    ) -> None:
        """attempts: takes of a chunk, besides those a person rejected, before it is flagged."""
        self._job, self._engine, self._checker = job, engine, checker
        self._attempts, self._on_progress = attempts, on_progress
        self._copies: dict[str, list[PlannedChunk]] = {}
        for item in plan:  # a text that occurs twice is spoken once
            self._copies.setdefault(item.key, []).append(item)
        self.progress = Progress(len(plan), sum(item.chunk.n_words for item in plan))
        self._started = time.perf_counter()

    def run(self) -> None:
        """Raises whatever stops it; what was finished until then is kept."""
        n_threads = max(2, os.cpu_count() or 1)
        pool = ThreadPoolExecutor(n_threads, thread_name_prefix="check")
        try:
            unchecked, wanted = self._survey()
            self.progress.resumed_chunks = self.progress.done_chunks
            self.progress.resumed_words = self.progress.done_words
            self._on_progress(self.progress)
            while unchecked or wanted:
                self._round(pool, n_threads * _BACKLOG_PER_CHECKER, unchecked, wanted)
                unchecked, wanted = self._survey()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _survey(self) -> tuple[list[StoredTake], list[_Wanted]]:
        """What is to be checked and what is to be spoken; counts what is settled afresh."""
        unchecked: list[StoredTake] = []
        wanted: list[_Wanted] = []
        self.progress.done_chunks = self.progress.done_words = self.progress.flagged = 0
        for key, (item, *_) in self._copies.items():
            takes = self._takes_on_disk(key)
            unjudged = [take for take in takes if take.accepted is None and take.ruling is None]
            if any(take.good for take in takes):
                self._settle(item, flagged=False)
            elif unjudged:
                unchecked += unjudged
            elif self._spent(takes):
                self._settle(item, flagged=True)
            else:
                wanted.append(_Wanted(item, 1 + max((take.attempt for take in takes), default=-1)))
        return unchecked, wanted

    def _takes_on_disk(self, key: str) -> list[StoredTake]:
        takes = self._job.ledger.takes(key, self._checker.identity)
        gone = [take for take in takes if not take.file.is_file()]
        for take in gone:
            self._job.ledger.forget_take(take)
        return [take for take in takes if take not in gone]

    def _spent(self, takes: Sequence[StoredTake]) -> bool:
        return sum(take.ruling is None for take in takes) >= self._attempts

    def _settle(self, item: PlannedChunk, *, flagged: bool) -> None:
        copies = self._copies[item.key]
        self.progress.done_chunks += len(copies)
        self.progress.done_words += sum(copy.chunk.n_words for copy in copies)
        self.progress.flagged += len(copies) if flagged else 0
        self.progress.chapter = item.chapter_title

    def _round(
        self, pool: ThreadPoolExecutor, backlog: int, unchecked: Sequence[StoredTake], wanted: Sequence[_Wanted]
    ) -> None:
        checking: dict[Future[Verdict], StoredTake] = {}

        def check(take: StoredTake) -> None:
            checking[pool.submit(self._judge, take)] = take
            self._collect(checking, at_most=backlog)

        for take in unchecked:
            check(take)
        with closing(self._engine.takes(self._requests(wanted))) as takes:
            for spoken in takes:
                check(self._store(spoken))
        self._collect(checking, at_most=0)

    def _requests(self, wanted: Sequence[_Wanted]) -> Iterator[TakeRequest]:
        for want in wanted:
            text, voice = want.item.chunk.spoken, self._engine.voice
            yield TakeRequest(
                key=want.item.key,
                text=text,
                voice=voice,
                seed=seed(voice, text, want.attempt),
                attempt=want.attempt,
                sampling=self._engine.sampling(want.attempt),
            )

    def _store(self, take: Take) -> StoredTake:
        request = take.request
        file = self._job.takes / f"{request.key}-{request.attempt}.flac"
        if take.codes is not None:
            write_codes(file.with_suffix(".npz"), take.codes)
        write_flac(file, take.audio, take.sample_rate)
        self.progress.audio_seconds += take.duration
        return self._job.ledger.add_take(
            StoredTake(
                id=0,
                key=request.key,
                attempt=request.attempt,
                seed=request.seed,
                sampling=request.sampling,
                stop=take.stop,
                file=file,
                n_samples=len(take.audio),
                sample_rate=take.sample_rate,
                seconds=take.seconds,
                detail=take.detail,
                ruling=None,
                accepted=None,
                risk=0.0,
            )
        )

    def _judge(self, stored: StoredTake) -> Verdict:
        chunk = self._copies[stored.key][0].chunk
        try:
            audio, sample_rate = read_flac(stored.file)
        except soundfile.LibsndfileError as error:
            raise JobError(f"{stored.file} is damaged; delete it and run the same command: it is made anew.") from error
        request = TakeRequest(
            stored.key, chunk.spoken, self._engine.voice, stored.seed, stored.attempt, stored.sampling
        )
        take = Take(request, audio, sample_rate, stored.stop, stored.seconds, detail=stored.detail)
        return self._checker.check(take, chunk)

    def _collect(self, checking: dict[Future[Verdict], StoredTake], at_most: int) -> None:
        """Writes down finished verdicts; waits while more than `at_most` are outstanding."""
        while True:
            done, _ = wait(checking, timeout=None if len(checking) > at_most else 0, return_when=FIRST_COMPLETED)
            for future in done:
                take = checking.pop(future)
                self._record(take, future.result())
            if len(checking) <= at_most:
                return

    def _record(self, take: StoredTake, verdict: Verdict) -> None:
        self._job.ledger.add_verdict(take, self._checker.identity, verdict)
        item = self._copies[take.key][0]
        if verdict.accepted:
            self._settle(item, flagged=False)
        elif self._spent(self._job.ledger.takes(take.key, self._checker.identity)):
            self._settle(item, flagged=True)
        self.progress.elapsed = time.perf_counter() - self._started
        self._on_progress(self.progress)
