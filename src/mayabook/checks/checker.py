"""A take and its chunk in, a verdict out."""

import re
from collections.abc import Sequence

import jiwer

from mayabook.checks import signal
from mayabook.checks.align import Aligner, Pair
from mayabook.checks.normalise import Slot, slots, slots_of_text
from mayabook.checks.recogniser import Recogniser, Word
from mayabook.checks.sounds import Sounds
from mayabook.checks.thresholds import load_thresholds
from mayabook.checks.words import findings
from mayabook.core.chunk import Chunk
from mayabook.core.settings import CheckSettings
from mayabook.core.tags import without_tags
from mayabook.core.take import StopReason, Take
from mayabook.core.verdict import Finding, FindingKind, HeardWord, Verdict, WordMatch

RULES = 1
"""Raised when the code of the checks changes a verdict: old takes are then judged again."""

_NOT_SPEECH = re.compile(r"[\[(*][^\])*]*[\])*]")
"""What recognisers write for a laugh or music."""


class Checker:
    """May be used from several threads. identity: verdicts are kept under it."""

    def __init__(self, settings: CheckSettings, language: str = "en") -> None:
        """Raises CheckError where the recogniser cannot be loaded."""
        self._thresholds = load_thresholds()
        self._recogniser = Recogniser(settings.asr_model, language, self._thresholds)
        self._english = self._recogniser.english
        sounds = Sounds(self._thresholds.sound, self._english)
        self._aligner = Aligner(sounds, self._thresholds.alignment)
        self.identity = f"{self._recogniser.identity}, thresholds {self._thresholds.digest}, rules {RULES}"

    def check(self, take: Take, chunk: Chunk) -> Verdict:
        found = _how_it_stopped(take)
        found += signal.silence(take.audio, self._thresholds.signal)
        expected = slots_of_text(chunk.text, chunk.spoken, self._english)
        heard = [] if found and found[-1].kind == FindingKind.SILENT else self._hear(take)
        theirs = slots([word.text for word in heard], self._english)
        pairs = self._aligner.align(expected, theirs)
        if self._is_likely(take, expected, pairs):
            pairs = [Pair(WordMatch.SOUND, (at, at + 1), (0, 0)) for at in range(len(expected))]
        rows = _rows(chunk, expected, heard, theirs, pairs)
        if not any(finding.kind == FindingKind.SILENT for finding in found):
            found += self._of_signal(take, chunk, expected)
            found += self._unaccounted(take, heard)
            found += findings(rows, len(expected), self._thresholds)
        errors, n_words = _error_count(expected, theirs, pairs)
        decision = self._thresholds.decision
        worst, total = max((f.weight for f in found), default=0.0), sum(f.weight for f in found)
        return Verdict(
            accepted=worst < decision.reject_weight and total < decision.reject_risk,
            findings=tuple(sorted(found, key=lambda finding: -finding.weight)),
            transcript=" ".join(word.text for word in heard),
            words=tuple(rows),
            errors=errors,
            n_words=n_words,
        )

    def _hear(self, take: Take) -> list[Word]:
        return _speech(self._recogniser.hear(take.audio, take.sample_rate))

    def _is_likely(self, take: Take, expected: Sequence[Slot], pairs: Sequence[Pair]) -> bool:
        """Whether a text of a word or two, heard otherwise, is what was said all the same.

        A recogniser has no context for so short a take; the likelihood of the text itself tells more.
        """
        if len(expected) > self._thresholds.decision.short_words or not expected or not pairs:
            return False
        if all(pair.match in (WordMatch.SAME, WordMatch.SOUND) for pair in pairs):
            return False
        if sum(pair.match == WordMatch.INSERTED for pair in pairs) > 1:
            return False
        text = " ".join(token for slot in expected for token in slot.readings[0])
        likelihood = self._recogniser.likelihood(take.audio, take.sample_rate, text)
        return likelihood >= self._thresholds.hearing.short_likelihood

    def _of_signal(self, take: Take, chunk: Chunk, expected: Sequence[Slot]) -> list[Finding]:
        limits = self._thresholds
        letters = sum(len(token) for slot in expected for token in slot.readings[0])
        tags = sum(without_tags(word) != word for word in chunk.text.split())
        return [
            *signal.clipping(take.audio, take.sample_rate, limits.signal),
            *signal.pauses(take.audio, take.sample_rate, limits.signal),
            *signal.pace(take.audio, take.sample_rate, letters, tags, limits.signal, limits.pace),
        ]

    def _unaccounted(self, take: Take, heard: Sequence[Word]) -> list[Finding]:
        """Voice after the last word that the recogniser could make nothing of."""
        if not heard:
            return []
        limits = self._thresholds.voice
        last = heard[-1]
        end = min(last.end, last.start + limits.word_seconds + limits.letter_seconds * len(last.text))
        rest = take.audio[round(end * take.sample_rate) :]
        seconds = signal.voiced(rest, take.sample_rate, self._thresholds.signal, within=take.audio)
        if seconds < limits.tail_seconds / 2:
            return []
        weight = min(1.0, 0.5 * seconds / limits.tail_seconds)
        evidence = f"{seconds:.1f} s of voice after the last word"
        return [Finding(FindingKind.TAIL, evidence, weight, end, take.duration)]


def _how_it_stopped(take: Take) -> list[Finding]:
    """A take that its cap ended is truncated, whatever it sounds like."""
    kinds = {
        StopReason.CAP: (FindingKind.TRUNCATED, "it ended by its token cap"),
        StopReason.LOOP: (FindingKind.LOOP, "it was aborted because its codes repeated"),
        StopReason.NOT_FINITE: (FindingKind.GARBLED, "the model gave no numbers"),
    }
    if take.stop not in kinds:
        return []
    kind, evidence = kinds[take.stop]
    return [Finding(kind, f"{evidence}: {take.detail}" if take.detail else evidence, 1.0)]


def _speech(words: Sequence[Word]) -> list[Word]:
    """Without what the recogniser put in brackets, over however many words."""
    kept, depth = [], 0
    for word in words:
        opened = depth + sum(char in "[(" for char in word.text)
        depth = max(0, opened - sum(char in "])" for char in word.text))
        if not opened and not _NOT_SPEECH.fullmatch(word.text):
            kept.append(word)
    return kept


def _rows(
    chunk: Chunk, expected: Sequence[Slot], heard: Sequence[Word], theirs: Sequence[Slot], pairs: Sequence[Pair]
) -> list[HeardWord]:
    """One row for each word of the text that is spoken, and one for each inserted word.

    Where several words of the text match as a whole, the first bears what was heard, and all bear the times.
    """
    written = chunk.text.split()
    rows: list[HeardWord] = []
    for pair in pairs:
        listened = [heard[at] for slot in theirs[slice(*pair.heard)] for at in slot.words]
        start = min((word.start for word in listened), default=None)
        end = max((word.end for word in listened), default=None)
        if pair.match == WordMatch.INSERTED:
            rows += [HeardWord(pair.match, None, "", word.text, word.start, word.end) for word in listened]
            continue
        text = " ".join(word.text for word in listened)
        for slot in expected[slice(*pair.expected)]:
            for at in slot.words:
                rows.append(HeardWord(pair.match, at, written[at], text, start, end))
                text = ""
    covered = {row.index for row in rows}
    for at, word in enumerate(written):
        if at not in covered and any(char.isalnum() for char in word):
            spoken = bool(without_tags(word).strip())
            place = next((n for n, row in enumerate(rows) if row.index is not None and row.index > at), len(rows))
            rows.insert(place, HeardWord(WordMatch.OMITTED if spoken else WordMatch.SAME, at, word, ""))
    return rows


def _error_count(expected: Sequence[Slot], theirs: Sequence[Slot], pairs: Sequence[Pair]) -> tuple[int, int]:
    """Word errors and words of the text. What matches under some reading is no error; a homophone is one."""
    reference, hypothesis = [], []
    for pair in pairs:
        ours = [token for slot in expected[slice(*pair.expected)] for token in slot.readings[0]]
        reference += ours
        same = pair.match == WordMatch.SAME
        hypothesis += ours if same else [t for slot in theirs[slice(*pair.heard)] for t in slot.readings[0]]
    if not reference:
        return len(hypothesis), 0
    counts = jiwer.process_words(" ".join(reference), " ".join(hypothesis))
    return counts.substitutions + counts.deletions + counts.insertions, len(reference)
