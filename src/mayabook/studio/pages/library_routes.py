"""Addresses of what the pages of books and reports fetch or send.

POST /books             a book file, as a form with the field `file`
/book/ID/cover          its picture
/book/ID/audiobook      the audiobook, to download
/lab/RUN/...            files of a run of the lab
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Response, UploadFile
from fastapi.params import File
from fastapi.responses import FileResponse

from mayabook.core.errors import MayaBookError
from mayabook.studio.library import LibraryBook
from mayabook.studio.report_view import lab_file
from mayabook.studio.services import Services

_PICTURES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
"""Media types that are passed on; anything else, as SVG with scripts in it, is not."""


def library_routes(services: Services) -> APIRouter:
    library = services.library
    routes = APIRouter(include_in_schema=False)

    @routes.post("/books")
    async def add(file: Annotated[UploadFile, File()]) -> dict[str, str]:
        with _told(status=400):
            book = await asyncio.to_thread(library.add, file.filename or "", file.file)
        return {"id": book.id}

    @routes.get("/book/{book_id}/cover")
    def cover(book_id: str) -> Response:
        with _told(status=404):
            picture = library.facts(library.book(book_id)).cover
        if picture is None or picture.media_type not in _PICTURES:
            raise HTTPException(404, "This book has no cover.")
        return Response(picture.data, media_type=picture.media_type, headers={"Cache-Control": "private, max-age=3600"})

    @routes.get("/book/{book_id}/audiobook")
    def audiobook(book_id: str) -> FileResponse:
        with _told(status=404):
            file = library.book(book_id).audiobook
        if file is None:
            raise HTTPException(404, "This book has not been narrated yet.")
        return FileResponse(file, filename=file.name)

    @routes.get("/lab/{path:path}")
    def lab(path: str) -> FileResponse:
        file = lab_file(library.folder, path)
        if file is None:
            raise HTTPException(404, "There is no such file of the lab.")
        return FileResponse(file)

    return routes


def cover_address(book: LibraryBook, services: Services) -> str:
    """Empty where the book has no cover."""
    return _address(book, "cover") if services.library.facts(book).cover is not None else ""


def audiobook_address(book: LibraryBook) -> str:
    """Empty where the book has not been narrated."""
    return _address(book, "audiobook") if book.audiobook is not None else ""


def _address(book: LibraryBook, what: str) -> str:
    return f"/book/{quote(book.id, safe='')}/{what}"


@contextmanager
def _told(status: int) -> Iterator[None]:
    """A MayaBookError becomes an answer of that status with its message."""
    try:
        yield
    except MayaBookError as error:
        raise HTTPException(status, str(error)) from error
