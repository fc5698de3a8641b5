"""The map of a book: one cell for each chunk, coloured by its state."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from nicegui.element import Element
from nicegui.events import GenericEventArguments

from mayabook.studio.pages.elements import reporting, tag, text

STATES: Mapping[str, tuple[str, str, bool]] = {
    "waiting": ("waiting", "--waiting", False),
    "speaking": ("speaking", "--speaking", False),
    "checking": ("checking", "--checking", False),
    "accepted": ("heard as written", "--accepted", False),
    "cured": ("heard as written after a retry", "--cured", False),
    "in doubt": ("in doubt: a word may be wrong", "--in-doubt", True),
    "flagged": ("flagged: listen to it", "--flagged", True),
}
"""State of a chunk -> its label, its colour (a variable of the style sheet), and whether its cell also has a mark, so
that it can be told without colour."""
_PLACES = {state: str(place) for place, state in enumerate(STATES)}


class BookMap(Element, component=str(Path(__file__).parent.parent / "static" / "book_map.js")):
    """Call `show` whenever the states change."""

    def __init__(self, on_choose: Callable[[int], None]) -> None:
        """on_choose: called with the index of a chunk that the person clicks on, from 0."""
        super().__init__()
        self.props["label"] = "Map of the book"
        self.props["hint"] = (
            "Each cell is a chunk, one or a few sentences. Point at one, or use the arrow keys, to see its state; "
            "click it or press Enter to review it."
        )
        self.props["kinds"] = [
            {"label": label, "color": colour, "mark": mark} for label, colour, mark in STATES.values()
        ]

        def chosen(event: GenericEventArguments) -> object:
            return reporting(lambda: on_choose(int(event.args)))

        self.on("choose", chosen)

    def show(self, states: Sequence[str], chapters: Sequence[tuple[int, str]]) -> None:
        """states: of each chunk, keys of `STATES`. chapters: (index of its first chunk, title), for each."""
        drawn = "".join(_PLACES[state] for state in states)
        if self.props.get("states") != drawn:
            self.props["states"] = drawn
        if self.props.get("chapters") != list(chapters):
            self.props["chapters"] = list(chapters)


class MapLegend:
    """What the colours mean, with the number of chunks of each."""

    def __init__(self) -> None:
        self._counts = {}
        with tag("ul", "map-legend small"):
            for state, (label, colour, _) in STATES.items():
                with tag("li"):
                    tag("span", "dot", style_=f"background: var({colour})", aria_hidden="true")
                    text(label, "muted")
                    self._counts[state] = text("0", "numbers")

    def show(self, counts: Mapping[str, int]) -> None:
        for state, label in self._counts.items():
            label.set_text(f"{counts.get(state, 0):,}")
