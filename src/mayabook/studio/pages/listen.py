"""The page that plays the finished audiobook and marks the spoken word in its text."""

import asyncio
from dataclasses import asdict
from pathlib import Path

from nicegui.element import Element
from nicegui.events import GenericEventArguments

from mayabook.core.errors import MayaBookError
from mayabook.studio.listening import Listening, Place
from mayabook.studio.pages.client_assets import STATIC
from mayabook.studio.pages.elements import button, reporting, tag
from mayabook.studio.pages.keys_dialog import keys_button, keys_dialog
from mayabook.studio.pages.layout import BookHead, nothing_yet
from mayabook.studio.pages.media_routes import media_address
from mayabook.studio.pages.messages import show_message
from mayabook.studio.review_desk import ReviewDesk

_KEYS = (
    ("Space", "play or pause"),
    ("← and →", "back and forward 15 seconds"),
    (", and .", "previous and next sentence"),
    ("[ and ]", "previous and next chapter"),
    ("W", "something is wrong here: send the sentence to the review"),
    ("?", "these keys"),
)


class ReadAlong(Element, component=str(Path(__file__).parent.parent / "static" / "read_along.js")):
    """Emits `place` with the fields of `Place`, and `report` with a chunk and the text of a sentence."""

    def __init__(self, book: BookHead, listening: Listening) -> None:
        super().__init__()
        chapters, place = listening.chapters(), listening.place()
        if not 0 <= place.chapter < len(chapters):
            place = Place(0, chapters[0].start, place.speed)
        self.props["title"] = book.title
        self.props["author"] = book.authors
        self.props["cover"] = book.cover
        self.props["chapters"] = [asdict(chapter) for chapter in chapters]
        self.props["files"] = [media_address(book.id, "audio", number) for number, _ in enumerate(listening.files())]
        self.props["texts"] = media_address(book.id, "text", "")
        self.props["start"] = asdict(place)
        self.props["icons"] = f"{STATIC}/icons.svg"


class ListenPage:
    """The page below the book's head, for an audiobook that exists."""

    def __init__(self, book: BookHead, listening: Listening, desk: ReviewDesk) -> None:
        self._listening, self._desk = listening, desk
        player = ReadAlong(book, listening)
        player.on("place", self._remember)
        player.on("report", self._report)
        with tag("p", "listen-help"):
            keys_button("listen-keys")
        keys_dialog("listen-keys", _KEYS)

    async def _remember(self, event: GenericEventArguments) -> None:
        place = Place(int(event.args["chapter"]), float(event.args["seconds"]), float(event.args["speed"]))
        await reporting(lambda: asyncio.to_thread(self._listening.remember, place))

    async def _report(self, event: GenericEventArguments) -> None:
        await reporting(lambda: self._reported(int(event.args["chunk"]), str(event.args["text"])))

    async def _reported(self, chunk: int, sentence: str) -> None:
        await asyncio.to_thread(self._desk.report, chunk, sentence)
        show_message(f"Sent to the review: “{sentence}”")


def show_audiobook(book: BookHead, listening: Listening, desk: ReviewDesk) -> None:
    """The page, or the reason why there is no audiobook to play yet."""
    try:
        listening.files()
    except MayaBookError as error:
        with nothing_yet(book.id, str(error)):
            if desk.has_takes:
                button("Make the audiobook again", lambda: _make_anew(desk), drawing="redo", kind="primary")
    else:
        ListenPage(book, listening, desk)


def _make_anew(desk: ReviewDesk) -> None:
    desk.make_anew()
    show_message("The audiobook is being made again from its takes. Reload this page when it is finished.")
