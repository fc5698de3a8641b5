"""The numbers of list items, where the text around a list refers to them ("see step 3") or the list counts in a way of
its own (`start`, `type`, `value`, `reversed`). A browser shows them though they are not in the text."""

import re

from mayabook.book.xml_parsing import Element, local_name, texts

_NUMBER = r"\d{1,3}|[a-z]|[ivx]{1,5}"
_REFERENCE = re.compile(
    r"\b(?:steps?|items?|rules?|points?|numbers?|no\.|questions?|answers?|articles?|clauses?|laws?|reasons?|options?"
    r"|exercises?|conditions?|propositions?|thes[ei]s|commandments?|principles?|lessons?|examples?|cases?|see|under)"
    rf"\s+\(?({_NUMBER})\)?(?!\w)(?:(?:\s*(?:,|and|or|to|–|-)\s*)\(?({_NUMBER})\)?(?!\w))?|\(({_NUMBER})\)",
    re.IGNORECASE,
)
_FEWEST_ITEMS = 2
_ROMAN = ((100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))
_MOST_ROMAN = 399


def list_numbers(root: Element) -> dict[Element, str]:
    """The number to read before each item of such lists: "3.", "b."."""
    lists = [element for element in root.iter("{*}ol") if not _is_of_contents(element)]
    if not lists:
        return {}
    named = {
        number.casefold() for match in _REFERENCE.finditer(" ".join(texts(root))) for number in match.groups() if number
    }
    found: dict[Element, str] = {}
    for element in lists:
        numbers = _numbers(element)
        labels = {number.casefold() for number in numbers.values()}
        if len(labels) >= _FEWEST_ITEMS and (_counts_its_own_way(element) or _is_named(named, labels)):
            found.update((item, f"{number}.") for item, number in numbers.items())
    return found


def _is_of_contents(element: Element) -> bool:
    return any(local_name(ancestor) == "nav" for ancestor in element.iterancestors())


def _counts_its_own_way(element: Element) -> bool:
    has_values = any(item.get("value") for item in element.iterchildren("{*}li"))
    return has_values or not {"start", "type", "reversed"}.isdisjoint(element.attrib)


def _is_named(named: set[str], labels: set[str]) -> bool:
    """Whether the text names an item; a lone "a" or "i" is a word."""
    return bool(named & labels - {"a", "i"})


def _numbers(element: Element) -> dict[Element, str]:
    items = list(element.iterchildren("{*}li"))
    is_reversed = element.get("reversed") is not None
    number = _integer(element.get("start"), len(items) if is_reversed else 1)
    kind = element.get("type", "1")
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
