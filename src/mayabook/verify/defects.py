"""From both looks to what is wrong, where, and with which sentences."""

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from mayabook.checks.text_normalisation import text_units
from mayabook.checks.word_checks import GOOD
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
"""Words that the text does not have, from which on they are told without a second look."""
MAX_DRAWN_OUT, MAX_DRAWN_OUT_SLACK_SECONDS = 1.25, 1.2
"""A sentence has other sounds in it if both looks find more voice than so many times what its letters take, and so
many seconds more."""
MIN_AGREED_SHARE = 0.4
"""Share of the voice that may be left between two sentences, which both looks must find where the average is more."""
MAX_OUTER_PACE = 1.5
"""Who speaks before or after the text may take so many times what the words take in it."""
MIN_MUSIC_SECONDS, MAX_MUSIC_WORD_SHARE = 5.0, 0.5
"""What lasts longer there, in seconds, and has words for less than this share of it, is music."""
MERGE_SECONDS = 3.0
"""Between two garbled stretches that are told as one."""
MAX_QUOTED_CHARACTERS = 90
"""Characters of a text that are shown."""


@dataclass(frozen=True, slots=True)
class Fault:
    """lines: those of the text that are not sound because of it, none for speech between two sentences. start, end:
    seconds into the recording."""

    kind: DefectKind
    start: float
    end: float
    sentences: tuple[int, ...]
    evidence: str


class DefectFinder:
    def __init__(self, text: ExpectedText, hearing: RecordingTranscript, look: FirstPass, language: Language) -> None:
        self._text, self._hearing, self._look, self._language = text, hearing, look, language
        self._echoes = PassageIndex(text.units)

    def unrecheckable_span(self, group: SuspectSpan) -> Iterator[Fault]:
        """Of a group that is too large or too empty to be heard again."""
        yield from _add_uncovered([*self._missing_and_extra(group)], self._unexplained_at_boundaries(group, {}))

    def _missing_and_extra(self, group: SuspectSpan) -> Iterator[Fault]:
        seen = self._look.sentences
        lost: list[int] = []
        for line in [*range(group.first, group.end), -1]:
            if lost and (line < 0 or not seen[line].is_missing):
                yield self._missing(tuple(lost))
                lost = []
            if line >= 0 and seen[line].is_missing and seen[line].n_units:
                lost.append(line)
        first, end = self._text.sentences[group.first].first_unit, self._text.sentences[group.end - 1].end_unit
        for extra in self._look.extras:
            if first <= extra.before_unit <= end and 0 < extra.before_unit < len(self._text.units):
                yield from self._extra(extra)

    def rechecked_span(self, judged: SecondPassResult) -> Iterator[Fault]:
        faults = _merged(
            [
                self._fault_of(finding, lines, judged)
                for finding, lines in judged.findings
                if DEFECT_OF_FINDING[finding.kind] != DefectKind.MISSING or not self._was_complete_in_first_pass(judged)
            ]
        )
        left = self._unexplained_at_boundaries(judged.span, judged.boundaries)
        yield from _add_uncovered(
            faults, left if faults else [*self._wordless(judged), *left, *self._drawn_out(judged)]
        )

    def outer_noise(self, heard: OuterTranscript) -> Fault | None:
        """Voice that is no speech, unless it is music."""
        joint, usual = self._look.outer_boundaries[heard.outer.is_intro], self._look.norm
        if usual is None:
            return None
        letters = heard.n_letters if 2 * heard.n_stable_letters >= heard.n_letters else heard.n_stable_letters
        left = usual.unexplained_seconds(joint) - MAX_OUTER_PACE * usual.seconds_per_letter * letters
        music = left > MIN_MUSIC_SECONDS and usual.seconds_per_letter * heard.n_letters < MAX_MUSIC_WORD_SHARE * left
        if left <= usual.max_unexplained_seconds or music:
            return None
        start, end = unexplained_interval(joint, usual.seconds_per_letter, self._hearing.is_voiced)
        return Fault(DefectKind.EXTRA, start, end, (), f"{left:.1f} s of voice of which no word is understood")

    def _was_complete_in_first_pass(self, judged: SecondPassResult) -> bool:
        """Whether the first look heard all that this one missed: a recogniser leaves words out, and makes none up that
        are right."""
        seen = [self._look.sentences[line] for line, rows in judged.rows.items() if any(map(_omitted, rows))]
        return all(each.n_matched == each.n_units for each in seen)

    def _wordless(self, judged: SecondPassResult) -> Iterator[Fault]:
        for gap in judged.wordless:
            if any(gap.start < other.end and gap.end > other.start for other in self._hearing.wordless):
                yield Fault(
                    DefectKind.EXTRA, gap.start, gap.end, (), f"{gap.seconds:.1f} s of voice that no word accounts for"
                )

    def _unexplained_at_boundaries(self, group: SuspectSpan, again: Mapping[int, Boundary]) -> Iterator[Fault]:
        """Between two sentences, by both looks, or by the one that heard the words there."""
        look, lines = self._look, self._text.sentences
        for line in range(max(1, group.first), min(group.end + 1, len(lines))):
            joints = [looked[line] for looked in (look.boundaries, again) if line in looked]
            doubtful = look.sentences[line].is_joined_to_previous or line not in look.boundaries
            if (
                look.norm is None
                or not joints
                or not doubtful
                or lines[line - 1].has_emotion_tag
                or lines[line].has_emotion_tag
            ):
                continue
            found = [look.norm.unexplained_seconds(each) for each in joints]
            left = fmean(found)
            if (
                left > look.norm.max_unexplained_seconds
                and min(found) > MIN_AGREED_SHARE * look.norm.max_unexplained_seconds
            ):
                start, end = unexplained_interval(joints[-1], look.norm.seconds_per_letter, self._hearing.is_voiced)
                evidence = f"{left:.1f} s of voice between two sentences that no word accounts for"
                yield Fault(DefectKind.EXTRA, start, end, (), evidence)

    def _drawn_out(self, judged: SecondPassResult) -> Iterator[Fault]:
        """Sentences that have more voice than their words take: a recogniser may stretch words over other sounds."""
        for line, voiced in judged.voiced_seconds.items():
            seen, usual = self._look.sentences[line], self._look.seconds_per_letter * self._text.n_letters(line)
            most = MAX_DRAWN_OUT * usual + MAX_DRAWN_OUT_SLACK_SECONDS
            if seen.start is not None and seen.end is not None and min(voiced, seen.end - seen.start) > most:
                evidence = f"{voiced:.1f} s of voice for words that take {usual:.1f} s here"
                yield Fault(DefectKind.EXTRA, seen.start, seen.end, (), evidence)

    def long_silence(self, silence: TimeSpan) -> Fault:
        return Fault(DefectKind.SILENCE, silence.start, silence.end, (), f"{silence.seconds:.1f} s of silence")

    def outer_speech(self) -> Iterator[tuple[bool, ExtraSpeech, Fault | None]]:
        """Speech before (True) and after the text; a fault where it is a passage of the text."""
        for extra in self._look.extras:
            if extra.before_unit in (0, len(self._text.units)):
                yield extra.before_unit == 0, extra, self._known_passage(extra)

    def _missing(self, lines: tuple[int, ...]) -> Fault:
        seen = self._look.sentences
        before = next((seen[line].end for line in range(lines[0] - 1, -1, -1) if seen[line].end is not None), None)
        after = next((sentence.start for sentence in seen[lines[-1] + 1 :] if sentence.start is not None), None)
        at = before if before is not None else after if after is not None else 0.0
        return Fault(DefectKind.MISSING, at, at, lines, f"{_quoted(self._text_of(lines))} is not heard")

    def _extra(self, extra: ExtraSpeech) -> Iterator[Fault]:
        if (echo := self._known_passage(extra)) is not None:
            yield echo
        elif extra.words[1] - extra.words[0] >= MIN_EXTRA_WORDS:
            start, end = self._interval(extra)
            yield Fault(DefectKind.EXTRA, start, end, (), f"{_quoted(self.quote_words(extra))} is not in the text")

    def _known_passage(self, extra: ExtraSpeech) -> Fault | None:
        heard = self.quote_words(extra)
        return self._repeated_passage(heard, *self._interval(extra))

    def _repeated_passage(self, heard: str, start: float, end: float) -> Fault | None:
        found = self._echoes.find(text_units(heard.split(), self._language))
        if found is None:
            return None
        lines = tuple(range(self._text.sentence_of_unit[found[0]], self._text.sentence_of_unit[found[1] - 1] + 1))
        lost = all(self._look.sentences[line].is_missing for line in lines)
        if lost:
            return Fault(
                DefectKind.MISPLACED, start, end, lines, f"{_quoted(heard)} is heard here, and not in its place"
            )
        return Fault(DefectKind.DOUBLED, start, end, (), f"{_quoted(heard)} is heard here too")

    def _fault_of(self, finding: Finding, lines: tuple[int, ...], judged: SecondPassResult) -> Fault:
        kind = DEFECT_OF_FINDING[finding.kind]
        start, end = self._interval_of(finding, judged)
        if kind in (DefectKind.EXTRA, DefectKind.GARBLED):
            repeated = self._repeated_passage(_unexpected_words(judged, start, end), start, end)
            if repeated is not None and (kind == DefectKind.EXTRA or repeated.kind == DefectKind.MISPLACED):
                return repeated
        return Fault(
            kind, start, end, () if kind in (DefectKind.EXTRA, DefectKind.DOUBLED) else lines, finding.evidence
        )

    def _interval_of(self, finding: Finding, judged: SecondPassResult) -> tuple[float, float]:
        """Of a finding without times: where the last word before it ends."""
        if finding.start is not None:
            return finding.start, finding.start if finding.end is None else finding.end
        at = judged.clip.start
        for rows in judged.rows.values():
            for row in rows:
                if row.match not in GOOD:
                    return at, at
                at = judged.clip.start + row.end if row.end is not None else at
        return at, at

    def quote_words(self, extra: ExtraSpeech) -> str:
        return " ".join(word.text for word in self._hearing.words[slice(*extra.words)])

    def _interval(self, extra: ExtraSpeech) -> tuple[float, float]:
        words = self._hearing.words[slice(*extra.words)]
        return words[0].start, words[-1].end

    def _text_of(self, lines: Sequence[int]) -> str:
        return " ".join(self._text.sentences[line].text for line in lines)


def _omitted(row: AlignedWord) -> bool:
    return row.match == WordMatch.OMITTED


def is_covered(fault: Fault, faults: Sequence[Fault]) -> bool:
    """Whether something is heard there already that the text does not have."""
    return any(
        fault.start < other.end + MERGE_SECONDS and fault.end + MERGE_SECONDS > other.start
        for other in faults
        if other.kind not in (DefectKind.MISSING, DefectKind.SILENCE)
    )


def _add_uncovered(faults: list[Fault], others: Iterable[Fault]) -> list[Fault]:
    """And of the others those that are not told yet."""
    for fault in others:
        if not is_covered(fault, faults):
            faults.append(fault)
    return faults


def _merged(faults: list[Fault]) -> list[Fault]:
    """Garbled stretches that stand together as one, and no extra speech where a passage is known to be repeated."""
    repeated = [fault for fault in faults if fault.kind in (DefectKind.DOUBLED, DefectKind.MISPLACED)]
    merged: list[Fault] = []
    for fault in sorted(faults, key=lambda fault: fault.start):
        last = next((each for each in reversed(merged) if each.kind == fault.kind), None)
        if fault.kind == DefectKind.EXTRA and any(
            fault.start < each.end and fault.end + MERGE_SECONDS > each.start for each in repeated
        ):
            continue
        if last is not None and fault.kind == DefectKind.GARBLED and fault.start - last.end < MERGE_SECONDS:
            lines = tuple(sorted({*last.sentences, *fault.sentences}))
            evidence = f"{last.evidence}; {fault.evidence}"
            merged[merged.index(last)] = Fault(fault.kind, last.start, max(last.end, fault.end), lines, evidence)
        else:
            merged.append(fault)
    return merged


def _unexpected_words(judged: SecondPassResult, start: float, end: float) -> str:
    """What was heard there that is not the text's. start, end: seconds into the recording."""
    return " ".join(
        row.heard
        for rows in judged.rows.values()
        for row in rows
        if row.match not in GOOD and row.start is not None and start <= row.start + judged.clip.start + 1e-6 <= end
    )


def _quoted(text: str) -> str:
    n_words = len(text.split())
    short = textwrap.shorten(text, MAX_QUOTED_CHARACTERS, placeholder=" …")
    return f"“{short}”" if short == text else f"“{short}” ({n_words:,} words)"
