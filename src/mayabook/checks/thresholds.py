"""The figures of `thresholds.toml`, by name."""

import hashlib
import tomllib
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Decision:
    reject_weight: float
    reject_risk: float
    short_words: int


@dataclass(frozen=True, slots=True)
class Signal:
    silent_rms: float
    full_scale: float
    clipped_run: int
    clipped_per_second: float
    voice_floor: float
    voice_share: float
    longest_pause: float
    longest_edge: float


@dataclass(frozen=True, slots=True)
class Pace:
    fastest: float
    slowest: float
    slack: float
    tag_seconds: float


@dataclass(frozen=True, slots=True)
class Sound:
    vowel: float
    voicing: float
    other: float
    per_phoneme: float
    word_exact: int
    name_exact: int


@dataclass(frozen=True, slots=True)
class Alignment:
    same: float
    sound: float
    join: float
    wrong: float
    wrong_distance: float


@dataclass(frozen=True, slots=True)
class Words:
    function_word: float
    filler: float
    garbled_function_word: float


@dataclass(frozen=True, slots=True)
class Weights:
    truncated_base: float
    truncated_each: float
    tail_base: float
    tail_each: float
    omitted_each: float
    inserted_each: float
    garbled_each: float
    loop_word: float
    loop_phrase: float
    share: float


@dataclass(frozen=True, slots=True)
class Voice:
    word_seconds: float
    letter_seconds: float
    tail_seconds: float
    inner_seconds: float


@dataclass(frozen=True, slots=True)
class Hearing:
    window_seconds: float
    cut_from: float
    least_window: float
    window_step: float
    padding: float
    tokens_per_second: float
    resume_seconds: float
    untimed_seconds: float
    untimed_words: int
    short_likelihood: float


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What each figure means stands beside it in `thresholds.toml`. digest: names this set of figures."""

    decision: Decision
    signal: Signal
    pace: Pace
    sound: Sound
    alignment: Alignment
    words: Words
    weights: Weights
    voice: Voice
    hearing: Hearing
    digest: str


def load_thresholds() -> Thresholds:
    data = files("mayabook.checks").joinpath("thresholds.toml").read_bytes()
    tables = tomllib.loads(data.decode("utf-8"))
    return Thresholds(
        decision=Decision(**tables["decision"]),
        signal=Signal(**tables["signal"]),
        pace=Pace(**tables["pace"]),
        sound=Sound(**tables["sound"]),
        alignment=Alignment(**tables["alignment"]),
        words=Words(**tables["words"]),
        weights=Weights(**tables["weights"]),
        voice=Voice(**tables["voice"]),
        hearing=Hearing(**tables["hearing"]),
        digest=hashlib.sha256(data).hexdigest()[:12],
    )
