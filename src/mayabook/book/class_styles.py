"""What style sheets say of classes, as far as reading needs it: wide margins above, as books have them at scene breaks;
text above or below the line; and how lists are numbered."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import tinycss2

from mayabook.book.semantics import BLOCK_TAGS
from mayabook.book.xml_parsing import Element, select

MAX_BYTES = 256 << 10
"""Largest style sheet that is looked at; what larger ones say is unknown."""
_FEWEST_EMS = 1.9
_EMS = {"em": 1.0, "rem": 1.0, "ex": 0.5, "px": 1 / 16, "pt": 1 / 12}
_EMS_PER_PERCENT_OF_WIDTH, _EMS_PER_PERCENT_OF_LINE = 1 / 3, 0.012
_RAISED_EMS, _LOWERED_EMS = 0.15, -0.1
_CLASS = re.compile(r"([a-z]*)\.([\w-]+)", re.IGNORECASE)
_CONCERNS = re.compile(r"margin|vertical-align|list-style", re.IGNORECASE)
_LIST_TYPES = {
    "lower-alpha": "a", "lower-latin": "a", "upper-alpha": "A", "upper-latin": "A", "lower-roman": "i",
    "upper-roman": "I", "decimal": "1", "decimal-leading-zero": "1", "none": "none",
}  # fmt: skip


class _Style(NamedTuple):
    """margin: above, in ems. rise: above the line, in ems. list_type: as the attribute `type` of `ol` has it."""

    margin: float = 0.0
    rise: float = 0.0
    list_type: str = ""


@dataclass(frozen=True, slots=True)
class ClassStyles:
    """spaced: classes with a wide margin above. raised, lowered: of text above or below the line. list_types: class ->
    numbering of lists, as the attribute `type` of `ol` has it, or "none"."""

    spaced: frozenset[str] = frozenset()
    raised: frozenset[str] = frozenset()
    lowered: frozenset[str] = frozenset()
    list_types: Mapping[str, str] = field(default_factory=dict)

    def __or__(self, later: "ClassStyles") -> "ClassStyles":
        return ClassStyles(
            self.spaced | later.spaced,
            self.raised | later.raised,
            self.lowered | later.lowered,
            {**self.list_types, **later.list_types},
        )


def read_class_styles(css: str) -> ClassStyles:
    if not _CONCERNS.search(css) or len(css) > MAX_BYTES:
        return ClassStyles()
    styles = list(_styles(tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)))
    return ClassStyles(
        frozenset(name for tag, name, style in styles if tag in ("", "p", "div") and style.margin >= _FEWEST_EMS),
        frozenset(name for tag, name, style in styles if tag not in BLOCK_TAGS and style.rise >= _RAISED_EMS),
        frozenset(name for tag, name, style in styles if tag not in BLOCK_TAGS and style.rise <= _LOWERED_EMS),
        {name: style.list_type for tag, name, style in styles if tag in ("", "ol") and style.list_type},
    )


def write_into_markup(root: Element, styles: ClassStyles) -> None:
    """Gives elements the classes and attributes that mean the same, so that what reads them needs no style sheet."""
    for element in select(root, "@class"):
        names = frozenset((element.get("class") or "").split())
        if names & styles.raised:
            element.set("class", f"{element.get('class')} superscript")
        elif names & styles.lowered:
            element.set("class", f"{element.get('class')} subscript")
    for element in root.iter("{*}ol"):
        of_classes = map(styles.list_types.get, (element.get("class") or "").split())
        found = [_style(element.get("style") or "").list_type, *of_classes]
        if list_type := next(filter(None, found), None):
            element.set("type", list_type)


def has_wide_margin(declarations: str) -> bool:
    """declarations: text of a style attribute."""
    return _style(declarations).margin >= _FEWEST_EMS


def _styles(rules: Iterable[Any]) -> Iterator[tuple[str, str, _Style]]:
    """Tag or nothing, class, and style of each selector that is no more than these."""
    for rule in rules:
        if rule.type == "qualified-rule" and (style := _style(rule.content)) != _Style():
            for selector in tinycss2.serialize(rule.prelude).split(","):
                if (match := _CLASS.fullmatch(selector.strip())) is not None:
                    yield match[1].lower(), match[2], style


def _style(declarations: Any) -> _Style:
    """declarations: text of a style attribute, or content of a rule."""
    style = _Style()
    if not declarations:
        return style
    for declaration in tinycss2.parse_declaration_list(declarations, skip_comments=True, skip_whitespace=True):
        values = [token for token in getattr(declaration, "value", ()) if token.type not in ("whitespace", "comment")]
        if declaration.type != "declaration" or not values:
            continue
        if declaration.lower_name in ("margin", "margin-top"):
            style = style._replace(margin=_ems(values[0], _EMS_PER_PERCENT_OF_WIDTH))
        elif declaration.lower_name == "vertical-align":
            style = style._replace(rise=_rise(values[0]))
        elif declaration.lower_name in ("list-style", "list-style-type"):
            named = (_LIST_TYPES.get(getattr(token, "lower_value", "")) for token in values)
            style = style._replace(list_type=next(filter(None, named), style.list_type))
    return style


def _rise(token: Any) -> float:
    if token.type == "ident":
        return {"super": 1.0, "sub": -1.0}.get(token.lower_value, 0.0)
    return _ems(token, _EMS_PER_PERCENT_OF_LINE)


def _ems(token: Any, per_percent: float) -> float:
    if token.type == "dimension":
        return float(token.value) * _EMS.get(token.lower_unit, 0.0)
    return float(token.value) * per_percent if token.type == "percentage" else 0.0
