"""Keys of a keyboard: ESC, Ctrl+C."""

import regex

from mayabook.core.spoken_form import WordClass
from mayabook.script.verbalisation import number_words
from mayabook.script.verbalisation.rules import Context, Family, Match, Rule, one_of, pattern

_KEYS = {
    "Esc": "escape", "Ctrl": "control", "Del": "delete", "Ins": "insert", "PgUp": "page up", "PgDn": "page down",
    "PrtSc": "print screen", "Cmd": "command",
}  # fmt: skip
_CASES = {case: name for key, name in _KEYS.items() for case in (key, key.upper())}
_HELD = "Ctrl|CTRL|Alt|ALT|Cmd|CMD"
_WORDS = "Control|Shift|SHIFT|Command|Option|Win"
_LAST = rf"{one_of(_CASES)}|Delete|Enter|ENTER|Tab|TAB|Home|End|Space|F\d{{1,2}}|\p{{Lu}}|\d"


def _together(match: Match, context: Context) -> str:
    """Ctrl+Alt+Del -> control alt delete."""
    return " ".join(_name(key) for key in regex.split(r"\s?[+-]\s?", match[0]))


def _key(match: Match, context: Context) -> str:
    return _name(match[0])


def _name(key: str) -> str:
    number = regex.fullmatch(r"(F?)(\d+)", key)
    if number:
        return f"{number[1]} {number_words.cardinal(int(number[2]))}".strip()
    return _CASES.get(key) or (key if len(key) == 1 else key.lower())


FAMILY = Family(
    regex.compile(rf"\b(?:{one_of(_CASES)}|{_HELD}|(?:{_WORDS})\s?\+)(?!\w)|\b(?:{_WORDS})\s?\+"),
    [
        Rule(
            WordClass.ABBREVIATIONS,
            pattern(
                r"(?<![\w+-])(?:(?:{held})(?:\s?\+\s?|-)|(?:{words})\s?\+\s?)+(?:{last})(?![\w+-])",
                held=_HELD,
                words=_WORDS,
                last=_LAST,
            ),
            _together,
        ),
        Rule(
            WordClass.ABBREVIATIONS,
            pattern(
                r"(?<![\w.'’-])(?:ESC|Esc|CTRL|Ctrl|PgUp|PgDn|PrtSc)(?![\w'’-])|"
                r"(?<=\b(?:[Pp]ress(?:ed|es|ing)?|[Hh]it(?:s|ting)?|[Hh]eld|marked|tapped)\s(?:the\s)?)(?:DEL|Del|INS|Ins|CMD|Cmd)(?![\w'’-])|"
                r"(?<![\w.'’-])(?:DEL|Del|INS|Ins|CMD|Cmd)(?=\s(?:key|button)s?\b)"
            ),
            _key,
        ),
    ],
)
