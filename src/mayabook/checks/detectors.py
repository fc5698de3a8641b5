"""The registry of detectors: what each looks at, what it measures, and what it costs.

To add one: write a function from `Evidence` to scores, decorate it with `register`, and give each of its measures a
rejection threshold in `thresholds.toml`. Checker, calibration and documentation read the registry.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from mayabook.checks import signal_checks, token_checks
from mayabook.checks.audio_loops import loop_score
from mayabook.checks.other_voice import speaker_score
from mayabook.checks.prompt_leaks import prompt_leak_scores
from mayabook.checks.readings import misread_scores
from mayabook.checks.repeated_words import repetition_scores
from mayabook.checks.scoring import Score
from mayabook.checks.thresholds import Thresholds
from mayabook.checks.voice_drift import drift_score
from mayabook.checks.voice_reference import UNKNOWN_VOICE, VoiceReference
from mayabook.checks.word_checks import WordEvidence, WordScores
from mayabook.core.errors import CheckError
from mayabook.core.take import Audio, Codes, StopReason
from mayabook.core.verdict import FindingKind


class Needs(StrEnum):
    """What a detector looks at, in the order in which detectors run."""

    STOP_REASON = "stop reason"
    CODES = "codes"
    LEVEL = "level"
    """If such a detector finds a take silent, the detectors of signal and words are skipped."""
    SIGNAL = "signal"
    WORDS = "words"
    """The transcript, aligned with the text: it needs ASR."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One value that a detector gives; it grows with badness.

    name: in `Finding.detector` and in the table [rejection] of `thresholds.toml`. kind: of the finding. unit: what the
    value counts. is_incurable: neither trimming nor patching can repair such a take, so a retry need not wait for ASR.
    """

    name: str
    kind: FindingKind
    unit: str
    is_incurable: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """What detectors look at.

    n_phonemes: of the text, by its shortest and by its longest verbalisation. n_tags: emotion tags in the text.
    n_repeats: how often the text repeats itself in a row, at most. stop_detail: as in `Take.detail`. description: of
    the voice, where the engine was given one. words: None unless the take was transcribed.
    """

    thresholds: Thresholds
    audio: Audio
    sample_rate: int
    n_phonemes: tuple[int, int] = (0, 0)
    n_tags: int = 0
    voice: VoiceReference = UNKNOWN_VOICE
    n_repeats: int = 0
    stop: StopReason = StopReason.END
    stop_detail: str = ""
    description: str = ""
    codes: Codes | None = None
    words: WordEvidence | None = None


Scoring = Callable[[Evidence], list[Score]]
"""Gives scores of the detector's own measures, any number; an empty list where there is nothing to report."""


@dataclass(frozen=True, slots=True)
class Detector:
    """A registered detector.

    measures: those that its scores may belong to. cost: CPU milliseconds per second of audio, rounded, as `python -m
    bench.detector_cost` measures it; for detectors of words, the time of the ASR that they need is not included.
    """

    measures: tuple[Measure, ...]
    needs: Needs
    cost: float
    score: Scoring


_REGISTRY: list[Detector] = []


def register(*measures_of_it: Measure, needs: Needs, cost: float) -> Callable[[Scoring], Detector]:
    """Decorates the scoring function of a detector. Raises ValueError if a measure's name is taken."""

    def add(score: Scoring) -> Detector:
        taken = measures().keys() & {measure.name for measure in measures_of_it}
        if taken:
            raise ValueError(f"a measure called {min(taken)!r} is already registered")
        _REGISTRY.append(Detector(measures_of_it, needs, cost, score))
        return _REGISTRY[-1]

    return add


def detectors(*needs: Needs) -> tuple[Detector, ...]:
    """In the order of registration: those with one of these needs, or all."""
    return tuple(detector for detector in _REGISTRY if not needs or detector.needs in needs)


def measures() -> dict[str, Measure]:
    """Every measure of every detector, by name."""
    return {measure.name: measure for detector in _REGISTRY for measure in detector.measures}


def incurable_measures() -> frozenset[str]:
    """Names of the measures of defects that only another take can repair."""
    return frozenset(name for name, measure in measures().items() if measure.is_incurable)


def run_detectors(evidence: Evidence, *needs: Needs) -> list[Score]:
    """Scores of all detectors with one of these needs, in the order of registration."""
    return [score for detector in detectors(*needs) for score in detector.score(evidence)]


def require_rejection_thresholds(thresholds: Mapping[str, float]) -> None:
    """Raises CheckError unless every registered measure has a threshold, and every threshold a registered measure."""
    for name in measures():
        if name not in thresholds:
            raise CheckError(
                f"The detector measure {name!r} has no threshold; add it to [rejection] in thresholds.toml."
            )
    for name in thresholds:
        if name not in measures():
            raise CheckError(f"No detector measures {name!r}; remove it from [rejection] in thresholds.toml.")


_STOPS = {
    StopReason.CAP: (
        Measure("capped", FindingKind.TRUNCATED, "2 if the take reached its token cap, else 0"),
        "the take reached its token cap",
    ),
    StopReason.BUDGET: (
        Measure(
            "over_budget",
            FindingKind.TRUNCATED,
            "2 if the engine aborted the take because it was too long for its text, else 0",
        ),
        "the engine aborted the take because it was too long for its text",
    ),
    StopReason.LOOP: (
        Measure("aborted", FindingKind.LOOP, "2 if the engine aborted the take because its codes repeated, else 0"),
        "the engine aborted the take because its codes repeated",
    ),
    StopReason.NOT_FINITE: (
        Measure(
            "not_finite", FindingKind.GARBLED, "2 if the logits contained NaN or infinity, else 0", is_incurable=True
        ),
        "the logits contain NaN or infinity",
    ),
}


@register(*(measure for measure, _ in _STOPS.values()), needs=Needs.STOP_REASON, cost=0.0)
def _stop(evidence: Evidence) -> list[Score]:
    """A take that reached its token cap is truncated, whatever it sounds like."""
    if evidence.stop not in _STOPS:
        return []
    measure, text = _STOPS[evidence.stop]
    text = f"{text}: {evidence.stop_detail}" if evidence.stop_detail else text
    return [Score(measure.name, measure.kind, 2.0, text)]


@register(
    Measure(
        "off_grammar",
        FindingKind.OFF_GRAMMAR,
        "mean probability of the token ids that the position in the frame does not allow",
        is_incurable=True,
    ),
    needs=Needs.CODES,
    cost=0.0,
)
def _off_grammar(evidence: Evidence) -> list[Score]:
    return token_checks.off_grammar_score(evidence.codes) if evidence.codes else []


@register(
    Measure("code_loop", FindingKind.LOOP, "seconds for which a codebook repeats itself"), needs=Needs.CODES, cost=0.1
)
def _code_loop(evidence: Evidence) -> list[Score]:
    return token_checks.code_loop_score(evidence.codes, evidence.thresholds.tokens) if evidence.codes else []


@register(
    Measure("unlikely_tail", FindingKind.TAIL, "drop of the mean log-probability over the last codes, in nats"),
    Measure("open_tail", FindingKind.TAIL, "rise of the mean entropy over the last codes, in nats"),
    needs=Needs.CODES,
    cost=0.0,
)
def _tail_confidence(evidence: Evidence) -> list[Score]:
    return token_checks.tail_confidence_scores(evidence.codes, evidence.thresholds.tokens) if evidence.codes else []


@register(
    Measure("silent", FindingKind.SILENT, "lowest allowed RMS level over the take's level", is_incurable=True),
    needs=Needs.LEVEL,
    cost=0.02,
)
def _silence(evidence: Evidence) -> list[Score]:
    return signal_checks.silence_score(evidence.audio, evidence.thresholds.signal)


@register(
    Measure("clipped", FindingKind.CLIPPED, "samples a second at full scale", is_incurable=True),
    needs=Needs.SIGNAL,
    cost=0.02,
)
def _clipping(evidence: Evidence) -> list[Score]:
    return signal_checks.clipping_score(evidence.audio, evidence.sample_rate, evidence.thresholds.signal)


@register(
    Measure("edge", FindingKind.SILENT, "seconds of silence before the first or after the last word"),
    Measure("pause", FindingKind.SILENT, "seconds of the longest silence between words"),
    needs=Needs.SIGNAL,
    cost=0.03,
)
def _pauses(evidence: Evidence) -> list[Score]:
    return signal_checks.pause_scores(evidence.audio, evidence.sample_rate, evidence.thresholds.signal)


@register(
    Measure("noise", FindingKind.NOISY, "level of the quietest frames as a share of the loud ones", is_incurable=True),
    needs=Needs.SIGNAL,
    cost=0.03,
)
def _noise(evidence: Evidence) -> list[Score]:
    return signal_checks.noise_score(evidence.audio, evidence.sample_rate, evidence.thresholds.signal)


@register(
    Measure("click", FindingKind.NOISY, "sharpest second difference, as a multiple of its neighbours' mean"),
    needs=Needs.SIGNAL,
    cost=0.8,
)
def _clicks(evidence: Evidence) -> list[Score]:
    return signal_checks.click_score(evidence.audio, evidence.sample_rate, evidence.thresholds.signal)


@register(
    Measure(
        "drift",
        FindingKind.DRIFT,
        "log-likelihood gained by two vocal tracts over one, in nats over the square root of the number of frames",
        is_incurable=True,
    ),
    Measure("drift_for_voice", FindingKind.DRIFT, "the same, by the timbre of the voice itself", is_incurable=True),
    needs=Needs.SIGNAL,
    cost=5.0,
)
def _drift(evidence: Evidence) -> list[Score]:
    return drift_score(evidence.audio, evidence.sample_rate, evidence.thresholds.drift, evidence.voice.timbre)


@register(
    Measure(
        "other_voice",
        FindingKind.OTHER_VOICE,
        "cosine distance from the voice's speaker embedding beyond what is usual for the take's length",
        is_incurable=True,
    ),
    needs=Needs.SIGNAL,
    cost=4.3,
)
def _other_voice(evidence: Evidence) -> list[Score]:
    figures = evidence.thresholds
    return speaker_score(evidence.audio, evidence.sample_rate, evidence.voice.speaker, figures.signal, figures.speaker)


@register(
    Measure("repeat", FindingKind.LOOP, "seconds for which the audio repeats itself"), needs=Needs.SIGNAL, cost=1.4
)
def _audio_loop(evidence: Evidence) -> list[Score]:
    return loop_score(evidence.audio, evidence.sample_rate, evidence.n_repeats, evidence.thresholds.loops)


@register(
    Measure("slow", FindingKind.OFF_PACE, "seconds of voice over the usual duration of the text's phonemes"),
    Measure("fast", FindingKind.OFF_PACE, "usual duration of the text's phonemes over the seconds of voice"),
    Measure("slow_for_voice", FindingKind.OFF_PACE, "seconds of voice over the text's duration at the voice's pace"),
    Measure("fast_for_voice", FindingKind.OFF_PACE, "text's duration at the voice's pace over the seconds of voice"),
    needs=Needs.SIGNAL,
    cost=0.03,
)
def _pace(evidence: Evidence) -> list[Score]:
    figures = evidence.thresholds
    return signal_checks.pace_score(
        evidence.audio,
        evidence.sample_rate,
        evidence.n_phonemes,
        evidence.n_tags,
        figures.signal,
        figures.pace,
        evidence.voice.pace,
    )


@register(
    Measure("truncated", FindingKind.TRUNCATED, "summed weight of the words omitted at the end, in nats"),
    Measure("omitted", FindingKind.OMITTED, "summed weight of the words omitted before the end, in nats"),
    Measure("garbled", FindingKind.GARBLED, "summed weight of the substituted words, in nats"),
    Measure("inserted", FindingKind.INSERTED, "summed weight of the inserted words, in nats"),
    Measure("loop", FindingKind.LOOP, "summed weight of the repeated words, in nats"),
    Measure("tail", FindingKind.TAIL, "summed weight of words and voice after the end of the text, in nats"),
    needs=Needs.WORDS,
    cost=0.0,
)
def _words(evidence: Evidence) -> list[Score]:
    return WordScores(evidence.words, evidence.thresholds).scores() if evidence.words else []


@register(
    Measure("misread", FindingKind.MISREAD, "evidence for a wrong reading of a word over the right one, in nats"),
    needs=Needs.WORDS,
    cost=0.0,
)
def _misread(evidence: Evidence) -> list[Score]:
    return misread_scores(evidence.words.readings) if evidence.words else []


@register(
    Measure("said_twice", FindingKind.LOOP, "evidence for a word said twice that the transcript has once, in nats"),
    needs=Needs.WORDS,
    cost=0.0,
)
def _said_twice(evidence: Evidence) -> list[Score]:
    return repetition_scores(evidence.words.repetitions) if evidence.words else []


@register(
    Measure("prompt_leak", FindingKind.PROMPT_LEAK, "summed weight of the words of the voice's description, in nats"),
    needs=Needs.WORDS,
    cost=0.0,
)
def _prompt_leak(evidence: Evidence) -> list[Score]:
    if not evidence.words or not evidence.description:
        return []
    words, figures = evidence.words, evidence.thresholds.prompt_leaks
    return prompt_leak_scores(words.rows, evidence.description, words.phonetics, figures)
