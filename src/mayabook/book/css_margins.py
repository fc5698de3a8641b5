"""Classes that a style sheet gives a wide margin above, as books do at scene breaks."""

import re
from collections.abc import Iterator
from typing import Any

import tinycss2

MAX_BYTES = 256 << 10
"""Largest style sheet that is looked at; margins of larger ones are unknown."""
_FEWEST_EMS = 1.9
_EMS = {"em": 1.0, "rem": 1.0, "ex": 0.5, "px": 1 / 16, "pt": 1 / 12}
_EMS_PER_PERCENT = 1 / 3
_CLASS = re.compile(r"(?:p|div)?\.([\w-]+)")


def classes_with_wide_margins(css: str) -> frozenset[str]:
    if "margin" not in css or len(css) > MAX_BYTES:
        return frozenset()
    rules = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
    return frozenset(
        name
        for rule in rules
        if rule.type == "qualified-rule" and has_wide_margin(rule.content)
        for name in _classes(tinycss2.serialize(rule.prelude))
    )


def has_wide_margin(declarations: Any) -> bool:
    """declarations: text of a style attribute, or content of a rule."""
    width = 0.0
    for declaration in tinycss2.parse_declaration_list(declarations, skip_comments=True, skip_whitespace=True):
        if declaration.type == "declaration" and declaration.lower_name in ("margin", "margin-top"):
            values = [token for token in declaration.value if token.type != "whitespace"]
            width = _ems(values[0]) if values else width
    return width >= _FEWEST_EMS


def _ems(token: Any) -> float:
    if token.type == "dimension":
        return float(token.value) * _EMS.get(token.lower_unit, 0.0)
    return float(token.value) * _EMS_PER_PERCENT if token.type == "percentage" else 0.0


def _classes(selectors: str) -> Iterator[str]:
    for selector in selectors.split(","):
        match = _CLASS.fullmatch(selector.strip())
        if match is not None:
            yield match[1]
