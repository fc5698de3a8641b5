"""Splits a sentence that is too long for one chunk into clauses.

The sentence is cut in halves (or a third and two thirds, and so on, so that the parts come out even) at the strongest
mark near the target: the end of a sentence inside quoted speech, then semicolons and colons, dashes and closing
brackets, commas, spaces. Parts that are still too long are cut again. A single word that is too long, such as a URL or
a line of Chinese, is cut between grapheme clusters.
"""

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence

import regex

from mayabook.core.language import Language
from mayabook.script.sentence_split import sentence_spans, sentencex_boundaries

_CLAUSE_MARKS = [
    regex.compile(r"[!?…;:][\"'”’»)\]]*\s+|[；：。！？]+[」』”’]*\s*"),
    regex.compile(r"—[\"'”’»]*\s*|\s[–-]\s+|--+\s*|[)\]][\"'”’»]*\s+"),
    regex.compile(r",[\"'”’»]*\s+|[、，،]\s*"),
    regex.compile(r"\s+"),
]
_QUOTES = regex.compile(r"[\"“”„«»「」『』]|(?<!\w)['‘]|['’](?!\w)")
_OPENERS = "\"'“„‘«「『"
_TAG_OR_CHARACTER = regex.compile(r"<\w+>|\X", regex.DOTALL)
_TAG_OR_CODE_POINT = regex.compile(r"<\w+>|.", regex.DOTALL)
_MARGIN = 1 / 4  # share of the text that a clause mark must leave on either side

Fullness = Callable[[int, int], float]
"""Size of the text between two offsets relative to the limits of a chunk; above 1 it does not fit."""


def clause_spans(text: str, fullness: Fullness, language: Language) -> list[tuple[int, int]]:
    """(start, end) of the parts, in order; each fits, and only whitespace is between them.

    text: one sentence without whitespace at its ends. A single code point always counts as fitting.
    """
    if fullness(0, len(text)) <= 1:
        return [(0, len(text))]
    unquoted = _QUOTES.sub(" ", text)
    ends = [start for start, _ in sentence_spans(unquoted, language)[1:]]
    library = sentencex_boundaries(unquoted, language)  # for text without capital letters
    levels = [[_before_openers(text, end) for end in level] for level in (ends, library)]
    levels += [[mark.end() for mark in marks.finditer(text)] for marks in _CLAUSE_MARKS]
    spans = []
    todo = [(0, len(text))]
    while todo:
        start, end = todo.pop()
        share = fullness(start, end)
        if share <= 1 or end - start == 1:
            spans.append((start, end))
            continue
        cut = _cut(text, start, end, share, levels)
        todo.append((end - len(text[cut:end].lstrip()), end))
        todo.append((start, start + len(text[start:cut].rstrip())))
    return spans


def _before_openers(text: str, place: int) -> int:
    while place and text[place - 1] in _OPENERS:
        place -= 1
    return place


def _cut(text: str, start: int, end: int, share: float, levels: list[list[int]]) -> int:
    n_parts = math.ceil(share)
    target = start + round((end - start) * (n_parts // 2) / n_parts)
    margin = (end - start) * _MARGIN
    for cuts in levels:
        cut = _nearest(cuts, target, start + margin, end - margin)
        if cut is not None:
            return cut
    space = _nearest(levels[-1], target, start + 1, end - 1)
    if space is not None:
        return space
    for characters in (_TAG_OR_CHARACTER, _TAG_OR_CODE_POINT):
        cuts = [character.end() for character in characters.finditer(text, start, end)]
        cut = _nearest(cuts, target, start + 1, end - 1)
        if cut is not None:
            return cut
    raise AssertionError(f"no place to cut {text[start:end]!r}")


def _nearest(cuts: Sequence[int], target: int, first: float, last: float) -> int | None:
    """The cut nearest to `target` among those from `first` to `last`; `cuts` ascend."""
    place = bisect_left(cuts, target)
    near = [cut for cut in cuts[max(0, place - 1) : place + 1] if first <= cut <= last]
    return min(near, key=lambda cut: abs(cut - target), default=None)
