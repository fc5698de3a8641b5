"""The review of a book: passages by risk, a passage with its takes, and what a person decides about it."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from nicegui import ui
from nicegui.element import Element
from nicegui.events import GenericEventArguments

from mayabook.core.errors import MayaBookError
from mayabook.core.verdict import AlignedWord, Finding, Verdict, WordMatch
from mayabook.render import Decision, DecisionKind, ReviewDecision, StoredTake
from mayabook.review import PassageState, ReviewEntry
from mayabook.review.passages import OPEN
from mayabook.studio.pages.elements import button, reporting, set_attributes, tag, text, text_field
from mayabook.studio.pages.keys_dialog import keys_button, keys_dialog
from mayabook.studio.pages.layout import nothing_yet
from mayabook.studio.pages.media_routes import media_address
from mayabook.studio.pages.messages import show_message
from mayabook.studio.pages.take_view import TakeView
from mayabook.studio.review_desk import ReviewDesk

_COLOURS = {
    PassageState.REPORTED: "--flagged",
    PassageState.FLAGGED: "--flagged",
    PassageState.IN_DOUBT: "--in-doubt",
    PassageState.WAITING: "--speaking",
    PassageState.DECIDED: "--cured",
    PassageState.CLEAN: "--accepted",
}
_KEYS = (
    ("N or J", "next passage"),
    ("P or K", "previous passage"),
    ("Space", "play or pause"),
    ("1 … 9", "play that take, from where the previous one was"),
    ("A", "accept the take in the audiobook"),
    ("T", "put the take that you played last into the audiobook"),
    ("R", "redo: make new takes in the background"),
    ("E", "edit what it says"),
    ("C", "write a note for the next decision"),
    ("U", "undo the latest decision"),
    ("?", "these keys"),
)
_SAID = {
    DecisionKind.ACCEPTED: "Accepted",
    DecisionKind.REDONE: "Takes rejected: a new one is being made",
    DecisionKind.TAKE_CHOSEN: "Take kept",
    DecisionKind.EDITED: "Text changed: it is being spoken",
    DecisionKind.REPORTED: "Reported",
}
_OPEN_EDIT = "() => document.getElementById('review-edit').showModal()"
_EVERY = 3.0
"""Seconds between two checks for changes in the job."""


class PassageList(Element, component=str(Path(__file__).parent.parent / "static" / "passage_list.js")):
    """Emits `choose` with the number of a passage and of the one after it, `next` with the latter alone, and `act` with
    the name of an action."""

    def __init__(self, book_id: str, chosen: int | None) -> None:
        super().__init__()
        self.props["source"] = media_address(book_id, "passages")
        self.props["states"] = [[state.value, _COLOURS[state], state in OPEN] for state in PassageState]
        self.choose(chosen)

    def choose(self, number: int | None) -> None:
        self.props["chosen"] = number or 0

    def reload(self) -> None:
        self.run_method("reload")


class ReviewPage:
    """The page below the book's head."""

    def __init__(self, book_id: str, desk: ReviewDesk, chunk: int | None = None) -> None:
        """chunk: the number of the passage to begin with; None for the one that needs a person most."""
        self._id, self._desk = book_id, desk
        self._number, self._next = chunk, chunk
        self._entry: ReviewEntry | None = None
        self._chosen_take = 0
        self._note_text = ""
        self._is_editing = False
        with tag("div", "review"):
            with tag("aside", "review-list"):
                self._list = PassageList(book_id, chunk)
                self._list.on("choose", self._chosen)
                self._list.on("next", self._told_next)
                self._list.on("act", self._acted)
            with tag("div", "page review-main"):
                self._state = tag("p", "notice", role="status", hidden=True)
                self._place = tag("section", "section", aria_label="Passage")
        keys_dialog("review-keys", _KEYS)
        ui.on("take-played", self._played)
        with self._place:
            tag("p", "muted", text="Choose a passage.")
        if chunk is not None:
            ui.timer(0, lambda: reporting(self._show), once=True)
        self._shown_version: tuple[object, ...] = ()
        ui.timer(_EVERY, lambda: reporting(self._look))

    # Drawing

    def _version(self) -> tuple[object, ...]:
        return self._desk.version(), self._desk.is_being_made, self._desk.failure

    async def _look(self) -> None:
        """Redraws if the job has changed: by a decision, on this page or elsewhere, or by a run."""
        version = await asyncio.to_thread(self._version)
        if version == self._shown_version:
            return
        is_first, self._shown_version = not self._shown_version, version
        is_being_made, failure = self._desk.is_being_made, self._desk.failure
        is_older = await asyncio.to_thread(lambda: self._desk.is_audiobook_older)
        self._state.clear()
        with self._state:
            if is_being_made:
                text("The audiobook is being made again with your decisions. You can go on reviewing.")
            elif failure:
                text(failure, "book-text")
                button("Try again", self._desk.make_anew, drawing="redo")
            elif is_older:
                text("The audiobook does not include your latest decisions yet.")
                button("Make it again", self._desk.make_anew, drawing="redo", kind="primary")
        set_attributes(self._state, hidden=not (is_being_made or failure or is_older))
        self._state.classes(replace=f"notice {'error' if failure and not is_being_made else ''}")
        if is_first:  # the list has just been drawn
            return
        self._list.reload()
        if self._number is not None:
            entry = await asyncio.to_thread(self._desk.find, self._number)
            if entry != self._entry and not self._is_editing:
                await reporting(self._show)

    async def _show(self) -> None:
        number = self._number
        if number is None:
            return
        entry = await asyncio.to_thread(self._desk.entry, number)
        history = await asyncio.to_thread(self._desk.history, number)
        if number != self._number:
            return
        self._entry, self._chosen_take, self._is_editing = entry, entry.take.attempt + 1, False
        self._place.clear()
        with self._place:
            self._head(entry)
            self._text(entry)
            self._decisions()
            self._edit_form(entry)
            self._takes(entry)
            if history:
                _history(history)

    def _head(self, entry: ReviewEntry) -> None:
        with tag("div", "section-head"):
            with tag("div"):
                tag("h2", id="passage", tabindex="-1", text=f"Passage {entry.number}")
                tag("p", "muted small book-text", text=entry.chapter_title, dir="auto")
            with tag("div", "buttons"):
                button("Previous", lambda: self._list.run_method("move", -1), kind="quiet", title="P")
                button("Next", lambda: self._list.run_method("move", 1), kind="quiet", title="N")
                keys_button("review-keys")

    def _text(self, entry: ReviewEntry) -> None:
        with tag("div", "card padded section"):
            with tag("p", "review-text serif book-text", dir="auto"):
                _marked_text(entry)
            if entry.is_edited:
                with tag("p", "small"):
                    text("In the book: ", "muted")
                    text(entry.book_text, "book-text")
            if entry.verdict.findings:
                with tag("ul", "findings"):
                    for finding in entry.verdict.findings:
                        _finding_row(finding)
            else:
                tag("p", "muted small", text="The checks found nothing wrong with the take in the audiobook.")

    def _decisions(self) -> None:
        with tag("div", "review-acts"):
            with tag("div", "buttons"):
                self._act_button("Accept", "accept", "check", "primary")
                self._act_button("Redo", "redo", "redo")
                button(
                    "Edit",
                    drawing="edit",
                    title="Edit (E)",
                    js=_OPEN_EDIT,
                )
                self._act_button("Undo", "undo", "undo")
            note = text_field(
                "Note for your next decision",
                self._note_text,
                is_label_hidden=True,
                placeholder="Note for your decision (C)",
                id="review-note",
                maxlength="500",
            )
            note.on("input", self._typed, js_handler="(event) => emit(event.target.value)")

    def _typed(self, event: GenericEventArguments) -> None:
        self._note_text = str(event.args)

    def _act_button(self, label: str, action: str, drawing: str, kind: str = "plain") -> None:
        button(
            label,
            lambda: self._act(action),
            drawing=drawing,
            kind="primary" if kind == "primary" else "plain",
            title=f"{label} ({label[0]})",
        )

    def _edit_form(self, entry: ReviewEntry) -> None:
        self._edited = entry.text
        with tag("dialog", "keys card padded", id="review-edit", aria_label="Edit what it says"), tag("div", "section"):
            area = text_field("What it says", entry.text, rows=5, dir="auto", autofocus=True)
            area.on("input", self._edit_typed, js_handler="(event) => emit(event.target.value)")
            with tag("div", "buttons"):
                button("Speak this", lambda: self._save_text(self._edited), kind="primary")
                if entry.is_edited:
                    button("Use the book's text", lambda: self._save_text(""))
                button("Cancel", kind="quiet", js="(event) => event.target.closest('dialog').close()")
            tag(
                "p",
                "field-note",
                text="The new text is spoken and checked in the background. If a name is wrong everywhere, respell it "
                "on the book's page instead.",
            )

    def _edit_typed(self, event: GenericEventArguments) -> None:
        self._edited, self._is_editing = str(event.args), True

    def _takes(self, entry: ReviewEntry) -> None:
        with tag("div", "section takes"):
            tag("h3", text="Takes")
            for take, verdict in sorted(entry.takes, key=lambda each: each[0].id != entry.take.id):
                self._take(entry, take, verdict)

    def _take(self, entry: ReviewEntry, take: StoredTake, verdict: Verdict | None) -> None:
        is_kept = take.id == entry.take.id
        with tag("div", "card take kept" if is_kept else "card take"):
            with tag("div", "take-head"):
                with tag("div"):
                    tag("strong", text=f"Take {take.attempt + 1}")
                    text(take.step.label, "muted small")
                    text(f"{take.n_samples / take.sample_rate:.1f} s", "muted small numbers")
                    _state_badge(take, is_kept=is_kept)
                if not is_kept or take.decision != ReviewDecision.ACCEPTED:
                    button(
                        f"Keep take {take.attempt + 1}",
                        lambda: self._decide(DecisionKind.TAKE_CHOSEN, take.attempt + 1),
                        drawing="check",
                    )
            TakeView(self._id, take, verdict, is_kept=is_kept)
            if not is_kept and verdict is not None:
                with tag("details", "take-why"):
                    tag("summary", "small", text=_why(verdict))
                    with tag("p", "small book-text", dir="auto"):
                        text(verdict.transcript or "nothing was heard")
                    with tag("ul", "findings"):
                        for finding in verdict.findings:
                            _finding_row(finding)

    # Actions of the user

    async def _chosen(self, event: GenericEventArguments) -> None:
        self._number, self._next, self._note_text = int(event.args["number"]), event.args["next"], ""
        self._list.choose(self._number)
        await reporting(self._show)

    def _told_next(self, event: GenericEventArguments) -> None:
        self._next = event.args

    def _played(self, event: GenericEventArguments) -> None:
        self._chosen_take = int(event.args)

    async def _acted(self, event: GenericEventArguments) -> None:
        await self._act(str(event.args))

    async def _act(self, action: str) -> None:
        """action: as the keys of `passage_list.js` name it."""
        if action == "undo":
            await reporting(self._undo)
        elif self._entry is None:
            return
        elif action == "keep":
            await self._decide(DecisionKind.TAKE_CHOSEN, self._chosen_take)
        else:
            await self._decide(DecisionKind.ACCEPTED if action == "accept" else DecisionKind.REDONE)

    async def _decide(self, kind: DecisionKind, take_number: int = 0) -> None:
        number, note = self._number, self._note_text.strip()
        assert number is not None
        acts: dict[DecisionKind, Callable[[], None]] = {
            DecisionKind.ACCEPTED: lambda: self._desk.accept(number, note),
            DecisionKind.REDONE: lambda: self._desk.redo(number, note),
            DecisionKind.TAKE_CHOSEN: lambda: self._desk.choose_take(number, take_number, note),
        }
        await reporting(lambda: self._do(acts[kind], kind))

    async def _save_text(self, wanted: str) -> None:
        number, note = self._number, self._note_text.strip()
        assert number is not None
        await reporting(lambda: self._do(lambda: self._desk.set_text(number, wanted, note), DecisionKind.EDITED))

    async def _do(self, act: Callable[[], None], kind: DecisionKind) -> None:
        """Decides, says so, and goes to the next passage."""
        await asyncio.to_thread(act)
        self._note_text = ""
        show_message(f"Passage {self._number}: {_SAID[kind].lower()}.")
        self._list.reload()
        if self._next is not None and self._next != self._number:
            self._number = self._next
            self._list.choose(self._number)
            self._list.run_method("tellNext")
        await self._show()
        ui.run_javascript("document.getElementById('passage')?.focus({ preventScroll: true })")

    async def _undo(self) -> None:
        undone = await asyncio.to_thread(self._desk.undo)
        if undone is None:
            show_message("There is nothing to undo.")
            return
        decision, number = undone
        show_message(f"Undone: {_SAID[decision.kind].split(':')[0].lower()}.")
        self._list.reload()
        if number is not None:
            self._number = number
            self._list.choose(number)
            await self._show()


def show_review(book_id: str, desk: ReviewDesk, chunk: int | None) -> None:
    """The page, or the reason why there is nothing to review yet. chunk: as in `ReviewPage`."""
    try:
        desk.check()
    except MayaBookError as error:
        nothing_yet(book_id, str(error))
    else:
        ReviewPage(book_id, desk, chunk)


def _marked_text(entry: ReviewEntry) -> None:
    """The text, with words that were not heard struck out, and words heard in their place or added underlined."""
    words = entry.verdict.words
    if not words:
        text(entry.text)
        return
    written = entry.text.split()
    position = 0
    for word in words:
        if word.index is not None:
            text("".join(f"{each} " for each in written[position : word.index]))
            position = word.index + 1
        _marked_word(word, written)
    text(" ".join(written[position:]))


def _marked_word(word: AlignedWord, written: list[str]) -> None:
    if word.match in (WordMatch.SAME, WordMatch.SOUND):
        if word.index is not None:
            text(f"{written[word.index]} ")
        return
    if word.index is not None:
        tag("del", text=written[word.index], title="not heard")
        text(" ")
    if word.heard:
        tag("ins", text=word.heard, title="heard")
        text(" ")


def _finding_row(finding: Finding) -> None:
    with tag("li"):
        text(finding.kind.replace("_", " "), "badge error" if finding.weight >= 0.5 else "badge doubt")
        with tag("span", "small"):
            text(finding.evidence, "book-text")
            if finding.start is not None:
                text(f" at {finding.start:.1f} s", "muted numbers")


def _state_badge(take: StoredTake, *, is_kept: bool) -> None:
    if take.decision == ReviewDecision.ACCEPTED:
        text("accepted by you", "badge active")
    elif take.decision == ReviewDecision.REJECTED:
        text("rejected by you", "badge error")
    elif take.accepted:
        text("accepted by the checks", "badge active")
    elif take.accepted is False:
        text("rejected by the checks", "badge error")
    else:
        text("not checked yet", "badge")
    if is_kept:
        text("in the audiobook", "badge")


def _why(verdict: Verdict) -> str:
    kinds = ", ".join(dict.fromkeys(finding.kind.replace("_", " ") for finding in verdict.findings))
    if verdict.accepted:
        return f"Accepted by the checks{f', with {kinds}' if kinds else ''}"
    return f"Rejected by the checks: {kinds}"


def _history(history: list[Decision]) -> None:
    with tag("div", "section"):
        tag("h3", text="Decisions")
        with tag("ul", "small history"):
            for decision in reversed(history):
                with tag("li"):
                    text(f"{decision.made_at.astimezone():%d %b %H:%M}", "muted numbers")
                    text(decision.kind.value)
                    if decision.note:
                        text(decision.note, "book-text")
