"""The timeline: the position of every take in the audiobook, to the sample."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from mayabook.core.audio_files import read_flac
from mayabook.core.chunk import Pause
from mayabook.core.errors import JobError
from mayabook.core.resampling import resample
from mayabook.core.settings import MasterSettings
from mayabook.core.take import Audio
from mayabook.master.trim import LEAD_SECONDS, TAIL_SECONDS, sounding


@dataclass(frozen=True, slots=True)
class TakeSegment:
    """The kept take of one chunk, in book order.

    path: a FLAC as `core.audio_files` writes it; None where nothing was rendered. chapter: `Chapter.number`.
    text: what a listener should hear. pause: what ends after it.
    """

    path: Path | None
    chapter: int
    text: str
    pause: Pause


@dataclass(frozen=True, slots=True)
class TimelineClip:
    """Samples `first` to `stop` of the take at `path`, to be heard from sample `start` of the book.

    All three count samples at the book's rate; a take of another rate is resampled to it.
    """

    path: Path
    text: str
    first: int
    stop: int
    start: int

    @property
    def end(self) -> int:
        return self.start + self.stop - self.first


@dataclass(frozen=True, slots=True)
class ChapterMark:
    """A chapter from sample `start` to `end`; the pause after it belongs to it."""

    title: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """Clips in order, without overlap, none across two chapters; chapters cover all samples.

    warnings: chunks without audio, one line for each chapter.
    """

    sample_rate: int
    clips: tuple[TimelineClip, ...]
    chapters: tuple[ChapterMark, ...]
    n_samples: int
    warnings: tuple[str, ...] = ()

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.n_samples / self.sample_rate


def build_timeline(segments: Iterable[TakeSegment], titles: Mapping[int, str], settings: MasterSettings) -> Timeline:
    """Reads each take once to find where it sounds, and places it.

    A pause of the settings lasts from the last sound of a take to the first of the next: the soft edges that are kept
    around a take count towards it. A chunk without audio takes no time: of the pauses before and after it, only the
    longest is kept. titles: chapter number -> title. The book has the sample rate of most of its takes.

    Raises JobError if a take cannot be read, or there is none.
    """
    segments = list(segments)
    sample_rate = _prevailing_rate(segments)
    clips: list[TimelineClip] = []
    openings: list[tuple[int, int]] = []  # chapter number, its first sample
    absent: Counter[int] = Counter()
    position = 0  # past the last sample that is taken
    pause = soft_tail = 0  # samples wanted after the last sound, and how many of them its clip already holds

    for segment in segments:
        seconds: float = getattr(settings, f"pause_{segment.pause}")
        audio = _read(segment.path, sample_rate) if segment.path else np.zeros(0, np.float32)
        if segment.path is None or not len(audio):
            absent[segment.chapter] += 1
            pause = max(pause, round(seconds * sample_rate))
            continue
        sound_start, sound_stop = sounding(audio, sample_rate)
        first = max(0, sound_start - round(LEAD_SECONDS * sample_rate))
        stop = min(len(audio), sound_stop + round(TAIL_SECONDS * sample_rate))
        start = position + max(0, pause - soft_tail - (sound_start - first)) if clips else 0
        if not openings or openings[-1][0] != segment.chapter:
            openings.append((segment.chapter, start))
        clips.append(TimelineClip(segment.path, segment.text, first, stop, start))
        position = clips[-1].end
        pause, soft_tail = round(seconds * sample_rate), stop - sound_stop

    if not clips:
        raise JobError("No take of this book has been synthesised yet: run the same command again.")
    n_samples = position + max(0, pause - soft_tail)
    ends = [start for _, start in openings[1:]] + [n_samples]
    marks = tuple(
        ChapterMark(_title(number, titles), start, end) for (number, start), end in zip(openings, ends, strict=True)
    )
    heard = {number for number, _ in openings}
    warnings = tuple(
        f"{_title(number, titles)}: {count} of its chunks have no audio and are left out."
        if number in heard
        else f"{_title(number, titles)}: none of its chunks has audio; the chapter is left out."
        for number, count in absent.items()
    )
    return Timeline(sample_rate, tuple(clips), marks, n_samples, warnings)


def _prevailing_rate(segments: Sequence[TakeSegment]) -> int:
    """The sample rate of most takes, in Hz; of the first where as many have another. 0 where there is no take."""
    rates = Counter(_rate(segment.path) for segment in segments if segment.path is not None)
    return rates.most_common(1)[0][0] if rates else 0


def _rate(path: Path) -> int:
    try:
        return int(soundfile.info(path).samplerate)
    except soundfile.SoundFileError as error:
        raise _unreadable(path, error) from error


def _read(path: Path, sample_rate: int) -> Audio:
    """The take at that sample rate."""
    try:
        return resample(*read_flac(path), sample_rate)
    except soundfile.SoundFileError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: soundfile.SoundFileError) -> JobError:
    return JobError(f"Cannot read the take {path} ({error}): delete the file and run the same command again.")


def _title(number: int, titles: Mapping[int, str]) -> str:
    return titles.get(number) or f"Chapter {number}"
