"""Sentence segmentation.

sentencex proposes the boundaries; rules for known errors in novels add boundaries (`_MISSED_ENDS`) or remove them
(`_continues`). A sentence without a letter or digit is joined to its neighbour.
"""

from collections.abc import Iterator
from itertools import pairwise

import regex
import sentencex

from mayabook.core.emotion_tags import without_tags
from mayabook.core.language import Language

_OPENERS = r"[\"'“”‘«»„‚‹(\[¿¡—–-]"
_CLOSERS = r"[\"'”’»“›)\]]"
_SPEECH_VERBS = (
    r"added|admitted|agreed|announced|answered|asked|barked|began|bellowed|breathed|called|cried|croaked|"
    r"declared|demanded|exclaimed|gasped|groaned|growled|hissed|howled|inquired|enquired|insisted|"
    r"interrupted|laughed|moaned|mumbled|murmured|muttered|pleaded|protested|repeated|replied|roared|said|"
    r"screamed|shouted|shrieked|sighed|snapped|sobbed|stammered|suggested|thought|told|wailed|wept|"
    r"whispered|wondered|yelled|says|asks|cries|calls|replies|answers|whispers|shouts"
)

_MISSED_ENDS = [
    # He left… | Then he came back. But: I… I do not know.
    regex.compile(rf"…{_CLOSERS}*\s+(?={_OPENERS}*\p{{Lu}})(?!{_OPENERS}*I\b)"),
    # (He was gone.) | She cried.
    regex.compile(
        rf"(?:^|[.!?…]{_CLOSERS}*\s+)[(\[][^()\[\]]{{1,400}}[.!?…]{_CLOSERS}*[)\]]\s+(?={_OPENERS}*\p{{Lu}})"
    ),
    # “But you said…” | “I know.”
    regex.compile(r"[.!?…—–-][”»\"’']\s+(?=[“«\"‘„][^\s])"),
    # “Wait—” | The line went dead.
    regex.compile(r"[—–][”»\"’']\s+(?=\p{Lu})"),
    # What?! | I never said that.
    regex.compile(rf"[!?]{{2,}}{_CLOSERS}*\s+(?={_OPENERS}*\p{{Lu}})"),
    # No. | I did not.
    regex.compile(rf"(?:^|[.!?…]{_CLOSERS}*\s+){_OPENERS}*No\.\s+(?={_OPENERS}*\p{{L}})"),
]

# vol. 2, pp. 3-4, ch. IV: a number belongs to the abbreviation before it.
_NUMBERED = regex.compile(r"\b(?:approx|chs?|chap|cols?|figs?|pp?|pt|sect?|vols?)\.\s+$", regex.IGNORECASE)
_NUMBER = regex.compile(r"\d|[IVXLC]+\b")
# “Run!” Mary cried. “Stop!” I said.
_SPEECH_END = regex.compile(rf"[!?…—–]{_CLOSERS}+\s+$")
_SPEAKER = regex.compile(
    rf"(?!(?:He|She|It|We|You|They)\b)(?:I|\p{{Lu}}[\p{{L}}\p{{M}}.’'-]+(?:\s+\p{{Lu}}[\p{{L}}\p{{M}}.’'-]+){{0,2}})\s+(?:{_SPEECH_VERBS})\b"
)
_LOWERCASE_START = regex.compile(rf"(?:{_OPENERS}|\s|<\w+>)*\p{{Ll}}")
# Wait.² | He left.
_NOTE_MARK = regex.compile(r"(?<=\S)[⁰¹²³⁴-⁹]+(?:,[⁰¹²³⁴-⁹]+)*(?!\S)")
_WINDOW = 10_000  # characters, more than a paragraph has
_LOOKBACK = 12  # characters, enough for each rule that looks behind a boundary
_STRAY_OPENER = regex.compile(r"(?<=\s)[\"'“‘«„]+$")


def sentence_spans(text: str, language: Language) -> list[tuple[int, int]]:
    """(start, end) of each sentence, in order, with nothing but whitespace between them.

    text: on one line, with no whitespace but plain spaces (`speakable`).
    A language that the library does not know is split by its general rules.
    A sentence without a letter or digit is joined to its neighbour, so only a text without any yields one.
    """
    cuts = [0, *_joined(text, _boundaries(text, language)), len(text)]
    spans = []
    for start, end in pairwise(cuts):
        piece = text[start:end]
        if piece.strip():
            spans.append((start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())))
    return spans


def _boundaries(text: str, language: Language) -> list[int]:
    """Offsets at which a sentence may start, ascending: those of sentencex and those that it misses."""
    found: set[int] = set()
    for position in sentencex_boundaries(text, language):
        opener = _STRAY_OPENER.search(text[max(0, position - _LOOKBACK) : position])
        note_mark = _NOTE_MARK.match(text, position)
        found.add(note_mark.end() if note_mark else position - len(opener[0]) if opener else position)
    for rule in _MISSED_ENDS:
        found.update(match.end() for match in rule.finditer(text, overlapped=True))
    return sorted(position for position in found if 0 < position < len(text))


def sentencex_boundaries(text: str, language: Language) -> Iterator[int]:
    """Offsets at which sentencex ends a sentence, ascending.

    The text is passed in windows, because sentencex takes quadratic time on text without spaces.
    """
    position, width = 0, _WINDOW
    while position < len(text):
        pieces = sentencex.segment(language.code, text[position : position + width])
        if position + width < len(text):
            pieces = pieces[:-1]  # it may go on beyond the window
        width = _WINDOW if pieces else 2 * width
        for piece in pieces:
            position += len(piece)
            yield position


def _joined(text: str, boundaries: list[int]) -> Iterator[int]:
    """The boundaries that remain after joining."""
    carried = False  # the piece before this boundary was joined to the next one
    starts = [0, *boundaries]
    ends = [*boundaries, len(text)]
    last = 0
    for start, end in zip(starts, ends, strict=True):
        piece = text[start:end]
        wordless = not any(char.isalnum() for char in without_tags(piece))
        leads = wordless and "<" in piece and end < len(text)
        joins = start > 0 and (carried or (wordless and not leads) or _continues(text, last, start))
        if start > 0 and not joins:
            yield start
            last = start
        carried = leads or (carried and wordless) or (wordless and start == 0)


def _continues(text: str, last: int, start: int) -> bool:
    before = text[max(last, start - _LOOKBACK) : start]
    if _LOWERCASE_START.match(text, start):
        return True
    if _NUMBERED.search(before) and _NUMBER.match(text, start):
        return True
    return bool(_SPEECH_END.search(before) and _SPEAKER.match(text, start))
