"""Applies the settings `include`, `skip` and `only`: chapters by number, range or title."""

import re
from collections.abc import Sequence
from dataclasses import replace

from mayabook.core.book import Chapter, Matter
from mayabook.core.errors import SettingsError
from mayabook.core.settings import BookSettings

_NUMBERS = re.compile(r"(\d+)(?:\s*[-–]\s*(\d+))?")
_MOST_LISTED = 40


def select_chapters(chapters: Sequence[Chapter], settings: BookSettings) -> tuple[Chapter, ...]:
    """The same chapters with `narrated` and `reason` as asked: `only`, then `include`, then `skip`, the last wins.

    A chapter without text is never narrated. Raises SettingsError for a selector that fits no chapter.
    """
    only, include, skip = (_numbers(chapters, given) for given in (settings.only, settings.include, settings.skip))
    chosen = []
    for chapter in chapters:
        if chapter.number in skip:
            chapter = replace(chapter, narrated=False, reason="you skip it")
        elif chapter.number in include | only and chapter.matter is not Matter.EMPTY and chapter.blocks:
            chapter = replace(chapter, narrated=True, reason="you ask for it")
        elif settings.only and chapter.narrated:
            chapter = replace(chapter, narrated=False, reason="only other chapters were asked for")
        chosen.append(chapter)
    return tuple(chosen)


def _numbers(chapters: Sequence[Chapter], selectors: Sequence[str]) -> frozenset[int]:
    return frozenset(number for selector in selectors for number in _matching(chapters, selector))


def _matching(chapters: Sequence[Chapter], selector: str) -> list[int]:
    wanted = " ".join(selector.split())
    if match := _NUMBERS.fullmatch(wanted):
        first, last = int(match[1]), int(match[2] or match[1])
        if 1 <= first <= last <= len(chapters):
            return list(range(first, last + 1))
    titled = [c.number for c in chapters if " ".join(c.title.split()).casefold() == wanted.casefold()]
    if not titled:
        listed = ", ".join(f"{c.number} {c.title!r}" for c in chapters[:_MOST_LISTED])
        more = f" and {len(chapters) - _MOST_LISTED} more" if len(chapters) > _MOST_LISTED else ""
        raise SettingsError(
            f"No chapter matches {selector!r}: give a number, a range (3-7) or a title of {listed}{more}."
        )
    return titled
