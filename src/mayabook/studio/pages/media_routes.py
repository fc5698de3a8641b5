"""Routes for data that the review and listening pages fetch: audio (range requests), pictures of takes, timed text.

/book/ID/audio/N             file N of the audiobook
/book/ID/text/N              sentences of chapter N with their words
/book/ID/takes/NAME          a take
/book/ID/takes/NAME/picture  its peaks and spectrogram
/book/ID/passages            the chunks under review
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, HTTPException
from fastapi.responses import FileResponse

from mayabook.core.errors import MayaBookError
from mayabook.review import PassageState
from mayabook.studio.listening import Listening
from mayabook.studio.review_desk import ReviewDesk
from mayabook.studio.take_picture import picture_of

_STATES = {state: place for place, state in enumerate(PassageState)}
_MEDIA_TYPES = {
    ".m4b": "audio/mp4",
    ".mp3": "audio/mpeg",
    ".opus": "audio/ogg",
    ".flac": "audio/flac",
    ".wav": "audio/wav",
}
MOST_CHARACTERS = 160
"""Longest text of a passage in the list."""


def media_routes(desk_of: Callable[[str], ReviewDesk], listening_of: Callable[[str], Listening]) -> APIRouter:
    """desk_of, listening_of: give the services of a book by its id, and raise MayaBookError where there are none."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/book/{book_id}/audio/{number}")
    def audio(book_id: str, number: int) -> FileResponse:
        with _not_found():
            files = listening_of(book_id).files()
        if not 0 <= number < len(files):
            raise HTTPException(404, f"There is no file {number}; this audiobook has {len(files)}, from 0.")
        return FileResponse(files[number], media_type=_MEDIA_TYPES[files[number].suffix.lower()])

    @routes.get("/book/{book_id}/text/{chapter}")
    def text(book_id: str, chapter: int) -> list[dict[str, Any]]:
        with _not_found():
            return [asdict(sentence) for sentence in listening_of(book_id).sentences(chapter)]

    @routes.get("/book/{book_id}/takes/{name}")
    def take(book_id: str, name: str) -> FileResponse:
        with _not_found():
            return FileResponse(desk_of(book_id).take_file(name), media_type="audio/flac")

    @routes.get("/book/{book_id}/takes/{name}/picture")
    def picture(book_id: str, name: str) -> dict[str, Any]:
        with _not_found():
            return asdict(picture_of(desk_of(book_id).take_file(name)))

    @routes.get("/book/{book_id}/passages")
    def passages(book_id: str) -> dict[str, Any]:
        """Chapter titles, and of each passage [number, index of the title, index of the state, risk, takes, text]."""
        with _not_found():
            found = desk_of(book_id).passages()
        titles = {title: place for place, title in enumerate(dict.fromkeys(each.chapter_title for each in found))}
        rows = [
            (
                each.number,
                titles[each.chapter_title],
                _STATES[each.state],
                round(each.risk, 2),
                each.n_takes,
                each.text[:MOST_CHARACTERS],
            )
            for each in found
        ]
        return {"chapters": list(titles), "rows": rows}

    return routes


def media_address(book_id: str, *parts: str | int) -> str:
    """An address of these routes."""
    return "/".join(["/book", quote(book_id, safe=""), *(quote(str(part), safe="") for part in parts)])


@contextmanager
def _not_found() -> Iterator[None]:
    """Answers 404 with the message of a MayaBookError."""
    try:
        yield
    except MayaBookError as error:
        raise HTTPException(404, str(error)) from error
