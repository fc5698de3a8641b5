"""Makes each class of defect from real speech.

Missing, repeated and wrong words are missing, repeated or wrong in the synthesised text, so that labels are exact and
there are no traces of editing. Truncated takes are cut in the audio, at the edge of a word.
"""

import re
import tomllib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from scipy.signal import butter, resample_poly, sosfilt

from bench.defects.passages import Passage
from mayabook.checks.word_checks import FUNCTION_WORDS
from mayabook.core.take import Audio, StopReason
from mayabook.maya.frames import Frames

RATE = 24000
FRAME = 2048
"""Samples of a frame of codes."""
Speak = Callable[[str, float], Audio]
"""Text and pace to audio."""
FindWordStarts = Callable[[Audio], list[float]]
"""Audio to the seconds at which its words begin, one for each word recognised."""
Maker = Callable[["Source", str], "Spoilt | None"]
PLAIN_WORD = re.compile(r"[a-z]{4,}")
OTHER_WORDS = (
    "barley kettle window thunder garden ribbon silver market pepper candle monkey village orange hammer bottle "
    "jacket carpet dragon pencil turnip mountain basket finger trumpet feather elephant button pocket saddle lantern"
).split()


@dataclass(frozen=True, slots=True)
class Source:
    """What a defective take is made from."""

    passage: Passage
    """Text of the take."""
    other: Passage
    """Another passage of the same split, the source of wrong words and audio."""
    pace: float
    """Speed of the narrator."""
    draw: np.random.Generator
    """Random generator of the defect."""
    speak: Speak
    """Synthesises a text."""
    word_starts: FindWordStarts
    """Finds where words begin."""
    frames: Callable[[Audio], Frames | None]
    """Encodes audio as codes, if a codec is available."""

    def clean(self) -> Audio:
        return self.speak(self.passage.text, self.pace)

    def speak_at_pace(self, text: str) -> Audio:
        return self.speak(text, self.pace)


@dataclass(frozen=True, slots=True)
class Spoilt:
    """A take with a defect."""

    audio: Audio
    """Samples."""
    stop: StopReason = StopReason.END
    """Stop reason that it is judged with."""
    detail: str = ""
    """Description of the defect."""
    frames: Frames | None = None
    """Codes, if they are known."""


def makers() -> Mapping[str, Maker]:
    """Class of defect -> function that makes it, or returns None if the passage cannot have it."""
    return {
        "cut": cut,
        "tail": tail,
        "loop": loop,
        "omitted": omitted,
        "changed": changed,
        "one-sound": one_sound,
        "foreign": foreign,
        "silence": silence,
        "capped": capped,
        "clipping": clipping,
        "hiss": hiss,
        "hum": hum,
        "click": click,
        "pace": pace,
        "drift": drift,
        "stutter": stutter,
    }


def cut(source: Source, size: str) -> Spoilt | None:
    """The take ends early: for one half the text is shorter, for the other the audio is cut at a word edge."""
    if size == "last-sentence":
        if len(source.passage.sentences) < 2 or _n_words(source.passage.sentences[-1]) < 3:
            return None
        return Spoilt(source.speak_at_pace(" ".join(source.passage.sentences[:-1])), detail="not spoken")
    n_words = 3 if size == "last-3-words" else 1
    words = source.passage.text.split()
    if not PLAIN_WORD.search(words[-1].lower()) or _n_words(source.passage.sentences[-1]) <= n_words:
        return None
    if source.draw.random() < 0.5:
        return Spoilt(source.speak_at_pace(" ".join(words[:-n_words]) + "."), detail="not spoken")
    audio = source.clean()
    begins = source.word_starts(audio)
    if len(begins) != len(words):
        return None
    return Spoilt(_faded(audio[: _quietest_sample(audio, begins[-n_words])]), detail="cut off")


def tail(source: Source, size: str) -> Spoilt:
    """Reversed speech, other words or babble follow the text."""
    seconds = float(size.removesuffix("-s"))
    other = _trimmed(source.speak_at_pace(source.other.text))
    start = int(source.draw.integers(0, max(1, len(other) - round(seconds * RATE))))
    more = other[start : start + round(seconds * RATE)]
    kind = ("reversed", "other words", "babble")[int(source.draw.integers(3))]
    if kind == "reversed":
        more = more[::-1]
    elif kind == "babble":  # fragments of syllables in random order
        pieces = np.array_split(more, max(2, round(seconds / 0.12)))
        more = np.concatenate([pieces[at] for at in source.draw.permutation(len(pieces))])
    pause = np.zeros(round(source.draw.uniform(0.05, 0.35) * RATE), np.float32)
    return Spoilt(np.concatenate([_trimmed(source.clean()), pause, _faded(more)]), detail=kind)


def loop(source: Source, size: str) -> Spoilt | None:
    """A sentence, phrase or word is repeated."""
    times = int(source.draw.integers(2, 4 if size == "sentence" else 6)) if size != "word" else 2
    sentences = source.passage.sentences
    if size == "sentence":
        number = int(source.draw.integers(len(sentences)))
        if not 3 <= _n_words(sentences[number]) <= 14:
            return None
        said = [*sentences[:number], *[sentences[number]] * times, *sentences[number + 1 :]]
        return Spoilt(source.speak_at_pace(" ".join(said)), detail=f"{times} times")
    words = source.passage.text.split()
    n_words = 1 if size == "word" else int(source.draw.integers(3, 5))
    if (at := _phrase_position(source, words, n_words)) is None:
        return None
    phrase = words[at : at + n_words]
    return Spoilt(
        source.speak_at_pace(" ".join([*words[:at], *phrase * times, *words[at + n_words :]])),
        detail=f"{times} times: {' '.join(phrase)}",
    )


def omitted(source: Source, size: str) -> Spoilt | None:
    """A sentence or some words are missing in the middle."""
    sentences = source.passage.sentences
    if size == "sentence":
        if len(sentences) < 3 or _n_words(sentences[1]) < 3:
            return None
        return Spoilt(source.speak_at_pace(" ".join([sentences[0], *sentences[2:]])), detail=sentences[1])
    n_words = 1 if size == "word" else 2
    words = source.passage.text.split()
    if (at := _phrase_position(source, words, n_words)) is None:
        return None
    return Spoilt(
        source.speak_at_pace(" ".join([*words[:at], *words[at + n_words :]])), detail=" ".join(words[at : at + n_words])
    )


def changed(source: Source, size: str) -> Spoilt | None:
    """Words are replaced by others."""
    words = source.passage.text.split()
    n_words = {"4-words": 4, "2-words": 2, "word": 1}[size]
    if (at := _phrase_position(source, words, n_words)) is None:
        return None
    known = {word.lower() for word in words}
    others = [word for word in OTHER_WORDS if word not in known]
    new = [str(word) for word in source.draw.choice(others, n_words, replace=False)]
    said = [*words[:at], *new, *words[at + n_words :]]
    return Spoilt(
        source.speak_at_pace(" ".join(said)), detail=f"{' '.join(new)} for {' '.join(words[at : at + n_words])}"
    )


def one_sound(source: Source, size: str) -> Spoilt | None:
    """A word is replaced by one that differs from it by a sound."""
    words, others = source.passage.text.split(), _one_sound_pairs()[size]
    fit = [at for at, word in enumerate(words[:-1]) if word in others]
    if not fit:
        return None
    at = int(source.draw.choice(fit))
    new = str(source.draw.choice(others[words[at]]))
    return Spoilt(source.speak_at_pace(" ".join([*words[:at], new, *words[at + 1 :]])), detail=f"{new} for {words[at]}")


@cache
def _one_sound_pairs() -> dict[str, dict[str, list[str]]]:
    """Kind of difference -> word -> the words that differ from it by one sound."""
    table = tomllib.loads(files(__package__).joinpath("one_sound.toml").read_text(encoding="utf-8"))["pairs"]
    found: dict[str, dict[str, list[str]]] = {}
    for kind, pairs in table.items():
        others = found.setdefault(kind, defaultdict(list))
        for one, other in (pair.split("/") for pair in pairs.split()):
            others[one].append(other)
            others[other].append(one)
    return found


def foreign(source: Source, size: str) -> Spoilt | None:
    """All, the second half or the first sentence is of another passage."""
    sentences = source.passage.sentences
    if size == "whole":
        return Spoilt(source.speak_at_pace(source.other.text))
    if size == "second-half":
        words, others = source.passage.text.split(), source.other.text.split()
        return Spoilt(source.speak_at_pace(" ".join([*words[: len(words) // 2], *others[len(others) // 2 :]])))
    if len(sentences) < 2 or _n_words(sentences[0]) < 4:
        return None
    return Spoilt(source.speak_at_pace(" ".join([source.other.sentences[0], *sentences[1:]])))


def silence(source: Source, size: str) -> Spoilt | None:
    """The whole take is silent, or has a long pause between two words."""
    audio = source.clean()
    if size == "whole":
        return Spoilt(source.draw.normal(0, 1e-5, len(audio)).astype(np.float32))
    begins = source.word_starts(audio)
    if len(begins) < 6:
        return None
    at = _quietest_sample(audio, begins[int(source.draw.integers(2, len(begins) - 2))])
    gap = np.zeros(round(float(size.removesuffix("-s")) * RATE), np.float32)
    return Spoilt(np.concatenate([_faded(audio[:at]), gap, audio[at:]]))


def capped(source: Source, size: str) -> Spoilt | None:
    """The token cap ended the take, with or without losing words."""
    audio = source.clean()
    if size == "nothing-lost":
        return Spoilt(audio, StopReason.CAP)
    begins = source.word_starts(audio)
    if len(begins) < 6:
        return None
    at = begins[-1] if size == "last-word" else begins[3 * len(begins) // 4]
    return Spoilt(audio[: _quietest_sample(audio, at)], StopReason.CAP)


def clipping(source: Source, size: str) -> Spoilt:
    """A share of the samples is clipped at full scale."""
    audio = source.clean()
    share = float(size.removesuffix("-%")) / 100
    full = float(np.quantile(np.abs(audio), 1 - share))
    return Spoilt(np.clip(audio / full, -1, 1).astype(np.float32))


def hiss(source: Source, size: str) -> Spoilt:
    """White noise at a level relative to the speech."""
    audio = source.clean()
    return Spoilt(_with_noise(audio, source.draw.normal(size=len(audio)), float(size.removesuffix("-dB"))))


def hum(source: Source, size: str) -> Spoilt:
    """Hum of 50 Hz and harmonics at a level relative to the speech."""
    audio = source.clean()
    times = np.arange(len(audio)) / RATE
    wave = sum(np.sin(2 * np.pi * 50 * n * times + n) / n for n in (1, 2, 3, 5))
    return Spoilt(_with_noise(audio, np.asarray(wave), float(size.removesuffix("-dB"))))


def click(source: Source, size: str) -> Spoilt | None:
    """A click of three samples, as at a bad splice."""
    audio = source.clean().copy()
    at = int(source.draw.integers(len(audio) // 4, 3 * len(audio) // 4))
    audio[at : at + 3] = float(size) * np.array([1.0, -0.6, 0.2], np.float32)
    return Spoilt(audio)


def pace(source: Source, size: str) -> Spoilt:
    """The whole take is too fast or too slow."""
    return Spoilt(source.speak(source.passage.text, float(size)))


def drift(source: Source, size: str) -> Spoilt | None:
    audio = source.clean()
    at = _quietest_sample(audio, len(audio) / RATE / 2)
    rest = audio[at:]
    if size == "muffled":
        rest = sosfilt(butter(4, 1500, fs=RATE, output="sos"), rest).astype(np.float32)
    else:
        percent = int(size.removeprefix("pitch-").removesuffix("-%"))
        rest = resample_poly(rest, 100, 100 + percent).astype(np.float32)
    return Spoilt(np.concatenate([audio[:at], rest]))


def stutter(source: Source, size: str) -> Spoilt:
    """Repeats a few frames, as a model does whose codes loop."""
    audio = source.clean()
    n_frames = len(audio) // FRAME
    period = int(source.draw.integers(2, 9))
    at = int(source.draw.integers(n_frames // 4, max(n_frames // 4 + 1, 3 * n_frames // 4 - period)))
    times = max(1, round(float(size.removesuffix("-s")) * RATE / FRAME / period))
    turn = audio[at * FRAME : (at + period) * FRAME]
    looped = audio[: at * FRAME]
    for part in [turn] * (times + 1) + [audio[(at + period) * FRAME :]]:
        looped = _joined(looped, part)
    frames = source.frames(audio)
    if frames is not None:
        frames = np.concatenate([frames[:at], *[frames[at : at + period]] * (times + 1), frames[at + period :]])
    return Spoilt(looped, detail=f"{period} frames {times + 1} times", frames=frames)


def _phrase_position(source: Source, words: Sequence[str], n_words: int) -> int | None:
    """Index of a random run of words inside a sentence whose first and last are content words, or None."""

    def weighty(word: str) -> bool:
        return bool(PLAIN_WORD.fullmatch(word)) and word not in FUNCTION_WORDS

    fit = [
        at
        for at in range(1, len(words) - n_words)
        if weighty(words[at])
        and weighty(words[at + n_words - 1])
        and all(w[-1].isalpha() for w in words[at : at + n_words])
    ]
    return int(source.draw.choice(fit)) if fit else None


def _n_words(sentence: str) -> int:
    return len(sentence.split())


def _quietest_sample(audio: Audio, seconds: float) -> int:
    """The sample near this time at which the audio is quietest."""
    size = RATE // 200
    first = max(0, round((seconds - 0.08) * RATE))
    rest = audio[first : round((seconds + 0.04) * RATE)]
    frames = np.square(rest[: len(rest) // size * size].reshape(-1, size)).mean(1)
    return first + (int(np.argmin(frames)) * size + size // 2 if len(frames) else 0)


def _trimmed(audio: Audio) -> Audio:
    """Removes the silence after the last word."""
    loud = np.flatnonzero(np.abs(audio) > 0.01)
    return audio[: loud[-1] + RATE // 50] if len(loud) else audio


def _faded(audio: Audio) -> Audio:
    """Fades out the last 10 ms, so that the end does not click."""
    faded = audio.copy()
    n_samples = min(len(faded), RATE // 100)
    faded[len(faded) - n_samples :] *= np.linspace(1, 0, n_samples, dtype=np.float32)
    return faded


def _joined(before: Audio, after: Audio) -> Audio:
    """Joins audio without a step: an offset fades out over the first 5 ms of `after`."""
    joined = after.copy()
    n_samples = min(len(before), len(after), RATE // 200)
    if n_samples:
        joined[:n_samples] += (before[-1] - after[0]) * np.linspace(1, 0, n_samples, dtype=np.float32)
    return np.concatenate([before, joined])


def _with_noise(audio: Audio, noise: np.ndarray, decibels: float) -> Audio:
    loudness = float(np.sqrt(np.mean(np.square(audio, dtype=np.float64))))
    scale = loudness / float(np.sqrt(np.mean(np.square(noise)))) / 10 ** (decibels / 20)
    noisy = audio + scale * noise
    return (noisy / max(1.0, float(np.abs(noisy).max()))).astype(np.float32)
