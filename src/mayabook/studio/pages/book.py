"""The page of a book before it is narrated: chapters, a chapter as it will be said, names, settings, a forecast."""

import asyncio
from functools import partial
from pathlib import Path

from nicegui import ui

from mayabook.core.errors import MayaBookError
from mayabook.studio.book_choices import BookChoices
from mayabook.studio.book_view import NameView, SpokenBlock, SpokenWords, open_book
from mayabook.studio.pages.elements import (
    Handler,
    button,
    fact,
    reporting,
    set_attributes,
    switch,
    tag,
    text,
    text_field,
)
from mayabook.studio.pages.hear_button import engine_and_voice, hear_button
from mayabook.studio.pages.setting_controls import SettingControls
from mayabook.studio.pages.wording import counted, duration, megabytes

BLOCKS_AT_ONCE = 60
"""Paragraphs of a preview that are shown before "Show more"."""
NAMES_AT_ONCE = 12
"""Names that are shown before "Show all"."""


class BookPage:
    """The page below the book's head, for one book file."""

    def __init__(self, file: Path, on_start: Handler) -> None:
        """on_start: queues the book with the choices made here."""
        self._file, self._choices, self._on_start = file, BookChoices(file), on_start
        self._shown_chapter = 0
        with tag("div", "columns") as self._place:
            tag("p", "muted", text="Reading the book …", role="status")
        ui.timer(0, self._read, once=True)

    async def _read(self) -> None:
        try:
            self._view = await asyncio.to_thread(open_book, self._file)
        except MayaBookError as error:
            self._place.clear()
            with self._place, tag("p", "notice error", role="alert"):
                text(str(error), "book-text")
            return
        self._place.clear()
        with self._place:
            with tag("div", "page"):
                self._warnings()
                with tag("section", "section", aria_labelledby="chapters"):
                    with tag("div", "section-head"):
                        tag("h2", id="chapters", text="Chapters")
                        self._sum = text("", "muted small")
                        button("Reset to suggestion", lambda: self._choose(None), kind="quiet")
                    self._list = tag("ul", "card rows chapters")
                self._preview = tag("section", "section preview", aria_labelledby="preview", tabindex="-1", hidden=True)
                self._names = tag("section", "section", aria_labelledby="names", hidden=True)
            with tag("aside", "page"):
                self._forecast = tag("section", "card padded section", aria_labelledby="forecast")
                with tag("section", "section", aria_labelledby="settings"):
                    tag("h2", id="settings", text="Settings")
                    SettingControls(self._choices, self._reread)
        self._show_chapters()
        self._show_forecast()
        first = next((each.number for each in self._view.chapters if each.is_narrated), 0)
        await self._show_preview(first)
        await self._show_names()

    async def _reread(self) -> None:
        self._view = await asyncio.to_thread(open_book, self._file)
        self._show_forecast()

    def _warnings(self) -> None:
        lost = self._view.source.n_lost
        if lost:
            with tag("p", "notice doubt", role="note"):
                text(
                    f"{counted(lost, 'word')} of the file may have been lost in reading, so the audiobook may be "
                    f"incomplete. To see which, run: mayabook inspect {self._file.name}"
                )
        for warning in self._view.book.warnings[:3]:
            with tag("p", "notice", role="note"):
                text(warning, "book-text")

    # Chapters

    def _show_chapters(self) -> None:
        self._list.clear()
        with self._list:
            for chapter in self._view.chapters:
                with tag("li", "chapter" if chapter.is_narrated else "chapter skipped", data_depth=chapter.depth):
                    switch(
                        f"Narrate {chapter.title}",
                        chapter.is_narrated,
                        partial(self._tick, chapter.number),
                        is_label_hidden=True,
                        disabled=not chapter.can_be_narrated,
                    )
                    with tag("div", "chapter-title"):
                        with tag("button", "title-button book-text", type="button") as title:
                            text(chapter.title or f"Chapter {chapter.number}")
                        title.on("click", partial(reporting, partial(self._open, chapter.number)), args=[])
                        if not chapter.is_narrated:
                            text(f"Skipped: {chapter.reason}", "muted small")
                    text(counted(chapter.n_words, "word"), "muted small numbers nowrap")
                    minutes = duration(chapter.forecast.seconds) if chapter.is_narrated else ""
                    text(minutes, "small numbers nowrap minutes")
        narrated = [each for each in self._view.chapters if each.is_narrated]
        self._sum.set_text(f"{len(narrated)} of {len(self._view.chapters)}, {counted(self._view.n_words, 'word')}")

    async def _tick(self, number: int, wanted: bool) -> None:
        narrated = {each.number for each in self._view.chapters if each.is_narrated}
        await self._choose(narrated | {number} if wanted else narrated - {number})

    async def _choose(self, narrated: set[int] | None) -> None:
        """narrated: numbers of the chapters to narrate; None for the suggested ones."""
        nothing: dict[str, object | None] = dict.fromkeys(("include", "skip", "only"))
        chosen = nothing if narrated is None else {k: v or None for k, v in self._view.selection(narrated).items()}
        self._choices.set("book", chosen)
        await self._reread()
        self._show_chapters()

    # A chapter as it will be said

    async def _open(self, number: int) -> None:
        await self._show_preview(number)
        self._preview.run_method("scrollIntoView", {"block": "start", "behavior": "smooth"})
        self._preview.run_method("focus", {"preventScroll": True})

    async def _show_preview(self, number: int, n_blocks: int = BLOCKS_AT_ONCE) -> None:
        chapter = next((each for each in self._view.chapters if each.number == number), None)
        if chapter is None:
            return
        self._shown_chapter = number
        blocks = await asyncio.to_thread(self._view.spoken_chapter, number)
        tempting = {each.written: each for block in blocks for each in block.words if each.tempting}
        self._preview.clear()
        set_attributes(self._preview, hidden=False)
        with self._preview:
            with tag("div", "section-head"):
                tag("h2", "book-text", id="preview", text=f"How “{chapter.title}” will be said")
                hear_button("Hear the beginning", _beginning(blocks), *engine_and_voice(self._view.settings))
            with tag("div", "card padded section"):
                with tag("p", "muted small legend"):
                    tag("span", "said", text="underlined")
                    text(" words are spoken differently from how they are printed; ")
                    tag("mark", "tempting", text="marked")
                    text(" words are easily misread, and the checks listen for that.")
                with tag("div", "spoken serif", role="region", aria_label="Text as it will be said", tabindex="0"):
                    for block in blocks[:n_blocks]:
                        _show_block(block)
                if len(blocks) > n_blocks:
                    button("Show more", lambda: self._show_preview(number, n_blocks + 4 * BLOCKS_AT_ONCE))
                if tempting:
                    with tag("details"):
                        tag(
                            "summary", text=f"{counted(len(tempting), 'word')} of this chapter that a voice may misread"
                        )
                        with tag("ul", "misreadings small"):
                            for each in tempting.values():
                                with tag("li", "book-text"):
                                    text(each.written, "written")
                                    text(f" is read “{each.said}”, not {_or(each.tempting)}")

    # Names

    async def _show_names(self, limit: int = NAMES_AT_ONCE) -> None:
        names = await asyncio.to_thread(lambda: self._view.names)
        self._names.clear()
        set_attributes(self._names, hidden=False)
        with self._names:
            tag("h2", id="names", text="Names")
            if not names:
                tag("p", "muted", text="All names of this book are in the dictionary.")
                return
            tag(
                "p",
                "muted small",
                text="These are in no dictionary, so the voice may mispronounce them. Listen, and if one is wrong, "
                f"spell it the way it sounds. Your spellings are kept in {self._choices.lexicon_file.name}.",
            )
            with tag("ul", "card rows names"):
                for each in names[:limit]:
                    self._name_row(each)
            if len(names) > limit:
                button(f"Show all {len(names)}", lambda: self._show_names(len(names)))

    def _name_row(self, name: NameView) -> None:
        with tag("li", "name"):
            with tag("div"):
                with tag("p"):
                    tag("strong", "book-text", text=name.name)
                    if name.count:
                        text(f" {name.count} times" if name.count > 1 else " once", "muted small")
                if name.context:
                    tag("p", "muted small book-text", text=name.context)
            field = text_field(
                f"Say {name.name} as",
                name.say,
                lambda say: self._respell(name, say, hear),
                is_label_hidden=True,
                placeholder=f"say {name.name} as …",
            )
            set_attributes(field, spellcheck="false")
            engine, voice = engine_and_voice(self._view.settings)
            hear = hear_button(f"Hear {name.name}", name.say or name.name, engine, voice, is_label_hidden=True)

    async def _respell(self, name: NameView, say: str, hear: ui.element) -> None:
        self._choices.respell(name.name, say.strip(), name.ipa if say.strip() == name.say else "")
        set_attributes(hear, data_text=say.strip() or name.name)
        self._view = await asyncio.to_thread(open_book, self._file)
        await self._show_preview(self._shown_chapter)

    # Forecast

    def _show_forecast(self) -> None:
        view = self._view
        expected = view.forecast
        self._forecast.clear()
        with self._forecast:
            tag("h2", id="forecast", text="Forecast")
            with tag("dl", "facts stacked"):
                fact("of audio", duration(expected.seconds))
                fact("on disk", megabytes(expected.megabytes))
                fact("to make with the narrator on this machine", duration(expected.seconds_to_make))
                fact("with Maya1 on one GPU, assuming ten times real time", f"{view.gpu_hours:.2g} GPU hours")
            start = button(
                "Narrate this book", self._on_start, drawing="play", kind="primary", disabled=not view.n_words
            )
            start.classes("wide")


def _show_block(block: SpokenBlock) -> None:
    """Adds one element per changed word, and one per stretch of unchanged words, which keeps long chapters cheap."""
    with tag("p", "spoken-heading" if block.is_heading else "", dir="auto"):
        plain: list[str] = []
        for word in block.words:
            if not word.said:
                continue
            if not (word.kind or word.tempting):
                plain.append(word.said)
                continue
            if plain:
                text(" ".join(plain) + " ")
                plain = []
            _show_changed(word)
            plain.append("")
        if plain:
            text(" ".join(plain))


def _show_changed(word: SpokenWords) -> None:
    about = f"printed “{word.written}”" + (f"; not {_or(word.tempting)}" if word.tempting else "")
    name, classes = ("mark", "tempting") if word.tempting else ("span", "said")
    tag(name, classes, text=word.said, title=about)


def _or(misreadings: tuple[str, ...]) -> str:
    return " or ".join(f"“{each}”" for each in misreadings)


def _beginning(blocks: tuple[SpokenBlock, ...]) -> str:
    """The first 220 characters of the spoken text at most, cut at a word boundary."""
    said = " ".join(word.said for block in blocks[:6] for word in block.words)
    return said if len(said) <= 220 else said[:220].rpartition(" ")[0]
