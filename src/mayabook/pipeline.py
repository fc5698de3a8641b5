"""From a book file to an audiobook: read, script, render, master. The command line and all other front ends call it."""

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from mayabook.book import read_book
from mayabook.checks import Checker
from mayabook.core.book import BlockKind, Book
from mayabook.core.chunk import Chunk
from mayabook.core.errors import EngineError, OutputError
from mayabook.core.events import EngineSelected, Listener, MasteringProgress, Note, ScriptReady, cancellable, ignore
from mayabook.core.files import write_text
from mayabook.core.language import ENGLISH, Language
from mayabook.core.openmp import limit_spinning
from mayabook.core.settings import Settings
from mayabook.core.verdict import Finding
from mayabook.engine_selection import open_engine, open_fallback_engine
from mayabook.engines import Engine, EngineChoice
from mayabook.engines.engine import Anchored
from mayabook.engines.registry import with_levels
from mayabook.master import (
    Audiobook,
    SpokenChunk,
    Tags,
    TakeSegment,
    build_timeline,
    check_output,
    describe_timeline,
    destination,
    write_audiobook,
)
from mayabook.render import (
    CoverageReport,
    Edits,
    Executor,
    Job,
    JobAnchor,
    LocalExecutor,
    OpenExecutor,
    PlannedChunk,
    Renderer,
    build_coverage_report,
    content_key,
    former_keys,
    with_kept_voice,
    write_coverage,
)
from mayabook.render.job_facts import CHECKS, ENGINE, FALLBACK_ENGINE, REQUEST, AudiobookRequest
from mayabook.script import Script, Verbaliser, read_lexicon, script_chapters
from mayabook.source_check import check_source

_MOST_NOTES = 20
"""Differences between file and book that are told one by one; the coverage report has all of them."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FlaggedChunk:
    """A chunk of which no take was accepted: the best one is in the audiobook, and a person should listen to it."""

    number: int
    """From 1 over the whole book, as `mayabook review` counts."""
    chapter: str
    """Title of its chapter."""
    text: str
    """What should be heard."""
    transcript: str
    """What the recogniser heard."""
    findings: tuple[Finding, ...]
    """What is wrong with the take."""
    take: Path
    """FLAC file of the take, in the job folder."""


@dataclass(frozen=True, slots=True)
class AudiobookResult:
    """What `make_audiobook` made."""

    audiobook: Audiobook
    """Files, duration, chapters and loudness."""
    coverage: CoverageReport
    """Every sentence of the book with the take that speaks it and what was heard; as coverage.json has it."""
    flagged: tuple[FlaggedChunk, ...]
    """Chunks that a person should listen to, in the book's order."""
    script: Script
    """The chunks, and the proof that they hold every word of the book once."""
    job_folder: Path
    """Where takes, ledger and reports are kept."""
    seconds: float
    """Wall time of this run."""
    times_real_time: float | None
    """Seconds of audiobook per second of this run, None where takes of an earlier run were used."""

    @property
    def word_error_rate(self) -> float:
        """Of the recogniser's transcripts of the kept takes against the book, after normalisation; 0.01 is 1 %."""
        return self.coverage.word_error_rate


def make_audiobook(
    book: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    lexicon: str | os.PathLike[str] | None = None,
    settings: Settings | None = None,
    force: bool = False,
    progress: Listener | None = None,
    cancel: threading.Event | None = None,
) -> AudiobookResult:
    """Makes an audiobook and checks every sentence of it; resumes what an earlier call left of the same job.

    book: an EPUB, a plain text or another format that a reader is installed for. output: the audiobook; its suffix
    chooses the format: .m4b, .mp3, .opus, .flac or .wav. The job folder is beside it, with the suffix .mayabook.
    lexicon: a TOML file of pronunciations. force: replace an audiobook that exists. progress: is called with every
    event of `mayabook.core.events`. cancel: set it, from another thread, to stop after the take in progress.

    Returns when the audiobook is on disk. Raises a MayaBookError (BookError, EngineError, OutputError and so on) for
    what the caller can mend, and Cancelled after `cancel` was set. Cancelled and KeyboardInterrupt leave a job that the
    same call resumes; the audiobook is then the same as if it had never stopped.
    """
    request = AudiobookRequest(
        book=Path(book).absolute(),
        output=Path(output).absolute(),
        lexicon=None if lexicon is None else Path(lexicon).absolute(),
        settings=settings or Settings(),
    )
    return run_request(request, force=force, progress=progress, cancel=cancel)


def open_local_executor(
    settings: Settings,
    earlier: EngineChoice | None,
    note: Callable[[str], None],
    language: str,
    *,
    is_fallback: bool = False,
) -> tuple[Executor, EngineChoice]:
    """`OpenExecutor` for an engine in this process."""
    if is_fallback:
        engine, choice = open_fallback_engine(settings, earlier, note, language)
    else:
        engine, choice = open_engine(settings, earlier, note, language)
    return LocalExecutor(engine), choice


def run_request(
    request: AudiobookRequest,
    *,
    force: bool = False,
    progress: Listener | None = None,
    cancel: threading.Event | None = None,
    open_executor: OpenExecutor = open_local_executor,
) -> AudiobookResult:
    """`make_audiobook` with a request that exists already, such as that of a reviewed job.

    open_executor: opens what makes and checks the takes, here or on a cluster."""
    limit_spinning()
    return _run(request, cancellable(progress or ignore, cancel), open_executor, force=force)


def _run(request: AudiobookRequest, tell: Listener, open_executor: OpenExecutor, *, force: bool) -> AudiobookResult:
    started = time.perf_counter()
    settings = request.settings
    check_output(request.output, settings.master)
    if not force and _would_replace(request):
        place = destination(request.output, settings.master)
        raise OutputError(f"{place} already exists; replace it with --force, or choose another path with -o.")
    book = read_book(request.book, settings.book)
    lexicon = None if request.lexicon is None else read_lexicon(request.lexicon)
    source = check_source(request.book, book)
    for warning in (*book.warnings, *map(str, source.differences[:_MOST_NOTES])):
        tell(Note(warning))
    if Language.of(book.language) != ENGLISH:
        tell(Note(f"The book says its language is {book.language!r}; it is read as English."))
    chosen = Job.beside(request.output).peek(ENGINE)
    settings = with_kept_voice(settings, Job.beside(request.output))
    earlier = None if chosen is None else EngineChoice.model_validate_json(chosen)
    executor, choice = open_executor(settings, earlier, _notes(tell), book.language)
    engine = executor.engine
    try:
        tell(EngineSelected(choice.kind, engine.credit, choice.reason))
        settings = with_levels(settings, choice.tuned)
        script = script_chapters(book, request.book, choice.chunk_limits(settings.script), lexicon)
        _refuse_unsupported_text(engine, script)
        with Job.beside(request.output) as job:
            edits = Edits.of(job.folder)
            verbaliser = Verbaliser(book.language, lexicon, settings.script.as_written)
            as_written = script.chunks
            script = replace(script, chunks=edits.applied(as_written, book.language, verbaliser))
            checker = Checker(settings.checks, book.language)
            anchor = JobAnchor(job, _notes(tell))
            if isinstance(engine, Anchored):
                has_begun = earlier is not None and earlier.kind == choice.kind
                anchor.settle(executor, settings.maya, choice.model, checker, has_begun=has_begun)
            plan = plan_chunks(book, script, engine, as_written)
            job.ledger.set_fact(REQUEST, request.model_dump_json())
            job.ledger.set_fact(ENGINE, choice.model_dump_json())
            job.ledger.set_plan(plan)
            job.ledger.rename_keys(former_keys(engine, script.chunks))
            job.ledger.set_fact(CHECKS, checker.identity)
            _log.info(
                "Job %s; engine %s on %s; checks %s", job.folder, engine.identity, engine.platform, checker.identity
            )
            tell(ScriptReady(book.title, len(plan), sum(item.chunk.n_words for item in plan)))
            with _Fallback(settings, job, choice, tell, book.language, anchor, open_executor) as fallback:
                renderer = Renderer(job, plan, executor, checker, settings.retry, tell, fallback.open, _notes(tell))
                renderer.run()
            coverage = build_coverage_report(book, source, plan, job.ledger, checker.identity, edits)
            write_coverage(coverage, job)
            flagged = _flagged(plan, job, checker.identity, coverage)
            audiobook = _master(request, book, plan, job, checker.identity, engine, tell)
    finally:
        executor.close()
    seconds = time.perf_counter() - started
    fresh = not renderer.progress.resumed_chunks
    rate = audiobook.duration / seconds if fresh else None
    return AudiobookResult(audiobook, coverage, flagged, script, job.folder, seconds, rate)


class _Fallback:
    """The engine for chunks of which the first engine gave no accepted take, opened when it is first needed.

    The ledger keeps the choices for it; until there are any, those for the first engine hold, except the slots.
    Use as a context manager: it is closed at the end of the block.
    """

    def __init__(
        self,
        settings: Settings,
        job: Job,
        first: EngineChoice,
        tell: Listener,
        language: str,
        anchor: JobAnchor,
        open_executor: OpenExecutor,
    ) -> None:
        self._settings, self._job, self._tell, self._language = settings, job, tell, language
        self._first, self._anchor = first, anchor
        self._open_executor = open_executor
        self._executor: Executor | None = None

    def open(self) -> Executor:
        if self._executor is None:
            kept = self._job.ledger.fact(FALLBACK_ENGINE)
            first = self._first.model_copy(update={"slots": 0})
            earlier = first if kept is None else EngineChoice.model_validate_json(kept)
            self._executor, choice = self._open_executor(
                self._settings, earlier, _notes(self._tell), self._language, is_fallback=True
            )
            self._job.ledger.set_fact(FALLBACK_ENGINE, choice.model_dump_json())
            engine = self._executor.engine
            if isinstance(engine, Anchored):
                self._anchor.lend(engine)
            self._tell(EngineSelected(choice.kind, engine.credit, choice.reason, fallback=True))
        return self._executor

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._executor is not None:
            self._executor.close()


def _notes(tell: Listener) -> Callable[[str], None]:
    """Takes the lines of engine selection."""
    return lambda line: tell(Note(line))


def _would_replace(request: AudiobookRequest) -> bool:
    """Whether an audiobook would be replaced. A folder of chapters that this job began is its own."""
    place = destination(request.output, request.settings.master)
    if not request.settings.master.split:
        return place.exists()
    return any(place.glob(f"*{request.output.suffix}")) and not Job.beside(request.output).folder.exists()


def plan_chunks(
    book: Book, script: Script, engine: Engine, as_written: Sequence[Chunk] | None = None
) -> list[PlannedChunk]:
    """The script's chunks with their content keys for `engine`. as_written: the chunks before a person edited them;
    None where nobody did."""
    titles = {chapter.number: chapter.title for chapter in book.chapters}
    return [
        PlannedChunk(
            chunk.index + 1,
            content_key(engine, chunk),
            titles[chunk.chapter],
            chunk,
            written.text if written.text != chunk.text else "",
        )
        for chunk, written in zip(script.chunks, as_written or script.chunks, strict=True)
    ]


def _refuse_unsupported_text(engine: Engine, script: Script) -> None:
    reason = engine.unsupported_reason(" ".join(chunk.spoken for chunk in script.chunks))
    if reason is not None:
        raise EngineError(f"This book cannot be narrated: {reason}. Choose an engine that speaks its language.")


def _flagged(plan: list[PlannedChunk], job: Job, checks: str, coverage: CoverageReport) -> tuple[FlaggedChunk, ...]:
    found = []
    for item in plan:
        if item.number in coverage.flagged:
            take = job.ledger.kept(item.key, checks)
            verdict = None if take is None else job.ledger.verdict(take, checks)
            assert take is not None
            assert verdict is not None
            found.append(
                FlaggedChunk(
                    number=item.number,
                    chapter=item.chapter_title,
                    text=item.chunk.text,
                    transcript=verdict.transcript,
                    findings=verdict.findings,
                    take=take.file,
                )
            )
    return tuple(found)


def _master(
    request: AudiobookRequest,
    book: Book,
    plan: list[PlannedChunk],
    job: Job,
    checks: str,
    engine: Engine,
    tell: Listener,
) -> Audiobook:
    segments, chunks = [], []
    headings = {
        chapter.number: frozenset(n for n, block in enumerate(chapter.blocks) if block.kind == BlockKind.HEADING)
        for chapter in book.narrated
    }
    for item in plan:
        take = job.ledger.kept(item.key, checks)
        verdict = None if take is None else job.ledger.verdict(take, checks)
        assert take is not None
        assert verdict is not None
        segments.append(TakeSegment(take.file, item.chunk.chapter, item.chunk.text, item.chunk.pause))
        chunks.append(SpokenChunk(item.number, item.chunk, take.file, verdict.words, headings[item.chunk.chapter]))
    titles = {chapter.number: chapter.title for chapter in book.narrated}
    settings = request.settings.master
    timeline = build_timeline(segments, titles, settings)
    tags = Tags.of(book, narrator=engine.credit)
    audiobook = write_audiobook(
        timeline, tags, request.output, settings, lambda fraction: tell(MasteringProgress(fraction))
    )
    described = describe_timeline(timeline, chunks, audiobook)
    write_text(job.timeline_json, json.dumps(described, ensure_ascii=False, separators=(",", ":")))
    _log.info("Mastered: %.1f LUFS, true peak %.1f dBTP", audiobook.loudness, audiobook.true_peak)
    return audiobook
