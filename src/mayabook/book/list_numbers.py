"""The numbers of list items, where the text around a list refers to them ("see step 3") or the list counts in a way of
its own (`start`, `type`, `value`, `reversed`). A browser shows them though they are not in the text."""

import re
from collections.abc import Iterator, Mapping, Sequence

from mayabook.book.semantics import opening_of
from mayabook.book.xml_parsing import Element, local_name, texts

_WORDS = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen".split()
_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split()
_NUMBER = r"\d{1,3}|[a-z]|[ivx]{1,5}"
_NAMED = re.compile(
    r"\b(?:steps?|items?|rules?|points?|numbers?|no\.|questions?|answers?|articles?|clauses?|laws?|reasons?|options?"
    r"|exercises?|conditions?|propositions?|thes[ei]s|commandments?|principles?|lessons?|examples?|cases?|see|under"
    rf"|stages?|tips?|facts?)\s+(?:no\.\s*|#)?\(?\s*({_NUMBER}|{'|'.join(_WORDS)})\s*\)?(?!\w)"
    rf"(?:(?:\s*(?:,|and|or|to|through|–|-)\s*)\(?({_NUMBER}|{'|'.join(_WORDS)})\)?(?!\w))?",
    re.IGNORECASE,
)
_ORDINAL = re.compile(
    rf"\b({'|'.join(_ORDINALS)})\s+(?:steps?|rules?|laws?|items?|clauses?|articles?|propositions?|commandments?"
    r"|principles?|conditions?)\b",
    re.IGNORECASE,
)
_IN_BRACKETS = re.compile(rf"\(\s*({_NUMBER})\s*\)", re.IGNORECASE)
_BY_ITSELF = re.compile(
    r"#(\d{1,3})\b|\b(\d{1,3})\s+(?:above|below)\b"
    r"|\b(?:(?:go|return|back|skip|jump|proceed)\s+to|repeat|redo)\s+(\d{1,3})(?=\s*(?:[.,;:)!?]|$|(?:if|and|or|until)\b))",
    re.IGNORECASE,
)
_FEWEST_ITEMS = 2
_LONGEST_NUMBER = 12
_ROMAN = ((100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))
_MOST_ROMAN = 399

Numbers = Mapping[Element, str]
"""Item -> its number, without a full stop."""


def list_numbers(root: Element) -> dict[Element, str]:
    """The number to read before each item of such lists: "3.", "b."."""
    lists = [element for element in root.iter("{*}ol") if not _is_of_contents(element)]
    if not lists:
        return {}
    text = " ".join(texts(root))
    found: dict[Element, str] = {}
    for run in _runs(lists):
        numbers = {item: number for element in run for item, number in _numbers(element).items()}
        is_counted = any(map(_counts_its_own_way, run)) or _is_named(text, numbers) or _is_linked(root, numbers)
        if is_counted and (len(numbers) >= _FEWEST_ITEMS or run[0].get("start", "1") != "1"):
            found.update((item, f"{number}.") for item, number in numbers.items() if not _begins_with(item, number))
    return found


def _is_of_contents(element: Element) -> bool:
    return any(local_name(ancestor) == "nav" for ancestor in element.iterancestors())


def _runs(lists: Sequence[Element]) -> Iterator[list[Element]]:
    """Lists that are one: each goes on to count where the one before it ends."""
    run: list[Element] = []
    for element in lists:
        if run and not _goes_on(run[-1], element):
            yield run
            run = []
        run.append(element)
    yield run


def _goes_on(above: Element, element: Element) -> bool:
    is_nested = above in element.iterancestors()
    follows = _integer(element.get("start"), 1) == _integer(above.get("start"), 1) + len(_items(above))
    return follows and not is_nested and above.get("type") == element.get("type")


def _items(element: Element) -> list[Element]:
    return list(element.iterchildren("{*}li"))


def _counts_its_own_way(element: Element) -> bool:
    has_values = any(item.get("value") for item in _items(element))
    return has_values or not {"start", "type", "reversed"}.isdisjoint(element.attrib)


def _is_named(text: str, numbers: Numbers) -> bool:
    """Whether a text names an item. A lone "a" or "i" is a word, but not in brackets."""
    labels = {number.casefold() for number in numbers.values()}
    named = {number.casefold() for match in _NAMED.finditer(text) for number in match.groups() if number}
    named |= {number for match in _BY_ITSELF.finditer(text) for number in match.groups() if number}
    named = {str(_WORDS.index(number) + 1) if number in _WORDS else number for number in named} - {"a", "i"}
    named |= {match[1].casefold() for match in _IN_BRACKETS.finditer(text)}
    named |= {str(_ORDINALS.index(match[1].casefold()) + 1) for match in _ORDINAL.finditer(text)}
    return bool(named & labels)


def _is_linked(root: Element, numbers: Numbers) -> bool:
    """Whether a link to an item shows its number."""
    targets = {
        f"#{inner.get('id')}": number for item, number in numbers.items() for inner in item.iter() if inner.get("id")
    }
    links = root.iter("{*}a") if targets else ()
    return any(
        targets.get(link.get("href", "")) == opening_of(link, _LONGEST_NUMBER).strip("().").casefold() for link in links
    )


def _begins_with(item: Element, number: str) -> bool:
    """Whether the text of an item has its number already."""
    return re.match(rf"\(?{re.escape(number)}[.):\]]", opening_of(item, _LONGEST_NUMBER)) is not None


def _numbers(element: Element) -> Numbers:
    items = _items(element)
    is_reversed = element.get("reversed") is not None
    number = _integer(element.get("start"), len(items) if is_reversed else 1)
    kind = element.get("type", "1")
    if kind == "none":  # a style sheet hides them
        return {}
    numbers: dict[Element, str] = {}
    for item in items:
        number = _integer(item.get("value"), number)
        numbers[item] = _written(number, kind)
        number += -1 if is_reversed else 1
    return numbers


def _integer(text: str | None, default: int) -> int:
    return int(text) if text is not None and re.fullmatch(r"\s*-?\d{1,6}\s*", text) else default


def _written(number: int, kind: str) -> str:
    if kind in ("a", "A") and number > 0:
        letters = ""
        while number:
            number, rest = divmod(number - 1, 26)
            letters = chr(ord(kind) + rest) + letters
        return letters
    if kind in ("i", "I") and 0 < number <= _MOST_ROMAN:
        roman = ""
        for value, numeral in _ROMAN:
            roman += numeral * (number // value)
            number %= value
        return roman if kind == "i" else roman.upper()
    return str(number)
