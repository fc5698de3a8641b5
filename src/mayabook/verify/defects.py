"""Turns the results of both passes into defects: what is wrong, when, and in which sentences."""

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from mayabook.checks.mismatches import MATCHED
from mayabook.checks.text_normalisation import text_units
from mayabook.core.language import Language
from mayabook.core.verdict import AlignedWord, Finding, WordMatch
from mayabook.verify.expected_text import ExpectedText
from mayabook.verify.first_pass import ExtraSpeech, FirstPass
from mayabook.verify.intro_outro import OuterTranscript
from mayabook.verify.passage_index import PassageIndex
from mayabook.verify.recording_transcript import RecordingTranscript, TimeSpan
from mayabook.verify.report import DEFECT_OF_FINDING, DefectKind
from mayabook.verify.second_pass import SecondPassResult
from mayabook.verify.suspect_spans import SuspectSpan
from mayabook.verify.unexplained_speech import Boundary, unexplained_interval

MIN_EXTRA_WORDS = 3
"""Extra words in a row that are reported without a second pass."""
MAX_DRAWN_OUT, MAX_DRAWN_OUT_SLACK_SECONDS = 1.25, 1.2
"""A sentence holds foreign speech if both passes measure more voice than MAX_DRAWN_OUT times what its letters take,
plus this many seconds."""
MIN_AGREED_SHARE = 0.4
"""Where the mean of both passes exceeds what may stay unexplained between two sentences, each pass alone must exceed
this share of it."""
MAX_OUTER_PACE = 1.5
"""Intro and outro may be spoken this many times slower than the text."""
MIN_MUSIC_SECONDS, MAX_MUSIC_WORD_SHARE = 5.0, 0.5
"""Music: unexplained sound before or after the text longer than MIN_MUSIC_SECONDS, of which recognised words account
for less than this share."""
MERGE_SECONDS = 3.0
"""Garbled passages less than this many seconds apart are reported as one."""
MAX_QUOTED_CHARACTERS = 90
"""Characters of a text that a message quotes."""


@dataclass(frozen=True, slots=True)
class DefectSpan:
    """A defect by its time and sentences; `report.Defect` adds its text, file and chapter.

    sentences: indices of the sentences that it affects; empty for speech between two sentences. start, end: seconds
    into the recording. evidence: one line for a person.
    """

    kind: DefectKind
    start: float
    end: float
    sentences: tuple[int, ...]
    evidence: str


class DefectFinder:
    def __init__(
        self, text: ExpectedText, transcript: RecordingTranscript, first_pass: FirstPass, language: Language
    ) -> None:
        self._text, self._transcript, self._first_pass, self._language = text, transcript, first_pass, language
        self._passages = PassageIndex(text.units)

    def unrecheckable_span(self, group: SuspectSpan) -> Iterator[DefectSpan]:
        """Defects of a span that cannot be checked again: it is too long, or was not found in the recording."""
        yield from _add_uncovered([*self._missing_and_extra(group)], self._unexplained_at_boundaries(group, {}))

    def _missing_and_extra(self, group: SuspectSpan) -> Iterator[DefectSpan]:
        seen = self._first_pass.sentences
        lost: list[int] = []
        for line in [*range(group.first, group.end), -1]:
            if lost and (line < 0 or not seen[line].is_missing):
                yield self._missing(tuple(lost))
                lost = []
            if line >= 0 and seen[line].is_missing and seen[line].n_units:
                lost.append(line)
        first, end = self._text.sentences[group.first].first_unit, self._text.sentences[group.end - 1].end_unit
        for extra in self._first_pass.extras:
            if first <= extra.before_unit <= end and 0 < extra.before_unit < len(self._text.units):
                yield from self._extra(extra)

    def rechecked_span(self, recheck: SecondPassResult) -> Iterator[DefectSpan]:
        defects = _merged(
            [
                self._defect_of(finding, lines, recheck)
                for finding, lines in recheck.findings
                if DEFECT_OF_FINDING[finding.kind] != DefectKind.MISSING
                or not self._was_complete_in_first_pass(recheck)
            ]
        )
        left = self._unexplained_at_boundaries(recheck.span, recheck.boundaries)
        yield from _add_uncovered(
            defects, left if defects else [*self._wordless(recheck), *left, *self._drawn_out(recheck)]
        )

    def outer_noise(self, heard: OuterTranscript) -> DefectSpan | None:
        """Unintelligible voice before or after the text; None for speech, music, or too little of it."""
        boundary, norm = self._first_pass.outer_boundaries[heard.outer.is_intro], self._first_pass.norm
        if norm is None:
            return None
        spoken = MAX_OUTER_PACE * norm.seconds_per_letter * heard.n_spoken_letters
        left = norm.unexplained_seconds(boundary) - spoken
        music = left > MIN_MUSIC_SECONDS and norm.seconds_per_letter * heard.n_letters < MAX_MUSIC_WORD_SHARE * left
        if left <= norm.max_unexplained_seconds or music:
            return None
        start, end = unexplained_interval(boundary, norm.seconds_per_letter, self._transcript.is_voiced)
        return DefectSpan(DefectKind.EXTRA, start, end, (), f"{left:.1f} s of unintelligible voice")

    def _was_complete_in_first_pass(self, recheck: SecondPassResult) -> bool:
        """Whether the first pass heard all sentences of which the second missed words.

        ASR drops words, but does not invent the right ones, so one complete transcript suffices.
        """
        seen = [self._first_pass.sentences[line] for line, rows in recheck.rows.items() if any(map(_omitted, rows))]
        return all(each.n_matched == each.n_units for each in seen)

    def _wordless(self, recheck: SecondPassResult) -> Iterator[DefectSpan]:
        for gap in recheck.wordless:
            if any(gap.start < other.end and gap.end > other.start for other in self._transcript.wordless):
                yield DefectSpan(
                    DefectKind.EXTRA, gap.start, gap.end, (), f"{gap.seconds:.1f} s of voice without words"
                )

    def _unexplained_at_boundaries(self, group: SuspectSpan, again: Mapping[int, Boundary]) -> Iterator[DefectSpan]:
        """Unexplained speech between sentences, by both passes, or by the one that heard the words there."""
        first_pass, lines = self._first_pass, self._text.sentences
        for line in range(max(1, group.first), min(group.end + 1, len(lines))):
            boundaries = [looked[line] for looked in (first_pass.boundaries, again) if line in looked]
            doubtful = first_pass.sentences[line].is_joined_to_previous or line not in first_pass.boundaries
            if (
                first_pass.norm is None
                or not boundaries
                or not doubtful
                or lines[line - 1].has_emotion_tag
                or lines[line].has_emotion_tag
            ):
                continue
            found = [first_pass.norm.unexplained_seconds(each) for each in boundaries]
            left = fmean(found)
            if (
                left > first_pass.norm.max_unexplained_seconds
                and min(found) > MIN_AGREED_SHARE * first_pass.norm.max_unexplained_seconds
            ):
                start, end = unexplained_interval(
                    boundaries[-1], first_pass.norm.seconds_per_letter, self._transcript.is_voiced
                )
                evidence = f"{left:.1f} s of voice without words between two sentences"
                yield DefectSpan(DefectKind.EXTRA, start, end, (), evidence)

    def _drawn_out(self, recheck: SecondPassResult) -> Iterator[DefectSpan]:
        """Sentences with more voice than their words take: ASR may stretch words over foreign speech."""
        for line, voiced in recheck.voiced_seconds.items():
            seen, norm = (
                self._first_pass.sentences[line],
                self._first_pass.seconds_per_letter * self._text.n_letters(line),
            )
            most = MAX_DRAWN_OUT * norm + MAX_DRAWN_OUT_SLACK_SECONDS
            if seen.start is not None and seen.end is not None and min(voiced, seen.end - seen.start) > most:
                evidence = f"{voiced:.1f} s of voice for words that take {norm:.1f} s at this reader's pace"
                yield DefectSpan(DefectKind.EXTRA, seen.start, seen.end, (), evidence)

    def long_silence(self, silence: TimeSpan) -> DefectSpan:
        return DefectSpan(DefectKind.SILENCE, silence.start, silence.end, (), f"{silence.seconds:.1f} s of silence")

    def outer_speech(self) -> Iterator[tuple[bool, ExtraSpeech, DefectSpan | None]]:
        """Recognised speech before (True) and after (False) the text, with a defect if it is a passage of the text."""
        for extra in self._first_pass.extras:
            if extra.before_unit in (0, len(self._text.units)):
                yield extra.before_unit == 0, extra, self._known_passage(extra)

    def _missing(self, lines: tuple[int, ...]) -> DefectSpan:
        seen = self._first_pass.sentences
        before = next((seen[line].end for line in range(lines[0] - 1, -1, -1) if seen[line].end is not None), None)
        after = next((sentence.start for sentence in seen[lines[-1] + 1 :] if sentence.start is not None), None)
        at = before if before is not None else after if after is not None else 0.0
        return DefectSpan(DefectKind.MISSING, at, at, lines, f"{_quoted(self._text_of(lines))} is not heard")

    def _extra(self, extra: ExtraSpeech) -> Iterator[DefectSpan]:
        if (echo := self._known_passage(extra)) is not None:
            yield echo
        elif extra.words[1] - extra.words[0] >= MIN_EXTRA_WORDS:
            start, end = self._interval(extra)
            yield DefectSpan(DefectKind.EXTRA, start, end, (), f"{_quoted(self.quote_words(extra))} is not in the text")

    def _known_passage(self, extra: ExtraSpeech) -> DefectSpan | None:
        heard = self.quote_words(extra)
        return self._repeated_passage(heard, *self._interval(extra))

    def _repeated_passage(self, heard: str, start: float, end: float) -> DefectSpan | None:
        found = self._passages.find(text_units(heard.split(), self._language))
        if found is None:
            return None
        lines = tuple(range(self._text.sentence_of_unit[found[0]], self._text.sentence_of_unit[found[1] - 1] + 1))
        lost = all(self._first_pass.sentences[line].is_missing for line in lines)
        if lost:
            return DefectSpan(
                DefectKind.MISPLACED, start, end, lines, f"{_quoted(heard)} is heard here instead of in its place"
            )
        return DefectSpan(DefectKind.DOUBLED, start, end, (), f"{_quoted(heard)} is heard a second time here")

    def _defect_of(self, finding: Finding, lines: tuple[int, ...], recheck: SecondPassResult) -> DefectSpan:
        kind = DEFECT_OF_FINDING[finding.kind]
        start, end = self._interval_of(finding, recheck)
        if kind in (DefectKind.EXTRA, DefectKind.GARBLED):
            repeated = self._repeated_passage(_unexpected_words(recheck, start, end), start, end)
            if repeated is not None and (kind == DefectKind.EXTRA or repeated.kind == DefectKind.MISPLACED):
                return repeated
        return DefectSpan(
            kind, start, end, () if kind in (DefectKind.EXTRA, DefectKind.DOUBLED) else lines, finding.evidence
        )

    def _interval_of(self, finding: Finding, recheck: SecondPassResult) -> tuple[float, float]:
        """Start and end in the recording; a finding without times is placed at the end of the last matched word before
        the first mismatch."""
        if finding.start is not None:
            return finding.start, finding.start if finding.end is None else finding.end
        at = recheck.clip.start
        for rows in recheck.rows.values():
            for row in rows:
                if row.match not in MATCHED:
                    return at, at
                at = recheck.clip.start + row.end if row.end is not None else at
        return at, at

    def quote_words(self, extra: ExtraSpeech) -> str:
        return " ".join(word.text for word in self._transcript.words[slice(*extra.words)])

    def _interval(self, extra: ExtraSpeech) -> tuple[float, float]:
        words = self._transcript.words[slice(*extra.words)]
        return words[0].start, words[-1].end

    def _text_of(self, lines: Sequence[int]) -> str:
        return " ".join(self._text.sentences[line].text for line in lines)


def _omitted(row: AlignedWord) -> bool:
    return row.match == WordMatch.OMITTED


def is_covered(defect: DefectSpan, defects: Sequence[DefectSpan]) -> bool:
    """Whether one of `defects` already reports speech that is not in the text at this time."""
    return any(
        defect.start < other.end + MERGE_SECONDS and defect.end + MERGE_SECONDS > other.start
        for other in defects
        if other.kind not in (DefectKind.MISSING, DefectKind.SILENCE)
    )


def _add_uncovered(defects: list[DefectSpan], others: Iterable[DefectSpan]) -> list[DefectSpan]:
    """Appends those of `others` that no defect in `defects` covers."""
    for defect in others:
        if not is_covered(defect, defects):
            defects.append(defect)
    return defects


def _merged(defects: list[DefectSpan]) -> list[DefectSpan]:
    """Joins garbled passages that lie together, and drops extra speech where a repeated passage is reported."""
    repeated = [defect for defect in defects if defect.kind in (DefectKind.DOUBLED, DefectKind.MISPLACED)]
    merged: list[DefectSpan] = []
    for defect in sorted(defects, key=lambda defect: defect.start):
        last = next((each for each in reversed(merged) if each.kind == defect.kind), None)
        if defect.kind == DefectKind.EXTRA and any(
            defect.start < each.end and defect.end + MERGE_SECONDS > each.start for each in repeated
        ):
            continue
        if last is not None and defect.kind == DefectKind.GARBLED and defect.start - last.end < MERGE_SECONDS:
            lines = tuple(sorted({*last.sentences, *defect.sentences}))
            evidence = f"{last.evidence}; {defect.evidence}"
            merged[merged.index(last)] = DefectSpan(defect.kind, last.start, max(last.end, defect.end), lines, evidence)
        else:
            merged.append(defect)
    return merged


def _unexpected_words(recheck: SecondPassResult, start: float, end: float) -> str:
    """Recognised words between two times (seconds into the recording) that do not match the text."""
    return " ".join(
        row.heard
        for rows in recheck.rows.values()
        for row in rows
        if row.match not in MATCHED and row.start is not None and start <= row.start + recheck.clip.start + 1e-6 <= end
    )


def _quoted(text: str) -> str:
    n_words = len(text.split())
    short = textwrap.shorten(text, MAX_QUOTED_CHARACTERS, placeholder=" …")
    return f"“{short}”" if short == text else f"“{short}” ({n_words:,} words)"
