"""Makes the audiobooks of one command, shows progress and results, and returns the exit code."""

import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from mayabook.cli.exit_codes import FAILED, FLAGGED, stoppable
from mayabook.cli.progress_display import Display, clock
from mayabook.cli.source_line import source_line
from mayabook.core.byte_size import format_bytes
from mayabook.core.errors import MayaBookError
from mayabook.core.events import Event

if TYPE_CHECKING:
    from mayabook.pipeline import AudiobookResult
    from mayabook.render import OpenExecutor
    from mayabook.render.job_facts import AudiobookRequest

_N_AT_ONCE = 3
"""Books in work at once on a cluster: while one is read or mastered here, the workers make takes of the others."""
_MOST_DIFFERENCES = 5


def run_books(
    requests: "Sequence[AudiobookRequest]",
    shown: Display,
    *,
    force: bool,
    open_executor: "OpenExecutor | None" = None,
    stop: Callable[[], None] = lambda: None,
) -> int:
    """Makes the books. Returns the exit code, of several books the worst one.

    open_executor: opens what makes takes on a cluster; None to make the books here, one after the other. stop: called
    when a person stops the run, so that nothing waits for the cluster.
    """
    from mayabook.pipeline import open_local_executor, run_request

    opener = open_executor or open_local_executor
    with stoppable("Stopped. Finished takes are kept: the same command resumes."), shown:
        if len(requests) > 1:
            n_at_once = 1 if open_executor is None else _N_AT_ONCE
            return _run_several(requests, shown, opener, n_at_once, stop, force=force)
        result = run_request(requests[0], force=force, progress=shown.on_event, open_executor=opener)
    return _show(result, shown)


def _run_several(
    requests: "Sequence[AudiobookRequest]",
    shown: Display,
    open_executor: "OpenExecutor",
    n_at_once: int,
    stop: Callable[[], None],
    *,
    force: bool,
) -> int:
    from mayabook.pipeline import run_request

    cancel, lock = threading.Event(), threading.Lock()
    codes: list[int] = []

    def make(request: "AudiobookRequest") -> "AudiobookResult":
        def on_event(event: Event) -> None:
            with lock:
                shown.on_event(event, request.book.name)

        return run_request(request, force=force, progress=on_event, cancel=cancel, open_executor=open_executor)

    with ThreadPoolExecutor(n_at_once) as pool:
        books = {pool.submit(make, request): request.book.name for request in requests}
        try:
            for future in as_completed(books):
                error = future.exception()
                if isinstance(error, MayaBookError):  # the other books are made all the same
                    print(f"mayabook: {books[future]}: {error}", file=sys.stderr)
                    codes.append(FAILED)
                else:
                    codes.append(_show(future.result(), shown))
        except BaseException:
            cancel.set()
            stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return FAILED if FAILED in codes else max(codes)


def _show(result: "AudiobookResult", shown: Display) -> int:
    """Shows the result. Returns FLAGGED if a person must look at it, else 0."""
    shown.show_result(_lines(result), _facts(result))
    return FLAGGED if result.flagged or result.coverage.source.differences else 0


def _lines(result: "AudiobookResult") -> list[str]:
    from mayabook.render import Status

    audiobook, coverage = result.audiobook, result.coverage
    size = sum(file.stat().st_size for file in audiobook.files)
    heard = coverage.count(Status.HEARD) + coverage.count(Status.ACCEPTED)
    rate = "" if result.times_real_time is None else f", {result.times_real_time:.1f}x real time"
    lines = [
        "",
        *(str(_short(file)) for file in audiobook.files),
        f"  {clock(audiobook.duration)} long, {len(audiobook.chapters)} chapters, {format_bytes(size)}, "
        f"{audiobook.loudness:.1f} LUFS; made in {clock(result.seconds)}{rate}",
        f"  read: {source_line(coverage.source)}",
        f"  text: {result.script.coverage.n_book_words:,} words to narrate, "
        f"{result.script.coverage.n_chunk_words:,} in the chunks",
        f"  heard as written: {heard} of {len(coverage.rows)} sentences, {coverage.count(Status.DOUBTFUL)} in doubt, "
        f"{coverage.count(Status.MISSING)} missing; word error rate {coverage.word_error_rate:.1%}",
        f"  chunks: {coverage.n_chunks - len(coverage.flagged)} of {coverage.n_chunks} accepted, "
        f"{len(coverage.flagged)} flagged",
        f"  coverage report: {_short(result.job_folder / 'coverage.html')}",
    ]
    if coverage.repaired:
        steps = ", ".join(f"{count} by {step.label}" for step, count in coverage.repaired.items())
        lines.append(f"  repaired by retries: {steps}")
    lines += [f"  note: {warning}" for warning in audiobook.warnings]
    lines += [f"  {difference}" for difference in coverage.source.differences[:_MOST_DIFFERENCES]]
    if coverage.flagged:
        lines.append(f"  review the flagged chunks: mayabook review {_short(result.job_folder)}")
    return lines


def _short(path: Path) -> Path:
    """Relative to the working folder, if it is inside."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _facts(result: "AudiobookResult") -> dict[str, object]:
    from mayabook.render import Status

    audiobook, coverage = result.audiobook, result.coverage
    return {
        "files": [str(file) for file in audiobook.files],
        "duration": audiobook.duration,
        "chapters": [{"title": chapter.title, "start": chapter.start} for chapter in audiobook.chapters],
        "loudness": audiobook.loudness,
        "true_peak": audiobook.true_peak,
        "seconds": result.seconds,
        "rate": result.times_real_time,
        "source": asdict(coverage.source) | {"n_lost": coverage.source.n_lost},
        "book_words": result.script.coverage.n_book_words,
        "script_words": result.script.coverage.n_chunk_words,
        "sentences": {status.value: coverage.count(status) for status in Status},
        "chunks": coverage.n_chunks,
        "flagged": list(coverage.flagged),
        "repaired": coverage.repaired,
        "wer": coverage.word_error_rate,
        "job": str(result.job_folder),
        "warnings": list(audiobook.warnings),
    }
