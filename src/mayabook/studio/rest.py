"""The REST API under /api: books, queue, chunks, takes, decisions, exports, and progress as server-sent events.

docs/rest_api.md describes it; /api/docs lists every route. Errors are `{"detail": "one line that says what to do"}`.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, FastAPI, File, HTTPException, Request, Response, UploadFile
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from mayabook.core.errors import BookError, JobError, LibraryError, MayaBookError, QueueError
from mayabook.studio.api_addresses import PICTURES, audiobook_address, book_resource, cover_address
from mayabook.studio.api_page import api_page
from mayabook.studio.job_queue import BookState, BookStatus
from mayabook.studio.services import Services

EVENT_SECONDS = 1.0
"""Between two checks for changes, per event stream."""
_STATUS = {LibraryError: 404, QueueError: 409, JobError: 409, BookError: 422}
_Name = Annotated[str, Field(max_length=255)]
_Note = Annotated[str, Field(max_length=4000)]


class _Documented(BaseModel):
    """A model whose field docstrings appear in the OpenAPI description."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class BookOut(_Documented):
    """A book of the library."""

    id: str
    title: str
    authors: list[str]
    state: str
    """new, queued, running, paused, finished or failed."""
    fraction: float
    """Share of the chunks that are settled, 0 to 1."""
    line: str
    """Progress or quality, in one line."""
    priority: int
    n_chunks: int
    n_settled: int
    n_flagged: int
    rate: float | None
    """Seconds of speech generated per second of the run."""
    eta: float | None
    """Seconds to go."""
    mastering: float | None
    """Share of mastering that is done, 0 to 1; null before it begins."""
    error: str
    """Why the run failed; empty if it did not."""
    audiobook: str | None
    """Address of the audiobook; supports range requests."""
    cover: str | None


class QueueIn(_Documented):
    """A book to narrate."""

    book: _Name
    format: Annotated[str, Field(max_length=8)] | None = None
    """Suffix of the audiobook, such as .m4b; null for that of the latest run, or .m4b if there was none."""
    priority: int = 0
    """Higher ones go first."""
    is_next: bool = False
    """Ahead of all others of its priority."""


class QueueChange(_Documented):
    """A change to a book in the queue."""

    action: Literal["pause", "resume", "stop", "move", "prioritise"]
    places: int = 0
    """For move: -1 is one place earlier."""
    priority: int = 0
    """For prioritise."""


class DecisionIn(_Documented):
    """A person's decision about a chunk, as in `mayabook review`."""

    action: Literal["accept", "redo", "take", "edit"]
    take: int | None = None
    """For take: its number, from 1."""
    text: Annotated[str, Field(max_length=4000)] = ""
    """For edit: the new text of the chunk; empty restores the book's own text."""
    note: _Note = ""


class TakeOut(_Documented):
    """An attempt at a chunk."""

    number: int
    step: str
    """How it was made: the step of the retry policy."""
    is_kept: bool
    """Whether it is the take in the audiobook."""
    accepted: bool | None
    """By the checks; null while there is no verdict."""
    decision: str | None
    """By a person."""
    risk: float
    transcript: str
    findings: list[dict[str, Any]]
    audio: str
    """Address of its FLAC file; supports range requests."""


class ChunkOut(_Documented):
    """A chunk with its takes."""

    number: int
    chapter: str
    text: str
    book_text: str
    """The book's own text; differs from `text` if a person edited that."""
    takes: list[TakeOut]


def add_routes(app: FastAPI, services: Services) -> None:
    """Adds the API, its description, and the answers to errors."""
    app.include_router(_routes(services))

    @app.exception_handler(MayaBookError)
    def refuse(request: Request, error: MayaBookError) -> Response:
        status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 400)
        return JSONResponse({"detail": str(error)}, status)

    @app.get("/api/openapi.json", include_in_schema=False)
    def openapi() -> dict[str, Any]:
        return app.openapi()

    @app.get("/api/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return HTMLResponse(api_page(app.openapi()))


def _routes(services: Services) -> APIRouter:
    routes = APIRouter(prefix="/api")

    @routes.get("/books", tags=["books"])
    def list_books() -> list[BookOut]:
        """All books: first those in the queue, in its order, then the others by name."""
        return [_book_out(services, status) for status in services.shelf()]

    @routes.post("/books", tags=["books"], status_code=201)
    def add_book(file: Annotated[UploadFile, File()]) -> BookOut:
        """Adds a book file, once it has been read."""
        book = services.library.add(file.filename or "", file.file)
        return _book_out(services, services.queue.status(book))

    @routes.get("/books/{book_id}", tags=["books"])
    def get_book(book_id: str) -> BookOut:
        """One book."""
        return _book_out(services, services.status(book_id))

    @routes.get("/books/{book_id}/cover", tags=["books"], response_class=Response)
    def get_cover(book_id: str) -> Response:
        """The cover image."""
        picture = services.library.facts(services.library.book(book_id)).cover
        if picture is None or picture.media_type not in PICTURES:
            raise HTTPException(404, "This book has no cover.")
        return Response(picture.data, media_type=picture.media_type, headers={"Cache-Control": "private, max-age=3600"})

    @routes.get("/books/{book_id}/audiobook", tags=["exports"], response_class=FileResponse)
    def get_audiobook(book_id: str) -> FileResponse:
        """The audiobook file. Supports range requests."""
        file = services.library.book(book_id).audiobook
        if file is None:
            raise HTTPException(404, "This book has no audiobook in one file yet; narrate it first.")
        return FileResponse(file, filename=file.name)

    @routes.get("/books/{book_id}/coverage", tags=["exports"], response_class=FileResponse)
    def get_coverage(book_id: str) -> FileResponse:
        """The coverage report: every sentence, the take that speaks it, and what was heard."""
        file = services.library.book(book_id).job.coverage_json
        if not file.is_file() or file.is_symlink():
            raise HTTPException(404, "This book has no coverage report yet; narrate it first.")
        return FileResponse(file, media_type="application/json")

    @routes.get("/books/{book_id}/events", tags=["books"], response_class=StreamingResponse)
    def follow(book_id: str, request: Request) -> StreamingResponse:
        """Progress as server-sent events, until the client disconnects.

        `book`: the book, when it has changed. `chunks`: number -> state, for the chunks whose state has changed; the
        first event has all chunks. `message`: a line that the run printed. `error`: the book is gone; the stream ends.
        """
        services.library.book(book_id)
        return StreamingResponse(_events(services, book_id, request), media_type="text/event-stream")

    @routes.get("/books/{book_id}/chunks", tags=["review"])
    def list_chunks(book_id: str) -> list[str]:
        """The state of each chunk: waiting, speaking, checking, accepted, cured, in doubt or flagged."""
        return [state.value for state in services.status(book_id).job.states]

    @routes.get("/books/{book_id}/chunks/{number}", tags=["review"])
    def get_chunk(book_id: str, number: int) -> ChunkOut:
        """A chunk with its takes."""
        return _chunk_out(services, book_id, number)

    @routes.get("/books/{book_id}/takes/{name}", tags=["review"], response_class=FileResponse)
    def get_take(book_id: str, name: str) -> FileResponse:
        """The audio of a take (FLAC). Supports range requests."""
        return FileResponse(services.desk(book_id).take_file(name), media_type="audio/flac")

    @routes.post("/books/{book_id}/chunks/{number}/decisions", tags=["review"])
    def decide(book_id: str, number: int, decision: DecisionIn) -> ChunkOut:
        """Stores a decision about a chunk. After redo and edit, new takes are made in the background at once."""
        desk = services.desk(book_id)
        match decision.action:
            case "accept":
                desk.accept(number, decision.note)
            case "redo":
                desk.redo(number, decision.note)
            case "edit":
                desk.set_text(number, decision.text, decision.note)
            case "take":
                if decision.take is None:
                    raise HTTPException(422, "Give the number of the take in the field take.")
                desk.choose_take(number, decision.take, decision.note)
        return _chunk_out(services, book_id, number)

    @routes.post("/books/{book_id}/undo", tags=["review"])
    def undo(book_id: str) -> dict[str, Any]:
        """Undoes the latest decision."""
        undone = services.desk(book_id).undo()
        if undone is None:
            raise HTTPException(409, "There is no decision to undo.")
        decision, number = undone
        return {"decision": decision.kind.value, "note": decision.note, "chunk": number}

    @routes.post("/books/{book_id}/apply", tags=["review"], status_code=202)
    def apply(book_id: str) -> BookOut:
        """Makes the audiobook again with all decisions, in the background."""
        services.desk(book_id).make_anew()
        return _book_out(services, services.status(book_id))

    @routes.post("/queue", tags=["queue"], status_code=201)
    def enqueue(wanted: QueueIn) -> BookOut:
        """Adds a book to the queue."""
        services.queue.add(wanted.book, suffix=wanted.format, priority=wanted.priority, is_next=wanted.is_next)
        return _book_out(services, services.status(wanted.book))

    @routes.post("/queue/{book_id}", tags=["queue"])
    def change_queue(book_id: str, change: QueueChange) -> BookOut:
        """Pauses, resumes, stops, moves or prioritises a book."""
        queue = services.queue
        match change.action:
            case "pause":
                queue.pause(book_id)
            case "resume":
                queue.resume(book_id)
            case "stop":
                queue.stop(book_id)
            case "move":
                queue.move(book_id, change.places)
            case "prioritise":
                queue.set_priority(book_id, change.priority)
        return _book_out(services, services.status(book_id))

    return routes


def _book_out(services: Services, status: BookStatus) -> BookOut:
    book, run = status.book, status.run
    facts = services.library.facts(book)
    is_running = status.state == BookState.RUNNING
    return BookOut(
        id=book.id,
        title=facts.title,
        authors=list(facts.authors),
        state=status.state.value,
        fraction=status.fraction,
        line=status.line,
        priority=status.priority,
        n_chunks=len(status.job.states),
        n_settled=status.job.n_settled,
        n_flagged=status.job.n_flagged,
        rate=run.rate if is_running else None,
        eta=run.eta if is_running else None,
        mastering=run.mastering if is_running else None,
        error=status.error,
        audiobook=audiobook_address(book) or None,
        cover=cover_address(services.library, book) or None,
    )


def _chunk_out(services: Services, book_id: str, number: int) -> ChunkOut:
    entry = services.desk(book_id).entry(number)
    return ChunkOut(
        number=entry.number,
        chapter=entry.chapter_title,
        text=entry.text,
        book_text=entry.book_text,
        takes=[
            TakeOut(
                number=take.attempt + 1,
                step=take.step.label,
                is_kept=take.id == entry.take.id,
                accepted=take.accepted,
                decision=take.decision,
                risk=take.risk,
                transcript=verdict.transcript if verdict is not None else "",
                findings=[
                    {"kind": each.kind, "evidence": each.evidence, "start": each.start, "end": each.end}
                    for each in (verdict.findings if verdict is not None else ())
                ],
                audio=book_resource(book_id, "takes", take.file.name),
            )
            for take, verdict in entry.takes
        ],
    )


async def _events(services: Services, book_id: str, request: Request) -> AsyncIterator[str]:
    shown: dict[str, Any] | None = None
    states: tuple[str, ...] = ()
    n_told: int | None = None
    while not await request.is_disconnected():
        try:
            status = await asyncio.to_thread(services.status, book_id)
        except LibraryError as error:
            yield _event("error", {"detail": str(error)})
            return
        except JobError:  # the ledger is being made or upgraded
            await asyncio.sleep(EVENT_SECONDS)
            continue
        run, now = status.run, status.job.states
        if n_told is not None:
            n_new = run.n_messages - n_told if run.n_messages >= n_told else run.n_messages  # another run has begun
            for message in run.messages[-n_new:] if n_new else ():
                yield _event("message", {"text": message.text, "time": message.time})
        n_told = run.n_messages
        changed = {
            str(number): state.value
            for number, state in enumerate(now, start=1)
            if len(states) != len(now) or states[number - 1] != state
        }
        if changed:
            states = now
            yield _event("chunks", changed)
        book = _book_out(services, status).model_dump()
        if book != shown:
            shown = book
            yield _event("book", book)
        await asyncio.sleep(EVENT_SECONDS)


def _event(name: str, data: Mapping[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
