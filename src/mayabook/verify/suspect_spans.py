"""Groups neighbouring doubtful sentences into spans, and finds the clip of the recording to check again for each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mayabook.verify.expected_text import ExpectedText
from mayabook.verify.first_pass import FirstPassSentence
from mayabook.verify.recording_transcript import RecordingTranscript, TimeSpan

MIN_WORDS_TO_CUT = 50
"""From so many words on, a span ends at the next sentence boundary where the recording can be cut."""
MAX_WORDS = 250
MAX_SECONDS = 120.0
"""A longer span is not checked again: it is missing, or all of it is other speech."""
MARGIN_SECONDS = 0.25
"""Silence that is kept at either end of a clip."""
WORD_TIME_ERROR_SECONDS = 0.2
"""Assumed error of word timestamps."""
SEARCH_SECONDS = 0.5
"""How far from a sentence a silence is searched if its neighbour was not found."""


@dataclass(frozen=True, slots=True)
class SuspectSpan:
    """Sentences `first` to `end` (half-open). clip: its time span; None if it is not to be checked again."""

    first: int
    end: int
    clip: TimeSpan | None

    @property
    def sentences(self) -> range:
        return range(self.first, self.end)


def find_suspect_spans(
    text: ExpectedText, seen: Sequence[FirstPassSentence], transcript: RecordingTranscript
) -> Iterator[SuspectSpan]:
    for first, end in _runs(text, seen):
        opening, closing = _longest_pause_before(seen, first, transcript), _longest_pause_before(seen, end, transcript)
        n_words = sum(len(text.sentences[line].text.split()) for line in range(first, end))
        clip = None
        if opening is not None and closing is not None and n_words <= MAX_WORDS:
            clip = TimeSpan(
                opening.end - min(MARGIN_SECONDS, opening.seconds / 2),
                closing.start + min(MARGIN_SECONDS, closing.seconds / 2),
            )
        yield SuspectSpan(first, end, clip if clip and 0 < clip.seconds <= MAX_SECONDS else None)


def _runs(text: ExpectedText, seen: Sequence[FirstPassSentence]) -> Iterator[tuple[int, int]]:
    """Half-open index ranges of neighbouring doubtful sentences."""
    first, n_words = None, 0
    for line, sentence in enumerate(seen):
        if first is not None and (
            not sentence.is_doubtful
            or (
                n_words >= MIN_WORDS_TO_CUT
                and not sentence.is_joined_to_previous
                and _is_mostly_matched(seen, line)
                and _is_mostly_matched(seen, line - 1)
            )
        ):
            yield first, line
            first = None
        if sentence.is_doubtful:
            first, n_words = (line, 0) if first is None else (first, n_words)
            n_words += len(text.sentences[line].text.split())
    if first is not None:
        yield first, len(seen)


def _is_mostly_matched(seen: Sequence[FirstPassSentence], line: int) -> bool:
    """Whether enough of a sentence was matched to rely on its times."""
    return 0 <= line < len(seen) and seen[line].n_matched > 0 and seen[line].n_matched >= 0.7 * seen[line].n_units


def _longest_pause_before(
    seen: Sequence[FirstPassSentence], line: int, transcript: RecordingTranscript
) -> TimeSpan | None:
    """Longest silence between a sentence and the one before it; None if neither was found."""
    before = max((sentence.end for sentence in seen[max(0, line - 1) : line] if sentence.end is not None), default=None)
    after = next((sentence.start for sentence in seen[line : line + 1] if sentence.start is not None), None)
    if before is None and after is None:  # at the edge of the text
        before = next((seen[at].end for at in range(line - 1, -1, -1) if seen[at].end is not None), None)
        after = next((sentence.start for sentence in seen[line:] if sentence.start is not None), None)
        if before is not None and after is not None:
            return None
    if before is None and after is None:
        return None
    low = before if before is not None else (after or 0.0) - SEARCH_SECONDS
    high = after if after is not None else low + SEARCH_SECONDS
    low, high = min(low, high) - WORD_TIME_ERROR_SECONDS, max(low, high) + WORD_TIME_ERROR_SECONDS
    middle = max(0.0, (low + high) / 2)
    return transcript.longest_silence(low, high) or TimeSpan(middle, middle)
