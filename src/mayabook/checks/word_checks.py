"""Classifies mismatches between text and transcript as defects, and weighs each in nats.

Forced alignment settles what the free transcript leaves in doubt: a word that was not spoken is improbable to the ASR
model even when it is forced to decode it, an odd name that was spoken is not. Where a second recogniser was asked, a
word counts against a take only as far as both find it improbable.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import regex
from numpy.typing import NDArray

from mayabook.checks.colloquial import INTERJECTIONS
from mayabook.checks.mismatches import MismatchRun, mismatch_runs, plain_word
from mayabook.checks.number_normalisation import NUMBER_WORDS
from mayabook.checks.phonetics import Phonetics
from mayabook.checks.readings import ReadingComparison
from mayabook.checks.recogniser import EncodedWindow, ForcedAlignment
from mayabook.checks.repeated_words import Repetition
from mayabook.checks.scoring import Score
from mayabook.checks.signal_checks import FRAME_SECONDS
from mayabook.checks.speech_timing import repetitions_that_fit
from mayabook.checks.text_normalisation import joined_verbalisations, text_units
from mayabook.checks.thresholds import Thresholds, WordThresholds
from mayabook.core.verdict import AlignedWord, FindingKind, WordMatch

FUNCTION_WORDS = frozenset(
    (
        "a an the and or but of to in on at by for from with as is was are were be been it its he she "
        "they him her them his their i you we my your our this that these those there then than so if "
        "had has have do did does would could will"
    ).split()
)
FILLERS = frozenset("ah eh er hm hmm huh mm oh uh um".split())

_OF_SECOND_OPINION = frozenset({"truncated", "omitted", "garbled"})
"""Measures of words of the text that were not heard."""
_OTHER_SCRIPT = regex.compile(r"[\p{L}--\p{Latin}]", regex.V1)


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """What a second recogniser makes of the words of the text.

    forced, prior: forced alignment of each word, by `AlignedWord.index`, in the audio and in silence. In silence the
    recogniser knows no more than the words before: audio in which a word is spoken makes it more probable than that,
    even if its spelling is unusual, as in dialect; other audio makes it less probable, even if it is easy to guess.
    windows: the audio as the recogniser encoded it.
    """

    forced: Mapping[int, ForcedAlignment]
    prior: Mapping[int, ForcedAlignment]
    windows: Sequence[EncodedWindow]


@dataclass(frozen=True, slots=True)
class WordEvidence:
    """The alignment of text and transcript.

    rows: all of them, in order. forced: forced alignment of each word of the text, by `AlignedWord.index`. is_voiced:
    by frame, see `voiced_frames`. unexplained_end_seconds: voice at the end for which the last word of the text does
    not account. readings: words with a tempting wrong reading, and how well either fits. repetitions: words that may
    have been said twice where the transcript has them once. windows: the audio as the recogniser encoded it. second:
    None unless a second recogniser was asked. substitution_nats: `TranscriptAligner.substitution_nats`, the
    log-likelihood ratio of transcribed over expected words, summed over both recognisers, in nats, by
    `MismatchRun.start`; only for `substitutions_in_doubt`.
    """

    rows: Sequence[AlignedWord]
    forced: Mapping[int, ForcedAlignment]
    is_voiced: NDArray[np.bool_]
    unexplained_end_seconds: float
    phonetics: Phonetics
    readings: Sequence[ReadingComparison] = ()
    repetitions: Sequence[Repetition] = ()
    windows: Sequence[EncodedWindow] = ()
    second: SecondOpinion | None = None
    substitution_nats: Mapping[int, float] = field(default_factory=dict)


def needs_second_opinion(scores: Sequence[Score], figures: WordThresholds) -> bool:
    """Whether a second recogniser may clear a take: it says nothing of speech that is not in the text."""
    return any(score.detector in _OF_SECOND_OPINION and score.value >= figures.min_doubt_nats for score in scores)


def is_rejected_anyway(scores: Sequence[Score], thresholds: Mapping[str, float]) -> bool:
    """Whether a take is rejected whatever a second recogniser says. thresholds: for rejection, by measure."""
    others = (score for score in scores if score.detector not in _OF_SECOND_OPINION)
    return any(score.value >= thresholds[score.detector] for score in others)


class WordScores:
    """Scores of one alignment: each run of mismatches is one defect of one kind."""

    def __init__(self, evidence: WordEvidence, thresholds: Thresholds) -> None:
        self._evidence, self._phonetics = evidence, evidence.phonetics
        self._figures, self._pace = thresholds.words, thresholds.pace

    def scores(self) -> list[Score]:
        rows, unexplained = self._evidence.rows, self._evidence.unexplained_end_seconds
        found = []
        for run in mismatch_runs(rows):
            measure, kind, value, evidence = self._classify(run)
            start, end = _times(run, self._evidence.forced)
            found.append(Score(measure, kind, value, evidence, start, end))
        if unexplained > 0 and not any(score.detector == "tail" for score in found):
            evidence = f"{unexplained:.2f} s of voice after the last word"
            found.append(Score("tail", FindingKind.TAIL, self._figures.nats_per_voiced_second * unexplained, evidence))
        return found

    def substitutions_in_doubt(self) -> list[MismatchRun]:
        """Substitutions with at least `min_doubt_nats`, which both recognisers compare again.

        Left out are transcripts with digits and expected words in non-Latin scripts: ASR's spelling likelihoods do not
        compare there.
        """
        runs = [run for run in mismatch_runs(self._evidence.rows) if run.expected and run.heard]
        runs = [run for run in runs if not any(map(str.isdecimal, "".join(run.heard)))]
        runs = [run for run in runs if not _OTHER_SCRIPT.search("".join(run.expected))]
        return [run for run in runs if self._garbled_nats(run) >= self._figures.min_doubt_nats]

    def _classify(self, run: MismatchRun) -> tuple[str, FindingKind, float, str]:
        """(measure, kind, nats, evidence) of a run."""
        rows, figures = self._evidence.rows, self._figures
        expected, heard = " ".join(run.expected), " ".join(run.heard)
        if run.expected and run.heard:
            if twice := _number_word_said_twice(run):
                return "loop", FindingKind.LOOP, self._word_nats(twice), f"“{heard}” for “{expected}”: “{twice}” twice"
            value = max(self._garbled_nats(run), self._surplus_nats(run))
            return "garbled", FindingKind.GARBLED, value, f"“{heard}” for “{expected}”"
        if run.expected:
            value = self._confirmed_share(run) * self._omission_nats(run)
            if self._is_voiced_interjection(run):
                value = min(value, self._figures.interjection_nats)
            if run.at_end:
                return "truncated", FindingKind.TRUNCATED, value, f"the end, “{expected}”, was not heard"
            return "omitted", FindingKind.OMITTED, value, f"“{expected}” was not heard"
        insertion = self._insertion_nats(run.heard)
        if times := _repetition_count(run, rows):
            by_text = _text_repeats_itself(run, rows)
            factor = figures.repeated_text_factor if by_text else self._repetition_plausibility(run)
            return "loop", FindingKind.LOOP, insertion * factor, f"“{heard}” is said {times} times"
        if run.at_end:
            voice = figures.nats_per_voiced_second * max(0.0, self._evidence.unexplained_end_seconds)
            return "tail", FindingKind.TAIL, insertion + voice, f"“{heard}” comes after the end"
        following = next((row.index for row in rows[run.start + len(run.words) :] if row.index is not None), None)
        value = insertion + self._nats_against(following)
        return "inserted", FindingKind.INSERTED, value, f"“{heard}” is not in the text"

    def _is_voiced_interjection(self, run: MismatchRun) -> bool:
        """Whether interjections that ASR left out were spoken: the words next to them, over which ASR stretches its
        timing, hold more voice than their own phonemes need."""
        if not all(plain_word(word) in INTERJECTIONS for word in run.expected):
            return False
        rows, is_voiced = self._evidence.rows, self._evidence.is_voiced
        before = [row for row in rows[: run.start][-1:] if row.heard]
        after = [row for row in rows[run.start + len(run.words) :][:1] if row.heard]
        start = min((row.start for row in before if row.start is not None), default=0.0)
        end = max((row.end for row in after if row.end is not None), default=len(is_voiced) * FRAME_SECONDS)
        n_voiced = np.count_nonzero(is_voiced[round(start / FRAME_SECONDS) : round(end / FRAME_SECONDS)])
        n_phonemes = sum(len(self._phonetics.phonemes(plain_word(row.heard))) for row in (*before, *after))
        spare = n_voiced * FRAME_SECONDS - n_phonemes * self._pace.seconds_per_phoneme
        return bool(spare >= self._figures.min_interjection_seconds)

    def _repetition_plausibility(self, run: MismatchRun) -> float:
        """Whether a repetition at the end of the take fits into the voice there, 0 to 1: ASR may transcribe the same
        speech twice. 1 for a repetition elsewhere."""
        phrase = [plain_word(row.heard) for row in run.words][: _period([plain_word(row.heard) for row in run.words])]
        n_phonemes = sum(len(self._phonetics.phonemes(word)) for word in phrase)
        last, size = [row for row in self._evidence.rows if row.heard], len(phrase)
        if [plain_word(row.heard) for row in last[-size:]] != phrase or n_phonemes < self._pace.min_phonemes:
            return 1.0
        while len(last) > size and [plain_word(row.heard) for row in last[-2 * size : -size]] == phrase:
            last = last[:-size]
        start = last[-size].start
        if start is None:
            return 1.0
        times = repetitions_that_fit(self._evidence.is_voiced, start, n_phonemes, self._pace)
        return min(1.0, max(0.0, times - 1.25) * 4)

    def _confirmed_share(self, run: MismatchRun) -> float:
        """What remains of the nats against the words of a run by the second recogniser; 1 if it was not asked."""
        unspoken = self._omission_nats(run)
        if self._evidence.second is None or not unspoken or self._is_near_homophone(run):
            return 1.0
        indices = [row.index for row in run.words if row.index is not None]
        return sum(min(self._nats_against(index), self._second_nats_against(index)) for index in indices) / unspoken

    def _garbled_nats(self, run: MismatchRun) -> float:
        """Nats against the expected words of a substitution, at most what the comparison of both readings leaves."""
        value = self._confirmed_share(run) * self._substitution_nats(run)
        return max(0.0, min(value, self._evidence.substitution_nats.get(run.start, value)))

    def _surplus_nats(self, run: MismatchRun) -> float:
        """Against words beyond those of the text, which no second recogniser clears: a sentence may be said twice where
        one of its words was misheard. ASR writes an unknown word as two or three."""
        surplus = [row.heard for row in run.words if row.match is WordMatch.INSERTED]
        return self._insertion_nats(surplus) if len(surplus) > 2 * len(run.expected) else 0.0

    def _is_near_homophone(self, run: MismatchRun) -> bool:
        """Whether a known word was heard for another of nearly the same sound, "love" for "live": audio of one
        makes the other more probable, too."""
        ours, theirs = ([plain_word(word) for word in words] for words in (run.expected, run.heard))
        if not theirs or not all(map(self._phonetics.is_common_word, (*ours, *theirs))):
            return False
        longer = max(sum(len(self._phonetics.phonemes(word)) for word in words) for words in (ours, theirs))
        distance = self._phonetics.distance(" ".join(ours), " ".join(theirs))
        return distance <= self._figures.max_alike_share * longer

    def _second_nats_against(self, index: int) -> float:
        """The same by the second recogniser, and the less, the more probable the audio makes the word."""
        second, figures = self._evidence.second, self._figures
        if second is None or index not in second.forced or index not in self._evidence.forced:
            return figures.max_nats_per_word
        heard, guessed = second.forced[index].log_probability, second.prior[index].log_probability
        surplus = (figures.max_gained_nats - (heard - guessed)) / (figures.max_gained_nats - figures.min_gained_nats)
        return min(figures.max_nats_per_word, -heard) * min(1.0, max(0.0, surplus))

    def _omission_nats(self, run: MismatchRun) -> float:
        return sum(self._nats_against(row.index) for row in run.words if row.index is not None)

    def _nats_against(self, index: int | None) -> float:
        """How improbable forced alignment finds a word of the text, in nats; 0 for None."""
        if index is None:
            return 0.0
        forced, most = self._evidence.forced.get(index), self._figures.max_nats_per_word
        return most if forced is None else min(most, -forced.log_probability)

    def _insertion_nats(self, words: Sequence[str]) -> float:
        return sum(self._word_nats(plain_word(word)) for word in words)

    def _word_nats(self, word: str) -> float:
        if word in FILLERS:
            return self._figures.filler_nats
        return self._figures.function_word_nats if word in FUNCTION_WORDS else self._figures.content_word_nats

    def _substitution_nats(self, run: MismatchRun) -> float:
        """Evidence against substituted words.

        If all words are common or numbers, the omission counts in full, and each word that was heard adds evidence.
        Other words count by the share of phonemes that differ: ASR spells unknown words by their sound, and not well.
        Words in a script that the phonetics do not cover count in full. Interjections have no fixed sound: ASR writes
        them as it can.
        """
        unspoken = self._omission_nats(run)
        ours, theirs = (
            [part for word in words for part in plain_word(word).split()] for words in (run.expected, run.heard)
        )
        known = all(self._phonetics.is_common_word(word) or word.isdecimal() for word in theirs)
        is_interjection = all(word in INTERJECTIONS for word in ours)
        if is_interjection and not known:
            return self._figures.filler_nats * len(theirs)
        if known and not is_interjection and all(self._phonetics.is_common_word(w) or w.isdecimal() for w in ours):
            return unspoken + self._figures.substituted_word_nats * sum(word not in FUNCTION_WORDS for word in theirs)
        surplus = self._insertion_nats(theirs[len(ours) :])
        longer = max(1, *(sum(len(self._phonetics.phonemes(word)) for word in words) for words in (ours, theirs)))
        differing = self._phonetics.distance(" ".join(ours), " ".join(theirs)) / longer
        if self._phonetics.language.has_phonetics and _OTHER_SCRIPT.search(" ".join(ours)):
            return unspoken + surplus
        alike, unlike = self._figures.max_alike_share, self._figures.min_unlike_share
        return min(1.0, max(0.0, (differing - alike) / (unlike - alike))) * (unspoken + surplus)


def _times(run: MismatchRun, forced: Mapping[int, ForcedAlignment]) -> tuple[float | None, float | None]:
    """Start and end in seconds: of what was heard, or else where forced alignment puts the words of the text."""
    times = [time for row in run.words for time in (row.start, row.end) if time is not None]
    if not times:
        aligned = [forced[row.index] for row in run.words if row.index is not None and row.index in forced]
        times = [time for word in aligned for time in (word.start, word.end)]
    return min(times, default=None), max(times, default=None)


def _repetition_count(run: MismatchRun, rows: Sequence[AlignedWord]) -> int:
    """How often the inserted words were said, if they repeat each other or the words beside them; else 0."""
    inserted = _spoken_words(run.words)
    size = _period(inserted)
    words = inserted
    for word in reversed(_spoken_words(rows[: run.start])):
        if word != words[size - 1]:
            break
        words = [word, *words]
    for word in _spoken_words(rows[run.start + len(run.words) :]):
        if word != words[-size]:
            break
        words = [*words, word]
    times = len(words) // size
    return times if times > 1 else 0


def _number_word_said_twice(run: MismatchRun) -> str:
    """The word that is said twice if a number was heard for another that has it once: "35-5" for "thirty-five"."""
    written, heard = (text_units(words) for words in (run.expected, run.heard))
    once = set(joined_verbalisations(written))
    for said in joined_verbalisations(heard):
        for at, (word, following) in enumerate(pairwise(said)):
            if word == following and word in NUMBER_WORDS and said[:at] + said[at + 1 :] in once:
                return word
    return ""


def _spoken_words(rows: Sequence[AlignedWord]) -> list[str]:
    """What was heard, numbers in words: "200" is "two", "hundred"."""
    return [token for row in rows for unit in text_units(row.heard.split()) for token in unit.verbalisations[0]]


def _text_repeats_itself(run: MismatchRun, rows: Sequence[AlignedWord]) -> bool:
    """Whether the text itself repeats the inserted words: ASR miscounts repetitions."""
    inserted = [plain_word(row.heard) for row in run.words]
    phrase = inserted[: _period(inserted)]
    written = [plain_word(row.expected) for row in rows if row.expected]
    return any(written[at : at + 2 * len(phrase)] == phrase * 2 for at in range(len(written)))


def _period(words: Sequence[str]) -> int:
    """Length of the shortest phrase that the words repeat."""
    return next(n for n in range(1, len(words) + 1) if all(words[at] == words[at - n] for at in range(n, len(words))))
