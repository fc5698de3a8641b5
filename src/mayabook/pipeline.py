"""From an order to an audiobook: book, script, takes, master. What the command line and every other front runs."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, Self

from pydantic import BaseModel, ConfigDict

from mayabook.book import read_book
from mayabook.checks import Checker
from mayabook.core.book import Book
from mayabook.core.errors import BookError, EngineError, OutputError
from mayabook.core.settings import EngineSettings, Settings
from mayabook.engine_selection import EngineChoice, open_engine
from mayabook.engines import Engine
from mayabook.master import Audiobook, Tags, TakeSegment, build_timeline, check_output, destination, write_audiobook
from mayabook.render import (
    CoverageReport,
    Edits,
    Job,
    PlannedChunk,
    Renderer,
    RenderProgress,
    build_coverage_report,
    content_key,
    write_coverage,
)
from mayabook.script import Script, read_lexicon, write_script

CHECKS = "checks"
"""Name of the fact that holds the identity of the checks that judged last."""
ENGINE = "engine"
"""Name of the fact that holds the choice of engine, so that a job goes on with the one it began with."""
REQUEST = "request"
"""Name of the fact that holds the request, so that a job can be run again without its command."""


class AudiobookRequest(BaseModel):
    """What a person asked for. output: the audiobook; its suffix chooses the format."""

    model_config = ConfigDict(frozen=True)

    book: Path
    output: Path
    lexicon: Path | None = None
    settings: Settings = Settings()


class ProgressListener(Protocol):
    """Whoever shows a person how it goes."""

    def say(self, line: str) -> None: ...
    def rendering(self, progress: RenderProgress) -> None: ...
    def mastering(self, fraction: float) -> None: ...


@dataclass(frozen=True, slots=True)
class AudiobookResult:
    """seconds: wall time of this run. rate: seconds of audiobook per second, None where takes of an earlier run
    were used."""

    audiobook: Audiobook
    coverage: CoverageReport
    script: Script
    job: Path
    seconds: float
    rate: float | None


def open_book(book_file: Path, lexicon_file: Path | None, settings: Settings) -> tuple[Book, Script]:
    book = read_book(book_file, settings.book)
    lexicon = None if lexicon_file is None else read_lexicon(lexicon_file)
    script = write_script(book, settings.script, lexicon)
    if not script.chunks:
        raise BookError(
            f"{book_file} has nothing to narrate: {len(book.chapters)} chapters are skipped. "
            "See why with `mayabook inspect`, and bring some in with --include."
        )
    return book, script


def run_pipeline(order: AudiobookRequest, watcher: ProgressListener, *, force: bool = False) -> AudiobookResult:
    """Makes the audiobook, going on from what an earlier run of the same job left.

    force: replace an audiobook that exists. Raises MayaBookError; KeyboardInterrupt leaves a job that can go on.
    """
    started = time.perf_counter()
    settings = order.settings
    check_output(order.output, settings.master)
    if not force and _would_replace(order):
        place = destination(order.output, settings.master)
        raise OutputError(f"{place} exists; replace it with --force, or choose another place with -o.")
    book, script = open_book(order.book, order.lexicon, settings)
    for warning in book.warnings:
        watcher.say(f"Note: {warning}")
    if not book.language.lower().startswith("en"):
        watcher.say(f"Note: the book says its language is {book.language!r}; it is read as English.")
    chosen = Job.beside(order.output).peek(ENGINE)
    earlier = None if chosen is None else EngineChoice.model_validate_json(chosen)
    engine, choice = open_engine(settings, earlier, watcher.say)
    watcher.say(f"Engine: {engine.credit}, {choice.kind}: {choice.reason}")
    try:
        _refuse_unsupported_text(engine, script)
        with Job.beside(order.output) as job:
            edits = Edits.of(job.folder)
            lexicon = None if order.lexicon is None else read_lexicon(order.lexicon)
            script = replace(script, chunks=edits.applied(script.chunks, book.language, lexicon))
            plan = plan_chunks(book, script, engine)
            job.ledger.set_fact(REQUEST, order.model_dump_json())
            job.ledger.set_fact(ENGINE, choice.model_dump_json())
            job.ledger.set_plan(plan)
            checker = Checker(settings.checks, book.language)
            job.ledger.set_fact(CHECKS, checker.identity)
            watcher.say(f"{book.title}: {len(plan)} chunks, {sum(item.chunk.n_words for item in plan):,} words")
            with FallbackEngine(settings, watcher.say) as spare:
                renderer = Renderer(job, plan, engine, checker, settings.retry, watcher.rendering, spare.open)
                renderer.run()
            coverage = build_coverage_report(book, plan, job.ledger, checker.identity, edits)
            write_coverage(coverage, job)
            audiobook = _master(order, book, plan, job, checker.identity, engine, watcher)
    finally:
        engine.close()
    seconds = time.perf_counter() - started
    fresh = not renderer.progress.resumed_chunks
    return AudiobookResult(
        audiobook, coverage, script, job.folder, seconds, audiobook.duration / seconds if fresh else None
    )


class FallbackEngine:
    """The ladder's other engine, opened when it is asked for, and closed at the end of the block."""

    def __init__(self, settings: Settings, say: Callable[[str], None]) -> None:
        kind = settings.retry.engine
        self._settings = settings.model_copy(update={"engine": EngineSettings(kind=kind if kind != "none" else "auto")})
        self._say = say
        self._engine: Engine | None = None

    def open(self) -> Engine:
        if self._engine is None:
            self._engine, choice = open_engine(self._settings, None, self._say)
            self._say(f"Other engine: {self._engine.credit}, {choice.kind}")
        return self._engine

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._engine is not None:
            self._engine.close()


def _would_replace(order: AudiobookRequest) -> bool:
    """Whether an audiobook would be replaced. A folder of chapters that this job began is its own."""
    place = destination(order.output, order.settings.master)
    if not order.settings.master.split:
        return place.exists()
    return any(place.glob(f"*{order.output.suffix}")) and not Job.beside(order.output).folder.exists()


def plan_chunks(book: Book, script: Script, engine: Engine) -> list[PlannedChunk]:
    titles = {chapter.number: chapter.title for chapter in book.chapters}
    return [
        PlannedChunk(chunk.index + 1, content_key(engine, chunk), titles[chunk.chapter], chunk)
        for chunk in script.chunks
    ]


def _refuse_unsupported_text(engine: Engine, script: Script) -> None:
    reason = engine.unsupported_reason(" ".join(chunk.spoken for chunk in script.chunks))
    if reason is not None:
        raise EngineError(f"This book cannot be narrated: {reason}. Choose an engine that speaks its language.")


def _master(
    order: AudiobookRequest,
    book: Book,
    plan: list[PlannedChunk],
    job: Job,
    checks: str,
    engine: Engine,
    watcher: ProgressListener,
) -> Audiobook:
    segments = []
    for item in plan:
        take = job.ledger.kept(item.key, checks)
        assert take is not None
        segments.append(TakeSegment(take.file, item.chunk.chapter, item.chunk.text, item.chunk.pause))
    titles = {chapter.number: chapter.title for chapter in book.narrated}
    timeline = build_timeline(segments, titles, order.settings.master)
    tags = Tags.of(book, narrator=engine.credit)
    return write_audiobook(timeline, tags, order.output, order.settings.master, watcher.mastering)
