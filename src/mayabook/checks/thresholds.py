"""The figures of `thresholds.toml`, by name."""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class SignalThresholds:
    silent_rms: float
    full_scale: float
    clipped_run: int
    voice_floor: float
    voice_share: float
    noise_seconds: float
    click_reach: float
    click_own: float
    click_floor: float


@dataclass(frozen=True, slots=True)
class PaceThresholds:
    sound: float
    least_sounds: int
    slack: float
    tag_seconds: float
    last_word: float
    last_share: float
    last_gap: float
    last_said: float


@dataclass(frozen=True, slots=True)
class DriftThresholds:
    voice_share: float
    least_periodic: float
    least_seconds: float


@dataclass(frozen=True, slots=True)
class TokenThresholds:
    loop_period: int
    loop_codes: int
    tail_seconds: float


@dataclass(frozen=True, slots=True)
class LoopThresholds:
    shortest: float
    longest: float
    smoothed: float
    same: float
    least_change: float
    floor: float


@dataclass(frozen=True, slots=True)
class PhoneticThresholds:
    vowel: float
    voicing: float
    other: float
    per_phoneme: float
    word_exact: int
    name_exact: int


@dataclass(frozen=True, slots=True)
class AlignmentCosts:
    same: float
    sound: float
    join: float
    wrong: float
    wrong_distance: float


@dataclass(frozen=True, slots=True)
class WordThresholds:
    word: float
    function_word: float
    filler: float
    repeated: float
    most_nats: float
    alike: float
    unlike: float
    instead: float
    voice_second: float


@dataclass(frozen=True, slots=True)
class RecognitionSettings:
    window_seconds: float
    cut_from: float
    least_window: float
    window_step: float
    padding: float
    tokens_per_second: float
    resume_seconds: float
    untimed_seconds: float
    untimed_words: int
    untimed_end: float


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What each figure means stands beside it in `thresholds.toml`. digest: names this set of figures."""

    limits: Mapping[str, float]
    signal: SignalThresholds
    pace: PaceThresholds
    drift: DriftThresholds
    repeats: LoopThresholds
    codes: TokenThresholds
    sound: PhoneticThresholds
    alignment: AlignmentCosts
    words: WordThresholds
    hearing: RecognitionSettings
    digest: str


def load_thresholds() -> Thresholds:
    data = files("mayabook.checks").joinpath("thresholds.toml").read_bytes()
    tables = tomllib.loads(data.decode("utf-8"))
    return Thresholds(
        limits=tables["limits"],
        signal=SignalThresholds(**tables["signal"]),
        pace=PaceThresholds(**tables["pace"]),
        drift=DriftThresholds(**tables["drift"]),
        repeats=LoopThresholds(**tables["repeats"]),
        codes=TokenThresholds(**tables["codes"]),
        sound=PhoneticThresholds(**tables["sound"]),
        alignment=AlignmentCosts(**tables["alignment"]),
        words=WordThresholds(**tables["words"]),
        hearing=RecognitionSettings(**tables["hearing"]),
        digest=hashlib.sha256(data).hexdigest()[:12],
    )
