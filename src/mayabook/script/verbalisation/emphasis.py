"""Emphasis by asterisks, underscores and slashes: the marks are left out, the words stay."""

import regex

from mayabook.core.spoken_form import WordClass
from mayabook.script.verbalisation.rules import Context, Family, Match, Rule, pattern
from mayabook.script.verbalisation.vocabulary import is_word


def _left_out(match: Match, context: Context) -> str:
    return ""


def _inside_a_word(match: Match, context: Context) -> str | None:
    """un_believ_ably, *un*believable"""
    word = regex.sub(r"[*_]", "", match[0])
    return word if is_word(word.replace("’", "'").lower()) else None


_STARS = r"(?<=(?<![\w.,])[1-7])\*\s\p{Ll}(?<!(?<!\w)\*\w.*)"
"""The mark of "a 5* hotel"."""
FAMILY = Family(
    regex.compile(r"[*_]|~~|[/=+~]\p{L}"),
    [
        Rule(
            WordClass.EMPHASIS,
            regex.compile(
                r"(?<![\w*@/.])(?:\p{L}+(?P<mark>[*_]{1,3})[\p{L}’']+(?P=mark)[\p{L}’']*|"
                r"(?P<mark>[*_]{1,3})\p{L}+(?P=mark)[\p{L}’']+)(?![\w*@/])"
            ),
            _inside_a_word,
        ),
        Rule(
            WordClass.EMPHASIS,
            pattern(r"(?<![\p{L}\p{N}*_.])(?:\*{1,3}|_{1,3}|~~)(?=[\p{L}\p{N}“”\"'‘’(…—¡¿-])(?!\S*@)"),
            _left_out,
        ),
        Rule(
            WordClass.EMPHASIS,
            pattern(
                r"(?<=[\p{L}\p{N}.,;:!?…“”\"'‘’)—-])(?!{stars})(?:\*{1,3}|_{1,3}|~~)(?![\p{L}\p{N}*_])",
                stars=_STARS,
            ),
            _left_out,
        ),
        Rule(
            WordClass.EMPHASIS,
            regex.compile(
                r"(?<![^\s“\"‘'(—])(?P<mark>[=+~])(?=\p{L}[^=+~]{0,60}(?P=mark)(?!\w))|(?<=(?<![^\s“\"‘'(—])(?P<mark>[=+~])\p{L}[^=+~]{0,60})(?P=mark)(?!\w)"
            ),
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
