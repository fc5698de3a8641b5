"""Groups sentences into chunks.

Neighbouring sentences are merged greedily, across the weakest boundary first, while the result is within the limits.
How strong the boundary before a sentence is, in this order:

1. inside a sentence < between sentences < between paragraphs, so that chunks tend to end with a paragraph;
2. before a sentence of few words < before a longer one, so that short sentences are not left alone;
3. a checksum of the following segment, as a tie-break that is stable and independent of position.

Nothing is counted from the beginning of the book, so a cut depends on the text around it alone: an edit changes the
chunk it is in and at most one or two neighbours, and the takes of all others are kept. A chunk that still has few words
then takes sentences from a neighbour.
"""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from mayabook.core.settings import ScriptSettings
from mayabook.script.segments import Segment


@dataclass(frozen=True, slots=True)
class _SegmentGroup:
    """Segments that are never separated: one with words, and those beside it that have none."""

    segments: tuple[Segment, ...]

    @property
    def n_words(self) -> int:
        return sum(segment.n_words for segment in self.segments)

    @property
    def n_chars(self) -> int:
        return sum(segment.n_chars for segment in self.segments) + len(self.segments) - 1

    @property
    def n_speakable(self) -> int:
        return sum(segment.n_speakable for segment in self.segments)

    def boundary_strength(self, min_words: int) -> tuple[int, bool, int]:
        """Of the boundary before this group; sorts from weak to strong."""
        checksum = zlib.crc32(self.segments[0].sentence.text.encode())
        return self.segments[0].boundary_before, self.n_speakable >= min_words, checksum


class _SegmentRange:
    """The groups of one scene. A range of them is given as half-open indices: first group, group after the last."""

    def __init__(self, groups: Sequence[_SegmentGroup], settings: ScriptSettings) -> None:
        self.groups = groups
        self.settings = settings
        self._words = [0, *accumulate(group.n_words for group in groups)]
        self._chars = [0, *accumulate(group.n_chars + 1 for group in groups)]
        self._speakable = [0, *accumulate(group.n_speakable for group in groups)]

    def fullness(self, start: int, end: int) -> float:
        """Size relative to the limits of a chunk: 1 is exactly full, more than 1 does not fit."""
        n_words, n_chars = self._words[end] - self._words[start], self._chars[end] - self._chars[start] - 1
        return max(n_words / self.settings.max_words, n_chars / self.settings.max_chars)

    def has_few_words(self, start: int, end: int) -> bool:
        return self._speakable[end] - self._speakable[start] < self.settings.min_words


def chunk_segments(segments: Sequence[Segment], settings: ScriptSettings) -> list[tuple[Segment, ...]]:
    """Chunks of the segments of one scene, or of consecutive headings, in order.

    A segment without a letter or digit stays with a neighbour; one that fits beside neither is left out.
    """

    def fits(group: _SegmentGroup) -> bool:
        return group.n_words <= settings.max_words and group.n_chars <= settings.max_chars

    scene = _SegmentRange(_group_segments(segments, fits), settings)
    cuts = _even_out(scene, _merge_greedily(scene))
    return [
        tuple(segment for group in scene.groups[start:end] for segment in group.segments)
        for start, end in pairwise(cuts)
    ]


def _group_segments(segments: Sequence[Segment], fits: Callable[[_SegmentGroup], bool]) -> list[_SegmentGroup]:
    """One group per segment with words. A segment without words joins the group before it, an emotion tag the next."""
    groups: list[_SegmentGroup] = []
    waiting: tuple[Segment, ...] = ()
    for segment in segments:
        group = _SegmentGroup((*waiting, segment))
        if waiting and not fits(group):
            _append(groups, waiting, fits)
            group = _SegmentGroup((segment,))
        waiting = ()
        if group.n_speakable:
            groups.append(group)
        elif "<" in segment.sentence.text or not _append(groups, group.segments, fits):
            waiting = group.segments
    _append(groups, waiting, fits)
    return groups


def _append(groups: list[_SegmentGroup], segments: tuple[Segment, ...], fits: Callable[[_SegmentGroup], bool]) -> bool:
    """Adds segments to the last group; False where there is no group or they do not fit."""
    if not groups or not fits(longer := _SegmentGroup(groups[-1].segments + segments)):
        return False
    groups[-1] = longer
    return True


def _merge_greedily(scene: _SegmentRange) -> list[int]:
    """Indices of the groups that chunks begin with, and the number of groups."""
    n_groups = len(scene.groups)
    starts = list(range(n_groups))  # of the range that ends with a group, where it starts
    ends = list(range(1, n_groups + 1))  # of the range that starts with a group, where it ends
    cuts = {0, n_groups}
    min_words = scene.settings.min_words
    for boundary in sorted(
        range(1, n_groups), key=lambda boundary: scene.groups[boundary].boundary_strength(min_words)
    ):
        start, end = starts[boundary - 1], ends[boundary]
        if scene.fullness(start, end) <= 1:
            ends[start], starts[end - 1] = end, start
        else:
            cuts.add(boundary)
    return sorted(cuts)


def _even_out(scene: _SegmentRange, cuts: list[int]) -> list[int]:
    """Moves each cut next to a chunk of few words so that the chunks on both sides have enough words and are as even
    as possible; leaves it where it is if there is no such place."""
    cuts = list(cuts)
    for place in range(1, len(cuts) - 1):
        before, cut, after = cuts[place - 1], cuts[place], cuts[place + 1]
        if not (scene.has_few_words(before, cut) or scene.has_few_words(cut, after)):
            continue
        evenness = {
            moved: min(scene.fullness(before, moved), scene.fullness(moved, after))
            for moved in range(before + 1, after)
            if max(scene.fullness(before, moved), scene.fullness(moved, after)) <= 1
            and not scene.has_few_words(before, moved)
            and not scene.has_few_words(moved, after)
        }
        cuts[place] = max(evenness, key=evenness.__getitem__, default=cut)
    return cuts
