"""Reads the thresholds, costs and other parameters of the checks from `thresholds.toml`."""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class SignalThresholds:
    """Silence, voice activity, clipping, noise and clicks. RMS and levels: full scale is 1."""

    max_silent_rms: float
    """A whole take below this RMS is silent."""
    full_scale: float
    """A sample of at least this magnitude may be clipped ..."""
    min_clipped_samples: int
    """... and is, if at least this many such samples follow each other."""
    min_voice_rms: float
    """A frame of 20 ms is voiced if its RMS exceeds this ..."""
    min_voice_share: float
    """... and this share of the take's loud frames (95th percentile)."""
    min_last_voice_share: float
    """The same for voice after the last word: some voices breathe out there."""
    min_noise_seconds: float
    """In a shorter take no noise is measured: it may have no pause."""
    click_window_seconds: float
    """A sample's second difference is compared with those at most this far away on either side ..."""
    click_guard_seconds: float
    """... but not with those nearer than this."""
    click_floor: float
    """Added to the mean of the neighbours: second differences far below this are never clicks."""


@dataclass(frozen=True, slots=True)
class PaceThresholds:
    """How long phonemes take."""

    seconds_per_phoneme: float
    """Usual duration of a phoneme."""
    min_phonemes: int
    """With fewer phonemes, the pace of a take cannot be measured: the usual duration of a phoneme is used instead."""
    slack_seconds: float
    """Allowed difference, either way, between the voice in a take and the usual duration of its phonemes ..."""
    voice_slack_seconds: float
    """... and their duration at the pace of the voice."""
    reference_phonemes: int
    """Phonemes, summed over reference takes, from which a voice is measured."""
    min_reference_takes: int
    """Fewest reference takes from which its pace is measured."""
    min_reference_phonemes: int
    """Fewest phonemes in the text of a reference take."""
    max_voice_ratio: float
    """Most by which the pace of a voice may differ from the usual one, either way."""
    seconds_per_tag: float
    """Longest duration of an acted emotion, such as a laugh or a sigh."""
    last_word_extra_seconds: float
    """The last word is drawn out by this ..."""
    last_word_pace_share: float
    """... and its phonemes take this share of the take's usual duration."""
    max_gap_in_word_seconds: float
    """No word has a longer silence inside ..."""
    min_spoken_share: float
    """... once this share of its usual duration was spoken."""


@dataclass(frozen=True, slots=True)
class DriftThresholds:
    """Change of the speaker within a take."""

    min_voice_share: float
    """A frame counts if its level exceeds this share of the loud frames (95th percentile) ..."""
    min_autocorrelation: float
    """... and the peak of its normalised autocorrelation exceeds this, so that it has a pitch."""
    min_voiced_seconds: float
    """Counted frames needed on either side of a change ..."""
    voice_min_voiced_seconds: float
    """... and where the timbre of the voice itself is known."""
    min_semitones: float
    """Least by which the vocal tracts of two speakers differ ..."""
    max_semitones: float
    """... and most."""
    voice_gaussians: int
    """Most Gaussians of the mixture of a voice ..."""
    min_reference_frames: int
    """... and the fewest counted frames that it is fitted to, of 20 ms."""


@dataclass(frozen=True, slots=True)
class SpeakerThresholds:
    """How a take's speaker is compared with that of the other takes; fitted by `python -m bench.speaker`."""

    distance_seconds: float
    """Usual cosine distance of a take from its own voice, times the take's seconds of voice."""
    part_windows: int
    """Windows of 1.6 s of voice in a row that are compared by themselves, too."""
    min_reference_takes: int
    """Fewest reference takes; with fewer, no speaker is compared."""


@dataclass(frozen=True, slots=True)
class LoopThresholds:
    """Repetitions in the audio itself."""

    min_period_seconds: float
    """Shortest period of a loop ..."""
    max_period_seconds: float
    """... and longest."""
    smoothing_seconds: float
    """Spectral distances are averaged over this duration."""
    max_distance_share: float
    """Spectra repeat if their distance at a lag is at most this share of the mean distance at shorter lags."""
    max_mean_distance_share: float
    """The same for the mean over a stretch: syllables that resemble each other have 0.1, loops 0.06 at most."""
    distance_floor: float
    """dB squared, added to both distances, so that near-stationary audio is no repetition."""
    power_floor: float
    """Bands below this share of the power of loud moments (95th percentile) do not count."""


@dataclass(frozen=True, slots=True)
class TokenThresholds:
    """Speech codes and their probabilities."""

    max_loop_frames: int
    """Longest period of a loop, in frames of seven codes."""
    min_distinct_codes: int
    """A loop with fewer distinct codes in its period is a held pause."""
    tail_seconds: float
    """The end of a take whose probabilities are compared with those before."""


@dataclass(frozen=True, slots=True)
class PhoneticThresholds:
    """Distance of two phonemes: `vowel_distance` for two vowels; that plus `voicing_distance` for consonants that
    differ in voicing only; the sum of all three for any other pair."""

    vowel_distance: float
    voicing_distance: float
    other_distance: float
    tolerance_per_phoneme: float
    """Words count as homophones up to this distance for each phoneme that the longer word has beyond ..."""
    max_exact_phonemes_of_word: int
    """... this number of phonemes, for a common word ..."""
    max_exact_phonemes_of_name: int
    """... or this one, for a capitalised word. Words with no more phonemes must match exactly."""


@dataclass(frozen=True, slots=True)
class AlignmentCosts:
    """Costs of aligning text and transcript; an omitted or inserted word costs 1."""

    match: float
    """Words that share a verbalisation."""
    homophone: float
    """Words that sound alike."""
    joined_word: float
    """Each further word of a group that matches only as a whole."""
    substitution: float
    """Any other pair of words ..."""
    substitution_distance: float
    """... plus this times their phonetic distance as a share of the longer."""


@dataclass(frozen=True, slots=True)
class WordThresholds:
    """What mismatches between text and transcript weigh, in nats (natural logarithm of a probability)."""

    content_word_nats: float
    """An inserted content word."""
    function_word_nats: float
    """An inserted article, preposition or the like, which a small ASR model often makes up."""
    filler_nats: float
    """An inserted filler: hm, uh, ah."""
    interjection_nats: float
    """Most evidence against interjections that were not transcribed but have voice: ASR often skips them."""
    min_interjection_seconds: float
    """Voice that interjections must have for that: what is left beside the phonemes of the words next to them."""
    repeated_text_factor: float
    """Applied to a repetition if the text itself repeats these words: ASR miscounts them."""
    max_nats_per_word: float
    """Most that an omitted word weighs."""
    max_alike_share: float
    """A substituted word weighs nothing up to this phonetic distance, as a share of the longer word ..."""
    min_unlike_share: float
    """... and in full from this share on."""
    substituted_word_nats: float
    """Added for each common word that was heard for another common word."""
    nats_per_voiced_second: float
    """A second of voice after the last word."""
    min_doubt_nats: float
    """From this value of truncated, omitted or garbled on, the second recogniser is asked. A word counts in full that
    the audio makes more probable to it by at most ..."""
    min_gained_nats: float
    """... this, and not at all from ..."""
    max_gained_nats: float
    """... this on."""
    max_preference_nats: float
    """Most language-model bias, measured on silence in nats, that is subtracted when two words are compared."""


@dataclass(frozen=True, slots=True)
class PromptLeakThresholds:
    """What words of the voice's description weigh where they are spoken beside the text, in nats."""

    content_word_nats: float
    """Weight of a content word."""
    function_word_nats: float
    """Weight of a function word: an article, preposition or the like."""
    shared_word_factor: float
    """Factor for words that the text has, too: they may be a repetition of the text."""
    skipped_word_nats: float
    """Gap penalty: cost of each word in between, spoken or of the description, that is not aligned."""
    max_unlike_share: float
    """Words are equal up to this phonetic distance, as a share of the length of the longer one."""


@dataclass(frozen=True, slots=True)
class ReadingThresholds:
    """How the right and a wrong reading of a word are compared."""

    log_seconds_deviation: float
    """Standard deviation of the natural logarithm of a word's duration, around what its phonemes take."""
    max_time_nats: float
    """Most that the duration weighs, either way."""
    min_letters_share: float
    """A word that took less than this share of what its letters take was not spelled ..."""
    probable_word_nats: float
    """... if ASR finds it more probable than this as a word: then it is not decoded again."""
    spelled_word_nats: float
    """By which ASR finds the letters of a word less probable than they are: it knows "NASA", however it is said. As
    much less counts a word in capitals that should be letters."""


@dataclass(frozen=True, slots=True)
class RepetitionThresholds:
    """How a word said twice is told from one said once, where the transcript has it once."""

    min_repetition_nats: float
    """A word is compared if ASR found its repetition no less probable than this against what it decoded."""
    prior_nats: float
    """By which ASR finds a word said twice less probable than it is: no text that it was trained on says it twice."""
    log_seconds_deviation: float
    """Standard deviation of the natural logarithm of the duration of three words, around what their phonemes take."""
    max_time_nats: float
    """Most that the duration weighs, either way."""


@dataclass(frozen=True, slots=True)
class RecognitionSettings:
    """How audio is cut and decoded for ASR."""

    max_window_seconds: float
    """Longest window that is encoded at once; Whisper's is 30."""
    min_window_seconds: float
    """A longer take is cut at its quietest place between this and `max_window_seconds`."""
    min_padded_seconds: float
    """Shorter audio is padded with silence to this; with less, tiny.en invents words."""
    padded_step_seconds: float
    """Padded lengths are multiples of this: the encoder keeps buffers for every length it meets."""
    padding_seconds: float
    """Silence after the audio in any case."""
    max_tokens_per_second: float
    """Decoding stops at this rate; speech has 3 to 6."""
    min_resume_seconds: float
    """This much voice after the last recognised word is transcribed again by itself."""
    max_untimed_seconds: float
    """A recognised word shorter than this is untimed: ASR may have completed a text that was not spoken."""
    min_untimed_words: int
    """At least this many untimed words at the end were not spoken there."""
    untimed_end_seconds: float
    """An untimed last word that ends this near to the end of the audio was not spoken."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """rejection: for each measure of a detector, the value from which it rejects a take. digest: hash of
    `thresholds.toml`. The other fields are what the detectors need to measure."""

    rejection: Mapping[str, float]
    signal: SignalThresholds
    pace: PaceThresholds
    drift: DriftThresholds
    speaker: SpeakerThresholds
    loops: LoopThresholds
    tokens: TokenThresholds
    phonetics: PhoneticThresholds
    alignment: AlignmentCosts
    words: WordThresholds
    prompt_leaks: PromptLeakThresholds
    readings: ReadingThresholds
    repetitions: RepetitionThresholds
    recognition: RecognitionSettings
    digest: str


def load_thresholds() -> Thresholds:
    data = files("mayabook.checks").joinpath("thresholds.toml").read_bytes()
    tables = tomllib.loads(data.decode("utf-8"))
    return Thresholds(
        rejection=tables["rejection"],
        signal=SignalThresholds(**tables["signal"]),
        pace=PaceThresholds(**tables["pace"]),
        drift=DriftThresholds(**tables["drift"]),
        speaker=SpeakerThresholds(**tables["speaker"]),
        loops=LoopThresholds(**tables["loops"]),
        tokens=TokenThresholds(**tables["tokens"]),
        phonetics=PhoneticThresholds(**tables["phonetics"]),
        alignment=AlignmentCosts(**tables["alignment"]),
        words=WordThresholds(**tables["words"]),
        prompt_leaks=PromptLeakThresholds(**tables["prompt_leaks"]),
        readings=ReadingThresholds(**tables["readings"]),
        repetitions=RepetitionThresholds(**tables["repetitions"]),
        recognition=RecognitionSettings(**tables["recognition"]),
        digest=hashlib.sha256(data).hexdigest()[:12],
    )
