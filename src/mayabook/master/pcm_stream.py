"""The timeline as samples, a block at a time."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import soundfile

from mayabook.core.audio_files import read_flac
from mayabook.core.errors import JobError
from mayabook.core.resampling import resample
from mayabook.core.take import Audio
from mayabook.master.timeline import Timeline, TimelineClip
from mayabook.master.trim import faded

BLOCK = 1 << 16
"""Samples in a block: enough that the time between blocks does not count."""


def pcm(timeline: Timeline, start: int = 0, stop: int | None = None) -> Iterator[Audio]:
    """Samples `start` to `stop` of the book in blocks of BLOCK, the last one shorter. Holds one take at a time.

    start and stop must not cut a clip; the bounds of a chapter do not.
    Raises JobError if a take has gone or changed since the timeline was built.
    """
    block = np.zeros(BLOCK, np.float32)
    filled = 0
    for piece in _pieces(timeline, start, timeline.n_samples if stop is None else stop):
        while len(piece):
            part, piece = piece[: BLOCK - filled], piece[BLOCK - filled :]
            block[filled : filled + len(part)] = part
            filled += len(part)
            if filled == BLOCK:
                yield block
                block, filled = np.zeros(BLOCK, np.float32), 0
    if filled:
        yield block[:filled]


def watched(
    blocks: Iterable[Audio], n_samples: int, start: float, share: float, progress: Callable[[float], None]
) -> Iterator[Audio]:
    """The blocks; progress rises from `start` by `share` for n_samples of them."""
    seen = 0
    for block in blocks:
        yield block
        seen += len(block)
        progress(start + share * seen / n_samples)


def _pieces(timeline: Timeline, start: int, stop: int) -> Iterator[Audio]:
    position = start
    for clip in timeline.clips:
        if start <= clip.start < stop:
            yield from _silence(clip.start - position)
            yield faded(_read(clip, timeline.sample_rate), timeline.sample_rate)
            position = clip.end
    yield from _silence(stop - position)


def _silence(n_samples: int) -> Iterator[Audio]:
    for done in range(0, n_samples, BLOCK):
        yield np.zeros(min(BLOCK, n_samples - done), np.float32)


def _read(clip: TimelineClip, sample_rate: int) -> Audio:
    advice = "delete the file and run the same command again"
    try:
        audio, rate = soundfile.read(clip.path, start=clip.first, stop=clip.stop, dtype="float32")
        if rate != sample_rate:
            audio = resample(*read_flac(clip.path), sample_rate)[clip.first : clip.stop]
    except soundfile.SoundFileError as error:
        raise JobError(f"Cannot read the take {clip.path} ({error}): {advice}.") from error
    if audio.shape != (clip.stop - clip.first,):
        raise JobError(f"The take {clip.path} changed while the audiobook was being mastered: {advice}.")
    return np.asarray(audio)
