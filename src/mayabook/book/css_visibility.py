"""Which elements styles hide: `display: none`, `visibility: hidden`, `speak: none`, and nothing else of CSS.

Rules for all media and for screens count, and `style` attributes; among them the cascade decides, by importance,
specificity and order. What cannot be understood hides nothing: in doubt, text is read.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import chain
from typing import Any

import cssselect2
import tinycss2
from lxml import etree

from mayabook.book.xml_parsing import Element, local_name, select

MAX_BYTES = 2 << 20
"""Largest style sheet that is read, in bytes; those of books have some tens of kilobytes."""

_DEEPEST = 20
"""Levels of `@media` and `@import` inside one another that are followed."""
_MAY_CONCERN = re.compile(r"none|hidden|collapse|never|visible|\\|@import", re.IGNORECASE)
"""A sheet without any of these hides and shows nothing; a backslash may spell one of them."""
_SCREENS = frozenset(("", "all", "screen", "onlyscreen", "onlyall"))
_HIDING_VALUES = {
    "display": frozenset(("none",)),
    "visibility": frozenset(("hidden", "collapse")),
    "speak": frozenset(("none", "never")),
}
_CONCERNS = re.compile("|".join(_HIDING_VALUES), re.IGNORECASE)
_INHERITING = frozenset(("inherit", "unset", "revert", "revert-layer"))
"""Values of `visibility` and `speak` that leave an element as the element around it is."""
_REASONS = {
    "display": "hidden by the style sheet",
    "visibility": "hidden by the style sheet",
    "speak": "not to be spoken, by the style sheet",
}
_NEVER_HIDDEN = frozenset(("html", "body", "br"))
"""A whole text that is hidden is a mistake; a line break is hidden where the lines are blocks."""
_TOO_NESTED = (RecursionError, MemoryError, SyntaxError)
"""What compiling a selector of absurd length raises."""

Load = Callable[[str], str | None]
"""Reads the style sheet that an `@import` names."""


@dataclass(frozen=True, slots=True, eq=False)
class _Declaration:
    """A declaration of one selector. hides: whether it hides or shows what the selector matches; None for neither."""

    selector: Any
    name: str
    hides: bool | None
    is_important: bool


@dataclass(slots=True)
class VisibilityRules:
    """The declarations of a style sheet that concern visibility, by what their selectors ask of an element: an id
    (`#a`), a class (`.a`), a tag (`a`) or nothing (`*`). hiding, showing: those that may hide or show something."""

    declarations: dict[str, list[_Declaration]] = field(default_factory=dict)
    hiding: set[str] = field(default_factory=set)
    showing: set[str] = field(default_factory=set)
    namespaces: dict[str | None, str] = field(default_factory=dict)


def read_visibility_rules(css: str, warn: Callable[[str], None], load: Load) -> VisibilityRules:
    """warn: told what cannot be understood, in words that follow the name of the sheet."""
    rules = VisibilityRules()
    if _MAY_CONCERN.search(css) is None:
        return rules
    if len(css) > MAX_BYTES:
        warn(f"is larger than {MAX_BYTES >> 20} MB, so it was passed over; what it hides is read")
        return rules
    broken: list[str] = []
    try:
        _add_rules(rules, _parsed(css), broken, load, depth=0)
    except RecursionError:
        broken.append("its blocks are nested too deeply")
    if broken:
        more = f", and {len(broken) - 1} more" if len(broken) > 1 else ""
        warn(f"has a rule that cannot be understood ({broken[0]}{more}); what it hides is read")
    return rules


def hidden_elements(root: Element, sheets: Sequence[VisibilityRules]) -> dict[Element, str]:
    """The elements that styles hide, and why. sheets: those of the document, in their order.

    Where something inside an invisible element is visible again, the text around it is put into elements of its own.
    """
    hiding = set().union(*(sheet.hiding for sheet in sheets))
    declared = {element: _declared(element, sheets) for element in _candidates(root, hiding)}
    hidden = {element: reason for element, found in declared.items() if (reason := _reason(element, found))}
    invisible = {
        element for element in hidden if not (declared[element].get("display") or declared[element].get("speak"))
    }
    if invisible:
        shown = _shown(root, sheets)
        around = {ancestor for element in shown for ancestor in element.iterancestors()}
        for element in around & invisible:
            reason = hidden.pop(element)
            hidden |= dict.fromkeys(_parts_to_hide(element, shown, around), reason)
    return hidden


def _reason(element: Element, declared: Mapping[str, bool | None]) -> str:
    name = next((name for name in _HIDING_VALUES if declared.get(name)), None)
    if name is None or local_name(element) in _NEVER_HIDDEN:
        return ""
    return "hidden" if _declared(element, ()).get(name) else _REASONS[name]


def _shown(root: Element, sheets: Sequence[VisibilityRules]) -> set[Element]:
    """The elements that are declared visible."""
    showing = set().union(*(sheet.showing for sheet in sheets))
    return {element for element in _candidates(root, showing) if _declared(element, sheets).get("visibility") is False}


def _parts_to_hide(element: Element, shown: Set[Element], around: Set[Element]) -> Iterator[Element]:
    """What is in an invisible element and not in a visible one inside it, with elements made for its text."""
    opened = [element]
    while opened:
        parent = opened.pop()
        for child in list(parent):
            if child in around and child not in shown:
                opened.append(child)
            elif child not in shown:
                yield child
            if child.tail:
                text = _made_of(child.tail)
                child.tail = None
                child.addnext(text)
                yield text
        if parent.text:
            text = _made_of(parent.text)
            parent.text = None
            parent.insert(0, text)
            yield text


def _made_of(text: str) -> Element:
    element = etree.Element("span")
    element.text = text
    return element


def _parsed(css: str) -> list[Any]:
    return list(tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True))


def _add_rules(rules: VisibilityRules, parsed: Iterable[Any], broken: list[str], load: Load, depth: int) -> None:
    for rule in parsed:
        if rule.type == "error":
            broken.append(rule.message)
        elif rule.type == "qualified-rule":
            _add_rule(rules, rule, broken)
        elif rule.type == "at-rule" and rule.lower_at_keyword == "namespace":
            _declare_namespace(rules, rule.prelude)
        elif rule.type == "at-rule" and rule.lower_at_keyword == "media" and depth < _DEEPEST:
            if rule.content is not None and is_for_screens(tinycss2.serialize(rule.prelude)):
                inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
                _add_rules(rules, inner, broken, load, depth + 1)
        elif rule.type == "at-rule" and rule.lower_at_keyword == "import" and depth < _DEEPEST:
            imported = _imported(rule.prelude, load)
            if imported is not None and len(imported) <= MAX_BYTES and _MAY_CONCERN.search(imported):
                _add_rules(rules, _parsed(imported), broken, load, depth + 1)


def is_for_screens(media: str) -> bool:
    """Whether a list of media names screens or all media without further conditions."""
    return any("".join(medium.split()).lower() in _SCREENS for medium in media.split(","))


def _imported(prelude: Iterable[Any], load: Load) -> str | None:
    tokens = [token for token in prelude if token.type not in ("whitespace", "comment")]
    if not tokens:
        return None
    href = tokens[0].arguments[0] if tokens[0].type == "function" and tokens[0].arguments else tokens[0]
    if href.type not in ("string", "url") or not is_for_screens(tinycss2.serialize(tokens[1:])):
        return None
    return load(href.value)


def _declare_namespace(rules: VisibilityRules, prelude: Iterable[Any]) -> None:
    names = [token.value for token in prelude if token.type in ("ident", "string", "url")]
    if 1 <= len(names) <= 2:
        rules.namespaces[names[0] if len(names) == 2 else None] = names[-1]


def _add_rule(rules: VisibilityRules, rule: Any, broken: list[str]) -> None:
    declared = list(_visibility(rule.content))
    if not declared:
        return
    try:
        selectors = cssselect2.compile_selector_list(rule.prelude, rules.namespaces)
    except cssselect2.SelectorError:
        broken.append(" ".join(tinycss2.serialize(rule.prelude).split())[:60])
        return
    except _TOO_NESTED:
        broken.append("a selector of absurd length")
        return
    for selector in selectors:
        if selector.never_matches or selector.pseudo_element is not None:
            continue
        key = _key_of_selector(selector)
        for name, hides, is_important in declared:
            rules.declarations.setdefault(key, []).append(_Declaration(selector, name, hides, is_important))
            if hides:
                rules.hiding.add(key)
            elif name == "visibility" and hides is False:
                rules.showing.add(key)


def _visibility(content: Any) -> Iterator[tuple[str, bool | None, bool]]:
    """Property, whether it hides (None: as around it), and importance of the declarations that concern visibility."""
    for declaration in tinycss2.parse_declaration_list(content, skip_comments=True, skip_whitespace=True):
        if declaration.type == "declaration" and declaration.lower_name in _HIDING_VALUES:
            values = [token for token in declaration.value if token.type not in ("whitespace", "comment")]
            if len(values) == 1 and values[0].type == "ident":
                name, value = declaration.lower_name, values[0].lower_value
                inherits = name != "display" and value in _INHERITING
                yield name, None if inherits else value in _HIDING_VALUES[name], declaration.important


@lru_cache(maxsize=4096)
def _visibility_of_style(style: str) -> tuple[tuple[str, bool | None, bool], ...]:
    return tuple(_visibility(style)) if _CONCERNS.search(style) else ()


def _key_of_selector(selector: Any) -> str:
    if selector.id is not None:
        return f"#{selector.id}"
    if selector.class_name is not None:
        return f".{selector.class_name}"
    return str(selector.lower_local_name or "*")


def _candidates(root: Element, keys: set[str]) -> Iterator[Element]:
    """The elements that have one of the keys, or a style of their own that concerns visibility."""
    tags = [key for key in keys if key[0] not in "#."]
    if "*" in tags:
        yield from root.iter("*")
        return
    marked = select(root, "@id or @class or @style" if len(keys) > len(tags) else "@style")
    for element in chain(marked, root.iter(*(f"{{*}}{tag}" for tag in tags)) if tags else ()):
        if not keys.isdisjoint(_keys(element)) or _CONCERNS.search(element.get("style") or ""):
            yield element


def _keys(element: Element) -> list[str]:
    keys = [f".{name}" for name in (element.get("class") or "").split()]
    if found := element.get("id"):
        keys.append(f"#{found}")
    return [*keys, local_name(element), "*"]


def _declared(element: Element, sheets: Sequence[VisibilityRules]) -> dict[str, bool | None]:
    """For each property what the cascade gives: whether it hides the element."""
    wrapped = _LazyElement(element)
    keys = _keys(element)
    matching: dict[str, tuple[tuple[bool, Any, int], bool | None]] = {}
    for number, sheet in enumerate(sheets):
        for key in keys:
            for declaration in sheet.declarations.get(key, ()):
                weight = (declaration.is_important, declaration.selector.specificity, number)
                won = matching.get(declaration.name)
                if (won is None or weight >= won[0]) and declaration.selector.test(wrapped):
                    matching[declaration.name] = weight, declaration.hides
    for name, hides, is_important in _visibility_of_style(element.get("style") or ""):
        if name not in matching or is_important >= matching[name][0][0]:
            matching[name] = (is_important, (), 0), hides
    return {name: hides for name, (_, hides) in matching.items()}


class _LazyElement(cssselect2.ElementWrapper):  # type: ignore[misc]
    """An element as compiled selectors see it, which looks at parents and siblings only when asked.

    The library's own wrapper needs one of the whole tree first, and lists all ancestors and siblings of each.
    """

    def __init__(self, element: Element) -> None:
        self.etree_element = element
        self.in_html_document = False
        self.transport_content_language = None

    @cached_property
    def parent(self) -> "_LazyElement | None":
        parent = self.etree_element.getparent()
        return None if parent is None else _LazyElement(parent)

    @cached_property
    def previous(self) -> "_LazyElement | None":
        previous = self.etree_element.getprevious()
        return None if previous is None else _LazyElement(previous)

    @property
    def ancestors(self) -> Iterator["_LazyElement"]:
        return map(_LazyElement, self.etree_element.iterancestors())

    @property
    def previous_siblings(self) -> Iterator["_LazyElement"]:
        return map(_LazyElement, self.etree_element.itersiblings(preceding=True))

    @cached_property
    def etree_siblings(self) -> list[Element]:
        parent = self.etree_element.getparent()
        return [self.etree_element] if parent is None else list(parent)

    @cached_property
    def index(self) -> int:
        return self.etree_siblings.index(self.etree_element)
