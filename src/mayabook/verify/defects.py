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
from mayabook.verify.intro_outro import Reheard
from mayabook.verify.passage_index import PassageIndex
from mayabook.verify.recording_transcript import RecordingTranscript, TimeSpan
from mayabook.verify.report import KINDS, Kind
from mayabook.verify.second_pass import SecondPassResult
from mayabook.verify.suspect_spans import SuspectSpan
from mayabook.verify.unexplained_speech import Joint, between

LONG_EXTRA = 3
"""Words that the text does not have, from which on they are told without a second look."""
DRAWN_OUT, DRAWN_OUT_SECONDS = 1.25, 1.2
"""A sentence has other sounds in it if both looks find more voice than so many times what its letters take, and so
many seconds more."""
AGREED = 0.4
"""Share of the voice that may be left between two sentences, which both looks must find where the average is more."""
OTHER_PACE = 1.5
"""Who speaks before or after the text may take so many times what the words take in it."""
LONGEST_NOISE, FEW_WORDS = 5.0, 0.5
"""What lasts longer there, in seconds, and has words for less than this share of it, is music."""
NEAR_SECONDS = 3.0
"""Between two garbled stretches that are told as one."""
SHOWN = 90
"""Characters of a text that are shown."""


@dataclass(frozen=True, slots=True)
class Fault:
    """lines: those of the text that are not sound because of it, none for speech between two sentences. start, end:
    seconds into the recording."""

    kind: Kind
    start: float
    end: float
    lines: tuple[int, ...]
    evidence: str


class Finder:
    def __init__(self, text: ExpectedText, hearing: RecordingTranscript, look: FirstPass, language: Language) -> None:
        self._text, self._hearing, self._look, self._language = text, hearing, look, language
        self._echoes = PassageIndex(text.slots)

    def unlooked(self, group: SuspectSpan) -> Iterator[Fault]:
        """Of a group that is too large or too empty to be heard again."""
        yield from _with([*self._lost(group)], self._left(group, {}))

    def _lost(self, group: SuspectSpan) -> Iterator[Fault]:
        seen = self._look.seen
        lost: list[int] = []
        for line in [*range(group.first, group.end), -1]:
            if lost and (line < 0 or not seen[line].missing):
                yield self._missing(tuple(lost))
                lost = []
            if line >= 0 and seen[line].missing and seen[line].total:
                lost.append(line)
        first, end = self._text.lines[group.first].first, self._text.lines[group.end - 1].end
        for extra in self._look.extras:
            if first <= extra.before <= end and 0 < extra.before < len(self._text.slots):
                yield from self._extra(extra)

    def looked(self, judged: SecondPassResult) -> Iterator[Fault]:
        faults = _merged(
            [
                self._finding(finding, lines, judged)
                for finding, lines in judged.findings
                if KINDS[finding.kind] != Kind.MISSING or not self._whole(judged)
            ]
        )
        left = self._left(judged.group, judged.joints)
        yield from _with(faults, left if faults else [*self._wordless(judged), *left, *self._drawn_out(judged)])

    def edge(self, heard: Reheard) -> Fault | None:
        """Voice that is no speech, unless it is music."""
        joint, usual = self._look.edges[heard.edge.leads], self._look.usual
        if usual is None:
            return None
        letters = heard.heard if 2 * heard.understood >= heard.heard else heard.understood
        left = usual.left(joint) - OTHER_PACE * usual.pace * letters
        music = left > LONGEST_NOISE and usual.pace * heard.heard < FEW_WORDS * left
        if left <= usual.most or music:
            return None
        start, end = between(joint, usual.pace, self._hearing.voice)
        return Fault(Kind.EXTRA, start, end, (), f"{left:.1f} s of voice of which no word is understood")

    def _whole(self, judged: SecondPassResult) -> bool:
        """Whether the first look heard all that this one missed: a recogniser leaves words out, and makes none up that
        are right."""
        seen = [self._look.seen[line] for line, rows in judged.rows.items() if any(map(_omitted, rows))]
        return all(each.good == each.total for each in seen)

    def _wordless(self, judged: SecondPassResult) -> Iterator[Fault]:
        for gap in judged.wordless:
            if any(gap.start < other.end and gap.end > other.start for other in self._hearing.wordless):
                yield Fault(
                    Kind.EXTRA, gap.start, gap.end, (), f"{gap.seconds:.1f} s of voice that no word accounts for"
                )

    def _left(self, group: SuspectSpan, again: Mapping[int, Joint]) -> Iterator[Fault]:
        """Between two sentences, by both looks, or by the one that heard the words there."""
        look, lines = self._look, self._text.lines
        for line in range(max(1, group.first), min(group.end + 1, len(lines))):
            joints = [looked[line] for looked in (look.joints, again) if line in looked]
            doubtful = look.seen[line].joined or line not in look.joints
            if look.usual is None or not joints or not doubtful or lines[line - 1].acted or lines[line].acted:
                continue
            found = [look.usual.left(each) for each in joints]
            left = fmean(found)
            if left > look.usual.most and min(found) > AGREED * look.usual.most:
                start, end = between(joints[-1], look.usual.pace, self._hearing.voice)
                evidence = f"{left:.1f} s of voice between two sentences that no word accounts for"
                yield Fault(Kind.EXTRA, start, end, (), evidence)

    def _drawn_out(self, judged: SecondPassResult) -> Iterator[Fault]:
        """Sentences that have more voice than their words take: a recogniser may stretch words over other sounds."""
        for line, voiced in judged.voiced.items():
            seen, usual = self._look.seen[line], self._look.pace * self._text.n_letters(line)
            most = DRAWN_OUT * usual + DRAWN_OUT_SECONDS
            if seen.start is not None and seen.end is not None and min(voiced, seen.end - seen.start) > most:
                evidence = f"{voiced:.1f} s of voice for words that take {usual:.1f} s here"
                yield Fault(Kind.EXTRA, seen.start, seen.end, (), evidence)

    def silent(self, silence: TimeSpan) -> Fault:
        return Fault(Kind.SILENCE, silence.start, silence.end, (), f"{silence.seconds:.1f} s of silence")

    def around(self) -> Iterator[tuple[bool, ExtraSpeech, Fault | None]]:
        """Speech before (True) and after the text; a fault where it is a passage of the text."""
        for extra in self._look.extras:
            if extra.before in (0, len(self._text.slots)):
                yield extra.before == 0, extra, self._echo(extra)

    def _missing(self, lines: tuple[int, ...]) -> Fault:
        seen = self._look.seen
        before = next((seen[line].end for line in range(lines[0] - 1, -1, -1) if seen[line].end is not None), None)
        after = next((sentence.start for sentence in seen[lines[-1] + 1 :] if sentence.start is not None), None)
        at = before if before is not None else after if after is not None else 0.0
        return Fault(Kind.MISSING, at, at, lines, f"{_quoted(self._words_of(lines))} is not heard")

    def _extra(self, extra: ExtraSpeech) -> Iterator[Fault]:
        if (echo := self._echo(extra)) is not None:
            yield echo
        elif extra.words[1] - extra.words[0] >= LONG_EXTRA:
            start, end = self._times(extra)
            yield Fault(Kind.EXTRA, start, end, (), f"{_quoted(self.words_at(extra))} is not in the text")

    def _echo(self, extra: ExtraSpeech) -> Fault | None:
        heard = self.words_at(extra)
        return self._repeated(heard, *self._times(extra))

    def _repeated(self, heard: str, start: float, end: float) -> Fault | None:
        found = self._echoes.find(text_units(heard.split(), self._language))
        if found is None:
            return None
        lines = tuple(range(self._text.line_of[found[0]], self._text.line_of[found[1] - 1] + 1))
        lost = all(self._look.seen[line].missing for line in lines)
        if lost:
            return Fault(Kind.MISPLACED, start, end, lines, f"{_quoted(heard)} is heard here, and not in its place")
        return Fault(Kind.DOUBLED, start, end, (), f"{_quoted(heard)} is heard here too")

    def _finding(self, finding: Finding, lines: tuple[int, ...], judged: SecondPassResult) -> Fault:
        kind = KINDS[finding.kind]
        start, end = self._when(finding, judged)
        if kind in (Kind.EXTRA, Kind.GARBLED):
            repeated = self._repeated(_said(judged, start, end), start, end)
            if repeated is not None and (kind == Kind.EXTRA or repeated.kind == Kind.MISPLACED):
                return repeated
        return Fault(kind, start, end, () if kind in (Kind.EXTRA, Kind.DOUBLED) else lines, finding.evidence)

    def _when(self, finding: Finding, judged: SecondPassResult) -> tuple[float, float]:
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

    def words_at(self, extra: ExtraSpeech) -> str:
        return " ".join(word.text for word in self._hearing.words[slice(*extra.words)])

    def _times(self, extra: ExtraSpeech) -> tuple[float, float]:
        words = self._hearing.words[slice(*extra.words)]
        return words[0].start, words[-1].end

    def _words_of(self, lines: Sequence[int]) -> str:
        return " ".join(self._text.lines[line].text for line in lines)


def _omitted(row: AlignedWord) -> bool:
    return row.match == WordMatch.OMITTED


def told(fault: Fault, faults: Sequence[Fault]) -> bool:
    """Whether something is heard there already that the text does not have."""
    return any(
        fault.start < other.end + NEAR_SECONDS and fault.end + NEAR_SECONDS > other.start
        for other in faults
        if other.kind not in (Kind.MISSING, Kind.SILENCE)
    )


def _with(faults: list[Fault], others: Iterable[Fault]) -> list[Fault]:
    """And of the others those that are not told yet."""
    for fault in others:
        if not told(fault, faults):
            faults.append(fault)
    return faults


def _merged(faults: list[Fault]) -> list[Fault]:
    """Garbled stretches that stand together as one, and no extra speech where a passage is known to be repeated."""
    repeated = [fault for fault in faults if fault.kind in (Kind.DOUBLED, Kind.MISPLACED)]
    merged: list[Fault] = []
    for fault in sorted(faults, key=lambda fault: fault.start):
        last = next((each for each in reversed(merged) if each.kind == fault.kind), None)
        if fault.kind == Kind.EXTRA and any(
            fault.start < each.end and fault.end + NEAR_SECONDS > each.start for each in repeated
        ):
            continue
        if last is not None and fault.kind == Kind.GARBLED and fault.start - last.end < NEAR_SECONDS:
            lines = tuple(sorted({*last.lines, *fault.lines}))
            evidence = f"{last.evidence}; {fault.evidence}"
            merged[merged.index(last)] = Fault(fault.kind, last.start, max(last.end, fault.end), lines, evidence)
        else:
            merged.append(fault)
    return merged


def _said(judged: SecondPassResult, start: float, end: float) -> str:
    """What was heard there that is not the text's. start, end: seconds into the recording."""
    return " ".join(
        row.heard
        for rows in judged.rows.values()
        for row in rows
        if row.match not in GOOD and row.start is not None and start <= row.start + judged.clip.start + 1e-6 <= end
    )


def _quoted(text: str) -> str:
    n_words = len(text.split())
    short = textwrap.shorten(text, SHOWN, placeholder=" …")
    return f"“{short}”" if short == text else f"“{short}” ({n_words:,} words)"
