"""The pages of the studio, on NiceGUI: their addresses, and the services that each of them uses."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

import nicegui
from fastapi import FastAPI
from nicegui import ui

from mayabook.core.errors import MayaBookError
from mayabook.studio.api_addresses import audiobook_address, cover_address
from mayabook.studio.child_commands import ChildCommands
from mayabook.studio.job_queue import BookState, BookStatus
from mayabook.studio.library import LibraryBook
from mayabook.studio.pages.book import BookPage
from mayabook.studio.pages.client_assets import FAVICON, serve_assets
from mayabook.studio.pages.elements import link, tag, text
from mayabook.studio.pages.lab_routes import lab_routes
from mayabook.studio.pages.layout import BookHead, BookTab, book_address, book_frame, page_frame
from mayabook.studio.pages.listen import show_audiobook
from mayabook.studio.pages.media_routes import media_routes
from mayabook.studio.pages.reports import BookReportPage, ReportsPage
from mayabook.studio.pages.review import show_review
from mayabook.studio.pages.run import RunEvent, RunPage, RunState
from mayabook.studio.pages.shelf import STATE_WORDS, ShelfEntry, ShelfPage
from mayabook.studio.pages.voices import VoicesPage
from mayabook.studio.pages.wording import duration
from mayabook.studio.report_view import LAB, lab_runs, read_coverage
from mayabook.studio.services import Services


def mount(app: FastAPI, services: Services) -> None:
    """Adds the pages to the server. Call it once per process, and after adding all other routes: NiceGUI handles every
    remaining address."""
    serve_assets(app)
    app.include_router(lab_routes(services))
    app.include_router(media_routes(services.desk, services.listening))
    commands = ChildCommands()
    nicegui.app.on_shutdown(commands.stop)
    _add_pages(services, commands)
    ui.run_with(
        app,
        title="MayaBook",
        favicon=FAVICON,
        language="en-US",
        dark=None,
        tailwind=False,
        binding_refresh_interval=None,  # no page binds values
        show_welcome_message=False,
    )


def _add_pages(services: Services, commands: ChildCommands) -> None:
    @ui.page("/")
    def shelf() -> None:
        with page_frame("Shelf", section="shelf"):
            ShelfPage(partial(_shelf, services), services.queue, str(services.library.folder))

    @ui.page("/voices")
    def voices() -> None:
        with page_frame("Voices", section="voices"):
            VoicesPage(commands, partial(_jobs, services), services.library.folder / LAB)

    @ui.page("/reports")
    def reports() -> None:
        with page_frame("Reports", section="reports"):
            found = [(status.book, read_coverage(status.book.job.folder)) for status in services.shelf()]
            books = [(_head(services, book), coverage) for book, coverage in found if coverage is not None]
            ReportsPage(books, lab_runs(services.library.folder))

    @ui.page("/book/{book_id}")
    def book(book_id: str) -> None:
        def start() -> None:
            services.queue.add(book_id)
            ui.navigate.to(book_address(book_id, "run"))

        _book_page(services, book_id, "", lambda book: BookPage(book.file, start))

    @ui.page("/book/{book_id}/run")
    def run(book_id: str) -> None:
        queue = services.queue
        _book_page(
            services,
            book_id,
            "run",
            lambda book: RunPage(
                book_id,
                partial(_run_state, services, book_id),
                start=partial(queue.add, book_id),
                pause=partial(queue.pause, book_id),
                resume=partial(queue.resume, book_id),
                stop=partial(queue.stop, book_id),
            ),
        )

    @ui.page("/book/{book_id}/review")
    def review(book_id: str, chunk: int | None = None) -> None:
        _book_page(services, book_id, "review", lambda book: show_review(book_id, services.desk(book_id), chunk))

    @ui.page("/book/{book_id}/listen")
    def listen(book_id: str) -> None:
        _book_page(
            services,
            book_id,
            "listen",
            lambda book: show_audiobook(_head(services, book), services.listening(book_id), services.desk(book_id)),
        )

    @ui.page("/book/{book_id}/report")
    def report(book_id: str) -> None:
        _book_page(
            services, book_id, "report", lambda book: BookReportPage(book_id, partial(read_coverage, book.job.folder))
        )


def _jobs(services: Services) -> dict[str, Path]:
    """Title -> job folder, for the books of which a run was started."""
    begun = [status.book for status in services.shelf() if status.state is not BookState.NEW]
    return {services.library.facts(book).title: book.job.folder for book in begun}


def _book_page(services: Services, book_id: str, tab: BookTab, show: Callable[[LibraryBook], object]) -> None:
    """A page of a book, or an error page if there is no such book. show: adds the content below the head."""
    try:
        book = services.library.book(book_id)
    except MayaBookError as error:
        with page_frame("No such book", section="shelf"), tag("div", "card empty"):
            text(str(error), "book-text", name="p")
            link("Back to the shelf", "/", classes="button")
        return
    with book_frame(_head(services, book), tab):
        show(book)


def _head(services: Services, book: LibraryBook) -> BookHead:
    facts = services.library.facts(book)
    return BookHead(book.id, facts.title, ", ".join(facts.authors), cover_address(services.library, book))


def _shelf(services: Services) -> tuple[ShelfEntry, ...]:
    return tuple(_shelf_entry(services, status) for status in services.shelf())


def _shelf_entry(services: Services, status: BookStatus) -> ShelfEntry:
    line = status.line
    if status.state is BookState.RUNNING and status.run.mastering is None:
        line = ", ".join(
            filter(
                None,
                (
                    f"{100 * status.fraction:.0f} %",
                    f"{status.run.rate:.1f}× real time" if status.run.rate else "",
                    f"{duration(status.run.eta)} to go" if status.run.eta else "",
                ),
            )
        )
    return ShelfEntry(
        head=_head(services, status.book),
        state=status.state.value,
        fraction=status.fraction,
        line=line,
        n_flagged=status.job.n_flagged,
        download=audiobook_address(status.book),
        priority=status.priority,
    )


def _run_state(services: Services, book_id: str) -> RunState:
    status = services.queue.status(services.library.book(book_id))
    run = status.run
    is_running = status.state is BookState.RUNNING
    doing = run.chapter if is_running else ""
    if status.error:
        doing = status.error
    elif is_running and run.mastering is not None:
        doing = f"Mastering: {100 * run.mastering:.0f} %"
    return RunState(
        word=STATE_WORDS[status.state.value][0],
        is_running=is_running,
        is_paused=status.state in (BookState.PAUSED, BookState.FAILED),
        is_queued=status.state is BookState.QUEUED,
        is_finished=status.state is BookState.FINISHED,
        fraction=status.fraction,
        doing=doing,
        rate=run.rate,
        eta=run.eta if is_running else None,
        states=tuple(state.value for state in status.job.states),
        chapters=status.job.chapters,
        events=tuple(RunEvent(_time_of_day(message.time), message.text) for message in run.messages),
    )


def _time_of_day(seconds: float | None) -> str:
    """Local time; empty where it is not known."""
    return f"{datetime.fromtimestamp(seconds):%H:%M:%S}" if seconds is not None else ""
