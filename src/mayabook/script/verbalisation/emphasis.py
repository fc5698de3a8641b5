"""Emphasis by asterisks, underscores and slashes: the marks are left out, the words stay."""

import regex

from mayabook.core.spoken_form import WordClass
from mayabook.script.verbalisation.rules import Context, Family, Match, Rule, pattern


def _left_out(match: Match, context: Context) -> str:
    return ""


FAMILY = Family(
    regex.compile(r"[*_]|~~|/\p{L}"),
    [
        Rule(
            WordClass.EMPHASIS,
            pattern(r"(?<![\p{L}\p{N}*_.])(?:\*{1,3}|_{1,3}|~~)(?=[\p{L}\p{N}“”\"'‘’(…—¡¿-])(?!\S*@)"),
            _left_out,
        ),
        Rule(
            WordClass.EMPHASIS,
            pattern(r"(?<=[\p{L}\p{N}.,;:!?…“”\"'‘’)—-])(?:\*{1,3}|_{1,3}|~~)(?![\p{L}\p{N}*_])"),
            _left_out,
        ),
        Rule(
            WordClass.EMPHASIS,
            pattern(
                r"(?<!\S)/(?=\p{L}[\p{L}\s'’]{0,40}/(?![\p{L}/]))|(?<=(?<!\S)/\p{L}[\p{L}\s'’]{0,40})/(?![\p{L}/])"
            ),
            _left_out,
        ),
    ],
)
