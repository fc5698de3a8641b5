"""Emoji, ornaments and marks that nobody says: they are left out, and the reader is told so."""

import regex

from mayabook.core.spoken_form import WordClass
from mayabook.script.verbalisation.rules import Context, Family, Match, Rule, pattern


def _left_out(match: Match, context: Context) -> str:
    return ""


_EMOJI = (
    r"(?:[\U0001F000-\U0001FAFF\u2600-\u27BF\u2B00-\u2BFF\u2190-\u21FF\u2300-\u23FF\u25A0-\u25FF"
    r"\U000E0020-\U000E007F\uFE0F\uFE0E\u200D\u20E3]|\p{Emoji_Presentation})"
)
FAMILY = Family(
    regex.compile(r"[^\p{L}\p{M}\p{N}\s.,;:!?'\"’‘“”()—–…-]"),
    [
        Rule(WordClass.SYMBOLS, regex.compile(rf"(?:[#*0-9]\uFE0F?\u20E3)|{_EMOJI}+"), _left_out),
        Rule(WordClass.SYMBOLS, regex.compile(r"(?<=^[^\p{L}\p{N}]*)[#=+<>~-]+(?=[^\p{L}\p{N}]*$)"), _left_out),
        Rule(
            WordClass.SYMBOLS,
            pattern(
                r"[\p{So}†‡•·‣⁂※™®℠❧☙¬¦\u2061-\u2064\u00AD\u200B-\u200F\u2028\u2029\uFEFF◦]|(?<!\w)[~^|"
                r"\\_*¨´`]+(?!\w)|[|\\]|[*†‡]+(?=\s|$|[.,;:!?])|(?<=\p{L}[.,;:!?”’\"']*)[*]+"
            ),
            _left_out,
        ),
    ],
)
