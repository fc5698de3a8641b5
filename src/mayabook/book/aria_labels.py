"""Text that is hidden from screen readers (`aria-hidden`) because they are given it in another place: in a label around
it or in an element that only they see. Where they are given nothing, it is read."""

from mayabook.book.inline_context import text_after, text_before
from mayabook.book.semantics import BLOCK_TAGS, opening_of
from mayabook.book.text_cleaning import clean_text
from mayabook.book.xml_parsing import Element, local_name, select

_LONGEST_WORD = 40


def read_aria_labels(root: Element) -> None:
    """Rewrites the tree: labels replace the text that they repeat, and hidden parts of words are shown."""
    for element in select(root, "@aria-hidden or @aria-label"):
        if element.get("aria-label") and _repeats(element):
            _replace_content(element, clean_text(element.get("aria-label", "")))
        elif _is_hidden(element) and _is_part_of_word(element):
            del element.attrib["aria-hidden"]


def _repeats(element: Element) -> bool:
    """Whether the label of an element says what its text says, letter for letter."""
    label = _letters(element.get("aria-label", ""))
    return bool(label) and label == _letters(opening_of(element, 2 * len(label) + _LONGEST_WORD))


def _replace_content(element: Element, text: str) -> None:
    for child in list(element):
        element.remove(child)
    element.text = text


def _is_part_of_word(element: Element) -> bool:
    """Whether hidden letters stand directly beside visible ones, and nothing beside them repeats them."""
    if local_name(element) in BLOCK_TAGS:
        return False
    row = _hidden_row(element)
    hidden = _letters("".join(opening_of(part, _LONGEST_WORD) for part in row))
    if not hidden or len(hidden) > _LONGEST_WORD:
        return False
    before, after = text_before(row[0], len(hidden) + 4), text_after(row[-1], len(hidden) + 4)
    if _letters(after).startswith(hidden) or _letters(before).endswith(hidden):
        return False
    return before[-1:].isalpha() or after[:1].isalpha()


def _hidden_row(element: Element) -> list[Element]:
    """The element, and hidden ones that stand directly before and behind it."""
    row = [element]
    while len(row) < _LONGEST_WORD and (above := row[0].getprevious()) is not None:
        if above.tail or not _is_hidden(above):
            break
        row.insert(0, above)
    while len(row) < _LONGEST_WORD and (below := row[-1].getnext()) is not None:
        if row[-1].tail or not _is_hidden(below):
            break
        row.append(below)
    return row


def _is_hidden(element: Element) -> bool:
    return element.get("aria-hidden", "").lower() == "true"


def _letters(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())
