"""Reads an audiobook of any origin as one stream of samples: a file or a folder of files, with or without chapters."""

import bisect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.container import InputContainer

from mayabook.core.errors import AudioError
from mayabook.core.take import Audio

SAMPLE_RATE = 16_000
"""Hz; the input rate of the recogniser."""
BLOCK_SAMPLES = SAMPLE_RATE
SUFFIXES = frozenset(".m4b .m4a .mp4 .mp3 .opus .ogg .oga .flac .wav .aac .aiff .aif .mka .webm .wma".split())
DRM_CODEC_TAGS = frozenset({"aavd", "drms", "enca"})
"""Codec tags of encrypted audio: Audible, FairPlay, Common Encryption."""
DRM_SUFFIXES = frozenset({".aax", ".aaxc", ".m4p"})


@dataclass(frozen=True, slots=True)
class RecordingChapter:
    """A chapter mark. start: seconds into its file."""

    title: str
    start: float


@dataclass(frozen=True, slots=True)
class RecordingPosition:
    """A time as a listener finds it.

    chapter: title of the chapter mark, else the file's name if the recording is a folder, else empty. seconds: into
    `file`.
    """

    file: Path
    chapter: str
    seconds: float


class Recording:
    """The audio files at a path, in natural order. Raises AudioError if there are none, or one cannot be read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files = _files(path)
        self._chapters = [_chapters(file, named=path.is_dir()) for file in self.files]
        self._starts = [0.0]
        self.expected_duration = sum(_duration(file) for file in self.files)
        """Seconds by the files' headers; 0 if they state none."""

    def blocks(self) -> Iterator[Audio]:
        """All samples, mono at SAMPLE_RATE, in blocks of at most BLOCK_SAMPLES; no file is held in memory whole."""
        starts, n_samples = [0.0], 0
        for file in self.files:
            for block in _decoded(file):
                n_samples += len(block)
                yield block
            starts.append(n_samples / SAMPLE_RATE)
        self._starts = starts

    def position_at(self, seconds: float) -> RecordingPosition:
        """Position of a time in the whole recording. Call `blocks` to its end first: it measures the files."""
        at = min(max(0, bisect.bisect_right(self._starts, seconds) - 1), len(self.files) - 1)
        inside = seconds - self._starts[at]
        titles = [chapter.title for chapter in self._chapters[at] if chapter.start <= inside + 1e-3]
        return RecordingPosition(self.files[at], titles[-1] if titles else "", inside)


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise AudioError(f"There is no file {path}: check the path.")
    if path.is_file():
        return [path]
    files = [file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES | DRM_SUFFIXES and file.is_file()]
    files = [file for file in files if not file.name.startswith(".")]
    if not files:
        raise AudioError(
            f"{path} contains no audio files ({', '.join(sorted(SUFFIXES))}): give the folder of the audiobook."
        )
    return sorted(files, key=lambda file: natural(file.relative_to(path).as_posix()))


def natural(name: str) -> list[tuple[int, str]]:
    """Sort key for natural order: 2 before 10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name.casefold())]


def _open(file: Path) -> InputContainer:
    if file.suffix.lower() in DRM_SUFFIXES:
        raise _drm_error(file)
    try:
        container = av.open(str(file.absolute()), metadata_errors="replace", options={"protocol_whitelist": "file"})
    except av.error.PermissionError as error:
        raise AudioError(f"Cannot read {file}: permission denied.") from error
    except (av.error.FFmpegError, OSError) as error:
        raise AudioError(
            f"{file} is not a readable audio file ({error.strerror or error}): give the audiobook itself."
        ) from error
    if not container.streams.audio:
        container.close()
        raise AudioError(f"{file} has no audio stream: give the audiobook itself.")
    if container.streams.audio[0].codec_context.codec_tag.lower() in DRM_CODEC_TAGS:
        container.close()
        raise _drm_error(file)
    return container


def _drm_error(file: Path) -> AudioError:
    return AudioError(f"{file} is protected by DRM: use a copy without it.")


def _chapters(file: Path, *, named: bool) -> list[RecordingChapter]:
    """Chapter marks of a file. named: use the file's name as the only mark if it has none."""
    with _open(file) as container:
        marks = [
            RecordingChapter(str(mark["metadata"].get("title", "")), float(mark["start"] * (mark["time_base"] or 0)))
            for mark in container.chapters()
        ]
    return sorted(marks, key=lambda mark: mark.start) or ([RecordingChapter(file.stem, 0.0)] if named else [])


def _duration(file: Path) -> float:
    with _open(file) as container:
        return (container.duration or 0) / av.time_base


def _decoded(file: Path) -> Iterator[Audio]:
    """Decoded and resampled blocks of a file.

    Damaged packets are skipped: the words in them will be reported as missing. Raises AudioError if nothing decodes.
    """
    resampler = AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE, frame_size=BLOCK_SAMPLES)
    heard = False
    with _open(file) as container:
        packets = container.demux(container.streams.audio[0])
        while True:
            try:
                frames = next(packets).decode()
            except (StopIteration, av.error.EOFError):
                break
            except av.error.FFmpegError:
                continue
            for frame in frames:
                for resampled in resampler.resample(frame):
                    heard = True
                    yield _mono(resampled)
    if heard:
        yield from map(_mono, resampler.resample(None))
    else:
        raise AudioError(f"No audio of {file} can be decoded: get the file again.")


def _mono(frame: AudioFrame) -> Audio:
    return np.nan_to_num(frame.to_ndarray().reshape(-1))
